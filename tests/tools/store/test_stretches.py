"""Stretches of videos at times of day, the gaps between files, and searches in them."""

from datetime import date, datetime
from pathlib import Path

import pytest

from tests.made_clocks import CET, recorded, with_clock
from tools.clock import clock_from
from tools.errors import RefusedRequest
from tools.library import Library
from tools.store.stretches import Gap, gaps, parse_times, stretches
from tools.text.times_of_day import only_times
from tools.toolbox import Toolbox


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


def test_the_stretches_of_a_day_and_what_was_not_recorded(library: Library) -> None:
    first = recorded(library, 1, "13:30:00", 60)
    second = recorded(library, 2, "14:45:00", 30)
    times = parse_times("2 PM to 4 PM")
    found = stretches(library.catalog, times)
    assert [(one.video, one.start, one.end) for one in found] == [
        (first, 1800.0, 3600.0), (second, 0.0, 1800.0),
    ]  # fmt: skip
    assert f"{found[1].begun:%H:%M:%S %z} {found[1].ended:%H:%M}" == "14:45:00 +0100 15:15"
    day = date(2026, 11, 19)

    def at(hour: int, minute: int) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute)

    assert gaps(found, times) == [Gap(at(14, 30), at(14, 45)), Gap(at(15, 15), at(16, 0))]
    assert stretches(library.catalog, times, [second]) == found[1:]
    assert stretches(library.catalog, parse_times("6 PM to 7 PM")) == []
    now = datetime(2026, 11, 20, 9, tzinfo=CET)
    assert len(stretches(library.catalog, parse_times("yesterday 14:00"), None, now)) == 1
    assert stretches(library.catalog, parse_times("today 14:00"), None, now) == []


def test_of_a_whole_day_or_an_open_end_only_what_lies_between_is_a_gap(library: Library) -> None:
    recorded(library, 1, "13:30:00", 60)
    recorded(library, 2, "14:45:00", 30)
    for text in ("2026-11-19", "after 13:00"):
        times = only_times(text)
        assert times
        found = gaps(stretches(library.catalog, times), times)
        assert [f"{one.start:%H:%M}-{one.end:%H:%M}" for one in found] == ["14:30-14:45"]


def test_a_clock_that_is_not_relied_on_finds_nothing(library: Library) -> None:
    video = recorded(library, 1, "13:30:00", 60)
    begun = datetime.fromisoformat("2026-11-19T13:30:00+01:00")
    with_clock(library, video, clock_from(begun, "file"))
    assert library.catalog.clocks() == {}
    with_clock(library, video, clock_from(begun, "name"))
    assert library.catalog.clocks()[video][0].source == "name"
    assert library.catalog.differences() == []


def test_searches_are_limited_to_times_of_day(library: Library) -> None:
    one = recorded(library, 1, "13:59:00", 3, "the boat sails", "the boat lands", "the boat rests")
    two = recorded(library, 2, "14:30:00", 2, "a boat sinks", "a boat burns")
    box = Toolbox(library)
    every = box.search("boat", kinds=["speech"], limit=9)
    assert len(every) == 5
    found = box.search("boat", kinds=["speech"], at="14:00 to 14:30:30", limit=9)
    assert {(hit.video, hit.start) for hit in found} == {(one, 60.0), (one, 120.0), (two, 0.0)}
    found = box.search_transcript("boat", at="2:31 PM")
    assert [(hit.video, hit.start) for hit in found] == [(two, 60.0)]
    words = box.find_words(["boat"], at="14:00 to 15:00")
    assert [(hit.video, hit.start) for hit in words] == [
        (one, 60.0), (one, 120.0), (two, 0.0), (two, 60.0),
    ]  # fmt: skip
    assert box.find_words(["boat"], at="14:00 to 15:00", start=100.0)[0].start == 120.0
    assert box.search_transcript("boat", at="14:01", videos=[two]) == []
    assert box.search_screen_text("boat", at="14:01") == []
    assert box.search_frames("mostly red", at="20:00") == []
    assert box.find_sounds("loudest", at="20:00") == []
    for wrong in ("soon", "boat at 2 PM", "14", "9" * 99):
        with pytest.raises(RefusedRequest, match="is no time of day: say"):
            box.search("boat", at=wrong)
