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
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from agent.grounding.citations import Claim
from agent.settings import Settings
from tools.errors import NotIndexed, RefusedRequest
from tools.media import Coverage, Evidence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.llm.catalog import Facts
    from agent.llm.images import Pictures
    from agent.llm.spending import Spending
    from agent.turn import Ending, Turn
    from tools.library import Library
    from tools.toolbox import Toolbox

__all__ = ["Agent", "Answer", "Cited", "Claim", "Event", "Token", "ToolStarted", "ask"]
__all__ += ["open_agent"]
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


@dataclass
class Agent:
    """What answers questions about one library, for as long as it is open."""

    settings: Settings
    toolbox: "Toolbox"
    model: "BaseChatModel"
    graph: Any
    memory: Any
    facts: "Facts"
    """What the model can do and costs; `sees` is taken back where a server refuses a picture."""
    spending: "Spending | None"
    """Of a language model; the extractive one costs nothing."""
    locks: "WeakValueDictionary[str, asyncio.Lock]" = field(
        default_factory=lambda: WeakValueDictionary[str, asyncio.Lock]()
    )

    @property
    def library(self) -> "Library":
        """The library that it answers from."""
        return self.toolbox.library

    @property
    def model_name(self) -> str:
        """What answers call it."""
        return model_name(self.model)


@asynccontextmanager
async def open_agent(
    settings: Settings,
    *,
    toolbox: "Toolbox | None" = None,
    model: "BaseChatModel | None" = None,
) -> AsyncIterator[Agent]:
    """An agent over the library of these settings, or over a toolbox that is open already."""
    toolbox, model = await asyncio.to_thread(_prepare, settings, toolbox, model)
    from agent.checkpoints import open_memory
    from agent.graph import build_agent
    from agent.llm.answer_cache import Recall
    from agent.llm.catalog import Facts, facts
    from agent.llm.provider import EXTRACTIVE
    from agent.llm.spending import Spending

    root, name = toolbox.library.root, model_name(model)
    known, spending, recall = Facts(), None, None
    if name != EXTRACTIVE:
        known = facts(name, settings.model_table, settings.openai_base_url)
        known = replace(known, sees={"yes": True, "no": False}.get(settings.model_sees, known.sees))
        spending = Spending(root / "spending.json", settings.day_tokens, settings.day_usd)
        recall = Recall(root / "answers", name)
    async with open_memory(root / "conversations.sqlite") as memory:
        graph = build_agent(model, toolbox, memory, recall)
        yield Agent(settings, toolbox, model, graph, memory, known, spending)


def model_name(model: "BaseChatModel") -> str:
    """A model's own name; the kind of model where it has none."""
    return getattr(model, "model_name", None) or model._llm_type


def _prepare(
    settings: Settings, toolbox: "Toolbox | None", model: "BaseChatModel | None"
) -> "tuple[Toolbox, BaseChatModel]":
    # Importing all this takes a second or two: not in the event loop, and not for `--help`.
    from agent.llm.provider import load_model

    if toolbox is None:
        from tools.equip import equip
        from tools.library import Library

        toolbox = equip(Library(settings.home, settings.owner), settings.providers)
    return toolbox, model or load_model(settings, toolbox)


async def ask(
    agent: Agent,
    question: str,
    *,
    videos: Sequence[str] = (),
    thread: str | None = None,
    like: Path | str | None = None,
) -> AsyncIterator[Event]:
    """Answer a question about these videos, or about all of them; the Answer comes last.

    With `like`, a picture or the id of evidence, the answer is what looks like it. A question that
    nobody waits for any more is dropped, and the conversation stays as it was.
    """
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    # A task of its own: what it sets up for LangChain must not leak into the caller's context.
    task = asyncio.create_task(_answer(agent, question, videos, thread, like, events.put_nowait))
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
    emit: Callable[[Event], None],
) -> Answer:
    from langsmith.run_helpers import tracing_context

    from agent.checkpoints import forget_older, make_sure_readable, note, thread_id
    from agent.grounding.pixels import Measured
    from agent.image_question import look_alike
    from agent.llm.limits import Limits, Meter
    from agent.turn import Turn

    settings, begun = agent.settings, time.monotonic()
    question = _clean(question)
    scope = await asyncio.to_thread(_scope, agent.library, videos)
    thread = thread or uuid.uuid4().hex
    key = thread_id(settings.owner, thread)
    # Two questions at once in one conversation would number their evidence alike.
    async with agent.locks.setdefault(key, asyncio.Lock()):
        await make_sure_readable(agent.memory, key)
        deadline = asyncio.get_running_loop().time() + settings.question_seconds
        limits = Limits(
            settings.model_calls,
            settings.tool_calls,
            settings.question_seconds,
            settings.question_tokens,
            settings.question_usd,
        )
        coverage = await asyncio.to_thread(_coverage, agent.library, scope)
        turn = Turn(question, tuple(scope), coverage, deadline, limits)
        if agent.spending:
            await asyncio.to_thread(agent.spending.check)
            turn.meter, turn.pictures = Meter(limits, agent.facts), _pictures(agent)
            turn.measured = Measured(agent.toolbox)
        try:
            with tracing_context(enabled=False):  # what someone left set sends nothing out
                if like is None:
                    await _run(agent, turn, key, emit)
                else:
                    await look_alike(agent, turn, key, like)
        finally:
            if agent.spending and turn.meter and turn.meter.used:
                await asyncio.to_thread(agent.spending.add, turn.meter.used, turn.meter.usd)
        await forget_older(agent.memory, key)
        await note(agent.memory, key, thread, question)
    ending, meter = turn.ending, turn.meter
    assert ending is not None
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
        thread=thread,
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


async def _run(agent: Agent, turn: "Turn", key: str, emit: Callable[[Event], None]) -> None:
    from langchain_core.messages import HumanMessage

    from agent.checkpoints import config

    asked = HumanMessage(
        turn.question, additional_kwargs={"cuepoint": {"videos": list(turn.videos)}}
    )
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
        else:
            name, arguments = said
            emit(ToolStarted(name, arguments if isinstance(arguments, dict) else {}))


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
