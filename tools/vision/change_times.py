"""Frames with which small regions change.

The means of blocks are compared twice a second. From one comparison to the next some lines of each
frame are held, so that afterwards the frame can be told with which each block changed: a line of
thin letters is cited from the frame that it appears with, though no signal of that frame shows it.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.vision.change_regions import Box

Means = NDArray[np.float32]
"""Mean luma of each block of BLOCK x BLOCK pixels, 0 to 255."""
Lines = NDArray[np.uint8]
"""HELD lines of each row of whole blocks, 0 to 255."""
Mask, Places = NDArray[np.bool_], NDArray[np.intp]
BLOCK, HELD = 8, 2
EVERY = 0.5
"""Seconds between two comparisons."""
SETTLED, NEW = 3.0, 8.0
"""Steps of a mean: below the first a block stands still, above the second it shows another thing;
noise of coding lies below both."""
FEWEST = 2
"""Blocks that must show another thing: two letters of the smallest type."""
HELD_BYTES = 16 << 20
"""Lines held, at most: of a large picture not those of every frame."""
MOST_BLOCKS = 2000
"""Blocks above which a change is not a small one: the signals of the frames show it."""
AT_ONCE = 0.5
"""Share of its change that a block takes in one step: a slow fade has no frame of its own."""
GAP_ROWS, GAP_COLUMNS = 2, 10
"""Blocks between two changes that belong together: words of a line stand this far apart."""
PEAK = 3
"""Times the median of the frames with which blocks of a group change, from which on those of one
frame are a change of their own."""
MOST_CHANGES = 16
"""Changes of one kept frame, at most: those of the most blocks."""


class Luma(Protocol):
    """Luma of a frame, measured when it is asked for."""

    def means(self) -> Means: ...

    def lines(self) -> Lines: ...


class RegionChange(NamedTuple):
    """Change of some blocks with one frame; the sides of the box around them are 0 to 1."""

    seconds: float
    box: Box
    blocks: int


class ChangeTimes:
    """Time at which each block changed since the frame kept last. Frames come by time."""

    def __init__(self) -> None:
        self._known: Means | None = None
        self._kept_at = 0.0
        self._before: Means | None = None
        self._held: list[tuple[float, Lines]] = []  # from the frame compared last on
        self._step: Any = None  # largest step of each block,
        self._stepped_at: Any = None  # and the seconds of the frame with which it came

    def pause(self) -> None:
        """Hold nothing until the next comparison."""
        self._before, self._held = None, []

    def hold(self, seconds: float, luma: Luma) -> None:
        """Hold the lines of a frame between two comparisons."""
        if self._held:
            before, lines = self._held[-1]
            if seconds >= before + EVERY * lines.nbytes / HELD_BYTES:
                self._held.append((seconds, luma.lines().copy()))

    def compare(self, seconds: float, means: Means, luma: Luma, calm: Mask | None) -> None:
        """Compare the calm blocks of a frame with those of the one compared before."""
        self._trace(seconds, means, luma, calm)
        self._before, self._held = means, [(seconds, luma.lines().copy())]
        if self._known is None:
            self._known = means

    def kept(
        self, seconds: float, means: Means | None, luma: Luma, calm: Mask | None
    ) -> list[RegionChange]:
        """Changes of the calm blocks that a kept frame shows beside the one kept before.

        Without its means, the next frame that is compared stands for it.
        """
        known, changes = self._known, list[RegionChange]()
        if means is not None and known is not None:
            if self._held and self._held[-1][0] < seconds:
                self._trace(seconds, means, luma, calm)
            if self._step is not None and self._step.shape == means.shape:
                change = np.abs(means - known)
                is_new = (change > NEW) & (self._step >= AT_ONCE * change)
                changes = _grouped(is_new, self._stepped_at)
        self._known, self._step, self._kept_at = means, None, seconds
        return changes

    def _trace(self, seconds: float, means: Means, luma: Luma, calm: Mask | None) -> None:
        """Find the frame with which each block took its step since the comparison before."""
        before, known = self._before, self._known
        if before is None or known is None or not before.shape == known.shape == means.shape:
            return
        if self._step is None or self._step.shape != means.shape:
            self._step = np.zeros_like(means)
            self._stepped_at = np.zeros(means.shape)
        step, change = np.abs(means - before), np.abs(means - known)
        is_new = (step > NEW) & (step >= self._step) & (change > NEW) & (step >= AT_ONCE * change)
        if calm is not None and calm.shape == is_new.shape:
            is_new &= calm
        rows, columns = np.nonzero(is_new)
        if not 0 < len(rows) <= MOST_BLOCKS:
            return
        times = np.array([*(at for at, _ in self._held), seconds])
        held = [*(lines for _, lines in self._held), luma.lines().copy()]
        if any(lines.shape != held[0].shape for lines in held):
            return
        line = rows[:, None] * HELD + np.arange(HELD)
        places = line * means.shape[1] + columns[:, None]
        parts: Any = [lines.reshape(-1, BLOCK).view(np.uint64).take(places) for lines in held]
        shown: Any = np.stack(parts).view(np.uint8).astype(np.float32)  # frames x blocks x pixels
        change = shown[-1] - shown[0]
        told = np.abs(change).mean(1) > SETTLED  # else no held line shows it
        # The frame after the last one that is more like the first than like the last.
        done = np.einsum("fbp,bp->fb", shown, change)
        is_old = 2 * done <= done[0] + done[-1]
        place = len(times) - np.argmax(is_old[::-1], axis=0)
        at = times[np.minimum(place, len(times) - 1)]
        told &= at > self._kept_at
        rows, columns = rows[told], columns[told]
        self._step[rows, columns] = step[rows, columns]
        self._stepped_at[rows, columns] = at[told]


def _grouped(is_new: Mask, at: NDArray[np.float64]) -> list[RegionChange]:
    """Changes by time: blocks that lie together and changed with the same frame.

    Where no frame stands out, as while a line is typed, the middle one stands for all.
    """
    rows, columns = np.nonzero(is_new)
    height, width = is_new.shape
    found: list[RegionChange] = []
    for column in _apart(columns, GAP_COLUMNS):
        for row in _apart(rows[column], GAP_ROWS):
            group = column[row]
            for seconds, part in _by_time(at[rows[group], columns[group]]):
                down, across = rows[group[part]], columns[group[part]]
                left, right = int(across.min()) / width, (int(across.max()) + 1) / width
                top, bottom = int(down.min()) / height, (int(down.max()) + 1) / height
                box = round(left, 4), round(top, 4), round(right, 4), round(bottom, 4)
                found.append(RegionChange(round(seconds, 6), box, len(part)))
    return sorted(sorted(found, key=lambda change: -change.blocks)[:MOST_CHANGES])


def _apart(places: Places, gap: int) -> list[Places]:
    """Indices of the places in groups, with more than a gap between two."""
    order = np.argsort(places, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(places[order]) > gap) + 1)


def _by_time(seconds: NDArray[np.float64]) -> list[tuple[float, Places]]:
    """Times of a group of blocks, with the indices of those that changed then."""
    if len(seconds) < FEWEST:
        return []
    times, which, counts = np.unique(seconds, return_inverse=True, return_counts=True)
    usual = float(np.median(counts)) if len(counts) > 2 else 0.0
    peaks = np.flatnonzero(counts >= max(FEWEST, PEAK * usual))
    parts = [(float(times[peak]), np.flatnonzero(which == peak)) for peak in peaks]
    middle = float(np.quantile(seconds, 0.5, method="lower"))
    return parts or [(middle, np.arange(len(seconds)))]
