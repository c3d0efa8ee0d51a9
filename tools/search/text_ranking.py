"""Which moments answer a question: words, pairs of words and meaning, weighed. Pure functions.

A cue is ranked by what is said in it and, the less the further away, around it, as an answer's
words are spread over several (Lv and Zhai, "Positional Language Models", 2009). Pairs count beside
words (Metzler and Croft, "A Markov Random Field Model for Term Dependencies", 2005). On-screen text
stands for itself; its words may be misread or run together. Only the video of a text counts, so
that no other one changes its place or its score.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.embed import bundled_embedder
from tools.media import ScreenText, Utterance, follows
from tools.search.corpus import Corpus, Words, inside, place_of
from tools.text.tokens import asked_words, is_character, stem, surface_forms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

APART_SECONDS = 20.0
"""A hit nearer than this to a better one comes after all others."""
ODDS = (1.6, 6.9, 4.4, -0.9)
"""Log odds of the traits `words`, `pairs`, `near` and `length`: a conditional logit (McFadden 1974)
whose choices are the cues of a video. `python -m benchmarks.tutorials DIR --fit` fits it."""
READ, BESIDE_READER = 5.0, 0.5
"""Log odds by which the nearest passage that a model has read is before the farthest neighbour, and
what the words count beside it."""
SHARES = (0.5, 0.25, 0.25)
"""What `share`, `paired` and `near` are in a score: the same fit, over the cues of all videos."""
ENOUGH_WORDS, ENOUGH_MEANT, ENOUGH_COSINE = 0.15, 0.22, 0.45
"""What a text must reach: the share of the question's words, as held or as meant, or a cosine."""
ENOUGH_LIFTED, ENOUGH_NEARER = 0.1, 0.2
"""How much nearer than a usual one it then is; a passage that a model has read, by this alone."""
HELD = 0.1
"""Decayed count from which a word is held around a text."""


class Traits(NamedTuple):
    """What a question and each text have in common, one column per text."""

    words: Floats
    """The words that are there or nearly meant, each as heavy as it is rare in the video."""
    pairs: Floats
    """Share of the pairs of neighbouring words."""
    near: Floats
    """Cosine of the passage; of what is no neighbour, that of the least near one."""
    length: Floats
    """Logarithm of the number of words in the text itself; 0 on screen, where lines are short."""
    share: Floats
    """Share of the words, each as heavy as it is rare anywhere."""
    paired: Floats
    """The same as `pairs`; where a question has none, as `share`."""
    held: Floats
    """Share of the words that are there as they stand, each as heavy as it is rare."""
    meant: Floats
    """The same for words that are nearly meant, at their best."""


class Weighed(NamedTuple):
    """What a question says of each text, one column per text."""

    fused: Floats
    """Log odds that it answers, beside the other texts; 0 is usual."""
    relevant: NDArray[np.bool_]
    score: Floats
    """How much of the question it covers, 0 to 1; comparable among videos."""
    traits: Traits
    """What it was made of."""


def traits(
    question: str, corpus: Corpus[Any], cosines: Mapping[str, float] | None = None
) -> Traits | None:
    """What a question has in common with texts; None where it asks nothing, or there are none."""
    import numpy as np

    words, spare = asked_words(question)
    every = [*words, *spare]
    if not every or not corpus.items:
        return None
    asked = slice(len(words) or len(every))
    exact = np.stack([corpus.counts(word) for word in every])
    alike = np.maximum(exact, corpus.lexicon.near(every)) if corpus.lexicon else exact
    told, pairs = bundled_embedder().weights(every).astype(np.float64), corpus.pairs(question)
    around = corpus.spread(np.concatenate([alike, pairs]))
    full = around / (around + 1)  # often counts less
    full, paired = full[: len(every)], full[len(every) :]
    rarity, share = _rarity(alike), told @ full / told.sum()
    rare, rarer = _rarity(exact)[asked], rarity[asked] ** 1.5
    cosines = cosines or {}
    least = min(cosines.values(), default=0.0)
    near = np.array([cosines.get(one.id, least) for one in corpus.items])
    return Traits(
        words=(told * rarity) @ full,
        pairs=paired.sum(axis=0) / max(len(pairs), 1),
        near=near,
        length=np.zeros(len(near)) if corpus.noisy else np.log1p([*map(len, corpus.stems)]),
        share=share,
        paired=paired.mean(axis=0) if len(pairs) else share,
        held=rare @ (corpus.spread(exact[asked]) >= HELD) / rare.sum(),
        meant=rarer @ corpus.spread(np.minimum(alike[asked], 1), np.maximum) / rarer.sum(),
    )


def weigh(
    question: str,
    corpus: Corpus[Any],
    cosines: Mapping[str, float] | None = None,
    *,
    read: bool = False,
) -> Weighed | None:
    """What a question says of each text; None where it asks for nothing, or there are no texts.

    `cosines` are those of the question and its nearest neighbours among the passages, by evidence
    id: tens of them. `read` tells that a model has read the passages as wholes.
    """
    import numpy as np

    if (found := traits(question, corpus, cosines)) is None:
        return None
    words, pairs, near, length = ODDS
    fused = words * found.words + pairs * found.pairs + length * found.length
    relevant = (found.held >= ENOUGH_WORDS) | (found.meant >= ENOUGH_MEANT)
    # Passages of a short video are all alike: what its words find then stands alone.
    lifted = found.near - np.median(found.near)
    relevant |= (found.near >= ENOUGH_COSINE) & ((lifted >= ENOUGH_LIFTED) | ~relevant.any())
    if read and cosines:  # what its cosines are differs from model to model
        nearer = found.near - found.near.min()
        fused = BESIDE_READER * fused + READ * nearer / max(float(nearer.max()), 1e-9)
        relevant |= lifted >= ENOUGH_NEARER
    else:
        fused += near * found.near
    score = np.stack([found.share, found.paired, np.clip(found.near, 0, 1)])
    return Weighed(fused - fused.mean(), relevant, np.array(SHARES) @ score, found)


def search(
    question: str,
    corpus: Corpus[Words],
    cosines: Mapping[str, float] | None = None,
    *,
    read: bool = False,
    limit: int = 6,
    start: float = -math.inf,
    end: float = math.inf,
) -> list[tuple[Words, float]]:
    """Texts that answer a question with scores, best first; rather none than an irrelevant one.

    `cosines` and `read` are as in `weigh`.
    """
    import numpy as np

    if limit <= 0 or (weighed := weigh(question, corpus, cosines, read=read)) is None:
        return []
    first: list[int] = []
    later: list[int] = []
    order: list[int] = np.argsort(-weighed.fused, kind="stable").tolist()
    for place in order:
        if weighed.relevant[place] and _within(corpus.items[place], start, end):
            apart = all(_apart(corpus, place, other) for other in first)
            (first if apart else later).append(place)
            if len(first) == limit:
                break
    hits: list[tuple[Words, float]] = []
    ceiling = 1.0
    for place in [*first, *later][:limit]:
        # Never above a better one, so that sorting by score keeps this order.
        ceiling = min(ceiling, round(float(weighed.score[place]), 4))
        hits.append((corpus.items[place], ceiling))
    return hits


def _apart(corpus: Corpus[Any], one: int, other: int) -> bool:
    """Whether two texts are about different moments; on screen each stands for itself."""
    if corpus.noisy or corpus.items[one].video != corpus.items[other].video:
        return True
    return abs(corpus.items[one].start - corpus.items[other].start) >= APART_SECONDS


def _rarity(rows: Floats) -> Floats:
    """The idf of words that texts hold so far; what is nowhere is as rare as can be."""
    import numpy as np

    texts = np.minimum(rows, 1).sum(axis=1)
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
    if len(phrase) == 1 and is_character(phrase[0]):  # pairs overlap: two may hold one character
        return unicodedata.normalize("NFKC", one.text).count(phrase[0])
    wanted = [stem(word) for word in phrase]
    count = sum(list(forms[at : at + len(wanted)]) == wanted for at in range(own))
    if count or not isinstance(one, ScreenText):
        return count
    return int(inside("".join(phrase), " ".join(surface_forms(one.text))))


def find_words(words: Iterable[str], items: Iterable[Words]) -> list[Words]:
    """Every text that holds all of the words or phrases, in any form, in the order of time.

    A phrase may begin in one cue and end in the next; then the first counts.
    """
    phrases = [phrase for phrase in map(surface_forms, words) if phrase]
    ordered = sorted(items, key=place_of) if phrases else []
    texts = [[stem(word) for word in surface_forms(one.text)] for one in ordered]
    found: list[Words] = []
    for place, (one, forms) in enumerate(zip(ordered, texts, strict=True)):
        following = ordered[place + 1 : place + 2]
        after = texts[place + 1] if following and follows(one, following[0]) else []
        if all(occurrences(phrase, one, forms + after, len(forms)) for phrase in phrases):
            found.append(one)
    return found
