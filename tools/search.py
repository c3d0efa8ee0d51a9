"""Which moments answer a question: words and vectors, fused, merged, cut off. Pure functions.

Speech is found by windows of a few cues, because an answer's words are spread over them, and cited
by the cue inside whose own words fit best. On-screen text is found and cited by its own span; its
words may be misread or run together.
"""

from __future__ import annotations

import logging
import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tools.media import ScreenText, Timed, Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WINDOW_CUES, WINDOW_SECONDS, WINDOW_PAUSE = 4, 55.0, 20.0
KEYWORDS = 0.65  # the share of the keyword score in the fused one; the rest is cosine
ENOUGH_WORDS, SOME_WORDS = 0.48, 0.3  # shares of the question's weight
ENOUGH_COSINE, SOME_COSINE = 0.7, 0.55
CUE_COSINE = 0.2  # what the cosine weighs in the choice of the cue inside a window

_WORD = re.compile(r"[a-z]\+\+|[a-z]#|\d+(?:[.:,/]\d+)+|[^\W_]+(?:'[^\W_]+)*")
_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")  # written without spaces
_SHORTENED = re.compile(r"n't$|'(?:s|re|ll|ve|d|m)$")
_STOP_WORDS = """
a about after against all also am among an and any are as at be because been before being between
but by can cannot could did do does during each for from get gets getting got had has have having
he her here him his how i if in into is it its just let like me might more most much must my no
not of off on only or our out over own shall she should since so some such than that the their
them then there these they this those through to too toward towards until up upon us very via was
we were what when where which while who whom whose why will with within would you your
"""
# What questions are made of, and not what they ask for.
_QUESTION_WORDS = """
anybody anyone anything appear appearing appears called clip describe described digit discussed
done ever every everything exactly explain explained explains find first footage frame frames
happen happened happening happens hear heard kind last letter main many may mean means mention
mentioned mentions moment moments movie name named number part person picture please recording
said say saying says scene screen second seconds see seen show showed showing shown shows someone
something speak speaker spoken talk talked talking talks tell tells thing things time times told
use used video videos visible want went word words written
"""
_STOP = frozenset(_STOP_WORDS.split())
_FURNITURE = frozenset(_QUESTION_WORDS.split())
_IRREGULAR = """
zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12
laid lay made make took take taken take gave give given give fell fall fallen fall came come ran
run drove drive driven drive drawn draw drew draw broke break broken break sat sit stood stand
wrote write ate eat eaten eat built build bought buy caught catch held hold kept keep lost lose
met meet paid pay sold sell sent send spent spend taught teach thought think won win wore wear
worn wear threw throw thrown throw flew fly flown fly grew grow grown grow knew know known know
began begin begun begin chose choose chosen choose rose rise became become brought bring led lead
men man women woman children child feet foot teeth tooth mice mouse fought fight swam swim sang
sing sung sing slept sleep felt feel hid hide hidden hide stole steal stolen steal
"""
_PAIRS = [str(word) for word in _IRREGULAR.split()]
_BASES = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
_ALIKE = str.maketrans("015i8", "olslb")  # what text recognition takes for one another
_SPELLING = (
    (re.compile(r"(?<=[a-z]{3})is(e[drs]?|es|ers|ing|ations?)$"), r"iz\1"),
    (re.compile(r"(?<=[a-z]{3})our(s|ed|ing|ful|less|ite|ites)?$"), r"or\1"),
    (re.compile(r"(?<=[a-z]{3})tre(s?)$"), r"ter\1"),
    (re.compile(r"^grey(s|ish)?$"), r"gray\1"),
)
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


@cache
def _english() -> Any:
    """Snowball's English stemmer alone: the package imports 36 languages with it, for 0.25 s."""
    spec = find_spec("snowballstemmer")
    assert spec is not None
    package = sys.modules.setdefault("_snowball", ModuleType("_snowball"))
    package.__path__ = list(spec.submodule_search_locations or ())
    return import_module("_snowball.english_stemmer").EnglishStemmer


@lru_cache(100_000)
def stem(word: str) -> str:
    """What a word has in common with its other forms and spellings."""
    word = _BASES.get(word, word)
    for pattern, american in _SPELLING:
        word = pattern.sub(american, word)
    # A new stemmer each time, as it keeps the word in itself and threads would share it.
    return str(_english()().stemWord(word)) if word.isascii() else word


def _surfaces(text: str) -> list[str]:
    """The words of a text in lower case, accents and shortened words removed, as they stand."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).lower()
    plain = re.sub("[\u0300-\u036f]", "", plain)
    plain = _WIDE.sub(r" \1 ", unicodedata.normalize("NFC", plain))
    found: list[str] = _WORD.findall(plain)
    return [_SHORTENED.sub("", word) for word in found]


def stems(text: str) -> list[str]:
    """The stems of a text, without what carries no meaning; numbers and single letters stay."""
    return [stem(word) for word in _surfaces(text) if word not in _STOP]


def content_words(question: str) -> list[str]:
    """The words that a question asks for, as they stand in it, each once."""
    found: dict[str, str] = {}
    spare: dict[str, str] = {}
    for word in _surfaces(question):
        if word not in _STOP:
            (spare if word in _FURNITURE else found).setdefault(stem(word), word)
    return list((found or spare).values())


class Corpus(Generic[Words]):
    """Texts prepared for search: make it once, ask it often, from any thread.

    Speech is looked up in windows of cues. On-screen text is looked up span by span, and `noisy`:
    letters may be misread and spaces lost.
    """

    def __init__(self, items: Iterable[Words], *, noisy: bool = False) -> None:
        import numpy as np

        self.items = sorted(items, key=lambda one: (one.video, one.start, one.end))
        texts = [stems(one.text) for one in self.items]
        self.lengths = np.array([max(1, len(text)) for text in texts], np.float64)
        self._known = {word for text in texts for word in text}
        self._near: dict[str, list[str]] = {}
        self._raw = [" ".join(_surfaces(one.text)) for one in self.items] if noisy else []
        self.own = _Keywords(texts)
        self.spans = [(i, i + 1) for i in range(len(texts))] if noisy else self._windows()
        self.joined = self.own
        if any(last - first > 1 for first, last in self.spans):
            self.joined = _Keywords([sum(texts[a:b], list[str]()) for a, b in self.spans])

    def _windows(self) -> list[tuple[int, int]]:
        """From each cue on, as many as belong together; fewer where the video has few."""
        items = self.items
        cues = Counter(one.video for one in items)
        spans: list[tuple[int, int]] = []
        for first, item in enumerate(items):
            last = first + 1
            while (
                last < min(len(items), first + min(WINDOW_CUES, cues[item.video] // 8))
                and items[last].video == item.video
                and items[last].end - item.start <= WINDOW_SECONDS
                and items[last].start - items[last - 1].end <= WINDOW_PAUSE
            ):
                last += 1
            spans.append((first, last))
        return spans

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
    """BM25 over texts given as stems."""

    def __init__(self, texts: list[list[str]]) -> None:
        self.count = len(texts)
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
        return self._model.get_scores([form]).astype(np.float64)

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
    alike = 0.8 if noisy else 0.86
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

    words = content_words(question)
    if not words or not corpus.items or limit <= 0:
        return []
    windows, cues = corpus.table(words, corpus.joined), corpus.table(words, corpus.own)
    rarity = np.array([corpus.own.rarity(row) for row in cues])
    rarity /= rarity.sum()
    share = rarity @ (windows > 0)
    cosines = cosines or {}
    least = min(cosines.values(), default=0.0)
    near = np.array([cosines.get(one.id, least) for one in corpus.items])
    # A window's vector is the mean of its words' vectors, so its cosine nearly that of its cues'.
    ends = np.array(corpus.spans)
    total, length = (np.append(0.0, np.cumsum(x)) for x in (near * corpus.lengths, corpus.lengths))
    around = (total[ends[:, 1]] - total[ends[:, 0]]) / (length[ends[:, 1]] - length[ends[:, 0]])
    keywords = windows.sum(axis=0)
    fused = KEYWORDS * _standard(keywords) + (1 - KEYWORDS) * _standard(around)
    nearest = np.array([near[first:last].max() for first, last in corpus.spans])
    relevant = (share >= ENOUGH_WORDS) | (not cut)
    relevant |= (share >= SOME_WORDS) & (nearest >= SOME_COSINE)
    relevant |= nearest >= ENOUGH_COSINE
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
    """The cue to cite for each window; windows that overlap a better one come last."""
    first: dict[int, int] = {}
    later: dict[int, int] = {}
    used: set[int] = set()
    for window in order:
        span = range(*corpus.spans[window])
        inside = [i for i in span if _within(corpus.items[i], start, end)]
        if inside:
            best = max(inside, key=lambda i: fits[i])
            (first if used.isdisjoint(span) else later).setdefault(best, window)
            used.update(span)
    return first | {cue: window for cue, window in later.items() if cue not in first}


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
    phrases = [phrase for phrase in map(_surfaces, words) if phrase]
    ordered = sorted(items, key=lambda one: (one.video, one.start, one.end))
    if not phrases:
        return []
    texts = [[stem(word) for word in _surfaces(one.text)] for one in ordered]
    found: list[Words] = []
    for place, (one, text) in enumerate(zip(ordered, texts, strict=True)):
        after: list[str] = []
        if place + 1 < len(ordered):
            follower = ordered[place + 1]
            if follower.video == one.video and -0.05 <= follower.start - one.end <= 2:
                after = texts[place + 1]
        raw = " ".join(_surfaces(one.text)) if isinstance(one, ScreenText) else ""
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
