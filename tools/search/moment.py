"""Everything that is known of a moment, or of a stretch, of one video."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tools.media import overlaps
from tools.store.dense import at_moment
from tools.store.evidence import of_frame, of_words

if TYPE_CHECKING:
    from tools.media import Evidence, Frame
    from tools.store.store import Store

FRAMES = 6


def moment(store: Store, video: str, start: float, end: float) -> list[Evidence]:
    """What is said and shown in [start, end), by time, with at most FRAMES pictures."""
    said = [u for u in store.utterances(video) if overlaps(u.start, u.end, start, end)]
    shown = at_moment(store.screen_text(video), store.dense_samples(video), start, end)
    found = [of_words(store, one) for one in said]
    for one in shown:
        image = store.image_at(video, max(one.start, start), one.end)
        found.append(replace(of_words(store, one), image=image))
    found += [of_frame(store, one) for one in _frames(store, video, start, end)]
    return sorted(found, key=lambda one: (one.start, one.end))


def _frames(store: Store, video: str, start: float, end: float) -> list[Frame]:
    frames = [f for f in store.frames(video) if start <= f.seconds < end]
    if not frames:
        frames = [f for f in store.frames(video) if f.seconds <= start][-1:]
    step = max(len(frames) / FRAMES, 1.0)
    return [frames[int(i * step)] for i in range(int(len(frames) / step))]
