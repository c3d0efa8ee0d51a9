"""What the tools of a question may do: how many, when, where, and what a model reads of it."""

import asyncio
import math
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage

from agent.ask import ToolStarted
from agent.fakes import MemoryToolbox, calling
from agent.llm.limits import Limits
from agent.toolbelt import Toolbelt
from tests.agent.scripted import WATER, opened, run
from tools.errors import RefusedRequest
from tools.media import Evidence, clock
from tools.sandbox import DEADLINE


async def test_a_tool_error_reaches_the_model_as_data(tmp_path: Path):
    script = [
        calling("find_scenes", video="Cooking pasta"),
        calling("search_transcript", query="x", limit=99),
        calling("search_transcript", text="x"),
        calling("add_video", path="/etc/passwd"),
        AIMessage(content="NOT FOUND\nNo scenes."),
    ]
    toolbox = MemoryToolbox(tmp_path)
    async with opened(tmp_path, *script, toolbox=toolbox) as (agent, model):
        answer = (await run(agent, "Which scenes?"))[1]
    results = [message for message in model.shown[-1] if isinstance(message, ToolMessage)]
    assert [result.status for result in results] == ["error"] * 4
    said = " ".join(result.text for result in results)
    for part in ("has no scenes yet", "limit: Input should", "no argument text", "no tool 'add_v"):
        assert part in said
    assert not answer.found and toolbox.added == []


async def test_a_bug_propagates_and_the_conversation_lives_on(tmp_path: Path):
    script = [
        calling("search_frames", query="boom"),
        WATER,
        AIMessage(content="Salt the water [e1]."),
    ]
    async with opened(tmp_path, *script) as (agent, model):
        with pytest.raises(KeyError, match="boom"):
            await run(agent, "A picture?", thread="t")
        answer = (await run(agent, "What about the water?", thread="t"))[1]
    assert answer.found
    assert [message.type for message in model.shown[1]] == ["system", "human"]


async def test_many_tool_calls_at_once_are_stopped(tmp_path: Path):
    calls = [
        {"name": "search_transcript", "args": {"query": "oil"}, "id": f"{n}"} for n in range(9)
    ]
    greedy = AIMessage(content="", tool_calls=calls)

    def last(messages: list[Any]) -> AIMessage:
        results = [m.text for m in messages if isinstance(m, ToolMessage)]
        assert results.count("Not run: no tool call is left.") == 6
        return AIMessage(content="There is no oil in the water [e1].")

    async with opened(tmp_path, greedy, greedy, last) as (agent, _):
        events, answer = await run(agent, "Oil?")
    assert sum(isinstance(event, ToolStarted) for event in events) == 12
    assert answer.found and "may be incomplete: the limit of 12 tool calls" in answer.answer


async def test_tools_run_in_threads_and_the_loop_goes_on(tmp_path: Path):
    toolbox = MemoryToolbox(tmp_path)
    plain = toolbox.search_transcript
    began, went_on = threading.Event(), threading.Event()

    def search_transcript(query: str) -> list[Evidence]:
        """Ends only when the loop has done something else meanwhile."""
        began.set()
        assert went_on.wait(60), "the tool held the loop up"
        return plain(query)

    toolbox.search_transcript = search_transcript  # type: ignore[assignment]

    async def go_on() -> None:
        await asyncio.to_thread(began.wait, 60)
        went_on.set()

    script = [calling("search_transcript", query="oil"), AIMessage(content="No oil [e1].")]
    async with opened(tmp_path, *script, toolbox=toolbox) as (agent, _):
        other = asyncio.create_task(go_on())
        answer = (await run(agent, "Oil?"))[1]
        await other
    assert went_on.is_set() and answer.evidence
    assert toolbox.threads and threading.get_ident() not in toolbox.threads


async def test_what_decodes_has_few_threads_of_its_own_and_ends_with_the_question(tmp_path: Path):
    toolbox = MemoryToolbox(tmp_path)
    seen = list[tuple[str, float]]()

    def look_at(video: str) -> list[Evidence]:
        """Says where it runs, and how long it may."""
        seen.append((threading.current_thread().name, DEADLINE.get() - time.monotonic()))
        return []

    toolbox.search_frames = look_at  # type: ignore[assignment]
    script = [calling("look_at", video="Cooking pasta"), AIMessage(content="NOT FOUND")]
    async with opened(tmp_path, *script, toolbox=toolbox, limits=Limits(question_seconds=50)) as (
        agent,
        _,
    ):
        await run(agent, "Which cheese?")
    ((name, left),) = seen
    assert name == "look" and 0 < left < 50
    assert DEADLINE.get() == math.inf


async def test_calls_of_one_message_run_side_by_side_and_are_labelled_in_their_order(
    tmp_path: Path,
):
    toolbox = MemoryToolbox(tmp_path)
    both, second = threading.Barrier(2), threading.Event()
    water, links = toolbox.search_transcript("salt"), toolbox.search_transcript("links")

    def look_at(video: str) -> list[Evidence]:
        """Ends only while the other is inside, and the first call only after the second."""
        both.wait(60)
        if video == "b" * 16:
            second.set()
            return links
        assert second.wait(60), "the second call waited for the first"
        return water

    toolbox.search_frames = look_at  # type: ignore[assignment]
    videos = ["Cooking pasta", "Fixing a bike"]
    calls = [{"name": "look_at", "args": {"video": one}, "id": one} for one in videos]
    script = [AIMessage(content="", tool_calls=calls), AIMessage(content="Salt the water [e1].")]
    async with opened(tmp_path, *script, toolbox=toolbox) as (agent, model):
        events, answer = await run(agent, "What is done first?")
    assert [event.arguments["video"] for event in events[:2]] == videos
    results = [message for message in model.shown[-1] if isinstance(message, ToolMessage)]
    assert [result.tool_call_id for result in results] == videos
    assert [result.text.splitlines()[1][:4] for result in results] == ["[e1]", "[e2]"]
    assert "salt the water" in results[0].text and answer.answer == "Salt the water [1]."


async def test_limits_count_in_the_order_of_the_calls_also_those_that_cannot_be_read(
    tmp_path: Path,
):
    calls = [{"name": "search_transcript", "args": {"query": "oil"}, "id": str(n)} for n in (1, 2)]
    unread = [{"name": None, "args": "oil please", "id": None, "error": "no JSON"}] * 2
    asked = AIMessage(content="", tool_calls=calls, invalid_tool_calls=unread)

    def piece(messages: list[Any]) -> AIMessage:
        results = [message for message in messages if isinstance(message, ToolMessage)]
        assert [one.status for one in results] == ["success", "success", "error", "error"]
        assert [one.tool_call_id for one in results] == ["1", "2", "", ""]
        assert "refused" in results[2].text and results[3].text.startswith("Not run")
        return AIMessage(content="There is no oil in the water [e1].")

    script = [asked, piece]
    limits = Limits(tool_calls=3)
    async with opened(tmp_path, *script, limits=limits) as (agent, _):
        answer = (await run(agent, "Oil?"))[1]
    assert answer.found and "limit of 3 tool calls" in answer.answer


async def test_a_question_stays_within_its_videos(tmp_path: Path):
    bike = "b" * 16
    script = [
        calling("search_transcript", query="water chain"),
        calling("search_transcript", query="water", videos=["Cooking pasta"]),
        calling("video_facts", video="Cooking pasta"),
        calling("list_videos"),
        AIMessage(content="The chain has 116 links [e4]. Salt the water [1]."),
    ]
    async with opened(tmp_path, WATER, AIMessage(content="Salt [e1]."), *script) as (agent, model):
        await run(agent, "Water?", thread="t")
        model.shown.clear()
        model.script = script
        answer = (await run(agent, "How many links?", videos=["Fixing a bike"], thread="t"))[1]
    results = [message for message in model.shown[-1] if isinstance(message, ToolMessage)]
    assert [result.status for result in results] == ["success", "error", "error", "success"]
    assert "Fixing a bike" in results[-1].text and "Cooking pasta" not in results[-1].text
    assert answer.answer == (
        "The chain has 116 links [2]. (heard by machine and often wrong) "
        "Salt the water. (unsupported)"
    )
    assert [one.video for one in answer.coverage] == [bike]


def test_a_long_result_is_cut_and_says_so(tmp_path: Path):
    belt = Toolbelt(MemoryToolbox(tmp_path))  # type: ignore[arg-type]
    many = [
        Evidence(f"speech:{'a' * 16}@{n}", "a" * 16, n, n, "speech", "long " * 100)
        for n in range(100)
    ]
    seen: list[str] = []
    text, shown = belt.format_results(many, seen)
    assert len(text) < 13_000 and "more left out: ask for a shorter span" in text
    assert [one.id for one in shown] == seen[: len(shown)]
    assert [clock(s) for s in (0, 59.96, 83.5, 3723.44)] == [
        "0:00.0",
        "0:59.9",
        "1:23.5",
        "1:02:03.4",
    ]
    with pytest.raises(RefusedRequest, match="not a JSON object"):
        belt.validate("search_transcript", '{"query": ', [])
