"""Tables of fixed rows as NumPy files: written row by row, read by memory mapping."""

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

    def add(self, row: tuple[Any, ...]) -> None:
        """Append one row, its values in the order of the row's fields."""
        self._file.write(np.array(row, self._row).tobytes())
        self._count += 1

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
    return np.load(path, mmap_mode="r", allow_pickle=False)
