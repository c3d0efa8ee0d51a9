"""What the timeline shows is what is known: nothing made up, and what is still to come says so."""

from pathlib import Path
from typing import Any

import pytest

import ui.web.timeline as web
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.store.coverage import Unseen
from ui.chat.cards import pending_stages
from ui.chat.timeline import timeline_asked
from ui.web.timeline import timeline, transcript


def test_lanes_are_shares_of_the_time(shelf: Any) -> None:
    made = timeline(shelf.library, shelf.video)
    lanes = {lane["name"]: lane for lane in made["lanes"]}
    starts = [start for start, _ in lanes["Scenes"]["spans"]]
    assert starts == pytest.approx([0.0, 0.3, 0.6, 0.8], abs=0.01)
    assert lanes["Speech"]["spans"] == [pytest.approx([0.1, 0.25], abs=0.01)]
    assert lanes["Motion"]["curve"].index(max(lanes["Motion"]["curve"])) in (
        71,
        72,
        143,
        144,
        191,
        192,
    )
    assert min(lanes["Loudness"]["curve"][5:-5]) > 0.5  # the tone never stops
    assert [mark["time"] for mark in made["marks"]] == ["0:00", "0:02", "0:04", "0:06", "0:08"]
    assert "text on screen for 0:00" in made["alt"] and "speech for 0:02" in made["alt"]


def test_what_is_still_to_come_is_not_told_as_absent(shots: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE, only=("keyframes",))
    made = timeline(library, video.id)
    late = {lane["name"] for lane in made["lanes"] if lane.get("state") == "not indexed yet"}
    assert late == {"Scenes", "Motion", "Loudness", "Speech", "On-screen text"}
    assert "long: scenes not indexed yet, " in made["alt"]
    assert made["alt"].endswith("speech not indexed yet, text on screen not indexed yet.")
    assert pending_stages(video).startswith("not indexed yet: scenes and frames, ")
    assert made["skipped"] == "" and made["lanes"][0]["spans"] == []


def test_chapters_and_gaps_are_lanes_and_the_nearest_pictures_are_few(
    talk: tuple[Library, str], shelf: Any
) -> None:
    library, id = talk
    made = timeline(library, id)
    (lane,) = (lane for lane in made["lanes"] if lane["name"] == "Chapters")
    chapters = [span[0] * made["duration"] for span in lane["spans"]]
    assert chapters == pytest.approx([0, 60, 120, 180], abs=6)
    assert len(lane["titles"]) == 4 and made["title"] == "lecture"
    assert made["frames"] == sorted(made["frames"]) and len(made["frames"]) <= 1500
    names = [lane["name"] for lane in timeline(shelf.library, shelf.video)["lanes"]]
    assert "Chapters" not in names and "Not looked at" not in names
    assert [name for name in names if name.startswith("Kept")] == []


def test_what_was_not_looked_at_is_a_lane_of_its_own(
    shelf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gaps = [Unseen(shelf.video, 2.0, 5.0), Unseen(shelf.video, 9.0, 10.0)]
    monkeypatch.setattr(web, "unseen", lambda *_: gaps)
    lane = timeline(shelf.library, shelf.video)["lanes"][-1]
    assert lane["name"] == "Not looked at"
    assert [at for span in lane["spans"] for at in span] == pytest.approx([0.2, 0.5, 0.9, 1], 0.01)


def test_a_transcript_comes_in_parts_without_a_gap(
    talk: tuple[Library, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library, id = talk
    whole = [one.text for one in library.utterances(id)]
    monkeypatch.setattr(web, "LINES", 7)
    texts: list[str] = []
    start, end = 0.0, 120.0
    while True:
        part = transcript(library, id, start, end)
        assert part["earlier"] == (start > 0) and len(part["lines"]) <= 7
        texts += [line["text"] for line in part["lines"]]
        if part["next"] is None:
            break
        start = part["next"]
    assert part["later"] and texts == whole[: len(texts)] and len(texts) == 24
    last = transcript(library, id, 235.0, 999.0)
    assert not last["later"] and last["lines"][0]["time"] == "3:55"


def test_a_timeline_of_something_else_is_a_question(shelf: Any) -> None:
    asked = {
        "timeline": "",
        "Show me the timeline of kettle!": "kettle!",
        f"/timeline of {shelf.video[:6]}": shelf.video[:6],
        "Show me the timeline of the war": None,
        "What is on the timeline?": None,
        "timeline of " + ". " * 1900 + "x!": None,
    }
    for text, named in asked.items():
        assert timeline_asked(shelf.library, text) == named, text
