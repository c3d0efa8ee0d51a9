"""Wall clocks of videos: zones, summer time, midnight, drift and jumps."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tools.clock import Clock, Segment, beside, clock_from, clock_of
from tools.text.times_of_day import named_times

BERLIN = ZoneInfo("Europe/Berlin")


def digits(*at: int) -> float:
    """Digits of a clock in seconds since 1970."""
    return datetime(*at, tzinfo=UTC).timestamp()  # type: ignore[misc]


def asked(clock: Clock, question: str, duration: float, now: datetime | None = None):
    times = named_times(question)
    assert times
    return clock.windows(times, duration, now)


def test_two_hundred_spans_are_exact_to_a_second() -> None:
    chance = random.Random(19)
    zones = [BERLIN, ZoneInfo("America/New_York"), timezone(timedelta(hours=5, minutes=30))]
    for _ in range(200):
        zone = chance.choice(zones)
        begun = datetime(2026, 3, 1, tzinfo=zone) + timedelta(minutes=chance.randrange(400_000))
        begun = begun.astimezone(UTC).astimezone(zone)
        length = chance.randrange(600, 8 * 3600)
        at = chance.randrange(120, length - 120)
        clock = clock_from(begun, "argument")
        day = clock.wall(at)
        found = asked(
            clock, f"cars between {day:%H:%M} and {(day + timedelta(minutes=1)):%H:%M}", length
        )
        true = at - day.second
        assert any(one == pytest.approx((true, true + 60), abs=1) for one in found)


def test_summer_time_begins_within_a_recording() -> None:
    clock = clock_from(datetime(2026, 3, 29, 1, 0, tzinfo=BERLIN), "argument")
    assert asked(clock, "between 3:30 and 4:00 am", 4 * 3600.0) == [(5400.0, 7200.0)]
    assert f"{clock.wall(3599.0):%H:%M} {clock.wall(3600.0):%H:%M}" == "01:59 03:00"
    assert asked(clock, "between 2:00 and 3:00 am", 4 * 3600.0) == []


def test_the_hour_that_comes_twice_is_there_twice() -> None:
    clock = clock_from(datetime(2026, 10, 25, 1, 0, tzinfo=BERLIN), "argument")
    assert asked(clock, "between 2:30 and 2:45 am", 4 * 3600.0) == [
        (5400.0, 6300.0), (9000.0, 9900.0),
    ]  # fmt: skip


def test_midnight_and_yesterday() -> None:
    clock = clock_from(datetime(2026, 11, 19, 23, 0, tzinfo=BERLIN), "argument")
    assert asked(clock, "between 11:30 pm and 0:30", 7200.0) == [(1800.0, 5400.0)]
    now = datetime(2026, 11, 20, 9, tzinfo=BERLIN)
    day = "yesterday at 11:30 PM"
    assert asked(clock, day, 7200.0, now) == [(1800.0, 1860.0)]
    assert asked(clock, day, 7200.0, now + timedelta(days=1)) == []
    times = named_times("between 11:30 pm and 0:30")
    assert times and clock.asked(times, 7200.0) == [((1800.0, 5400.0), date(2026, 11, 19))]


def test_a_recording_of_days_has_a_time_of_day_once_a_day() -> None:
    clock = clock_from(datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN), "argument")
    found = asked(clock, "at 2 pm", 3 * 86400.0)
    assert [start for start, _ in found] == [7200.0, 7200 + 90000.0, 7200 + 90000 + 86400.0]


def test_a_clock_that_runs_otherwise_than_the_video_is_followed() -> None:
    """60 s of media are 72 s of wall clock; the clock jumps by ten minutes at 100 s."""
    at = digits(2026, 11, 19, 14, 0, 0)
    clock = Clock("screen", 0.95, (Segment(0, at, 1.2), Segment(100, at + 720, 1.2)), None, True)
    assert asked(clock, "between 14:01 and 14:02", 200.0) == [(50.0, 100.0)]
    assert asked(clock, "between 14:02 and 14:12", 200.0) == []
    assert asked(clock, "between 14:00 and 15:00", 200.0) == [(0.0, 200.0)]
    assert f"{clock.wall(99.999):%H:%M:%S} {clock.wall(100):%H:%M:%S}" == "14:01:59 14:12:00"
    assert clock.jumps() == [(100, 600.0)]


def test_digits_are_told_as_they_stand_whatever_the_zone() -> None:
    for zone in (None, BERLIN, timezone(timedelta(hours=-9, minutes=-30))):
        clock = Clock("screen", 0.95, (Segment(0, digits(2026, 3, 29, 2, 30), 1.0),), zone, True)
        assert f"{clock.wall(5):%Y-%m-%d %H:%M:%S}" == "2026-03-29 02:30:05"
        assert clock.wall(5).utcoffset() is not None
        assert asked(clock, "at 2:31 am", 300.0) == [(60.0, 120.0)]
    assert clock_from(datetime(2026, 3, 29, 2, 30), "name").is_local


def test_the_second_of_a_time_is_found_again() -> None:
    clock = clock_from(datetime(2026, 10, 25, 1, 0, tzinfo=BERLIN), "argument")
    for seconds in (0.0, 12.5, 3599.0, 3 * 3600 + 5.0):
        assert clock.seconds_of(clock.wall(seconds), 4 * 3600.0) == pytest.approx(seconds, abs=1e-3)
    assert clock.seconds_of(clock.begun - timedelta(seconds=1), 4 * 3600.0) is None
    assert clock.seconds_of(clock.wall(4 * 3600.0), 4 * 3600.0) is None


def test_a_clock_is_the_same_after_it_was_stored() -> None:
    for zone in (None, BERLIN, timezone(timedelta(hours=1)), timezone(timedelta(0))):
        clock = Clock("tag", 0.8, (Segment(0, 1e9, 1.01), Segment(60, 1.1e9)), zone, zone is None)
        clock = beside(clock, clock_from(datetime(2026, 1, 1, tzinfo=UTC), "file"))
        assert clock_of(clock.row()) == clock


def test_a_source_beside_says_how_far_it_is_ahead() -> None:
    clock = clock_from(datetime(2026, 11, 19, 14, tzinfo=BERLIN), "argument")
    clock = beside(clock, clock_from(datetime(2026, 11, 19, 14, 0, 1, tzinfo=BERLIN), "tag"))
    clock = beside(clock, clock_from(datetime(2026, 11, 19, 15, tzinfo=BERLIN), "name"))
    assert [(one.source, one.ahead, one.agrees) for one in clock.others] == [
        ("tag", 1.0, True), ("name", 3600.0, False),
    ]  # fmt: skip
    assert clock.is_relied_on
    assert not clock_from(datetime(2026, 1, 1, tzinfo=UTC), "file").is_relied_on
