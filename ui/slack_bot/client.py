"""Slack's Web API: one client, whose refusals end as one line in the log."""

import asyncio
import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from agent.settings import Settings
from ui.slack_bot.files import HOST

_log = logging.getLogger(__name__)
_MUTE = logging.getLogger("cuepoint.slack.sdk")
_MUTE.setLevel(logging.CRITICAL + 1)
RATE_TRIES = 5
"""Times that a call is repeated after the time that Slack asks to wait."""
CALLS = 16
"""Calls at the same time: who is told to wait makes the others wait, too."""
UPLOAD = aiohttp.ClientTimeout(total=None, connect=30, sock_read=60)
"""Seconds for a file: a clip may be large."""
INVALID = {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
"""Refusals of the token itself: what is true of one call is of the others."""


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


class Api:
    """Calls of methods, and uploads to the addresses that one of them gives."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client, self._refused = client, False
        self._free = asyncio.Semaphore(CALLS)

    async def call(
        self,
        method: str,
        values: Mapping[str, object],
        quiet: Collection[str] = (),
        loud: bool = True,
    ) -> dict[str, Any]:
        """Call a method; `ok` says whether it was done, `error` why not.

        A refusal is a line in the log, but for those in `quiet` and where it is not `loud`; that of
        the token is one in all, until a call is taken again. Empty texts are left out.
        """
        told = {name: value for name, value in values.items() if value != ""}
        form = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in told.items()}
        try:
            async with self._free:
                reply = await self._client.api_call(method, data=form)
            self._refused = False
            return {"ok": True, **reply.data} if isinstance(reply.data, dict) else {"ok": True}
        except SlackApiError as error:
            why = str(error.response.get("error", error.response.status_code))
        except (aiohttp.ClientError, OSError) as error:
            why = type(error).__name__
        if loud and why not in quiet and not (why in INVALID and self._refused):
            _log.warning("slack: %s: %s", method, why)
        self._refused |= loud and why in INVALID
        return {"ok": False, "error": why}

    async def upload(self, url: str, content: bytes | Path) -> bool:
        """Send a file to an address of Slack's; no token goes along."""
        parts, api = urlsplit(url), urlsplit(self._client.base_url)
        ours = (parts.scheme, parts.netloc)
        if ours not in (("https", HOST), (api.scheme, api.netloc)):
            _log.warning("slack: files are not sent to a foreign address")
            return False
        data = content if isinstance(content, bytes) else content.open("rb")
        try:
            async with (
                aiohttp.ClientSession(timeout=UPLOAD) as session,
                session.post(url, data=data, allow_redirects=False) as reply,
            ):
                return reply.status == 200
        except (aiohttp.ClientError, OSError) as error:
            _log.warning("slack: a file was not sent: %s", type(error).__name__)
            return False
        finally:
            if not isinstance(data, bytes):
                data.close()
