"""What is said, sentence by sentence, and which sentences stand for the rest.

Subtitles cut sentences where a line is full; a summary that quotes has to quote whole ones.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

from tools.evidence import passage_id, utterances_filling
from tools.text.tokens import stems, surfaces

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tools.media import Utterance
    from tools.store.store import Store

    Floats = NDArray[np.floating]

LONGEST, UNPUNCTUATED = 16.0, 8.0
"""Seconds of one sentence at most; the same where nobody wrote where sentences end."""
APART = 1.5
"""A longer pause, in seconds, ends a sentence too."""
BESIDE = 8
"""Utterances before and after a sentence, among which one may run beside it."""
FEW, MANY = 5, 32
"""Words that carry meaning, below which a sentence hardly stands for others; and words in all,
above which it says too much."""
PLACES = 1024
"""Numbers in a row that tells the words of a text."""
COMMON = 0.2
"""Of the texts, the share that holds a word which tells none of them from another."""
ALIKE = 0.6
"""What likeness to a sentence that was chosen already costs (MMR: Carbonell, Goldstein 1998)."""
_LEANING = """
    and but because he her him his it its or she so that their them then there these they this those
    which who yeah yes no well oh um uh okay ok right"""
_LEANS, _HESITATES = frozenset(_LEANING.split()), frozenset({"um", "uh", "er", "erm"})
"""Words that a sentence begins with which leans on the one before it."""
LEANING, DENSE = 0.15, 0.3
"""What each weakness costs; and the share of words that mean something, below which few do."""


@dataclass(frozen=True)
class Sentence:
    """Consecutive utterances as one sentence; start and end in seconds."""

    id: str
    start: float
    end: float
    text: str
    parts: tuple[Utterance, ...]


def sentences(said: Sequence[Utterance]) -> list[Sentence]:
    """The sentences, in order; what cannot be cited as one stays apart."""
    ended = sum(_ends(one) for one in said) > len(said) / 8
    longest = LONGEST if ended else UNPUNCTUATED
    edges = [0]
    for at in range(1, len(said)):
        before, one = said[at - 1], said[at]
        goes_on = (
            not _ends(before)
            and one.start - before.end < APART
            and one.speaker == before.speaker
            and one.end - said[edges[-1]].start <= longest
        )
        if not goes_on:
            edges.append(at)
    found: list[Sentence] = []
    if not said:
        return found
    for first, last in pairwise([*edges, len(said)]):
        group = list(said[first:last])
        near = said[max(first - BESIDE, 0) : last + BESIDE]
        end = max(one.end for one in group)
        whole = len(group) == 1 or utterances_filling(near, group[0].start, end) == group
        found += [_joined(group)] if whole else [_joined([one]) for one in group]
    return found


def _ends(one: Utterance) -> bool:
    return one.text.rstrip("\"'\u201d\u2019) ")[-1:] in (".", "!", "?", "…", "\u3002")


def _joined(group: Sequence[Utterance]) -> Sentence:
    text = " ".join(one.text for one in group)
    end = max(one.end for one in group)
    return Sentence(passage_id(group), group[0].start, end, text, tuple(group))


def vectors(store: Store, video: str, told: Sequence[Sentence]) -> Floats:
    """A row of length one for each: by meaning where vectors are stored, and by words."""
    import numpy as np

    if not told:
        return np.zeros((0, 1))
    rows = [_unit(word_rows([stems(one.text) for one in told]))]
    if stored := store.vectors(video):
        known = dict(zip(stored.ids, stored.array, strict=True))
        none = np.zeros(stored.array.shape[1])
        means = [np.mean([known.get(p.id, none) for p in one.parts], axis=0) for one in told]
        rows.append(_unit(np.array(means, np.float32).reshape(len(told), -1)))
    return _unit(np.hstack(rows))


def word_rows(texts: Sequence[Sequence[str]], least: int = 1) -> Floats:
    """A row for each text, given as its stems: how often each is in it, times its rarity.

    Only words of so many texts, at least, count. They are counted in places by their hash
    (Weinberger et al. 2009), so that no text can make the rows longer.
    """
    import numpy as np

    often = Counter(word for text in texts for word in set(text))
    rows = np.zeros((len(texts), PLACES), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in text:
            if least <= often[word] <= max(COMMON * len(texts), least):
                row[crc32(word.encode()) % PLACES] += math.log(len(texts) / often[word])
    return rows


def central(
    told: Sequence[Sentence], rows: Floats, count: int, whole: Floats | None = None
) -> list[int]:
    """Which sentences stand best for all of them, or for the whole whose rows are given, by time.

    The nearest to the mean of all (centroid: Radev 2004) that can stand alone; none says what
    another has said.
    """
    import numpy as np

    if not told:
        return []
    mean = (rows if whole is None else whole).mean(axis=0, keepdims=True)
    worth = rows @ _unit(mean)[0]
    worth = worth - np.array([_weakness(one) for one in told])
    chosen: list[int] = []
    while len(chosen) < min(count, len(told)):
        again = (rows @ rows[chosen].T).max(axis=1) if chosen else np.zeros(len(told))
        left = worth - ALIKE * again
        left[chosen] = -np.inf
        chosen.append(int(left.argmax()))
    return sorted(chosen)


def _weakness(one: Sentence) -> float:
    """What speaks against quoting a sentence alone: short, leaning on others, or a question."""
    words = surfaces(one.text)
    meant = len(set(stems(one.text)))
    short = max(FEW - meant, 0)
    leans = bool(words) and words[0] in _LEANS
    asks = one.text.rstrip().endswith("?")
    cut = one.text[:1].islower() or not _ends(one.parts[-1])
    idle = meant < DENSE * len(words) or bool(_HESITATES.intersection(words))
    rambles = len(words) > MANY
    return LEANING * (short + leans + asks + cut + idle + rambles)


def _unit(rows: Floats) -> Floats:
    import numpy as np

    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
