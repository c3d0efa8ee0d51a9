"""Cleaning of text from outside: one line of visible characters, of bounded length."""

import os
import unicodedata
from contextlib import suppress

MAX_TEXT = 500
"""Characters of an utterance, at most."""
INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
"""Unicode categories of control, format, surrogate and private characters."""
CARRIERS = range(0xE0000, 0xE1000)
"""Tags and variation selectors that show nothing: whole sentences have been hidden in them."""
JOINERS = "\u200c\u200d"
"""Zero-width joiners, which some scripts and emoji need."""


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Clean a text to one visible line, without control, direction-override and similar characters.

    Composed (NFC), white space collapsed, at most `limit` characters with an ellipsis at a cut.
    """
    text = unicodedata.normalize("NFC", text[: limit * 4])
    visible = (c if c in JOINERS or _is_visible(c) else " " if c.isspace() else "" for c in text)
    text = " ".join("".join(visible).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _is_visible(c: str) -> bool:
    return unicodedata.category(c) not in INVISIBLE and ord(c) not in CARRIERS


def word_set(text: str) -> frozenset[str]:
    """Words of a list that is written as running text."""
    return frozenset(text.split())


def without_controls(text: str) -> str:
    """Replace control, format, surrogate, private and unassigned characters by spaces."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)


def clean_title(text: str) -> str:
    """Clean a file's or a container's name: one line, 200 characters at most, or `untitled`."""
    with suppress(UnicodeEncodeError):  # a system that knows no accents gives them as surrogates
        text = os.fsencode(text).decode(errors="replace")
    return " ".join(without_controls(text).split())[:200] or "untitled"
