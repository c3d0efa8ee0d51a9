"""Chapters as text: for a description on YouTube, for a player (WebVTT), for FFmpeg."""

import re
from collections.abc import Sequence

from tools.errors import RefusedRequest
from tools.library import Library
from tools.media import Chapter, Utterance
from tools.summary.titles import chapters
from tools.text.clean import clean
from tools.transcript.cues import to_vtt

FEWEST, BRIEFEST = 3, 10.0
"""YouTube shows chapters where there are so many, each of so many seconds at least."""
TITLE = 100
"""Characters of a title."""


def chapters_of(library: Library, video: str) -> list[Chapter]:
    """Chapters of a video; RefusedRequest where nothing parts it."""
    found = chapters(library, video)
    if len(found) < 2:
        title = library.get(video).title
        raise RefusedRequest(f"{title!r} has no chapters: nothing parts it")
    return found


def to_youtube(found: Sequence[Chapter]) -> str:
    """Lines of time and title as YouTube reads them; a brief chapter joins the one before it.

    RefusedRequest where too few are left for YouTube to take them.
    """
    kept: list[Chapter] = []
    for chapter in found:
        if not kept or chapter.start - kept[-1].start >= BRIEFEST:
            kept.append(chapter)
    if len(kept) > 1 and found[-1].end - kept[-1].start < BRIEFEST:
        kept.pop()
    if len(kept) < FEWEST:
        raise RefusedRequest(
            f"YouTube takes {FEWEST} chapters or more, each of {BRIEFEST:.0f} s or more, and there "
            f"are {len(kept)}: webvtt-chapters and ffmetadata take any"
        )
    hours = kept[-1].start >= 3600
    times = [0.0, *(chapter.start for chapter in kept[1:])]  # the first must be at zero
    lines = zip(times, kept, strict=True)
    return "".join(f"{_time(at, hours)} {_title(chapter)}\n" for at, chapter in lines)


def to_webvtt(found: Sequence[Chapter]) -> str:
    """WebVTT with a cue a chapter."""
    return to_vtt(Utterance(one.video, one.start, one.end, _title(one)) for one in found)


def to_ffmetadata(found: Sequence[Chapter]) -> str:
    """FFmpeg's metadata file: `ffmpeg -i VIDEO -i FILE -map_metadata 1 -codec copy NEW`."""
    parts = [";FFMETADATA1\n"]
    for one in found:
        title = re.sub(r"([=;#\\])", r"\\\1", _title(one))
        start, end = round(one.start * 1000), round(one.end * 1000)
        parts.append(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={title}\n")
    return "".join(parts)


def _title(chapter: Chapter) -> str:
    return clean(chapter.title, TITLE) or "…"


def _time(seconds: float, hours: bool) -> str:
    whole = int(seconds)
    minutes = f"{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 3600}:{minutes}" if hours else minutes
