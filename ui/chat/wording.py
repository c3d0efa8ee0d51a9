"""Texts of `ui/languages` in the language of the browser that a chat is open in."""

from typing import Any

import chainlit as cl
from chainlit.context import ChainlitContextException

from ui.texts import DEFAULT, preferred, text


def say(key: str, **values: Any) -> str:
    """One text with its values, for this chat; in English outside of one."""
    return text(language(), key, **values)


def language() -> str:
    """Code of the language of this chat; English outside of one."""
    try:
        return preferred(getattr(cl.context.session, "language", None))
    except ChainlitContextException:
        return DEFAULT
