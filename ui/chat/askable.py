"""Questions in a chat while videos come in.

What can be asked is asked at once, and a question about what can't be asked yet waits in the
background.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import chainlit as cl

from tools.errors import VideoError
from ui.chat.answering import ask, one_at_a_time
from ui.chat.cards import escape_markdown
from ui.chat.reporting import in_background
from ui.chat.scope import follow_scope
from ui.chat.wording import say
from ui.web.jobs import Job
from ui.web.state import AppState

NAMED = 4
"""Videos that are named in one sentence, at most."""
_JOBS, _ARRIVING = "jobs", "arriving"
"""What a session keeps: its jobs, and how arrivals widen the scope."""


async def ask_when_askable(
    state: AppState, question: str, sent: Sequence[Job], asked: str = ""
) -> None:
    """Answer a question about what can be asked; about what was sent with it as soon as it can be.

    Only where nothing can be asked yet is an answer waited for, in the background. `asked` is the
    id of the message that asks.
    """
    coming = [job for job in _session_jobs() if _is_coming(job)]
    awaited = list(sent)
    if not awaited and coming and not await asyncio.to_thread(state.library.titles, 1):
        awaited = coming
    if not awaited or any(job.usable or job.done for job in awaited):
        return await _ask(state, question, coming, asked)
    note = cl.Message(say("askable.waits", names=_names(awaited)))
    await note.send()

    async def later() -> None:
        waiting = [asyncio.ensure_future(job.until_usable()) for job in awaited]
        for first in asyncio.as_completed(waiting):
            if await first:
                break
        for one in waiting:
            one.cancel()
        await note.remove()
        if any(job.usable or job.done for job in awaited):
            for job in awaited:
                widen_scope(job)
            await follow_scope(state)
            late = [job for job in _session_jobs() if _is_coming(job)]
            await _ask(state, question, late, asked)

    in_background(state, later())


async def _ask(state: AppState, question: str, coming: Sequence[Job], asked: str) -> None:
    """Ask, one question after another in a chat, and say what could not be asked yet."""
    async with one_at_a_time():
        if coming:
            titles: list[str] = []
            for id in cl.user_session.get("videos") or ():
                with suppress(VideoError):
                    titles.append((await asyncio.to_thread(state.library.get, id)).title)
            these = _enumerated(titles) or say("askable.those_here")
            missing = say("askable.missing", asked=these, names=_names(coming), n=len(coming))
            await cl.Message(f"*{missing}*").send()
        await ask(state, question, asked=asked)


def _is_coming(job: Job) -> bool:
    """True of a video that can't be asked yet, and will be."""
    return not (job.usable or job.over or job.paused or job.stopped)


def _names(jobs: Sequence[Job]) -> str:
    return _enumerated([job.title for job in jobs])


def _enumerated(titles: Sequence[str]) -> str:
    """Titles in one sentence."""
    named = [f"**{escape_markdown(title)}**" for title in titles[:NAMED]]
    if more := len(titles) - len(named):
        named.append(say("askable.more", n=more))
    return f" {say('askable.and')} ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))


def _session_jobs() -> list[Job]:
    return cl.user_session.get(_JOBS) or []


def expect(jobs: Sequence[Job]) -> None:
    """Let questions go to these videos, each as soon as it can be asked."""
    if jobs:
        cl.user_session.set(_JOBS, [*_session_jobs(), *jobs])
        scope = cl.user_session.get("videos") or ()
        cl.user_session.set(_ARRIVING, ({job.id for job in jobs}, (), scope))


def widen_scope(job: Job) -> None:
    """Add a video that can be asked now to the scope, unless a person chose another one since."""
    waiting, arrived, last = cl.user_session.get(_ARRIVING) or (set[str](), (), ())
    scope, video = cl.user_session.get("videos") or (), job.usable or job.done
    if video and job.id in waiting and tuple(scope) == tuple(last):
        arrived = tuple(dict.fromkeys((*arrived, video.id)))
        cl.user_session.set("videos", arrived)
        cl.user_session.set(_ARRIVING, (waiting - {job.id}, arrived, arrived))
