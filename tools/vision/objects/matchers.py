"""Matchers that a setting chooses: the project's own, or norfair's (a Kalman filter for each box).

norfair-enough (BSD) is an extra: what it says is which box shows which object, no more. It counts
pictures, not seconds, so what comes and goes stays with the tracker.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from tools.errors import ProviderUnavailable
from tools.vision.objects.tracking import Matcher, MayJoin, Nearest, Seen, Track, cost

MATCHERS = ("nearest", "norfair")
FARTHEST = 2.2
"""Cost of a pair, at most: all that `cost` gives."""
REMEMBERED = 12
"""Pictures for which norfair knows an object that it does not see."""


def load_matcher(name: str) -> Callable[[], Matcher]:
    """Get a maker of the matchers of a setting; ProviderUnavailable where it is not there."""
    if name not in MATCHERS:
        raise ProviderUnavailable(f"no tracker {name!r}; there are: {', '.join(MATCHERS)}")
    if name == "nearest":
        return Nearest
    if find_spec("norfair") is None:
        raise ProviderUnavailable("norfair is not there: pip install 'cuepoint[tracking]'")
    logging.getLogger("norfair.tracker").setLevel(logging.ERROR)  # says that a distance is ours
    return partial(Norfair, import_module("norfair"))


class Norfair:
    """Matcher by norfair's tracker, with the distance of `tools.vision.objects.tracking`."""

    def __init__(self, package: Any) -> None:
        self._detection = package.Detection
        self._tracker = package.Tracker(
            _distance, FARTHEST, hit_counter_max=REMEMBERED, initialization_delay=0
        )
        self._tracks: dict[int, Track] = {}
        self._places: dict[int, int] = {}
        """Objects of norfair by the place of their box in the last picture."""

    def match(
        self, at: float, tracks: Sequence[Track], seen: Sequence[Seen], may_join: MayJoin
    ) -> dict[int, int]:
        found = [
            self._detection(np.array(one.box).reshape(2, 2), data=(at, place, one))
            for place, one in enumerate(seen)
        ]
        told: list[Any] = [
            one for one in self._tracker.update(found) if one.last_detection.data[0] == at
        ]
        self._places = {one.last_detection.data[1]: one.id for one in told}
        self._tracks = {
            one.id: self._tracks[one.id]
            for one in self._tracker.tracked_objects
            if one.id in self._tracks
        }
        numbers = {id(track): n for n, track in enumerate(tracks)}
        taken: dict[int, int] = {}
        for place, number in sorted(self._places.items()):
            track = self._tracks.get(number)
            n = numbers.get(id(track)) if track else None
            if track and n is not None and n not in taken and may_join(track, seen[place]):
                taken[n] = place
        # What stood still for longer than norfair remembers is found again by where it stands.
        left = [n for n, track in enumerate(tracks) if n not in taken and track.stands]
        open_places = [place for place in range(len(seen)) if place not in taken.values()]
        again = Nearest().match(
            at, [tracks[n] for n in left], [seen[place] for place in open_places], may_join
        )
        return taken | {left[n]: open_places[place] for n, place in again.items()}

    def joined(self, track: Track, place: int) -> None:
        if (number := self._places.get(place)) is not None:
            self._tracks[number] = track


def _distance(detection: Any, known: Any) -> float:
    """Cost of a pair, from where norfair expects the object."""
    (left, top), (right, bottom) = known.estimate.tolist()
    found = cost((left, top, right, bottom), detection.data[2], known.last_detection.data[2])
    return FARTHEST + 1 if found is None else found
