"""Timeline and transcript of a video, as data for the page that draws them."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotIndexed
from tools.library import Library
from tools.media import ScreenText, Utterance, Video, spread, timestamp
from tools.store.coverage import unseen
from tools.store.frames import skipped_frames
from tools.summary.titles import chapters
from tools.vision.sampling import STRATEGIES, describe_skipped
from ui.texts import DEFAULT, text

BINS = 240
"""Columns of a curve."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
"""Seconds between two marks of the time."""
MARKS = 6
"""Marks of the time, at most."""
QUIET = -60.0
"""dB: the bottom of the curve of loudness."""
PICTURES = 1500
"""Times of kept frames, at most, of which the nearest is shown at a place."""
LINES = 400
"""Lines of a transcript that are sent at once, at most."""
Interval = tuple[float, float]


def timeline(library: Library, id: str, language: str = DEFAULT) -> dict[str, Any]:
    """Properties of the timeline: times and heights are shares, 0 to 1. Reads files."""
    video, words = library.get(id), partial(text, language)
    length = max(video.duration, 1e-3)
    speech, screen = _merged(library.utterances(id)), _merged(library.screen_text(id))
    scenes = [(scene.start, scene.end) for scene in library.scenes(id)]
    kept: dict[str, list[float]] = {}
    for frame in library.frames(id):
        kept.setdefault(re.sub(r"\W+\d+$", "", frame.reason), []).append(frame.seconds)
    sound = video.stages["sound"]
    heard = 1.0 if sound.state in ("done", "skipped") else min(sound.progress, 0.99)
    ready = {**library.coverage(id).ready, "sound": heard}
    state = {
        kind: "" if at == 1 else words("timeline.so_far" if at else "timeline.later")
        for kind, at in ready.items()
    }
    motion = _curve(library, video, "signals", lambda rows: rows["motion"])
    loudness = _curve(library, video, "sound", lambda rows: 1 - rows["loudness"] / QUIET)

    def lane(key: str, kind: str, **values: Any) -> dict[str, Any]:
        return {**_named(key, language), **values, "state": state[kind]}

    def described(kind: str, key: str, **values: Any) -> str:
        if not ready[kind]:
            return words(f"timeline.no_{key}", later=words("timeline.later"))
        return f"{words(f'timeline.some_{key}', **values)} {state[kind]}".rstrip()

    def total(spans: Iterable[Interval]) -> str:
        return timestamp(round(sum(end - start for start, end in spans)))

    count = sum(map(len, kept.values()))
    reasons = sorted(kept, key=lambda reason: -len(kept[reason]))
    by_reason = ", ".join(f"{len(kept[reason])} {reason}" for reason in reasons)
    parts = [
        described("frames", "scenes", n=len(scenes)),
        words("timeline.kept", n=count, reasons=by_reason or words("timeline.no_reason")),
        described("speech", "speech", time=total(speech)),
        described("screen", "screen", time=total(screen)),
    ]
    whole = timestamp(round(video.duration))
    used = video.stages["pass"].provider
    return {
        "lanes": [
            lane("scenes", "frames", count=len(scenes), spans=_shares(scenes, length), cuts=True),
            *_chapters(library, id, length, language),
            lane("speech", "speech", spans=_shares(speech, length)),
            lane("screen", "screen", spans=_shares(screen, length)),
            lane("motion", "frames", curve=motion, more=True),
            lane("loudness", "sound", curve=loudness, more=True),
            *_unseen(library, id, length, language),
        ],
        "title": video.title,
        "duration": video.duration,
        "frames": [round(1000 * at) for at in spread(sorted(chain(*kept.values())), PICTURES)],
        "marks": [{"at": at / length, "time": timestamp(at)} for at in _marks(video.duration)],
        "skipped": describe_skipped(skipped_frames(library, id, used))
        if used in STRATEGIES
        else "",
        "alt": words("timeline.alt", title=video.title, length=whole, parts=", ".join(parts)),
    }


def _named(key: str, language: str) -> dict[str, str]:
    """Key of a lane and its name in a language."""
    return {"key": key, "name": text(language, f"timeline.{key}")}


def _chapters(library: Library, id: str, length: float, language: str) -> list[dict[str, Any]]:
    """Lane of the chapters, with their titles; none where the whole is one."""
    found = chapters(library, id)
    if len(found) < 2:
        return []
    spans = _shares([(one.start, one.end) for one in found], length)
    titles = [one.title for one in found]
    return [{**_named("chapters", language), "spans": spans, "titles": titles}]


def _unseen(library: Library, id: str, length: float, language: str) -> list[dict[str, Any]]:
    """Lane of what was not looked at; none where there is no gap."""
    spans = [(gap.start, gap.end) for gap in unseen(library, id)]
    return [{**_named("unseen", language), "spans": _shares(spans, length)}] if spans else []


def transcript(library: Library, id: str, start: float, end: float) -> dict[str, Any]:
    """Lines of speech that begin in a span, by time, and where to go on if there are more.

    LINES at most: `next` is the start of the first line that is left out. Texts are as they were
    said, whatever they hold: show them as text.
    """
    said = library.utterances(id)
    inside = [one for one in said if start <= one.start < end]
    rest = inside[LINES:]
    return {
        "lines": [
            {
                "start": round(one.start, 3),
                "end": round(one.end, 3),
                "time": timestamp(round(one.start)),
                "text": one.text,
                "speaker": one.speaker or "",
                "draft": one.source == "draft",
            }
            for one in inside[:LINES]
        ],
        "next": round(rest[0].start, 3) if rest else None,
        "earlier": bool(said) and said[0].start < start,
        "later": bool(said) and said[-1].start >= end,
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
