"""Texts of this door, and their form in Slack: escaped, without links or mentions of others."""

import functools
import re
import tomllib
from pathlib import Path

LINK = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//|[^\s:]*@)|\b(www)\.")
_BREAK = "\u2060"
"""A joiner of no width: what it stands in is no address."""


@functools.cache
def _texts() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))


def say(key: str, **values: object) -> str:
    """One text with its values, which are escaped."""
    return _texts()[key].format(**{name: escaped(str(value)) for name, value in values.items()})


def escaped(text: str) -> str:
    """Text of a person or a video for Slack: no mention, no link, no control characters."""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    text = LINK.sub(lambda m: f"{m[1]}:{_BREAK}" if m[1] else f"{m[2]}{_BREAK}.", text)
    return entities(text)


def entities(text: str) -> str:
    """Text with the three characters that Slack reads as its own written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Text of a message as it was written: Slack's characters back, its mentions away."""
    text = re.sub(r"<[@!#][^>]*>", " ", text)
    text = re.sub(r"<([^>|]+)(?:\|([^>]*))?>", lambda match: match[2] or match[1], text)
    return " ".join(entities_back(text).split())


def entities_back(text: str) -> str:
    """Text with the three characters that Slack writes out as they were."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
