"""Remaining time as doors show it, made of estimates that go up and down."""

import math
import time
from collections.abc import Callable

STEADY = 5.0
"""Seconds for which the estimated end must not have moved later before it is shown."""
SLACK = 0.1
"""Share of the remaining time by which the estimated end may move later and still be the same."""


class Countdown:
    """The remaining time, shown only while it falls: an estimate that rises again is withheld."""

    def __init__(self, time: Callable[[], float] = time.monotonic) -> None:
        self._time = time
        self._end, self._moved, self._shown = -math.inf, 0.0, math.inf

    def __call__(self, remaining: float | None) -> float | None:
        """Seconds left by a new estimate; None where that is not steady, or more than was shown."""
        if remaining is None:
            return None
        now = self._time()
        end = now + remaining
        if end > self._end + SLACK * remaining:
            self._end, self._moved = end, now
        self._end = min(self._end, end)
        if now - self._moved < STEADY or remaining > self._shown * (1 + SLACK):
            return None
        self._shown = min(self._shown, remaining)
        return self._shown
