"""Row of signals that the decode pass stores for every frame.

Signals are measured on strided planes. Whatever chooses times (cuts, sampling, movements) needs
the rows alone, so it can be run again without decoding.
"""

import numpy as np
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
"""Seconds that drift looks back: longer than a fast dissolve, shorter than a shot."""
COLUMNS, LINES, COLOUR_LINES = 96, 54, 14
"""Size of the grid: LINES of luma, enough to see a line of text change, then COLOUR_LINES with both
chroma planes side by side, for cuts between pictures of equal brightness."""
NOISE = 12
"""Luma steps out of 255 that coding noise stays below."""

Grid = NDArray[np.uint8]


def apart(grid: Grid, other: Grid) -> Grid:
    """Absolute differences of two grids of one shape."""
    difference = np.maximum(grid, other)
    difference -= np.minimum(grid, other)
    return difference
