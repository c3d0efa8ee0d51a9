"""Passages: runs of cues around each moment, and their similarity to a question.

A cue of subtitles is a piece of a sentence. What it is about, and what answers a question, stands
around it: so it is compared with the cue, and with passages of a few widths around it. A model that
reads whole passages has read them when the video was indexed; else a passage is the mean of its
cues, each as heavy as it has words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Floats, Vectors
    from tools.media import Utterance

    Doubles = NDArray[np.float64]

WIDTHS = (8.0, 20.0, 50.0)
"""Seconds that a passage lasts, about."""
ABOUT = 1
"""Which of them tell best what is spoken about."""
PARTS = 4
"""A passage begins at every so many parts of its width."""


@dataclass(frozen=True)
class Passage:
    """The speech of so many seconds around a moment."""

    width: float
    middle: float
    text: str

    @property
    def id(self) -> str:
        """Key of its vector; nothing that can be cited."""
        return f"{self.width:g}@{self.middle:.3f}"


@dataclass(frozen=True, eq=False)
class Nearness:
    """Cosine similarities of a question and some cues, one column per cue."""

    own: Doubles
    around: Doubles
    """A row for each width."""
    reader: str = ""
    """The model that has read the passages; empty where they are means of cues."""


def passages(said: Sequence[Utterance]) -> list[Passage]:
    """The passages of each width around the cues of one video, which come in order."""
    found: list[Passage] = []
    for width in WIDTHS:
        last = float("-inf")
        for one, (first, end) in zip(said, around(said, width), strict=True):
            if (middle := _middle(one)) - last >= width / PARTS:
                last = middle
                text = " ".join(other.text for other in said[first:end])
                found.append(Passage(width, middle, text))
    return found


def around(said: Sequence[Utterance], width: float) -> NDArray[np.int64]:
    """By cue, the first and one past the last of its video whose middles lie in so many seconds."""
    import numpy as np

    spans = [np.zeros((0, 2), np.int64)]
    first = 0
    for _, group in groupby(said, key=lambda one: one.video):
        middles = np.array([_middle(one) for one in group])
        later = np.maximum.accumulate(middles)  # a long cue may begin before a short one
        own = np.arange(len(middles))
        begin = np.minimum(np.searchsorted(later, middles - width / 2), own)
        finish = np.maximum(np.searchsorted(later, middles + width / 2, "right"), own + 1)
        spans.append(first + np.stack([begin, finish], axis=1))
        first += len(middles)
    return np.concatenate(spans)


def means(said: Sequence[Utterance], rows: Floats, asked: Floats) -> Doubles:
    """The cosine of a question and the mean of the cues around each, a row for each width."""
    import numpy as np

    found = [mean_vectors(said, rows, around(said, width)) @ asked for width in WIDTHS]
    return np.stack(found).astype(np.float64)


def mean_vectors(said: Sequence[Utterance], rows: Floats, spans: NDArray[np.int64]) -> Floats:
    """Unit vectors of runs of cues (first, one past the last), each cue as heavy as it has words.

    `rows` holds the vectors of the cues; a run without a known word is a row of zeros.
    """
    import numpy as np

    lengths = np.array([len(one.text.split()) for one in said], np.float64)
    sums = np.vstack([np.zeros(rows.shape[1]), np.cumsum(rows * lengths[:, None], axis=0)])
    mean = sums[spans[:, 1]] - sums[spans[:, 0]]
    unit: Floats = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    return unit


def read(stored: Vectors, said: Sequence[Utterance], asked: Floats) -> Doubles:
    """The cosine of a question and the passage nearest to each cue in time, a row for each width.

    The passages of one video, as a model has read them, stand under what `Passage.id` gives.
    """
    import numpy as np

    cosines = stored.array @ asked
    return np.stack([cosines[rows].astype(np.float64) for rows in nearest_rows(stored, said)])


def nearest_rows(stored: Vectors, said: Sequence[Utterance]) -> list[NDArray[np.int64]]:
    """By width, the row of the passage nearest in time to each cue."""
    import numpy as np

    middles = np.array([_middle(one) for one in said])
    found: list[NDArray[np.int64]] = []
    for rows, times in _places(stored):
        after = np.clip(np.searchsorted(times, middles), 0, len(times) - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(times[before] - middles) <= np.abs(times[after] - middles)
        found.append(rows[np.where(nearer, before, after)])
    return found


@lru_cache(64)
def _places(stored: Vectors) -> list[tuple[NDArray[np.int64], Doubles]]:
    """By width the rows of its passages, and their times."""
    import numpy as np

    pairs = np.array([id.split("@") for id in stored.ids], np.float64).reshape(-1, 2)
    found = [np.flatnonzero(pairs[:, 0] == width) for width in WIDTHS]
    return [(rows, pairs[rows, 1]) for rows in found]


def _middle(one: Utterance) -> float:
    return (one.start + one.end) / 2
