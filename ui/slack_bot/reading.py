"""Reader of what Slack sends: events, and None for all that is not for the bot."""

import re
from collections.abc import Mapping
from typing import Any, cast

from ui.slack_bot.journal import Event, File
from ui.slack_bot.words import plain

_ID = re.compile(r"[A-Z0-9]{1,24}")
_TS = re.compile(r"\d{1,12}\.\d{1,9}")
_SUBTYPES = (None, "file_share", "thread_broadcast")
"""Messages of people; the others tell of changes, or come from programs."""
MEDIA = ("video/", "audio/")
FILES = 10
"""Files of one message, at most."""
ACTIONS = ("more", "helpful", "not_helpful")


def read(body: Mapping[str, Any]) -> Event | None:
    """Event of a request of Slack's; None for what is not for the bot."""
    try:
        event = _pressed(body) if body.get("type") == "block_actions" else _written(body)
    except (AttributeError, IndexError, KeyError, TypeError):
        return None
    if event is None or not (_ID.fullmatch(event.team) and _ID.fullmatch(event.channel)):
        return None
    good = _TS.fullmatch(event.ts) and (not event.thread or _TS.fullmatch(event.thread))
    return event if good and 0 < len(event.id) <= 200 else None


def _written(body: Mapping[str, Any]) -> Event | None:
    inner = cast(dict[str, Any], body["event"])
    if inner["type"] not in ("app_mention", "message") or inner.get("subtype") not in _SUBTYPES:
        return None
    if inner.get("bot_id") or inner.get("hidden") or not inner.get("user"):
        return None
    text, ts = str(inner.get("text") or ""), str(inner["ts"])
    direct = inner.get("channel_type") == "im"
    bots = [str(one["user_id"]) for one in body.get("authorizations") or () if one.get("is_bot")]
    mentioned = inner["type"] == "app_mention" or any(f"<@{bot}>" in text for bot in bots)
    files = [
        File(
            str(one["id"])[:24], str(one.get("name") or "video")[:200],
            str(one.get("url_private_download") or one.get("url_private") or "")[:2000],
            "external" if one.get("is_external") else str(one.get("mode") or "hosted")[:24],
        )
        for one in inner.get("files") or ()
        if str(one.get("mimetype") or "").startswith(MEDIA)
    ]  # fmt: skip
    return Event(
        id=str(body["event_id"]), team=str(body["team_id"]), channel=str(inner["channel"]), ts=ts,
        thread=str(inner.get("thread_ts") or ("" if direct else ts)), text=plain(text),
        addressed=direct or mentioned, files=tuple(files[:FILES]), user=str(inner["user"]),
    )  # fmt: skip


def _pressed(body: Mapping[str, Any]) -> Event | None:
    action, message = body["actions"][0], body["message"]
    if action["action_id"] not in ACTIONS or not re.fullmatch(r"\d{1,6}", str(action["value"])):
        return None
    return Event(
        id=f"{body['user']['id']}/{action['action_ts']}/{action['action_id']}",
        team=str(body["team"]["id"]), channel=str(body["channel"]["id"]), ts=str(message["ts"]),
        thread=str(message.get("thread_ts") or ""), addressed=True,
        action=str(action["action_id"]), value=str(action["value"]), user=str(body["user"]["id"]),
    )  # fmt: skip
