"""Intents: the kind of answer that a question asks for, by its nearest example phrase.

Phrases are data, a file a language (`languages/*.toml`); another language is another file. A phrase
without a slot is a whole question: each further word of a question makes it less alike. A phrase
with a slot leaves the other words to the video: they fill it.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from tools.text.numbers import NUMBERS
from tools.text.tokens import STOP_WORDS, content_words, stem, surface_forms

SLOT, NUMBER = "{}", "#"
ALIKE, FILLED = 0.7, 0.8
"""Similarity from which a question is a whole phrase, and the weight of a phrase with a slot that a
question must hold; both 0 to 1."""
EXACT = 0.01
"""What a phrase that a question is word by word is before others of the same words."""
FILLERS = 8
"""Words of a slot, at most."""
STOP_WEIGHT = 0.25
"""Weight of a stop word that no phrase holds, beside a content word's 1."""
FOREIGN = 2.0
"""Weight of a word that no phrase holds, where a question is to be a whole phrase."""
LETTERS = 4
"""Letters of a word with one wrong; in one with twice as many, two may be. A shorter one may have
two exchanged, or one left out."""


class Intent(NamedTuple):
    """The intent of a question: the words that fill its slot, and the number it names, or 0."""

    name: str
    slot: tuple[str, ...] = ()
    number: int = 0
    score: float = 0.0

    @property
    def is_refused(self) -> bool:
        """True for what the product cannot do."""
        return self.name.startswith("can't")


SEARCH = Intent("search")
_CLAUSE = re.compile(r"[,;.?!:\u2014]+\s+|\s-+\s|\s(?:for|because|so that|um|f\u00fcr)\s")
_NUMBERS = {
    **NUMBERS,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "funf": 5,
    "sechs": 6,
    "zehn": 10,
}


@dataclass(frozen=True)
class Phrase:
    """An example of an intent, in canonical stems."""

    intent: str
    words: tuple[str, ...]
    weight: float
    has_slot: bool


class Language:
    """Example phrases, words and sentences of one language."""

    def __init__(self, code: str, data: dict[str, Any]) -> None:
        self.code = code
        self.sentences: dict[str, str] = data["sentences"]
        self._same = {
            form: same
            for same, forms in data["same"].items()
            for form in (same, *surface_forms(forms))
        }
        self.ignored = self._ignored = frozenset(surface_forms(data["ignored"]["words"]))
        self.words = {
            name: frozenset(surface_forms(words)) for name, words in data["followups"].items()
        }
        self.words["ordinals_set"] = self.words["ordinals"]
        self.ordinals = surface_forms(data["followups"]["ordinals"])
        self.stop_words = stop_words(code)
        listed = [
            (
                name,
                self.canonical(self._kept(text.replace(SLOT, " ").replace(NUMBER, " 3 "))),
                SLOT in text,
            )
            for name, texts in data["intents"].items()
            for text in texts
        ]
        self._asking = {
            f for texts in data["intents"].values() for t in texts for f in surface_forms(t)
        }
        intents: dict[str, set[str]] = {}
        for name, words, _ in listed:
            for word in words:
                intents.setdefault(word, set()).add(name)
        count = len(data["intents"])
        most = math.log(1 + count)
        self._weights = {
            word: math.log(1 + count / len(held)) / most for word, held in intents.items()
        }
        self._phrases = [
            Phrase(name, tuple(words), sum(map(self._weight, words)), has_slot)
            for name, words, has_slot in listed
        ]

    @cached_property
    def _spelling(self) -> list[str]:
        own = {*self._same, *self.stop_words, *self._ignored, *self._asking}
        return [w for w in own if len(w) > 2 and w.isalpha()]

    def canonical(self, forms: Sequence[str]) -> list[str]:
        """Stems of words, one of all that ask for the same; `#` for a number."""
        return [
            NUMBER if form.isdigit() or form in _NUMBERS
            else stem(self._same.get(form, form))
            for form in forms
        ]  # fmt: skip

    def _weight(self, word: str) -> float:
        if word == NUMBER:
            return 0.0
        return self._weights.get(word, STOP_WEIGHT if word in self._stop_stems else 1.0)

    def _cost(self, word: str) -> float:
        """Weight of a word in a question that is to be a whole phrase."""
        known = word in self._weights or word in self._stop_stems or word == NUMBER
        return self._weight(word) if known else FOREIGN

    @cached_property
    def _stop_stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in self.stop_words)

    def content(self, forms: Sequence[str]) -> list[str]:
        """Words that are neither stop words nor around a question."""
        return [w for w in forms if w not in self.stop_words and w not in self._ignored]

    def knows(self, form: str) -> bool:
        """True for a word that questions are made of."""
        ours = form in self._same or form in self.stop_words or form in self._ignored
        return ours or stem(form) in self._weights

    def spelt(self, form: str) -> str:
        """A misspelt word as one that questions are made of, or itself."""
        return nearest_word(form, self._spelling) or form

    def _kept(self, text: str) -> list[str]:
        """Words of a question without those around it; all of one that has no others."""
        forms = surface_forms(text)
        return [form for form in forms if form not in self._ignored] or forms

    def intent(self, question: str) -> Intent:
        """The intent of a question; SEARCH where no phrase is near.

        A clause that is a whole phrase decides: what stands beside it only tells why one asks.
        """
        clauses = [part for part in _CLAUSE.split(question) if surface_forms(part)]
        found = [
            self._nearest(question),
            *(self._of_clause(n, clauses) for n in range(len(clauses))),
        ]
        best = max(found, key=lambda intent: intent.score)
        numbers = map(_number, surface_forms(question))
        return best._replace(number=next(filter(None, numbers), 0))

    def _of_clause(self, place: int, clauses: Sequence[str]) -> Intent:
        """The intent of a clause that is a whole phrase; the other clauses fill its slot."""
        if len(clauses) < 2:
            return SEARCH
        rest = [w for n, part in enumerate(clauses) if n != place for w in content_words(part)]
        found = self._nearest(clauses[place], tuple(w for w in rest if w not in self._ignored))
        return found

    def _nearest(self, text: str, beside: tuple[str, ...] | None = None) -> Intent:
        """The intent of the nearest phrase; of a clause, `beside` is what fills a slot."""
        kept = self._kept(text)
        words = self.canonical(kept)
        held, total = Counter(words), sum(map(self._cost, words))
        best = SEARCH
        for phrase in self._phrases:
            if phrase.has_slot:
                if phrase.weight <= 0:
                    continue
                places = _in_order(phrase.words, words)
                shared = sum(self._weight(words[place]) for place in places)
                rest = tuple(
                    form for place, form in enumerate(kept)
                    if place not in places and form not in self.stop_words
                )  # fmt: skip
                asked = content_words(" ".join(rest))
                rest = tuple(form for form in rest if form in asked) or rest
                if beside is not None:
                    rest = beside if not rest else ()
                anchored = bool(places) and all(w in self.stop_words for w in kept[: places[0]])
                if not anchored or not 0 < len(rest) <= FILLERS or shared < FILLED * phrase.weight:
                    continue
                found = Intent(
                    phrase.intent, rest, 0, shared / phrase.weight * ALIKE + shared / 100
                )
            else:
                common = held & Counter(phrase.words)
                shared = sum(self._weight(word) * n for word, n in common.items())
                found = Intent(
                    phrase.intent,
                    (),
                    0,
                    2 * shared / max(total + phrase.weight, 1e-9)
                    + (EXACT if list(phrase.words) == words else 0.0),
                )
                if found.score < ALIKE:
                    continue
            best = max(best, found, key=lambda intent: intent.score)
        return best


def _number(form: str) -> int:
    """The number that a word is; 0 for none, and for "one", which counts nothing."""
    number = int(form) if form.isdigit() and len(form) < 4 else _NUMBERS.get(form, 0)
    return number if number > 1 else 0


def _in_order(phrase: Sequence[str], words: Sequence[str]) -> list[int]:
    """Places of a phrase's words among others, in order; those that are not there are left out."""
    places: list[int] = []
    for word in phrase:
        first = places[-1] + 1 if places else 0
        at = next((n for n in range(first, len(words)) if words[n] == word), -1)
        if at >= 0:
            places.append(at)
    return places


@cache
def languages() -> dict[str, Language]:
    """Languages of which phrases are there, by their code; English first."""
    folder = files("agent.extractive") / "languages"
    found = sorted(
        (f for f in folder.iterdir() if f.name.endswith(".toml")),
        key=lambda f: (f.name != "en.toml", f.name),
    )
    return {f.name[:2]: Language(f.name[:2], tomllib.loads(f.read_text("utf-8"))) for f in found}


def nearest_word(form: str, words: Iterable[str]) -> str:
    """The word that a misspelt one stands for; empty where none is near enough."""
    wrong = max(1, len(form) // LETTERS // 2 * 2)
    first = [word for word in words if word[:1] == form[:1] and abs(len(word) - len(form)) <= wrong]
    if len(form) == LETTERS:
        first = [word for word in first if len(word) > LETTERS]
    if len(form) < LETTERS:
        letters = sorted(form)
        first = [
            w
            for w in first
            if sorted(w) == letters or (len(w) > len(form) and not Counter(form) - Counter(w))
        ]
    close = process.extractOne(form, first, scorer=OSA.distance, score_cutoff=min(wrong, 2))
    return close[0] if close else ""


@cache
def stop_words(code: str) -> frozenset[str]:
    """Stop words of a language, without accents; none where the package knows none."""
    from stop_words import StopWordError, get_stop_words

    if code == "en":
        return STOP_WORDS
    try:
        return frozenset(form for word in get_stop_words(code) for form in surface_forms(word))
    except StopWordError:
        return frozenset()


@cache
def _dictionary(code: str) -> frozenset[str] | None:
    """Words of a language; None where there is no dictionary of it."""
    from spellchecker import SpellChecker

    if code not in ("en", "de", "es", "fr", "it", "nl", "pt", "ru"):
        return None
    return frozenset(SpellChecker(language=code).word_frequency.words())


def is_word(form: str, code: str) -> bool:
    """True for a word of a language, and for any where there is no dictionary of it."""
    words = _dictionary(code)
    return words is None or form in words


_GUESSED = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pt",
    "pl",
    "sv",
    "da",
    "tr",
    "cs",
    "fi",
    "uk",
    "ru",
)
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"), (re.compile("[\uac00-\ud7a3]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"), (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0600-\u06ff]"), "ar"), (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\u0370-\u03ff]"), "el"),
)  # fmt: skip
TELLING = 0.1
"""Share of a text's words that are stop words of its language, at least."""


def language_of(text: str) -> str:
    """The language of a text by its script and its stop words; empty where they tell nothing."""
    letters = sum(c.isalpha() for c in text)
    for script, code in _SCRIPTS:
        if 2 * len(script.findall(text)) > letters:
            return code
    forms = surface_forms(text)
    counts = {code: sum(form in stop_words(code) for form in forms) for code in _GUESSED}
    best = max(_GUESSED, key=counts.__getitem__)
    return best if counts[best] > TELLING * len(forms) else ""


_VAGUE = (
    (re.compile(r"\bhalf a minute\b", re.I), "30 seconds"),
    (re.compile(r"\ba minute\b(?= (?:later|earlier|after|before))", re.I), "1 minute"),
    (re.compile(r"\ba few seconds\b", re.I), "5 seconds"),
)


def plain(text: str) -> str:
    """A question with straight quotation marks and single spaces."""
    text = re.sub(r"\btl;?dr\b", "tldr", text.replace("\u2019", "'"), flags=re.IGNORECASE)
    for vague, exact in _VAGUE:
        text = vague.sub(exact, text)
    return " ".join(re.sub("[\u201c\u201d\u201e]", '"', text).split())
