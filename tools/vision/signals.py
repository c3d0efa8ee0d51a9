"""The row of signals that the decode pass stores for every frame, as one NumPy file.

A row is what a strided luma plane tells: nothing here decodes, so everything that chooses times
(cuts, sampling, near-duplicates) can be run again from the rows alone.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

ROW = np.dtype(
    [
        ("seconds", "<f8"),
        ("difference", "<f4"),  # mean absolute luma difference to the frame before, 0 to 255
        ("histogram", "<f4"),  # share of the luma histogram that moved, 0 to 1
        ("motion", "<f4"),  # share of the picture that changed by more than noise, 0 to 1
        ("drift", "<f4"),  # mean absolute luma difference to the picture DRIFT s ago, 0 to 255
        ("spread", "<f4"),  # share of the picture that differs from the one DRIFT s ago, 0 to 1
        ("brightness", "<f4"),  # mean luma, 0 to 1
        ("contrast", "<f4"),  # standard deviation of luma, 0 to 1
        ("keyframe", "u1"),
        ("kept", "u1"),  # why the adaptive sampler kept it: an index into sampling.REASONS; 0: not
    ]
)
DRIFT = 0.6
"""Seconds: longer than a fast dissolve, shorter than a shot."""
COLUMNS, LINES, COLOUR_LINES = 96, 54, 14
"""The grid: LINES of brightness, enough to see a line of text change, then COLOUR_LINES with both
colour differences side by side: a cut between pictures of equal brightness is one too."""
NOISE = 12
"""Luma steps out of 255 that coding noise stays below."""

Grid = NDArray[np.int16]
Rows = NDArray[np.void]


class RowWriter:
    """Appends rows to a `.npy` file without knowing how many will come."""

    def __init__(self, path: Path, row: np.dtype[np.void] = ROW) -> None:
        self._row = row
        self._file: BinaryIO = path.open("wb")
        self._count = 0
        self._waiting: list[tuple[Any, ...]] = []
        self._header()

    def add(self, row: tuple[Any, ...]) -> None:
        """Append one row, in the order of its type."""
        self._waiting.append(row)
        if len(self._waiting) >= 1024:
            self._flush()

    def close(self) -> int:
        """Finish the file; returns the number of rows."""
        self._flush()
        self._file.seek(0)
        self._header()  # NumPy pads the header, so that a longer count fits in its place
        self._file.close()
        return self._count

    def _flush(self) -> None:
        self._file.write(np.array(self._waiting, self._row).tobytes())
        self._count += len(self._waiting)
        self._waiting.clear()

    def _header(self) -> None:
        npy.write_array_header_1_0(
            self._file,
            {
                "descr": npy.dtype_to_descr(self._row),
                "fortran_order": False,
                "shape": (self._count,),
            },
        )


def read_rows(path: Path) -> Rows:
    """The stored rows, mapped rather than loaded."""
    rows: Rows = np.load(path, mmap_mode="r", allow_pickle=False)
    return rows


def rows_from(values: Iterable[tuple[Any, ...]]) -> Rows:
    """Rows from tuples, for what is made rather than decoded."""
    return np.array(list(values), ROW)
