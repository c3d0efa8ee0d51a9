"""Tools of this door beside the capabilities: ask, add a video, follow it, audit a text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from agent.ask import Answer, ToolStarted
from agent.ask import ask as ask_agent
from tools.arguments import Videos
from tools.errors import RefusedRequest, UnknownVideo, UnreadableMedia
from ui.mcp_server.door import Door
from ui.web.fetching import index_address
from ui.web.job_status import JobStatus, job_state

Report = Callable[[float, float | None, str], Awaitable[None]]
"""Called with how far a call is, the end if it is known, and what is being done."""
TICK = 0.5
"""Seconds between two notices of a job, at least."""
LONGEST_WAIT = 50.0
"""Seconds of one wait: callers give up after a minute."""
MOST_CHECKED = 20_000
"""Characters of a text that is audited."""
Question = Annotated[
    str, Field(min_length=1, max_length=4000, description="In any language, in plain words.")
]
Thread = Annotated[
    str | None,
    Field(max_length=200, description="That of an answer, to go on with its conversation."),
]
Source = Annotated[
    str,
    Field(min_length=1, max_length=4000, description="A file of the user, or a web address."),
]
Wait = Annotated[
    float, Field(ge=0, le=LONGEST_WAIT, description="Seconds to wait at most; 0 looks only.")
]
Until = Annotated[
    Literal["askable", "ready"],
    Field(description="askable: questions can be answered from a part of it."),
]
Checked = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_CHECKED,
        description="Cites with [id] of evidence, a time such as [0:47], quotes, or [1] of thread.",
    ),
]


async def ask(
    door: Door, report: Report, question: Question, videos: Videos = None, thread: Thread = None
) -> Answer:
    """Answer a question about the videos, with the moments that it rests on.

    Begin here: one call searches what is said, shown and seen. `found` says whether evidence states
    the answer; `reason` why not. Cite the evidence; tell what was not covered.
    """
    calls = 0
    with door.state.answering():
        events = ask_agent(door.agent, question, videos=videos or (), thread=thread)
        async for event in events:
            if isinstance(event, ToolStarted):
                calls += 1
                await report(calls, None, event.name.replace("_", " "))
            elif isinstance(event, Answer):
                return event
    raise AssertionError("the last event is the answer")


async def add_video(door: Door, source: Source) -> JobStatus:
    """Add a video to the library; it returns at once with the id of a job.

    Then call job_status: the video can be asked about seconds later, before it is read to its end.
    What is in the library already stays as it is.
    """
    state = door.state
    if "://" in source:
        if state.settings.addresses != "on":
            raise RefusedRequest(
                "addresses are not fetched here: the person who runs Cuepoint can allow it with "
                "CUEPOINT_ADDRESSES=on, or add the file"
            )
        return job_state(index_address(state, source))
    if not door.local:
        raise RefusedRequest(
            "files of the server are not opened over HTTP: give a web address, or ask the person "
            f"to drop the file into the chat at {door.address}"
        )
    path = Path(source).expanduser()
    if not await asyncio.to_thread(path.is_file):
        raise UnreadableMedia(f"there is no file {source!r} here: give the whole path of a video")
    return job_state(state.jobs.start(path.absolute(), path.stem))


async def job_status(
    door: Door, report: Report, id: str, seconds: Wait = 20.0, until: Until = "ready"
) -> JobStatus:
    """Tell how far a job is; wait until it has come so far, has ended, or the time is over.

    Call it again while the state is queued, fetching or indexing; ask as soon as it is askable.
    """
    jobs = door.state.jobs
    job = jobs.listed.get(id) or jobs.ended.get(id)
    if job is None:
        raise UnknownVideo(f"there is no job {id[:64]!r} since Cuepoint was started")

    def waits() -> bool:
        return not (job.over or job.stopped or (until == "askable" and job.usable))

    try:
        async with asyncio.timeout(seconds):
            if waits():
                async for _ in job.changes(TICK):
                    now = job_state(job)
                    await report(now.progress, 1.0, now.stage or now.state)
                    if not waits():
                        break
    except TimeoutError:
        pass
    return job_state(job)


async def check_answer(
    door: Door, text: Checked, videos: Videos = None, thread: Thread = None
) -> Answer:
    """Audit a text about the videos, claim by claim, by rule and without a language model.

    Use it on what you wrote before the person sees it: each claim comes back verified, weak or
    unsupported, with the evidence; what cites nothing is looked up.
    """
    from agent.audit import check_text
    from agent.history import handles

    known = await handles(door.agent, thread) if thread else ()
    check = partial(check_text, door.agent.toolbox, text, videos or (), known)
    return await door.agent.belt.run("check_answer", check)
