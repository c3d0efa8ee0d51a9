"""Stretches of videos at times of day: "2 PM to 4 PM" is other seconds in each recording."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tools.clock import Clock
from tools.clock.written import read_time
from tools.errors import RefusedRequest
from tools.media import Evidence, timestamp
from tools.text.times_of_day import Times, only_times

if TYPE_CHECKING:
    from tools.store.catalog import Catalog
    from tools.store.store import Store

MOST = 200
"""Stretches that are searched for one question, at most; the earliest."""
TOLD = 3
"""Spans or days that a sentence names, at most."""
Bound = float | str | None
"""Seconds of a video; a text is them or a wall-clock time; None is no bound."""
Scope = tuple[list[str] | None, float | None, float | None]
"""Where a search looks: in some videos or in all, from a second on, before a second."""
_EXAMPLES = '"14:05", "2 PM to 4 PM", "yesterday at 14:00" or "2026-11-19 14:00 to 15:00"'


class Stretch(NamedTuple):
    """Stretch of a video, in its seconds, at asked times of a day; `begun` is its wall clock."""

    begun: datetime
    video: str
    start: float
    end: float
    ended: datetime
    day: date


class Gap(NamedTuple):
    """Span of asked times that no video covers, as local times of one day."""

    start: datetime
    end: datetime


def parse_times(at: str) -> Times:
    """Times of day of an argument; RefusedRequest for a text that is something else."""
    times = only_times(at)
    if times is None:
        raise RefusedRequest(f"{at[:40]!r} is no time of day: say {_EXAMPLES}")
    return times


def stretches(
    catalog: Catalog,
    times: Times,
    videos: Collection[str] | None = None,
    now: datetime | None = None,
) -> list[Stretch]:
    """Stretches of some videos, or of all, at some times of day, the earliest first."""
    found: list[Stretch] = []
    for video, (clock, duration) in catalog.clocks(videos).items():
        for (start, end), day in clock.asked(times, duration, now):
            # A piece that has no end of its own is told up to there, not by the next one's time.
            ended = _until(clock, start, end)
            found.append(Stretch(clock.wall(start), video, start, end, ended, day))
    return sorted(found, key=lambda one: (one.begun, one.video, one.start))[:MOST]


def _until(clock: Clock, start: float, end: float) -> datetime:
    return clock.wall(max(end - 1e-3, start)) + timedelta(milliseconds=1)


def gaps(found: Sequence[Stretch], times: Times) -> list[Gap]:
    """Gaps in the asked times, on the days of which something was recorded."""
    missing: list[Gap] = []
    for day in sorted({one.day for one in found}):
        spans = sorted(
            (one.begun.replace(tzinfo=None), one.ended.replace(tzinfo=None))
            for one in found
            if one.day == day
        )
        at = datetime.combine(day, times.start)
        over = times.end <= times.start and not (times.is_day and times.start == time(0))
        last = datetime.combine(day + timedelta(days=times.end <= times.start), times.end)
        if times.is_day or (over and times.end == time(0)):
            at, last = max(at, spans[0][0]), min(last, max(end for _, end in spans))
        for start, end in spans:
            if start - at >= timedelta(seconds=1):
                missing.append(Gap(at, start))
            at = max(at, end)
        if last - at >= timedelta(seconds=1):
            missing.append(Gap(at, last))
    return missing


Way = Callable[[list[str] | None, float | None, float | None], list[Evidence]]
"""A search in some videos or all, from a second on, before a second."""


def search_at(
    catalog: Catalog,
    at: str | None,
    videos: Sequence[str] | None,
    start: Bound,
    end: Bound,
    way: Way,
) -> list[Evidence]:
    """Results of a search between bounds, at times of day if these are named, once each.

    As the search has them, or by the time of the stretches where it is searched in several.
    """
    found: dict[str, Evidence] = {}
    for scope, first, last in scopes(catalog, start, end, videos):
        if not at:
            found |= {hit.id: hit for hit in way(scope, first, last)}
            continue
        for one in stretches(catalog, parse_times(at), scope):
            begin = max(one.start, first or 0.0)
            until = one.end if last is None else min(one.end, last)
            if begin < until:
                found |= {hit.id: hit for hit in way([one.video], begin, until)}
    return list(found.values())


def scopes(catalog: Catalog, start: Bound, end: Bound, videos: Sequence[str] | None) -> list[Scope]:
    """Where a search between bounds looks: by the clock of each video, where they are of a clock.

    RefusedRequest where nothing was recorded then.
    """
    scope = list(videos) if videos is not None else None
    if not (isinstance(start, str) or isinstance(end, str)):
        return [(scope, start, end)]
    clocks = catalog.clocks(scope)
    first, last = _bounds(start, end, clocks, catalog.longest(scope))
    if not (isinstance(first, datetime) or isinstance(last, datetime)):
        return [(scope, first, last)]
    found = [
        (clock.wall(begin), video, begin, until)
        for video, (clock, duration) in clocks.items()
        for begin, until in _windows(clock, first, last, duration)
    ]
    if not found:
        raise RefusedRequest(_not_recorded([*clocks.values()], first, last))
    return [([video], begin, until) for _, video, begin, until in sorted(found)]


def span_in(
    store: Store, video: str, start: Bound, end: Bound
) -> tuple[float | None, float | None]:
    """Seconds of one video between bounds; RefusedRequest where it has not recorded them."""
    if not (isinstance(start, str) or isinstance(end, str)):
        return start, end
    clocks, duration = _clock_of(store, video)
    first, last = _bounds(start, end, clocks, duration)
    if not (isinstance(first, datetime) or isinstance(last, datetime)):
        return first, last
    clock, duration = clocks[video]
    windows = _windows(clock, first, last, duration)
    if len(windows) > 1:
        raise _twice(first if isinstance(first, datetime) else last, [w[0] for w in windows])
    if not windows:
        raise RefusedRequest(_not_recorded([(clock, duration)], first, last))
    return windows[0]


def second_in(store: Store, video: str, at: float | str, *, is_end: bool = False) -> float:
    """Second of one video at a time, which it must have recorded; RefusedRequest says what it has.

    The end of a span may be where a stretch that was recorded ends.
    """
    if not isinstance(at, str):
        return at
    clocks, duration = _clock_of(store, video)
    asked, _ = _bounds(at, None, clocks, duration)
    if not isinstance(asked, datetime):
        return asked or 0.0
    clock, duration = clocks[video]
    found = clock.times_of(asked, duration)
    if not found and is_end:
        before = asked - timedelta(milliseconds=1)
        found = [seconds + 1e-3 for seconds in clock.times_of(before, duration)]
    if not found:
        raise RefusedRequest(_not_recorded([(clock, duration)], asked, None, is_point=True))
    if len(found) > 1:
        raise _twice(asked, found)
    return found[0]


def _clock_of(store: Store, video: str) -> tuple[dict[str, tuple[Clock, float]], float]:
    """The clock of a video if it is relied on, under its id, and its duration."""
    clock, duration = store.clock(video), store.get(video).duration
    return {video: (clock, duration)} if clock and clock.is_relied_on else {}, duration


def _bounds(
    start: Bound, end: Bound, clocks: Mapping[str, tuple[Clock, float]], longest: float
) -> tuple[float | datetime | None, float | datetime | None]:
    return _bound(start, clocks, longest), _bound(end, clocks, longest)


def _bound(
    text: Bound, clocks: Mapping[str, tuple[Clock, float]], longest: float
) -> float | datetime | None:
    """Seconds or a wall-clock time; a bare 14:00:05 is seconds where a video is that long.

    RefusedRequest for what is neither, or may be of several days, or of a clock where none is.
    """
    if not isinstance(text, str):
        return text
    seconds, at = read_time(text)
    if at is None or (seconds is not None and (seconds <= longest or not clocks)):
        return seconds
    if not clocks:
        raise RefusedRequest(
            "when this was recorded is not known: name seconds of a video, or say it with "
            "`cuepoint index VIDEO --recorded-at TIME`"
        )
    if isinstance(at, datetime):
        return at
    days: set[date] = set()
    recorded: set[date] = set()
    for clock, duration in clocks.values():
        own = clock.days(duration)
        days |= {*own}
        recorded |= {day for day in own if clock.times_of(datetime.combine(day, at), duration)}
    named = sorted(recorded or days)
    if len(named) > 1:
        told = ", ".join(map(str, named[:TOLD])) + ", …" * (len(named) > TOLD)
        raise RefusedRequest(f"{text[:40]!r} may be on {told}: write {named[0]}T{at:%H:%M:%S}")
    return datetime.combine(named[0], at)


def _windows(
    clock: Clock, first: float | datetime | None, last: float | datetime | None, duration: float
) -> list[tuple[float, float]]:
    """Seconds of a video between bounds, of which each is seconds or a time of its clock."""
    begin, end = (one if isinstance(one, datetime) else None for one in (first, last))
    low = 0.0 if first is None or isinstance(first, datetime) else first
    high = duration if last is None or isinstance(last, datetime) else last
    spans = ((max(a, low), min(b, high)) for a, b in clock.between(begin, end, duration))
    return [(a, b) for a, b in spans if a < b]


def _not_recorded(
    clocks: Sequence[tuple[Clock, float]],
    first: float | datetime | None,
    last: float | datetime | None,
    is_point: bool = False,
) -> str:
    """Sentence that says that a time was not recorded, and what was."""
    asked = [f"{one:%Y-%m-%d %H:%M:%S}" for one in (first, last) if isinstance(one, datetime)]
    if is_point:
        what = f"{asked[0]} was not recorded"
    elif len(asked) == 2:
        what = f"nothing was recorded from {asked[0]} to {asked[1]}"
    else:
        word = "from" if isinstance(first, datetime) else "before"
        what = f"nothing was recorded {word} {asked[0]}" + " on" * (word == "from")
    spans = sorted(
        (clock.wall(start), _until(clock, start, end))
        for clock, duration in clocks
        for start, end in pairwise([0.0, *(at for at, _ in clock.jumps()), duration])
        if start < end
    )
    told = [f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S}" for begin, end in spans]
    if len(told) > TOLD:
        ends = f"{max(end for _, end in spans):%Y-%m-%d %H:%M:%S}"
        told = [f"{len(told)} stretches from {told[0][:19]} to {ends}"]
    return f"{what}: there is {', and '.join(told)}"


def _twice(at: float | datetime | None, found: Sequence[float]) -> RefusedRequest:
    told = " and ".join(timestamp(seconds) for seconds in found[:TOLD])
    return RefusedRequest(
        f"the clock shows {at:%Y-%m-%d %H:%M:%S} more than once, as it went back (at {told} of the "
        "video): name seconds"
    )
