"""The agent's graph: think → tools → think → check. State is plain data, read by any version.

A finished turn leaves two messages, the question and the checked answer. Tool results go with the
turn: evidence is kept by id, and looked up in the library when it is shown again.
"""

import asyncio
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

from agent.answer import ClaimStream, check_answer, unsupported_claims
from agent.context import finished_turns, prompt, question_index
from agent.llm.answer_cache import AnswerCache
from agent.llm.provider import ModelTimeout, as_video_error, chunks, model_errors
from agent.messages import FAULTS, KEY, metadata
from agent.tool_calls import run_tool_calls
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
    model: BaseChatModel, toolbox: "Toolbox", checkpointer: Any, cache: AnswerCache | None = None
) -> Any:
    """The compiled graph: run it with a Turn as context, a thread and a recursion limit."""
    belt = Toolbelt(toolbox)

    async def think(state: State, runtime: Runtime[Turn]) -> dict[str, Any]:
        turn = runtime.context
        last_call = turn.limit_reached
        seen, handles = state.get("seen", []), state.get("handles", [])
        options = {"tool_choice": "none"} if last_call else {}
        tools = await asyncio.to_thread(lambda: belt.tools)  # it looks which models are there
        bound = model.bind_tools(tools, **options)
        reply, tokens = None, 0
        while reply is None:
            messages, tokens = await asyncio.to_thread(
                prompt, turn, belt, state["messages"], seen, handles
            )
            if turn.meter and (exceeded := turn.meter.exceeded(tokens)):
                turn.stopped = exceeded
                return {}
            if cache and turn.fully_indexed and not turn.model_calls:
                versions = await asyncio.to_thread(belt.versions, turn.videos)
                turn.cache_key = await asyncio.to_thread(cache.key, messages, versions)
                if cached := await asyncio.to_thread(cache.get, turn.cache_key):
                    text, turn.retrieved = cached
                    turn.cache_key = ""
                    return {"messages": [AIMessage(text)], "seen": list(turn.retrieved)}
            turn.model_calls += 1
            try:
                async with turn.time_limit():
                    stream = ClaimStream(turn, belt, seen, handles)
                    reply = await _streamed_reply(bound, messages, stream, runtime)
            except ModelTimeout as error:
                if not turn.retry(error):
                    turn.stopped = str(error)
            except model_errors() as error:
                if not turn.retry(error):
                    raise as_video_error(error) from None  # its own text may repeat the key
            if turn.stopped:
                return {}
        if not (reply.text.strip() or _tool_calls(reply)):
            turn.stopped = "the model gave no answer"
            return {}
        if turn.meter:
            turn.meter.add(reply.usage_metadata, tokens)
        if last_call and _tool_calls(reply):
            turn.stopped = last_call
        elif last_call:
            turn.incomplete = last_call
        return {"messages": [reply]}

    async def tools(state: State, runtime: Runtime[Turn]) -> dict[str, Any]:
        seen = list(state.get("seen", []))
        calls = _tool_calls(state["messages"][-1])
        return {"messages": await run_tool_calls(belt, calls, runtime, seen), "seen": seen}

    async def check(state: State, runtime: Runtime[Turn]) -> dict[str, Any]:
        turn, messages = runtime.context, state["messages"]
        seen, handles = state.get("seen", []), state.get("handles", [])
        text = messages[-1].text if isinstance(messages[-1], AIMessage) else ""
        if turn.stopped and turn.draft:
            turn.incomplete, turn.stopped, text = turn.stopped, "", turn.draft
        data = metadata(messages[-1])
        answer = await asyncio.to_thread(check_answer, turn, belt, seen, handles, text, data)
        if turn.may_repair and (wrong := unsupported_claims(answer)):
            turn.draft, turn.muted = text, True
            repair = HumanMessage(render("faults", faults=wrong), additional_kwargs={KEY: FAULTS})
            return {"messages": [repair]}
        runtime.stream_writer(("answer", answer))
        if cache and turn.cache_key and not (turn.stopped or turn.incomplete):
            await asyncio.to_thread(cache.put, turn.cache_key, text, seen)
        if answer.text.startswith(turn.streamed) and answer.text != turn.streamed:
            runtime.stream_writer(("token", answer.text[len(turn.streamed) :]))
        kept = [*finished_turns(messages), messages[question_index(messages)]]
        keep = {id(message) for message in kept}
        removed = [RemoveMessage(id=m.id) for m in messages if m.id and id(m) not in keep]
        plan = {"plan": data["plan"]} if data.get("plan") else {}
        message = AIMessage(content=answer.text, additional_kwargs={KEY: answer.as_data() | plan})
        return {"messages": [*removed, message], "handles": list(answer.handles)}

    def after_think(state: State, runtime: Runtime[Turn]) -> str:
        ended = runtime.context.stopped or runtime.context.incomplete
        return "tools" if not ended and _tool_calls(state["messages"][-1]) else "check"

    def after_tools(state: State, runtime: Runtime[Turn]) -> str:
        return "check" if runtime.context.stopped else "think"

    def after_check(state: State) -> str:
        return "think" if isinstance(state["messages"][-1], HumanMessage) else END

    graph = StateGraph(State, context_schema=Turn)
    for node in (think, tools, check):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", after_think, ["tools", "check"])
    graph.add_conditional_edges("tools", after_tools, ["think", "check"])
    graph.add_conditional_edges("check", after_check, ["think", END])
    return graph.compile(checkpointer=checkpointer)


async def _streamed_reply(
    bound: Any, messages: list[AnyMessage], stream: ClaimStream, runtime: Runtime[Turn]
) -> AIMessage:
    """The whole reply of a model; its verified claims are streamed while it arrives."""
    reply: Any = None
    async for chunk in chunks(bound, messages, runtime.context.model_wait):
        reply = chunk if reply is None else reply + chunk
        if text := await stream.feed(chunk.text):
            runtime.stream_writer(("token", text))
    whole: Any = message_chunk_to_message(reply) if isinstance(reply, AIMessageChunk) else reply
    return whole or AIMessage("")


def _tool_calls(message: Any) -> list[Any]:
    """The tool calls of a message, including those whose arguments could not be parsed."""
    if not isinstance(message, AIMessage):
        return []
    return [*message.tool_calls, *message.invalid_tool_calls]
