"""The tool calls of one message: run side by side within a question's limits, told in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from langchain_core.messages import ToolMessage
from langgraph.prebuilt.tool_node import ToolCallRequest, ToolNode

from agent.messages import KEY
from agent.toolbelt import Toolbelt, fence
from agent.turn import Turn
from tools.errors import Damaged, VideoError


async def answer_calls(
    belt: Toolbelt, calls: Sequence[Any], turn: Turn, seen: list[str]
) -> list[ToolMessage]:
    """Run calls and answer each, in their order; `seen` gains the evidence that is new.

    Labels are given when all are back: which of them ended first must not tell.
    """

    async def guarded(
        request: ToolCallRequest, execute: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> ToolMessage:
        return await _guarded(belt, request, execute)

    tools = await asyncio.to_thread(lambda: belt.tools)  # it looks which models are there
    node = ToolNode(tools, handle_tool_errors=False, awrap_tool_call=guarded)
    # One whose arguments could not be parsed holds their text, and is refused like any other.
    asked = [
        {"name": c["name"] or "", "args": c["args"], "id": c["id"] or "", "type": "tool_call"}
        for c in calls
    ]
    back = (await node.ainvoke(asked))["messages"]
    return await asyncio.to_thread(lambda: [_told(belt, one, turn, seen) for one in back])


async def _guarded(
    belt: Toolbelt, request: ToolCallRequest, execute: Callable[[ToolCallRequest], Awaitable[Any]]
) -> ToolMessage:
    """One call within its question's videos, number of calls and time; the artifact is objects."""
    call, runtime = request.tool_call, request.runtime
    turn, name = cast(Turn, runtime.context), call["name"]
    text = "Not run: no tool call is left."
    # Counted before anything is awaited: the calls of a message begin in their order.
    if turn.tool_calls < turn.limits.tool_calls:
        turn.tool_calls += 1
        runtime.stream_writer(("tool", name, call["args"]))
        try:
            async with turn.timed():
                given = await belt.run(name, lambda: belt.admit(name, call["args"], turn.videos))
                back = await execute(request.override(tool_call={**call, "args": given}))
                back.artifact = await belt.run(
                    name, lambda: belt.within(name, given, back.artifact, turn.videos)
                )
                return back
            text = f"Not ended: {turn.stopped}."
        except Damaged:
            raise  # an answer from the rest would be wrong, and nobody would see it
        except VideoError as error:
            text = f"The tool refused: {fence(str(error))}"
    return ToolMessage(text, tool_call_id=call["id"], name=name, artifact=[], status="error")


def _told(belt: Toolbelt, back: ToolMessage, turn: Turn, seen: list[str]) -> ToolMessage:
    """What a model reads of a result, with the ids of its evidence."""
    if back.status == "error":
        return back
    text, evidence = belt.show(back.artifact, seen)
    ids = [one.id for one in evidence]
    turn.records |= {one.id: one for one in evidence}
    turn.found += ids
    told = [(one.text, one.score, dict(one.facts)) for one in evidence]
    return ToolMessage(
        text,
        tool_call_id=back.tool_call_id,
        name=back.name,
        artifact=ids,
        additional_kwargs={KEY: {"told": told}},
    )
