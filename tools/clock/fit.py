"""A piecewise-linear clock through readings that are rounded down, and some of which are wrong.

A reading of 14:00:05 bounds the time: 14:00:05 or later, before 14:00:06. All lines that keep to
the bounds of some readings form a polygon over offset and rate, which each reading cuts smaller
(O'Rourke's online fit between two chains, 1981). A reading that none of them keeps to is misread
where later ones do, and else begins a segment: the clock jumped.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from tools.clock import DAY, Segment
from tools.clock.readings import Reading
from tools.media import spread

LATE = 0.3
"""Seconds by which a clock on the picture may be late or early: it is drawn now and then."""
EASY = 0.35
"""Seconds between the earliest and the latest offset, at least, of a rate that is possible."""
FEWEST = 3
"""Readings of one segment, at least."""
UNDATED = 4
"""Readings of a clock without a date, at least: it may be another number."""
MOST = 4000
"""Readings that are used, at most, spread over the video."""
HELD = 0.6
"""Share of the readings that must lie on the clock, at least."""
AT_ONCE = 12
"""Readings that are looked at together where a segment begins."""
NEXT, MISREAD = 4, 8
"""Runs of readings after one that may go on with it, and readings between that may be misread."""
LOST = 6
"""Readings in a row that may be misread, at most."""
SLOWEST, FASTEST = 0.1, 100.0
"""Seconds of wall clock for each second of the video; of a clock without seconds: EVEN."""
EVEN = (0.5, 2.0)
_Point = tuple[float, float]
Rates = tuple[float, float]
"""The least and the highest rate."""
SAME_RATE = 0.02
"""Share by which the rates of two segments of one video differ, mostly at most."""


class Fit(NamedTuple):
    """Segments of a clock, the readings that lie on them, and how many there were.

    `jumps` are the seconds of the readings between which each later segment begins.
    """

    segments: tuple[Segment, ...]
    held: int
    read: int
    jumps: tuple[tuple[float, float], ...] = ()

    @property
    def share(self) -> float:
        """Share of the readings that lie on the clock."""
        return self.held / self.read


def fitted(readings: Sequence[Reading]) -> Fit | None:
    """The clock through some readings, by time; None where they are not those of a clock."""
    rows = _unwrapped(spread(sorted(readings), MOST))
    if len(rows) < (FEWEST if rows and rows[0].dated else UNDATED):
        return None
    if not _goes_on(rows):
        return None
    rates = _bounds(rows[0])
    runs = _merged(_runs(rows, rates), rates)
    if not runs:
        return None
    usual = _line(max(runs, key=len), rates, 1.0)[1]
    # A digit that is misread bends a short segment: at the video's own rate it cannot.
    own = usual * (1 - SAME_RATE), usual * (1 + SAME_RATE)
    again = _merged(_runs(rows, own), own)
    if sum(map(len, again)) >= sum(map(len, runs)) - len(runs):
        runs, rates = again, own
    held = sum(map(len, runs))
    if held < (FEWEST if rows[0].dated else UNDATED) or held < HELD * len(rows):
        return None
    segments: list[Segment] = []
    jumps: list[tuple[float, float]] = []
    for number, run in enumerate(runs):
        offset, rate = _line(run, rates, usual)
        begin = 0.0
        if number:
            jumps.append((runs[number - 1][-1].seconds, run[0].seconds))
            begin = sum(jumps[-1]) / 2
        segments.append(Segment(begin, run[0].at + offset + (begin - run[0].seconds) * rate, rate))
    return Fit(tuple(segments), held, len(rows), tuple(jumps))


def moved(fit: Fit, number: int, seconds: float) -> Fit:
    """A fit whose jump of this number lies at another second."""
    one = fit.segments[number + 1]
    at = one.at + (seconds - one.start) * one.rate
    segments = [*fit.segments]
    segments[number + 1] = Segment(seconds, at, one.rate)
    return fit._replace(segments=tuple(segments))


def _unwrapped(rows: Sequence[Reading]) -> list[Reading]:
    """Readings without a date, as days that follow each other."""
    found: list[Reading] = []
    for one in rows:
        if found and not one.dated:
            days = round((found[-1].at - one.at) / DAY)
            one = one._replace(at=one.at + days * DAY)
        found.append(one)
    return found


def _goes_on(rows: Sequence[Reading]) -> bool:
    """True if most readings go forward at the pace of a clock."""
    lag = max(1, len(rows) // 8)
    pairs = [(a, b) for a, b in zip(rows, rows[lag:], strict=False) if b.seconds > a.seconds]
    if not pairs:
        return False
    usual = median((b.at - a.at) / (b.seconds - a.seconds) for a, b in pairs)
    rounded = median(a.step / (b.seconds - a.seconds) for a, b in pairs)
    slowest, fastest = _bounds(rows[0])
    return slowest - rounded <= usual <= fastest + rounded


def _bounds(one: Reading) -> Rates:
    return EVEN if one.step > 1 else (SLOWEST, FASTEST)


def _runs(rows: Sequence[Reading], rates: Rates) -> list[list[Reading]]:
    """Readings that lie on one line each, by time; those that are misread are left out."""
    runs: list[list[Reading]] = []
    at = 0
    while len(rows) - at >= FEWEST:
        places = _together(rows[at : at + AT_ONCE], rates)
        if len(places) < FEWEST:
            at += 1
            continue
        begun = [rows[at + place] for place in places]
        before = rows[at : at + places[0]]
        run, lost, lines = begun, list[int](), _polygon(begun, rates)
        first = at + places[-1] + 1
        for place in range(first, len(rows)):
            if left := _cut(lines, run[0], rows[place]):
                lines, lost = left, []
                run.append(rows[place])
                continue
            lost.append(place)
            if len(lost) >= LOST or len(_together([rows[one] for one in lost], rates)) >= FEWEST:
                break
        if len(before) >= FEWEST:
            runs += _runs(before, rates)
        runs.append(run)
        at = lost[0] if lost else len(rows)
    return runs


def _together(rows: Sequence[Reading], rates: Rates) -> list[int]:
    """Places of the most readings that lie on one line, of a few; the earliest of equal ones."""
    best: list[int] = []
    for first in range(len(rows) - FEWEST + 1):
        for last in range(len(rows) - 1, first + FEWEST - 2, -1):
            run = rows[last].seconds - rows[first].seconds
            if last - first < len(best) or run <= 0:
                break
            rate = (rows[last].at - rows[first].at) / run
            lines = _cut(_lines(rows[first], rates), rows[first], rows[last])
            if not lines or rate <= 0:
                continue
            places = [first, last]
            for place in range(first + 1, last):
                if left := _cut(lines, rows[first], rows[place]):
                    lines = left
                    places.append(place)
            if len(places) > len(best):
                best = sorted(places)
    return best


def _merged(runs: list[list[Reading]], rates: Rates) -> list[list[Reading]]:
    """Runs that lie on one line together, without what was misread between them."""
    runs, number = list(runs), 0
    while number < len(runs):
        for later in range(min(number + NEXT, len(runs) - 1), number, -1):
            both = runs[number] + runs[later]
            between = sum(map(len, runs[number + 1 : later]))
            if between < min(len(both), MISREAD) and _polygon(both, rates):
                runs[number : later + 1] = [both]
                number -= 1
                break
        number += 1
    return runs


def _line(run: Sequence[Reading], rates: Rates, likely: float) -> tuple[float, float]:
    """Offset at the first reading, and rate: a likely one if it is possible, else the middle."""
    points = _polygon(run, rates)
    even = _between(points, likely)
    if even and even[1] - even[0] >= EASY:
        return sum(even) / 2, likely
    return _centre(points)


def _polygon(rows: Sequence[Reading], rates: Rates) -> list[_Point]:
    """Corners of all (offset, rate) that keep to the bounds of some readings; none if none do."""
    lines = _lines(rows[0], rates)
    for one in rows[1:]:
        lines = _cut(lines, rows[0], one)
    return lines


def _lines(first: Reading, rates: Rates) -> list[_Point]:
    (slow, fast), low, high = rates, -LATE, first.step + LATE
    return [(low, slow), (high, slow), (high, fast), (low, fast)]


def _cut(points: list[_Point], first: Reading, one: Reading) -> list[_Point]:
    """The part of a polygon whose lines keep to the bounds of one more reading."""
    run, rise = one.seconds - first.seconds, one.at - first.at
    points = _half(points, 1.0, run, rise - LATE)
    return _half(points, -1.0, -run, -(rise + one.step + LATE))


def _half(points: list[_Point], a: float, b: float, least: float) -> list[_Point]:
    """The part of a polygon in which a * x + b * y is at least so much."""
    kept: list[_Point] = []
    for place, (x, y) in enumerate(points):
        before_x, before_y = points[place - 1]
        now, before = a * x + b * y - least, a * before_x + b * before_y - least
        if (now >= 0) != (before >= 0):
            share = before / (before - now)
            kept.append((before_x + share * (x - before_x), before_y + share * (y - before_y)))
        if now >= 0:
            kept.append((x, y))
    return kept


def _between(points: Sequence[_Point], rate: float) -> tuple[float, float] | None:
    """The offsets of a polygon at one rate."""
    found: list[float] = []
    for place, (x, y) in enumerate(points):
        before_x, before_y = points[place - 1]
        if min(y, before_y) <= rate <= max(y, before_y):
            share = (rate - before_y) / (y - before_y) if y != before_y else 0.0
            found.append(before_x + share * (x - before_x))
    return (min(found), max(found)) if found else None


def _centre(points: Sequence[_Point]) -> _Point:
    """Centroid of a polygon; the mean of its corners where it has no area."""
    area = x = y = 0.0
    base_x, base_y = points[0]
    for place, (right, top) in enumerate(points):
        left, bottom = points[place - 1]
        left, bottom, right, top = left - base_x, bottom - base_y, right - base_x, top - base_y
        cross = left * top - right * bottom
        area += cross
        x, y = x + cross * (left + right), y + cross * (bottom + top)
    if abs(area) < 1e-12:
        return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)
    return base_x + x / (3 * area), base_y + y / (3 * area)
