"""One object of a made scene, found through the command line, HTTP and MCP, as one evidence."""

import json
from pathlib import Path
from typing import Any

import pytest

import agent.agent
from agent.settings import Settings
from tests.road import index_road
from tests.ui.door import running
from tests.ui.mcp_server.clients import over_http, serving
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
    assert above.json() == [] and (beyond.status_code, words.status_code) == (400, 400)
    assert answer["found"] and [one["id"] for one in answer["evidence"]] == [row["id"]]
    assert picture.headers["content-type"] == "image/jpeg"
