"""The words of texts by meaning, so that "folks" finds "people": vectors of single words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tools.embed import bundled_embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FLOOR = 0.2  # the cosine up to which two words have nothing in common


class Lexicon:
    """The words of some texts, and where each stands."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        import numpy as np

        words = dict.fromkeys(["", *(word for text in texts for word in text)])  # "" is like none
        place = {word: row for row, word in enumerate(words)}
        self._array = bundled_embedder().words(list(words))
        self._flat = np.array([row for text in texts for row in (0, *(place[w] for w in text))])
        self._first = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])

    def near(self, words: Sequence[str]) -> Floats:
        """By word and text, how near the nearest word there is: 0, nothing in common, to 1."""
        import numpy as np

        # Word by word: a product of matrices starts threads, which wait where cores are busy.
        cosines = np.stack([self._array @ one for one in bundled_embedder().words(words)])
        near = np.clip((cosines - FLOOR) / (1 - FLOOR), 0, 1).astype(np.float64)
        return np.maximum.reduceat(near[:, self._flat], self._first, axis=1)
