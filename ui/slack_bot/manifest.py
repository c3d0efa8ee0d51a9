"""Manifest of the Slack app, with exactly what this door uses."""

from typing import Any

SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "chat:write", "files:read",
    "files:write", "groups:history", "im:history", "mpim:history",
)  # fmt: skip
EVENTS = (
    "agent_session_stopped", "app_home_opened", "app_mention", "message.channels",
    "message.groups", "message.im", "message.mpim",
)  # fmt: skip
ABOUT = "Ask videos: every answer shows the frames it rests on."


def manifest(url: str | None) -> dict[str, Any]:
    """Manifest as JSON; with the https address of a server for its events, else for Socket Mode."""
    events = f"{url.rstrip('/')}/slack/events" if url and url.startswith("https:") else ""
    request = {"request_url": events} if events else {}
    return {
        "display_information": {"name": "Cuepoint", "description": ABOUT},
        "features": {
            "agent_view": {"agent_description": ABOUT},
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Cuepoint", "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {**request, "is_enabled": True},
            "socket_mode_enabled": not events,
            "token_rotation_enabled": False,
        },
    }
