"""Words for what is being done while an answer is made, one phrase for each tool."""

from collections.abc import Mapping
from typing import Any

from ui.render import timestamp

_DOING = {
    "search": "Searching all that is said, written and seen",
    "search_transcript": "Searching what is said",
    "search_screen_text": "Reading what is written on screen",
    "search_frames": "Looking through the pictures",
    "find_similar": "Looking for pictures alike",
    "classify": "Comparing pictures",
    "find_sounds": "Listening",
    "find_words": "Counting words",
    "find_actions": "Looking for movement",
    "read_moment": "Looking at {start}",
    "read_passage": "Reading on from {start}",
    "look_at": "Looking at {seconds}",
    "look_closer": "Looking closer at {start}",
    "find_scenes": "Going through the scenes",
    "find_cuts": "Going through the cuts",
    "video_facts": "Looking at the file",
    "list_videos": "Going through the videos",
    "summarize_video": "Going through the whole video",
}


def doing(tool: str, arguments: Mapping[str, Any]) -> str:
    """Phrase for a call of a tool: "Looking closer at 0:42". Arguments are what a model wrote."""
    phrase = _DOING.get(tool, "Looking")
    times = {
        name: timestamp(int(value))
        for name, value in arguments.items()
        if isinstance(value, int | float) and 0 <= value < 1e9
    }
    try:
        return phrase.format(**times)
    except KeyError:
        return phrase.partition(" at {")[0].partition(" from {")[0]
