"""Messages, files, sessions and suggestions of the bot, by Slack's Web API."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ui.slack_bot.blocks import FALLBACK, Blocks
from ui.slack_bot.client import Api
from ui.slack_bot.journal import Event

PICTURE_TRIES, PICTURE_PAUSE = 4, 1.5
"""Tries with pictures that Slack has just got and may not have read yet, and seconds between."""
TITLE = 200
"""Characters of the title of a session, at most."""
MARK = "cuepoint"
"""Type of the metadata that says what a message is for."""
FIXED = {
    "cant_update_message", "edit_window_closed", "message_not_in_streaming_state",
    "streaming_state_conflict",
}  # fmt: skip
"""Refusals of a change that say: not this message. What it was to say goes into another one."""
Upload = tuple[str, bytes | Path, str]
"""Name of a file, its content or where that lies, and its alternative text."""


class Poster:
    """Posts, changes and sends, in the thread of an event."""

    def __init__(self, api: Api, pause: float = PICTURE_PAUSE) -> None:
        self.api, self._pause = api, pause

    async def put(
        self, event: Event, ts: str, text: str, blocks: Blocks | None = None, purpose: str = ""
    ) -> str:
        """Change a message, or post one into the thread; its id, empty where Slack refuses.

        Without its pictures where Slack can't show them; anew where it can't be changed any more.
        """
        values: dict[str, Any] = {"channel": event.channel, "text": text[:FALLBACK]}
        values |= {"parse": "none", "blocks": blocks or []}
        if ts:
            method, values["ts"] = "chat.update", ts
        else:
            method, values["thread_ts"] = "chat.postMessage", event.thread
            values |= {"unfurl_links": "false", "unfurl_media": "false"}
            values["metadata"] = _mark(event, purpose)
        pictured = any(one["type"] == "image" for one in values["blocks"])
        for left in range(PICTURE_TRIES - 1 if pictured else 0, -1, -1):
            if pictured and not left:
                values["blocks"] = [one for one in values["blocks"] if one["type"] != "image"]
            quiet = {"invalid_blocks"} if pictured and left else set[str]()
            reply = await self.api.call(method, values, quiet | (FIXED if ts else set()))
            if reply["ok"]:
                return str(reply.get("ts", ts))
            if ts and reply["error"] in FIXED:
                return await self.put(event, "", text, blocks, purpose)
            if reply["error"] not in quiet:
                break
            await asyncio.sleep(self._pause)
        return ""

    async def find(self, event: Event, purpose: str) -> str:
        """Message that was posted for an event, and was not noted any more; empty for none."""
        since = {"oldest": event.ts, "limit": "100", "include_all_metadata": "true"}
        where = {"channel": event.channel, "ts": event.thread}
        reply = await self.api.call("conversations.replies", where | since)
        for message in reply.get("messages", ()):
            if message.get("metadata") == _mark(event, purpose):
                return str(message["ts"])
        return ""

    async def private(self, event: Event, text: str) -> bool:
        """Tell only the person who pressed a button; False for who is not in its channel.

        Slack tells of nobody's membership without more scopes, but refuses this for others.
        """
        values = {"channel": event.channel, "thread_ts": event.thread, "user": event.user}
        values["text"] = text[:FALLBACK]
        reply = await self.api.call("chat.postEphemeral", values, {"user_not_in_channel"})
        return bool(reply["ok"])

    async def send(self, files: Sequence[Upload], **where: str) -> list[str]:
        """Send files, into a thread where one is named; their ids, none where one is refused."""
        given: list[dict[str, str]] = []
        for name, content, text in files:
            length = len(content) if isinstance(content, bytes) else content.stat().st_size
            about = {"filename": name, "length": length, "alt_txt": text}
            place = await self.api.call("files.getUploadURLExternal", about)
            if not place["ok"] or not await self.api.upload(str(place["upload_url"]), content):
                return []
            given.append({"id": str(place["file_id"]), "title": name})
        if not given:
            return []
        done = await self.api.call("files.completeUploadExternal", {"files": given, **where})
        return [one["id"] for one in given] if done["ok"] else []

    async def begin(self, event: Event, title: str) -> bool:
        """Show that the bot works, with a button that stops it; False where there is no agent view.

        The refusal is no line: a message shows it then.
        """
        about = {"title": title[:TITLE], "initiator_user_id": event.user}
        return await self._session(event, "setStatus", status="processing", **about)

    async def end(self, event: Event) -> None:
        """Show that the bot is done."""
        await self._session(event, "setStatus", status="active")

    async def rename(self, event: Event, title: str) -> None:
        """Name a session, which Slack may have begun before the bot could."""
        await self._session(event, "rename", title=title[:TITLE])

    async def _session(self, event: Event, method: str, **values: str) -> bool:
        where = {"channel_id": event.channel, "thread_ts": event.thread}
        reply = await self.api.call(f"agents.sessions.{method}", where | values, loud=False)
        return bool(reply["ok"])

    async def suggest(self, event: Event, questions: Sequence[str]) -> None:
        """Suggest questions where a conversation begins; in a thread of an app without agent view.

        With a thread Slack takes them for one of those, and shows nothing in an agent's view.
        """
        prompts = [{"title": one, "message": one} for one in questions]
        values = {"channel_id": event.channel, "thread_ts": event.thread, "prompts": prompts}
        await self.api.call("assistant.threads.setSuggestedPrompts", values)


def _mark(event: Event, purpose: str) -> dict[str, Any]:
    return {"event_type": MARK, "event_payload": {"event": event.id, "for": purpose}}
