"""Times, labels and the JSON of the contract, for each door."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from agent.ask import Answer, NumberedEvidence
from agent.grounding.review import Claim, Reason
from tools.clock import Clock, Segment
from tools.errors import UnknownVideo
from tools.evidence import MACHINE, of_passage
from tools.integrity.verify import Problem
from tools.library import Library
from tools.media import (
    Coverage,
    Evidence,
    Frame,
    Scene,
    Stage,
    Utterance,
    Video,
    time_range,
    timestamp,
)
from ui.render import Door, Json, cost_line, label, picture_address, remarks, searched

VIDEO = "7f3a9c21d0e4b512"
IMAGE = f"videos/{VIDEO}/frames/000002500.jpg"
RECORDED = datetime(2026, 5, 14, 5, 40, tzinfo=UTC)
WHOLE = Video(
    VIDEO, "A <b>talk</b>", "/v/a talk.mp4", 98.0, 960, 540, 25.0, RECORDED, "ready",
    ("no sound",), {"probe": Stage("done", 1.0, "ffmpeg", 0.1, "")},
)  # fmt: skip
SAID = Evidence(
    f"speech:{VIDEO}@800-4248", VIDEO, 0.8, 4.248, "speech", "Hello.", IMAGE, 0.123456, "subtitles"
)


class One(Library):
    """A library that holds one video, from memory."""

    def get(self, ref: str) -> Video:
        return WHOLE

    def clock(self, video: str) -> Clock | None:
        return Clock("tag", 0.8, (Segment(0.0, RECORDED.timestamp()),), UTC)

    def has_picture(self, image: str) -> bool:
        return True


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return One(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"), (5, "0:05"), (59.94, "0:59.9"), (59.96, "0:59.9"), (83.5, "1:23.5"),
        (3599.97, "59:59.9"), (3723.25, "1:02:03.2"), (-1, "0:00"), (360000, "100:00:00"),
    ],
)  # fmt: skip
def test_clock(seconds: float, text: str) -> None:
    assert timestamp(seconds) == text


def test_span_and_label() -> None:
    assert time_range(3, 3) == time_range(3, 3.04) == "0:03"
    assert time_range(3, 6) == "0:03\u20130:06"
    assert label(SAID, 4) == '[4] 0:00.8\u20130:04.2 said: "Hello."'
    scene = Evidence(f"scene:{VIDEO}@0-9000", VIDEO, 0.0, 9.0, "scene", "scene 1 of 2")
    assert label(scene) == "0:00\u20130:09 scene: scene 1 of 2"


def test_every_door_finds_a_picture_its_own_way(library: Library) -> None:
    assert picture_address(library, IMAGE, "path") == str(library.root / IMAGE)
    assert picture_address(library, IMAGE, "http") == f"/media/{VIDEO}/frame/2500.jpg"
    assert picture_address(library, IMAGE, "mcp") == f"cuepoint://video/{VIDEO}/frame/2500"
    assert picture_address(library, None, "path") is None
    with pytest.raises(UnknownVideo):
        picture_address(library, "videos/../../../../../etc/passwd", "path")


def test_a_video(library: Library) -> None:
    row = Json(library)(WHOLE)
    assert set(row) == {
        "id", "title", "path", "duration", "width", "height", "fps", "recorded_at", "state",
        "notes", "stages",
    }  # fmt: skip
    assert (row["path"], row["recorded_at"]) == ("/v/a talk.mp4", "2026-05-14T05:40:00+00:00")
    assert row["stages"]["probe"] == {
        "state": "done", "progress": 1.0, "provider": "ffmpeg", "seconds": 0.1, "note": "",
        "partial": False,
    }  # fmt: skip
    assert Json(library, "http")(WHOLE)["path"] == f"/media/{VIDEO}/file"
    assert Json(library, "mcp")(WHOLE)["path"] == f"cuepoint://video/{VIDEO}"
    sound = Json(library)(Video(VIDEO, "t", "/t", 3.0))
    assert [sound[name] for name in ("width", "height", "fps", "recorded_at")] == [None] * 4
    json.dumps([row, sound], allow_nan=False)


def test_frames_scenes_and_utterances(library: Library) -> None:
    render = Json(library)
    frame = render(Frame(VIDEO, 2.5, IMAGE, "new shot"))
    assert frame == {
        "id": f"frame:{VIDEO}@2500", "video": VIDEO, "seconds": 2.5,
        "image": str(library.root / IMAGE), "reason": "new shot",
    }  # fmt: skip
    scene = render(Scene(VIDEO, 3.0, 6.0, None))
    assert scene == {
        "id": f"scene:{VIDEO}@3000-6000", "video": VIDEO, "start": 3.0, "end": 6.0, "image": None,
    }  # fmt: skip
    said = render(Utterance(VIDEO, 1.0, 2.5, "Hi.", None, "subtitles", n=2))
    assert said == {
        "id": f"speech:{VIDEO}@1000-2500#2", "video": VIDEO, "start": 1.0, "end": 2.5,
        "text": "Hi.", "speaker": None, "source": "subtitles", "language": None,
        "confidence": 1.0,
    }  # fmt: skip


def test_evidence_tells_the_hour_of_the_day(library: Library) -> None:
    row = Json(library).evidence(SAID, 4)
    assert set(row) == {
        "id", "handle", "video", "title", "start", "end", "kind", "text", "facts", "image", "score",
        "source", "language", "recorded_at",
    }  # fmt: skip
    assert (row["handle"], row["score"]) == (4, 0.1235)
    assert row["recorded_at"] == "2026-05-14T05:40:00.800000+00:00"
    assert Json(library)(SAID)["handle"] is None


def test_an_answer(library: Library) -> None:
    coverage = Coverage(VIDEO, 98.0, 33, 5.0, "complete", "partial", "none", ("a note",))
    claim = Claim("It is said.", (1,), "verified")
    one = Answer(
        "When?", "It is said [1].", True, (claim,), (NumberedEvidence(1, SAID),), (), (coverage,),
        "extractive", (3, 4), None, 0.5, "thread",
    )  # fmt: skip
    row = Json(library).answer(one)
    assert set(row) == {
        "question", "answer", "found", "claims", "evidence", "nearest", "coverage", "model",
        "tokens", "cost_usd", "seconds", "thread", "coverage_total", "reason", "jobs", "notes",
    }  # fmt: skip
    assert row["notes"] == []
    told = {"text": "It is said.", "citations": [1], "verdict": "verified", "why": ""}
    assert row["claims"] == [told]
    assert row["tokens"] == {"input": 3, "output": 4}
    assert row["evidence"][0]["handle"] == 1 and row["nearest"] == []
    assert cost_line(one) == "by rule · 7 tokens · price unknown · 0.5 s"
    dear = replace(one, model="gpt-5", tokens=(1200, 640), cost_usd=0.0041)
    assert cost_line(dear) == "gpt-5 · 1,840 tokens · $0.004 · 0.5 s"
    assert "under $0.001" in cost_line(replace(one, cost_usd=2.6e-5))
    assert " · $0 · " in cost_line(replace(one, cost_usd=0.0))
    assert cost_line(replace(one, tokens=(0, 0))) == "by rule · 0.5 s"
    assert set(row["coverage"][0]) == {
        "video", "duration", "frames", "longest_gap", "speech", "screen", "objects", "notes",
        "ready",
    }  # fmt: skip
    json.dumps(row, allow_nan=False)


def test_what_was_searched_is_told_with_its_gaps() -> None:
    ready = {"frames": 1.0, "speech": 0.4, "screen": 0.6}
    part = Coverage(VIDEO, 98.0, 33, 5.0, "partial", "partial", "none", ready=ready)
    one = Answer("?", "It.", True, (), (), (), (part,))
    assert searched(one) == ""  # an answer of an earlier day

    def told(part: Coverage, videos: int, complete: int) -> str:
        count = {"videos": videos, "complete": complete, "partial": videos - complete, "none": 0}
        return searched(replace(one, coverage=(part,), coverage_total=count))

    assert told(part, 1, 0) == "speech 40 %, 60 % of the text read"
    ready = {"frames": 1.0, "speech": 1.0, "screen": 1.0}
    assert told(replace(part, ready=ready), 1, 0) == "not all text read"
    assert told(part, 1, 1) == "All of it searched"
    assert told(part, 5, 5) == "All 5 videos searched"
    assert told(part, 5, 3) == "3 of 5 videos searched to the end"
    count = {"videos": 1, "complete": 0, "partial": 1, "none": 0}
    for reason in (None, "cannot"):  # hello; translate that
        assert searched(replace(one, found=False, reason=reason, coverage_total={**count})) == ""
    german = replace(one, coverage=(part,), coverage_total=count)
    assert searched(german, "de") == "Gesprochenes 40 %, 60 % des Textes gelesen"
    assert cost_line(replace(one, model="extractive", seconds=0.5), "de") == "nach Regeln · 0.5 s"


@pytest.mark.parametrize("door", get_args(Door))
@pytest.mark.parametrize("reason", [None, *get_args(Reason)])
def test_every_door_is_told_why_nothing_answers(
    library: Library, door: Door, reason: Reason | None
) -> None:
    near = (NumberedEvidence(1, SAID),)
    one = Answer("Why?", "It doesn't say.", False, (), (), near, reason=reason)
    row = Json(library, door).answer(one)
    assert row["found"] is False and row["reason"] == reason
    assert row["evidence"] == [] and row["nearest"][0]["handle"] == 1


def test_a_problem(library: Library) -> None:
    assert Json(library)(Problem(VIDEO, "gone", "index")) == {
        "video": VIDEO, "what": "gone", "fix": "index",
    }  # fmt: skip


def test_what_indexing_found_is_told_without_what_is_usual() -> None:
    usual = {
        "subtitles": Stage("done", note="subtitles: stream 2 (en)"),
        "pictures": Stage("skipped", note="no model"),
    }
    video = Video(
        "a" * 16, "talk", "/talk.mp4", 9.0, notes=("cut short: 9 s of 20 s",), stages=usual
    )
    assert remarks(video) == ["cut short: 9 s of 20 s"]
    odd = {
        "subtitles": Stage("skipped", note="talk.srt: holds no subtitles"),
        "screen": Stage("done", note="5 pictures were not read", partial=True),
        "pass": Stage("done", partial=True),
        "vectors": Stage("failed", note="the disk\x1b is full"),
    }
    assert remarks(replace(video, stages=odd)) == [
        "cut short: 9 s of 20 s",
        "talk.srt: holds no subtitles",
        "5 pictures were not read",
        "scenes and frames: a part is missing",
        "search failed: the disk\\x1b is full",
    ]
    plain = replace(video, notes=(), stages={"subtitles": Stage("skipped", note="no subtitles")})
    assert remarks(plain) == []


def test_a_quotation_of_a_draft_is_marked_in_a_list() -> None:
    said = Utterance("a" * 16, 20.0, 26.0, "A chain.", source="draft")
    assert label(of_passage([said], None), 1).startswith(f"[1] 0:20\u20130:26 said, {MACHINE}: ")
