"""The chat model without a language model: a presenter of evidence, by rule.

It sees what any model sees in the graph. The steps of an answer are a generator that yields tool
calls; at each call of the model it is run anew over the results that are there, until it yields
calls that are not made yet, or its answer. It never says what no evidence says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import ConfigDict, PrivateAttr

from agent.daemon_threads import MAX_THREADS, DaemonThreads
from agent.extractive.answers import answer
from agent.extractive.reply import Call, Found, Reply
from agent.extractive.turn import Turn, places
from agent.grounding.citations import citation_labels, split_claims
from agent.messages import KEY, metadata
from agent.settings import EXTRACTIVE
from tools.evidence import parse_id

NEAREST = 3


class ExtractiveModel(BaseChatModel):
    """Answers from the evidence alone; needs nothing but the toolbox."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    toolbox: Any
    _threads: DaemonThreads = PrivateAttr(
        default_factory=lambda: DaemonThreads("model", MAX_THREADS)
    )

    @property
    def _llm_type(self) -> str:
        return EXTRACTIVE

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """The tools are known: nothing to bind."""
        return self

    async def _agenerate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return await self._threads.run(lambda: self._generate(messages))

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        at = max(i for i, message in enumerate(messages) if isinstance(message, HumanMessage))
        data = metadata(messages[at])
        results = [m for m in messages[at:] if isinstance(m, ToolMessage)]
        begun = next((s for m in messages[at + 1 :] if (s := metadata(m).get("scope"))), None)
        turn = self._turn(data, messages[:at], tuple(m.name or "" for m in results), begun or {})
        turn.jobs = tuple(id for m in results for id in metadata(m).get("jobs", ()))
        found = (self._found(m, data["seen"]) for m in results)
        calls, reply = _run(turn, found, data["calls"] > 0)
        if reply is None:
            told = {KEY: {"scope": turn.scope_kept}}
            calling = _numbered(calls, len(results))
            return _result(AIMessage(content="", tool_calls=calling, additional_kwargs=told))
        return _result(_message(reply, {**turn.kept, **reply.plan}))

    def _turn(
        self,
        data: dict[str, Any],
        earlier: Sequence[BaseMessage],
        called: tuple[str, ...],
        begun: dict[str, Any],
    ) -> Turn:
        """The question after the answers before it; `begun` is its scope at its first tool call.

        The library may grow meanwhile, and a question is answered about the videos it began with.
        """
        handles: list[str] = data["handles"]
        shown: list[str] = []
        closest = False
        before: dict[str, Any] = {}
        for message in earlier:
            told = metadata(message)
            if isinstance(message, AIMessage) and "claims" in told:
                numbers = told.get("evidence") or told.get("nearest") or []
                if ids := [handles[n - 1] for n in numbers if 0 < n <= len(handles)]:
                    shown, closest = ids, not told.get("evidence")
                before = told.get("plan") or before
        if "words" not in before:  # of another release
            before = {}
        return Turn(
            self.toolbox,
            begun.get("text", data["question"]),
            tuple(data["videos"]),
            tuple(handles),
            places(shown),
            before,
            by_likeness=closest,
            videos=tuple(begun.get("videos", ())),
            titled=begun.get("titled", False),
            called=called,
        )

    def _found(self, message: ToolMessage, seen: Sequence[str]) -> list[Found]:
        """What a tool returned, in its order, each with the label that cites it."""
        ids: list[str] = message.artifact if isinstance(message.artifact, list) else []
        told = metadata(message).get("told", [("", 0.0, {})] * len(ids))
        return [
            Found(
                f"e{seen.index(id) + 1}",
                replace(self.toolbox.library.evidence(id), text=text, score=score, facts=facts),
            )
            for id, (text, score, facts) in zip(ids, told, strict=True)
            if parse_id(id)
        ]


def _run(
    turn: Turn, results: Iterator[list[Found]], may_call: bool
) -> tuple[list[Call], Reply | None]:
    """The calls that are still to be made, or the reply; without calls left from what is there."""
    steps = answer(turn)
    try:
        calls = next(steps)
        while True:
            found: list[list[Found]] = []
            for _ in calls:
                group = next(results, None)
                if group is None and may_call and not found:
                    return calls, None
                found.append(group or [])
            calls = steps.send(found)
    except StopIteration as stop:
        return [], stop.value


def _numbered(calls: Sequence[Call], first: int) -> list[dict[str, Any]]:
    return [
        {"name": name, "args": arguments, "id": f"rule-{number}", "type": "tool_call"}
        for number, (name, arguments) in enumerate(calls, first)
    ]


def _message(reply: Reply, kept: dict[str, Any]) -> AIMessage:
    """The reply as a message, with what the graph is told beside its text."""
    spoken = [claim for part in (reply.lead, *reply.remarks) for claim in split_claims(part)]
    told: dict[str, Any] = {"found": reply.found, "reason": reply.reason, "plan": kept}
    told["remarks"] = [one.strip() for one in spoken if not citation_labels(one)]
    if not reply.found:
        told["nearest"] = list(dict.fromkeys(found.label for found in reply.nearest))[:NEAREST]
    return AIMessage(content=reply.text, additional_kwargs={KEY: told})


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
