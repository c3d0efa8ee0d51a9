"""Wall-clock time of a video: when each of its seconds was, by which source, and how sure.

A recording rarely runs as its file says: 60 s of media may be 72 s of wall clock, and a stream that
stops for a while jumps. So a clock is a piecewise-linear map from seconds of the video.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Literal, NamedTuple, cast, get_args
from zoneinfo import ZoneInfo

from tools.text.times_of_day import Times

Source = Literal["argument", "screen", "sidecar", "tag", "name", "file"]
"""Given by hand, read on the picture, from a file beside it, from the file's own tags, from its
name, from the time at which it was written."""
SOURCES: tuple[Source, ...] = get_args(Source)
CONFIDENCE: Mapping[Source, float] = {
    "argument": 1.0, "screen": 0.95, "sidecar": 0.9, "tag": 0.8, "name": 0.7, "file": 0.2,
}  # fmt: skip
"""Confidence of a source that nothing contradicts, 0 to 1."""
RELIED = 0.5
"""Confidence from which on a clock is relied on; below, it is told and decides nothing."""
AGREED = 2.0
"""Seconds by which two sources may differ that agree."""
JUMP = 2.0
"""Seconds that a clock skips or goes back, from which on it is a jump."""
DAY = 86_400
Window = tuple[float, float]
"""Seconds of a video, half-open."""


class Segment(NamedTuple):
    """Stretch of a video, from `start` on, in which its clock runs evenly.

    `at` is the time at `start`, in seconds since 1970 (of the digits themselves, where a clock is
    local, else in UTC); `rate` is seconds of wall clock for each second of the video.
    """

    start: float
    at: float
    rate: float = 1.0


class Piece(NamedTuple):
    """Stretch of a video in which its local time runs evenly: digits as seconds since 1970."""

    start: float
    end: float
    at: float
    rate: float


class Other(NamedTuple):
    """Another source of the time: when the video begins by it, seconds ahead of the one in use."""

    source: Source
    begun: datetime
    ahead: float

    @property
    def agrees(self) -> bool:
        """True if it says the same as the source in use."""
        return abs(self.ahead) <= AGREED


@dataclass(frozen=True)
class Clock:
    """Wall clock of one video.

    `zone` is that in which times are told; None is that of this machine. A local clock is digits as
    they stand on a picture or in a name, whatever the zone is. Of a first segment, times before its
    start are told, too. `others` are the sources that are not in use.
    """

    source: Source
    confidence: float
    segments: tuple[Segment, ...]
    zone: tzinfo | None = None
    is_local: bool = False
    others: tuple[Other, ...] = ()

    def wall(self, seconds: float) -> datetime:
        """Wall-clock time of a second of the video, with its zone."""
        at = self._instant(seconds)
        if not self.is_local:
            return datetime.fromtimestamp(at, UTC).astimezone(self.zone)
        digits = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
        offset = digits.astimezone().utcoffset()  # digits that no clock here shows stay as they are
        return digits.replace(tzinfo=self.zone or timezone(offset or timedelta(0)))

    @property
    def begun(self) -> datetime:
        """Wall-clock time at which the video begins."""
        return self.wall(0.0)

    @property
    def is_relied_on(self) -> bool:
        """True if the source is good enough to answer by."""
        return self.confidence >= RELIED

    def windows(self, times: Times, duration: float, now: datetime | None = None) -> list[Window]:
        """Seconds of the video that lie at these times of day, by time; none where it has none."""
        return [window for window, _ in self.asked(times, duration, now)]

    def asked(
        self, times: Times, duration: float, now: datetime | None = None
    ) -> list[tuple[Window, date]]:
        """The same, each with the day that is meant: that on which the times begin."""
        today = (now or datetime.now(UTC)).astimezone(self.zone).date()
        found: list[tuple[Window, date]] = []
        for piece in self.pieces(duration):
            last = piece.at + (piece.end - piece.start) * piece.rate
            for number in range(int(piece.at // DAY) - 1, int(last // DAY) + 1):
                day = date(1970, 1, 1) + timedelta(days=number)
                if not times.on.is_on(day, today):
                    continue
                begin = number * DAY + _of_day(times.start)
                end = number * DAY + _of_day(times.end) + DAY * (times.end <= times.start)
                start, finish = (
                    piece.start + (local - piece.at) / piece.rate for local in (begin, end)
                )
                start, finish = max(start, piece.start), min(finish, piece.end)
                if finish - start < 1e-6:
                    continue
                if found and found[-1][1] == day and start - found[-1][0][1] < 1e-6:
                    found[-1] = (found[-1][0][0], finish), day
                else:
                    found.append(((start, finish), day))
        return found

    def seconds_of(self, at: datetime, duration: float) -> float | None:
        """Second of the video at a wall-clock time, the first; None where it was not recorded."""
        return next(iter(self.times_of(at, duration)), None)

    def times_of(self, at: datetime, duration: float) -> list[float]:
        """Seconds of the video at a wall-clock time; several where its clock went back."""
        wanted, pieces = self._scale(at, duration)
        found: list[float] = []
        for piece in pieces:
            seconds = piece.start + (wanted - piece.at) / piece.rate
            if piece.start - 1e-6 <= seconds < piece.end:
                found.append(max(seconds, 0.0))
        return found

    def between(
        self, begin: datetime | None, end: datetime | None, duration: float
    ) -> list[Window]:
        """Seconds of the video from a wall-clock time on and before another, by time."""
        found: list[Window] = [(0.0, duration)]
        for at, is_begin in ((begin, True), (end, False)):
            if at is None:
                continue
            wanted, pieces = self._scale(at, duration)
            side: list[Window] = []
            for piece in pieces:
                cut = piece.start + (wanted - piece.at) / piece.rate
                cut = min(max(cut, piece.start), piece.end)
                side.append((cut, piece.end) if is_begin else (piece.start, cut))
            found = [
                (max(a, c), min(b, d))
                for a, b in found
                for c, d in side
                if min(b, d) - max(a, c) > 1e-6
            ]
        joined: list[Window] = []
        for start, finish in found:
            if joined and start - joined[-1][1] < 1e-6:
                joined[-1] = joined[-1][0], finish
            else:
                joined.append((start, finish))
        return joined

    def days(self, duration: float) -> list[date]:
        """Local days of which something was recorded, by time."""
        found: set[date] = set()
        for piece in self.pieces(duration):
            last = piece.at + (piece.end - piece.start) * piece.rate
            numbers = range(int(piece.at // DAY), math.ceil(last / DAY))
            found |= {date(1970, 1, 1) + timedelta(days=number) for number in numbers}
        return sorted(found)

    def jumps(self) -> list[tuple[float, float]]:
        """Seconds of the video at which its clock jumps, and by how many seconds."""
        found: list[tuple[float, float]] = []
        for before, after in zip(self.segments, self.segments[1:], strict=False):
            by = after.at - _at(before, after.start)
            if abs(by) >= JUMP:
                found.append((after.start, by))
        return found

    def pieces(self, duration: float) -> list[Piece]:
        """Stretches of the video in which its local time runs evenly: summer time is a break."""
        pieces: list[Piece] = []
        for start, end, at, rate in self._runs(duration):
            if self.is_local:
                pieces.append(Piece(start, end, at, rate))
                continue
            last = at + (end - start) * rate
            for begin, finish, offset in _offsets(self._offset, at, last):
                first, until = (start + (x - at) / rate for x in (begin, finish))
                pieces.append(Piece(first, until, begin + offset, rate))
        return pieces

    def _runs(self, duration: float) -> list[Piece]:
        """Stretches of the video by its segments, as these have their times."""
        ends = [segment.start for segment in self.segments[1:]] + [duration]
        found: list[Piece] = []
        for number, (segment, end) in enumerate(zip(self.segments, ends, strict=True)):
            start, end = segment.start if number else 0.0, min(end, duration)
            if end > start:
                found.append(Piece(start, end, _at(segment, start), segment.rate))
        return found

    def _scale(self, at: datetime, duration: float) -> tuple[float, list[Piece]]:
        """A time in seconds since 1970, and the stretches of the video beside it.

        Both are instants where the time and the clock have a zone, else digits.
        """
        if at.tzinfo and not self.is_local:
            return at.timestamp(), self._runs(duration)
        local = at.astimezone(self.zone) if at.tzinfo else at
        return local.replace(tzinfo=UTC).timestamp(), self.pieces(duration)

    def _instant(self, seconds: float) -> float:
        place = bisect_right(self.segments, seconds, key=lambda one: one.start) - 1
        return _at(self.segments[max(place, 0)], seconds)

    def _offset(self, instant: float) -> float:
        at = datetime.fromtimestamp(instant, UTC).astimezone(self.zone)
        offset = at.utcoffset()
        return offset.total_seconds() if offset else 0.0

    def row(self) -> dict[str, Any]:
        """The clock as data (JSON)."""
        zone = self.zone
        fixed = zone.utcoffset(None) if isinstance(zone, timezone) else None
        offset = None if fixed is None else fixed.total_seconds()
        return {
            "source": self.source,
            "confidence": self.confidence,
            "segments": [[round(number, 6) for number in one] for one in self.segments],
            "zone": zone.key if isinstance(zone, ZoneInfo) else offset,
            "local": self.is_local,
            "others": [
                [one.source, one.begun.isoformat(), round(one.ahead, 3)] for one in self.others
            ],
        }


def clock_of(row: Mapping[str, Any]) -> Clock:
    """The clock of a row."""
    zone = row["zone"]
    if isinstance(zone, str):
        zone = ZoneInfo(zone)
    elif zone is not None:
        zone = timezone(timedelta(seconds=zone))
    return Clock(
        cast(Source, row["source"]),
        row["confidence"],
        tuple(Segment(*one) for one in row["segments"]),
        zone,
        row["local"],
        tuple(
            Other(source, datetime.fromisoformat(at), ahead) for source, at, ahead in row["others"]
        ),
    )


def clock_from(begun: datetime, source: Source, rate: float = 1.0) -> Clock:
    """The clock of a video that begins at a time and runs evenly.

    The zone is that of the time; of one in UTC, as files have it, that of this machine. A time
    without a zone is digits.
    """
    if begun.tzinfo is None:
        digits = Segment(0.0, begun.replace(tzinfo=UTC).timestamp(), rate)
        return Clock(source, CONFIDENCE[source], (digits,), is_local=True)
    is_utc = begun.tzinfo is UTC or begun.utcoffset() == timedelta(0)
    segment = Segment(0.0, begun.timestamp(), rate)
    return Clock(source, CONFIDENCE[source], (segment,), None if is_utc else begun.tzinfo)


def beside(clock: Clock, other: Clock) -> Clock:
    """A clock with another source, which is not in use, beside it."""
    begun = other.begun
    ahead = begun.timestamp() - clock.begun.timestamp()
    return replace(clock, others=(*clock.others, Other(other.source, begun, ahead)))


def _at(segment: Segment, seconds: float) -> float:
    return segment.at + (seconds - segment.start) * segment.rate


def _of_day(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


WEEKS = 14 * DAY
"""Seconds within which an offset from UTC changes once, at most."""


def _offsets(
    offset: Callable[[float], float], start: float, end: float
) -> Iterator[tuple[float, float, float]]:
    """Spans of [start, end) with one offset from UTC each: begin, end and offset, in seconds."""
    while start < end:
        step = min(end, start + WEEKS)
        own = offset(start)
        if offset(step) != own:
            low, high = start, step
            while high - low > 1e-3:
                middle = (low + high) / 2
                low, high = (middle, high) if offset(middle) == own else (low, middle)
            step = min(float(round(high)), step) if round(high) > start else high
        yield start, step, own
        start = step
