"""Which videos of a library a question may be about, from counts and a few neighbours.

Nothing of a video is read for it: the catalog counts stems and pairs of them, and the coarse
passages of a minute that are nearest tell the rest. How rare a word is among the videos decides
here which are looked into; it is in no score of a moment.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tools.text.tokens import asked_words, content_stems, stem, surface_forms

OFTEN = 4.0
"""Occurrences from which on more of them add little: half of the weight is reached here."""
WORDS, PAIRS, NEAR = 2.4, 2.0, 7.8
"""Log odds of the traits, a conditional logit whose choices are the videos of a library;
`python -m benchmarks.tutorials DIR --fit` fits them."""
SPARE = 0.6
"""What a word that questions are made of weighs beside the others."""


def question_stems(question: str) -> dict[str, float]:
    """Stems of the words that a question asks for, each with what it weighs."""
    asked, spare = asked_words(question)
    return {stem(word): 1.0 for word in asked} | {stem(word): SPARE for word in spare}


def question_pairs(question: str) -> list[tuple[str, str]]:
    """Neighbouring words of a question that both have content, as stems, each pair once."""
    neighbours = pairwise(surface_forms(question))
    told = [(stem(a), stem(b)) for a, b in neighbours if len(content_stems([a, b])) == 2]
    return list(dict.fromkeys(told))


def video_traits(
    question: str,
    counts: Mapping[str, Mapping[str, int]],
    pairs: Mapping[tuple[str, str], Mapping[str, int]],
    nearest: Sequence[tuple[str, float]],
    videos: int,
) -> dict[str, tuple[float, float, float]]:
    """What a question and each video have in common: words, pairs, and nearness in meaning.

    `counts` and `pairs` hold by stem of the question, and by pair of them, how often each video
    has it; `nearest` the video and cosine of the nearest coarse passages, tens of them, in any
    order. Other videos are as near as the last of these. `videos` is how many the library has.
    """
    found: dict[str, list[float]] = {}

    def add(trait: int, weight: float, held: Mapping[str, int]) -> None:
        rarity = math.log(1 + (max(videos - len(held), 0) + 0.5) / (len(held) + 0.5))
        for video, count in held.items():
            row = found.setdefault(video, [0.0, 0.0, 0.0])
            row[trait] += weight * rarity * count / (count + OFTEN)

    for word, weight in question_stems(question).items():
        add(0, weight, counts.get(word, {}))
    for pair in question_pairs(question):
        add(1, 1.0, pairs.get(pair, {}))
    least = min((cosine for _, cosine in nearest), default=0.0)
    for video, cosine in nearest:
        row = found.setdefault(video, [0.0, 0.0, 0.0])
        row[2] = max(row[2], cosine - least)
    return {video: (words, paired, near) for video, (words, paired, near) in found.items()}


def video_scores(traits: Mapping[str, tuple[float, float, float]]) -> dict[str, float]:
    """Log odds that a question is about a video, by video, from their `video_traits`.

    A video that is not named has nothing of the question: it scores 0.
    """
    return {
        video: WORDS * words + PAIRS * paired + NEAR * near
        for video, (words, paired, near) in traits.items()
    }
