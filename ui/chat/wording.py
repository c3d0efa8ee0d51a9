"""Texts of `ui/languages` in the language of the browser that a chat is open in."""

from typing import Any

import chainlit as cl

from ui.texts import preferred, text


def say(key: str, **values: Any) -> str:
    """One text with its values, for this chat."""
    return text(preferred(getattr(cl.context.session, "language", None)), key, **values)
