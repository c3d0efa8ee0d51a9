"""The wall clock of a video from its manifest."""

from datetime import datetime
from typing import Any

from tools.clock import Clock, Segment
from tools.store.clocks import relied_on, stored_clock

TAG = "2026-05-14T05:40:00Z"


def manifest(path: str = "/made/cam_20260514_074000.mp4", **facts: Any) -> dict[str, Any]:
    source = {"path": path, "linked": True, "mtime_ns": 1_780_000_000 * 10**9}
    known: dict[str, Any] = {"stages": {}, "title": "cam", "source": source, "duration": 60.0}
    return known | facts


def test_the_file_alone_tells_until_the_stage_is_done() -> None:
    clock = stored_clock(manifest(probe={"creation_time": TAG}))
    assert clock and clock.source == "tag"
    assert [one.source for one in clock.others] == ["name"]
    clock = stored_clock(manifest())
    assert clock and clock.source == "name" and relied_on(clock) == clock.begun


def test_an_upload_is_named_by_its_title_and_its_file_was_written_by_the_upload() -> None:
    source = {"path": "original", "linked": False, "mtime_ns": 1_780_000_000 * 10**9}
    clock = stored_clock(manifest(source=source, title="cam 2026-05-14 07-40-00"))
    assert clock and clock.source == "name" and f"{clock.begun:%H:%M}" == "07:40"
    assert stored_clock(manifest(source=source)) is None


def test_the_time_of_a_file_is_told_and_not_relied_on() -> None:
    clock = stored_clock(manifest("/made/cam.mp4"))
    assert clock and clock.source == "file" and relied_on(clock) is None


def test_the_stages_clock_is_the_videos_and_a_failed_one_is_none() -> None:
    made = Clock("screen", 0.95, (Segment(0.0, 1.7e9, 1.2), Segment(30.0, 1.8e9)), None, True)
    entry = {"state": "done", "clock": made.row()}
    assert stored_clock(manifest(stages={"clock": entry})) == made
    entry["state"] = "failed"
    clock = stored_clock(manifest(stages={"clock": entry}))
    assert clock and clock.source == "name"
    assert relied_on(None) is None
    assert relied_on(made) == made.begun and isinstance(made.begun, datetime)
