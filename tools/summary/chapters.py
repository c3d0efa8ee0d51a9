"""Chapters: where the talk or the picture changes its subject.

TextTiling (Hearst 1997) over what is said: the less alike what stands before and after a moment,
by words and by vectors, the likelier a new subject. A new heading on screen, another look of the
picture and a pause speak for it too. The boundaries that are best together, at lengths that people
can use, are chosen by dynamic programming.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tools.search.text_ranking import standardised
from tools.summary.sentences import word_rows
from tools.text.tokens import stems, surface_forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tools.media import Attributes, ScreenText, Utterance
    from tools.store.store import Store

    Floats = NDArray[np.floating]

PARTS, SHORT, LONG = 4, 15.0, 300.0
"""A video has about so many chapters, each at least SHORT and at most about LONG seconds."""
SHORTEST = 0.2
"""Of the usual length, what a chapter has at least."""
EVEN = 0.4
"""What a chapter twice or half as long as usual costs, beside spreads of novelty."""
LEAST = 1.1
"""Novelty, in spreads, below which nothing new begins."""
WINDOW, NARROW, WIDE = 0.25, 30.0, 0.5
"""Of a usual chapter, what is compared before and after a moment; where that is less than so many
seconds, as much as a larger part of it."""
CLOSE = 300
"""Of a usual chapter, so many times at most are looked at, however fast somebody speaks."""
NEAR = 6.0
"""Seconds between a new heading and the first sentence that belongs to it."""
HEADING, LARGER, LOOK, PAUSE, CUE = 0.9, 4.0, 0.8, 0.25, 0.5
"""What a new heading, one larger than the others, another look, a pause and the word that a
sentence begins with say, in spreads."""
_OPENERS = "alright finally first hello last let let's next now ok okay so thank welcome"
_FOLLOWERS = "although and because but he her his it its or she that their then they which who yeah"
_BEGINS, _GOES_ON = frozenset(_OPENERS.split()), frozenset(_FOLLOWERS.split())
"""Words that begin a subject, or go on with one: the cue phrases of Hirschberg and Litman, 1993."""
LASTING = 0.25
"""Of the video, the share for which a text is on screen that is no heading but a footer."""
TALL, BRIEF = 0.045, 0.04
"""Of the picture, the height of a heading at least; and of a chapter's usual length, its stay."""


@dataclass(frozen=True)
class Heading:
    """The largest text on screen, from when it came; height is a share of the picture."""

    text: ScreenText
    height: float


def usual_length(duration: float) -> float:
    """Seconds of a chapter, more or less."""
    return min(max(duration / PARTS, SHORT), LONG)


def find_chapters(store: Store, video: str) -> list[tuple[float, float]]:
    """The spans of the chapters, in order, without gaps; one where nothing changes."""
    import numpy as np

    duration = store.get(video).duration
    usual = usual_length(duration)
    said = store.utterances(video)
    new = headings(store.screen_text(video), duration)
    starts = [scene.start for scene in store.scenes(video)[1:]] + [one.text.start for one in new]
    times = _candidates(said, starts, usual, duration)
    if not times:
        return [(0.0, duration)]
    gain = np.zeros(len(times))
    if said:
        gain += _novelty(store, video, said, times, usual)
        gain += np.array([_opening(said, at) for at in times])
    gain += LOOK * _other_look(store.attributes(video), times, usual)
    gain += _headed(new, times)
    edges = [0.0, *_best(times, (gain - LEAST).tolist(), usual, duration), duration]
    return list(pairwise(edges))


def headings(shown: Sequence[ScreenText], duration: float) -> list[Heading]:
    """The heading of each slide when it comes; none of what is gone at once or never."""
    brief = BRIEF * usual_length(duration)
    texts = [
        one
        for one in shown
        if brief <= one.end - one.start <= max(LASTING * duration, 2 * brief)
        and one.box[3] - one.box[1] >= TALL
    ]
    texts.sort(key=lambda one: one.start)
    found: list[Heading] = []
    there: list[ScreenText] = []
    come = 0
    for at in sorted({one.start for one in texts}):
        while come < len(texts) and texts[come].start <= at + 0.5:
            there.append(texts[come])
            come += 1
        there = [one for one in there if one.end > at + brief / 2]
        if not there:
            continue
        top = max(there, key=lambda one: (round(one.box[3] - one.box[1], 2), -one.box[1]))
        same = found and found[-1].text.text == top.text
        if not same and top.start >= at - 0.5:
            found.append(Heading(top, top.box[3] - top.box[1]))
    return found


def _candidates(
    said: Sequence[Utterance], changes: Sequence[float], usual: float, duration: float
) -> list[float]:
    """Where a chapter may begin: with a sentence, or where nobody speaks with a new picture."""
    ended = sum(one.text.rstrip()[-1:] in ".!?" for one in said) > len(said) / 8
    begins = [
        later.start
        for one, later in pairwise(said)
        if not ended or one.text.rstrip()[-1:] in ".!?…" or later.start - one.end > 2.0
    ]
    spoken = sorted((one.start, one.end) for one in said)
    ends = [end for _, end in spoken]

    def alone(at: float) -> bool:
        before = bisect_right(spoken, (at, math.inf)) - 1
        quiet = before < 0 or max(ends[max(before - 3, 0) : before + 1]) <= at
        near = bisect_left(begins, at - NEAR)
        return quiet and not (near < len(begins) and begins[near] <= at + NEAR)

    margin, apart = SHORTEST * usual, usual / CLOSE
    found: list[float] = []
    for at in sorted({*begins, *(at for at in changes if alone(at))}):
        if margin <= at <= duration - margin and (not found or at - found[-1] >= apart):
            found.append(at)
    return found


def _novelty(
    store: Store, video: str, said: Sequence[Utterance], times: Sequence[float], usual: float
) -> Floats:
    """How little alike what is said before and after each time is, in spreads."""
    import numpy as np

    words = [stems(one.text) for one in said]
    alike = _alike(word_rows(words, 2), said, times, usual)
    if stored := store.vectors(video):
        rows = dict(zip(stored.ids, stored.array, strict=True))
        none = np.zeros(stored.array.shape[1])
        means = np.stack([rows.get(one.id, none) for one in said]).astype(np.float64)
        lengths = np.array([[len(text)] for text in words], np.float64)
        centre = (means * lengths).sum(axis=0) / max(lengths.sum(), 1.0)
        alike += _alike((means - centre) * lengths, said, times, usual)
    return standardised(np.asarray(_depth(alike, times, usual), np.float64))


def _alike(rows: Floats, said: Sequence[Utterance], times: Sequence[float], usual: float) -> Floats:
    """Cosine of the sums over a window before and after each time."""
    import numpy as np

    middles = np.array([(one.start + one.end) / 2 for one in said])
    sums = np.vstack([np.zeros(rows.shape[1]), np.cumsum(rows, axis=0)])
    at = np.array(times)
    first, here, last = (
        np.searchsorted(middles, at + off) for off in (-_window(usual), 0, _window(usual))
    )
    before, after = sums[here] - sums[first], sums[last] - sums[here]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return (before * after).sum(axis=1) / np.maximum(lengths, 1e-9)


def _window(usual: float) -> float:
    return max(WINDOW * usual, min(NARROW, WIDE * usual))


def _depth(alike: Floats, times: Sequence[float], usual: float) -> Floats:
    """How far each likeness lies below the highest on both sides of it: Hearst's depth score."""
    import numpy as np

    found = np.zeros(len(times))
    for here, at in enumerate(times):
        first, last = bisect_left(times, at - usual), bisect_right(times, at + usual)
        peaks = alike[first : here + 1].max(), alike[here:last].max()
        found[here] = sum(peaks) - 2 * alike[here]
    return found


def _opening(said: Sequence[Utterance], at: float) -> float:
    """What the silence before a sentence, up to two seconds, and its first word say."""
    here = bisect_left(said, at, key=lambda one: one.start)
    if not 0 < here < len(said):
        return 0.0
    silence = min(max(at - said[here - 1].end, 0.0) / 2, 1.0)
    word = (surface_forms(said[here].text) or [""])[0]
    return PAUSE * silence + CUE * ((word in _BEGINS) - (word in _GOES_ON))


def _other_look(looks: Sequence[Attributes], times: Sequence[float], usual: float) -> Floats:
    """How much the colours and the light differ before and after each time; at most 2."""
    import numpy as np

    found = np.zeros(len(times))
    if not looks:
        return found
    names = sorted({name for one in looks for name in one.colours})
    rows = np.array(
        [[*(one.colours.get(name, 0.0) for name in names), one.brightness] for one in looks]
    )
    seconds = np.array([one.seconds for one in looks])
    sums = np.vstack([np.zeros(rows.shape[1]), np.cumsum(rows, axis=0)])
    at = np.array(times)
    edges = (np.searchsorted(seconds, at + off) for off in (-_window(usual), -1e-3, _window(usual)))
    first, here, last = edges
    both = (here > first) & (last > here)
    before = (sums[here] - sums[first]) / np.maximum(here - first, 1)[:, None]
    after = (sums[last] - sums[here]) / np.maximum(last - here, 1)[:, None]
    found[both] = np.abs(before - after).sum(axis=1)[both]
    return np.minimum(found, 2.0)


def _headed(new: Sequence[Heading], times: Sequence[float]) -> Floats:
    """What new headings say for each time; the nearest time to each gets it."""
    import numpy as np

    found = np.zeros(len(times))
    if not new:
        return found
    usual = statistics.median(one.height for one in new)
    for one in new:
        here = bisect_left(times, one.text.start)
        near = [i for i in (here - 1, here) if 0 <= i < len(times)]
        best = min(near, key=lambda i: abs(times[i] - one.text.start))
        if abs(times[best] - one.text.start) <= NEAR:
            larger = min(max(one.height / usual - 1.15, 0.0), 1.0)
            found[best] = max(found[best], HEADING + LARGER * larger)
    return found


def _best(times: Sequence[float], gains: Sequence[float], usual: float, end: float) -> list[float]:
    """The times whose gains are most together, less what odd lengths cost."""
    places = [0.0, *times, end]
    worth = [0.0, *gains, 0.0]
    most, back = [0.0] * len(places), [0] * len(places)
    for here in range(1, len(places)):
        options = range(bisect_left(places, places[here] - 6 * usual), here)
        scores = {i: most[i] - _odd(places[here] - places[i], usual) for i in options}
        scores = scores or {0: -_odd(places[here], usual)}
        back[here] = max(scores, key=scores.__getitem__)
        most[here] = scores[back[here]] + worth[here]
    chosen: list[float] = []
    here = back[-1]
    while here:
        chosen.append(places[here])
        here = back[here]
    return chosen[::-1]


def _odd(length: float, usual: float) -> float:
    if length < SHORTEST * usual:
        return math.inf
    return EVEN * math.log2(length / usual) ** 2
