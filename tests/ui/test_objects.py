"""One object of a made scene, found through the command line, HTTP and MCP, as one evidence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import agent.agent
from agent.settings import Settings
from tests.road import index_road
from tests.ui.door import running
from tests.ui.mcp_server.clients import over_http, serving
from tools.library import Library
from tools.models.providers import BARE
from ui.web.opening import opened


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, road_film: Path) -> Settings:
    home = tmp_path_factory.mktemp("road") / "home"
    index_road(home, road_film)
    return Settings(home=home, model="extractive", providers=BARE, background="off")


async def test_an_object_is_the_same_evidence_in_every_door(
    settings: Settings, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUEPOINT_HOME", str(settings.home))
    (row,) = json.loads(cuepoint("search", "blue car", "--kind", "object", "--json")[1])
    assert row["kind"] == "object" and row["facts"]["label"] == "car"
    assert row["facts"]["colour"] == "blue" and Path(row["image"]).is_file()
    later = cuepoint("search", "car", "--kind", "object", "--from", "18", "--json")[1]
    assert json.loads(later) == []
    road = ["search", "car", "--kind", "object", "--json", "--region"]
    assert len(json.loads(cuepoint(*road, "0,0.5,1,1")[1])) == 3
    assert json.loads(cuepoint(*road, "0,0,1,0.4")[1]) == []
    for wrong in ("0,0,1", "0,0,1,nan", "0.5,0,0.2,1", "here", "0,0,1,2"):
        status, _, said = cuepoint(*road, wrong)
        assert (status == 1 and said.count("\n") == 1 and "region" in said) or "shares" in said
    async with (
        opened(settings) as state,
        serving(state, open_here=True) as endpoint,
        over_http(endpoint) as session,
    ):
        found = await session.call_tool("find_objects", {"label": "cars", "colour": "blue"})
        none = await session.call_tool("find_objects", {"label": "people"})
        above = await session.call_tool("find_objects", {"region": [0, 0, 1, 0.4]})
        beyond = await session.call_tool("find_objects", {"region": [0, 0, 1, 4]})
        wrong = await session.call_tool("find_objects", {"label": "budgets"})
    assert found.structuredContent
    (over_mcp,) = found.structuredContent["result"]
    assert over_mcp["id"] == row["id"] and over_mcp["facts"] == row["facts"]
    assert none.structuredContent == {"result": []} and wrong.isError
    assert above.structuredContent == {"result": []} and beyond.isError


def test_over_http_it_is_searched_and_asked_for(settings: Settings) -> None:
    with running(settings, agent.agent.open_agent) as client:
        kinds = {"query": "blue car", "kind": ["object"]}
        (row,) = client.get("/api/search", params=kinds).json()
        answer = client.post("/api/ask", json={"question": "When does a blue car pass?"}).json()
        picture = client.get(row["image"])
        above = client.get("/api/search", params={"query": "car", "region": "0,0,1,0.4"})
        beyond = client.get("/api/search", params={"query": "car", "region": "0,0,1,4"})
        words = client.get(
            "/api/search", params={"query": "a", "kind": "speech", "region": "0,0,1,1"}
        )
    assert above.json() == [] and (beyond.status_code, words.status_code) == (422, 409)
    assert answer["found"] and [one["id"] for one in answer["evidence"]] == [row["id"]]
    assert picture.headers["content-type"] == "image/jpeg"


@pytest.fixture
def drawn(settings: Settings) -> Iterator[Library]:
    """The road with its zones and lines, which go afterwards."""
    library = Library(settings.home)
    yield library
    for area in library.cameras.areas().all():
        library.cameras.erase(area.of, area.name)


def test_zones_and_lines_are_drawn_listed_and_removed_on_the_command_line(
    settings: Settings, drawn: Library, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUEPOINT_HOME", str(settings.home))
    (video,) = drawn.list()
    zone = ["camera", "zone", "road", "bend", "0.4,0.4", "0.6,0.4", "0.6,1", "0.4,1"]
    area = json.loads(cuepoint(*zone, "--json")[1])
    assert (area["of"], area["kind"], area["points"][0]) == (video.id, "zone", [0.4, 0.4])
    said = cuepoint("camera", "line", video.id, "stop line", "0.5,0", "0.5,1")[1]
    assert said == "line stop line of road: 0.5,0 0.5,1\n"
    assert cuepoint("camera", "areas", "road")[1].count("\n") == 2
    found = cuepoint("search", "blue car", "--kind", "object", "--area", "stop line", "--json")[1]
    (row,) = json.loads(found)
    (crossing,) = row["facts"]["crossings"]
    assert (crossing["name"], crossing["to"]) == ("stop line", "right")
    assert crossing["at"] == pytest.approx(10.6, abs=0.5)
    (inside,) = row["facts"]["zones"]
    assert inside["seconds"] == pytest.approx(0.6, abs=0.3)
    asked = json.loads(cuepoint("ask", "How many cars cross the stop line?", "--json")[1])["answer"]
    assert asked.startswith("3 in all: ") and asked.count("crosses stop line to the right") == 3
    removed = cuepoint("camera", "areas", "road", "--remove", "bend", "--json")[1]
    assert [one["name"] for one in json.loads(removed)] == ["stop line"]


@pytest.mark.parametrize(
    "wrong", [
        ["zone", "road", "bend", "0,0", "1,1"], ["zone", "road", "bend", "0,0", "1,1", "here"],
        ["line", "road", "bend", "0,0", "7,1"], ["line", "road", "\u202e", "0,0", "1,1"],
        ["line", "nowhere", "bend", "0,0", "1,1"], ["areas", "road", "--remove", "bend"],
        ["zone", "road", "bend", "0,0", "0.5,0.5", "1,1"],
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_told_in_one_sentence(
    settings: Settings, cuepoint: Any, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    monkeypatch.setenv("CUEPOINT_HOME", str(settings.home))
    status, out, said = cuepoint("camera", *wrong)
    assert status == 1 and not out and said.startswith("cuepoint: ") and said.count("\n") == 1


def test_over_http_zones_are_drawn_asked_for_and_counted_in(
    settings: Settings, drawn: Library
) -> None:
    (video,) = drawn.list()
    line = {"of": video.id, "name": "stop", "kind": "line", "points": [[0.5, 0.0], [0.5, 1.0]]}
    with running(settings, agent.agent.open_agent) as client:
        made = client.put("/api/areas", json=line)
        refused = client.put("/api/areas", json={**line, "points": [[0.5, 0.5], [0.5, 0.5]]})
        outside = client.put("/api/areas", json={**line, "points": [[0.5, 0.5], [0.5, 1.5]]})
        nobody = client.put("/api/areas", json={**line, "of": "0" * 16})
        listed = client.get("/api/areas").json()
        answer = client.post("/api/ask", json={"question": "How many cars cross the line stop?"})
        count = {"area": "stop", "by": "colour"}
        counted = client.get("/api/objects/count", params=count).json()
        unknown = client.get("/api/objects/count", params={"area": "pit"})
        found = client.get("/api/search", params={"query": "red car", "area": "stop"}).json()
        cameras = client.get("/api/cameras").json()
        drawn.cameras.put(drawn.cameras.reserve("Road", "road"), [video.id])
        times = {"from": "2026-11-19T14:00", "to": "2026-11-19T15:00"}
        page = client.get("/api/cameras/report", params=times)
        back = client.get("/api/cameras/report", params={"from": times["to"], "to": times["from"]})
        (camera,) = client.get("/api/cameras").json()
        drawn.collections.remove("Road")
        gone = client.delete("/api/areas", params={"of": video.id, "name": "stop"})
        twice = client.delete("/api/areas", params={"of": video.id, "name": "stop"})
    assert made.json() == line and listed == [line] and cameras == []
    assert (refused.status_code, outside.status_code, nobody.status_code) == (409, 422, 404)
    assert answer.json()["answer"].startswith("3 in all: ")
    assert {one["group"]: one["objects"] for one in counted} == {"red": 2, "blue": 1}
    assert camera == {"name": "Road", "videos": [video.id], "areas": []}
    assert page.headers["content-type"].startswith("text/html") and "not covered" in page.text
    assert "attachment" in page.headers["content-disposition"] and back.status_code == 409
    assert unknown.status_code == 409 and "there are: stop" in unknown.json()["detail"]
    assert len(found) == 2 and (gone.status_code, twice.status_code) == (204, 409)


async def test_over_mcp_zones_are_listed_and_objects_counted_in_them(
    settings: Settings, drawn: Library
) -> None:
    (video,) = drawn.list()
    drawn.cameras.draw(video.id, "stop", "line", [(0.5, 0.0), (0.5, 1.0)])
    async with (
        opened(settings) as state,
        serving(state, open_here=True) as endpoint,
        over_http(endpoint) as session,
    ):
        areas = await session.call_tool("list_areas", {})
        cameras = await session.call_tool("list_cameras", {})
        counted = await session.call_tool("count_objects", {"by": "colour", "area": "stop"})
        found = await session.call_tool("find_objects", {"area": "stop", "colour": "blue"})
        wrong = await session.call_tool("count_objects", {"area": "pit"})
        said = await session.call_tool("ask", {"question": "How many cars cross the line stop?"})
    assert areas.structuredContent and areas.structuredContent["result"][0]["name"] == "stop"
    assert cameras.structuredContent == {"result": []}
    assert counted.structuredContent
    groups = {one["group"]: one["objects"] for one in counted.structuredContent["result"]}
    assert groups == {"red": 2, "blue": 1}
    assert found.structuredContent
    assert found.structuredContent["result"][0]["facts"]["crossings"][0]["name"] == "stop"
    assert wrong.isError and said.structuredContent and said.structuredContent["found"]
