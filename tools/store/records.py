"""On-disk names of a video's folder that several packages use, and rows of words."""

from collections.abc import Callable
from typing import Any

from tools.media import ScreenText, Utterance

SUBTITLES, HEARD, READ = "speech.jsonl", "heard.jsonl", "screen.jsonl"
"""From subtitles, from a recogniser, from the screen."""


def frame_image(video: str, seconds: float) -> str:
    """The path of a frame's picture in the library: its time in whole milliseconds."""
    return f"videos/{video}/frames/{round(seconds * 1000):09d}.jpg"


def seconds_of(image: str) -> float:
    """The time of a frame, in seconds, from the path of its picture."""
    return int(image.rpartition("/")[2].removesuffix(".jpg")) / 1000


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
