"""Slack's Web API: one client, whose faults end as one line in the log."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from agent.settings import Settings
from ui.slack_bot.blocks import FALLBACK, Blocks
from ui.slack_bot.files import HOST
from ui.slack_bot.journal import Event

_log = logging.getLogger(__name__)
_MUTE = logging.getLogger("cuepoint.slack.sdk")
_MUTE.setLevel(logging.CRITICAL + 1)
RATE_TRIES = 5
"""Times that a call is repeated after the time that Slack asks to wait."""
PICTURE_TRIES, PICTURE_PAUSE = 4, 1.5
"""Tries with pictures that Slack has just got and may not have read yet, and seconds between."""


def mute() -> logging.Logger:
    """Logger for Bolt and the SDK, which would write bodies of requests into the log."""
    return _MUTE


def make_client(settings: Settings) -> AsyncWebClient:
    """Client of the bot, which waits as long as Slack asks it to."""
    assert settings.slack_bot_token
    client = AsyncWebClient(
        settings.slack_bot_token.reveal(), base_url=settings.slack_api, logger=_MUTE
    )
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_TRIES))
    return client


class Poster:
    """Posts, changes and sends pictures."""

    def __init__(self, client: AsyncWebClient, pause: float = PICTURE_PAUSE) -> None:
        self._client, self._pause = client, pause

    async def post(self, event: Event, text: str, blocks: Blocks | None = None) -> str:
        """Post into the thread of an event; the id of the message, empty where Slack refuses."""
        reply = await self._call(
            "chat.postMessage", channel=event.channel, thread_ts=event.thread, blocks=blocks or [],
            text=text[:FALLBACK], parse="none", unfurl_links="false", unfurl_media="false",
        )  # fmt: skip
        return str(reply.get("ts", "")) if reply else ""

    async def change(self, event: Event, ts: str, text: str, blocks: Blocks | None = None) -> bool:
        """Change a message; without its pictures where Slack can't show them."""
        values: dict[str, Any] = {"channel": event.channel, "ts": ts, "text": text[:FALLBACK]}
        values |= {"parse": "none", "blocks": blocks or []}
        pictured = any(one["type"] == "image" for one in values["blocks"])
        for left in range(PICTURE_TRIES - 1 if pictured else 0, -1, -1):
            if pictured and not left:
                values["blocks"] = [one for one in values["blocks"] if one["type"] != "image"]
            quiet = "invalid_blocks" if pictured and left else ""
            reply = await self._call("chat.update", quiet, **values)
            if reply != {}:
                return reply is not None
            await asyncio.sleep(self._pause)
        return False

    async def private(self, event: Event, text: str) -> None:
        """Tell only the person who pressed a button."""
        await self._call(
            "chat.postEphemeral", channel=event.channel, thread_ts=event.thread, user=event.user,
            text=text[:FALLBACK],
        )  # fmt: skip

    async def send_pictures(
        self, pictures: Sequence[tuple[str, bytes, str]]
    ) -> list[dict[str, str]]:
        """Send JPEGs, each with a name and an alternative text.

        Files of Slack in the same order; none where one is refused.
        """
        files: list[dict[str, str]] = []
        for name, content, text in pictures:
            about = {"filename": name, "length": len(content), "alt_txt": text}
            given = await self._call("files.getUploadURLExternal", **about)
            if not given or not await self._upload(str(given["upload_url"]), content):
                return []
            files.append({"id": str(given["file_id"]), "title": name})
        if files and not await self._call("files.completeUploadExternal", files=files):
            return []
        return files

    async def _upload(self, url: str, content: bytes) -> bool:
        """Send a picture to an address of Slack's; no token goes along."""
        parts, api = urlsplit(url), urlsplit(self._client.base_url)
        ours = (parts.scheme, parts.netloc)
        if ours not in (("https", HOST), (api.scheme, api.netloc)):
            _log.warning("slack: pictures are not sent to a foreign address")
            return False
        timeout = aiohttp.ClientTimeout(total=60)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=content, allow_redirects=False) as reply,
            ):
                return reply.status == 200
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("slack: a picture was not sent: %s", type(error).__name__)
            return False

    async def _call(self, method: str, quiet: str = "", **values: Any) -> dict[str, Any] | None:
        """Call a method; None where it is refused, which is logged, {} for the refusal `quiet`."""
        try:
            told = {name: value for name, value in values.items() if value != ""}
            form = {k: json.dumps(v) if isinstance(v, list) else v for k, v in told.items()}
            reply = await self._client.api_call(method, data=form)
            return dict(reply.data) if isinstance(reply.data, dict) else {"ok": True}
        except SlackApiError as error:
            why = str(error.response.get("error", error.response.status_code))
            if why == quiet:
                return {}
            _log.warning("slack: %s: %s", method, why)
        except (aiohttp.ClientError, OSError) as error:
            _log.warning("slack: %s: %s", method, type(error).__name__)
        return None
