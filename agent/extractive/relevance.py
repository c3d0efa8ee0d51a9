"""How much of a question a piece of evidence covers, so that what is absent is not answered.

Word by word: in the evidence itself, in what is said and shown beside it, or by a word that means
nearly the same. Each word weighs as much as it is rare in the video.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from agent.extractive.answer_type import asks_place, fits, heads, holds_kind, holds_time, sought
from agent.extractive.query import Plan
from agent.extractive.synonyms import synonyms
from agent.extractive.words import LITTLE, is_phrasing
from tools.embed import bundled_embedder
from tools.media import Evidence
from tools.search.corpus import EXACT
from tools.search.text_ranking import find_words
from tools.text.languages import foreign_name
from tools.text.tokens import stem, stems, surface_forms

if TYPE_CHECKING:
    from tools.search.corpus import Corpus
    from tools.toolbox import Toolbox

BESIDE_SECONDS = 6.0
"""Pause up to which the sentences before and after belong to what is said."""
IN_CONTEXT, RELATED = 0.7, 0.85
"""What a word counts that stands beside the evidence, or that only means nearly the same."""
ENOUGH = 0.62
"""Share of the question's weight from which evidence answers it."""
ENOUGH_OF_KIND = 0.33
"""The same for evidence that holds a day, a month, a year, a time or a name that was asked for."""
ENOUGH_WITH_HEAD = 0.3
"""The same for evidence that itself holds what is counted or chosen: "which channel"."""
ENOUGH_WITHOUT_HEAD = 0.72
"""The same for evidence that lacks it: what it says of the channel may be about another thing."""
LONG_SECONDS = 600.0
"""From here on a talk says most words somewhere, and what belongs together stands further apart."""
FIGURE = 2.0
"""How much more than its rarity a number says."""

_TELLING = frozenset(("last", "first", "next", "only", "main", "name", "second", "more", "most"))
"""Small words that usually ask, but may also stand in the answer."""

_vocabularies: "WeakKeyDictionary[Any, tuple[list[str], Any]]" = WeakKeyDictionary()

_PROPER = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
"""Names inside a sentence: they mean nothing but themselves."""


def names(text: str) -> list[str]:
    """Names inside the sentences of a text, in small letters."""
    return [name.lower() for name in _PROPER.findall(text)]


class Relevance:
    """Weighs evidence of some videos against words."""

    def __init__(self, toolbox: "Toolbox", videos: Sequence[str]) -> None:
        self.toolbox = toolbox
        self.corpora: tuple[Corpus[Any], Corpus[Any]] = toolbox.texts.corpora(videos)
        self._videos = videos
        self._holders: dict[str, set[str]] = {}
        self._near: dict[str, list[Any]] = {}

    @cached_property
    def may_read(self) -> bool:
        """Whether there is text on screen, or may be because not all of it is read yet."""
        coverage = self.toolbox.library.coverage
        return bool(self.corpora[1].items) or any(
            coverage(video).ready["screen"] < 1 for video in self._videos
        )

    @cached_property
    def complete(self) -> bool:
        """Whether all that is said in these videos is known: only then is anything absent."""
        coverage = self.toolbox.library.coverage
        return all(coverage(video).speech == "complete" for video in self._videos)

    @property
    def nothing(self) -> str:
        """Subject and verb of what was not found: less is claimed where not all is known."""
        return "Nothing is" if self.complete else "Nothing that I could make out is"

    @cached_property
    def long(self) -> bool:
        """Whether these videos hold a long talk."""
        return any(one.end >= LONG_SECONDS for one in self.corpora[0].items)

    @cached_property
    def has_capitals(self) -> bool:
        """Whether sentences in the speech begin with capitals."""
        return any(one.text[:1].isupper() for one in self.corpora[0].items)

    def holders(self, word: str) -> set[str]:
        """Ids of the speech and on-screen text that hold a word in any form."""
        if word not in self._holders:
            self._holders[word] = self._holding(word)
        return self._holders[word]

    def _holding(self, word: str) -> set[str]:
        if len(surface_forms(word)) != 1:
            items = (one for corpus in self.corpora for one in find_words([word], corpus.items))
            return {one.id for one in items}
        rows = [(corpus.items, corpus.holds(word)) for corpus in self.corpora]
        held = [(items[at].id, row[at]) for items, row in rows for at in row.nonzero()[0]]
        exact = {id for id, how in held if how in EXACT}
        return exact or {id for id, _ in held}

    @cached_property
    def _names(self) -> set[str]:
        """What is written with a capital inside sentences, and never without."""
        said = " ".join(one.text for one in self.corpora[0].items if not foreign_name(one.language))
        return {
            stem(w.lower()) for w in _PROPER.findall(said) if not re.search(rf"\b{w.lower()}", said)
        }

    def shown(self, text: str) -> int:
        """How often the same line is on screen: what is on every slide says little."""
        return sum(one.text == text for one in self.corpora[1].items)

    def related(self, word: str) -> list[str]:
        """Words of these videos that mean nearly the same, nearest first.

        None for numbers, and for what stood between quotation marks: that is meant as it is.
        """
        if any(c.isdigit() or c == " " for c in word) or len(word) < 3:
            return []
        if same := [other for other in synonyms(word) if self.holders(other)]:
            return same
        embedder = self.toolbox.texts.embedder
        if embedder.contextual and not embedder.multilingual:
            embedder = bundled_embedder()  # knows single words better, and the rules know it
        found: list[tuple[float, str]] = []
        asked = embedder.texts([word])[0]
        for corpus in self.corpora:
            words, vectors = _vocabulary(corpus, embedder)
            if words:
                near = vectors @ asked
                found += [
                    (float(near[i]), words[i])
                    for i in (near >= embedder.synonym_cosine).nonzero()[0]
                ]
        return [other for _, other in sorted(found, reverse=True)[:4]]

    def adapted(self, plan: Plan) -> Plan:
        """The plan in the words of these videos.

        Neighbouring words that occur as one only are joined ("clean room", "foghorn"), and what a
        video's title says need not be said in it again.
        """
        titles = {stem for v in self._videos for stem in stems(self.toolbox.library.get(v).title)}
        words = [w for w in plan.words if self.holders(w) or stem(w) not in titles]
        words = words or list(plan.words)
        for at in range(len(words) - 1):
            pair = words[at : at + 2]
            together = "".join(pair)
            if not all(self.holders(word) for word in pair) and self.holders(together):
                words[at : at + 2] = [together]
                break
        return replace(plan, words=tuple(words))

    def known(self, words: Iterable[str]) -> list[str]:
        """The words that occur, and for those that never do what means nearly the same."""
        wanted: list[str] = []
        for word in words:
            wanted += [word] if self.holders(word) else self.related(word)[:2]
        return list(dict.fromkeys(wanted))

    def missing(self, words: Iterable[str]) -> list[str]:
        """The words that are neither said nor shown, in no language where there are several."""
        lost = [word for word in words if not self.holders(word)]
        foreigners = any(foreign_name(one.language) for one in self.corpora[0].items)
        return [word for word in lost if not (foreigners and self.related(word))]

    def share(self, words: Sequence[str], one: Evidence) -> float:
        """How much of the words' weight the evidence covers, 0 to 1; 0 if it has none itself."""
        beside = {other.id for other in self._beside(one)}
        total = covered = 0.0
        own = False
        for word in words:
            weight, credit = self.weight(word), 0.0
            for form, value in [(word, 1.0), *((r, RELATED) for r in self._stand_ins(word))]:
                holders = self.holders(form)
                if one.id in holders:
                    credit, own = max(credit, value), True
                elif holders & beside:
                    credit = max(credit, value * IN_CONTEXT)
            total += weight
            covered += weight * credit
        return covered / total if own and total else 0.0

    def enough(self, plan: Plan, one: Evidence) -> float:
        """The share of the question's weight from which this evidence answers it."""
        if holds_kind(plan.question, one.text):
            return ENOUGH_OF_KIND
        named = heads(plan.question).intersection(sought(plan))
        forms = [form for word in named for form in (word, *self._stand_ins(word))]
        if any(one.id in self.holders(form) for form in forms):
            return ENOUGH_WITH_HEAD
        return ENOUGH_WITHOUT_HEAD if named else ENOUGH

    def ends_inside(self, one: Evidence) -> bool:
        """Whether the sentence does not end with these words; not told without capitals."""
        return one.kind == "speech" and self.has_capitals and one.text.rstrip()[-1:] not in ".!?"

    def bonus(self, question: str, one: Evidence) -> float:
        """A little for small words it shares ("the last ferry"), and for a time if asked when."""
        said = set(stems(one.text))
        small = [stem(w) for w in surface_forms(question) if w in _TELLING]
        exact = [w for w in re.findall(r"[a-z]{4,}", question.lower()) if w in one.text.lower()]
        bonus = 0.03 if exact else 0.0
        bonus += 0.15 * sum(word in said for word in small) / len(small) if small else 0.0
        return bonus + 0.1 if holds_time(question, one.text) else bonus

    def _stand_ins(self, word: str) -> list[str]:
        return [] if self.holders(word) else self.related(word)

    def weight(self, word: str) -> float:
        """How much a word says: as much as it is rare, more for a number, little for phrasing."""
        count = sum(len(corpus.items) for corpus in self.corpora)
        rarity = math.log(1 + (count + 1) / (len(self.holders(word)) + 0.5))
        if word[0].isdigit():
            return rarity * FIGURE
        return rarity * LITTLE if is_phrasing(word) and not self.holders(word) else rarity

    def _beside(self, one: Evidence) -> list[Any]:
        """What is said just before and after, and what is said and shown at the same time."""
        if one.id not in self._near:
            self._near[one.id] = [
                other
                for corpus, pause in zip(self.corpora, (BESIDE_SECONDS, 0.0), strict=True)
                for other in corpus.items
                if other.video == one.video and other.id != one.id
                if other.start - pause < one.end and one.start < other.end + pause
            ]
        return self._near[one.id]

    def fits(self, question: str, one: Evidence, words: Sequence[str]) -> bool:
        """Whether the evidence is about who was named, and has the kind of thing asked for."""
        beside = self._beside(one)
        ids = {other.id for other in beside} | {one.id}
        if any(stem(word) in self._names and not self.holders(word) & ids for word in words):
            return False  # it is about somebody else
        if asks_place(question) and self.ends_inside(one):
            return True
        rest = [w for w in one.text.split() if stem(w.lower().strip(".,!?")) not in words]
        return fits(question, one.text, " ".join(rest), [other.text for other in beside])


def _vocabulary(corpus: "Corpus[Any]", embedder: Any) -> tuple[list[str], Any]:
    """Every word of a corpus with its vector; made once."""
    if corpus not in _vocabularies:
        text = " ".join(
            one.text  # German writes every noun with a capital
            if foreign_name(getattr(one, "language", ""))
            else _PROPER.sub(" ", one.text)
            for one in corpus.items
        ).lower()
        words = sorted({w for w in re.findall(r"[^\W\d_](?:[^\W\d_]|['-]){2,}", text) if stems(w)})
        _vocabularies[corpus] = (words, embedder.texts(words))
    return _vocabularies[corpus]
