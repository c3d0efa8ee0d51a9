"""Tracker of boxes: which box of a picture shows the object of a box in the picture before.

Each object moves on as it did (constant velocity, smoothed); the nearest pairs are joined first, by
overlap, else by the distance of centres in sizes of the object (as SORT does: Bewley et al., 2016).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from tools.vision.blobs import Box

PATIENCE = 1.0
"""Seconds after which an object that is not seen again is gone."""
REACH = 1.5
"""Sizes of an object that it may be away from where it is expected."""
GROWN = 4.0
"""How many times as large or small it may be."""
SMOOTH = 0.5
"""Weight of the last step in the velocity."""
STANDS = 0.12
"""Sizes of an object a second up to which it stands still."""
EDGE = 0.015
"""Share of the picture beside its edge, within which an object comes and goes."""
WITHIN = 0.8
"""Share of a box that lies in another, from which on it is a part of it."""
SAME_PLACE = 0.5
"""Overlap from which on two boxes lie in the same place."""


class Seen(NamedTuple):
    """One object in one picture: its label ("" unknown), confidence, and how much of it moves."""

    box: Box
    label: str = ""
    score: float = 0.0
    moving: float = 1.0


@dataclass(eq=False)
class Track:
    """One object through the pictures, by time."""

    seconds: list[float] = field(default_factory=list[float])
    seen: list[Seen] = field(default_factory=list[Seen])
    end: float = 0.0
    """Until when it is there; later than its last box where it stands still."""
    velocity: tuple[float, float] = (0.0, 0.0)

    @property
    def box(self) -> Box:
        """Last box."""
        return self.seen[-1].box

    def expected(self, at: float) -> Box:
        """Box where it should be at a time."""
        left, top, right, bottom = self.box
        ahead = min(at - self.seconds[-1], PATIENCE)
        across, down = (speed * ahead for speed in self.velocity)
        return left + across, top + down, right + across, bottom + down

    def add(self, at: float, seen: Seen) -> None:
        """Add what it looks like in a picture.

        What stands still becomes a part of the background, bit by bit: its box stays.
        """
        if self.seen and self.stands:
            inside = area(intersection(seen.box, self.box))
            if inside >= WITHIN * area(seen.box) and area(seen.box) < WITHIN * area(self.box):
                seen = seen._replace(box=self.box)
        if self.seen:
            passed = max(at - self.seconds[-1], 1e-3)
            moved = (b - a for a, b in zip(centre(self.box), centre(seen.box), strict=True))
            x, y = (
                (1 - SMOOTH) * old + SMOOTH * new / passed
                for old, new in zip(self.velocity, moved, strict=True)
            )
            self.velocity = x, y
        self.seconds.append(at)
        self.seen.append(seen)
        self.end = at

    @property
    def stands(self) -> bool:
        """True if it stands still inside the picture."""
        speed = max(map(abs, self.velocity))
        return speed <= STANDS * size(self.box) and not at_edge(self.box)


IsThere = Callable[[Track], bool]
"""Whether an object that stands still is where it was seen last."""


class Tracker:
    """Tracks of one video; pictures come by time."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self.running: list[Track] = []
        self.ended: list[Track] = []

    def add(self, at: float, seen: Sequence[Seen], is_there: IsThere = lambda _: False) -> None:
        """Join what is seen in a picture to the tracks, begin new ones, and end the others."""
        costs: list[tuple[float, int, int]] = []
        gone = {
            track
            for track in self.running
            if track.stands and at - track.end > self._patience / 2 and not is_there(track)
        }
        for (n, track), (m, one) in product(enumerate(self.running), enumerate(seen)):
            if track in gone and overlap(track.box, one.box) > SAME_PLACE:
                continue  # the hole that it left in the background
            cost = _cost(track.expected(at), one.box, track.box)
            if cost is not None:
                differs = bool(track.seen[-1].label and track.seen[-1].label != one.label)
                costs.append((cost + differs * 0.2, n, m))
        taken: dict[int, int] = {}
        used: set[int] = set()
        for _, n, m in sorted(costs):
            if n not in taken and m not in used:
                taken[n] = m
                used.add(m)
        kept: list[Track] = []
        for n, track in enumerate(self.running):
            if n in taken:
                track.add(at, seen[taken[n]])
            elif track.stands and track not in gone and is_there(track):
                track.end = at
            elif at - track.end > self._patience:
                self.ended.append(track)
                continue
            kept.append(track)
        for m, one in enumerate(seen):
            if m not in used:
                track = Track()
                track.add(at, one)
                kept.append(track)
        self.running = kept

    def rest(self, until: float, is_there: IsThere) -> None:
        """Nothing moves until a time: what stands inside the picture stays."""
        for track in list(self.running):
            if track.stands and is_there(track):
                track.end = until
            elif until - track.end > self._patience:
                self.running.remove(track)
                self.ended.append(track)

    def finish(self) -> list[Track]:
        """All tracks, by their start."""
        self.ended += self.running
        self.running = []
        return sorted(self.ended, key=lambda track: track.seconds[0])


def centre(box: Box) -> tuple[float, float]:
    """Centre of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def size(box: Box) -> float:
    """Size of a box: the mean of its sides."""
    return (box[2] - box[0] + box[3] - box[1]) / 2


def area(box: Box) -> float:
    """Area of a box."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    both = area(intersection(one, other))
    return both / (area(one) + area(other) - both or 1.0)


def intersection(one: Box, other: Box) -> Box:
    """Part of a box that lies in another."""
    return (
        max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]),
    )  # fmt: skip


def at_edge(box: Box) -> bool:
    """True if a box touches the edge of the picture."""
    return min(box[0], box[1], 1 - box[2], 1 - box[3]) <= EDGE


def _cost(expected: Box, seen: Box, last: Box) -> float | None:
    """Cost of a pair, 0 to 2; None for one that cannot be the same object."""
    ratio = (area(seen) + 1e-6) / (area(last) + 1e-6)
    if not 1 / GROWN <= ratio <= GROWN:
        return None
    if (common := overlap(expected, seen)) > 0:
        return 1 - common
    (x, y), (u, v) = centre(expected), centre(seen)
    away = max(abs(x - u), abs(y - v)) / max(size(last), 1e-3)
    return 1 + away / REACH if away <= REACH else None
