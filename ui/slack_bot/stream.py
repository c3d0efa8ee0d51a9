"""An answer while it is written: Slack's text stream, begun once there is text."""

from collections.abc import Awaitable, Callable

from ui.slack_bot.client import Api
from ui.slack_bot.journal import Event
from ui.slack_bot.words import escaped

PIECE = 256
"""Characters that are sent at once."""
MOST = 12_000
"""Characters of a stream; the whole answer takes its place at the end."""
ENDED = {"message_not_in_streaming_state", "message_not_found"}
"""Refusals of a stream that got no text for some minutes, or that a person stopped or deleted."""


class Stream:
    """One stream. Whatever ends it early ends nothing else: the answer follows as a whole."""

    def __init__(self, api: Api, event: Event, begun: Callable[[str], Awaitable[None]]) -> None:
        self._api, self._event, self._begun = api, event, begun
        self.ts = self._text = ""
        self._sent, self._open = 0, True

    async def feed(self, text: str) -> None:
        """Add text; it is sent in pieces, at the ends of words: half an address is a whole one."""
        self._text += text
        end = max(self._text.rfind(space) for space in " \n") + 1
        if self._open and end and (not self.ts or len(self._text) >= PIECE):
            piece, self._text = self._text[:end], self._text[end:]
            self._sent += len(piece)
            await self._send(escaped(piece))

    async def close(self) -> None:
        """End the stream, if it was begun."""
        if self.ts:
            await self._call("stop")

    async def _send(self, text: str) -> None:
        if self._sent > MOST:
            self._open = False
        elif self.ts:
            self._open = await self._call("append", markdown_text=text) is not None
        else:
            event = self._event
            reader = {"recipient_user_id": event.user, "recipient_team_id": event.user_team}
            place = {"thread_ts": event.thread, **reader}  # a channel wants to know for whom
            self.ts = await self._call("start", markdown_text=text, **place) or ""
            self._open = bool(self.ts)
            if self._open:
                await self._begun(self.ts)

    async def _call(self, verb: str, **values: str) -> str | None:
        """Id of the message; None where Slack refuses."""
        place = {"channel": self._event.channel, "ts": self.ts}
        reply = await self._api.call(f"chat.{verb}Stream", place | values, ENDED)
        return str(reply.get("ts", self.ts)) if reply["ok"] else None
