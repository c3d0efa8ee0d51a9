"""Check of the Slack app, for `cuepoint doctor`."""

from typing import Literal

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agent.settings import Settings
from ui.slack_bot.client import mute
from ui.slack_bot.manifest import SCOPES

TIMEOUT = 10
"""Seconds that Slack may take."""


def check_app(settings: Settings) -> tuple[Literal["ok", "problem"], str, str]:
    """State, detail and fix of the bot's token and scopes, and of the app's token for a socket."""
    token, socket = settings.slack_bot_token, settings.slack_app_token
    assert token
    client = WebClient(token.reveal(), base_url=settings.slack_api, timeout=TIMEOUT, logger=mute())
    name, fix = "token", "set CUEPOINT_SLACK_BOT_TOKEN anew"
    try:
        reply = client.auth_test()
        if socket:
            name, fix = "app token", "set CUEPOINT_SLACK_APP_TOKEN anew, with connections:write"
            client.apps_connections_open(app_token=socket.reveal())
    except SlackApiError as error:
        why = error.response.get("error", error.response.status_code)
        return "problem", f"Slack refuses the {name}: {why}", fix
    except OSError as error:
        return "problem", f"Slack is not reached: {type(error).__name__}", "check the network"
    headers = {str(name).lower(): value for name, value in (reply.headers or {}).items()}
    given = {one.strip() for one in str(headers.get("x-oauth-scopes", "")).split(",")}
    if lacks := [scope for scope in SCOPES if scope not in given]:
        fix = "give the app these scopes (`cuepoint slack --manifest`) and install it again"
        return "problem", f"the app lacks {', '.join(lacks)}", fix
    ways = [
        name
        for name, value in (
            ("events at /slack/events", settings.slack_signing_secret),
            ("`cuepoint slack`", settings.slack_app_token),
        )
        if value
    ]
    if not ways:
        fix = "set CUEPOINT_SLACK_SIGNING_SECRET or CUEPOINT_SLACK_APP_TOKEN"
        return "problem", "no event reaches Cuepoint", fix
    return "ok", f"{reply.get('team')}, by {' and '.join(ways)}", ""
