"""Tables of fixed rows as NumPy files: written in pieces, read by memory mapping."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Rows = NDArray[np.void]


class RowWriter:
    """A writer of `.npy` files that appends rows, their number unknown beforehand."""

    def __init__(self, path: Path, row: np.dtype[np.void]) -> None:
        self._row = row
        self._file: BinaryIO = path.open("wb")
        self._count = 0
        self._header()

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Append rows, the values of each in the order of the fields of a row."""
        added = np.array(list(rows), self._row)
        self._file.write(added.tobytes())
        self._count += len(added)

    def close(self) -> int:
        """Finish the file; returns the number of rows."""
        self._file.seek(0)
        self._header()  # NumPy pads the header, so that a longer count fits in its place
        self._file.close()
        return self._count

    def _header(self) -> None:
        descr, shape = npy.dtype_to_descr(self._row), (self._count,)
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(self._file, header)


def runs(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Split into runs of equal values, each as [first place, place after the last)."""
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return list(pairwise(edges)) if len(values) else []


def read_rows(path: Path) -> Rows:
    """Map the rows of a file into memory; ValueError or OSError for a damaged one."""
    rows = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(rows)  # mapped all the same, without what each slice of a memmap costs
