"""Which moments answer a question: words and vectors, fused, merged, cut off. Pure functions.

Speech is found by windows of a minute around each cue, because an answer's words are spread over
several, and cited by the cue inside whose own words fit best. On-screen text is found and
cited by its own span; its words may be misread or run together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from rapidfuzz.distance import Indel

from tools.embed.passages import ABOUT
from tools.media import ScreenText, Utterance
from tools.search.word_vectors import Lexicon
from tools.text.tokens import asked_words, stem, stems, surface_forms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed.passages import Nearness

    Floats = NDArray[np.float64]

WINDOW_SECONDS, WINDOW_SHARE = 55.0, 1 / 12  # at most so much, so much of the video
CITED_SECONDS = 20.0  # the same for where the cue to cite lies
APART_SECONDS = 30.0
RARITY = 1.5  # the power of a word's idf that it weighs
SPARE = 0.6  # what a word that questions are made of weighs beside the others
# What the cosine of the nearest cue weighs beside the words and the window's meaning, 1 each: a
# logistic regression over the questions about four talks gave about 0.7, 0.9 and 1.
NEAREST = 0.7
MEANS = 0.5
"""The same for the mean of the cues in 20 seconds."""
READ, BESIDE_READER = (0.0, 1.2, 0.6), 0.5
"""The same for passages of each width that a model has read, and for the words beside them."""
ENOUGH_WORDS, ENOUGH_MEANT, ENOUGH_COSINE = 0.15, 0.22, 0.45
"""What a window must reach: the share of the question's words, as held or as meant, or a cosine."""
ENOUGH_NEARER = 0.2
"""How much nearer than a usual one a passage is that a model has read and finds relevant."""
CUE_COSINE = 0.2  # what the cosine weighs in the choice of the cue inside a window

EXACT, MISSPELT = (1.0, 0.5), 0.7
"""How far a text holds a word: as it is or inside others on screen; in a form close to it."""
_ALIKE = str.maketrans("015i8", "olslb")  # what text recognition takes for one another
Words = TypeVar("Words", Utterance, ScreenText)


class Corpus(Generic[Words]):
    """Texts prepared for search: make it once, ask it often, from any thread.

    Speech is looked up in windows of cues. On-screen text is looked up span by span, and `noisy`:
    letters may be misread and spaces lost.
    """

    def __init__(self, items: Iterable[Words], *, noisy: bool = False) -> None:

        self.items = sorted(items, key=lambda one: (one.video, one.start, one.end))
        texts = [surface_forms(one.text) for one in self.items]
        found = [stems(one.text) for one in self.items]
        self._holders: dict[str, list[int]] = {}
        for place, text in enumerate(found):
            for word in dict.fromkeys(text):
                self._holders.setdefault(word, []).append(place)
        self._near: dict[str, list[str]] = {}
        self._raw = [" ".join(text) for text in texts] if noisy else []
        self.spans = self._windows(0.0 if noisy else WINDOW_SECONDS)
        self.close = self._windows(0.0 if noisy else CITED_SECONDS)
        self.joined = bool((self.spans[:, 1] - self.spans[:, 0] > 1).any())
        self.lexicon = Lexicon(texts, self.spans) if self.joined else None

    def _windows(self, seconds: float) -> NDArray[np.int64]:
        """Around the middle of each text those of its video that lie in so many seconds."""
        import numpy as np

        spans = [np.zeros((0, 2), np.int64)]
        first = 0
        for _, group in groupby(self.items, key=lambda one: one.video):
            times = np.array([(one.start, one.end) for one in group])
            starts, ends = times[:, 0], times[:, 1]
            own = first + np.arange(len(starts))
            half = min(seconds, (ends.max() - starts[0]) * WINDOW_SHARE) / 2
            middle = (starts + ends) / 2
            begin = first + np.searchsorted(starts, middle - half)
            finish = first + np.searchsorted(np.maximum.accumulate(ends), middle + half, "right")
            spans.append(np.stack([np.minimum(begin, own), np.maximum(finish, own + 1)], axis=1))
            first += len(starts)
        return np.concatenate(spans)

    def forms(self, word: str) -> list[str]:
        """The stems in these texts that stand for a word: its own, else those close to it."""
        own = stem(word)
        if own in self._holders:
            return [own]
        if own not in self._near:
            self._near[own] = [one for one in self._holders if _close(own, one, bool(self._raw))]
        return self._near[own]

    def holds(self, word: str) -> Floats:
        """How far each text holds a word: 1 as it is or in another form, less if misspelt."""
        import numpy as np

        whole, inside = EXACT
        row = np.zeros(len(self.items))
        for form in self.forms(word):
            row[self._holders[form]] = whole if form == stem(word) else MISSPELT
        for place, raw in enumerate(self._raw):
            if row[place] == 0 and _inside(word, raw):
                row[place] = inside
        return row

    def summed(self, values: Floats) -> Floats:
        """The sum over the texts of each window, by row."""
        import numpy as np

        total = np.insert(np.cumsum(values, axis=-1), 0, 0.0, axis=-1)
        return total[..., self.spans[:, 1]] - total[..., self.spans[:, 0]]

    def best(self, values: Floats) -> Floats:
        """The largest over the texts of each window, by row."""
        import numpy as np

        padded = np.append(values, values[..., :1], axis=-1)  # as a window may end with the texts
        return np.maximum.reduceat(padded, self.spans.ravel(), axis=-1)[..., ::2]


def _close(word: str, other: str, noisy: bool) -> bool:
    """Whether two stems are spellings or forms of one word, or one is misread."""
    if min(len(word), len(other)) < 5 or abs(len(word) - len(other)) > 3:
        return False
    if noisy:
        word, other = (one.translate(_ALIKE).replace("rn", "m") for one in (word, other))
    shorter, longer = sorted((word, other), key=len)
    if longer.startswith(shorter) and not shorter.endswith("i"):  # "hurri" is "hurry"
        return True
    alike = 0.82 if noisy else 0.86
    return (noisy or word[0] == other[0]) and Indel.normalized_similarity(word, other) >= alike


def _inside(word: str, text: str) -> bool:
    """Whether a word is in a text whose spaces may be lost or wrong; short ones are everywhere."""
    if len(word) >= 7 and word in text.replace(" ", ""):
        return True
    if len(word) >= 5 and (f" {word}" in f" {text}" or f"{word} " in f"{text} "):
        return True
    return len(word) >= 4 and any(word in one for one in text.split() if len(one) >= 12)


class Weighed(NamedTuple):
    """What a question says of each text and the window around it, one column per text."""

    fused: Floats
    """How well the window answers, beside the others; 0 is usual, 1 a standard deviation."""
    relevant: NDArray[np.bool_]
    fits: Floats
    """How well the text itself fits, among those of its window."""
    score: Floats


def weigh(
    question: str,
    corpus: Corpus[Words],
    cosines: Mapping[str, float] | None = None,
    nearness: Nearness | None = None,
) -> Weighed | None:
    """What a question says of each text; None where it asks for nothing, or there are no texts."""
    import numpy as np

    words, spare = asked_words(question)
    words, spare = (words, spare) if words else (spare, words)
    if not words or not corpus.items:
        return None
    every = [*words, *spare]
    exact = np.stack([corpus.holds(word) for word in every])
    alike = np.maximum(exact, corpus.lexicon.near(every)) if corpus.lexicon else exact
    rarity = _rarity(exact[: len(words)])
    share = rarity / rarity.sum() @ (corpus.best(exact[: len(words)]) > 0)
    weight = _rarity(alike) ** RARITY
    meant = weight[: len(words)] @ corpus.best(alike[: len(words)]) / weight[: len(words)].sum()
    weight[len(words) :] *= SPARE
    keywords = _keywords(corpus, alike, weight)
    cosines = cosines or {}
    least = min(cosines.values(), default=0.0)
    near = np.array([cosines.get(one.id, least) for one in corpus.items])
    nearest = corpus.best(near)
    relevant = (share >= ENOUGH_WORDS) | (meant >= ENOUGH_MEANT) | (nearest >= ENOUGH_COSINE)
    fused = NEAREST * standardised(nearest)
    if nearness and nearness.reader:  # knows what words mean in their place
        plain = _rarity(exact) ** RARITY
        plain[len(words) :] *= SPARE
        fused += BESIDE_READER * standardised(_keywords(corpus, exact, plain))
        for part, row in zip(READ, nearness.around, strict=True):
            fused += part * standardised(row)
        about = nearness.around[ABOUT]
        relevant |= about - np.median(about) >= ENOUGH_NEARER
    else:
        fused += standardised(keywords)
        if corpus.lexicon:
            fused += standardised(corpus.lexicon.around(surface_forms(question)))
        if nearness:
            fused += MEANS * standardised(nearness.around[ABOUT])
    cues = weight @ alike
    fits = cues / max(cues.max(), 1e-9) + CUE_COSINE * near
    score = 0.5 * share + 0.25 * keywords + 0.25 * np.clip(nearest, 0, 1)
    return Weighed(fused, relevant, fits, score)


def _keywords(corpus: Corpus[Any], rows: Floats, weight: Floats) -> Floats:
    """How much of the words' weight the window around each text holds, often counting less."""
    often = corpus.summed(rows)
    return weight @ (often / (often + 1)) / weight.sum()


def search(
    question: str,
    corpus: Corpus[Words],
    cosines: Mapping[str, float] | None = None,
    nearness: Nearness | None = None,
    *,
    limit: int = 6,
    start: float = -math.inf,
    end: float = math.inf,
) -> list[tuple[Words, float]]:
    """Texts that answer a question with scores, best first; rather none than an irrelevant one.

    cosines are those of the question and each text, by evidence id; a text not among them is as
    near as the least near of them.
    """
    import numpy as np

    if limit <= 0 or (weighed := weigh(question, corpus, cosines, nearness)) is None:
        return []
    order = np.argsort(-weighed.fused, kind="stable")
    cited = _cited(corpus, order[weighed.relevant[order]].tolist(), weighed.fits, start, end)
    hits: list[tuple[Words, float]] = []
    ceiling = 1.0
    for cue, window in list(cited.items())[:limit]:
        # Never above a better one, so that sorting by score keeps this order.
        ceiling = min(ceiling, round(float(weighed.score[window]), 4))
        hits.append((corpus.items[cue], ceiling))
    return hits


def _cited(
    corpus: Corpus[Any], order: list[int], fits: Floats, start: float, end: float
) -> dict[int, int]:
    """The text to cite for each window; those near one that is cited already come last."""
    first: dict[int, int] = {}
    later: dict[int, int] = {}
    for window in order:
        inside = [i for i in range(*corpus.close[window]) if _within(corpus.items[i], start, end)]
        if inside:
            best = max(inside, key=lambda i: fits[i])
            apart = all(_apart(corpus, best, other) for other in first)
            (first if apart else later).setdefault(best, window)
    return first | {cue: window for cue, window in later.items() if cue not in first}


def _apart(corpus: Corpus[Any], one: int, other: int) -> bool:
    """Whether two texts are about different moments; on screen each stands for itself."""
    if not corpus.joined or corpus.items[one].video != corpus.items[other].video:
        return True
    return abs(corpus.items[one].start - corpus.items[other].start) >= APART_SECONDS


def _rarity(rows: Floats) -> Floats:
    """The idf of words that texts hold so far; what is nowhere is as rare as can be."""
    import numpy as np

    texts = rows.sum(axis=1)
    return np.log(1 + (rows.shape[1] - texts + 0.5) / (texts + 0.5))


def standardised(scores: Floats) -> Floats:
    """Scores in standard deviations from their mean; zeros where all are equal."""
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > 1e-9 else scores * 0.0


def _within(one: Utterance | ScreenText, start: float, end: float) -> bool:
    return one.start < end and (one.end > start or one.start >= start)


def occurrences(
    phrase: Sequence[str], one: Utterance | ScreenText, forms: Sequence[str], own: int
) -> int:
    """How often a text holds a phrase (its words as they stand), in any form.

    `forms` are the stems of the text, `own` of them, and of the words after it: a phrase that
    begins in it may end there. On screen, where spaces may be lost, one inside other letters counts
    once.
    """
    wanted = [stem(word) for word in phrase]
    count = sum(list(forms[at : at + len(wanted)]) == wanted for at in range(own))
    if count or not isinstance(one, ScreenText):
        return count
    return int(_inside("".join(phrase), " ".join(surface_forms(one.text))))


def find_words(words: Iterable[str], items: Iterable[Words]) -> list[Words]:
    """Every text that holds all of the words or phrases, in any form, in the order of time.

    A phrase may begin in one cue and end in the next; then the first counts.
    """
    phrases = [phrase for phrase in map(surface_forms, words) if phrase]
    ordered = sorted(items, key=lambda one: (one.video, one.start, one.end))
    if not phrases:
        return []
    texts = [[stem(word) for word in surface_forms(one.text)] for one in ordered]
    found: list[Words] = []
    for place, (one, text) in enumerate(zip(ordered, texts, strict=True)):
        after: list[str] = []
        if place + 1 < len(ordered):
            follower = ordered[place + 1]
            if follower.video == one.video and -0.05 <= follower.start - one.end <= 2:
                after = texts[place + 1]
        raw = " ".join(surface_forms(one.text)) if isinstance(one, ScreenText) else ""
        if all(
            _holds(text + after[: len(phrase) - 1], [stem(word) for word in phrase])
            or _inside("".join(phrase), raw)
            for phrase in phrases
        ):
            found.append(one)
    return found


def _holds(text: list[str], phrase: list[str]) -> bool:
    return any(text[i : i + len(phrase)] == phrase for i in range(len(text) - len(phrase) + 1))
