"""Times of day through every door: the command line, HTTP, MCP, and what a model is told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import agent.agent
from agent.settings import Settings
from tests.made_clocks import recorded, with_clock
from tests.ui.door import running
from tools.clock import Clock, Segment, beside, clock_from
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox
from ui.mcp_server.signatures import of_capability
from ui.render import Json, clock_lines, clock_row

Cuepoint = Callable[..., tuple[int, str, str]]
SAID = ("the boat sails", "the boat lands", "the boat rests")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("CUEPOINT_HOME", str(tmp_path))
    monkeypatch.setenv("CUEPOINT_MODEL", "extractive")
    library = Library(tmp_path)
    recorded(library, 1, "13:59:00", 3, *SAID)
    recorded(library, 2, "15:00:00", 3, *SAID)
    return library


def test_the_command_line_searches_and_answers_by_the_clock(
    library: Library, cuepoint: Cuepoint
) -> None:
    status, out, err = cuepoint("search", "boat", "--at", "2 PM to 3 PM", "--json")
    assert status == 0, err
    found = json.loads(out)
    assert {one["title"] for one in found} == {"cam 1"}
    times = {one["recorded_at"] for one in found}
    assert times == {"2026-11-19T14:00:00+01:00", "2026-11-19T14:01:00+01:00"}
    status, out, err = cuepoint("search", "boat", "--at", "6 PM")
    assert (status, out) == (0, "") and "nothing found" in err
    status, _, err = cuepoint("search", "boat", "--at", "soon")
    assert status == 1 and "'soon' is no time of day: say" in err
    _, out, _ = cuepoint("ask", "What was said at 15:02?", "--json")
    answer = json.loads(out)
    assert answer["found"] and "15:02:00 (2:00)" in answer["answer"]
    assert {one["verdict"] for one in answer["claims"]} == {"verified"}


def test_a_video_shows_its_clock_with_source_and_confidence(
    library: Library, cuepoint: Cuepoint
) -> None:
    at = datetime(2026, 11, 19, 13, 59, tzinfo=UTC).timestamp()
    clock = Clock("screen", 0.95, (Segment(0.0, at, 1.2), Segment(60.0, at + 672, 1.2)), UTC)
    clock = beside(clock, clock_from(datetime(2026, 11, 19, 9, tzinfo=UTC), "tag"))
    video = library.list()[0].id
    with_clock(library, video, clock)
    _, out, _ = cuepoint("library", "show", video)
    for line in (
        "clock: begins 2026-11-19 13:59:00 (read on the picture, 95% sure)",
        "clock: 60 s of the video are 72.0 s",
        "clock: jumps +600 s at 1:00",
        "clock: the file's own tag says",
    ):
        assert line in out
    shown = json.loads(cuepoint("library", "show", video, "--json")[1])["clock"]
    assert shown == clock_row(clock)
    assert (shown["source"], shown["confidence"]) == ("screen", 0.95)
    assert shown["segments"][1] == {
        "start": 60.0, "at": "2026-11-19T14:10:12+00:00", "rate": 1.2,
    }  # fmt: skip
    assert shown["others"][0]["source"] == "tag" and shown["others"][0]["ahead"] < -17_000
    assert clock_lines(None) == [] and clock_row(None) is None
    assert "not relied on" in clock_lines(clock_from(clock.begun, "file"))[0]
    said = library.utterances(video)[1]
    row = Json(library).evidence(library.evidence(said.id))
    assert row["recorded_at"] == "2026-11-19T14:10:12+00:00"


def test_http_searches_by_the_clock(library: Library) -> None:
    own = Settings(
        home=library.home, port=8000, providers=BARE, model="extractive", background="off"
    )
    with running(own, agent.agent.open_agent) as client:
        found = client.get("/api/search", params={"query": "boat", "at": "3 PM to 4 PM"}).json()
        assert {one["title"] for one in found} == {"cam 2"}
        refused = client.get("/api/search", params={"query": "boat", "at": "soon"})
        assert refused.status_code == 404 and "no time of day" in refused.json()["detail"]
        asked = {"question": "What was said at 15:02?"}
        assert "15:02:00 (2:00)" in client.post("/api/ask", json=asked).json()["answer"]


def test_the_command_line_takes_bounds_by_the_clock(library: Library, cuepoint: Cuepoint) -> None:
    bounds = "--from", "2026-11-19T14:00:00", "--to", "2026-11-19T15:00:30"
    status, out, err = cuepoint("search", "boat", *bounds, "--json")
    assert status == 0, err
    found = {(one["title"], one["start"]) for one in json.loads(out)}
    assert found == {("cam 1", 60.0), ("cam 1", 120.0), ("cam 2", 0.0)}
    video = library.list()[0].id
    for asked in (
        ("search", "boat", "--from", "2026-11-19T18:00"),
        ("frames", video, "--from", "2026-11-19T18:00"),
        ("clip", video, "2026-11-19T18:00", "2026-11-19T18:01"),
    ):  # fmt: skip
        status, out, err = cuepoint(*asked)
        assert (status, out) == (1, "") and "2026-11-19 18:00:00" in err and "there is" in err
    assert cuepoint("frames", video, "--from", "soon")[0] == 2


def test_http_and_mcp_take_bounds_by_the_clock(library: Library) -> None:
    own = Settings(
        home=library.home, port=8000, providers=BARE, model="extractive", background="off"
    )
    asked = {"query": "boat", "from": "2026-11-19T13:00:00Z", "to": "2026-11-19T14:01+01:00"}
    with running(own, agent.agent.open_agent) as client:
        found = client.get("/api/search", params=asked).json()
        assert [(one["title"], one["start"]) for one in found] == [("cam 1", 60.0)]
        assert client.get("/api/search", params=asked | {"from": 90, "to": "2:30"}).json()
        for path in ("/api/search", "/api/objects/count"):
            refused = client.get(path, params={"query": "boat", "from": "2026-11-19T18:00"})
            assert refused.status_code == 409
            assert "nothing was recorded from 2026-11-19 18:00:00" in refused.json()["detail"]
            refused = client.get(path, params={"query": "boat", "to": "soon"})
            assert refused.status_code == 409 and "is not a time" in refused.json()["detail"]
    tool = of_capability(Toolbox(library).search_transcript)
    given = tool.check({"query": "boat", "start": "2026-11-19T15:01", "end": 170})
    assert [hit.start for hit in tool.function(**given)] == [60.0, 120.0]


def test_a_model_and_mcp_name_times_of_day(library: Library) -> None:
    box = Toolbox(library)
    for capability in (
        box.search_transcript, box.search_screen_text, box.search_frames, box.find_words,
        box.find_sounds,
    ):  # fmt: skip
        asked = of_capability(capability).input_schema["properties"]["at"]
        assert "times of day" in asked["description"]
