"""Timeline of a video: scenes, kept frames by reason, motion, sound and words."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotIndexed
from tools.library import Library
from tools.media import ScreenText, Utterance, Video
from tools.store.frames import skipped_frames
from tools.vision.sampling import STRATEGIES, describe_skipped
from ui.render import timestamp

BINS = 240
"""Columns of a curve."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
"""Seconds between two marks of the time."""
MARKS = 6
"""Marks of the time, at most."""
QUIET = -60.0
"""dB: the bottom of the curve of loudness."""
LATER = "not indexed yet"
LONGEST = 300
"""Characters, at most, of a text that asks for a timeline: its pattern takes long for long ones."""
_ASKED = re.compile(
    r"(?i)/?(?:(?:please )?(?:show|draw)(?: me)? )?(?:the |a )?timeline(?: of (.+?)[.? ]*|[.?! ]*)"
)
Interval = tuple[float, float]


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
        named == video.title.casefold() or (len(named) >= 4 and video.id.startswith(named))
        for video in library.list()
    )
    return match[1] if known else None


def timeline(library: Library, id: str) -> dict[str, Any]:
    """Properties of the timeline: times and heights are shares, 0 to 1. Reads files."""
    video = library.get(id)
    length = max(video.duration, 1e-3)
    speech, screen = _merged(library.utterances(id)), _merged(library.screen_text(id))
    scenes = [(scene.start, scene.end) for scene in library.scenes(id)]
    kept: dict[str, list[float]] = {}
    for frame in library.frames(id):
        kept.setdefault(re.sub(r"\W+\d+$", "", frame.reason), []).append(frame.seconds)
    sound = video.stages["sound"]
    heard = 1.0 if sound.state in ("done", "skipped") else min(sound.progress, 0.99)
    ready = {**library.coverage(id).ready, "sound": heard}
    state = {kind: "" if at == 1 else "so far" if at else LATER for kind, at in ready.items()}
    motion = _curve(library, video, "signals", lambda rows: rows["motion"])
    loudness = _curve(library, video, "sound", lambda rows: 1 - rows["loudness"] / QUIET)

    def lane(name: str, kind: str, **values: Any) -> dict[str, Any]:
        return {"name": name, **values, "state": state[kind]}

    def described(name: str, kind: str, text: str) -> str:
        return f"{name} {LATER}" if state[kind] == LATER else f"{text} {state[kind]}".rstrip()

    def total(spans: Iterable[Interval]) -> str:
        return timestamp(round(sum(end - start for start, end in spans)))

    count = sum(map(len, kept.values()))
    reasons = sorted(kept, key=lambda reason: -len(kept[reason]))
    by_reason = ", ".join(f"{len(kept[reason])} {reason}" for reason in reasons)
    parts = [
        described("scenes", "frames", f"{len(scenes)} scene{'s' * (len(scenes) != 1)}"),
        f"{count} kept frame{'s' * (count != 1)} ({by_reason or 'none'})",
        described("speech", "speech", f"speech for {total(speech)}"),
        described("text on screen", "screen", f"text on screen for {total(screen)}"),
    ]
    whole = timestamp(round(video.duration))
    used = video.stages["pass"].provider
    return {
        "lanes": [
            lane("Scenes", "frames", count=len(scenes), spans=_shares(scenes, length), cuts=True),
            *(
                {
                    "name": f"Kept: {why}",
                    "count": len(times),
                    "marks": [at / length for at in times],
                }
                for why, times in sorted(kept.items(), key=lambda row: row[1][0])
            ),
            lane("Motion", "frames", curve=motion),
            lane("Loudness", "sound", curve=loudness),
            lane("Speech", "speech", spans=_shares(speech, length)),
            lane("On-screen text", "screen", spans=_shares(screen, length)),
        ],
        "marks": [{"at": at / length, "time": timestamp(at)} for at in _marks(video.duration)],
        "skipped": describe_skipped(skipped_frames(library, id, used))
        if used in STRATEGIES
        else "",
        "alt": f"Timeline of {video.title}, {whole} long: {', '.join(parts)}.",
    }


def _merged(items: Iterable[Utterance | ScreenText]) -> list[Interval]:
    """Intervals in order; those that touch are one."""
    merged: list[Interval] = []
    for item in sorted(items, key=lambda item: item.start):
        if merged and item.start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], item.end)
        else:
            merged.append((item.start, item.end))
    return merged


def _shares(spans: Iterable[Interval], length: float) -> list[list[float]]:
    return [[round(min(at / length, 1.0), 5) for at in span] for span in spans]


def _curve(library: Library, video: Video, kind: str, heights: Callable[[Any], Any]) -> list[float]:
    """Highest value in each part of the time; where a part has no row of its own, the last."""
    rows: Any = ()
    with suppress(NotIndexed):
        rows = library.signals(video.id, kind)
    if not len(rows):
        return []
    edges = np.linspace(0, video.duration, BINS, False)
    first = np.clip(np.searchsorted(rows["seconds"], edges, "right") - 1, 0, len(rows) - 1)
    values: NDArray[np.float64] = np.maximum.reduceat(np.asarray(heights(rows), np.float64), first)
    return np.clip(values, 0, 1).round(3).tolist()


def _marks(duration: float) -> list[float]:
    step = next((step for step in STEPS if duration / step <= MARKS), duration / MARKS)
    return [float(at) for at in np.arange(0, duration, step) if at <= 0.95 * duration]
