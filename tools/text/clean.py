"""Cleaning of text from outside: one line of visible characters, of bounded length."""

import os
import re
import unicodedata
from contextlib import suppress

MAX_TEXT = 500
"""Characters of an utterance, at most."""
INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
"""Unicode categories of control, format, surrogate and private characters."""
CARRIERS = re.compile("[\U000e0000-\U000e0fff]")
"""Tags and variation selectors that show nothing: whole sentences have been hidden in them."""
JOINERS = "\u200c\u200d"
"""Zero-width joiners, which some scripts and emoji need."""


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Clean a text to one visible line, without control, direction-override and similar characters.

    Composed (NFC), white space collapsed, at most `limit` characters with an ellipsis at a cut.
    """
    text = CARRIERS.sub("", unicodedata.normalize("NFC", text[: limit * 4]))
    hidden = {c for c in set(text) if unicodedata.category(c) in INVISIBLE} - set(JOINERS)
    text = " ".join("".join(c for c in text if c.isspace() or c not in hidden).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


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


def title_of(name: str) -> str:
    """Title made of a file name from outside: never a path, no direction marks, no ending."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    return clean_title(stem if dot and stem and len(ending) <= 5 else last)
