"""Socket Mode: events come over a WebSocket that this machine opens, so that none must reach it."""

import asyncio
import signal

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from agent.settings import Settings
from tools.errors import RefusedRequest
from ui.slack_bot.door import Slack
from ui.web.accounts.secret import load_secret
from ui.web.workspaces import Workspaces


def serve_sockets(settings: Settings) -> None:
    """Serve until a signal stops it; RefusedRequest without tokens, or with those Slack refuses."""
    if not (settings.slack_app_token and settings.slack_bot_token):
        raise RefusedRequest(
            "Socket Mode needs CUEPOINT_SLACK_APP_TOKEN and CUEPOINT_SLACK_BOT_TOKEN; "
            "`cuepoint slack --manifest` prints the app to make in Slack"
        )
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    workspaces = Workspaces(settings)
    try:
        secret = await asyncio.to_thread(load_secret, settings.home / "secret")
        await run(settings, Slack(settings, workspaces, secret), stop)
    finally:
        await workspaces.close()


async def run(settings: Settings, slack: Slack, stop: asyncio.Event) -> None:
    """Answer what comes over the socket until it is told to stop."""
    assert settings.slack_app_token
    token = settings.slack_app_token.reveal()
    try:  # the handler would try for ever
        await slack.app.client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        why = error.response.get("error", error.response.status_code)
        raise RefusedRequest(f"Slack refuses the app token: {why}") from None
    except OSError as error:
        raise RefusedRequest(f"Slack is not reached: {type(error).__name__}") from None
    handler = AsyncSocketModeHandler(slack.app, token)
    async with slack.running():
        try:
            await handler.connect_async()  # pyright: ignore[reportUnknownMemberType]
            await stop.wait()
        finally:
            await handler.close_async()  # pyright: ignore[reportUnknownMemberType]
