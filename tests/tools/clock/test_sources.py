"""Sources of the time of recording: names, tags, the file itself."""

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.made_clocks import Made, frames, read
from tools.clock import Segment
from tools.clock.readings import Shown, screen_readings
from tools.clock.sources import (
    combined,
    file_clocks,
    plausible,
    recorded_by_name,
    shown_clock,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


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
    assert (found and found.timetuple()[:6]) == at
    assert found is None or found.tzinfo is None


@pytest.mark.parametrize("name", ["", "2" * 10_000, "20261119" * 500, "cam_\u0662\u0660"])
def test_odd_names_tell_nothing(name: str) -> None:
    found = recorded_by_name(name)
    assert found is None or isinstance(found, datetime)


@pytest.mark.parametrize(
    "text, at",
    [
        ("2026-05-14T05:40:00Z", datetime(2026, 5, 14, 5, 40, tzinfo=UTC)),
        ("2026-05-14 05:40:00", datetime(2026, 5, 14, 5, 40, tzinfo=UTC)),
        ("2026-05-14T07:40:00+0200", datetime(2026, 5, 14, 5, 40, tzinfo=UTC)),
        ("1904-01-01T00:00:00Z", None), ("1970-01-01", None), ("2999-01-01", None), ("", None),
        (None, None), ("yesterday", None), ("0001-01-01T00:00:00+14:00", None), ("9" * 99, None),
    ],
)  # fmt: skip
def test_what_an_unset_clock_writes_is_no_time(text: str | None, at: datetime | None) -> None:
    assert plausible(text, NOW) == at


def test_the_best_source_is_in_use_and_the_others_are_told() -> None:
    given, tag = "2026-11-19T14:00:00+01:00", "2026-11-19T13:00:01Z"
    clock = combined(file_clocks(given, tag, "cam_20261119_150000", 1.79e9, 60.0, NOW))
    assert clock and clock.source == "argument" and clock.begun == datetime.fromisoformat(given)
    assert [(one.source, one.agrees) for one in clock.others] == [("tag", True), ("name", False)]
    clock = combined(file_clocks(None, tag, "cam_20261119_150000", 1.79e9, 60.0, NOW))
    assert clock and (clock.source, clock.confidence) == ("tag", 0.8)
    clock = combined(file_clocks(None, None, "cam_20261119_150000", 1.79e9, 60.0, NOW))
    assert clock and clock.source == "name" and f"{clock.begun:%H:%M:%S}" == "15:00:00"
    clock = combined(file_clocks(None, None, "cam", 1.79e9, 60.0, NOW))
    assert clock and clock.source == "file" and not clock.is_relied_on
    assert clock.begun.timestamp() == 1.79e9 - 60
    assert combined(file_clocks(None, None, "cam", None, 60.0, NOW)) is None


def test_what_an_earlier_release_took_from_the_tag_or_the_name_is_no_argument() -> None:
    tag = "2026-11-19T13:00:00Z"
    (one,) = file_clocks("2026-11-19T13:00:00+00:00", tag, "cam", None, 60.0, NOW)
    assert one.source == "tag"
    (one,) = file_clocks("2026-11-19T15:00:00+01:00", None, "x_20261119_150000", None, 9.0, NOW)
    assert one.source == "name"


def test_a_name_from_the_future_tells_nothing() -> None:
    assert file_clocks(None, None, "cam_20991119_150000", None, 60.0, NOW) == []


def screen(begun: datetime, form: str = "%Y-%m-%d %H:%M:%S", rate: float = 1.0) -> list[Shown]:
    """Readings of a clock on the picture that begins with a time."""
    one, chance = Made(300.0, ((0.0, begun, rate),)), random.Random(str(begun))
    kept = frames(chance, 300.0, 5.0)
    return screen_readings(read(chance, one, kept, form), kept)


AT = datetime(2026, 11, 19, 14, 0, 10)
CET = timezone(timedelta(hours=1))


def test_the_picture_is_believed_before_the_tag_and_both_tell_the_zone() -> None:
    known = file_clocks(None, "2026-11-19T13:00:09Z", "cam", 1.79e9, 300.0, NOW)
    clock = shown_clock(screen(AT), "screen", known, NOW)
    assert clock and (clock.source, clock.confidence, clock.zone) == ("screen", 0.95, CET)
    both = combined([*known, clock])
    assert both and both.source == "screen" and [one.agrees for one in both.others] == [True]
    true = datetime(2026, 11, 19, 14, 1, 27, tzinfo=CET)
    assert abs((both.wall(77.0) - true).total_seconds()) < 1


def test_a_tag_that_says_another_time_is_told_and_gives_no_zone() -> None:
    known = file_clocks(None, "2026-11-19T18:07:00Z", "cam", None, 300.0, NOW)
    clock = shown_clock(screen(AT), "screen", known, NOW)
    assert clock and clock.zone is None
    both = combined([*known, clock])
    assert both and [(one.source, one.agrees) for one in both.others] == [("tag", False)]


def test_an_argument_says_when_it_begins_and_the_picture_how_it_goes_on() -> None:
    known = file_clocks("2026-11-20T08:00:00+01:00", None, "cam", None, 300.0, NOW)
    clock = shown_clock(screen(AT, rate=1.2), "screen", known, NOW)
    assert clock
    both = combined([*known, clock])
    assert both and both.source == "argument" and not both.others[0].agrees
    assert f"{both.begun:%H:%M:%S}" == "08:00:00"
    minute = both.wall(50.0) - both.begun
    assert abs(minute.total_seconds() - 60.0) < 1


def test_the_day_of_a_clock_without_one_is_told_by_another_source() -> None:
    midnight = datetime(2026, 11, 19, 23, 58, 0)
    known = file_clocks(None, None, "", midnight.replace(tzinfo=UTC).timestamp() + 360, 300.0, NOW)
    clock = shown_clock(screen(midnight, "%H:%M:%S"), "screen", known, NOW)
    assert clock and clock.is_relied_on and clock.confidence < 0.85
    assert f"{clock.wall(30):%Y-%m-%d %H:%M}" == "2026-11-19 23:58"
    assert f"{clock.wall(130):%Y-%m-%d %H:%M}" == "2026-11-20 00:00"
    assert shown_clock(screen(midnight, "%H:%M:%S"), "screen", [], NOW) is None


def test_what_counts_from_the_begin_is_no_clock() -> None:
    counter = screen(datetime(2026, 11, 19, 0, 0, 0), "%H:%M:%S")
    known = file_clocks(None, "2026-11-19T13:00:09Z", "cam", None, 300.0, NOW)
    assert shown_clock(counter, "screen", known, NOW) is None


def test_a_clock_that_is_set_to_the_future_is_told_and_not_relied_on() -> None:
    known = file_clocks(None, "2026-11-19T13:00:09Z", "cam", None, 300.0, NOW)
    clock = shown_clock(screen(AT.replace(year=2061)), "screen", known, NOW)
    assert clock and not clock.is_relied_on
    both = combined([*known, clock])
    assert both and both.source == "tag" and both.others[0].source == "screen"


def test_a_closer_look_places_a_jump() -> None:
    chance = random.Random(4)
    one = Made(120.0, ((0.0, AT, 1.0), (61.5, AT + timedelta(hours=1), 1.0)))
    kept = frames(chance, 120.0, 5.0)
    shown = screen_readings(read(chance, one, kept, "%Y-%m-%d %H:%M:%S"), kept)
    asked: list[tuple[float, float]] = []

    def look(_: Shown, before: Segment, after: Segment, start: float, end: float) -> float:
        asked.append((start, end))
        assert after.at - before.at > 3000
        return 61.5

    clock = shown_clock(shown, "screen", [], NOW, look)
    assert clock and [segment.start for segment in clock.segments] == [0.0, 61.5]
    assert len(asked) == 1 and asked[0][0] <= 61.5 <= asked[0][1]
    true = one.digits(62.0)
    assert abs((clock.wall(62.0).replace(tzinfo=None) - true).total_seconds()) <= 1
