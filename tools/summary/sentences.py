"""Sentences of a transcript, and the central ones among them.

Subtitles cut sentences where a line is full; a summary that quotes has to quote whole ones.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tools.embed.embedder import unit_rows
from tools.evidence import passage_id, utterances_filling
from tools.media import Utterance
from tools.store.store import Store
from tools.text.tokens import stems, surface_forms

Floats = NDArray[np.floating]

LONGEST, UNPUNCTUATED = 16.0, 8.0
"""Seconds: longest sentence, with punctuation and without."""
PAUSE = 1.5
"""Seconds: a longer pause ends a sentence too."""
BESIDE = 8
"""Utterances before and after a sentence, among which one may overlap it."""
FEW, MANY = 5, 32
"""Content words below which, and words above which, a sentence is a poor quotation."""
BUCKETS = 1024
"""Length of a word vector."""
COMMON = 0.2
"""Share of the texts: a word that more of them contain is ignored."""
REDUNDANCY = 0.6
"""Weight of the similarity to a sentence already chosen (MMR: Carbonell, Goldstein 1998)."""
_LEANING = """
    and but because he her him his it its or she so that their them then there these they this those
    which who yeah yes no well oh um uh okay ok right"""
_DEPENDENT, _HESITATIONS = frozenset(_LEANING.split()), frozenset({"um", "uh", "er", "erm"})
"""First words of a sentence that depends on the one before it; and words of a hesitant one."""
PENALTY, DENSE = 0.15, 0.3
"""Penalty for each weakness; and the share of content words below which a sentence has one."""


@dataclass(frozen=True)
class Sentence:
    """Consecutive utterances as one sentence; start and end in seconds."""

    id: str
    start: float
    end: float
    text: str
    utterances: tuple[Utterance, ...]


def telling_speech(store: Store, video: str) -> list[Utterance]:
    """Speech fit for a summary: none of a draft where text is shown, which is surer."""
    spoken = store.utterances(video)
    if any(one.source == "draft" for one in spoken) and store.screen_text(video):
        return []
    return spoken


def split_sentences(utterances: Sequence[Utterance]) -> list[Sentence]:
    """Join utterances to sentences, in order, unless other speech overlaps them."""
    punctuated = sum(_ends(one) for one in utterances) > len(utterances) / 8
    longest = LONGEST if punctuated else UNPUNCTUATED
    groups: list[list[Utterance]] = []
    for utterance in utterances:
        group = groups[-1] if groups else []
        if (
            group
            and not _ends(group[-1])
            and utterance.start - group[-1].end < PAUSE
            and utterance.speaker == group[-1].speaker
            and utterance.end - group[0].start <= longest
        ):
            group.append(utterance)
        else:
            groups.append([utterance])
    sentences: list[Sentence] = []
    first = 0
    for group in groups:
        near = utterances[max(first - BESIDE, 0) : first + len(group) + BESIDE]
        first += len(group)
        end = max(utterance.end for utterance in group)
        whole = len(group) == 1 or utterances_filling(near, group[0].start, end) == group
        for part in [group] if whole else [[utterance] for utterance in group]:
            text = " ".join(utterance.text for utterance in part)
            end = max(utterance.end for utterance in part)
            sentence = Sentence(passage_id(part), part[0].start, end, text, tuple(part))
            sentences.append(sentence)
    return sentences


def _ends(utterance: Utterance) -> bool:
    return utterance.text.rstrip("\"'\u201d\u2019) ")[-1:] in (".", "!", "?", "…", "\u3002")


def sentence_vectors(store: Store, video: str, sentences: Sequence[Sentence]) -> Floats:
    """A unit row for each sentence: its words, beside its embedding where that is stored."""
    if not sentences:
        return np.zeros((0, 1))
    vectors = unit_rows(word_vectors([stems(sentence.text) for sentence in sentences]))
    stored = utterance_vectors(store, video, [u for s in sentences for u in s.utterances])
    if stored is not None:
        ends = np.cumsum([len(sentence.utterances) for sentence in sentences])
        means = np.stack([rows.mean(axis=0) for rows in np.split(stored, ends[:-1])])
        vectors = unit_rows(np.hstack([vectors, unit_rows(means)]))
    return vectors


def utterance_vectors(store: Store, video: str, utterances: Sequence[Utterance]) -> Floats | None:
    """The stored embedding of each utterance, zeros where it has none; None if none are stored."""
    vectors = store.vectors(video)
    if not vectors:
        return None
    rows = dict(zip(vectors.ids, vectors.array, strict=True))
    none = np.zeros_like(vectors.array[0])
    return np.stack([rows.get(utterance.id, none) for utterance in utterances])


def word_vectors(texts: Sequence[Sequence[str]], least: int = 1) -> NDArray[np.float32]:
    """A TF-IDF row for each text, given as its stems; words of fewer than `least` texts are left.

    Words are hashed into buckets (Weinberger et al. 2009), so that no text can make rows longer.
    """
    frequency = Counter(word for text in texts for word in set(text))
    rows = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in text:
            if least <= frequency[word] <= max(COMMON * len(texts), least):
                row[crc32(word.encode()) % BUCKETS] += math.log(len(texts) / frequency[word])
    return rows


def central_sentences(
    sentences: Sequence[Sentence], vectors: Floats, count: int, whole: Floats | None = None
) -> list[int]:
    """Positions of the most central sentences, in order.

    The nearest to the mean of the given vectors, or of those of the whole (centroid: Radev 2004),
    without weak quotations and repetitions.
    """
    if not sentences:
        return []
    mean = (vectors if whole is None else whole).mean(axis=0, keepdims=True)
    scores = vectors @ unit_rows(mean)[0] - np.array([_penalty(one) for one in sentences])
    chosen: list[int] = []
    while len(chosen) < min(count, len(sentences)):
        similar = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(sentences))
        left = scores - REDUNDANCY * similar
        left[chosen] = -np.inf
        chosen.append(int(left.argmax()))
    return sorted(chosen)


def _penalty(sentence: Sentence) -> float:
    """Penalty of a poor quotation: short, long, cut, idle, a question, or dependent on others."""
    words = surface_forms(sentence.text)
    content = len(set(stems(sentence.text)))
    weaknesses = (
        max(FEW - content, 0),
        bool(words) and words[0] in _DEPENDENT,
        sentence.text.rstrip().endswith("?"),
        sentence.text[:1].islower() or not _ends(sentence.utterances[-1]),
        content < DENSE * len(words) or bool(_HESITATIONS.intersection(words)),
        len(words) > MANY,
    )
    return PENALTY * sum(weaknesses)
