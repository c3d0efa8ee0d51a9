"""Tool calls of one message: run side by side within a question's limits, answered in order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import ToolMessage

from agent.messages import KEY
from agent.toolbelt import fence
from agent.turn import Turn
from tools.errors import Damaged, VideoError


async def run_tool_calls(calls: Sequence[Any], turn: Turn, seen: list[str]) -> list[ToolMessage]:
    """Run calls and return their results in order; the ids of new evidence are added to `seen`.

    Labels are given when all calls are back: they do not depend on which ended first. A call whose
    arguments could not be parsed holds their text, and is refused like any other.
    """
    results = await asyncio.gather(*(_run_limited(call, turn) for call in calls))
    pairs = list(zip(calls, results, strict=True))
    return await asyncio.to_thread(lambda: [_labelled(*pair, turn, seen) for pair in pairs])


async def _run_limited(call: Any, turn: Turn) -> list[Any] | str:
    """Results of one call within the videos, calls and time of its question, or why there are none.

    It is counted before anything is awaited: the calls of a message begin in their order.
    """
    name, arguments = call["name"] or "", call["args"]
    if turn.tool_calls >= turn.limits.tool_calls:
        return "Not run: no tool call is left."
    turn.tool_calls += 1
    turn.on_tool(name, arguments if isinstance(arguments, dict) else {})
    try:
        async with turn.time_limit():
            return await turn.belt.call(name, arguments, turn.videos)
        return f"Not ended: {turn.stopped}."
    except Damaged:
        raise  # an answer from the rest would be wrong, and nobody would see it
    except VideoError as error:
        return f"The tool refused: {fence(str(error))}"


def _labelled(call: Any, results: list[Any] | str, turn: Turn, seen: list[str]) -> ToolMessage:
    """Results as text with labels, and the ids of their evidence as the artifact."""
    named: dict[str, Any] = {"tool_call_id": call["id"] or "", "name": call["name"] or ""}
    if isinstance(results, str):
        return ToolMessage(results, artifact=[], status="error", **named)
    text, evidence = turn.belt.format_results(results, seen)
    ids = [record.id for record in evidence]
    turn.records |= {record.id: record for record in evidence}
    turn.retrieved += ids
    told = [(record.text, record.score, dict(record.facts)) for record in evidence]
    return ToolMessage(text, artifact=ids, additional_kwargs={KEY: {"told": told}}, **named)
