"""Sources of the time of recording: names, tags, the file itself."""

from datetime import UTC, datetime

import pytest

from tools.clock.sources import combined, file_clocks, plausible, recorded_by_name

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
