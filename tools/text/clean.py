"""Text from outside, made safe to show: one line of visible characters, of bounded length."""

import os
import unicodedata

MAX_TEXT = 500
"""Characters of an utterance, at most."""
UNSEEN = {"Cc", "Cf", "Cs", "Co"}
"""Unicode categories of control, format, surrogate and private characters."""
CARRIERS = range(0xE0000, 0xE1000)
"""Tags and variation selectors that show nothing: whole sentences have been hidden in them."""
JOINERS = "\u200c\u200d"
"""Zero-width joiners that some scripts and emoji need."""


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """One line of visible text: no control, direction-override or other invisible characters.

    Composed (NFC), white space collapsed, at most `limit` characters with an ellipsis at a cut.
    """
    text = unicodedata.normalize("NFC", text[: limit * 4])
    visible = (c if c in JOINERS or _is_seen(c) else " " if c.isspace() else "" for c in text)
    text = " ".join("".join(visible).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _is_seen(c: str) -> bool:
    return unicodedata.category(c) not in UNSEEN and ord(c) not in CARRIERS


def clean_title(text: str) -> str:
    """A file's or a container's name as plain text of one line, 200 characters at most.

    Control characters become spaces; `untitled` where nothing is left.
    """
    # The system's encoding may know no accents: such a name comes in surrogates.
    text = os.fsencode(text).decode(errors="replace")
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(plain.split())[:200] or "untitled"
