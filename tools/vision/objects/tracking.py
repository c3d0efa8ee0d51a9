"""Tracker of boxes: which box of a picture shows the object of a box in the picture before.

A matcher says so, and is exchangeable. In the one here each object moves on as it did (constant
velocity, smoothed); the nearest pairs are joined first, by overlap, else by the distance of centres
in sizes of the object (as SORT does: Bewley et al., 2016). What comes and goes, and what stands
still, is the tracker's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple, Protocol

from tools.vision.objects.blobs import Box

PATIENCE = 1.0
"""Seconds after which an object that is not seen again is gone."""
REACH = 1.5
"""Sizes of an object that it may be away from where it is expected."""
GROWN = 4.0
"""How many times as large or small it may be."""
RENAMED = 0.2
"""Cost of another label."""
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


MayJoin = Callable[[Track, Seen], bool]
"""Whether what is seen may be an object; False for the hole that it left in the background."""


class Matcher(Protocol):
    """Says which box of a picture shows which object. One of its own for each tracker."""

    def match(
        self, at: float, tracks: Sequence[Track], seen: Sequence[Seen], may_join: MayJoin
    ) -> dict[int, int]:
        """Places of what is seen, each at most once, by those of the tracks."""
        ...

    def joined(self, track: Track, place: int) -> None:
        """Take note that a track, old or new, has the box at a place of the last picture."""
        ...


class Nearest:
    """Joins the nearest pairs first."""

    def match(
        self, at: float, tracks: Sequence[Track], seen: Sequence[Seen], may_join: MayJoin
    ) -> dict[int, int]:
        costs: list[tuple[float, int, int]] = []
        for (n, track), (m, one) in product(enumerate(tracks), enumerate(seen)):
            found = cost(track.expected(at), one, track.seen[-1])
            if found is not None and may_join(track, one):
                costs.append((found, n, m))
        taken: dict[int, int] = {}
        used: set[int] = set()
        for _, n, m in sorted(costs):
            if n not in taken and m not in used:
                taken[n] = m
                used.add(m)
        return taken

    def joined(self, track: Track, place: int) -> None:
        return


class Tracker:
    """Tracks of one video; pictures come by time."""

    def __init__(self, patience: float = PATIENCE, matcher: Matcher | None = None) -> None:
        self._patience = patience
        self._matcher = matcher or Nearest()
        self.running: list[Track] = []
        self.ended: list[Track] = []

    def add(self, at: float, seen: Sequence[Seen], is_there: IsThere = lambda _: False) -> None:
        """Join what is seen in a picture to the tracks, begin new ones, and end the others."""
        gone = {
            track
            for track in self.running
            if track.stands and at - track.end > self._patience / 2 and not is_there(track)
        }

        def may_join(track: Track, one: Seen) -> bool:
            return track not in gone or overlap(track.box, one.box) <= SAME_PLACE

        taken = self._matcher.match(at, self.running, seen, may_join)
        used = {*taken.values()}
        kept: list[Track] = []
        for n, track in enumerate(self.running):
            if n in taken:
                track.add(at, seen[taken[n]])
                self._matcher.joined(track, taken[n])
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
                self._matcher.joined(track, m)
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


def cost(expected: Box, one: Seen, last: Seen) -> float | None:
    """Cost of a pair, 0 to 2 or little more; None for one that cannot be the same object."""
    seen = one.box
    ratio = (area(seen) + 1e-6) / (area(last.box) + 1e-6)
    if not 1 / GROWN <= ratio <= GROWN:
        return None
    differs = RENAMED * bool(last.label and last.label != one.label)
    if (common := overlap(expected, seen)) > 0:
        return 1 - common + differs
    (x, y), (u, v) = centre(expected), centre(seen)
    away = max(abs(x - u), abs(y - v)) / max(size(last.box), 1e-3)
    return 1 + away / REACH + differs if away <= REACH else None
