"""Frame sampling: the frames that each strategy keeps and those that it skips, with reasons.

`Adaptive` decides during the decode pass, from what it has seen so far, so that the pictures it
keeps are written while they are at hand. The other strategies choose times afterwards, from rows.
"""

import itertools
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows, runs
from tools.vision.change_times import ChangeTimes, Luma, RegionChange
from tools.vision.signals import NOISE, Grid, apart
from tools.vision.small_changes import MOST_MOTION, SmallChanges

Strategy = Literal["uniform", "keyframe", "dense", "sparse", "adaptive"]
STRATEGIES: tuple[Strategy, ...] = ("uniform", "keyframe", "dense", "sparse", "adaptive")
REASONS = (
    "",
    "first frame",
    "new shot",
    "motion peak",
    "picture changed",
    "picture moved",
    "floor",
    "last frame",
)
"""Reasons to keep a frame, told to users; a row of signals stores the index."""
FIRST, SHOT, PEAK, CHANGED, MOVED, FLOOR, LAST = range(1, len(REASONS))

FLOOR_SECONDS = 5.0
"""Seconds between two kept frames of a still picture."""
MAX_GAP = 15.0
"""Seconds between two kept frames, at most, whatever the strategy, unless told otherwise."""
SHOT_DIFFERENCE, SHOT_RATIO, SHOT_MOTION = 10.0, 2.2, 0.15
"""A shot starts with a step in brightness this large (of 255), so many times as large as those just
before, that changes this share of the picture."""
RECENT = 6
"""Frames that a step is compared with."""
PEAK_RATIO, PEAK_MOTION = 2.5, 0.15
BURST = (0.2, 0.4)
"""Seconds after a motion peak at which a frame is kept too: sub-second action needs three."""
STILL = 0.002
"""Motion below which the picture counts as standing still."""
MOVED_AMOUNT = 0.6
"""Motion times seconds that make a moving picture worth another frame."""
BLOCK_CHANGE = 0.1
"""Share of one block of the grid that must differ for a still picture to count as changed: thin
letters cover no more."""
SLOW = 0.5
"""Seconds after which a picture that seems to stand still is compared with the one kept last: a
fade of seconds changes no frame by more than noise."""
GAP = 0.3
"""Seconds that must lie between two kept frames of a moving picture."""
DENSE_PER_SECOND = 2.0
DENSE_TIMES = 100
"""Times tried for each decoded frame, at most: a file may claim years between two."""
DUPLICATE = 0.015
"""Share of the grid that may differ between near-duplicates."""


class Adaptive:
    """Adaptive sampler: more frames in movement, bursts at its peaks, a floor for still pictures.

    A frame that looks like the one kept last is dropped as a near-duplicate, except for the floor
    and the first frame of a shot.
    """

    def __init__(self, floor: float = FLOOR_SECONDS) -> None:
        self._floor = floor
        self._kept: Grid | None = None
        self._kept_at = 0.0
        self._before = 0.0
        self._usual = 0.0  # running mean of motion: what a peak stands out from
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._shot_at = 0.0
        self._moved = 0.0
        self._was_moving = False
        self._compared_at = 0.0
        self._burst: list[float] = []
        self._small, self._times = SmallChanges(), ChangeTimes()
        self.changes: list[RegionChange] = []
        """Changes of small regions that the frame kept last shows, with their times."""

    def keep(
        self,
        seconds: float,
        grid: Grid,
        difference: float,
        motion: float,
        luma: Luma | None = None,
    ) -> int:
        """Decide on one frame: the index of the reason to keep it, or 0. Frames come by time.

        `luma` measures the blocks of the frame, for what the grid is too coarse to show.
        """
        step = min(max(seconds - self._before, 0.0), 1.0)
        self._before = seconds
        reason = self._reason(seconds, step, grid, difference, motion)
        if luma:
            reason = self._compare(seconds, motion, luma, reason)
        self._usual += (motion - self._usual) * min(step, 0.5)
        self._recent.append(difference)
        if motion > STILL:
            self._was_moving = True
        elif reason or seconds - self._kept_at >= GAP:
            self._was_moving = False  # not sooner: what settles too soon is compared again
        if reason:
            if reason in (FIRST, SHOT):
                self._shot_at = seconds
                self._burst.clear()
            self._kept, self._kept_at, self._moved = grid, seconds, 0.0
        return reason

    def _compare(self, seconds: float, motion: float, luma: Luma, reason: int) -> int:
        """Compare the blocks of a frame where that is due; returns the reason to keep it."""
        small, times, measured = self._small, self._times, None
        if small.is_due(seconds, motion):
            measured = luma.means()
            times.compare(seconds, measured, luma, small.calm)
            if small.found(seconds, measured) and not reason:
                reason = CHANGED
        elif motion > MOST_MOTION:
            times.pause()
        elif reason:
            measured = luma.means()
        else:
            times.hold(seconds, luma)
        if reason:
            small.kept(measured)
            self.changes = times.kept(seconds, measured, luma, small.calm)
        return reason

    def _reason(
        self, seconds: float, step: float, grid: Grid, difference: float, motion: float
    ) -> int:
        if self._kept is None:
            return FIRST
        stands_out = difference > max(SHOT_DIFFERENCE, SHOT_RATIO * max(self._recent, default=0.0))
        if stands_out and motion > SHOT_MOTION and seconds >= self._shot_at + GAP:
            return SHOT
        self._moved += motion * step
        since = seconds - self._kept_at
        if since >= self._floor:
            return FLOOR
        if self._burst and seconds >= self._burst[0]:
            self._burst.pop(0)
            return PEAK
        if since < GAP:
            return 0
        if motion > PEAK_MOTION and motion > PEAK_RATIO * self._usual and not self._burst:
            self._burst = [seconds + delay for delay in BURST]
            return PEAK
        if motion <= STILL and self._is_due(seconds) and _block_changed(grid, self._kept):
            return CHANGED  # a slide that has settled, a title that has finished to fade in
        if self._moved >= MOVED_AMOUNT and _changed_share(grid, self._kept) >= DUPLICATE:
            return MOVED
        return 0

    def _is_due(self, seconds: float) -> bool:
        """True once the picture has settled, and every SLOW seconds while nothing seems to move."""
        is_due = self._was_moving or seconds - max(self._compared_at, self._kept_at) >= SLOW
        if is_due:
            self._compared_at = seconds
        return is_due


def _block_changed(grid: Grid, kept: Grid) -> bool:
    """True if any block of the grid differs: one line of a slide is a hundredth of it."""
    if kept.shape != grid.shape:
        return True
    moved = apart(grid, kept) > NOISE
    rows, columns = moved.shape[0] // 6, moved.shape[1] // 6
    if not rows or not columns:
        return bool(moved.mean() > BLOCK_CHANGE)
    blocks = moved[: rows * 6, : columns * 6].reshape(rows, 6, columns, 6)
    return bool(blocks.mean((1, 3)).max() > BLOCK_CHANGE)


def _changed_share(grid: Grid, kept: Grid) -> float:
    """Share of the grid, 0 to 1, that differs by more than noise."""
    return float((apart(grid, kept) > NOISE).mean()) if kept.shape == grid.shape else 1.0


def choose(
    strategy: Strategy,
    rows: Rows,
    scenes: Sequence[tuple[float, float]],
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float = float("inf"),
) -> list[tuple[float, str]]:
    """Frames that a strategy keeps within [start, end), as (seconds, reason) by time.

    uniform: `count` evenly spaced, else 12. keyframe: the file's own keyframes. dense: two a
    second, evenly. sparse: the middle of each scene. adaptive: those kept by the decode pass.
    """
    within = rows[(rows["seconds"] >= start) & (rows["seconds"] < end)]
    if not len(within):
        return []
    first, last = float(within["seconds"][0]), float(within["seconds"][-1])
    if strategy == "uniform":
        number = count or 12
        wanted = [first + (last - first) * (i + 0.5) / number for i in range(number)]
        return _nearest(within, wanted, f"evenly spaced, one of {number}")
    if strategy == "dense":
        # A file may claim years between two frames: no more times than can find a frame.
        most = max(DENSE_PER_SECOND * (last - first), 0.0)
        number = count or round(min(most, DENSE_TIMES * len(within))) + 1
        wanted = np.linspace(first, last, number).tolist()
        return _nearest(within, wanted, "evenly spaced, dense")
    if strategy == "sparse":
        middles = [
            ((max(s, start) + min(e, end)) / 2, f"middle of scene {number}")
            for number, (s, e) in enumerate(scenes, 1)
            if s < end and e > start
        ]
        chosen = [frame for at, why in middles for frame in _nearest(within, [at], why)]
    elif strategy == "keyframe":
        chosen = [(float(at), "keyframe") for at in within["seconds"][within["keyframe"] == 1]]
    else:
        kept = within[within["kept"] > 0]
        chosen = [(float(row["seconds"]), REASONS[int(row["kept"])]) for row in kept]
    return thin(chosen, count)


def longest_gap(times: Sequence[float], start: float, end: float) -> tuple[float, float]:
    """Start and end of the longest stretch of a span without any of these times."""
    gaps = itertools.pairwise([start, *times, max(end, start, *times)])
    return max(gaps, key=lambda gap: gap[1] - gap[0])


def fill_gaps(
    chosen: Sequence[tuple[float, str]], rows: Rows, most: float, end: float
) -> list[tuple[float, str]]:
    """Frames chosen from 0 to `end`, with others in between where more than `most` s lie open.

    A frame that stands longer than that on screen is all there is.
    """
    seconds: list[float] = rows["seconds"].tolist()
    filled: list[tuple[float, str]] = []
    at = 0.0
    for frame in (*chosen, (end, "")):
        while frame[0] - at > most:
            after = bisect_right(seconds, at)
            place = max(bisect_right(seconds, at + most) - 1, after)
            if place >= len(seconds) or seconds[place] >= frame[0]:
                break
            at = seconds[place]
            filled.append((at, f"no other frame within {most:g} s"))
        filled.append(frame)
        at = frame[0]
    return filled[:-1]


def thin(chosen: list[tuple[float, str]], count: int | None) -> list[tuple[float, str]]:
    """At most `count` frames, evenly spread over those chosen."""
    if count is None or len(chosen) <= count:
        return chosen
    picks = np.linspace(0, len(chosen) - 1, count).round().astype(int)
    return [chosen[i] for i in dict.fromkeys(picks.tolist())]


def _nearest(rows: Rows, wanted: Sequence[float], reason: str) -> list[tuple[float, str]]:
    """Frame on screen at each wanted time, each frame once."""
    seconds = rows["seconds"]
    places = np.clip(np.searchsorted(seconds, wanted, side="right") - 1, 0, len(seconds) - 1)
    return [(float(seconds[i]), reason) for i in dict.fromkeys(places.tolist())]


_OTHERWISE = {
    "uniform": "between two of the times",
    "dense": "between two of the times",
    "keyframe": "no keyframe",
    "sparse": "not the middle of a scene",
}
"""Reason to skip a frame that a strategy does not choose, told to users."""


@dataclass(frozen=True)
class Skipped:
    """A run of frames skipped for one reason; `start` and `end` are its first and last frame."""

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
    """Frames that `choose` does not keep, given the same arguments, by time."""
    seconds: NDArray[np.float64] = rows["seconds"].astype(np.float64)
    why = np.full(len(rows), _OTHERWISE.get(strategy), object)
    if strategy == "adaptive":
        why[:] = _failed_rule(rows, seconds)

    def mark(number: int | None, reason: str) -> None:
        chosen = choose(strategy, rows, scenes, count=number, start=start, end=end)
        why[np.isin(seconds, [at for at, _ in chosen])] = reason

    if strategy not in ("uniform", "dense"):  # those space as many as are asked for
        mark(None, "more than were asked for")
    mark(count, "")
    inside = (seconds >= start) & (seconds < end)
    seconds, why = seconds[inside], why[inside]
    return [
        Skipped(float(seconds[a]), float(seconds[b - 1]), b - a, why[a])
        for a, b in runs(why)
        if why[a]
    ]


def _failed_rule(rows: Rows, seconds: NDArray[np.float64]) -> NDArray[np.str_]:
    """Rule of `Adaptive` that each frame failed, in the order of its rules, told to users."""
    motion = rows["motion"].astype(np.float64)
    kept = np.maximum.accumulate(np.where(rows["kept"] > 0, np.arange(len(rows)), 0))
    since = seconds - seconds[kept]
    moved = np.cumsum(motion * np.clip(np.diff(seconds, prepend=0.0), 0.0, 1.0))
    failed = {
        "there was no room for more pictures": since >= FLOOR_SECONDS,
        "the picture stands still": motion <= STILL,
        f"less than {GAP} s after a kept frame": since < GAP,
        "it moves, and shows little that is new": moved - moved[kept] < MOVED_AMOUNT,
    }
    otherwise = "it moves, and looks like the frame kept before"
    return np.select(list(failed.values()), list(failed), otherwise)


def describe_skipped(left_out: Sequence[Skipped]) -> str:
    """Summary in words: "1,412 frames left out: the picture stands still (1,180); …"."""
    counts = Counter[str]()
    for run in left_out:
        counts[run.reason] += run.frames
    total = counts.total()
    why = "; ".join(f"{reason} ({number:,})" for reason, number in counts.most_common())
    return f"{total:,} frame{'s' * (total != 1)} left out" + (f": {why}" if why else "")
