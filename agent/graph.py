"""The agent's graph: think → tools → think → check. State is plain data, read by any version.

A finished turn leaves two messages, the question and the checked answer. Tool results go with the
turn: evidence is kept by id, and looked up in the library when it is shown again.
"""

import asyncio
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.answer import ClaimStream, check_answer, unsupported_claims
from agent.context import finished_turns, prompt, question_index
from agent.grounding.review import CheckedAnswer
from agent.llm.answer_cache import AnswerCache
from agent.llm.provider import (
    ModelTimeout,
    as_video_error,
    may_refuse_tools,
    model_errors,
    whole_reply,
)
from agent.messages import FAULTS, KEY, metadata
from agent.reader import FORMAT, cited_text, reading, written_calls
from agent.tool_calls import run_tool_calls
from agent.turn import Turn
from prompts import render


class State(TypedDict):
    """A conversation. `seen[n-1]` is `[eN]` to the model, `handles[n-1]` is `[N]` to people."""

    messages: Annotated[list[AnyMessage], add_messages]
    seen: NotRequired[list[str]]
    handles: NotRequired[list[str]]


def build_agent(
    model: BaseChatModel,
    checkpointer: Any,
    cache: AnswerCache | None = None,
    rules: BaseChatModel | None = None,
) -> Any:
    """The compiled graph: run it with a Turn as context, a thread and a recursion limit.

    `rules` is the extractive model, which retrieves for a model that reads, and answers where no
    answer of the model holds.
    """

    async def think(
        state: State, runtime: Runtime[Turn]
    ) -> Command[Literal["tools", "read", "check"]]:
        turn, belt = runtime.context, runtime.context.belt
        if turn.retrieves_by_rule:
            return await _by_rule(turn, rules, state)
        last_call = turn.limit_reached
        seen, handles = state.get("seen", []), state.get("handles", [])
        options = {"tool_choice": "none"} if last_call else {}
        # Looks which models are there; the rules bind none, and their schemas take a while.
        tools = await asyncio.to_thread(lambda: belt.tools) if turn.meter else []
        bound = model.bind_tools(tools, **options)
        reply, tokens = None, 0
        while reply is None:
            messages, tokens = await asyncio.to_thread(
                prompt, turn, state["messages"], seen, handles
            )
            if turn.meter and (exceeded := turn.meter.exceeded(tokens)):
                turn.stopped, turn.is_spent = exceeded, True
                return Command(goto="check")
            if (text := await _recalled(turn, cache, messages)) is not None:
                given = {"messages": [AIMessage(text)], "seen": list(turn.retrieved)}
                return Command(goto="check", update=given)
            turn.model_calls += 1
            try:
                async with turn.time_limit():
                    stream = ClaimStream(turn, seen, handles)
                    wait = turn.limits.model_wait if turn.meter else None
                    reply = await whole_reply(bound, messages, wait, stream.feed)
            except ModelTimeout as error:
                if not turn.retry(error):
                    turn.stopped, turn.is_spent = str(error), True
            except model_errors() as error:
                if rules and turn.model_calls == 1 and may_refuse_tools(error):
                    turn.learn()
                    turn.stopped = "the model does not call tools"
                elif not turn.retry(error):
                    raise as_video_error(error) from None  # its own text may repeat the key
            if turn.stopped:
                return Command(goto="check")
        if turn.meter and not _tool_calls(reply):
            names = [tool.name for tool in tools]
            if calls := written_calls(reply.text, names):
                turn.muted |= bool(turn.streamed)
                reply = AIMessage("", tool_calls=calls, usage_metadata=reply.usage_metadata)
        if not (reply.text.strip() or _tool_calls(reply)):
            turn.stopped = "the model gave no answer"
            return Command(goto="check")
        if turn.meter:
            turn.meter.add(reply.usage_metadata, tokens)
        if last_call and _tool_calls(reply):
            turn.stopped = last_call
        elif last_call:
            turn.incomplete = last_call
        goto = "tools" if _tool_calls(reply) and not last_call else "check"
        return Command(goto=goto, update={"messages": [reply]})

    async def read(state: State, runtime: Runtime[Turn]) -> Command[Literal["check"]]:
        turn, seen, handles = runtime.context, state.get("seen", []), state.get("handles", [])
        results = state["messages"][question_index(state["messages"]) + 1 :]
        messages, tokens = await asyncio.to_thread(reading, turn, results, seen, handles)
        assert turn.meter
        if exceeded := turn.meter.exceeded(tokens):
            turn.stopped = exceeded
            return Command(goto="check")
        if (text := await _recalled(turn, cache, messages)) is not None:
            given = {"messages": [AIMessage(text)], "seen": list(turn.retrieved)}
            return Command(goto="check", update=given)
        try:
            async with turn.time_limit():
                reply = await _read_once(model, turn, messages)
                turn.meter.add(reply.usage_metadata, tokens)
                text = cited_text(reply.text)
                return Command(goto="check", update={"messages": [AIMessage(text)]})
        except ModelTimeout as error:
            turn.stopped = str(error)
        except model_errors() as error:
            raise as_video_error(error) from None
        return Command(goto="check")

    async def tools(state: State, runtime: Runtime[Turn]) -> Command[Literal["think", "check"]]:
        turn, seen = runtime.context, list(state.get("seen", []))
        results = await run_tool_calls(_tool_calls(state["messages"][-1]), turn, seen)
        goto = "check" if turn.stopped else "think"
        return Command(goto=goto, update={"messages": results, "seen": seen})

    async def check(state: State, runtime: Runtime[Turn]) -> Command[Literal["think", "__end__"]]:
        turn, messages = runtime.context, state["messages"]
        seen, handles = state.get("seen", []), state.get("handles", [])
        text = messages[-1].text if isinstance(messages[-1], AIMessage) else ""
        if turn.stopped and turn.draft:
            turn.incomplete, turn.stopped, text = turn.stopped, "", turn.draft
        data = metadata(messages[-1])
        answer = await asyncio.to_thread(check_answer, turn, seen, handles, text, data)
        if turn.may_repair and (wrong := unsupported_claims(answer)):
            turn.draft, turn.muted = text, True
            repair = HumanMessage(render("faults", faults=wrong), additional_kwargs={KEY: FAULTS})
            return Command(goto="think", update={"messages": [repair]})
        if rules and turn.meter and turn.way == "agent" and is_poor(turn, text, answer):
            if not turn.tool_calls and not turn.stopped:
                turn.learn()
            turn.read_instead()
            late = messages[question_index(messages) + 1 :]
            removed = [RemoveMessage(id=m.id) for m in late if m.id]
            return Command(goto="think", update={"messages": removed})
        if turn.by_rule and is_poor(turn, text, answer):
            turn.failed = turn.failed or turn.stopped or "the model cited nothing that holds"
            turn.stopped = turn.incomplete = turn.cache_key = ""
            text, data = turn.by_rule.text, metadata(turn.by_rule)
            answer = await asyncio.to_thread(check_answer, turn, seen, handles, text, data)
        elif turn.by_rule:
            turn.failed, data = "", {"plan": metadata(turn.by_rule).get("plan")}
        turn.answer = answer
        if cache and turn.cache_key and not (turn.stopped or turn.incomplete):
            await asyncio.to_thread(cache.put, turn.cache_key, text, seen)
        if answer.text.startswith(turn.streamed):
            turn.stream(answer.text.removeprefix(turn.streamed))
        before = finished_turns(messages)
        turn.number = len(before) // 2
        kept = [*before, messages[question_index(messages)]]
        keep = {id(message) for message in kept}
        removed = [RemoveMessage(id=m.id) for m in messages if m.id and id(m) not in keep]
        plan = {"plan": data["plan"]} if data.get("plan") else {}
        told = answer.as_data() | plan | {"jobs": [job.id for job in turn.jobs]}
        message = AIMessage(content=answer.text, additional_kwargs={KEY: told})
        update = {"messages": [*removed, message], "handles": list(answer.handles)}
        return Command(goto="__end__", update=update)

    graph = StateGraph(State, context_schema=Turn)
    for node in (think, tools, read, check):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "think")
    return graph.compile(checkpointer=checkpointer)


def _tool_calls(message: Any) -> list[Any]:
    """The tool calls of a message, including those whose arguments could not be parsed."""
    if not isinstance(message, AIMessage):
        return []
    return [*message.tool_calls, *message.invalid_tool_calls]


async def _by_rule(
    turn: Turn, rules: Any, state: State
) -> Command[Literal["tools", "read", "check"]]:
    """Let the rules choose the next tool calls, or give their answer when they have all."""
    seen, handles = state.get("seen", []), state.get("handles", [])
    messages, _ = await asyncio.to_thread(prompt, turn, state["messages"], seen, handles)
    async with turn.time_limit():
        reply = await rules.ainvoke(messages)
        if _tool_calls(reply):
            return Command(goto="tools", update={"messages": [reply]})
        turn.by_rule = reply
        return Command(goto="check" if turn.is_spent or turn.jobs else "read")
    return Command(goto="check")


async def _recalled(
    turn: Turn, cache: AnswerCache | None, messages: list[AnyMessage]
) -> str | None:
    """A cached reply to a question's first prompt; None where there is none."""
    if not (cache and turn.fully_indexed) or turn.model_calls:
        return None
    versions = await asyncio.to_thread(turn.belt.versions, turn.videos)
    turn.cache_key = await asyncio.to_thread(cache.key, messages, versions)
    cached = await asyncio.to_thread(cache.get, turn.cache_key) if turn.recalls else None
    if cached is None:
        return None
    text, turn.retrieved = cached
    turn.cache_key = ""
    return text


async def _read_once(model: Any, turn: Turn, messages: list[AnyMessage]) -> Any:
    """The reply to a reader's prompt; asked for in words alone where a server knows no schemas."""
    # Not as the client's own option: that one refuses streams whose pieces name no role.
    for options in ({"extra_body": {"response_format": FORMAT}}, {}):
        turn.model_calls += 1
        try:
            return await whole_reply(model.bind(**options), messages, turn.limits.model_wait)
        except model_errors() as error:
            if not options or not may_refuse_tools(error):
                raise
    raise AssertionError


def is_poor(turn: Turn, text: str, answer: CheckedAnswer) -> bool:
    """True if a model did not answer: it was stopped, cited nothing, or did not even look."""
    if turn.stopped or not text.strip():
        return True
    if any(claim.citations for claim in answer.claims):
        return False
    looked = turn.tool_calls > 0 if turn.way == "agent" else not turn.failed
    return bool(answer.claims) or not looked
