"""Sounds of stored videos, as evidence: how loud, and of what kind.

What made one is told where a caption or a sound model names it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from tools.audio.events import EVENT_KINDS, NEEDS_MODEL, names_of
from tools.audio.loudness import KINDS, describe_level, describe_sound, loudest, segments
from tools.errors import NotIndexed, ProviderUnavailable
from tools.media import Evidence, evidence_id, overlaps
from tools.store.evidence import of_caption
from tools.store.records import EVENTS, SOUNDS

if TYPE_CHECKING:
    from tools.files.rows import Rows
    from tools.store.store import Store

Sought = Literal["loudest", "outburst", "silence", "speech", "other", "music", "singing"]
OPEN = ("waiting", "running")
"""States of a stage whose result is still to come."""
PEAKS = 50
"""So many moments of one video, at most, that stand out."""
SHORTEST = 1.0
"""Seconds that a stretch of one kind lasts at least."""
LOUDEST = 30.0
"""dB above its surroundings from which on a moment scores 1."""


def find_sounds(
    store: Store,
    videos: Sequence[str],
    sought: Sought,
    start: float | None,
    end: float | None,
    limit: int,
) -> list[Evidence]:
    """The moments that stand out most, or the longest stretches of a kind, best first.

    A video without a sound track has none; NotIndexed where nothing is found so far and the sound
    of some is still to come; ProviderUnavailable for music and singing where no model heard any of
    the videos.
    """
    if sought in EVENT_KINDS:
        return _events(store, videos, sought, start, end, limit)
    found: list[tuple[str, float, float, float]] = []
    for video in videos:
        with suppress(NotIndexed):
            rows = store.signals(video, "sound")
            found += [
                (video, max(first, start or 0.0), last if end is None else min(last, end), score)
                for first, last, score in _scored(rows, sought)
                if last > (start or 0.0) and (end is None or first < end)
            ]
    late = [one.title for one in map(store.get, videos) if one.stages["sound"].state in OPEN]
    if late and not found:
        raise NotIndexed(f"nothing so far; the sound of {', '.join(late)} is not indexed yet")
    found.sort(key=lambda one: (-one[-1], one))
    return [of_sound(store, *one) for one in found[:limit]]


def heard_by_model(store: Store, video: str) -> bool:
    """True if a model told music and singing from the other sound of a video."""
    return store.get(video).stages["audio_events"].state == "done"


def _events(
    store: Store,
    videos: Sequence[str],
    kind: str,
    start: float | None,
    end: float | None,
    limit: int,
) -> list[Evidence]:
    """Stretches of music or singing, the longest first."""
    if videos and not any(heard_by_model(store, video) for video in videos):
        late = [one.title for one in map(store.get, videos) if one.stages["sound"].state in OPEN]
        if late:
            raise NotIndexed(f"nothing so far; the sound of {', '.join(late)} is not indexed yet")
        raise ProviderUnavailable(NEEDS_MODEL)
    found = [
        one
        for video in videos
        for one in store.words(video, EVENTS)
        if one.kind == kind and overlaps(one.start, one.end, start, end)
    ]
    found.sort(key=lambda one: (one.start - one.end, one.video, one.start))
    longest = max((one.end - one.start for one in found), default=1.0)
    return [
        of_sound(store, one.video, one.start, one.end, round((one.end - one.start) / longest, 4))
        for one in found[:limit]
    ]


def of_sound(store: Store, video: str, start: float, end: float, score: float = 0.0) -> Evidence:
    """A stretch of sound as evidence: what a caption names it, or how loud, and of what kind."""
    for named in store.past_words(video, SOUNDS):
        if evidence_id("sound", video, named.start, named.end) == evidence_id(
            "sound", video, start, end
        ):
            return of_caption(store, named, score)
    id, image = evidence_id("sound", video, start, end), store.image_at(video, start, end)
    rows = store.signals(video, "sound")
    if heard := [one for one in store.past_words(video, EVENTS) if one.id == id]:
        text = f"{names_of(heard)}, {describe_level(rows, start, end)}"
        facts = {"heard": {one.kind: one.confidence for one in heard}}
        source = heard[0].source
        return Evidence(id, video, start, end, "sound", text, image, score, source, facts=facts)
    text = describe_sound(rows, start, end)
    return Evidence(id, video, start, end, "sound", text, image, score, "sound")


def _scored(rows: Rows, sought: Sought) -> list[tuple[float, float, float]]:
    """Start, end and score from 0 to 1."""
    if sought in ("loudest", "outburst"):
        kinds = KINDS[1:] if sought == "loudest" else KINDS[2:]
        peaks = loudest(rows, kinds, PEAKS)
        return [(one.start, one.end, min(round(one.above / LOUDEST, 4), 1.0)) for one in peaks]
    alike = [o for o in segments(rows) if o.kind == sought and o.end - o.start >= SHORTEST]
    longest = max((one.end - one.start for one in alike), default=1.0)
    return [(one.start, one.end, round((one.end - one.start) / longest, 4)) for one in alike]
