"""Sightings: what is tracked before a fixed camera, told as one object each.

With a detector its objects are tracked, as far as they move; without one the moving blobs are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tools.media import Sighting, numbered
from tools.text.clean import word_set
from tools.vision.colour import SceneLight, object_colours, scene_light
from tools.vision.objects.blobs import Blob, Box, Pixels
from tools.vision.objects.detector import Detector
from tools.vision.objects.tracking import (
    STANDS,
    Matcher,
    Nearest,
    Seen,
    Track,
    Tracker,
    area,
    at_edge,
    centre,
    intersection,
    size,
)

PATIENCE = 1.5
"""Seconds after which an object that a detector does not find again is gone."""
MOVED, MOVED_ALONE = 0.5, 1.0
"""Sizes that an object is away from where it was first seen, to have moved; more without a
detector: what the wind moves comes back."""
MOVES = 0.25
"""Share of an object's box that moves, from which on the object moves."""
LEAST_SEEN, LEAST_SECONDS = 3, 0.4
"""Pictures that show an object at least, and the time between the first and the last."""
DIFFERS = 12.0
"""Mean difference of brightness, of 255, between an object and what is behind it, so that it can be
told later whether it is still there."""
CROP = 32
"""Pixels of a side of the crop that is compared."""
ENOUGH = 24
"""Pictures in which the colour of an object is measured, at most."""
PART = 0.6
"""Share of its pictures in which a blob lies in a larger one, from which on it is a part of it."""
PERSON = "person"
MOVING_CLASSES = word_set("""
    person bicycle car motorcycle airplane bus train truck boat
    bird cat dog horse sheep cow elephant bear zebra giraffe""")
"""Classes of what moves by itself."""
SURE = 0.5
"""Mean confidence from which on a thing is believed that does not move by itself."""
WAY = 0.1
"""Share of the picture that an object crosses, for a direction to be told, and to be seen by its
movement alone."""


@dataclass
class _Look:
    """Looks of an object: its colours, its best view, and a crop of it where it stands still."""

    colours: dict[str, float] = field(default_factory=dict[str, float])
    samples: int = 0
    best: tuple[float, float] = (-1.0, 0.0)
    """Quality and time of its best view."""
    crop: NDArray[np.float32] | None = None
    """The object where it stands still, and below what is behind it; None where they are alike."""


class Watcher:
    """Sightings of one video, whose pictures come by time."""

    def __init__(self, detector: Detector | None, matcher: Callable[[], Matcher] = Nearest) -> None:
        self._detector = detector
        self._moving = Tracker(matcher=matcher())
        self._found = Tracker(PATIENCE, matcher())
        self._looks: WeakKeyDictionary[Track, _Look] = WeakKeyDictionary()
        self._grey: NDArray[np.float32] | None = None
        self._behind: NDArray[np.float32] | None = None
        """Light of the picture, and of what was seen last without anything that moves before it."""

    def add(
        self,
        at: float,
        blobs: Sequence[Blob],
        shown: tuple[Pixels, NDArray[np.bool_]] | None,
    ) -> None:
        """Add a picture: its time, its moving blobs, and where it is shown its pixels and mask."""
        if not blobs:
            self.rest(at)
            return
        if shown:
            grey = shown[0][:, :, 1].astype(np.float32)  # green is most of the light
            behind = grey if self._behind is None else self._behind
            self._grey, self._behind = grey, np.where(shown[1], behind, grey)
        self._moving.add(at, [Seen(one.box, moving=one.filled) for one in blobs], self._is_there)
        if not shown:
            return
        if self._detector:
            found = self._detector.find(shown[0])
            seen = [one._replace(moving=_filled(shown[1], one.box)) for one in found]
            self._found.add(at, seen, self._is_there)
        lit = scene_light(shown[0])
        for track in (*self._moving.running, *self._found.running):
            if track.seconds[-1] == at:
                self._look(track, at, *shown, lit)

    def rest(self, until: float) -> None:
        """Nothing moves until a time, in seconds."""
        for tracker in (self._moving, self._found):
            tracker.rest(until, self._is_there)

    def finish(self, video: str, width: int, height: int) -> list[Sighting]:
        """All sightings by time; the size of the picture decides what is wide and what is high.

        Where a detector sees something, its objects count; else whatever moves.
        """
        found = [(track, self._label(track)) for track in self._found.finish()]
        found = [(track, label) for track, label in found if _counts(track, label)]
        found = [
            (track, label)
            for track, label in found
            if label or not any(_is_part(track, other) for other, _ in found)
        ]
        moving = [track for track in self._moving.finish() if _counts(track, "")]
        alone = [one for one in moving if not any(_meet_in_time(one, o) for o, _ in found)]
        found += [(one, "") for one in alone if not any(_is_part(one, o) for o in moving)]
        aspect, tracked = width / max(height, 1), {*moving}
        name = self._detector.name if self._detector else ""
        made = [
            self._sighting(video, track, label, "motion" if track in tracked else name, aspect)
            for track, label in found
        ]
        return list(numbered(sorted(made, key=lambda one: (one.start, one.end))))

    def _look(
        self,
        track: Track,
        at: float,
        picture: Pixels,
        mask: NDArray[np.bool_],
        lit: SceneLight | None,
    ) -> None:
        look, seen = self._looks.setdefault(track, _Look()), track.seen[-1]
        quality = area(seen.box) ** 0.5 * (0.2 + seen.score) * (0.3 if at_edge(seen.box) else 1.0)
        look.best = max(look.best, (quality, at))
        if track.stands and self._grey is not None and self._behind is not None:
            crop, behind = _crop(self._grey, seen.box), _crop(self._behind, seen.box)
            if seen.moving >= MOVES and _apart(crop, behind) >= DIFFERS:
                look.crop = np.stack([crop, behind])
        if lit is None or (look.samples and (look.samples >= ENOUGH or seen.moving < MOVES)):
            return  # of what does not move, what is around it would be measured, too
        place = _pixels(seen.box, mask.shape)
        part, inside = picture[place], mask[place]
        pixels = part[inside] if seen.moving >= MOVES else part.reshape(-1, 3)
        if len(pixels):
            look.samples += 1
            for name, share in object_colours(pixels, lit).items():
                look.colours[name] = look.colours.get(name, 0.0) + share * quality

    def _is_there(self, track: Track) -> bool:
        """True if an object that stood still looks as it did, and not like what is behind it."""
        crop = self._looks.setdefault(track, _Look()).crop
        if crop is None or self._grey is None:
            return False
        now = _crop(self._grey, track.box)
        return _apart(now, crop[0]) < _apart(now, crop[1])

    def _label(self, track: Track) -> str:
        """Label that a detector gives an object; empty where that cannot be.

        A car from above is no telephone: what crosses the picture by itself is none of the things
        that do not move by themselves, unless a person is there, and the detector is sure.
        """
        votes: dict[str, float] = {}
        for one in track.seen:
            votes[one.label] = votes.get(one.label, 0.0) + one.score
        label, total = max(votes.items(), key=lambda vote: vote[1])
        if label in MOVING_CLASSES:
            return label
        people = [one for one in self._found.ended if one.seen[-1].label == PERSON]
        count = sum(one.label == label for one in track.seen)
        is_carried = total >= SURE * count and any(_meet(track, one) for one in people)
        return label if is_carried else ""

    def _sighting(
        self, video: str, track: Track, label: str, source: str, aspect: float
    ) -> Sighting:
        look = self._looks.setdefault(track, _Look())
        sure = [one.score or one.moving for one in track.seen]
        return Sighting(
            video, round(track.seconds[0], 3), round(max(track.end, track.seconds[-1]), 3), label,
            max(look.colours, key=look.colours.__getitem__, default=""),
            _direction(track, aspect), round(_standing(track), 1),
            round(fmean(sorted(sure)[-10:]), 3),
            round(look.best[1] if look.best[0] >= 0 else track.seconds[len(track.seconds) // 2], 3),
            _each_second(track, look.best[1]), source,
        )  # fmt: skip


def _counts(track: Track, label: str) -> bool:
    """True if a track is of an object that moves, and was seen for long enough."""
    if len(track.seen) < LEAST_SEEN or track.seconds[-1] - track.seconds[0] < LEAST_SECONDS:
        return False
    first = centre(track.seen[0].box)
    across = max(_distance(first, centre(one.box)) for one in track.seen)
    away = across / max(median(size(one.box) for one in track.seen), 1e-3)
    if not label:
        return away >= MOVED_ALONE and across >= WAY
    return away >= MOVED or sum(one.moving >= MOVES for one in track.seen) >= LEAST_SEEN


def _meet_in_time(one: Track, other: Track) -> bool:
    return one.seconds[0] <= other.end and other.seconds[0] <= one.end


def _pixels(box: Box, shape: Sequence[int]) -> tuple[slice, slice]:
    height, width = shape[:2]
    left, right = max(int(box[0] * width), 0), min(int(np.ceil(box[2] * width)), width)
    top, bottom = max(int(box[1] * height), 0), min(int(np.ceil(box[3] * height)), height)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _filled(mask: NDArray[np.bool_], box: Box) -> float:
    """Share of a box that moves."""
    part = mask[_pixels(box, mask.shape)]
    return float(part.mean()) if part.size else 0.0


def _crop(grey: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    import cv2

    part = grey[_pixels(box, grey.shape)]
    if not part.size:
        return np.zeros((CROP, CROP), np.float32)
    return np.asarray(cv2.resize(part, (CROP, CROP), interpolation=cv2.INTER_AREA), np.float32)


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean())


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def _is_part(track: Track, other: Track) -> bool:
    """True if a blob lies in a larger one, beside which it was seen most of the time."""
    if track is other or len(track.seen) > len(other.seen):
        return False
    boxes = dict(zip(other.seconds, (one.box for one in other.seen), strict=True))
    inside = sum(
        at in boxes
        and area(one.box) < area(boxes[at])
        and area(intersection(one.box, boxes[at])) >= 0.5 * area(one.box)
        for at, one in zip(track.seconds, track.seen, strict=True)
    )
    return inside >= PART * len(track.seen)


def _meet(track: Track, other: Track) -> bool:
    """True if two objects touch in a picture."""
    boxes = dict(zip(other.seconds, (one.box for one in other.seen), strict=True))
    return any(
        at in boxes and area(intersection(one.box, boxes[at])) > 0
        for at, one in zip(track.seconds, track.seen, strict=True)
    )


def _direction(track: Track, aspect: float) -> str:
    """Way that an object takes on the whole; empty where it comes back, or hardly moves."""
    (x, y), (u, v) = centre(track.seen[0].box), centre(track.seen[-1].box)
    across, down = (u - x) * aspect, v - y
    if max(abs(across), abs(down)) < WAY:
        return ""
    if abs(across) >= abs(down):
        return "right" if across > 0 else "left"
    return "down" if down > 0 else "up"


def _standing(track: Track) -> float:
    """Seconds that an object stands still, and those at its end in which it was not seen."""
    still, last = 0.0, 0
    for n in range(1, len(track.seen)):
        passed = track.seconds[n] - track.seconds[last]
        if passed < 1.0 and n < len(track.seen) - 1:
            continue
        moved = _distance(centre(track.seen[last].box), centre(track.seen[n].box))
        if moved <= STANDS * size(track.seen[n].box) * max(passed, 0.3):
            still += passed
        last = n
    return still + max(track.end - track.seconds[-1], 0.0)


def _each_second(track: Track, best: float) -> tuple[tuple[float, float, float, float, float], ...]:
    """A box a second, and that of the best view: the time, then left, top, right, bottom."""
    found: list[Any] = []
    for at, one in zip(track.seconds, track.seen, strict=True):
        if not found or at >= found[-1][0] + 1.0 or at in (best, track.seconds[-1]):
            found.append((round(at, 3), *(round(min(max(x, 0.0), 1.0), 4) for x in one.box)))
    return tuple(found)
