"""The row of signals that the decode pass stores for every frame, as one NumPy file.

A row is what a strided luma plane tells: nothing here decodes, so everything that chooses times
(cuts, sampling, near-duplicates) can be run again from the rows alone.
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
"""Seconds: longer than a fast dissolve, shorter than a shot."""
COLUMNS, LINES, COLOUR_LINES = 96, 54, 14
"""The grid: LINES of brightness, enough to see a line of text change, then COLOUR_LINES with both
colour differences side by side: a cut between pictures of equal brightness is one too."""
NOISE = 12
"""Luma steps out of 255 that coding noise stays below."""

Grid = NDArray[np.int16]
