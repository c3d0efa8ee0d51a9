"""Videos from addresses, fetched as uploads are received and indexed as they are."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools.errors import Interrupted, RefusedRequest
from tools.fetch.addresses import parse
from tools.fetch.sites import Fetched, fetch
from ui.web.jobs import Job
from ui.web.state import AppState

Tell = Callable[[int, int | None], None]
"""Told of the bytes that are here, and of the whole where that is known."""
Download = Callable[[Path, int, float, Tell, Callable[[], bool]], Fetched]
"""Brings a file into a folder; given its limit in bytes, the seconds that it waits for a byte, whom
to tell, and what says that it is still wanted."""


def index_address(state: AppState, text: str) -> Job:
    """Fetch a video and index it; RefusedRequest for an address that is not fetched."""
    if state.settings.addresses != "on":
        raise RefusedRequest(
            "I don't fetch addresses: download the video, and drop the file into this window. "
            "Started with CUEPOINT_ADDRESSES=on, Cuepoint fetches videos."
        )
    address = parse(text)
    return index_download(state, address.title, partial(fetch, address))


def index_download(state: AppState, title: str, download: Download) -> Job:
    """Index what a download brings, which is limited as uploads are."""
    return state.jobs.start(Path(), title, fetch=partial(_fetch, state, download))


async def _fetch(state: AppState, download: Download, job: Job) -> None:
    """Bring the files of a job into the uploads, and hand the job over to it."""
    loop, stopped = asyncio.get_running_loop(), threading.Event()

    def tell(here: int, whole: int | None) -> None:
        if here - job.fetched[0] > _STEP or here == whole:
            loop.call_soon_threadsafe(partial(job.update, fetched=(here, whole)))

    def bring(folder: Path, limit: int) -> Fetched:
        stall = state.settings.upload_stall
        return download(folder, limit, stall, tell, lambda: not stopped.is_set())

    job.update(fetched=(0, None))
    try:
        upload = await state.uploads.fetch(bring)
        if await asyncio.to_thread(state.uploads.accept, upload.id) is None:
            raise Interrupted("the file went away while it came: fetch it again")
        state.hand_over(job, upload)
    finally:
        stopped.set()


_STEP = 1 << 20
"""Bytes between two looks at how far it is."""
