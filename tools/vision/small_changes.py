"""Changes of small regions, such as a typed line, beside others that never stand still.

The grid of signals samples a pixel of many, and thin letters fall between. Here the means of small
blocks are compared, twice a second and only while most of the picture stands still.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from tools.vision.change_times import EVERY, FEWEST, NEW, SETTLED, Means

MOST_MOTION = 0.3
"""Motion of the whole picture above which nothing is compared."""
PATIENCE = 2.0
"""Seconds after which a region that goes on changing, as a line that is typed, is new enough."""
DECAY, RESTLESS = 0.9, 3.5
"""Weight of earlier changes of a block, and their sum from which on it tells nothing: a clock, a
face in a corner."""
REMEMBERED = 3
"""Kept pictures whose blocks are known: a cursor that blinks shows two of them in turn."""


class SmallChanges:
    """State of each block since the frame kept last."""

    def __init__(self) -> None:
        self._known: deque[Means] = deque(maxlen=REMEMBERED)
        self._before: Means | None = None
        self._changes: Means | None = None
        self._since: float | None = None
        self._is_open = False
        self.calm: NDArray[np.bool_] | None = None
        """Blocks that do not change all the time."""
        self.next_at = 0.0

    def is_due(self, seconds: float, motion: float) -> bool:
        """True if the means of this frame are wanted."""
        if motion > MOST_MOTION:
            self._before, self._since = None, None
            return False
        return seconds >= self.next_at

    def kept(self, means: Means | None) -> None:
        """Take note of what a kept frame shows; None: what the next measured frame shows."""
        self._is_open = means is None
        if means is None:
            return
        if self._known and self._known[-1].shape != means.shape:
            self._known.clear()
        self._known.append(means)
        self._since = None

    def found(self, seconds: float, means: Means) -> bool:
        """True if a region shows what no frame kept lately shows, and has settled."""
        self.next_at = seconds + EVERY
        before, self._before = self._before, means
        if self._is_open:
            self.kept(means)
        if before is None or before.shape != means.shape:
            return False
        if self._changes is None or self._changes.shape != means.shape:
            self._changes = np.zeros_like(means)
        is_moving = np.abs(means - before) > SETTLED
        self._changes *= DECAY
        self._changes += is_moving
        self.calm = is_calm = self._changes < RESTLESS
        new = is_calm & ~is_moving
        for known in self._known:
            if known.shape == means.shape:
                new &= np.abs(means - known) > NEW
        if np.count_nonzero(new) < FEWEST:
            self._since = None
            return False
        if self._since is None:
            self._since = seconds
        is_settled = np.count_nonzero(is_moving & is_calm) < FEWEST
        return bool(is_settled) or seconds - self._since >= PATIENCE
