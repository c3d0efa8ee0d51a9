"""A question ends when its time is over, whatever it waits for, and nothing waits for that."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.extractive.model import ExtractiveModel
from agent.fakes import MemoryToolbox, calling
from agent.llm.limits import Limits
from agent.settings import Settings
from tests.agent.scripted import opened, run
from tests.conftest import Shelf
from tools.errors import Interrupted
from tools.media import Evidence
from tools.models.providers import BARE
from tools.sandbox import DEADLINE
from tools.search.motion import find_actions
from tools.toolbox import open_toolbox

SHORT = Limits(question_seconds=0.5)
STOPPED = "I stopped before I had an answer: the limit of 0.5 seconds was reached."


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a thing that hangs waits for; it is released when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def hanging(toolbox: MemoryToolbox, released: threading.Event) -> list[str]:
    """Let `find_scenes` and `look_at` hang at the first video; which it began with."""
    begun: list[str] = []

    def find_scenes(video: str) -> list[Evidence]:
        """Ends only when it is released, but for the second video."""
        begun.append(video)
        assert video == "b" * 16 or released.wait(60)
        return toolbox.search_transcript("links")

    def look_at(video: str) -> list[Evidence]:
        """The same."""
        return find_scenes(video)

    toolbox.find_scenes, toolbox.search_frames = find_scenes, look_at  # type: ignore[assignment]
    return begun


@pytest.mark.parametrize("tool", ["find_scenes", "look_at"])
async def test_a_tool_that_hangs_ends_with_the_question_and_holds_up_none_after_it(
    tmp_path: Path, released: threading.Event, tool: str
):
    toolbox, hangs = MemoryToolbox(tmp_path), 10  # more than any pool has threads here
    begun = hanging(toolbox, released)
    script = [calling(tool, video="Cooking pasta")] * hangs
    script += [calling(tool, video="Fixing a bike"), AIMessage("The chain has 116 links [e1].")]
    async with opened(tmp_path, *script, toolbox=toolbox, limits=SHORT) as (agent, _):
        for number in range(hangs):
            answer = (await run(agent, f"What is scene {number}?"))[1]
            assert answer.answer.startswith(STOPPED)
        agent.settings = replace(agent.settings, limits=Limits())
        answer = (await run(agent, "How many links?"))[1]
    assert answer.answer == "The chain has 116 links [1]. (heard by machine and often wrong)"
    assert begun.count("a" * 16) > 8 and not released.is_set()


async def test_what_came_back_beside_a_tool_that_hangs_is_shown(
    tmp_path: Path, released: threading.Event
):
    toolbox = MemoryToolbox(tmp_path)
    hanging(toolbox, released)
    calls = [
        {"name": "find_scenes", "args": {"video": "Cooking pasta"}, "id": "1"},
        {"name": "search_transcript", "args": {"query": "salt"}, "id": "2"},
    ]
    script = [AIMessage(content="", tool_calls=calls)]
    limits = Limits(question_seconds=2)
    async with opened(tmp_path, *script, toolbox=toolbox, limits=limits) as (agent, _):
        answer = (await run(agent, "Salt?"))[1]
    assert "2 seconds was reached.\nWhat came up so far: [1]" in answer.answer
    assert [one.evidence.start for one in answer.nearest] == [12.0]


def test_the_program_ends_while_a_tool_hangs(tmp_path: Path):
    code = f"""
import asyncio, threading
from pathlib import Path
from agent.agent import open_agent
from agent.ask import ask
from agent.llm.limits import Limits
from agent.settings import Settings
from agent.fakes import MemoryToolbox, ScriptedModel, calling

def find_scenes(video: str) -> list:
    '''Never ends.'''
    threading.Event().wait()

async def main():
    home = Path({str(tmp_path)!r})
    toolbox, model = MemoryToolbox(home), ScriptedModel(script=[calling("find_scenes", video="Cooking pasta")])
    toolbox.find_scenes = find_scenes
    settings = Settings(home=home, limits=Limits(question_seconds=0.5))
    async with open_agent(settings, toolbox=toolbox, model=model) as agent:
        print([event async for event in ask(agent, "Scenes?")][-1].answer)

asyncio.run(main())
"""  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith(STOPPED), done.stderr


async def test_the_model_without_a_language_model_ends_with_the_question_too(
    tmp_path: Path, released: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    names: list[str] = []

    def think(*_: Any) -> Any:
        names.append(threading.current_thread().name)
        assert released.wait(60)

    monkeypatch.setattr(ExtractiveModel, "_generate", think)
    toolbox: Any = MemoryToolbox(tmp_path)
    async with open_agent(Settings(home=tmp_path, limits=SHORT), toolbox=toolbox) as agent:
        answer = (await run(agent, "Salt?"))[1]
    assert answer.answer.startswith(STOPPED) and names == ["model"]


async def test_a_question_with_a_picture_ends_in_time(
    shelf: Shelf, released: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    toolbox = open_toolbox(shelf.library, BARE)
    monkeypatch.setattr(toolbox, "find_similar", lambda *_: released.wait(60))
    settings = Settings(home=shelf.library.home, limits=SHORT)
    async with open_agent(settings, toolbox=toolbox) as agent:
        answer = (await run(agent, "Where?", like=f"frame:{shelf.video}@0"))[1]
    assert answer.answer.startswith(STOPPED)


def test_a_long_loop_ends_when_nobody_waits_for_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tools.vision.motion.movements", lambda *_: [(0.0, 2.0)] * 10_000)
    token = DEADLINE.set(time.monotonic())
    try:
        with pytest.raises(Interrupted, match="no time left"):
            find_actions(shelf.library, shelf.video, 0.0, 10.0)
    finally:
        DEADLINE.reset(token)
