"""Which frames a strategy left out, and why, told from the rows of signals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tools.vision.sampling import FLOOR_SECONDS, GAP, MOVED_AMOUNT, STILL, Strategy, choose
from tools.vision.signals import Rows

REASONS = (
    "",
    "the picture stands still",
    f"less than {GAP} s after a kept frame",
    "it moves, and shows little that is new",
    "it moves, and looks like the frame kept before",
    "there was no room for more pictures",
    "more than were asked for",
    "between two of the times",
    "no keyframe",
    "not the middle of a scene",
)
IS_STILL, CLOSE, LITTLE, ALIKE, FULL, OVER, BETWEEN, NO_KEYFRAME, NO_MIDDLE = range(1, len(REASONS))
_ELSE = {"uniform": BETWEEN, "dense": BETWEEN, "keyframe": NO_KEYFRAME, "sparse": NO_MIDDLE}


@dataclass(frozen=True)
class Skipped:
    """Frames in a row that were left out for one reason; the first is at start, the last at end."""

    start: float
    end: float
    frames: int
    reason: str


def skipped(
    strategy: Strategy,
    rows: Rows,
    scenes: Sequence[tuple[float, float]],
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float = float("inf"),
) -> list[Skipped]:
    """What `choose` leaves out with the same arguments, by time."""
    seconds: NDArray[np.float64] = rows["seconds"].astype(np.float64)
    why = (
        _adaptive(rows, seconds) if strategy == "adaptive" else np.full(len(rows), _ELSE[strategy])
    )
    if count is not None and strategy not in ("uniform", "dense"):  # those space what is asked for
        every = choose(strategy, rows, scenes, start=start, end=end)
        why[np.isin(seconds, [at for at, _ in every])] = OVER
    chosen = choose(strategy, rows, scenes, count=count, start=start, end=end)
    why[np.isin(seconds, [at for at, _ in chosen])] = 0
    inside = (seconds >= start) & (seconds < end)
    seconds, why = seconds[inside], why[inside]
    edges = [0, *(np.flatnonzero(np.diff(why)) + 1).tolist(), len(why)]
    return [
        Skipped(float(seconds[a]), float(seconds[b - 1]), b - a, REASONS[int(why[a])])
        for a, b in pairwise(edges)
        if b > a and why[a]
    ]


def _adaptive(rows: Rows, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rule of `Adaptive` that each frame failed by, in the order in which it asks."""
    motion = rows["motion"].astype(np.float64)
    numbers = np.arange(len(rows))
    kept = np.maximum.accumulate(np.where(rows["kept"] > 0, numbers, 0))
    since = seconds - seconds[kept]
    moved = np.cumsum(motion * np.clip(np.diff(seconds, prepend=0.0), 0.0, 1.0))
    rules = [
        since >= FLOOR_SECONDS,
        motion <= STILL,
        since < GAP,
        moved - moved[kept] < MOVED_AMOUNT,
    ]
    return np.select(rules, [FULL, IS_STILL, CLOSE, LITTLE], ALIKE)


def told(left_out: Sequence[Skipped]) -> str:
    """In words: "1,412 frames left out: the picture stands still (1,180); …"."""
    counts = Counter[str]()
    for one in left_out:
        counts[one.reason] += one.frames
    total = sum(counts.values())
    why = "; ".join(f"{reason} ({number:,})" for reason, number in counts.most_common())
    return f"{total:,} frame{'s' * (total != 1)} left out" + (f": {why}" if why else "")
