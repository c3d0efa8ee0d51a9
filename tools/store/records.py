"""File names and rows of a video's folder that several packages use."""

from collections.abc import Callable
from typing import Any

from tools.audio.events import AudioEvent
from tools.media import ScreenText, Sighting, Utterance

SUBTITLES, HEARD, READ = "speech.jsonl", "heard.jsonl", "screen.jsonl"
"""Files of words: from subtitles, from a speech recogniser, from the screen."""
PICTURES_READ = "screen_lines.jsonl"
"""File of the lines in each picture, kept while some are unread: a later run goes on from there."""
SIGNS, SOUNDS = "signs.jsonl", "sounds.jsonl"
"""What else subtitles hold: text that they put on the picture, and sounds that they name."""
SIGHTINGS, EVENTS = "sightings.jsonl", "audio_events.jsonl"
"""Files of the objects that were tracked, and of the music and singing that were heard."""
REGION_CHANGES = "region_changes"
"""File, without its ending, of the changes of small regions with their times."""


def frame_image(video: str, seconds: float) -> str:
    """Path of a frame's picture in the library; its name is the time in whole milliseconds."""
    return f"videos/{video}/frames/{round(seconds * 1000):09d}.jpg"


def seconds_of(image: str) -> float:
    """Time of a frame, in seconds, from the path of its picture."""
    return int(image.rpartition("/")[2].removesuffix(".jpg")) / 1000


def past_file(file: str) -> str:
    """Name of the file of words that were visible until better ones replaced them."""
    return file.replace(".", "_past.")


def row_builder(file: str) -> Callable[[dict[str, Any]], Any]:
    """Function that builds an utterance, a screen text, a sighting or an event from a row."""
    shown = {name for kind in (READ, SIGNS) for name in (kind, past_file(kind))}
    if file in (SIGHTINGS, past_file(SIGHTINGS)):
        return sighting
    if file in (EVENTS, past_file(EVENTS)):
        return lambda row: AudioEvent(**row)
    return screen_text if file in shown else lambda row: Utterance(**row)


def sighting(row: dict[str, Any]) -> Sighting:
    """Build a sighting from its row."""
    row["boxes"] = tuple((*box,) for box in row["boxes"])
    return Sighting(**row)


def screen_text(row: dict[str, Any]) -> ScreenText:
    """Build a screen text from its row."""
    row["box"] = tuple(row["box"])  # JSON knows lists only
    return ScreenText(**row)
