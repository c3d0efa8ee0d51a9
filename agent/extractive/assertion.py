"""The line between asserted and shown: how likely a moment answers a question, by one fitted score.

A conditional logit model (McFadden 1974) whose choices are the moments that a search found, and
none of them. One setting for clips and talks; `python -m benchmarks.asserted` fits it and prints
its curve.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from agent.extractive.answer_type import holds_type
from agent.extractive.reply import Found
from agent.extractive.turn import Turn
from tools.embed import bundled_embedder
from tools.evidence import is_draft
from tools.media import Evidence, Utterance
from tools.search.text_ranking import Weighed
from tools.text.tokens import asked_words

WEIGHTS = {
    "share": 6.71, "paired": 2.31, "behind": 4.12, "typed": 0.47, "lost": -2.77, "words": 1.57,
    "screen": 2.12,
}  # fmt: skip
"""Log odds of each feature: the share of the question's words and of their pairs that a moment
holds; how far it is behind the best of its video in the ranking; whether it holds the kind of thing
that is asked for; the share of words that are nowhere in the videos; how many words are asked for,
as a logarithm; and whether it is on screen."""
BIAS = -4.54
MEANT, USUAL = 24.0, 0.45
"""Log odds for each unit of the cosine above the usual one, where a question is in another language
than the video and only an embedder that knows both can find the answer: not fitted."""
READ = 0.5
"""Log odds that one of a cross-encoder's counts, where one is there: not fitted."""
BESIDE, BESIDE_SECONDS = 2.0, 20.0
"""Log odds beside what was shown before, of which so many seconds away 1/e is left."""
ASSERTED = 0.65
"""Likelihood that one of the moments answers from which the first is asserted."""
NEAR = 0.25
"""The same from which a moment comes close."""
QUOTED_SECONDS, PAUSE = 12.0, 2.0
"""How long a quoted passage is at most, and the pause that ends one, in seconds."""


@dataclass(frozen=True)
class Moment:
    """A candidate: its evidence, the utterances that are quoted with it, and its features."""

    found: Found
    passage: tuple[Utterance, ...]
    features: tuple[float, ...]
    odds: float

    @property
    def holds_type(self) -> bool:
        """True unless it lacks the kind of thing that is asked for."""
        return self.features[list(WEIGHTS).index("typed")] >= 0

    @property
    def span(self) -> tuple[float, float]:
        """Start and end of what is quoted, in seconds."""
        if not self.passage:
            return self.found.one.start, self.found.one.end
        return self.passage[0].start, max(one.end for one in self.passage)


class Judged(NamedTuple):
    """Candidates, the likeliest first, and the likelihood that one of them answers."""

    moments: list[Moment]
    likelihood: float


class Judge:
    """Judges how likely moments answer one question."""

    def __init__(self, turn: Turn, query: str) -> None:
        self._turn, self._query = turn, query
        self._words = asked_words(query)[0] or list(turn.question.words)
        self._held: dict[tuple[str, str], tuple[dict[str, int], Weighed | None]] = {}

    def judged(self, found: Sequence[Found]) -> Judged:
        """Candidates in the order of their likelihood."""
        moments = [self._moment(one) for one in found if one.one.kind in ("speech", "screen")]
        read = self._turn.toolbox.texts.rerank(self._query, [m.found.one for m in moments])
        for place, score in enumerate(read):
            moments[place] = replace(moments[place], odds=moments[place].odds + READ * score)
        moments.sort(key=lambda moment: -moment.odds)
        total = sum(math.exp(min(moment.odds, 50.0)) for moment in moments)
        return Judged(moments, total / (1 + total))

    def _moment(self, found: Found) -> Moment:
        passage = self._passage(found.one) if found.one.kind == "speech" else ()
        said = " ".join(u.text for u in passage) or found.one.text
        features = self._features(found.one, said)
        odds = BIAS + sum(w * x for w, x in zip(WEIGHTS.values(), features, strict=True))
        if self._turn.is_foreign:
            odds += MEANT * max(self._cosine(found.one) - USUAL, 0.0)
        if (near := self._turn.near) and near.video == found.one.video:
            odds += BESIDE * math.exp(-abs(found.one.start - near.start) / BESIDE_SECONDS)
        return Moment(found, tuple(passage), features, odds)

    def _features(self, one: Evidence, said: str) -> tuple[float, ...]:
        weighed, place = self._weighed(one)
        if weighed is None:
            return (0.0,) * len(WEIGHTS)
        traits, fused = weighed.traits, weighed.fused
        by = ", ".join(one.facts.get("speakers", ()))
        own, more = (holds_type(self._turn.text, f"({by}): {text}") for text in (one.text, said))
        typed = own if own > 0 else min(more, 0.0)  # what only follows it holds it less
        if one.kind == self._turn.question.modality == "screen":
            typed = max(typed, 0.0)  # a sign has no "at" and no "because"
        return (
            float(traits.share[place]), float(traits.paired[place]),
            float(fused[place] - fused.max()) / 10, typed, self._lost, math.log1p(len(self._words)),
            float(one.kind == "screen"),
        )  # fmt: skip

    def _cosine(self, one: Evidence) -> float:
        """Cosine of the question and what is said around a moment."""
        weighed, place = self._weighed(one)
        return float(weighed.traits.near[place]) if weighed else 0.0

    @cached_property
    def _lost(self) -> float:
        if not self._words:
            return 1.0
        weights = bundled_embedder().weights(self._words)
        held = [self._turn.holds(word) for word in self._words]
        return float(sum(w for w, h in zip(weights, held, strict=True) if not h) / weights.sum())

    def _weighed(self, one: Evidence) -> tuple[Weighed | None, int]:
        """The weighed texts of its video and its place in them; None where nothing is weighed."""
        key = one.video, one.kind
        if key not in self._held:
            texts = self._turn.toolbox.texts
            corpus = texts.corpus(one.video, one.kind)
            places = {item.id: n for n, item in enumerate(corpus.items)}
            self._held[key] = places, texts.weighed(corpus, self._query)
        places, weighed = self._held[key]
        return (weighed, places[one.id]) if one.id in places else (None, 0)

    def _passage(self, one: Evidence) -> list[Utterance]:
        """The utterances of one quotation: a sentence from its beginning, and what follows it."""
        said = self._turn.toolbox.texts.corpus(one.video, "speech").items
        at = next((n for n, u in enumerate(said) if u.id == one.id), -1)
        if at < 0 or is_draft(one):
            return []
        return passage(said, at, lambda text: holds_type(self._turn.text, text) >= 0)


def passage(
    said: Sequence[Utterance], at: int, holds: Callable[[str], bool] = bool
) -> list[Utterance]:
    """Utterances around one that are quoted with it: its sentence from its beginning to its end.

    What follows is quoted, too, where it is the first to hold what is asked for.
    """
    first = last = at
    closed = any(_ends(one) for one in said)

    def joined(place: int, end: int) -> bool:
        one, other = said[place], said[place + 1]
        near = other.start - one.end < PAUSE and one.speaker == other.speaker
        return near and said[end].end - said[first].start <= QUOTED_SECONDS

    while closed and first > 0 and not _ends(said[first - 1]) and joined(first - 1, last):
        first -= 1
    while last + 1 < len(said) and not (closed and _ends(said[last])) and joined(last, last + 1):
        last += 1
    end = last
    while not holds(" ".join(one.text for one in said[first : end + 1])):
        if end + 1 == len(said) or not joined(end, end + 1):
            return list(said[first : last + 1])
        end += 1
    return list(said[first : end + 1])


def _ends(one: Utterance) -> bool:
    """True if a sentence ends with an utterance."""
    return one.text.rstrip()[-1:] in ".!?\u3002\uff01\uff1f"
