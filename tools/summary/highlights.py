"""Highlights: the moments that stand out of their video, each with the reasons why.

Loud or emphatic sound, movement, fast cuts and new text on screen are counted second by second,
each in its own spreads above what is usual in this video; where they add up, something happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.audio.loudness import loudest
from tools.errors import NotIndexed
from tools.search.motion import of_movement
from tools.search.sound_search import of_sound
from tools.store.evidence import of_scene, of_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.audio.loudness import SoundKind
    from tools.media import Evidence
    from tools.store.store import Store

    Floats = NDArray[np.float64]

AROUND = 5.0
"""Seconds over which what happens at about the same time is added up."""
FULL_DB = 20.0
"""dB above what is around it from which on a sound counts in full."""
CUTS, LINES = 3, 6
"""Cuts within AROUND seconds, and new lines on screen within one, that count in full."""
MUCH = 0.08
"""Share of the picture that changes from frame to frame, above what is usual, that does."""
LEAST, WRITTEN = 0.55, 0.5
"""What the reasons must add up to, each at most 1, and what new text counts at most: it may only
add to another reason."""
TEXT = "new text on screen"
APART, MOST = 15.0, 8
"""Seconds between two highlights at least, and how many there are at most."""
ONE_EVERY = 60.0
"""A long video has one for so many seconds at most; every video may have three."""
TELLING = 0.3
"""From which part of the fullest on something is told as a reason."""


@dataclass(frozen=True)
class Highlight:
    """A moment that stands out; evidence of the strongest reason first; score is above 0."""

    start: float
    end: float
    score: float
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def find_highlights(store: Store, video: str) -> list[Highlight]:
    """The moments that stand out, by time; none where nothing does."""
    import numpy as np

    duration = store.get(video).duration
    seconds = max(int(duration), 1)
    signs = [*_heard(store, video, seconds), *_seen(store, video, seconds)]
    total = np.sum([np.zeros(seconds), *(sign.values for sign in signs)], axis=0)
    apart = min(APART, max(duration / 8, 2.0))
    strong = np.max([np.zeros(seconds), *(s.values for s in signs if s.reason != TEXT)], axis=0)
    free = strong >= TELLING
    found: list[Highlight] = []
    while len(found) < min(MOST, max(3, duration / ONE_EVERY)):
        top = int(np.where(free, total, -np.inf).argmax())
        if not free[top] or total[top] < LEAST:
            break
        near = np.abs(np.arange(len(total)) - top)
        first, last = _around((near <= AROUND) & (total >= total[top] / 2) & free, top, duration)
        free[near <= apart] = False
        free[int(first) : int(last + apart)] = False
        told = [sign for sign in signs if sign.values[top] >= TELLING]
        told.sort(key=lambda sign: -sign.values[top])
        found.append(
            Highlight(
                first,
                last,
                round(float(total[top]), 3),
                tuple(sign.reason for sign in told),
                distinct(sign.evidence(first, last) for sign in told),
            )
        )
    return sorted(found, key=lambda one: one.start)


def distinct(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Evidence in its order, each id once."""
    return tuple({one.id: one for one in found}.values())


def _around(inside: NDArray[np.bool_], top: int, duration: float) -> tuple[float, float]:
    """The seconds beside this one that are inside with it."""
    first, last = top, top + 1
    while first > 0 and inside[first - 1]:
        first -= 1
    while last < len(inside) and inside[last]:
        last += 1
    return float(first), min(float(last), duration)


@dataclass(frozen=True, eq=False)
class _Sign:
    """One thing that makes a second stand out: 0 to 1 for each, and what is cited for a span."""

    reason: str
    values: Floats
    evidence: Callable[[float, float], Evidence]


def _heard(store: Store, video: str, seconds: int) -> list[_Sign]:
    """What is louder than what is around it; nothing where the sound is not indexed."""
    import numpy as np

    found: list[_Sign] = []
    with suppress(NotIndexed):
        rows = store.signals(video, "sound")
        kinds: tuple[tuple[SoundKind, str], ...] = (
            ("speech", "emphatic speech"),
            ("other", "loud sound"),
        )
        for kind, reason in kinds:
            values = np.zeros(seconds)
            for peak in loudest(rows, (kind,), count=5 * MOST):
                inside = slice(int(peak.start), max(int(peak.end), int(peak.start) + 1))
                values[inside] = np.maximum(values[inside], min(peak.above / FULL_DB, 1.0))
            found.append(_Sign(reason, values, lambda a, b: of_sound(store, video, a, b)))
    return found


def _seen(store: Store, video: str, seconds: int) -> list[_Sign]:
    """Movement, cuts and new text on screen."""
    import numpy as np

    found: list[_Sign] = []
    scenes, shown = store.scenes(video), store.screen_text(video)
    cuts = np.array([scene.start for scene in scenes[1:]])
    with suppress(NotIndexed):
        rows = store.signals(video)
        at = np.minimum(rows["seconds"].astype(np.int64), seconds - 1)
        cut = np.searchsorted(rows["seconds"], cuts - 1e-3)
        motion = rows["motion"].astype(np.float64)
        motion[cut[cut < len(motion)]] = 0.0
        usual = np.bincount(at, motion, seconds) / np.maximum(np.bincount(at, None, seconds), 1)
        values = np.clip((usual - np.median(usual)) / MUCH, 0, 1)
        found.append(_Sign("movement", values, lambda a, b: of_movement(store, video, a, b)))
    if len(cuts):
        middles = np.arange(seconds) + 0.5
        first, last = (np.searchsorted(cuts, middles + off) for off in (-AROUND / 2, AROUND / 2))
        close = last - first
        values = np.where(close > 1, np.minimum(close / CUTS, 1.0), 0.0)

        def scene(start: float, end: float) -> Evidence:
            numbered = enumerate(scenes[1:], 2)
            new = (n for n, one in numbered if start - 1 <= one.start < end + 1)
            return of_scene(store, scenes, next(new, len(scenes)))

        found.append(_Sign("fast cuts", values, scene))
    if shown:
        lines = np.bincount([min(int(one.start), seconds - 1) for one in shown], None, seconds)

        def text(start: float, end: float) -> Evidence:
            near = [one for one in shown if start - 1 <= one.start < end + 1] or shown
            return of_words(store, max(near, key=lambda one: one.box[3] - one.box[1]))

        found.append(_Sign(TEXT, WRITTEN * np.minimum(lines / LINES, 1.0), text))
    return found
