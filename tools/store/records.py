"""The files that hold words: their names, and what their rows are."""

from collections.abc import Callable
from typing import Any

from tools.media import ScreenText, Utterance

SUBTITLES, HEARD, READ = "speech.jsonl", "heard.jsonl", "screen.jsonl"
"""From subtitles, from a recogniser, from the screen."""


def past(file: str) -> str:
    """Where words are kept that were visible until better ones replaced them."""
    return file.replace(".", "_past.")


def builder(file: str) -> Callable[[dict[str, Any]], Any]:
    """What makes an utterance or a text of a row of a file."""
    return screen_text if file in (READ, past(READ)) else _utterance


def screen_text(row: dict[str, Any]) -> ScreenText:
    """A text from its row."""
    row["box"] = tuple(row["box"])  # JSON knows lists only
    return ScreenText(**row)


def _utterance(row: dict[str, Any]) -> Utterance:
    return Utterance(**row)
