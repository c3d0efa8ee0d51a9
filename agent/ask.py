"""One stream of events for every door. LangGraph is hidden behind it.

    async with open_agent(settings) as agent:
        async for event in ask(agent, "When is the oven opened?"):
            ...

The last event is the Answer, and its text is the truth. Tokens are a preview of it: claims that
were tested already, with their final handles.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.agent import Agent
from agent.grounding.review import Claim
from tools.errors import NotIndexed, RefusedRequest
from tools.files.disk import NOTES, Note, Notes
from tools.media import Coverage, Evidence

if TYPE_CHECKING:
    from agent.answer import Ending
    from agent.llm.images import Pictures
    from agent.turn import Turn
    from tools.library import Library

QUESTION_LIMIT = 4000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cited:
    """Evidence under the number by which this conversation knows it."""

    handle: int
    evidence: Evidence


@dataclass(frozen=True)
class Answer:
    """What every door renders. `thread` continues the conversation; tokens are (input, output)."""

    question: str
    answer: str
    found: bool
    claims: tuple[Claim, ...]
    evidence: tuple[Cited, ...]
    nearest: tuple[Cited, ...]
    coverage: tuple[Coverage, ...]
    model: str
    tokens: tuple[int, int]
    cost_usd: float | None
    seconds: float
    thread: str
    notes: tuple[Note, ...] = ()
    """What the disk did not let us keep, or know."""


@dataclass(frozen=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class ToolStarted:
    """A tool that is about to run."""

    name: str
    arguments: Mapping[str, Any]


Event = ToolStarted | Token | Answer


async def ask(
    agent: Agent,
    question: str,
    *,
    videos: Sequence[str] = (),
    thread: str | None = None,
    like: Path | str | None = None,
    prefix: str = "",
) -> AsyncIterator[Event]:
    """Answer a question about these videos, or about all of them; the Answer comes last.

    With `like`, a picture or the id of evidence, the answer is what looks like it. The name of a
    new thread begins with `prefix`. A question that nobody waits for any more is dropped, and the
    conversation stays as it was.
    """
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    # A task of its own: what it sets up for LangChain must not leak into the caller's context.
    task = asyncio.create_task(
        _answer(agent, question, videos, thread, like, prefix, events.put_nowait)
    )
    task.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        yield task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # was seen, or nobody listens any more


async def _answer(
    agent: Agent,
    question: str,
    videos: Sequence[str],
    thread: str | None,
    like: Path | str | None,
    prefix: str,
    emit: Callable[[Event], None],
) -> Answer:
    from langsmith.run_helpers import tracing_context

    from agent.checkpoints import thread_id
    from agent.grounding.pixels import Measured
    from agent.image_question import look_alike
    from agent.llm.limits import Meter
    from agent.turn import Turn

    settings, begun = agent.settings, time.monotonic()
    NOTES.set(notes := Notes())
    question = _clean(question)
    scope = await asyncio.to_thread(_scope, agent.library, videos)
    name = thread or prefix + uuid.uuid4().hex
    # Two questions at once in one conversation would number their evidence alike.
    async with (
        agent.locks.setdefault(thread_id(settings.owner, name), asyncio.Lock()),
        agent.memory.conversation(name, question, new=thread is None) as talk,
    ):
        deadline = asyncio.get_running_loop().time() + settings.limits.question_seconds
        coverage = await asyncio.to_thread(_coverage, agent.library, scope)
        turn = Turn(question, tuple(scope), coverage, deadline, settings.limits)
        if agent.spending:
            await asyncio.to_thread(agent.spending.check)
            turn.meter, turn.pictures = Meter(turn.limits, agent.facts), _pictures(agent)
            turn.measured = Measured(agent.toolbox)
        try:
            with tracing_context(enabled=False):  # what someone left set sends nothing out
                if like is None:
                    ending = await _run(agent, turn, talk.key, emit)
                else:
                    ending = await look_alike(agent, turn, talk.key, like)
        finally:
            if agent.spending and turn.meter and turn.meter.used:
                await asyncio.to_thread(agent.spending.add, turn.meter.used, turn.meter.usd)
    meter = turn.meter
    return Answer(
        question=question,
        answer=ending.text,
        found=ending.found,
        claims=ending.claims,
        evidence=_cited(turn, ending, ending.evidence),
        nearest=_cited(turn, ending, ending.nearest),
        coverage=coverage,
        model=agent.model_name,
        tokens=turn.tokens,
        cost_usd=meter.usd if meter else None,
        seconds=round(time.monotonic() - begun, 3),
        thread=talk.name,
        notes=notes.all,
    )


def _pictures(agent: Agent) -> "Pictures | None":
    """What a model that sees is shown; None for one that does not."""
    from agent.llm.images import Pictures

    def refused() -> None:
        _log.warning(
            "the model %s takes no pictures: it is asked in words; CUEPOINT_MODEL_SEES=no says so",
            agent.model_name,
        )
        agent.facts = replace(agent.facts, sees=False)

    return Pictures(agent.library.picture, refused) if agent.facts.sees else None


async def _run(agent: Agent, turn: "Turn", key: str, emit: Callable[[Event], None]) -> "Ending":
    from langchain_core.messages import HumanMessage

    from agent.checkpoints import config
    from agent.messages import KEY

    asked = HumanMessage(turn.question, additional_kwargs={KEY: {"videos": list(turn.videos)}})
    ending: Ending | None = None
    stream = agent.graph.astream(
        {"messages": [asked]},
        config(key, steps=2 * turn.limits.model_calls + 6),
        context=turn,
        stream_mode="custom",
        durability="exit",
    )
    async for kind, *said in stream:
        if kind == "token":
            emit(Token(said[0]))
        elif kind == "ending":
            ending = said[0]
        else:
            name, arguments = said
            emit(ToolStarted(name, arguments if isinstance(arguments, dict) else {}))
    assert ending is not None
    return ending


def _cited(turn: "Turn", ending: "Ending", handles: Sequence[int]) -> tuple[Cited, ...]:
    records = [(handle, turn.records[ending.handles[handle - 1]]) for handle in handles]
    return tuple(Cited(handle, record) for handle, record in records if record)


def _clean(question: str) -> str:
    """One question as text that can be stored and sent."""
    question = question.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if not question:
        raise RefusedRequest("ask a question")
    if len(question) > QUESTION_LIMIT:
        raise RefusedRequest(f"a question may have {QUESTION_LIMIT} characters at most")
    return question


def _scope(library: "Library", videos: Sequence[str]) -> list[str]:
    """Ids of the videos asked about; none where all are meant."""
    if not videos and not library.list():
        raise NotIndexed("the library is empty; add a video with `cuepoint index FILE`")
    return list(dict.fromkeys(library.get(video).id for video in videos))


def _coverage(library: "Library", scope: Sequence[str]) -> tuple[Coverage, ...]:
    return tuple(map(library.coverage, scope or [video.id for video in library.list()]))
