"""Intents: the kind of answer that a question asks for, learned from example phrases.

Phrases are data, a file a language (`languages/*.toml`); another language is another file. A word
that no phrase holds is a word of the video: all of them stand as one slot in the phrases, and a
question is classified with the slot in their place. A word that phrases hold may be meant as one
of the video, too: "is the camera mentioned?" So a question has some readings, and the best counts.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from Stemmer import Stemmer

from agent.extractive.language_id import stop_words
from tools.text.classifier import Classifier
from tools.text.numbers import NUMBERS
from tools.text.spelling import nearest_word
from tools.text.tokens import content_words, stem, surface_forms

SLOT, NUMBER = "{}", "#"
SURE = 0.35
"""Score of an intent that is taken, at least."""
DOUBT = 0.5
"""Loss of a reading for each word of the phrases that it takes for one of the video."""
FILLERS, JOINED = 8, 3
"""Words of a slot, and words of the phrases among them, at most."""
LONG = 7
"""Letters of a misspelt word of a question from which on two may be wrong."""
_POLITE = ("hello", "thanks")
"""Intents that a question has only as a whole."""


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
GENERATE = "make"
"""Intent of requests for a video to be made."""
_CLAUSE = re.compile(r"[,;.?!:\u2014]+\s+|\s-+\s|\s(?:for|because|so that|um|f\u00fcr)\s")
_GERMAN = ("zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn")
_NUMBERS = {**NUMBERS, **{word: number for number, word in enumerate(_GERMAN, 2)}}


class _Reading(NamedTuple):
    """A question as it is classified, the words in its slot, and how many of them phrases hold."""

    words: tuple[str, ...]
    slot: tuple[str, ...] = ()
    joined: int = 0


class Language:
    """Example phrases, words and sentences of one language."""

    def __init__(self, code: str, data: dict[str, Any]) -> None:
        self.code = code
        self.sentences: dict[str, str] = data["sentences"]
        self.ignored = frozenset(surface_forms(data["ignored"]["words"]))
        self._asker = frozenset(surface_forms(data["ignored"]["asker"]))
        self.words = {
            name: frozenset(surface_forms(words)) for name, words in data["followups"].items()
        }
        self.colours = {
            form: name
            for name, words in data.get("colours", {}).items()
            for form in surface_forms(words)
        }
        self.clock: dict[str, str] = data["clock"]
        self.ordinals = surface_forms(data["followups"]["ordinals"])
        self.stop_words = stop_words(code)
        self._same = dict.fromkeys(self.ordinals[1:], self.ordinals[1])
        listed = [
            (surface_forms(same)[0], form)
            for same, forms in data["same"].items()
            for form in surface_forms(f"{same} {forms}")
        ]
        for same, form in listed:
            self._same[form] = same
        for same, form in listed:
            self._same.setdefault(self._stem(form), same)
        phrases = [(name, text) for name, texts in data["intents"].items() for text in texts]
        self._asking = {form for _, text in phrases for form in surface_forms(text)}
        examples = [(name, self._example(text)) for name, text in phrases]
        common = {*self.stop_words, *map(self._stem, self.stop_words), NUMBER}
        self._classifier = Classifier(examples, common)
        self._known = {word for _, words in examples for word in words} - {SLOT}
        slotted = {(name, SLOT in words) for name, words in examples}
        self._possible = {
            with_slot: np.array([(name, with_slot) in slotted for name in self._classifier.names])
            for with_slot in (True, False)
        }

    def _stem(self, form: str) -> str:
        return _stem(self.code, form)

    def _example(self, text: str) -> list[str]:
        words: list[str] = []
        for part in re.split(r"(\{\})", text.replace(NUMBER, " 3 ")):
            words += [SLOT] if part == SLOT else self.canonical(self._kept(part))
        return words

    @cached_property
    def _spelling(self) -> list[str]:
        own = {*self._same, *self.stop_words, *self.ignored, *self._asking}
        return [w for w in own if len(w) > 2 and w.isalpha()]

    def canonical(self, forms: Sequence[str]) -> list[str]:
        """Stems of words, one of all that ask for the same; `#` for a number."""
        return [
            NUMBER
            if form.isdigit() or form in _NUMBERS
            else self._same.get(form) or self._same.get(self._stem(form), self._stem(form))
            for form in forms
        ]

    def content(self, forms: Sequence[str]) -> list[str]:
        """Words that are neither stop words nor around a question."""
        return [w for w in forms if w not in self.stop_words and w not in self.ignored]

    def knows(self, form: str) -> bool:
        """True for a word that questions are made of."""
        if form in self._same or form in self.stop_words or form in self.ignored:
            return True
        return self._in_phrases(form)

    def _in_phrases(self, form: str) -> bool:
        return self.canonical([form])[0] in self._known

    def spelt(self, form: str) -> str:
        """A misspelt word as one that questions are made of, or itself."""
        return nearest_word(form, self._spelling, LONG) or form

    def _kept(self, text: str) -> list[str]:
        """Words of a question without those around it; all of one that has no others."""
        forms = surface_forms(text)
        kept = [form for form in forms if form not in self.ignored]
        return kept if any(w not in self.stop_words or w in self._same for w in kept) else forms

    def intent(self, question: str) -> Intent:
        """The intent of a question; SEARCH where no other is sure.

        A clause that asks for nothing of the video decides where the others only tell of the asker.
        """
        found = [self._classified(question)]
        clauses = [part for part in _CLAUSE.split(question) if surface_forms(part)]
        for place, clause in enumerate(clauses if len(clauses) > 1 else ()):
            if all(map(self._is_aside, clauses[:place] + clauses[place + 1 :])):
                alone = self._classified(clause)
                found += [alone] if not alone.slot and alone.name not in _POLITE else []
        best = max(found, key=lambda intent: intent.score)
        numbers = map(_number, surface_forms(question))
        return best._replace(number=next(filter(None, numbers), 0))

    def _is_aside(self, clause: str) -> bool:
        """True for a clause about the one who asks, and for one without any word of its own."""
        forms = surface_forms(clause)
        return bool(self._asker & {*forms}) or not self.content(forms)

    def _classified(self, text: str) -> Intent:
        """The intent of the best reading of a text."""
        best, highest = SEARCH, SURE
        for reading in self._readings(text):
            scores = self._classifier.scores(reading.words) - DOUBT * reading.joined
            scores = np.where(self._possible[SLOT in reading.words], scores, -1.0)
            if (score := float(scores.max())) > highest:
                highest = score
                name = self._classifier.names[int(scores.argmax())]
                asked = set(content_words(" ".join(reading.slot)))
                slot = tuple(w for w in reading.slot if w in asked) or reading.slot
                best = Intent(name, slot, 0, score) if name != SEARCH.name else SEARCH
        return best

    def _readings(self, text: str) -> Iterator[_Reading]:
        """Ways to read a text: words of the video in a slot, and any run of others beside them."""
        typed = surface_forms(text)
        everything = tuple(w for w in typed if w not in self.ignored or self._in_phrases(w))
        for forms in dict.fromkeys((tuple(self._kept(text)), everything)):
            words = self.canonical(forms)
            said = [w in self._known or w == NUMBER for w in words]
            content = [n for n, form in enumerate(forms) if form not in self.stop_words]
            foreign = [n for n in content if not said[n]]
            own = [n for n in content if said[n] and forms[n] not in self.words["again"]]
            bounds = combinations(range(len(own) + 1), 2)
            runs = [own[first:last] for first, last in bounds if last - first <= JOINED]
            if len(foreign) > FILLERS:
                continue
            for run in [[], *runs]:
                slot = {*foreign, *run}
                yield _Reading(
                    tuple(
                        SLOT if n in slot else word
                        for n, word in enumerate(words)
                        if n in slot or said[n]
                    ),
                    tuple(forms[n] for n in sorted(slot)),
                    len(run),
                )


@lru_cache(100_000)
def _stem(code: str, form: str) -> str:
    """Stem of a word in its language; threads must not share a stemmer."""
    try:
        return stem(form) if code == "en" else str(Stemmer(code, 0).stemWord(form))
    except KeyError:  # no stemmer for it
        return form


def _number(form: str) -> int:
    """The number that a word is; 0 for none, and for "one", which counts nothing."""
    number = int(form) if form.isdigit() and len(form) < 4 else _NUMBERS.get(form, 0)
    return number if number > 1 else 0


@cache
def languages() -> dict[str, Language]:
    """Languages of which phrases are there, by their code; English first."""
    folder = files("agent.extractive") / "languages"
    found = sorted(
        (f for f in folder.iterdir() if f.name.endswith(".toml")),
        key=lambda f: (f.name != "en.toml", f.name),
    )
    return {f.name[:2]: Language(f.name[:2], tomllib.loads(f.read_text("utf-8"))) for f in found}


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
