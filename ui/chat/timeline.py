"""Requests for the timeline of a video, told from questions about one."""

import re

from tools.library import Library

LONGEST = 300
"""Characters, at most, of a text that asks for a timeline: its pattern takes long for long ones."""
_ASKED = re.compile(
    r"(?i)/?(?:(?:please )?(?:show|draw)(?: me)? )?(?:the |a )?timeline(?: of (.+?)[.? ]*|[.?! ]*)"
)


def timeline_asked(library: Library, text: str) -> str | None:
    """The video whose timeline a text asks for, empty for the one that questions go to.

    None where it asks for none: "the timeline of the war" is a question, unless a video is called
    "the war".
    """
    match = _ASKED.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or not match[1]:
        return match and ""
    named = match[1].casefold()
    known = any(
        named == title.casefold() or (len(named) >= 4 and id.startswith(named))
        for id, title in library.titles().items()
    )
    return match[1] if known else None
