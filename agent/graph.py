"""The agent: think → tools → think → check. State is plain data, read back by any version.

A finished turn leaves two messages, the question and the checked answer. What tools said goes with
the turn: evidence is kept by id, and looked up in the library when it is shown again.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    HumanMessage,
    RemoveMessage,
    message_chunk_to_message,
)
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime

from agent.answer import Stream, conclude, faults
from agent.context import asked_at, finished, prompt
from agent.llm.answer_cache import Recall
from agent.llm.provider import Silent, explain, model_errors
from agent.messages import FAULTS, KEY, beside
from agent.tool_calls import answer_calls
from agent.toolbelt import Toolbelt
from agent.turn import Turn
from prompts import render

if TYPE_CHECKING:
    from tools.toolbox import Toolbox


class State(TypedDict):
    """A conversation. `seen[n-1]` is `[eN]` to the model, `handles[n-1]` is `[N]` to people."""

    messages: Annotated[list[AnyMessage], add_messages]
    seen: NotRequired[list[str]]
    handles: NotRequired[list[str]]


def build_agent(
    model: BaseChatModel, toolbox: "Toolbox", checkpointer: Any, recall: Recall | None = None
) -> Any:
    """The compiled graph: run it with a Turn as context, a thread and a recursion limit."""
    belt = Toolbelt(toolbox)

    async def think(state: State, runtime: Runtime[Turn]) -> dict[str, Any]:
        turn = runtime.context
        over = turn.over
        seen, handles = state.get("seen", []), state.get("handles", [])
        options = {"tool_choice": "none"} if over else {}
        readers = await asyncio.to_thread(lambda: belt.tools)  # it looks which models are there
        bound = model.bind_tools(readers, **options)
        reply, given = None, 0
        while reply is None:
            shown, given = await asyncio.to_thread(
                prompt, turn, belt, state["messages"], seen, handles
            )
            if turn.meter and (short := turn.meter.short(given)):
                turn.stopped = short
                return {}
            if recall and turn.settled and not turn.model_calls:
                stamps = await asyncio.to_thread(belt.stamps, turn.videos)
                turn.key = await asyncio.to_thread(recall.key, shown, stamps)
                if known := await asyncio.to_thread(recall.get, turn.key):
                    turn.key, turn.found = "", list(known.seen)
                    return {"messages": [AIMessage(known.text)], "seen": list(known.seen)}
            turn.model_calls += 1
            try:
                async with turn.timed():
                    reply = await _said(bound, shown, Stream(turn, belt, seen, handles), runtime)
            except Silent as error:
                if not turn.again(error):
                    turn.stopped = turn.silenced
            except model_errors() as error:
                if not turn.again(error):
                    raise explain(error) from None  # its own text may repeat the key
            if turn.stopped:
                return {}
        if not (reply.text.strip() or _calls(reply)):
            turn.stopped = "the model gave no answer"
            return {}
        if turn.meter:
            turn.meter.add(reply.usage_metadata, given)
        if over and _calls(reply):
            turn.stopped = over
        elif over:
            turn.cut = over
        return {"messages": [reply]}

    async def tools(state: State, runtime: Runtime[Turn]) -> dict[str, Any]:
        seen = list(state.get("seen", []))
        calls = _calls(state["messages"][-1])
        return {"messages": await answer_calls(belt, calls, runtime.context, seen), "seen": seen}

    async def check(state: State, runtime: Runtime[Turn]) -> dict[str, Any]:
        turn, last = runtime.context, state["messages"][-1]
        seen, handles = state.get("seen", []), state.get("handles", [])
        text = last.text if isinstance(last, AIMessage) else ""
        if turn.stopped and turn.draft:
            turn.cut, turn.stopped, text = turn.stopped, "", turn.draft
        ending = await asyncio.to_thread(conclude, turn, belt, seen, handles, text, beside(last))
        if turn.may_repair and (wrong := faults(ending)):
            turn.draft, turn.quiet = text, True
            told = HumanMessage(render("faults", faults=wrong), additional_kwargs={KEY: FAULTS})
            return {"messages": [told]}
        runtime.stream_writer(("ending", ending))
        if recall and turn.key and not (turn.stopped or turn.cut):
            await asyncio.to_thread(recall.put, turn.key, text, seen)
        if ending.text.startswith(turn.streamed) and ending.text != turn.streamed:
            runtime.stream_writer(("token", ending.text[len(turn.streamed) :]))
        question = state["messages"][asked_at(state["messages"])]
        keep = {id(m) for m in (*finished(state["messages"]), question)}
        gone = [RemoveMessage(id=m.id) for m in state["messages"] if m.id and id(m) not in keep]
        plan = beside(last).get("plan")
        data = ending.as_data() | ({"plan": plan} if plan else {})
        answer = AIMessage(content=ending.text, additional_kwargs={KEY: data})
        return {"messages": [*gone, answer], "handles": list(ending.handles)}

    def after_think(state: State, runtime: Runtime[Turn]) -> str:
        more = not runtime.context.stopped and not runtime.context.cut
        return "tools" if more and _calls(state["messages"][-1]) else "check"

    def after_tools(state: State, runtime: Runtime[Turn]) -> str:
        return "check" if runtime.context.stopped else "think"

    def after_check(state: State) -> str:
        return "think" if isinstance(state["messages"][-1], HumanMessage) else END

    graph = StateGraph(State, context_schema=Turn)
    graph.add_node("think", think)
    graph.add_node("tools", tools)
    graph.add_node("check", check)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", after_think, ["tools", "check"])
    graph.add_conditional_edges("tools", after_tools, ["think", "check"])
    graph.add_conditional_edges("check", after_check, ["think", END])
    return graph.compile(checkpointer=checkpointer)


async def _said(
    bound: Any, shown: list[AnyMessage], stream: Stream, runtime: Runtime[Turn]
) -> AIMessage:
    """A model's reply; what of it was tested is shown while it is written."""
    reply: Any = None
    async for chunk in _heard(bound.astream(shown), runtime.context.model_wait):
        reply = chunk if reply is None else reply + chunk
        if text := await stream.feed(chunk.text):
            runtime.stream_writer(("token", text))
    whole: Any = message_chunk_to_message(reply) if isinstance(reply, AIMessageChunk) else reply
    return whole or AIMessage("")


async def _heard(chunks: AsyncIterator[Any], wait: float | None) -> AsyncIterator[Any]:
    """The pieces of a reply; Silent where one is waited for longer than that, in seconds."""
    while True:
        timer = asyncio.timeout(wait)
        try:
            async with timer:
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            if not timer.expired():
                raise
            raise Silent from None
        yield chunk


def _calls(message: Any) -> list[Any]:
    """The tool calls of a message, with those whose arguments could not be parsed."""
    if not isinstance(message, AIMessage):
        return []
    return [*message.tool_calls, *message.invalid_tool_calls]
