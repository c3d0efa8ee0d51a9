"""The libraries of the users that are open now, each opened when it is first used."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from agent.settings import Settings
from tools.errors import Damaged, UnreadableMedia
from tools.files.disk import best_effort
from tools.ingest.finishing import Finisher
from tools.ingest.pipeline import delete_unlisted, unlisted_originals
from tools.media import Video
from ui.web.accounts.gate import current
from ui.web.jobs import make_pool
from ui.web.opening import opened
from ui.web.state import AppState
from ui.web.uploads import Upload

_log = logging.getLogger(__name__)


@dataclass
class _Open:
    """One library: open, or being opened."""

    ready: "asyncio.Future[tuple[AppState, AsyncExitStack]]"
    uses: int = 0
    used: float = field(default_factory=time.monotonic)


class Workspaces:
    """Libraries by owner. The longest unused are closed, but for those with something going on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, _Open] = {}
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._pool = make_pool(settings)

    @property
    def owners(self) -> list[str]:
        """Owners of the libraries that are open."""
        return list(self._open)

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[AppState]:
        """The open library of an owner, which stays open until this ends."""
        while closing := self._closing.get(owner):
            await asyncio.shield(closing)
        one = self._open.get(owner)
        if one is None:
            one = self._open[owner] = _Open(asyncio.ensure_future(self._start(owner)))
        release = self._hold(one)
        try:
            try:
                state, _ = await asyncio.shield(one.ready)
            except Exception:
                if self._open.get(owner) is one:
                    del self._open[owner]  # the next one tries again
                raise
            state.hold = partial(self._hold, one)
            yield state
        finally:
            release()

    def _hold(self, one: _Open) -> Callable[[], None]:
        one.uses += 1

        def release() -> None:
            one.uses -= 1
            one.used = time.monotonic()
            self._close_unused()

        return release

    async def close(self) -> None:
        """Close them all; what was being indexed goes on at the next start."""
        await asyncio.to_thread(self._pool.close)
        for owner in list(self._open):
            self._close(owner)
        await asyncio.gather(*self._closing.values())

    def _close_unused(self) -> None:
        idle = [name for name, one in self._open.items() if _is_idle(one)]
        idle.sort(key=lambda name: self._open[name].used)
        for owner in idle[: max(len(self._open) - int(self._settings.open_libraries), 0)]:
            self._close(owner)

    def _close(self, owner: str) -> None:
        one = self._open.pop(owner)

        async def close() -> None:
            try:
                if not await _failed(one.ready):  # which was told then
                    await one.ready.result()[1].aclose()
            except Exception:
                _log.exception("closing the library of %s", owner)
            finally:
                self._closing.pop(owner, None)

        self._closing[owner] = asyncio.ensure_future(close())

    async def _start(self, owner: str) -> tuple[AppState, AsyncExitStack]:
        settings = replace(self._settings, owner=owner)
        async with AsyncExitStack() as opening:
            state = await opening.enter_async_context(opened(settings, self._pool))
            await _resume(state)
            if settings.background == "on":
                finisher = _finish_in_background(state)
                opening.push_async_callback(asyncio.to_thread, finisher.close)
            return state, opening.pop_all()
        raise AssertionError("an exit stack swallows nothing")


async def _failed(ready: "asyncio.Future[Any]") -> bool:
    """Wait until a library is open; True if it did not open."""
    await asyncio.wait((ready,))
    return ready.cancelled() or ready.exception() is not None


def _is_idle(one: _Open) -> bool:
    if one.uses or not one.ready.done() or one.ready.cancelled() or one.ready.exception():
        return False
    state, _ = one.ready.result()
    unfinished = [job for job in state.jobs.listed.values() if not job.over]
    coming = [model for model in list(state.downloads.listed.values()) if not model.trouble]
    return not (unfinished or coming or state.making.busy)


def _finish_in_background(state: AppState) -> Finisher:
    """Read in the background what an index left out, and keep the index of vectors up with it."""
    finisher, catch_up = Finisher(state.library), state.jobs.on_indexed

    def indexed(videos: list[str]) -> None:
        catch_up(videos)
        finisher.wake()

    state.jobs.on_indexed = indexed
    finisher.on_finished = lambda video: catch_up([video])
    finisher.start()
    state.finisher = finisher
    return finisher


async def _resume(state: AppState) -> None:
    """Index what was sent before the last stop: such an upload is never lost."""
    uploads, known, unlisted = await asyncio.to_thread(_left, state)
    for upload in uploads:
        state.index_upload(upload)
    for path, title in known:
        state.jobs.start(path, title)
    for path in unlisted:
        state.jobs.start(path, "untitled", take=True)


def _left(state: AppState) -> tuple[list[Upload], list[tuple[Path, str]], list[Path]]:
    """Uploads, videos by file and title, and files without either, that wait to be indexed."""
    uploads, known = state.uploads.waiting(), list[tuple[Path, str]]()
    videos: list[Video] = []
    try:
        videos = state.library.list()
    except Damaged as error:  # everybody who asks gets this message, too
        _log.warning("%s", error)
    for video in videos:
        if video.state == "queued" and not state.library.manifest(video.id)["source"]["linked"]:
            with suppress(UnreadableMedia):  # its original is gone, which `verify` tells
                known.append((state.library.original(video.id), video.title))
    with best_effort("leftovers"):
        delete_unlisted(state.library)
    return uploads, known, unlisted_originals(state.library)


async def mine(connection: HTTPConnection) -> AsyncIterator[AppState]:
    """The library of who sends a request; 401 for somebody unknown."""
    identity = current()
    if identity is None:
        raise HTTPException(401, "sign in first")
    workspaces: Any = connection.app.state.workspaces
    async with workspaces.of(identity.owner) as state:
        yield state


Mine = Annotated[AppState, Depends(mine)]
"""Parameter of a route: the library of who sends the request."""
