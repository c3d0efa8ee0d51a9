"""The agent inside other graphs: the examples of the page run, and what they give is evidence."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agent.agent import open_agent
from agent.embedded import graph, video_graph, video_tool
from agent.settings import Settings
from tests.conftest import Shelf
from tools.errors import RefusedRequest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/embedding.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def home(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUEPOINT_HOME", str(shelf.library.home))
    monkeypatch.setenv("CUEPOINT_MODEL", "extractive")
    return shelf.library.home


async def _run(example: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(example.replace("fog horn sound", "kettle get mentioned"), names)
    return await names["main"]()


async def test_the_example_of_a_subgraph_runs(home: Path) -> None:
    state = await _run(EXAMPLES[0])
    assert state["found"] and state["messages"][-1].name == "cuepoint"
    (cited,) = state["evidence"]
    assert cited["text"] == "The kettle is red." and cited["kind"] == "speech"
    assert f"[{cited['handle']}]" in state["messages"][-1].text
    json.dumps(cited)


async def test_the_example_of_a_tool_runs(home: Path) -> None:
    said = (await _run(EXAMPLES[1].replace("Who keeps the lighthouse?", "What is said?")))[
        "messages"
    ][-1]
    assert "The kettle is red." in said.text and "thread: " in said.text
    assert said.artifact[0]["text"] == "The kettle is red."


async def test_a_conversation_goes_on_and_a_refusal_is_told(home: Path, shelf: Shelf) -> None:
    async with open_agent(Settings.from_env()) as agent:
        inner, tool = video_graph(agent), video_tool(agent)
        asked = HumanMessage("What is said about the kettle?")
        first = await inner.ainvoke({"messages": [asked], "videos": [shelf.video]})
        again = {"messages": [HumanMessage("And before that?")], "thread": first["thread"]}
        assert (await inner.ainvoke(again))["thread"] == first["thread"]
        with pytest.raises(RefusedRequest, match="no question"):
            await inner.ainvoke({"messages": [AIMessage("Hello")]})
        told = await tool.ainvoke({"question": "What is said?", "videos": ["0" * 16]})
        assert "no video" in told


async def test_the_server_of_langgraph_finds_the_graph(home: Path) -> None:
    named = json.loads((ROOT / "langgraph.json").read_text())["graphs"]["cuepoint"]
    path, _, name = named.partition(":")
    assert (ROOT / path).is_file() and name == graph.__name__
    async with graph() as served:
        state = await served.ainvoke({"messages": [HumanMessage("What is said?")]})
    assert state["evidence"]
