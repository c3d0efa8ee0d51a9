"""Areas of a fixed camera's picture: a region that is searched, and named zones and lines.

Points are shares of the picture, 0 to 1. What is where is computed from the boxes of a sighting,
between which it moves straight on: a region is touched by a box; in a zone, and across a line, is
the middle of the box's lower edge, where an object stands on the ground.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from tools.errors import RefusedRequest
from tools.media import Sighting
from tools.text.clean import clean

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Span = tuple[float, float]
Kind = Literal["zone", "line"]
Foot = tuple[float, float, float]
"""Time, and the point where an object stands."""
LEAST: Mapping[Kind, int] = {"zone": 3, "line": 2}
MOST, LONGEST_NAME = 40, 60
"""Points of an area and characters of its name, at most."""
SMALLEST = 1e-4
"""Share of the picture that a zone covers, at least."""
MOST_TEXT = 400
"""Characters of a list of numbers that are read."""
WAYS = {"left": "to the left", "right": "to the right", "up": "upwards", "down": "downwards"}
NEAR = 0.02
"""Shares of the picture beside an edge within which who comes back has not left: boxes tremble."""


@dataclass(frozen=True)
class Area:
    """A named zone or line of a camera or a video, which `of` names."""

    of: str
    name: str
    kind: Kind
    points: tuple[Point, ...]

    @property
    def bounds(self) -> Box:
        """The least box around it."""
        across, down = zip(*self.points, strict=True)
        return min(across), min(down), max(across), max(down)


class Crossing(NamedTuple):
    """The moment at which an object crosses a line, and which way: left, right, up or down."""

    at: float
    to: str


def checked_area(of: str, name: str, kind: Kind, points: Sequence[Sequence[float]]) -> Area:
    """Area from what a person typed or drew; RefusedRequest says what is wrong with it."""
    named = clean(name, LONGEST_NAME)
    if not named:
        raise RefusedRequest(f"a {kind} needs a name with at least one letter")
    if not LEAST[kind] <= len(points) <= MOST:
        raise RefusedRequest(f"a {kind} has {LEAST[kind]} to {MOST} points, not {len(points)}")
    if not all(len(one) == 2 and all(map(_is_share, one)) for one in points):
        raise RefusedRequest("a point is two shares of the picture, 0 to 1, such as 0.25,0.8")
    area = Area(of, named, kind, tuple((float(x), float(y)) for x, y in points))
    if kind == "zone" and _surface(area.points) < SMALLEST:
        raise RefusedRequest("the zone covers nothing: its points lie on one line")
    if kind == "line" and all(math.dist(*pair) == 0 for pair in pairwise(area.points)):
        raise RefusedRequest("the line has no length: its points are the same")
    return area


def checked_region(values: Sequence[float]) -> Box:
    """Region from left, top, right and bottom; RefusedRequest says what is wrong with it."""
    if len(values) != 4 or not all(map(_is_share, values)):
        raise RefusedRequest(
            "a region is left,top,right,bottom as shares of the picture, 0 to 1: 0,0.5,0.5,1"
        )
    left, top, right, bottom = map(float, values)
    if left >= right or top >= bottom:
        raise RefusedRequest("a region is left,top,right,bottom: left before right, top above")
    return left, top, right, bottom


def numbers_of(text: str) -> list[float]:
    """Numbers of a text such as `0,0.5,0.5,1`; RefusedRequest where one is none."""
    try:
        return [float(part) for part in text[:MOST_TEXT].split(",")]
    except ValueError:
        raise RefusedRequest(
            f"{clean(text, 40)!r} is no list of shares of the picture, such as 0.25,0.8"
        ) from None


def touching(seen: Sighting, region: Box) -> list[Span]:
    """Spans in which the box of an object touches a region."""
    left, top, right, bottom = region
    spans: list[Span] = []
    for one, other in pairwise(_held(seen)):
        first, last = one[0], other[0]
        begin, finish = 0.0, 1.0
        for now, then in (
            (right - one[1], right - other[1]), (bottom - one[2], bottom - other[2]),
            (one[3] - left, other[3] - left), (one[4] - top, other[4] - top),
        ):  # fmt: skip
            if max(now, then) <= 0:
                begin, finish = 1.0, 0.0
            elif now <= 0:
                begin = max(begin, now / (now - then))
            elif then <= 0:
                finish = min(finish, now / (now - then))
        if begin < finish:
            length = last - first
            spans.append((first + begin * length, first + finish * length))
    return _joined(spans)


def inside(seen: Sighting, zone: Sequence[Point]) -> list[Span]:
    """Spans in which an object stands in a zone; a step out that stays beside its edge is none."""
    path = _feet(seen)
    edges = [*pairwise(zone), (zone[-1], zone[0])]
    spans: list[Span] = []
    for (start, *a), (end, *b) in pairwise(path):
        one, other = (a[0], a[1]), (b[0], b[1])
        cuts = sorted({0.0, 1.0, *(at for edge in edges for at in _meets(one, other, *edge))})
        for begin, finish in pairwise(cuts):
            middle = (begin + finish) / 2
            if _is_inside(_between(one, other, middle), zone):
                spans.append((start + begin * (end - start), start + finish * (end - start)))
    joined: list[Span] = []
    for span in _joined(spans):
        if joined and _stays_near(path, joined[-1][1], span[0], edges):
            joined[-1] = joined[-1][0], span[1]
        else:
            joined.append(span)
    return joined


def crossings(seen: Sighting, line: Sequence[Point]) -> list[Crossing]:
    """Crossings of a line by an object, by time; who turns right beside it has not crossed it."""
    path, parts = _feet(seen), [*pairwise(line)]
    found: list[tuple[Crossing, float]] = []
    for (start, *a), (end, *b) in pairwise(path):
        one, other = (a[0], a[1]), (b[0], b[1])
        for p, q in parts:
            across, down = q[1] - p[1], p[0] - q[0]
            ahead = across * (other[0] - one[0]) + down * (other[1] - one[1])
            if ahead == 0:
                continue
            sign = math.copysign(1.0, ahead)
            for at in _meets(one, other, p, q):
                way = _way(across * sign, down * sign)
                found.append((Crossing(round(start + at * (end - start), 3), way), sign))
    found.sort(key=lambda pair: pair[0].at)
    kept: list[tuple[Crossing, float]] = []
    for one in found:
        if kept and one[0].at - kept[-1][0].at < 1e-3 and one[1] == kept[-1][1]:
            continue  # through the point where two parts of the line meet
        if kept and one[1] != kept[-1][1] and _stays_near(path, kept[-1][0].at, one[0].at, parts):
            kept.pop()
        else:
            kept.append(one)
    return [one for one, _ in kept]


def told_in(facts: Mapping[str, Any]) -> list[str]:
    """Words for the facts of zones and lines: "12 s in gate", "crosses door to the left"."""
    zones = [
        f"{zone['seconds']:.0f} s in {zone['name']}"
        if zone["seconds"] >= 1
        else f"in {zone['name']}"
        for zone in facts.get("zones", ())
    ]
    crossed = [f"crosses {one['name']} {WAYS[one['to']]}" for one in facts.get("crossings", ())]
    return [*zones, *dict.fromkeys(crossed)]


def facts_in(seen: Sighting, areas: Sequence[Area]) -> dict[str, Any]:
    """Facts of an object about the areas of its picture.

    `zones`: of each that it is in `name`, `seconds` inside, and the times at which it `entered` and
    `left`; `crossings`: `name` of the line, `at`, and the way `to`.
    """
    zones: list[dict[str, Any]] = []
    crossed: list[dict[str, Any]] = []
    for area in areas:
        if area.kind == "line":
            found = crossings(seen, area.points)
            crossed += [{"name": area.name, "at": one.at, "to": one.to} for one in found]
        elif spans := inside(seen, area.points):
            entered = [round(start, 3) for start, _ in spans if start > seen.start + 1e-3]
            left = [round(end, 3) for _, end in spans if end < seen.end - 1e-3]
            stay = round(sum(end - start for start, end in spans), 1)
            zones.append({"name": area.name, "seconds": stay, "entered": entered, "left": left})
    facts: dict[str, Any] = {"zones": zones} if zones else {}
    return facts | ({"crossings": sorted(crossed, key=lambda one: one["at"])} if crossed else {})


def spans_in(seen: Sighting, area: Area) -> list[Span]:
    """Spans in which an object is in a zone, or the instants at which it crosses a line."""
    if area.kind == "line":
        return [(one.at, one.at) for one in crossings(seen, area.points)]
    return inside(seen, area.points)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1


def _surface(points: Sequence[Point]) -> float:
    """Surface of a polygon, by the shoelace formula."""
    pairs = [*pairwise(points), (points[-1], points[0])]
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairs)) / 2


def _held(seen: Sighting) -> list[tuple[float, float, float, float, float]]:
    """The boxes of an object; where it stands at its end, the last one holds until then."""
    boxes = list(seen.boxes)
    if boxes and seen.end > boxes[-1][0]:
        boxes.append((seen.end, *boxes[-1][1:]))
    return boxes


def _feet(seen: Sighting) -> list[Foot]:
    return [(at, (left + right) / 2, bottom) for at, left, _, right, bottom in _held(seen)]


def _between(one: Point, other: Point, share: float) -> Point:
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])


def _meets(a: Point, b: Point, p: Point, q: Point) -> Iterator[float]:
    """Share of the way from a to b at which it meets the segment from p to q, if it does.

    Its end belongs to the next way: nothing is met twice.
    """
    along, aside = (b[0] - a[0], b[1] - a[1]), (q[0] - p[0], q[1] - p[1])
    cross = along[0] * aside[1] - along[1] * aside[0]
    if cross == 0:
        return
    away = p[0] - a[0], p[1] - a[1]
    share = (away[0] * aside[1] - away[1] * aside[0]) / cross
    place = (away[0] * along[1] - away[1] * along[0]) / cross
    if 0 <= share < 1 and 0 <= place <= 1:
        yield share


def _is_inside(point: Point, zone: Sequence[Point]) -> bool:
    """True of a point in a polygon, by the even-odd rule."""
    x, y = point
    held = False
    for (a, b), (u, v) in [*pairwise(zone), (zone[-1], zone[0])]:
        if (b > y) != (v > y) and x < a + (u - a) * (y - b) / (v - b):
            held = not held
    return held


def _stays_near(
    path: Sequence[Foot], start: float, end: float, parts: Sequence[tuple[Point, Point]]
) -> bool:
    """True if an object stays beside some segments between two moments."""
    times = [start, end]
    times += [(start + end) / 2, *(at for at, _, _ in path if start < at < end)]
    points = [_at(path, at) for at in times]
    return all(min(_distance(point, *part) for part in parts) <= NEAR for point in points)


def _at(path: Sequence[Foot], at: float) -> Point:
    for (start, *a), (end, *b) in pairwise(path):
        if start <= at <= end:
            share = (at - start) / (end - start) if end > start else 0.0
            return _between((a[0], a[1]), (b[0], b[1]), share)
    return path[-1][1], path[-1][2]


def _distance(point: Point, p: Point, q: Point) -> float:
    """Distance of a point from a segment."""
    length = (q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2
    along = (point[0] - p[0]) * (q[0] - p[0]) + (point[1] - p[1]) * (q[1] - p[1])
    share = min(max(along / length, 0.0), 1.0) if length else 0.0
    return math.dist(point, _between(p, q, share))


def _way(across: float, down: float) -> str:
    if abs(across) >= abs(down):
        return "right" if across > 0 else "left"
    return "down" if down > 0 else "up"


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans by time, those that follow without a gap as one."""
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] <= 1e-6:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found
