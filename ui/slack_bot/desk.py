"""Desk of the bot: its parts, and its way to speak, once for each purpose of an event."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agent.settings import Settings
from tools.media import Evidence
from ui.slack_bot.blocks import Blocks
from ui.slack_bot.files import Files
from ui.slack_bot.journal import Event, Journal
from ui.slack_bot.poster import Poster
from ui.web.accounts.links import sign

AT_ONCE = 8
"""Questions that are answered at the same time; the others wait."""
PAUSE = 3.0
"""Seconds between two changes of the message that tells how far a video is."""
LINK_DAYS = 30
"""Days for which the link to a moment plays it."""
_NAMESPACE = uuid.UUID("6f2d1c52-2f0c-5c0e-9d62-0f8e8c6f1b0a")
_T = TypeVar("_T")


def owner_of(event: Event) -> str:
    """Library of the channel, or of the person in a direct message."""
    return f"slack-{event.team}-{event.channel}"


def conversation_of(event: Event) -> str:
    """Conversation of a thread."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([event.team, event.channel, event.thread])))


@dataclass
class Running:
    """An event that is being worked on."""

    asked: asyncio.Task[Any] | None = None
    """The question that is being answered."""
    stopped: bool = False
    is_shown: bool = False
    """True if Slack shows that the bot works on it."""

    def stop(self) -> None:
        """Drop the question, also one that is yet to be asked."""
        self.stopped = True
        if self.asked:
            self.asked.cancel()


@dataclass
class Desk:
    """Parts of the bot."""

    settings: Settings
    secret: bytes
    journal: Journal
    poster: Poster
    files: Files
    pause: float = PAUSE
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    running: dict[Event, Running] = field(default_factory=dict[Event, Running])
    _disk: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="slack-journal")
    )
    """A thread of the journal's own: the others may all be busy with answers."""

    async def noted(self, call: Callable[..., _T], *values: object) -> _T:
        """Call a method of the journal."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, call, *values)

    def close(self) -> None:
        """Close the journal, once what is being written is on disk."""
        self._disk.shutdown()
        self.journal.close()

    async def posted(self, event: Event, purpose: str) -> str:
        """Message that was posted for a purpose before the last stop; empty for none."""
        known = (await self.noted(self.journal.messages, event)).get(purpose, "")
        if known or not await self.noted(self.journal.is_again, event):
            return known
        return await self.poster.find(event, purpose)

    async def note(self, event: Event, purpose: str, ts: str) -> None:
        """Note what was posted for a purpose, so that a second try changes it."""
        await self.noted(self.journal.posted, event, purpose, ts)

    async def say(
        self, event: Event, purpose: str, text: str, blocks: Blocks | None = None, ts: str = ""
    ) -> str:
        """Post once for a purpose of an event, or change the message `ts`; its id, or empty."""
        before = ts or await self.posted(event, purpose)
        ts = await self.poster.put(event, before, text, blocks, purpose)
        if ts and ts != before:
            await self.note(event, purpose, ts)
        return ts

    def in_thread(self, event: Event) -> list[Running]:
        """Work that goes on in the thread of an event."""
        return [one for other, one in self.running.items() if other.place == event.place]

    def link(self, event: Event, evidence: Evidence) -> str | None:
        """Address of the page that plays evidence, signed; None where nobody could reach it."""
        if not self.settings.url:
            return None
        address = f"/v/{evidence.video}?t={evidence.start:.1f}"
        until = time.time() + LINK_DAYS * 86400
        return self.settings.url.rstrip("/") + sign(self.secret, address, until, owner_of(event))
