"""Times of day as seconds of a video: zones, summer time, midnight, and times of the video."""

import random
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tools.clock import named_times, recorded_by_name, told, windows

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "question, start, end, marked",
    [
        ("find all red cars between 2 and 4 PM", time(14), time(16), True),
        ("who came between 11 and 2 pm?", time(11), time(14), True),
        ("how many people from 8:30 to 9:15 am", time(8, 30), time(9, 15), True),
        ("cars between 14:00 and 16:00", time(14), time(16), False),
        ("Autos zwischen 14 und 16 Uhr", time(14), time(16), True),
        ("what moved yesterday at 2 PM", time(14), time(14, 1), True),
        ("who came after 10 p.m.", time(22), time(0), True),
        ("wer kam gestern vor 6:30", time(0), time(6, 30), True),
        ("at 12 am", time(0), time(0, 1), True),
    ],
)
def test_times_of_day_are_read(question: str, start: time, end: time, marked: bool) -> None:
    found = named_times(question)
    assert found and (found.start, found.end, found.marked) == (start, end, marked)


@pytest.mark.parametrize(
    "question",
    ["between 10 and 20 seconds", "how many cars pass", "from 2 to 4", "at 25 o'clock", "at 13 pm"],
)
def test_other_numbers_are_no_times_of_day(question: str) -> None:
    assert named_times(question) is None


def test_two_hundred_spans_are_exact_to_a_second() -> None:
    chance = random.Random(19)
    zones = [BERLIN, ZoneInfo("America/New_York"), timezone(timedelta(hours=5, minutes=30))]
    for _ in range(200):
        zone = chance.choice(zones)
        begun = datetime(2026, 3, 1, tzinfo=zone) + timedelta(minutes=chance.randrange(400_000))
        begun = begun.astimezone(UTC).astimezone(zone)
        length = chance.randrange(600, 8 * 3600)
        at = chance.randrange(120, length - 120)
        day = told(begun, at)
        asked = f"cars between {day:%H:%M} and {(day + timedelta(minutes=1)):%H:%M}"
        times = named_times(asked)
        assert times
        (found, *_) = windows(times, begun, float(length))
        true = at - day.second
        assert found == pytest.approx((true, true + 60), abs=1) or _changes(begun, length)


def _changes(begun: datetime, length: int) -> bool:
    """True if summer time begins or ends within a recording: an hour is there twice, or not."""
    return begun.utcoffset() != told(begun, length).utcoffset()


def test_summer_time_begins_within_a_recording() -> None:
    begun = datetime(2026, 3, 29, 1, 0, tzinfo=BERLIN)
    times = named_times("between 3:30 and 4:00 am")
    assert times and windows(times, begun, 4 * 3600.0) == [(5400.0, 7200.0)]
    assert f"{told(begun, 3599.0):%H:%M} {told(begun, 3600.0):%H:%M}" == "01:59 03:00"


def test_midnight_and_yesterday() -> None:
    begun = datetime(2026, 11, 19, 23, 0, tzinfo=BERLIN)
    times = named_times("between 11:30 pm and 0:30")
    assert times and windows(times, begun, 7200.0) == [(1800.0, 5400.0)]
    day = named_times("yesterday at 11:30 PM")
    assert day
    now = datetime(2026, 11, 20, 9, tzinfo=BERLIN)
    assert windows(day, begun, 7200.0, now) == [(1800.0, 1860.0)]
    assert windows(day, begun, 7200.0, now + timedelta(days=1)) == []


@pytest.mark.parametrize(
    "name, at",
    [
        ("cam1_2026-11-19_14-00-05", (2026, 11, 19, 14, 0, 5)),
        ("VID_20261119_140005", (2026, 11, 19, 14, 0, 5)),
        ("2026.11.19 14.00", (2026, 11, 19, 14, 0, 0)),
        ("holiday 2026", None), ("20260231_140000", None), ("part-20261119", None),
    ],
)  # fmt: skip
def test_a_files_name_tells_when(name: str, at: tuple[int, ...] | None) -> None:
    found = recorded_by_name(name)
    assert (found and found.timetuple()[:6]) == at and (not found or found.tzinfo)
