"""Chapters: where the talk or the picture changes its subject.

TextTiling (Hearst 1997) over the transcript: the lower the similarity of the speech before and
after a moment, by words and by embeddings, the likelier a new subject. A new heading on screen, a
visual change and a pause are evidence of it too. The best set of boundaries, for chapters of
useful lengths, is found by dynamic programming.
"""

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.media import Attributes, ScreenText, Utterance
from tools.search.text_ranking import standardised
from tools.store.store import Store
from tools.summary.sentences import Floats, utterance_vectors, word_vectors
from tools.text.tokens import stems, surface_forms

CHAPTERS, SHORT, LONG = 4, 15.0, 300.0
"""Usual number of chapters; and the usual length of one in seconds, at least and at most."""
SHORTEST = 0.2
"""Share of the usual length: shortest chapter."""
EVEN = 0.4
"""Standard deviations of novelty: cost of a chapter twice or half as long as usual."""
LEAST = 1.1
"""Standard deviations: novelty below which no chapter begins."""
WINDOW, NARROW, WIDE = 0.25, 30.0, 0.5
"""Share of the usual length that is compared before and after a moment; if that is less than
NARROW seconds, up to the share WIDE."""
CLOSE = 300
"""Most candidates in a chapter of usual length, however fast somebody speaks."""
NEAR = 6.0
"""Seconds between a new heading and the first sentence that belongs to it."""
HEADING, LARGER, VISUAL_CHANGE, PAUSE, CUE = 0.9, 4.0, 0.8, 0.25, 0.5
"""Standard deviations: weights of a new heading, of its size above the others, of a visual change,
of a pause and of a cue word."""
_OPENER = "alright finally first hello last let let's next now ok okay so thank welcome"
_CONTINUER = "although and because but he her his it its or she that their then they which who yeah"
_OPENERS, _CONTINUERS = frozenset(_OPENER.split()), frozenset(_CONTINUER.split())
"""First words that begin a subject, or continue one: cue phrases of Hirschberg, Litman 1993."""
LASTING = 0.25
"""Share of the video: a text that is on screen for longer is a footer and no heading."""
CLOSEST = 0.5
"""Seconds between the starts of two chapters of the file, at least."""
TALL, BRIEF = 0.045, 0.04
"""Least height of a heading as a share of the picture, and stay as a share of a chapter."""


def usual_length(duration: float) -> float:
    """Usual length of a chapter in seconds."""
    return min(max(duration / CHAPTERS, SHORT), LONG)


def own_chapters(store: Store, video: str) -> dict[tuple[float, float], str]:
    """Chapters that the file names, in order, without gaps; "" for one without a title.

    None where the file names only one, which parts nothing.
    """
    duration = store.get(video).duration
    titles: dict[float, str] = {}
    for start, title in sorted(store.file_chapters(video), key=lambda one: one[0]):
        at = start if start > CLOSEST else 0.0
        if at >= duration - CLOSEST or (titles and at - max(titles) < CLOSEST and at > 0):
            continue  # behind the end, or of another edition of the same chapters
        titles[at] = titles.get(at) or title
    if titles and 0.0 not in titles:
        titles = {0.0: "", **titles}
    spans = pairwise([*titles, duration])
    return dict(zip(spans, titles.values(), strict=True)) if len(titles) > 1 else {}


def find_chapters(store: Store, video: str) -> list[tuple[float, float]]:
    """The spans of the chapters, in order, without gaps; one where nothing changes.

    Those that the file names lead.
    """
    if own := own_chapters(store, video):
        return list(own)
    duration = store.get(video).duration
    usual = usual_length(duration)
    utterances = store.utterances(video)
    new = headings(store.screen_text(video), duration)
    starts = [part.start for part in (*store.scenes(video)[1:], *new)]
    times = _candidates(utterances, starts, usual, duration)
    if not times:
        return [(0.0, duration)]
    gain = np.zeros(len(times))
    if utterances:
        gain += _novelty(store, video, utterances, times, usual)
        gain += np.array([_opening(utterances, at) for at in times])
    gain += VISUAL_CHANGE * _visual_change(store.attributes(video), times, usual)
    gain += _heading_gain(new, times)
    edges = [0.0, *_boundaries(times, (gain - LEAST).tolist(), usual, duration), duration]
    return list(pairwise(edges))


def text_height(text: ScreenText) -> float:
    """Height of a text on screen as a share of the picture."""
    return text.box[3] - text.box[1]


def headings(texts: Sequence[ScreenText], duration: float) -> list[ScreenText]:
    """The largest text of each slide when it appears, without flashes and footers."""
    brief = BRIEF * usual_length(duration)
    candidates = [
        text
        for text in texts
        if brief <= text.end - text.start <= max(LASTING * duration, 2 * brief)
        and text_height(text) >= TALL
    ]
    candidates.sort(key=lambda text: text.start)
    chosen: list[ScreenText] = []
    shown: list[ScreenText] = []
    count = 0
    for at in sorted({text.start for text in candidates}):
        while count < len(candidates) and candidates[count].start <= at + 0.5:
            shown.append(candidates[count])
            count += 1
        shown = [text for text in shown if text.end > at + brief / 2]
        if not shown:
            continue
        top = max(shown, key=lambda text: (round(text_height(text), 2), -text.box[1]))
        if top.start >= at - 0.5 and not (chosen and chosen[-1].text == top.text):
            chosen.append(top)
    return chosen


def _candidates(
    utterances: Sequence[Utterance], changes: Sequence[float], usual: float, duration: float
) -> list[float]:
    """Possible boundaries: the starts of sentences, and visual changes during silence."""
    ended = sum(u.text.rstrip()[-1:] in ".!?" for u in utterances) > len(utterances) / 8
    begins = [
        later.start
        for before, later in pairwise(utterances)
        if not ended or before.text.rstrip()[-1:] in ".!?…" or later.start - before.end > 2.0
    ]
    spoken = sorted((utterance.start, utterance.end) for utterance in utterances)
    ends = [end for _, end in spoken]

    def alone(at: float) -> bool:
        before = bisect_right(spoken, (at, math.inf)) - 1
        quiet = before < 0 or max(ends[max(before - 3, 0) : before + 1]) <= at
        near = bisect_left(begins, at - NEAR)
        return quiet and not (near < len(begins) and begins[near] <= at + NEAR)

    margin, apart = SHORTEST * usual, usual / CLOSE
    times: list[float] = []
    for at in sorted({*begins, *filter(alone, changes)}):
        if margin <= at <= duration - margin and (not times or at - times[-1] >= apart):
            times.append(at)
    return times


def _windows(
    rows: Floats, seconds: Floats, times: Sequence[float], usual: float, gap: float = 0.0
) -> tuple[Floats, NDArray[np.int_], Floats, NDArray[np.int_]]:
    """Sum and number of the rows in a window before each time, and in one after it."""
    window = max(WINDOW * usual, min(NARROW, WIDE * usual))
    sums = np.vstack([np.zeros(rows.shape[1]), np.cumsum(rows, axis=0)])
    offsets = (-window, -gap, window)
    first, here, last = (np.searchsorted(seconds, np.array(times) + by) for by in offsets)
    return sums[here] - sums[first], here - first, sums[last] - sums[here], last - here


def _novelty(
    store: Store, video: str, utterances: Sequence[Utterance], times: Sequence[float], usual: float
) -> Floats:
    """Novelty of the speech after each time, in standard deviations."""
    words = [stems(utterance.text) for utterance in utterances]
    similarity = _similarity(word_vectors(words, 2), utterances, times, usual)
    vectors = utterance_vectors(store, video, utterances)
    if vectors is not None:
        lengths = np.array([[len(text)] for text in words], np.float64)
        centre = (vectors * lengths).sum(axis=0) / max(lengths.sum(), 1.0)
        similarity += _similarity((vectors - centre) * lengths, utterances, times, usual)
    return standardised(_depth(similarity, times, usual))


def _similarity(
    rows: Floats, utterances: Sequence[Utterance], times: Sequence[float], usual: float
) -> Floats:
    """Cosine of the sums over a window before and after each time."""
    middles = np.array([(utterance.start + utterance.end) / 2 for utterance in utterances])
    before, _, after, _ = _windows(rows, middles, times, usual)
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return (before * after).sum(axis=1) / np.maximum(lengths, 1e-9)


def _depth(similarity: Floats, times: Sequence[float], usual: float) -> NDArray[np.float64]:
    """Hearst's depth score: how far each similarity lies below the peaks on both sides of it."""
    depth = np.zeros(len(times))
    for here, at in enumerate(times):
        first, last = bisect_left(times, at - usual), bisect_right(times, at + usual)
        peaks = similarity[first : here + 1].max(), similarity[here:last].max()
        depth[here] = sum(peaks) - 2 * similarity[here]
    return depth


def _opening(utterances: Sequence[Utterance], at: float) -> float:
    """Gain of the pause before a sentence, up to two seconds, and of its first word."""
    here = bisect_left(utterances, at, key=lambda utterance: utterance.start)
    if not 0 < here < len(utterances):
        return 0.0
    pause = min(max(at - utterances[here - 1].end, 0.0) / 2, 1.0)
    word = (surface_forms(utterances[here].text) or [""])[0]
    return PAUSE * pause + CUE * ((word in _OPENERS) - (word in _CONTINUERS))


def _visual_change(frames: Sequence[Attributes], times: Sequence[float], usual: float) -> Any:
    """Difference of colours and brightness before and after each time, 0 to 2."""
    if not frames:
        return np.zeros(len(times))
    names = sorted({name for frame in frames for name in frame.colours})
    rows = [[*(f.colours.get(name, 0.0) for name in names), f.brightness] for f in frames]
    seconds = np.array([frame.seconds for frame in frames])
    before, count, after, later = _windows(np.array(rows), seconds, times, usual, 1e-3)
    means = before / np.maximum(count, 1)[:, None], after / np.maximum(later, 1)[:, None]
    change = np.abs(means[0] - means[1]).sum(axis=1)
    return np.where((count > 0) & (later > 0), np.minimum(change, 2.0), 0.0)


def _heading_gain(new: Sequence[ScreenText], times: Sequence[float]) -> Floats:
    """Gain of the new headings; each counts for the time that is nearest."""
    gain = np.zeros(len(times))
    usual = statistics.median(map(text_height, new)) if new else 0.0
    for heading in new:
        here = bisect_left(times, heading.start)
        near = [i for i in (here - 1, here) if 0 <= i < len(times)]
        best = min(near, key=lambda i: abs(times[i] - heading.start))
        if abs(times[best] - heading.start) <= NEAR:
            larger = min(max(text_height(heading) / usual - 1.15, 0.0), 1.0)
            gain[best] = max(gain[best], HEADING + LARGER * larger)
    return gain


def _boundaries(
    times: Sequence[float], gains: Sequence[float], usual: float, end: float
) -> list[float]:
    """The times with the highest sum of gains, less the costs of unusual lengths."""
    places = [0.0, *times, end]
    gain_at = [0.0, *gains, 0.0]
    most, back = [0.0] * len(places), [0] * len(places)
    for here in range(1, len(places)):
        options = range(bisect_left(places, places[here] - 6 * usual), here)
        scores = {i: most[i] - _length_cost(places[here] - places[i], usual) for i in options}
        scores = scores or {0: -_length_cost(places[here], usual)}
        back[here] = max(scores, key=scores.__getitem__)
        most[here] = scores[back[here]] + gain_at[here]
    chosen: list[float] = []
    here = back[-1]
    while here:
        chosen.append(places[here])
        here = back[here]
    return chosen[::-1]


def _length_cost(length: float, usual: float) -> float:
    if length < SHORTEST * usual:
        return math.inf
    return EVEN * math.log2(length / usual) ** 2
