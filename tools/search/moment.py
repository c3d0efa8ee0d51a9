"""Everything that is known of a moment, or of a stretch, of one video."""

from typing import TYPE_CHECKING

from tools import evidence as make
from tools.ingest.on_demand import at_moment
from tools.search.text_search import overlaps

if TYPE_CHECKING:
    from tools.library import Library
    from tools.media import Evidence

FRAMES = 6


def moment(library: "Library", video: str, start: float, end: float) -> "list[Evidence]":
    """What is said and shown in [start, end), by time, with at most FRAMES pictures."""
    said = [u for u in library.utterances(video) if overlaps(u.start, u.end, start, end)]
    shown = at_moment(library.screen_text(video), library.looks(video), start, end)
    found = [make.of_speech(one, library.image_at(video, one.start, one.end)) for one in said]
    found += [
        make.of_screen(one, library.image_at(video, max(one.start, start), one.end))
        for one in shown
    ]
    found += _frames(library, video, start, end)
    return sorted(found, key=lambda one: (one.start, one.end))


def _frames(library: "Library", video: str, start: float, end: float) -> "list[Evidence]":
    frames = [f for f in library.frames(video) if start <= f.seconds < end]
    if not frames:
        before = [f for f in library.frames(video) if f.seconds <= start]
        frames = before[-1:]
    step = max(len(frames) / FRAMES, 1.0)
    chosen = [frames[int(i * step)] for i in range(int(len(frames) / step))]
    return [library.evidence(one.id) for one in chosen]
