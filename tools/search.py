"""Which moments answer a question: words and vectors, fused, merged, cut off. Pure functions.

Speech is found by windows of half a minute around each cue, because an answer's words are spread
over several, and cited by the cue inside whose own words fit best. On-screen text is found and
cited by its own span; its words may be misread or run together.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tools.media import ScreenText, Timed, Utterance
from tools.stemming import asked_words, content_words, has_number, stem, stems, surfaces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Vectors

    Floats = NDArray[np.float64]

WINDOW_SECONDS, WINDOW_SHARE = 45.0, 1 / 12  # for words: at most so much, so much of the video
MEANING_SECONDS = 20.0  # the same for the cosine, which a longer window blurs
APART_SECONDS = 30.0
KEYWORDS = 0.65  # the share of the keyword score in the fused one; the rest is cosine
ENOUGH_WORDS, ENOUGH_COSINE = 0.15, 0.45  # the share of the question's weight, or the cosine
NUMBER = 2.0  # what a number says where one is asked for, in idf
CUE_COSINE = 0.2  # what the cosine weighs in the choice of the cue inside a window

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|old|big|tall|high|deep|wide|fast|heavy|large|often)\b|"
    r"\b(?:what|which) (?:year|time|date|number|percentage|price)\b",
    re.IGNORECASE,
)
_ALIKE = str.maketrans("015i8", "olslb")  # what text recognition takes for one another
Words = TypeVar("Words", Utterance, ScreenText)


@dataclass(frozen=True)
class Hit:
    """One piece of evidence found. share is how much of the question's weight `words` carry."""

    id: str
    video: str
    start: float
    end: float
    text: str
    score: float
    words: tuple[str, ...] = ()
    share: float = 0.0


@dataclass(frozen=True)
class Moment:
    """Neighbouring hits as one span of time, the best hit first."""

    video: str
    start: float
    end: float
    score: float
    hits: tuple[Hit, ...]


class Corpus(Generic[Words]):
    """Texts prepared for search: make it once, ask it often, from any thread.

    Speech is looked up in windows of cues. On-screen text is looked up span by span, and `noisy`:
    letters may be misread and spaces lost. vectors are those of the texts, where there are any.
    """

    def __init__(
        self, items: Iterable[Words], vectors: Iterable[Vectors] = (), *, noisy: bool = False
    ) -> None:
        import numpy as np

        self.items = sorted(items, key=lambda one: (one.video, one.start, one.end))
        texts = [stems(one.text) for one in self.items]
        self.lengths = np.array([max(1, len(text)) for text in texts], np.float64)
        self._known = {word for text in texts for word in text}
        self._near: dict[str, list[str]] = {}
        self._raw = [" ".join(surfaces(one.text)) for one in self.items] if noisy else []
        self.own = _Keywords(texts)
        self.numbers = np.array([bool(has_number(one.text)) for one in self.items])
        self.spans = self._windows(0.0 if noisy else WINDOW_SECONDS)
        self.close = self._windows(0.0 if noisy else MEANING_SECONDS)
        self.norms = self._norms(vectors)
        self.joined = self.own
        if any(last - first > 1 for first, last in self.spans):
            joined = [sum(texts[a:b], list[str]()) for a, b in self.spans]
            self.joined = _Keywords(joined, self.own)

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

    def _norms(self, vectors: Iterable[Vectors]) -> Floats:
        """How long the mean of the vectors in each window for the cosine is; 1 without vectors."""
        import numpy as np

        rows = {id: row for one in vectors for id, row in zip(one.ids, one.array, strict=True)}
        norms = np.ones(len(self.items))
        for window, (first, last) in enumerate(self.close):
            known = [i for i in range(first, last) if self.items[i].id in rows]
            if known:
                array = np.stack([rows[self.items[i].id] for i in known])
                norms[window] = np.linalg.norm(np.average(array, 0, self.lengths[known]))
        return np.maximum(norms, 0.1)

    def forms(self, word: str) -> list[str]:
        """The stems in these texts that stand for a word: its own, else those close to it."""
        own = stem(word)
        if own in self._known:
            return [own]
        if own not in self._near:
            self._near[own] = [one for one in self._known if _close(own, one, bool(self._raw))]
        return self._near[own]

    def has(self, word: str) -> bool:
        """Whether a word occurs anywhere, in any form, or run together with others on screen."""
        return bool(self.forms(word)) or any(_inside(word, raw) for raw in self._raw)

    def table(self, words: Sequence[str], keywords: _Keywords) -> Floats:
        """One row per word, one column per text: the word's weight there, 0 where it is not."""
        import numpy as np

        rows = np.zeros((len(words), keywords.count))
        for row, word in zip(rows, words, strict=True):
            for form in self.forms(word):
                row += keywords.weights(form) * (1.0 if form == stem(word) else 0.7)
            for column, raw in enumerate(self._raw):
                if row[column] == 0 and _inside(word, raw):
                    row[column] = 0.5 * math.log(1 + keywords.count)
        return rows


class _Keywords:
    """BM25 over texts given as stems; where they overlap, `parts` tell how rare a stem is."""

    def __init__(self, texts: list[list[str]], parts: _Keywords | None = None) -> None:
        self.count = len(texts)
        self._parts = parts
        self._model: Any = None
        if any(texts):
            bm25s: Any = import_module("bm25s")
            logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG
            self._model = bm25s.BM25(backend="numpy")
            self._model.index(texts, show_progress=False)

    def weights(self, form: str) -> Floats:
        """How much one stem says about each text."""
        import numpy as np

        if self._model is None or form not in self._model.vocab_dict:
            return np.zeros(self.count)
        row: Floats = self._model.get_scores([form]).astype(np.float64)
        if self._parts is None:
            return row
        return row * self._parts.rarity(self._parts.weights(form)) / self.rarity(row)

    def rarity(self, row: Floats) -> float:
        """The idf of a word with these weights; what is nowhere is as rare as can be."""
        texts = int((row > 0).sum())
        return math.log(1 + (self.count - texts + 0.5) / (texts + 0.5))


def _close(word: str, other: str, noisy: bool) -> bool:
    """Whether two stems are spellings or forms of one word, or one is misread."""
    if min(len(word), len(other)) < 5 or abs(len(word) - len(other)) > 3:
        return False
    if noisy:
        word, other = (one.translate(_ALIKE).replace("rn", "m") for one in (word, other))
    if word.startswith(other) or other.startswith(word):
        return True
    alike = 0.82 if noisy else 0.86
    return (noisy or word[0] == other[0]) and SequenceMatcher(None, word, other).ratio() >= alike


def _inside(word: str, text: str) -> bool:
    """Whether a word is in a text whose spaces may be lost or wrong; short ones are everywhere."""
    if len(word) >= 7 and word in text.replace(" ", ""):
        return True
    if len(word) >= 5 and (f" {word}" in f" {text}" or f"{word} " in f"{text} "):
        return True
    return len(word) >= 4 and any(word in one for one in text.split() if len(one) >= 12)


def search(
    question: str,
    corpus: Corpus[Words],
    cosines: Mapping[str, float] | None = None,
    *,
    limit: int = 6,
    start: float = -math.inf,
    end: float = math.inf,
    cut: bool = True,
) -> list[Hit]:
    """The texts that answer a question, best first; nothing rather than something irrelevant.

    With cut=False what comes nearest, to be shown as such. cosines are those of the question and
    each text, by evidence id; a text not among them is as near as the least near of them.
    """
    import numpy as np

    words, spare = asked_words(question)
    words, spare = (words, spare) if words else (spare, words)
    if not words or not corpus.items or limit <= 0:
        return []
    windows, cues = corpus.table(words, corpus.joined), corpus.table(words, corpus.own)
    rarity = np.array([corpus.own.rarity(row) for row in cues])
    rarity /= rarity.sum()
    share = rarity @ (windows > 0)
    cosines = cosines or {}
    least = min(cosines.values(), default=0.0)
    near = np.array([cosines.get(one.id, least) for one in corpus.items])
    # A window's vector is the mean of its words' vectors, so nearly that of its cues' vectors.
    total, length = (np.append(0.0, np.cumsum(x)) for x in (near * corpus.lengths, corpus.lengths))
    begin, finish = corpus.close.T
    around = (total[finish] - total[begin]) / (length[finish] - length[begin]) / corpus.norms
    keywords = windows.sum(axis=0)
    every = keywords + corpus.table(spare, corpus.joined).sum(axis=0)
    if _ASKS_NUMBER.search(question):
        counted = np.append(0, np.cumsum(corpus.numbers))
        every += NUMBER * (counted[finish] > counted[begin])
    fused = KEYWORDS * _standard(every) + (1 - KEYWORDS) * _standard(around)
    nearest = np.array([near[first:last].max() for first, last in corpus.spans])
    relevant = (share >= ENOUGH_WORDS) | (nearest >= ENOUGH_COSINE) | (not cut)
    fits = cues.sum(axis=0) / max(cues.sum(axis=0).max(), 1e-9) + CUE_COSINE * near
    strength = keywords / sum(corpus.joined.rarity(row) for row in windows)
    score = 0.5 * share + 0.25 * strength + 0.25 * np.clip(around, 0, 1)
    order = [int(window) for window in np.argsort(-fused, kind="stable") if relevant[window]]
    hits: list[Hit] = []
    ceiling = 1.0
    for cue, window in list(_cited(corpus, order, fits, start, end).items())[:limit]:
        # Never above a better one, so that sorting by score keeps this order.
        ceiling = min(ceiling, round(float(score[window]), 4))
        one = corpus.items[cue]
        found = tuple(word for word, row in zip(words, windows, strict=True) if row[window] > 0)
        part = round(float(share[window]), 4)
        hits.append(Hit(one.id, one.video, one.start, one.end, one.text, ceiling, found, part))
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
    if corpus.joined is corpus.own or corpus.items[one].video != corpus.items[other].video:
        return True
    return abs(corpus.items[one].start - corpus.items[other].start) >= APART_SECONDS


def _standard(scores: Floats) -> Floats:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > 1e-9 else scores * 0.0


def _within(one: Timed, start: float, end: float) -> bool:
    return one.start < end and (one.end > start or one.start >= start)


def missing_words(question: str, corpora: Iterable[Corpus[Any]]) -> list[str]:
    """Which of the words that a question asks for occur in none of the corpora, in any form."""
    corpora = list(corpora)
    return [w for w in content_words(question) if not any(corpus.has(w) for corpus in corpora)]


def find_words(words: Iterable[str], items: Iterable[Words]) -> list[Words]:
    """Every text that holds all of the words or phrases, in any form, in the order of time.

    A phrase may begin in one cue and end in the next; then the first counts.
    """
    phrases = [phrase for phrase in map(surfaces, words) if phrase]
    ordered = sorted(items, key=lambda one: (one.video, one.start, one.end))
    if not phrases:
        return []
    texts = [[stem(word) for word in surfaces(one.text)] for one in ordered]
    found: list[Words] = []
    for place, (one, text) in enumerate(zip(ordered, texts, strict=True)):
        after: list[str] = []
        if place + 1 < len(ordered):
            follower = ordered[place + 1]
            if follower.video == one.video and -0.05 <= follower.start - one.end <= 2:
                after = texts[place + 1]
        raw = " ".join(surfaces(one.text)) if isinstance(one, ScreenText) else ""
        if all(
            _holds(text + after[: len(phrase) - 1], [stem(word) for word in phrase])
            or _inside("".join(phrase), raw)
            for phrase in phrases
        ):
            found.append(one)
    return found


def _holds(text: list[str], phrase: list[str]) -> bool:
    return any(text[i : i + len(phrase)] == phrase for i in range(len(text) - len(phrase) + 1))


def merge_moments(hits: Iterable[Hit], gap: float = 3.0) -> list[Moment]:
    """Join hits that overlap or lie at most `gap` seconds apart; the best moment first."""
    moments: list[Moment] = []
    for hit in sorted(hits, key=lambda one: (one.video, one.start, one.end)):
        last = moments[-1] if moments else None
        if last and last.video == hit.video and hit.start - last.end <= gap:
            both = tuple(sorted((*last.hits, hit), key=lambda one: -one.score))
            end = max(last.end, hit.end)
            moments[-1] = Moment(hit.video, last.start, end, both[0].score, both)
        else:
            moments.append(Moment(hit.video, hit.start, hit.end, hit.score, (hit,)))
    return sorted(moments, key=lambda moment: -moment.score)
