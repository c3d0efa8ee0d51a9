"""Reader of what Slack sends: events, and None for all that is not for the bot."""

import re
from collections.abc import Mapping
from typing import Any, cast

from ui.slack_bot.journal import Event, File
from ui.slack_bot.words import entities_back, plain

_ID = re.compile(r"[A-Z0-9]{1,24}")
_TS = re.compile(r"\d{1,12}\.\d{1,9}")
_LINK = re.compile(r"<(https?://[^>|\s]+)(?:\|https?://[^>]*)?>")
"""An address that was written out; Slack makes links of bare names, too, which are words."""
_SUBTYPES = (None, "file_share", "thread_broadcast")
"""Messages of people; the others tell of changes, or come from programs."""
_UNKNOWN = "0.0"
"""Id of the message of an event that is about none."""
MEDIA, PICTURES = ("video/", "audio/"), ("image/",)
FILES = 10
"""Files, and links, of one message, at most."""
ACTIONS = ("more", "closer", "clip", "summary", "helpful", "not_helpful")
"""Buttons of an answer, in the order in which they stand."""
DECISIONS = ("make", "not_now")
"""Buttons of a video that is proposed."""


def read(body: Mapping[str, Any]) -> Event | None:
    """Event of a request of Slack's; None for what is not for the bot."""
    try:
        event = _pressed(body) if body.get("type") == "block_actions" else _happened(body)
    except (AttributeError, IndexError, KeyError, TypeError):
        return None
    if event is None or not (_ID.fullmatch(event.team) and _ID.fullmatch(event.channel)):
        return None
    good = _TS.fullmatch(event.ts) and (not event.thread or _TS.fullmatch(event.thread))
    return event if good and 0 < len(event.id) <= 200 else None


def _happened(body: Mapping[str, Any]) -> Event | None:
    inner = cast(dict[str, Any], body["event"])
    match inner["type"]:
        case "app_mention" | "message":
            return _written(body, inner)
        case "agent_session_stopped":
            return _told(body, inner["channel"], inner["thread_ts"], "stop", inner["user"])
        case "app_home_opened" if inner.get("tab") == "messages":
            return _told(body, inner["channel"], "", "opened", inner["user"])
        case "assistant_thread_started":  # of an app that has no agent view yet
            opened = inner["assistant_thread"]
            ids = opened["channel_id"], opened["thread_ts"]
            return _told(body, *ids, "opened", opened["user_id"])
        case _:
            return None


def _told(body: Mapping[str, Any], channel: str, thread: str, action: str, user: str) -> Event:
    return Event(
        id=str(body["event_id"]), team=str(body["team_id"]), channel=str(channel), ts=_UNKNOWN,
        thread=str(thread), addressed=True, action=action, user=str(user),
    )  # fmt: skip


def _written(body: Mapping[str, Any], inner: Mapping[str, Any]) -> Event | None:
    if inner.get("subtype") not in _SUBTYPES:
        return None
    if inner.get("bot_id") or inner.get("hidden") or not inner.get("user"):
        return None
    text, ts = str(inner.get("text") or ""), str(inner["ts"])
    direct = inner.get("channel_type") == "im"
    bots = [str(one["user_id"]) for one in body.get("authorizations") or () if one.get("is_bot")]
    mentioned = inner["type"] == "app_mention" or any(f"<@{bot}>" in text for bot in bots)
    links = dict.fromkeys(entities_back(one) for one in _LINK.findall(text))
    team = str(body["team_id"])
    return Event(
        id=str(body["event_id"]), team=team, channel=str(inner["channel"]), ts=ts,
        thread=str(inner.get("thread_ts") or ts), text=plain(_LINK.sub(" ", text)),
        addressed=direct or mentioned, files=_files(inner, MEDIA),
        pictures=_files(inner, PICTURES), links=tuple(links)[:FILES], user=str(inner["user"]),
        user_team=str(inner.get("user_team") or inner.get("team") or team),
    )  # fmt: skip


def _files(inner: Mapping[str, Any], kinds: tuple[str, ...]) -> tuple[File, ...]:
    """Files of a message that are of some kinds."""
    files = [
        File(
            str(one["id"])[:24], str(one.get("name") or "video")[:200],
            str(one.get("url_private_download") or one.get("url_private") or "")[:2000],
            "external" if one.get("is_external") else str(one.get("mode") or "hosted")[:24],
        )
        for one in inner.get("files") or ()
        if str(one.get("mimetype") or "").startswith(kinds)
    ]  # fmt: skip
    return tuple(files[:FILES])


def _pressed(body: Mapping[str, Any]) -> Event | None:
    action, message = body["actions"][0], body["message"]
    known = action["action_id"] in ACTIONS + DECISIONS
    if not (known and re.fullmatch(r"\d{1,6}", str(action["value"]))):
        return None
    return Event(
        id=f"{body['user']['id']}/{action['action_ts']}/{action['action_id']}",
        team=str(body["team"]["id"]), channel=str(body["channel"]["id"]), ts=str(message["ts"]),
        thread=str(message.get("thread_ts") or ""), addressed=True,
        action=str(action["action_id"]), value=str(action["value"]), user=str(body["user"]["id"]),
        user_team=str(body["user"].get("team_id") or body["team"]["id"]),
    )  # fmt: skip
