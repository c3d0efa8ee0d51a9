"""The bot: takes events from the journal, and lets each be done once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from agent.extractive.suggestions import suggestions
from tools.errors import VideoError, place_of
from ui.render import without_paths
from ui.slack_bot.answering import answer
from ui.slack_bot.buttons import press
from ui.slack_bot.desk import Desk, Running, owner_of
from ui.slack_bot.journal import Event
from ui.slack_bot.sharing import follow, index_shared, picture_of
from ui.slack_bot.words import escaped, say
from ui.web.state import AppState
from ui.web.workspaces import Workspaces

SUGGESTED, LOOKED_AT = 3, 5
"""Questions that are suggested where a conversation begins, and videos that are looked at for
them."""
_log = logging.getLogger(__name__)


class Bot:
    """Works through events; each in a task of its own, so that none waits for an index."""

    def __init__(self, desk: Desk, workspaces: Workspaces) -> None:
        self._desk, self._workspaces = desk, workspaces
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming: list[Event] = []
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Go on with what was not answered at the last stop, and stop at the end."""
        for event in await self._desk.noted(self._desk.journal.resume):
            self._start(event)
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(self, event: Event) -> None:
        """Keep an event on disk, and begin with it; nothing for one that is there, or not ours.

        Those that come while one is being written wait for the disk together.
        """
        self._coming.append(event)
        async with self._writing:
            batch, self._coming = self._coming, []
            if not batch:
                return  # it was written with another one
            try:
                fresh = await self._desk.noted(self._desk.journal.add, *batch)
            except BaseException:
                self._coming = batch + self._coming  # whose event it is gets the error, too
                raise
            for one in fresh:
                self._start(one)

    def _start(self, event: Event) -> None:
        self._desk.running[event] = Running()  # here, so that a stop which follows finds it
        task = asyncio.create_task(self._work(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, event: Event) -> None:
        desk = self._desk
        try:
            if event.action == "stop":
                for one in desk.in_thread(event):
                    one.stop()
                desk.running[event].is_shown = True  # Slack goes on to show it until it is told
            else:
                async with self._workspaces.of(owner_of(event)) as state:
                    await self._do(state, event)
        except Exception as error:  # its words may hold those of the message
            _log.warning("slack: while answering: %s", place_of(error))
            if event.action not in ("stop", "opened"):
                await desk.say(event, "answer", say("broken"))
        running = desk.running.pop(event)
        if running.is_shown and not any(one.is_shown for one in desk.in_thread(event)):
            await desk.poster.end(event)
        await desk.noted(desk.journal.done, event)

    async def _do(self, state: AppState, event: Event) -> None:
        if event.action == "opened":
            await self._suggest(state, event)
        elif event.action:
            await press(self._desk, state, event)
        else:
            shared = await index_shared(self._desk, state, event)
            async with asyncio.TaskGroup() as group:
                for one in shared:
                    group.create_task(follow(self._desk, event, one))
                if event.text or event.pictures or not (event.files or event.links):
                    for _, _, job in shared:
                        await job.until_usable()
                    await self._ask(state, event)

    async def _ask(self, state: AppState, event: Event) -> None:
        """Answer a message, of which two events may tell."""
        desk, key = self._desk, f"{event.team}/{event.channel}/{event.ts}"
        if not await desk.noted(desk.journal.claim, key, event):
            return
        if event.pictures:
            try:
                async with picture_of(desk, event.pictures[0]) as path:
                    await answer(desk, state, event, event.text or say("where"), like=path)
            except VideoError as error:
                why = without_paths(state.library, str(error))
                await desk.say(event, "answer", escaped(why))
        elif event.text:
            await answer(desk, state, event, event.text)
        else:
            await desk.say(event, "answer", say("hello"))

    async def _suggest(self, state: AppState, event: Event) -> None:
        """Suggest questions that the videos of this conversation answer."""
        if found := await asyncio.to_thread(_suggested, state):
            await self._desk.poster.suggest(event, found)


def _suggested(state: AppState) -> list[str]:
    toolbox, found = state.agent.toolbox, dict[str, None]()
    for entry in state.library.catalog.entries(LOOKED_AT):
        asked = partial(suggestions, toolbox, entry.id)
        found |= dict.fromkeys(state.library.cached(entry.id, "suggestions", asked))
        if len(found) >= SUGGESTED:
            break
    return list(found)[:SUGGESTED]
