"""Tool calls of one message: run side by side within a question's limits, answered in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from langchain_core.messages import ToolMessage
from langgraph.prebuilt.tool_node import ToolCallRequest, ToolNode

from agent.messages import KEY
from agent.toolbelt import fence
from agent.turn import Turn
from tools.errors import Damaged, VideoError
from tools.generate.job import GenerationJob

PROPOSE = "propose_generation"


async def run_tool_calls(calls: Sequence[Any], turn: Turn, seen: list[str]) -> list[ToolMessage]:
    """Run calls and return their results in order; the ids of new evidence are added to `seen`.

    Labels are given when all calls are back: they do not depend on which ended first.
    """
    names = [call["name"] or "" for call in calls]
    tools = await asyncio.to_thread(turn.belt.tools_named, names)  # it looks which models are there
    node = ToolNode(tools, handle_tool_errors=False, awrap_tool_call=_run_limited)
    # A call whose arguments could not be parsed holds their text, and is refused like any other.
    requests = [
        {"name": c["name"] or "", "args": c["args"], "id": c["id"] or "", "type": "tool_call"}
        for c in calls
    ]
    results = (await node.ainvoke(requests))["messages"]
    return await asyncio.to_thread(lambda: [_labelled(result, turn, seen) for result in results])


async def _run_limited(
    request: ToolCallRequest, execute: Callable[[ToolCallRequest], Awaitable[Any]]
) -> ToolMessage:
    """Run one call within the videos, calls and time of its question; the artifact is objects.

    It is counted before anything is awaited: the calls of a message begin in their order.
    """
    call, turn = request.tool_call, cast(Turn, request.runtime.context)
    belt, name, arguments = turn.belt, call["name"], call["args"]
    text = "Not run: no tool call is left."
    if name == PROPOSE and turn.proposed:
        text = "Not run: one proposal a question. A person decides on it first."
    elif turn.tool_calls < turn.limits.tool_calls:
        turn.tool_calls += 1
        turn.proposed |= name == PROPOSE
        turn.on_tool(name, arguments if isinstance(arguments, dict) else {})
        try:
            async with turn.time_limit():
                given = await belt.run(name, lambda: belt.validate(name, arguments, turn.videos))
                result = await execute(request.override(tool_call={**call, "args": given}))
                result.artifact = await belt.run(
                    name, lambda: belt.in_scope(name, given, result.artifact, turn.videos)
                )
                return result
            text = f"Not ended: {turn.stopped}."
        except Damaged:
            raise  # an answer from the rest would be wrong, and nobody would see it
        except VideoError as error:
            text = f"The tool refused: {fence(str(error))}"
    return ToolMessage(text, tool_call_id=call["id"], name=name, artifact=[], status="error")


def _labelled(result: ToolMessage, turn: Turn, seen: list[str]) -> ToolMessage:
    """A result as text with labels, and the ids of its evidence as the artifact."""
    if result.status == "error":
        return result
    jobs = [item for item in result.artifact if isinstance(item, GenerationJob)]
    turn.jobs += jobs
    text, evidence = turn.belt.format_results(result.artifact, seen)
    ids = [record.id for record in evidence]
    turn.records |= {record.id: record for record in evidence}
    turn.retrieved += ids
    told = [(record.text, record.score, dict(record.facts)) for record in evidence]
    named: dict[str, Any] = {"tool_call_id": result.tool_call_id, "name": result.name}
    told_beside = {"told": told, "jobs": [job.id for job in jobs]}
    return ToolMessage(text, artifact=ids, additional_kwargs={KEY: told_beside}, **named)
