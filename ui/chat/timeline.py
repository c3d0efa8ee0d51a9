"""A video along its time: its scenes, kept frames by reason, motion, sound and words."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotIndexed
from tools.library import Library
from tools.media import Timed, Video
from tools.store.frames import skipped_frames
from tools.vision.sampling import STRATEGIES, describe_skipped
from ui.render import clock

BINS = 240
"""Columns of a curve."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
"""Seconds between two marks of the time."""
MARKS = 6
QUIET = -60.0
"""dB: the bottom of the curve of loudness."""
LATER = "not indexed yet"
SHORT = 300
"""Characters, at most, of a text that asks for a timeline: its pattern takes long for long ones."""
_ASKED = re.compile(
    r"(?i)/?(?:(?:please )?(?:show|draw)(?: me)? )?(?:the |a )?timeline(?: of (.+?)[.? ]*|[.?! ]*)"
)
Span = tuple[float, float]


def timeline_asked(library: Library, text: str) -> str | None:
    """The video whose timeline a text asks for, empty for the one that questions go to.

    None where it asks for none: "the timeline of the war" is a question, unless a video is called
    "the war".
    """
    match = _ASKED.fullmatch(text) if len(text) <= SHORT else None
    if match is None or not match[1]:
        return None if match is None else ""
    named = match[1].casefold()
    known = any(
        named == video.title.casefold() or (len(named) >= 4 and video.id.startswith(named))
        for video in library.list()
    )
    return match[1] if known else None


def timeline(library: Library, id: str) -> dict[str, Any]:
    """What the timeline shows: times and heights are shares, 0 to 1. Reads files."""
    video = library.get(id)
    speech = _joined(library.utterances(video.id))
    screen = _joined(library.screen_text(video.id))
    scenes = [(scene.start, scene.end) for scene in library.scenes(video.id)]
    kept: dict[str, list[float]] = {}
    for frame in library.frames(video.id):
        kept.setdefault(re.sub(r"\W+\d+$", "", frame.reason), []).append(frame.seconds)
    length = max(video.duration, 1e-3)
    sound = video.stages["sound"]
    heard = 1.0 if sound.state in ("done", "skipped") else min(sound.progress, 0.99)
    ready = {**library.coverage(video.id).ready, "sound": heard}
    so_far = {
        kind: "" if share == 1 else "so far" if share else LATER for kind, share in ready.items()
    }
    lanes = [
        {"name": "Scenes", "count": len(scenes), "spans": _shares(scenes, length), "cuts": True,
         "state": so_far["frames"]},
        *(
            {"name": f"Kept: {why}", "count": len(times), "marks": [at / length for at in times]}
            for why, times in sorted(kept.items(), key=lambda one: one[1][0])
        ),
        {"name": "Motion", "curve": _motion(library, video), "state": so_far["frames"]},
        {"name": "Loudness", "curve": _loudness(library, video), "state": so_far["sound"]},
        {"name": "Speech", "spans": _shares(speech, length), "state": so_far["speech"]},
        {"name": "On-screen text", "spans": _shares(screen, length), "state": so_far["screen"]},
    ]  # fmt: skip
    counts = Counter({why: len(times) for why, times in kept.items()})
    return {
        "lanes": lanes,
        "marks": [{"at": at / length, "time": clock(at)} for at in _marks(video.duration)],
        "skipped": _skipped(library, video),
        "alt": _alt(video, len(scenes), counts, speech, screen, so_far),
    }


def _alt(
    video: Video,
    scenes: int,
    kept: Counter[str],
    speech: Sequence[Span],
    screen: Sequence[Span],
    so_far: Mapping[str, str],
) -> str:
    """The picture in words, for who cannot see it."""
    why = ", ".join(f"{number} {reason}" for reason, number in kept.most_common())
    said, shown = (clock(round(sum(b - a for a, b in spans))) for spans in (speech, screen))
    parts = [
        _part("scenes", f"{scenes} scene{'s' * (scenes != 1)}", so_far["frames"]),
        f"{kept.total()} kept frame{'s' * (kept.total() != 1)} ({why or 'none'})",
        _part("speech", f"speech for {said}", so_far["speech"]),
        _part("text on screen", f"text on screen for {shown}", so_far["screen"]),
    ]
    return f"Timeline of {video.title}, {clock(round(video.duration))} long: {', '.join(parts)}."


def _part(name: str, told: str, state: str) -> str:
    return f"{name} {state}" if state == LATER else f"{told} {state}".rstrip()


def _skipped(library: Library, video: Video) -> str:
    name = video.stages["pass"].provider
    for strategy in STRATEGIES:
        if name == strategy:
            return describe_skipped(skipped_frames(library, video.id, strategy))
    return ""


def _joined(found: Iterable[Timed]) -> list[Span]:
    """Spans by time, those that touch as one."""
    spans: list[Span] = []
    for one in sorted(found, key=lambda one: one.start):
        if spans and one.start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], one.end)
        else:
            spans.append((one.start, one.end))
    return spans


def _shares(spans: Iterable[Span], length: float) -> list[list[float]]:
    return [[round(min(at / length, 1.0), 5) for at in span] for span in spans]


def _motion(library: Library, video: Video) -> list[float]:
    with suppress(NotIndexed):
        rows = library.signals(video.id)
        return _curve(rows["seconds"], rows["motion"], video.duration)
    return []


def _loudness(library: Library, video: Video) -> list[float]:
    with suppress(NotIndexed):
        rows = library.signals(video.id, "sound")
        return _curve(rows["seconds"], 1 - rows["loudness"] / QUIET, video.duration)
    return []


def _curve(seconds: Any, values: Any, duration: float) -> list[float]:
    """The highest value in each part of the time; where a part has none of its own, the last."""
    if not len(seconds):
        return []
    edges = np.linspace(0, duration, BINS, False)
    first = np.clip(np.searchsorted(seconds, edges, "right") - 1, 0, len(seconds) - 1)
    heights: NDArray[np.float64] = np.maximum.reduceat(np.asarray(values, np.float64), first)
    return np.clip(heights, 0, 1).round(3).tolist()


def _marks(duration: float) -> list[float]:
    step = next((one for one in STEPS if duration / one <= MARKS), duration / MARKS)
    return [float(at) for at in np.arange(0, duration, step) if at <= 0.95 * duration]
