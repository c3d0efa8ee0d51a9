"""Highlights: the moments that stand out of their video, each with the reasons why.

Loud or emphatic sound, movement, fast cuts and new text on screen are scored second by second, each
by how far it is above the usual of this video; a highlight is where the sum is high.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.audio.loudness import Kind, loudest
from tools.errors import NotIndexed
from tools.media import Evidence
from tools.search.motion import of_movement
from tools.search.sound_search import of_sound
from tools.store.evidence import of_scene, of_words
from tools.store.store import Store
from tools.summary.chapters import text_height

AROUND = 5.0
"""Seconds over which simultaneous reasons are added up."""
FULL_DB = 20.0
"""dB above the surroundings from which on a sound counts in full."""
CUTS, LINES = 3, 6
"""Cuts within AROUND seconds, and new lines on screen within one second, that count in full."""
FULL_MOTION = 0.08
"""Share of the picture that changes between frames, above the usual, that counts in full."""
LEAST, WRITTEN = 0.55, 0.5
"""Least sum of the reasons, each at most 1; and most that new text counts, so that it can only add
to another reason."""
TEXT = "new text on screen"
APART, MOST = 15.0, 8
"""Least seconds between two highlights, and most highlights of a video."""
ONE_EVERY = 60.0
"""Seconds of a long video for each highlight; every video may have three."""
TELLING = 0.3
"""Least score of a reason that is named."""


@dataclass(frozen=True)
class Highlight:
    """A moment that stands out; evidence of the strongest reason first; score is above 0."""

    start: float
    end: float
    score: float
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, eq=False)
class _Saliency:
    """A reason with its score, 0 to 1, of each second; and what is cited for a span."""

    reason: str
    scores: NDArray[np.float64]
    evidence: Callable[[float, float], Evidence]


def find_highlights(store: Store, video: str) -> list[Highlight]:
    """The moments that stand out, by time; none where nothing does."""
    duration = store.get(video).duration
    seconds = max(int(duration), 1)
    reasons = [*_heard(store, video, seconds), *_seen(store, video, seconds)]
    none = np.zeros(seconds)
    total = np.sum([none, *(one.scores for one in reasons)], axis=0)
    strong = np.max([none, *(one.scores for one in reasons if one.reason != TEXT)], axis=0)
    apart = min(APART, max(duration / 8, 2.0))
    free = strong >= TELLING
    highlights: list[Highlight] = []
    while len(highlights) < min(MOST, max(3, duration / ONE_EVERY)):
        top = int(np.where(free, total, -np.inf).argmax())
        if not free[top] or total[top] < LEAST:
            break
        distance = np.abs(np.arange(seconds) - top)
        first, last = _run((distance <= AROUND) & (total >= total[top] / 2) & free, top)
        start, end = float(first), min(float(last), duration)
        free[distance <= apart] = False
        free[first : int(end + apart)] = False
        named = [one for one in reasons if one.scores[top] >= TELLING]
        named.sort(key=lambda one: -one.scores[top])
        evidence = distinct(one.evidence(start, end) for one in named)
        score = round(float(total[top]), 3)
        highlights.append(
            Highlight(start, end, score, tuple(one.reason for one in named), evidence)
        )
    return sorted(highlights, key=lambda highlight: highlight.start)


def distinct(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Evidence in its order, each id once."""
    return tuple({one.id: one for one in evidence}.values())


def _run(inside: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """The run of true seconds around one of them."""
    edges = [-1, *np.flatnonzero(~inside).tolist(), len(inside)]
    after = int(np.searchsorted(edges, at))
    return edges[after - 1] + 1, edges[after]


def _heard(store: Store, video: str, seconds: int) -> list[_Saliency]:
    """Speech and sounds that are louder than their surroundings; none without a sound index."""
    kinds: tuple[tuple[Kind, str], ...] = (("speech", "emphatic speech"), ("other", "loud sound"))
    reasons: list[_Saliency] = []
    with suppress(NotIndexed):
        rows = store.signals(video, "sound")
        for kind, reason in kinds:
            scores = np.zeros(seconds)
            for peak in loudest(rows, (kind,), count=5 * MOST):
                inside = slice(int(peak.start), max(int(peak.end), int(peak.start) + 1))
                scores[inside] = np.maximum(scores[inside], min(peak.above / FULL_DB, 1.0))
            reasons.append(_Saliency(reason, scores, lambda a, b: of_sound(store, video, a, b)))
    return reasons


def _seen(store: Store, video: str, seconds: int) -> list[_Saliency]:
    """Movement, cuts and new text on screen."""
    reasons: list[_Saliency] = []
    scenes, texts = store.scenes(video), store.screen_text(video)
    cuts = np.array([scene.start for scene in scenes[1:]])
    with suppress(NotIndexed):
        rows = store.signals(video)
        at = np.minimum(rows["seconds"].astype(np.int64), seconds - 1)
        cut = np.searchsorted(rows["seconds"], cuts - 1e-3)
        motion = rows["motion"].astype(np.float64)
        motion[cut[cut < len(motion)]] = 0.0
        mean = np.bincount(at, motion, seconds) / np.maximum(np.bincount(at, None, seconds), 1)
        scores = np.clip((mean - np.median(mean)) / FULL_MOTION, 0, 1)
        reasons.append(_Saliency("movement", scores, lambda a, b: of_movement(store, video, a, b)))
    if len(cuts):
        middles = np.arange(seconds) + 0.5
        first, last = (np.searchsorted(cuts, middles + by) for by in (-AROUND / 2, AROUND / 2))
        close = last - first
        scores = np.where(close > 1, np.minimum(close / CUTS, 1.0), 0.0)

        def scene(start: float, end: float) -> Evidence:
            numbered = enumerate(scenes[1:], 2)
            new = (n for n, scene in numbered if start - 1 <= scene.start < end + 1)
            return of_scene(store, scenes, next(new, len(scenes)))

        reasons.append(_Saliency("fast cuts", scores, scene))
    if texts:
        lines = np.bincount([min(int(text.start), seconds - 1) for text in texts], None, seconds)

        def largest(start: float, end: float) -> Evidence:
            near = [text for text in texts if start - 1 <= text.start < end + 1] or texts
            return of_words(store, max(near, key=text_height))

        reasons.append(_Saliency(TEXT, WRITTEN * np.minimum(lines / LINES, 1.0), largest))
    return reasons
