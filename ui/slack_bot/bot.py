"""The bot: takes events from the journal, asks, indexes, and tells in Slack."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from agent.ask import Answer, ask
from agent.history import Rating, answers, rate
from agent.settings import Settings
from tools.errors import NotIndexed, VideoError, place_of
from tools.media import Evidence
from ui.mcp_server.pictures import pictured
from ui.render import label, printable, without_paths
from ui.slack_bot.blocks import (
    ALTERNATIVE,
    PICTURES,
    answer_blocks,
    messages,
    moment,
    sections,
    shown,
    words_of,
)
from ui.slack_bot.client import Poster
from ui.slack_bot.files import Files
from ui.slack_bot.journal import Event, File, Journal
from ui.slack_bot.words import escaped, say
from ui.web.accounts.links import sign
from ui.web.fetching import index_download
from ui.web.job_status import job_state
from ui.web.jobs import Job
from ui.web.state import AppState
from ui.web.workspaces import Workspaces

AT_ONCE = 8
"""Questions that are answered at the same time; the others wait."""
PAUSE = 3.0
"""Seconds between two changes of the message that tells how far a video is."""
LINK_DAYS = 30
"""Days for which the link to a moment plays it."""
MORE = 6
"""Moments that the button for more shows."""
_NAMESPACE = uuid.UUID("6f2d1c52-2f0c-5c0e-9d62-0f8e8c6f1b0a")
_log = logging.getLogger(__name__)


def owner_of(event: Event) -> str:
    """Library of the channel, or of the person in a direct message."""
    return f"slack-{event.team}-{event.channel}"


def conversation_of(event: Event) -> str:
    """Conversation of a thread."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([event.team, event.channel, event.thread])))


class Bot:
    """Works through events; each in a task of its own, so that none waits for an index."""

    def __init__(
        self,
        settings: Settings,
        workspaces: Workspaces,
        secret: bytes,
        journal: Journal,
        poster: Poster,
        files: Files,
        pause: float = PAUSE,
    ) -> None:
        self._settings, self._workspaces, self._secret = settings, workspaces, secret
        self._journal, self._poster, self._files, self._pause = journal, poster, files, pause
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Go on with what was not answered at the last stop, and stop at the end."""
        for event in await asyncio.to_thread(self._journal.pending):
            self._start(event)
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(self, event: Event) -> None:
        """Keep an event on disk, and begin with it; nothing for one that is there, or not ours."""
        if await asyncio.to_thread(self._keep, event):
            self._start(event)

    def _keep(self, event: Event) -> bool:
        if not (event.addressed or self._journal.knows(event)) or not self._journal.add(event):
            return False
        self._journal.join(event)
        return True

    def _start(self, event: Event) -> None:
        task = asyncio.create_task(self._work(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, event: Event) -> None:
        try:
            if await asyncio.to_thread(self._journal.begin, event):
                async with self._workspaces.of(owner_of(event)) as state:
                    await self._answer(state, event)
            else:
                _log.warning("slack: an event was given up after several tries")
        except Exception as error:  # its words may hold those of the message
            _log.warning("slack: while answering: %s", place_of(error))
            await self._poster.post(event, say("broken"))
        await asyncio.to_thread(self._journal.done, event)

    async def _answer(self, state: AppState, event: Event) -> None:
        if event.action:
            return await self._press(state, event)
        claim = partial(asyncio.to_thread, self._journal.claim)
        place = f"{event.team}/{event.channel}"
        files = [one for one in event.files if await claim(f"{place}/{one.id}", event)]
        jobs = [(one, self._index(state, one)) for one in files]
        async with asyncio.TaskGroup() as group:
            for file, job in jobs:
                group.create_task(self._follow(event, file, job))
            if event.text or not event.files:
                if not await claim(f"{place}/{event.ts}", event):
                    return
                if not event.text:
                    await self._say(event, "answer", say("hello"))
                    return
                for _, job in jobs:
                    await job.until_usable()
                await self._ask(state, event)

    def _index(self, state: AppState, file: File) -> Job:
        return index_download(state, file.name, partial(self._files.fetch, file))

    async def _follow(self, event: Event, file: File, job: Job) -> None:
        """Tell of a video on its way in one message, which changes."""
        ts = told = ""
        async for _ in job.changes(self._pause):
            text = progress(file.name, job)
            if text == told:
                continue
            told = text
            if not ts:
                if not (ts := await self._say(event, file.id, text)):
                    return
            elif not await self._poster.change(event, ts, text):
                return

    async def _ask(self, state: AppState, event: Event) -> None:
        if not (ts := await self._say(event, "answer", say("looking"))):
            return
        async with self._free:
            try:
                with state.answering():
                    stream = ask(state.agent, event.text, thread=conversation_of(event))
                    (*_, answer) = [one async for one in stream]
            except NotIndexed:
                await self._poster.change(event, ts, say("empty"))
                return
            except VideoError as error:
                await self._poster.change(
                    event, ts, escaped(without_paths(state.library, str(error)))
                )
                return
        assert isinstance(answer, Answer)
        await self._show(state, event, ts, answer)

    async def _show(self, state: AppState, event: Event, ts: str, answer: Answer) -> None:
        pictures = await self._pictures(state, answer)
        titles = await asyncio.to_thread(_titles, state, answer)
        blocks = answer_blocks(answer, partial(self._link, event), pictures, titles)
        first, *rest = messages(blocks)
        text = words_of(answer)
        if await self._poster.change(event, ts, text, first):
            for part in rest:
                await self._poster.post(event, text, part)

    async def _pictures(self, state: AppState, answer: Answer) -> dict[int, dict[str, str]]:
        """Frames of an answer as files of Slack, by handle."""
        cited = shown(answer)

        def load() -> list[tuple[int, tuple[str, bytes, str]]]:
            found: list[tuple[int, tuple[str, bytes, str]]] = []
            evidence, handles = [one.evidence for one in cited], [one.handle for one in cited]
            for handle, one, image in pictured(state.library, evidence, handles)[:PICTURES]:
                with suppress(VideoError, OSError):  # the text says what it shows
                    content = state.library.picture(image).read_bytes()
                    text = printable(label(one, handle))[: ALTERNATIVE // 2]
                    found.append((handle, (f"frame-{handle}.jpg", content, text)))
            return found

        loaded = await asyncio.to_thread(load)
        files = await self._poster.send_pictures([picture for _, picture in loaded])
        return dict(zip((handle for handle, _ in loaded), files, strict=False))

    async def _press(self, state: AppState, event: Event) -> None:
        """Do as a button asks, about an answer of this thread."""
        name, turn = conversation_of(event), int(event.value)
        answer = next((a for a in await answers(state.agent, name) if a.turn == turn), None)
        if answer is None:
            return
        if event.action != "more":
            await rate(state.agent, name, Rating(turn, event.action == "helpful"))
            return await self._poster.private(event, say("thanks"))
        search = state.agent.toolbox.search
        found = await asyncio.to_thread(
            search, answer.question, None, limit=MORE + len(shown(answer))
        )
        there = {one.evidence.id for one in shown(answer)}
        fresh = [one for one in found if one.id not in there][:MORE]
        lines = [say("more_of"), *(moment(one, partial(self._link, event)) for one in fresh)]
        text = "\n".join(lines) if fresh else say("no_more")
        await self._say(event, "answer", text, sections(text))

    async def _say(
        self, event: Event, purpose: str, text: str, blocks: list[dict[str, Any]] | None = None
    ) -> str:
        """Post once for a purpose of an event: after a restart the same message changes."""
        posted = (await asyncio.to_thread(self._journal.messages, event)).get(purpose)
        if posted:
            return posted if await self._poster.change(event, posted, text, blocks) else ""
        if ts := await self._poster.post(event, text, blocks):
            await asyncio.to_thread(self._journal.posted, event, purpose, ts)
        return ts

    def _link(self, event: Event, evidence: Evidence) -> str | None:
        if not self._settings.url:
            return None
        address = f"/v/{evidence.video}?t={evidence.start:.1f}"
        until = time.time() + LINK_DAYS * 86400
        signed = sign(self._secret, address, until, owner_of(event))
        return self._settings.url.rstrip("/") + signed


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


def _titles(state: AppState, answer: Answer) -> dict[str, str]:
    found: dict[str, str] = {}
    for video in {one.evidence.video for one in shown(answer)}:
        with suppress(VideoError):  # removed meanwhile
            found[video] = state.library.get(video).title
    return found
