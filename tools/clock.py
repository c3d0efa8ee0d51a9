"""Wall-clock times: when a video was recorded, and which of its seconds a time of day is.

Seconds of a video are told apart from times of day: "2 PM", "14 Uhr" and "yesterday at 14:00" are
of the clock; "14:00" alone is, where the recording covers it and the video is not that long.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Window = tuple[float, float]
"""Seconds of a video, half-open."""
_TIME = r"(\d{1,2})(?:[:.](\d{2}))?(?:\s*(a\.?m\b\.?|p\.?m\b\.?|o'?clock\b|uhr\b))?"
_BOTH = re.compile(
    rf"\b(?:between|from|zwischen|von)\s+{_TIME}\s*(?:and|to|until|till|und|bis|-)\s*{_TIME}", re.I
)
_ONE = re.compile(
    rf"\b(at|around|um|gegen|after|since|nach|ab|seit|before|until|vor|bis)\s+{_TIME}", re.I
)
_DAY = re.compile(r"\b(today|yesterday|heute|gestern)\b", re.I)
_AFTER, _BEFORE = ("after", "since", "nach", "ab", "seit"), ("before", "until", "vor", "bis")
_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[T _.-]{0,3}"
    r"([0-2]\d)[-_:.h]?([0-5]\d)(?:[-_:.m]?([0-5]\d))?(?!\d)"
)
MOMENT = timedelta(minutes=1)
"""Length of a moment that is named by one time."""


@dataclass(frozen=True)
class Times:
    """Times of day that a question names; `rest` is the question without them.

    `end` before or at `start` is of the day after. `marked` is false of bare times, such as 14:00,
    which may be times of the video. `day` is days before today, None for any.
    """

    start: time
    end: time
    rest: str
    marked: bool
    day: int | None = None


def named_times(question: str) -> Times | None:
    """Times of day in a question; None where it names none."""
    days = [word.lower() for word in _DAY.findall(question)]
    day = {"today": 0, "heute": 0, "yesterday": 1, "gestern": 1}[days[0]] if days else None
    if both := _BOTH.search(question):
        first, last = _read(both.groups()[:3]), _read(both.groups()[3:])
        if first is None or last is None:
            return None
        (start, start_is), (end, end_is) = first, last
        if end_is and not start_is and end_is != "24":  # "between 2 and 4 PM"
            start = _at(int(both[1]), start.minute, end_is) or start
            if start >= end:
                start = _at(int(both[1]), start.minute, "a" if end_is == "p" else "p") or start
        place, marked = both.span(), bool(start_is or end_is or days)
        if not marked and not (both[2] and both[5]):
            return None  # "between 10 and 20 seconds"
    elif (one := _ONE.search(question)) and (read := _read(one.groups()[1:])):
        start, start_is = read
        place, marked = one.span(), bool(start_is or days)
        if not marked and not one[3]:
            return None
        word = one[1].lower()
        end = (datetime.combine(date(2000, 1, 1), start) + MOMENT).time()
        if word in _AFTER:
            end = time(0)
        elif word in _BEFORE:
            start, end = time(0), start
    else:
        return None
    rest = _DAY.sub(" ", question[: place[0]] + " " + question[place[1] :])
    return Times(start, end, " ".join(rest.split()), marked, day)


def windows(
    times: Times, recorded_at: datetime, duration: float, now: datetime | None = None
) -> list[Window]:
    """Seconds of a video that lie at these times of day, day by day; none where it has none.

    The zone is that of `recorded_at`; of one in UTC, as files have it, that of this machine.
    """
    zone = zone_of(recorded_at)
    begun = recorded_at.astimezone(UTC)
    first, last = (at.astimezone(zone) for at in (begun, begun + timedelta(seconds=duration)))
    today = (now or datetime.now(UTC)).astimezone(zone).date()
    found: list[Window] = []
    day = first.date() - timedelta(days=1)
    while day <= last.date():
        is_asked = times.day is None or day == today - timedelta(days=times.day)
        span = _seconds(times, day, zone, begun)
        start, end = max(span[0], 0.0), min(span[1], duration)
        if is_asked and start < end:
            found.append((start, end))
        day += timedelta(days=1)
    return found


def told(recorded_at: datetime, seconds: float) -> datetime:
    """Wall-clock time of a second of a video."""
    at = recorded_at.astimezone(UTC) + timedelta(seconds=seconds)
    return at.astimezone(zone_of(recorded_at))


def zone_of(recorded_at: datetime) -> tzinfo | None:
    """Zone in which a recording is told: its own, or that of this machine for UTC."""
    is_utc = recorded_at.tzinfo is UTC or recorded_at.utcoffset() == timedelta(0)
    return None if is_utc else recorded_at.tzinfo


def recorded_by_name(name: str) -> datetime | None:
    """Time in a file's name, as cameras write it, in the zone of this machine."""
    if match := _IN_NAME.search(name):
        try:
            year, month, day, *clock = (int(part or 0) for part in match.groups())
            hour, minute, second = clock
            return datetime(year, month, day, hour, minute, second).astimezone()
        except ValueError:  # the 31st of February
            return None
    return None


def _seconds(times: Times, day: date, zone: tzinfo | None, begun: datetime) -> Window:
    after = day + timedelta(days=times.end <= times.start)
    start, end = (
        (datetime.combine(on, at, zone) if zone else datetime.combine(on, at)).astimezone(UTC)
        for on, at in ((day, times.start), (after, times.end))
    )
    return (start - begun).total_seconds(), (end - begun).total_seconds()


def _read(parts: Sequence[str | None]) -> tuple[time, str] | None:
    """A time of day, and what it is marked by: a, p, 24 for o'clock, or nothing."""
    hour, minute, mark = int(parts[0] or 0), int(parts[1] or 0), (parts[2] or "").lower()[:1]
    half = mark if mark in ("a", "p") else ""
    at = _at(hour, minute, half)
    return (at, half or ("24" if mark else "")) if at else None


def _at(hour: int, minute: int, half: str) -> time | None:
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (half == "p") if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None
