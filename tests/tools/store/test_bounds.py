"""Wall-clock times as bounds of a search and of a span: zones, a jump, what was not recorded."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.made_clocks import recorded, with_clock
from tools.clock import Clock, Segment, clock_from
from tools.clock.written import read_time, seconds_of
from tools.errors import RefusedRequest
from tools.library import Library
from tools.store.stretches import scopes, second_in, span_in
from tools.toolbox import Toolbox

SAID = ("the boat sails", "the boat lands", "the boat rests")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


def jumping(library: Library, by: float) -> str:
    """A recording of two minutes from 14:00:00 on, whose clock jumps at one minute."""
    video = recorded(library, 1, "14:00:00", 2, *SAID[:2])
    at = datetime.fromisoformat("2026-11-19T14:00:00+00:00").timestamp()
    digits = Segment(0.0, at), Segment(60.0, at + 60 + by)
    with_clock(library, video, Clock("screen", 0.95, digits, is_local=True))
    return video


@pytest.mark.parametrize(
    ("text", "seconds", "at"),
    [
        ("83.5", 83.5, None), ("1:23.5", 83.5, None), ("1:02:03", 3723.0, "01:02:03"),
        ("14:00:05", 50405.0, "14:00:05"), ("9:05", 545.0, "09:05:00"), ("90:00", 5400.0, None),
        ("2026-11-19T14:00:05", None, "2026-11-19 14:00:05"),
        ("2026-11-19 14:00", None, "2026-11-19 14:00:00"),
        ("2026-11-19T14:00:05+01:00", None, "2026-11-19 14:00:05+01:00"),
        ("2026-11-19T13:00:05Z", None, "2026-11-19 13:00:05+00:00"),
    ],
)  # fmt: skip
def test_what_is_written(text: str, seconds: float | None, at: str | None) -> None:
    found = read_time(text)
    assert (found.seconds, found.at and str(found.at)) == (seconds, at)


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf", "1:-2", "2026-02-31T14:00", ""])
def test_what_is_no_time(text: str) -> None:
    assert seconds_of(text) is None
    with pytest.raises(RefusedRequest, match=r"is not a time; write 83\.5 or 1:23\.5"):
        read_time(text)


def test_a_local_time_and_one_with_a_zone_are_the_same_second(library: Library) -> None:
    video = recorded(library, 1, "14:00:00", 2)  # +01:00
    for text in (
        "2026-11-19T14:01:05", "2026-11-19T14:01:05+01:00", "2026-11-19T13:01:05Z",
        "2026-11-19T08:01:05-05:00", "2026-11-19 14:01:05", "14:01:05",
    ):  # fmt: skip
        assert second_in(library, video, text) == pytest.approx(65.0), text
    assert second_in(library, video, "65") == second_in(library, video, "1:05") == 65.0
    assert second_in(library, video, 65.0) == 65.0


def test_the_hour_that_comes_twice_is_named_by_its_zone(library: Library) -> None:
    video = recorded(library, 1, "00:00:00", 240)
    begun = datetime(2026, 10, 25, 1, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    with_clock(library, video, clock_from(begun, "argument"))
    assert second_in(library, video, "2026-10-25T02:30+02:00") == 5400.0
    assert second_in(library, video, "2026-10-25T02:30+01:00") == 9000.0
    with pytest.raises(RefusedRequest, match=r"more than once, as it went back \(at 1:30:00 and"):
        second_in(library, video, "2026-10-25T02:30")
    with pytest.raises(RefusedRequest, match="more than once"):
        span_in(library, video, "2026-10-25T02:30", "2026-10-25T02:45")
    assert scopes(library.catalog, "2026-10-25T02:30", "2026-10-25T02:45", None) == [
        ([video], 5400.0, 6300.0), ([video], 9000.0, 9900.0),
    ]  # fmt: skip


def test_over_a_jump_a_span_goes_on_and_what_it_skips_was_not_recorded(library: Library) -> None:
    video = jumping(library, 600.0)
    assert second_in(library, video, "2026-11-19T14:00:59") == 59.0
    assert second_in(library, video, "2026-11-19T14:11:05") == 65.0
    assert second_in(library, video, "2026-11-19T14:01:00", is_end=True) == pytest.approx(60.0)
    assert second_in(library, video, "2026-11-19T14:12:00", is_end=True) == pytest.approx(120.0)
    between = "2026-11-19T14:00:30", "2026-11-19T14:11:30"
    assert span_in(library, video, *between) == (30.0, 90.0)
    assert scopes(library.catalog, *between, None) == [([video], 30.0, 90.0)]
    with pytest.raises(RefusedRequest) as told:
        second_in(library, video, "2026-11-19T14:05:00")
    assert str(told.value) == (
        "2026-11-19 14:05:00 was not recorded: there is 2026-11-19 14:00:00 to "
        "2026-11-19 14:01:00, and 2026-11-19 14:11:00 to 2026-11-19 14:12:00"
    )
    for wrong in (span_in, lambda _, video, *by: scopes(library.catalog, *by, [video])):
        with pytest.raises(RefusedRequest, match="nothing was recorded from 2026-11-19 14:02:00"):
            wrong(library, video, "2026-11-19T14:02", "2026-11-19T14:10")
    with pytest.raises(RefusedRequest, match="from 2026-11-19 14:12:00 on: there is"):
        span_in(library, video, "2026-11-19T14:12", None)


def test_bounds_of_both_kinds_and_open_ones(library: Library) -> None:
    video = recorded(library, 1, "14:00:00", 2)
    assert span_in(library, video, "2026-11-19T14:01", 90) == (60.0, 90.0)
    assert span_in(library, video, "0:30", "2026-11-19T14:01") == (30.0, 60.0)
    assert span_in(library, video, "2026-11-18T10:00", None) == (0.0, 120.0)
    assert span_in(library, video, "0:30", None) == (30.0, None)
    assert span_in(library, video, None, None) == (None, None)


def test_a_bare_time_is_of_the_clock_only_where_it_can_be_nothing_else(library: Library) -> None:
    video = recorded(library, 1, "14:00:00", 10)
    assert second_in(library, video, "14:05") == 300.0
    assert second_in(library, video, "9:30") == 570.0  # nine and a half minutes
    assert scopes(library.catalog, "14:05", "14:06", None) == [([video], 300.0, 360.0)]
    longer = recorded(library, 2, "14:00:00", 60)
    assert scopes(library.catalog, "14:05", "14:06", None) == [(None, 845.0, 846.0)]
    for one in (video, longer):
        begun = datetime.fromisoformat("2026-11-19T23:59:00+01:00")
        with_clock(library, one, clock_from(begun, "argument"))
    assert second_in(library, video, "23:59:30") == 30.0
    assert second_in(library, video, "00:01:00") == 60.0  # one minute
    other = recorded(library, 3, "14:00:00", 5)
    with_clock(library, other, clock_from(begun.replace(day=20), "argument"))
    refused = r"'23:59:30' may be on 2026-11-19, 2026-11-20: write 2026-11-19T23:59:30"
    with pytest.raises(RefusedRequest, match=refused):
        scopes(library.catalog, "23:59:30", None, None)


def test_without_a_clock_it_says_so(library: Library) -> None:
    video = recorded(library, 1, "14:00:00", 2)
    with_clock(library, video, clock_from(datetime(2026, 11, 19, 14), "file"))
    for ask in (
        lambda at: second_in(library, video, at), lambda at: span_in(library, video, at, None),
        lambda at: scopes(library.catalog, at, None, None),
    ):  # fmt: skip
        with pytest.raises(RefusedRequest, match="when this was recorded is not known: name sec"):
            ask("2026-11-19T14:00:05")
    assert second_in(library, video, "14:00:05") == 50405.0


def test_every_capability_takes_them(library: Library) -> None:
    one = recorded(library, 1, "13:59:00", 3, *SAID)
    two = recorded(library, 2, "14:30:00", 2, "a boat sinks", "a boat burns")
    box = Toolbox(library)
    day = "2026-11-19T"
    found = box.search("boat", kinds=["speech"], start=f"{day}14:00", end=f"{day}14:30:30", limit=9)
    assert {(hit.video, hit.start) for hit in found} == {(one, 60.0), (one, 120.0), (two, 0.0)}
    words = box.find_words(["boat"], start=f"{day}14:01")
    assert [(hit.video, hit.start) for hit in words] == [(one, 120.0), (two, 0.0), (two, 60.0)]
    said = box.read_moment(one, f"{day}14:00", f"{day}14:00:59")
    assert [hit.start for hit in said if hit.kind == "speech"] == [60.0]
    assert box.look_at(one, f"{day}13:59:00")[0].start == 0.0
    with pytest.raises(RefusedRequest, match=r"14:05:00 was not recorded: there is .*13:59:00 to"):
        box.look_at(one, f"{day}14:05")
    for ask in (
        lambda: box.find_similar(said[0].id, start=f"{day}20:00"),
        lambda: box.find_objects(start=f"{day}20:00"),
        lambda: box.count_objects(start=f"{day}20:00"),
        lambda: box.find_scenes(one, f"{day}20:00"), lambda: box.find_cuts(one, f"{day}20:00"),
        lambda: box.find_actions(one, f"{day}20:00"),
        lambda: box.classify(["boat"], one, f"{day}20:00"),
        lambda: box.look_closer(one, f"{day}20:00", f"{day}20:01"),
    ):  # fmt: skip
        with pytest.raises(RefusedRequest, match="nothing was recorded from 2026-11-19 20:00:00"):
            ask()
    with pytest.raises(RefusedRequest, match="14:05:00 was not recorded"):
        box.make_clip(one, f"{day}14:05", f"{day}14:06")
