"""Reuse of lines: text of pictures that were read, found in place or scrolled in another picture.

Recognising a line costs far more than comparing it. What no picture explains is left to be read.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.vision import change_regions as regions
from tools.vision.change_regions import WHOLE, Box, Grey
from tools.vision.text_tracks import Line, overlap

MOSTLY = 0.5
"""Share of a picture from which on it is read whole."""
WORTH_SCROLLING = 0.04
"""Unexplained share of a picture from which on a scroll is looked for."""
SHORTEST, LONGEST = 2, 0.95
"""Scrolls looked for: from so many pixels to this share of the picture's height."""
COLUMNS = 64
"""Columns that a picture is reduced to, to find how far it scrolled."""
PEAKS = 24
"""Places where a scroll may have ended that are compared."""
EDGE = 0.2
"""Share of a line's height, above and below, that may lie in the next line's box."""
MARGIN = 12
"""Pixels around what is read, at least: letters at the very edge are missed."""
Mask = NDArray[np.bool_]


class Reuse:
    """Lines of one picture that are known from others, and the parts that are left to be read."""

    def __init__(self, path: Path) -> None:
        self._picture = _native(path)
        self._open: Mask = np.ones(regions.grid(self._picture), bool)
        self._lines: list[Line] = []

    def add(self, path: Path, lines: Sequence[Line]) -> None:
        """Take the lines of a picture that was read, where this one shows the same."""
        before = _native(path)
        if before.shape != self._picture.shape:
            return
        self._take(lines, regions.same_cells(before, self._picture))
        if self._open.mean() <= WORTH_SCROLLING:
            return
        if down := _shift(before, self._picture, self._open):
            share, moved = down / len(before), list[Line]()
            for line in lines:
                left, top, right, bottom = line.box
                top, bottom = round(top + share, 4), round(bottom + share, 4)
                if 0 <= top < bottom <= 1:
                    moved.append(line._replace(box=(left, top, right, bottom)))
            self._take(moved, regions.same_cells(before, self._picture, down))

    def rest(self) -> tuple[list[Box], list[Line]]:
        """Parts that are left to be read, and the lines outside them."""
        if not self._open.any():
            return [], self._lines
        margin = math.ceil(MARGIN * len(self._open) / len(self._picture))
        boxes = [line.box for line in self._lines]
        parts = regions.merged(regions.parts(self._open, margin), boxes, EDGE)
        if sum(map(regions.area, parts)) >= MOSTLY:
            return [WHOLE], []
        kept = [
            line
            for line in self._lines
            if not any(regions.meet(regions.core(line.box, EDGE), part) for part in parts)
        ]
        return parts, kept

    def _take(self, lines: Sequence[Line], same: Mask) -> None:
        """Take the lines that lie in cells of the same content, and close these cells."""
        cut = np.zeros_like(same)
        for line in lines:
            cells = self._cells(line.box)
            if not same[cells].all():
                cut[cells] = True  # a part of a line says nothing
            elif self._open[cells].any() and not any(
                overlap(line.box, one.box) > 0.5 for one in self._lines
            ):
                self._lines.append(line)
        self._open &= cut | ~same

    def _cells(self, box: Box) -> tuple[slice, slice]:
        rows, columns = map(int, self._open.shape)
        left, top, right, bottom = box
        return (
            slice(int(top * rows), math.ceil(bottom * rows)),
            slice(int(left * columns), math.ceil(right * columns)),
        )


_native = lru_cache(maxsize=4)(regions.load_native)
"""A picture and its neighbours are compared one after the other."""


def _shift(before: Grey, now: Grey, changed: Mask) -> int:
    """Pixels by which the changed columns moved down, or up if negative; 0 if they did not.

    Of the highest peaks of the cross-correlation of their rows, the one that explains most: lines
    of a text stand in steps, so that every step makes a peak.
    """
    import cv2

    height, width = now.shape
    if min(height, width) < COLUMNS:  # of a stamp nothing scrolls
        return 0
    places = np.flatnonzero(changed.any(axis=0))
    scale = width / changed.shape[1]
    left, right = int(places[0] * scale), int((places[-1] + 1) * scale)
    size = min(COLUMNS, right - left), height
    steps: list[NDArray[np.float32]] = []
    for picture in (before, now):
        small = cv2.resize(picture[:, left:right], size, interpolation=cv2.INTER_AREA)
        steps.append(np.diff(np.asarray(small, np.float32), axis=0))
    old, new = (np.fft.rfft(rows, 2 * height, axis=0) for rows in steps)
    match = np.fft.irfft((new * old.conj()).sum(axis=1), 2 * height)
    longest = int(height * LONGEST)
    lags = np.r_[SHORTEST:longest, -longest : 1 - SHORTEST]
    is_peak = (match[lags] > match[lags - 1]) & (match[lags] >= match[lags + 1])
    peaks = lags[is_peak]
    peaks = peaks[np.argsort(-match[peaks])][:PEAKS]
    explained: dict[int, float] = {
        int(down): _explained(steps[0], steps[1], int(down)) for down in peaks
    }
    best = max(explained, key=explained.__getitem__, default=0)
    return best if best and explained[best] > 0 else 0


def _explained(before: NDArray[np.float32], now: NDArray[np.float32], down: int) -> float:
    """Amount of a picture that is the earlier one moved, less what is not."""
    rows = len(now)
    new = now[max(down, 0) : rows + down]
    old = before[max(-down, 0) : rows - down]
    return float(np.abs(new).sum() - np.abs(new - old).sum())
