"""Indexing from the chat: attached files and paths, each followed in a message of its own."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import chainlit as cl

from tools.errors import RefusedRequest
from tools.files.disk import SPARE_BYTES
from ui.chat import cards
from ui.chat.cards import escape_markdown
from ui.chat.elements import element, timeline_action
from ui.progress import Countdown
from ui.render import STAGE_NAMES, remarks
from ui.web.jobs import Job
from ui.web.state import AppState

PAUSE = 0.4
"""Seconds between two updates of a message."""
_background: set[asyncio.Task[None]] = set()
"""Running tasks: asyncio itself keeps only weak references to them."""


async def index_attached(state: AppState, elements: Sequence[Any]) -> list[str]:
    """Index attached videos; returns once all of them can be asked about."""
    jobs: list[Job] = []
    for attached in elements:
        upload = await asyncio.to_thread(state.uploads.accept, str(attached.id))
        if upload is None:  # another server on this library took it up, or it was never sent
            name = escape_markdown(attached.name)
            await cl.Message(
                f"**{name}** is no longer waiting here: if it is not among your videos, attach it "
                "again."
            ).send()
            continue
        jobs.append(state.index_upload(upload))
        await _follow(jobs[-1], str(attached.id))
    return await _until_usable(jobs)


async def open_path(state: AppState, name: str) -> None:
    """Index a file of a root by its path."""
    path = await asyncio.to_thread(_allowed_path, state.settings.roots, name)
    job = state.jobs.start(path, path.stem)
    await _follow(job)
    await _until_usable([job])


def _allowed_path(roots: Sequence[Path], name: str) -> Path:
    """Path of a file that lies in a root. The refusal is the same where there is none."""
    with suppress(OSError, ValueError, RuntimeError):
        path = Path(name).expanduser().resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in roots)
        if inside and path.is_file():
            return path
    raise RefusedRequest(
        "I can't open that. Only videos in the folders named in CUEPOINT_ROOTS can be opened by "
        "their path; drop the file into this window instead."
    )


async def _until_usable(jobs: Sequence[Job]) -> list[str]:
    """Wait until each video can be asked about; questions go to these from now on."""
    videos = [video.id for job in jobs if (video := await job.until_usable())]
    if videos:
        cl.user_session.set("videos", tuple(videos))
    return videos


async def _follow(job: Job, file: str | None = None) -> None:
    """Show a job in a message of its own and keep that message up to date."""
    countdown = Countdown()
    bar = element("Indexing", _indexing_props(job, countdown))
    message = cl.Message(_job_text(job), elements=[bar])
    await message.send()
    session = cl.context.session

    async def watch() -> None:
        async for _ in job.changes(PAUSE):
            bar.props = _indexing_props(job, countdown)
            if job.done:
                if file in session.files:
                    session.files[file]["video"] = job.done.id  # type: ignore[typeddict-unknown-key]
                message.actions = [timeline_action(job.done.id)]
            shown, message.content = message.content, _job_text(job)
            if job.over or message.content != shown:
                await message.update()  # and its element
            else:
                await bar.update()

    task = asyncio.create_task(watch())
    _background.add(task)
    task.add_done_callback(_background.discard)


def _job_text(job: Job) -> str:
    """State of a job, as one message."""
    title = f"**{escape_markdown(job.title)}**"
    if job.trouble:
        return f"{title}: {escape_markdown(job.trouble)}"
    if job.done and job.done.state == "ready":
        found = (f"- {escape_markdown(one)}" for one in remarks(job.done))
        return "\n".join((f"{title} is ready.", *found))
    if job.done:
        why = {s.note: None for s in job.done.stages.values() if s.state == "failed" and s.note}
        rest = "; ".join((cards.pending_stages(job.done), *why))
        return f"{title} can be asked about, but {escape_markdown(rest)}."
    if job.paused:
        return (
            f"{title} stopped in the middle, because the disk is full. It goes on by itself as "
            f"soon as {SPARE_BYTES >> 20} MB are free. "
            + ("You can ask about what is there so far." if job.usable else "Ask about it then.")
        )
    return f"Indexing {title} …"


def _indexing_props(job: Job, countdown: Countdown) -> dict[str, Any]:
    stage = job.progress.stage if job.progress else ""
    return {
        "title": job.title,
        "stage": STAGE_NAMES.get(stage, "waiting for its turn"),
        "fraction": round(job.fraction, 3),
        "remaining": countdown(job.progress.remaining if job.progress else None),
        "usable": job.usable is not None,
        "over": job.over,
        "failed": job.trouble is not None,
    }
