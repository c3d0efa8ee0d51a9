"""Door for Slack: signed requests over HTTP, or Socket Mode, through Bolt into the bot."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from agent.settings import Settings
from ui.slack_bot.bot import Bot
from ui.slack_bot.client import Api, make_client, mute
from ui.slack_bot.desk import PAUSE, Desk
from ui.slack_bot.files import Connect, Files, connect
from ui.slack_bot.journal import Journal
from ui.slack_bot.poster import PICTURE_PAUSE, Poster
from ui.slack_bot.reading import read
from ui.web.body import bounded_body
from ui.web.workspaces import Workspaces

MOST_BYTES = 1 << 20
"""Bytes of a request."""


class Slack:
    """The Bolt app over a bot. Requests are acknowledged once they are on disk, not before.

    RefusedRequest where another process answers in Slack from this data folder.
    """

    def __init__(
        self,
        settings: Settings,
        workspaces: Workspaces,
        secret: bytes,
        connect: Connect = connect,
        pause: float = PAUSE,
        picture_pause: float = PICTURE_PAUSE,
    ) -> None:
        assert settings.slack_bot_token
        client = make_client(settings)
        poster, files = Poster(Api(client), picture_pause), Files(settings.slack_bot_token, connect)
        journal = Journal(settings.home / "slack.sqlite")
        self._desk = Desk(settings, secret, journal, poster, files, pause)
        self._workspaces = workspaces
        self._bot: Bot | None = None
        signing = settings.slack_signing_secret
        self._verifier = SignatureVerifier(signing.reveal()) if signing else None
        self.app = AsyncApp(
            client=client,
            signing_secret=signing.reveal() if signing else "unused in Socket Mode",
            before_authorize=self._take,
            logger=mute(),
        )
        self._handler = AsyncSlackRequestHandler(self.app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work through events until this ends; only once."""
        try:
            self._bot = Bot(self._desk, self._workspaces)
            async with self._bot.running():
                yield
        finally:
            self._bot = None
            await asyncio.to_thread(self._desk.close)

    def routes(self) -> list[Route]:
        """The route of events and buttons."""
        return [Route("/slack/events", self._receive, methods=["POST"])]

    async def _receive(self, request: Request) -> Response:
        try:
            body = await bounded_body(request, MOST_BYTES)
        except ClientDisconnect:
            return Response("it broke off", 400)
        if body is None:
            return Response("too large", 413)
        if not self._is_signed(body, request.headers):  # before anything reads the body
            return Response("this is not signed by Slack", 401)
        request._body = body  # pyright: ignore[reportPrivateUsage]
        return await self._handler.handle(request)

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        stamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if not (self._verifier and stamp.isascii() and stamp.isdigit() and len(stamp) < 20):
            return False
        try:
            return signature.isascii() and self._verifier.is_valid(body, stamp, signature)
        except UnicodeDecodeError:
            return False

    async def _take(self, body: dict[str, Any], next: Any) -> BoltResponse | None:
        """Keep what is for the bot, and acknowledge it; Bolt sees to the rest."""
        if body.get("type") not in ("event_callback", "block_actions"):
            return await next()
        if (event := read(body)) and self._bot:
            await self._bot.take(event)
        return BoltResponse(status=200, body="")


def open_slack(
    settings: Settings, workspaces: Workspaces, secret: bytes, **options: Any
) -> Slack | None:
    """Door over HTTP, with the options of Slack; None without a signing secret."""
    if settings.slack_signing_secret is None:
        return None
    return Slack(settings, workspaces, secret, **options)
