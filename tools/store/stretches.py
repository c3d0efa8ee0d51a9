"""Stretches of videos at times of day: "2 PM to 4 PM" is other seconds in each recording."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tools.clock import Clock
from tools.errors import RefusedRequest
from tools.media import Evidence
from tools.text.times_of_day import Times, only_times

if TYPE_CHECKING:
    from tools.store.catalog import Catalog

MOST = 200
"""Stretches that are searched for one question, at most; the earliest."""
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
    at: str,
    videos: Sequence[str] | None,
    start: float | None,
    end: float | None,
    way: Way,
) -> list[Evidence]:
    """Results of a search at times of day, once each, by the time of the stretches."""
    found: dict[str, Evidence] = {}
    for one in stretches(catalog, parse_times(at), videos):
        begin = max(one.start, start or 0.0)
        until = one.end if end is None else min(one.end, end)
        if begin < until:
            found |= {hit.id: hit for hit in way([one.video], begin, until)}
    return list(found.values())
