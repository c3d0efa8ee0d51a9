"""Videos and links that people share in Slack, which are indexed, and pictures to look for."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from tools.errors import RefusedRequest
from tools.vision.user_image import BYTES, small_jpeg
from ui.render import printable
from ui.slack_bot.desk import Desk
from ui.slack_bot.files import Files
from ui.slack_bot.journal import Event, File
from ui.slack_bot.words import escaped, say
from ui.web.fetching import index_address, index_download
from ui.web.job_status import job_state
from ui.web.jobs import Job
from ui.web.state import AppState

Shared = tuple[str, str, Job]
"""What a job is for: the id of a file or the link, the name to tell it by, and the job."""


async def index_shared(desk: Desk, state: AppState, event: Event) -> list[Shared]:
    """Begin to index the videos of a message, each once, however many events tell of it."""
    place, found = f"{event.team}/{event.channel}", list[Shared]()
    for file in event.files:
        if await desk.noted(desk.journal.claim, f"{place}/{file.id}", event):
            fetch = partial(desk.files.fetch, file)
            found.append((file.id, file.name, index_download(state, file.name, fetch)))
    for link in event.links:
        if not await desk.noted(desk.journal.claim, f"{place}/{event.ts}/{link}", event):
            continue
        if state.settings.addresses != "on":
            await desk.say(event, "links", say("no_links"))
            break
        try:
            job = index_address(state, link)
        except RefusedRequest as error:
            await desk.say(event, link, escaped(str(error)))
        else:
            found.append((link, job.title, job))
    return found


async def follow(desk: Desk, event: Event, shared: Shared) -> None:
    """Tell of a video on its way in one message, which changes."""
    purpose, name, job = shared
    ts = told = ""
    async for _ in job.changes(desk.pause):
        text = progress(name, job)
        if text != told:
            told = text
            ts = await desk.say(event, purpose, text, ts=ts)
            if not ts:
                return


@asynccontextmanager
async def picture_of(desk: Desk, file: File) -> AsyncIterator[Path]:
    """A shared picture, made small, on disk until this ends; RefusedRequest, UnreadableMedia."""
    folder = Path(await asyncio.to_thread(mkdtemp))
    try:
        stall = desk.settings.upload_stall
        yield await asyncio.to_thread(_fetch_picture, desk.files, file, folder, stall)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _fetch_picture(files: Files, file: File, folder: Path, stall: float) -> Path:
    fetched = files.fetch(file, folder, BYTES, stall, lambda *_: None, lambda: True)
    small = folder / "picture.jpg"
    small.write_bytes(small_jpeg(fetched.path))
    return small


def progress(name: str, job: Job) -> str:
    """Progress of a video, for people."""
    state = job_state(job)
    percent = round(100 * state.progress)
    match state.state:
        case "ready":
            return say("ready", name=name)
        case "failed":
            return say("failed", name=name, why=printable(state.error or ""))
        case "paused" | "stopped" as held:
            return say(held, name=name)
        case "fetching" | "queued":
            here, whole = job.fetched
            return say("fetching", name=name, percent=100 * here // whole if whole else 0)
        case state_name:
            return say("askable" if state_name == "askable" else "indexing",
                       name=name, percent=percent)  # fmt: skip
