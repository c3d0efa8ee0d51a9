"""Words for what is being done while an answer is made, one phrase for each tool."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tools.media import timestamp
from ui.chat.wording import say

TIMES = ("start", "seconds")
"""Arguments that a phrase may hold."""


def doing(tool: str, arguments: Mapping[str, Any]) -> str:
    """Phrase for a call of a tool: "Looking closer at 0:42". Arguments are what a model wrote."""
    given = {name: arguments.get(name) for name in TIMES}
    times = {
        name: timestamp(int(value))
        for name, value in given.items()
        if isinstance(value, int | float) and 0 <= value < 1e9
    }
    for key in (f"doing.{tool}", f"doing.without_time.{tool}"):
        with suppress(KeyError):  # not a tool of ours, or its time is missing
            return say(key, **times)
    return say("doing.any")
