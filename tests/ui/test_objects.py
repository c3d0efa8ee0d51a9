"""One object of a made scene, found through the command line, HTTP and MCP, as one evidence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agent.agent
from agent.settings import Settings
from tests.ui.door import running
from tests.ui.mcp_server.clients import over_http, serving
from tools.ingest.pipeline import ingest
from tools.ingest.stages import tracking
from tools.library import Library
from tools.models.providers import BARE
from tools.vision.blobs import Pixels
from tools.vision.tracking import Seen
from ui.web.opening import opened


def yard(seconds: float) -> np.ndarray:
    """A red thing crosses a grey yard from 4 to 7 s."""
    picture = np.full((180, 320, 3), 124, np.uint8)
    picture[:60] = (205, 214, 226)
    left = round(-44 + 364 * (seconds - 4) / 3)
    if 4 <= seconds < 7:
        picture[100:130, max(left, 0) : max(left + 44, 0)] = (200, 30, 35)
    return picture


class Cars:
    """A detector to which whatever is colourful is a car."""

    name = "cars"

    def find(self, picture: Pixels) -> list[Seen]:
        rows, columns = np.nonzero(np.ptp(picture.astype(int), axis=2) > 90)
        if len(rows) < 200:
            return []
        height, width = picture.shape[:2]
        left, right = float(columns.min() / width), float((columns.max() + 1) / width)
        top, bottom = float(rows.min() / height), float((rows.max() + 1) / height)
        return [Seen((left, top, right, bottom), "car", 0.8)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path]) -> Settings:
    folder = tmp_path_factory.mktemp("yard")
    file = encode(folder / "yard.mp4", yard, 10.0, fps=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking, "load_detector", lambda *_: Cars())
        ingest(Library(folder / "home"), file, providers=BARE)
    return Settings(home=folder / "home", model="extractive", providers=BARE, background="off")


async def test_an_object_is_the_same_evidence_in_every_door(
    settings: Settings, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUEPOINT_HOME", str(settings.home))
    (row,) = json.loads(cuepoint("search", "red car", "--kind", "object", "--json")[1])
    assert row["kind"] == "object" and row["facts"]["label"] == "car"
    assert row["facts"]["colour"] == "red" and Path(row["image"]).is_file()
    later = cuepoint("search", "car", "--kind", "object", "--from", "8", "--json")[1]
    assert json.loads(later) == []
    async with (
        opened(settings) as state,
        serving(state, open_here=True) as endpoint,
        over_http(endpoint) as session,
    ):
        found = await session.call_tool("find_objects", {"label": "cars", "colour": "red"})
        none = await session.call_tool("find_objects", {"label": "people"})
        wrong = await session.call_tool("find_objects", {"label": "budgets"})
    assert found.structuredContent
    (over_mcp,) = found.structuredContent["result"]
    assert over_mcp["id"] == row["id"] and over_mcp["facts"] == row["facts"]
    assert none.structuredContent == {"result": []} and wrong.isError


def test_over_http_it_is_searched_and_asked_for(settings: Settings) -> None:
    with running(settings, agent.agent.open_agent) as client:
        kinds = {"query": "red car", "kind": ["object"]}
        (row,) = client.get("/api/search", params=kinds).json()
        answer = client.post("/api/ask", json={"question": "When does a red car pass?"}).json()
        picture = client.get(row["image"])
    assert answer["found"] and [one["id"] for one in answer["evidence"]] == [row["id"]]
    assert picture.headers["content-type"] == "image/jpeg"
