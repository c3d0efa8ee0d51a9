"""Answers to questions, as one stream of events for every door; LangGraph is hidden behind it.

    async with open_agent(settings) as agent:
        async for event in ask(agent, "When is the oven opened?"):
            ...

The last event is the Answer, and its text is final. Tokens are a preview of it: claims that were
verified already, with their final handles.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.agent import Agent
from agent.grounding.review import CheckedAnswer, Claim, Reason
from agent.settings import EXTRACTIVE
from tools.errors import NotIndexed, RefusedRequest, VideoError
from tools.files.disk import NOTED, Note, Noted, notes
from tools.generate.job import GenerationJob
from tools.media import Coverage, Evidence

if TYPE_CHECKING:
    from agent.llm.images import ContactSheets
    from agent.turn import Turn
    from tools.library import Library
    from tools.store.coverage import Unseen

COVERED = 3
"""Videos of a library whose coverage is told one by one, at most."""
QUESTION_LIMIT = 4000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NumberedEvidence:
    """Evidence with its handle, the number it has in this conversation."""

    handle: int
    evidence: Evidence


@dataclass(frozen=True)
class Answer:
    """An answer as every door renders it; tokens are (input, output)."""

    question: str
    answer: str
    found: bool
    claims: tuple[Claim, ...]
    evidence: tuple[NumberedEvidence, ...]
    nearest: tuple[NumberedEvidence, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    model: str = ""
    tokens: tuple[int, int] = (0, 0)
    cost_usd: float | None = None
    seconds: float = 0.0
    thread: str = ""
    """The name under which the conversation is continued."""
    turn: int = 0
    """Its place in the conversation, from 0."""
    coverage_total: Mapping[str, int] = field(default_factory=dict[str, int])
    """Number of videos that were asked, and of those that are indexed: complete, partial, none."""
    reason: Reason | None = None
    """Reason that nothing answers; None where something does, and for small talk."""
    jobs: tuple[GenerationJob, ...] = ()
    """Videos that it proposes to make; a person approves them."""
    notes: "tuple[Note | Unseen, ...]" = ()
    """Losses because the disk could not be read or written, and what was not looked at."""


@dataclass(frozen=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class ToolStarted:
    """The start of a tool call."""

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
    pictures: Sequence[Path] = (),
    new: str = "",
    anew: bool = False,
) -> AsyncGenerator[Event]:
    """Answer a question about these videos, or about all of them; the Answer comes last.

    With `like`, a picture or the id of evidence, the answer is moments that look like it; with
    `pictures`, it is the proposal of a video that shows them. Without a thread one begins, under
    the name `new` or one of its own. `anew` asks a model again what it has answered before. If the
    caller stops iterating, the question is dropped and the conversation stays unchanged.
    """
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    # A task of its own: LangChain's context variables must not leak into the caller's context.
    task = asyncio.create_task(
        _answer(agent, question, videos, thread, like, pictures, new, anew, events.put_nowait)
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
            task.exception()  # was raised above, or nobody listens any more


async def _answer(
    agent: Agent,
    question: str,
    videos: Sequence[str],
    thread: str | None,
    like: Path | str | None,
    pictures: Sequence[Path],
    new: str,
    anew: bool,
    emit: Callable[[Event], None],
) -> Answer:
    from langsmith.run_helpers import tracing_context

    from agent.grounding.pixels import PixelCheck
    from agent.llm.limits import Meter
    from agent.pictures.image_question import answer_by_image
    from agent.pictures.picture_request import propose_with_pictures
    from agent.turn import Turn

    settings, begun = agent.settings, time.monotonic()
    noted: Noted = {}
    NOTED.set(noted)
    question = _validated(question)
    about_pictures = bool(pictures) and not videos
    scope = [] if about_pictures else await asyncio.to_thread(scope_of, agent.library, videos)
    name = thread or new or uuid.uuid4().hex
    opened = agent.checkpoints.conversation(name, question, new=thread is None)
    async with opened as conversation:
        deadline = asyncio.get_running_loop().time() + settings.limits.question_seconds
        coverage, total, coming = await asyncio.to_thread(coverage_of, agent.library, scope)
        turn = Turn(
            question,
            tuple(scope),
            coverage,
            total,
            not coming,
            deadline,
            settings.limits,
            agent.belt,
            lambda text: emit(Token(text)),
            lambda name, arguments: emit(ToolStarted(name, arguments)),
        )
        if agent.spending:
            await asyncio.to_thread(agent.spending.check)
            turn.meter, turn.sheets = Meter(turn.limits, agent.model_info), _sheets(agent)
            turn.pixels, turn.recalls = PixelCheck(agent.toolbox), not anew
            turn.way, turn.learn = "reader" if agent.reads else "agent", partial(_learn, agent)
        try:
            with tracing_context(enabled=False):  # variables of LangSmith send nothing out
                if pictures:
                    made = propose_with_pictures(agent, turn, conversation.key, pictures)
                    checked = await made
                elif like is None:
                    checked = await _run_graph(agent, turn, conversation.key)
                else:
                    checked = await answer_by_image(agent, turn, conversation.key, like)
        finally:
            if agent.spending and turn.meter and turn.meter.used:
                await asyncio.to_thread(agent.spending.add, turn.meter.used, turn.meter.usd)
    evidence = numbered(checked.evidence, checked.handles, turn.records)
    nearest = numbered(checked.nearest, checked.handles, turn.records)
    cited = await asyncio.to_thread(_cited_coverage, agent.library, coverage, evidence or nearest)
    beside = await asyncio.to_thread(_unseen, agent.library, evidence or nearest)
    return Answer(
        question=question,
        answer=checked.text,
        found=checked.found,
        claims=checked.claims,
        evidence=evidence,
        nearest=nearest,
        coverage=cited,
        coverage_total=total,
        model=EXTRACTIVE if turn.failed else agent.model_name,
        tokens=turn.tokens,
        cost_usd=turn.meter.usd if turn.meter else None,
        seconds=round(time.monotonic() - begun, 3),
        thread=conversation.name,
        turn=turn.number,
        reason=checked.reason,
        jobs=await asyncio.to_thread(_asked_in, agent, turn.jobs, conversation.name),
        notes=(*notes(noted), *beside),
    )


def _asked_in(
    agent: Agent, jobs: Sequence[GenerationJob], thread: str
) -> tuple[GenerationJob, ...]:
    """Proposed jobs, which know the conversation in which they were asked for."""
    proposer = agent.toolbox.proposer
    return tuple(proposer.jobs.change(job.id, thread=thread) for job in jobs if proposer)


def _learn(agent: Agent) -> None:
    """Let a model that answers without its tools read from the next question on."""
    if agent.reads or agent.called_tools or agent.settings.answers != "auto":
        return
    _log.warning(
        "the model %s calls no tools: it reads what is found; CUEPOINT_ANSWERS=reader says so",
        agent.model_name,
    )
    agent.model_info = replace(agent.model_info, calls_tools=False)


def _sheets(agent: Agent) -> "ContactSheets | None":
    """Contact sheets for a question; None if the model accepts no images."""
    from agent.llm.images import ContactSheets

    def refused() -> None:
        _log.warning(
            "the model %s takes no pictures: it is asked in words; CUEPOINT_MODEL_SEES=no says so",
            agent.model_name,
        )
        agent.model_info = replace(agent.model_info, sees=False)

    return ContactSheets(agent.library.picture, refused) if agent.model_info.sees else None


async def _run_graph(agent: Agent, turn: "Turn", key: str) -> CheckedAnswer:
    from langchain_core.messages import HumanMessage

    from agent.checkpoints import config
    from agent.messages import KEY

    asked = HumanMessage(turn.question, additional_kwargs={KEY: {"videos": list(turn.videos)}})
    steps = config(key, steps=2 * turn.limits.model_calls + 20)
    await agent.graph.ainvoke({"messages": [asked]}, steps, context=turn, durability="exit")
    assert turn.answer is not None
    agent.called_tools |= turn.way == "agent" and turn.tool_calls > 0
    return turn.answer


def numbered(
    numbers: Sequence[int], handles: Sequence[str], records: Mapping[str, Evidence | None]
) -> tuple[NumberedEvidence, ...]:
    """The evidence of some handles, without what is gone with its video."""
    inside = [n for n in numbers if 0 < n <= len(handles)]
    return tuple(NumberedEvidence(n, r) for n in inside if (r := records[handles[n - 1]]))


def _validated(question: str) -> str:
    """A question as text that can be stored and sent; RefusedRequest if empty or too long."""
    question = question.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if not question:
        raise RefusedRequest("ask a question")
    if len(question) > QUESTION_LIMIT:
        raise RefusedRequest(f"a question may have {QUESTION_LIMIT} characters at most")
    return question


def scope_of(library: "Library", videos: Sequence[str]) -> list[str]:
    """Ids of the videos asked about; empty for all of them."""
    if not videos:
        library.catalog.sync()
        if not library.catalog.entries(1):
            raise NotIndexed("the library is empty; add a video with `cuepoint index FILE`")
    return list(dict.fromkeys(library.get(video).id for video in videos))


def coverage_of(
    library: "Library", scope: Sequence[str]
) -> tuple[tuple[Coverage, ...], dict[str, int], bool]:
    """Coverage of the videos that are named, or of a few; that of all, counted; what is to come."""
    from tools.store.coverage import covered

    if scope:
        parts = tuple(map(library.coverage, scope))
        counted = Counter(covered(part) for part in parts)
        coming = any(share < 1 for part in parts for share in part.ready.values())
    else:
        few = library.catalog.entries(COVERED + 1)
        parts = tuple(library.coverage(one.id) for one in few) if len(few) <= COVERED else ()
        counted, coming = library.catalog.coverage(), library.catalog.coming()
    total = {name: counted[name] for name in ("complete", "partial", "none")}
    return parts, {"videos": sum(total.values()), **total}, coming


def _unseen(library: "Library", shown: Sequence[NumberedEvidence]) -> "list[Unseen]":
    """Stretches that were not looked at, beside the evidence that is shown."""
    from tools.store.coverage import unseen

    found: list[Unseen] = []
    for video in dict.fromkeys(one.evidence.video for one in shown):
        with suppress(VideoError):  # removed meanwhile
            near = [one for one in shown if one.evidence.video == video]
            for gap in unseen(library, video):
                beside = [n for n in near if gap.meets(n.evidence.start, n.evidence.end)]
                if beside:
                    found.append(replace(gap, handles=tuple(one.handle for one in beside)))
    return found


def _cited_coverage(
    library: "Library", known: tuple[Coverage, ...], shown: Sequence[NumberedEvidence]
) -> tuple[Coverage, ...]:
    """The known coverage, and that of the other videos that are shown."""
    there = {part.video for part in known}
    found = list(known)
    for video in dict.fromkeys(one.evidence.video for one in shown):
        if video not in there:
            with suppress(VideoError):  # removed meanwhile
                found.append(library.coverage(video))
    return tuple(found)
