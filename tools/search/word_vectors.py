"""The words of texts by meaning, so that "folks" finds "people": vectors of single words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tools.embed import bundled_embedder, unit_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FLOOR = 0.2  # the cosine up to which two words have nothing in common


class Lexicon:
    """The words of texts, and the meaning of windows of texts (first and one past the last).

    A window's vector is the sum of its words' unit vectors, each weighted by its idf, after
    Arora et al., "A Simple but Tough-to-Beat Baseline for Sentence Embeddings" (2017).
    """

    def __init__(self, texts: Sequence[Sequence[str]], spans: NDArray[np.int64]) -> None:
        import numpy as np

        words = ["", *sorted({word for text in texts for word in text})]  # "" has no meaning
        self._place = {word: place for place, word in enumerate(words)}
        self._array = bundled_embedder().texts(words)
        places = [np.array([0, *(self._place[word] for word in text)]) for text in texts]
        self._flat = np.concatenate(places)
        self._first = np.cumsum([0, *(len(text) for text in places[:-1])])
        holders = np.bincount(np.concatenate([np.unique(text) for text in places]))
        self._idf = np.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))
        self._strange = math.log(2 * len(texts) + 2)
        weighted = self._array * self._idf[:, None]
        total = np.zeros((len(texts) + 1, weighted.shape[1]))
        for row, text in enumerate(places):
            total[row + 1] = total[row] + weighted[text].sum(axis=0)
        self._windows = unit_rows((total[spans[:, 1]] - total[spans[:, 0]]).astype(np.float32))

    def near(self, words: Sequence[str]) -> Floats:
        """By word and text, how near the nearest word there is: 0, nothing in common, to 1."""
        import numpy as np

        # Word by word: a product of matrices starts threads, which wait where cores are busy.
        cosines = np.stack([self._array @ one for one in bundled_embedder().texts(words)])
        near = np.clip((cosines - FLOOR) / (1 - FLOOR), 0, 1).astype(np.float64)
        return np.maximum.reduceat(near[:, self._flat], self._first, axis=1)

    def around(self, words: Sequence[str]) -> Floats:
        """The cosine of all these words together and each window."""
        import numpy as np

        known = [self._place.get(word) for word in words]
        idf = [self._strange if place is None else self._idf[place] for place in known]
        asked = unit_rows(np.array([idf]) @ bundled_embedder().texts(words))[0]
        return (self._windows @ asked).astype(np.float64)
