"""What tracked objects do: what their tracks state, and what a picture model sees along them.

A track states that an object comes, goes, crosses the picture, stops, turns, or is faster than
others of its kind. Anything else is compared with pictures cut out around the track.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tools.cameras.objects import NEEDS_DETECTOR
from tools.errors import ProviderUnavailable
from tools.media import Evidence, Sighting, overlaps, spread, time_range
from tools.sandbox import check_deadline
from tools.store.records import SIGHTINGS
from tools.text.clean import word_set
from tools.text.tokens import STOP_WORDS, surface_forms
from tools.vision.objects.detector import ANYTHING, labels_of
from tools.vision.objects.tracking import STANDS, at_edge, centre, size

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.store.store import Store

BESIDE = 1.0
"""Seconds after the start, or before the end, of a video in which nobody is said to come or go."""
ACROSS = 0.6
"""Share of the picture between the first and the last place of what crosses it."""
STOPS = 2.0
"""Seconds that something stands still, at least, to have stopped."""
STEP, BEND = 2.0, 40.0
"""Sizes of an object from its first place to where it turns, and from there to its last, at least;
degrees between both ways, from which on it turns: round a quarter of a circle they are 45."""
FASTER, OTHERS = 1.5, 4
"""How many times as fast as the median of others it is, and how many these are, at least."""
STEPS = 3
"""Steps from one box to the next, at least, that tell a speed."""
HURRIES = "is faster than others"
LOOKED = 12
"""Pictures of an object that are compared with labels, at most."""
WINDOW = 4.0
"""Seconds of pictures that are compared together."""
MOTIONS = {name: frozenset(surface_forms(words)) for name, words in {
    "enters": """
        enter enters entering entered arrive arrives arriving arrived come comes coming
        betritt betreten ankommen kommt kommen""",
    "leaves": """
        leave leaves leaving depart departs departing verlässt verlassen wegfahren weggehen""",
    "crosses": """
        cross crosses crossing crossed überquert überqueren queren quert kreuzt kreuzen""",
    "stops": """
        stop stops stopping stopped stand stands standing wait waits waiting park parks parking
        parked hält halten anhalten steht stehen wartet warten parkt parken""",
    "turns": """
        turn turns turning turned abbiegen biegt abgebogen wendet wenden""",
    HURRIES: """
        run runs running ran hurry hurries hurrying speed speeds speeding fast faster fastest
        rennt rennen rast rasen schnell schneller""",
}.items()}  # fmt: skip
"""Words for what a track states, by its name."""
_IDLE = STOP_WORDS | word_set("ein eine einen einem der die das den")


@dataclass(frozen=True)
class Action:
    """Something that an object does in a span; `sure` is 1 for what its track states."""

    label: str
    start: float
    end: float
    sure: float = 1.0

    @property
    def text(self) -> str:
        """The action and when it is, in words."""
        told = self.label if self.sure == 1.0 else f"{self.label} {self.sure:.0%}"
        return f"{told} {time_range(self.start, self.end)}"


def stated(label: str) -> tuple[str, frozenset[str]] | None:
    """The motion that a label names, and the classes of who does it; None for anything else."""
    forms = [form for form in surface_forms(label) if form not in _IDLE]
    motions = {name for form in forms for name, words in MOTIONS.items() if form in words}
    rest = [form for form in forms if not any(form in words for words in MOTIONS.values())]
    classes = labels_of(" ".join(rest)) if rest else ANYTHING
    if len(motions) != 1 or len(rest) > 1 or classes is None:
        return None
    return motions.pop(), classes


def tracked(store: Store, video: str, start: float, end: float) -> list[Sighting]:
    """Objects of a video that are there in a span."""
    seen: list[Sighting] = store.words(video, SIGHTINGS)
    return [one for one in seen if one.boxes and overlaps(one.start, one.end, start, end)]


def find_object_actions(
    store: Store,
    video: str,
    start: float,
    end: float,
    labels: Sequence[str],
    embedder: ImageEmbedder | None,
    resolve: Callable[[str], Evidence],
) -> list[Evidence]:
    """Objects in [start, end) that do what labels say, or anything, with what they do, by time.

    Motions are told from the tracks. ProviderUnavailable for other labels without an embedder, and
    for motions of a class where nothing has a name.
    """
    motions = {label: found for label in labels if (found := stated(label))}
    if embedder:  # a picture shows who runs
        motions = {label: one for label, one in motions.items() if one[0] != HURRIES}
    others = [label for label in labels if label not in motions]
    if others and embedder is None:
        raise ProviderUnavailable(
            "naming an action needs a model that sees: run `cuepoint models pull`, then "
            "`cuepoint index`; that something enters, leaves, crosses, stops, turns or is faster "
            "than others is told without one"
        )
    told: list[Evidence] = []
    known, there = _Tracks(store, video), tracked(store, video, start, end)
    if any(of for _, of in motions.values()) and not any(seen.label for seen in there):
        raise ProviderUnavailable(NEEDS_DETECTOR)
    for seen in there:
        check_deadline()
        does = known.actions(seen)
        if labels:
            wanted = {what: label for label, (what, of) in motions.items() if _is_of(seen, of)}
            does = [replace(o, label=wanted[o.label]) for o in does if o.label in wanted]
        if others and embedder:
            does += seen_along(store, seen, start, end, others, embedder)
        does = [one for one in does if overlaps(one.start, one.end, start, end)]
        if does or not labels:
            told.append(_evidence(resolve(seen.id), does))
    return sorted(told, key=lambda one: (one.start, one.end))


def _is_of(seen: Sighting, classes: Collection[str]) -> bool:
    return not classes or seen.label in classes


def _evidence(one: Evidence, does: Sequence[Action]) -> Evidence:
    ordered = sorted(does, key=lambda action: (action.start, action.end))
    listed = ", ".join(action.text for action in ordered)
    rows = [{"label": o.label, "start": o.start, "end": o.end, "sure": o.sure} for o in ordered]
    facts: dict[str, Any] = {**one.facts, "actions": rows}
    score = max((o.sure for o in does if o.sure < 1), default=one.score)
    text = f"{listed}: {one.text}" if listed else one.text
    return replace(one, text=text, score=score, facts=facts)


class _Tracks:
    """What the tracks of one video state, among one another."""

    def __init__(self, store: Store, video: str) -> None:
        metadata = store.get(video)
        self._length = metadata.duration
        self._aspect = (metadata.width or 1) / (metadata.height or 1)
        self._seen: list[Sighting] = store.words(video, SIGHTINGS)
        self._speeds = {one.id: self._speed(one) for one in self._seen}

    def actions(self, seen: Sighting) -> list[Action]:
        """What the track of an object states, by kind."""
        found: list[Action] = []
        if seen.start > BESIDE:
            found.append(Action("enters", seen.start, seen.start))
        if seen.end < self._length - BESIDE:
            found.append(Action("leaves", seen.end, seen.end))
        first, last = (centre(seen.boxes[n][1:]) for n in (0, -1))
        if max(abs(first[0] - last[0]), abs(first[1] - last[1])) >= ACROSS:
            found.append(Action("crosses", seen.start, seen.end))
        found += [Action("stops", *span) for span in _stands(seen)]
        if (at := self._turn(seen)) is not None:
            found.append(Action("turns", at, at))
        if self._is_faster(seen):
            found.append(Action(HURRIES, seen.start, seen.end))
        return found

    def _path(self, seen: Sighting) -> list[tuple[float, float, float, float]]:
        """Time, centre and size of an object, in heights of the picture; a box at the edge shows
        a part of it."""
        found: list[tuple[float, float, float, float]] = []
        for at, left, top, right, bottom in seen.boxes:
            if not at_edge((left, top, right, bottom)):
                box = left * self._aspect, top, right * self._aspect, bottom
                found.append((at, *centre(box), max(size(box), 1e-3)))
        return found

    def _speed(self, seen: Sighting) -> float:
        """Median speed in sizes a second; 0 where it mostly stands, or is seen too shortly."""
        speeds = [
            math.dist(one[1:3], other[1:3]) / other[3] / max(other[0] - one[0], 1e-3)
            for one, other in pairwise(self._path(seen))
        ]
        moving = [speed for speed in speeds if speed > STANDS]
        return median(moving) if len(moving) >= max(STEPS, len(speeds) / 2) else 0.0

    def _is_faster(self, seen: Sighting) -> bool:
        alike = (o for o in self._seen if o.label == seen.label and o.id != seen.id)
        speeds = [speed for one in alike if (speed := self._speeds[one.id])]
        return len(speeds) >= OTHERS and self._speeds[seen.id] >= FASTER * median(speeds)

    def _turn(self, seen: Sighting) -> float | None:
        """Time at which an object goes another way: where it is farthest from the straight one."""
        path = self._path(seen)
        if len(path) < 3:
            return None
        (_, *first, _), (_, *last, _) = path[0], path[-1]
        ahead = math.dist(first, last)

        def aside(place: tuple[float, float, float, float]) -> float:
            _, x, y, _ = place
            if ahead <= STEP * median(wide for *_, wide in path):
                return math.dist(first, (x, y))  # it comes back
            across = (last[0] - first[0]) * (y - first[1]) - (last[1] - first[1]) * (x - first[0])
            return abs(across) / ahead

        at, x, y, wide = max(path, key=aside)
        if min(math.dist(first, (x, y)), math.dist((x, y), last)) < STEP * wide:
            return None
        before = math.atan2(y - first[1], x - first[0])
        bend = math.degrees(math.atan2(last[1] - y, last[0] - x) - before)
        return at if abs((bend + 180) % 360 - 180) >= BEND else None


def _stands(seen: Sighting) -> list[tuple[float, float]]:
    """Spans in which an object stands still, also where it was not seen at the end of its stay."""
    spans: list[tuple[float, float]] = []
    boxes = [*seen.boxes, (seen.end, *seen.boxes[-1][1:])]
    for one, other in pairwise(boxes):
        passed = other[0] - one[0]
        (x, y), (u, v) = centre(one[1:]), centre(other[1:])
        still = max(abs(u - x), abs(v - y)) <= STANDS * size(other[1:]) * max(passed, 0.3)
        if passed <= 0 or not still or at_edge(other[1:]):
            continue
        if spans and one[0] - spans[-1][1] <= 1e-6:
            spans[-1] = spans[-1][0], other[0]
        else:
            spans.append((one[0], other[0]))
    return [(start, end) for start, end in spans if end - start >= STOPS]


def seen_along(
    store: Store,
    seen: Sighting,
    start: float,
    end: float,
    labels: Sequence[str],
    embedder: ImageEmbedder,
) -> list[Action]:
    """Which label fits an object best, in spans, by the kept pictures cut out around its track."""
    from tools.embed.crops import box_at, embedded_crops
    from tools.search.zero_shot import classify
    from tools.store.frames import picture_file

    kept = {one.seconds: one.image for one in store.frames(seen.video)}
    if seen.image:
        kept[seen.seconds] = seen.image
    first, last = max(start, seen.start), min(end, seen.end)
    times = spread([at for at in sorted(kept) if first <= at <= last], LOOKED)
    if not times:
        return []
    shown = [(picture_file(store, kept[at]), box_at(seen.boxes, at)) for at in times]
    with TemporaryDirectory() as folder:
        rows = embedded_crops(embedder, shown, Path(folder))
    found: list[Action] = []
    for _, group in groupby(range(len(times)), lambda n: int((times[n] - first) / WINDOW)):
        places = [*group]
        best = classify(rows[places], labels, embedder)[0]
        span = times[places[0]], times[places[-1]]
        if not best.text:
            continue
        if found and found[-1].label == best.text:
            sure = min(found[-1].sure, best.probability)
            found[-1] = replace(found[-1], end=span[1], sure=sure)
        else:
            found.append(Action(best.text, *span, min(best.probability, 0.99)))
    return found
