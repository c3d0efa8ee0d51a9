"""Text embedder by averaged token vectors, which needs no download."""

import logging
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from tools.embed.embedder import Floats, unit_rows
from tools.errors import ProviderUnavailable

WORDS = 32_768
"""Words whose vectors are kept: 32 MB."""
USUAL_LENGTH, LEAST_WEIGHT = 12.0, 1 / 3
"""Length from which on a word has its full weight, and what a word weighs at least."""


class WordLlamaEmbedder:
    """Averaged token vectors, with the weights of the package."""

    name = "wordllama"
    dimensions = 256
    multilingual = False
    contextual = False
    synonym_cosine = 0.5

    def __init__(self) -> None:
        self._rows: dict[str, Any] = {}
        self._guard = Lock()

    @cached_property
    def _model(self) -> Any:
        root, handler = logging.getLogger(), logging.NullHandler()
        root.addHandler(handler)  # else its import has every library's chatter printed
        wordllama: Any = import_module("wordllama")
        root.removeHandler(handler)
        folder = Path(wordllama.__file__).parent
        try:
            # The package's own folder as cache: its look-up of the tokenizer misses it otherwise.
            return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
        except FileNotFoundError as error:
            raise ProviderUnavailable(
                f"the package wordllama is incomplete ({error}); install it again"
            ) from error

    def texts(self, texts: Sequence[str]) -> Floats:
        """Embed texts, a unit row each; a text without any known word gives zeros."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        array: Floats = self._model.embed(list(texts))
        # Not the package's own norm: it divides an empty text by zero.
        return unit_rows(array)

    def words(self, words: Sequence[str]) -> Floats:
        """Embed single words, a unit row each. The vectors of WORDS words are kept, at most."""
        import numpy as np

        with self._guard:
            new = [word for word in dict.fromkeys(words) if word not in self._rows]
            if len(self._rows) + len(new) > WORDS:
                self._rows.clear()
                new = list(dict.fromkeys(words))
            made = self.texts(new)
            self._rows.update(zip(new, made, strict=True))
            none = np.zeros((0, self.dimensions), np.float32)
            return np.stack([self._rows[word] for word in words]) if words else none

    def weights(self, words: Sequence[str]) -> Floats:
        """Weights of words, at most 1: how much each says, by a fixed table for any text.

        Training made the vectors of words that tell texts apart long and those of words that stand
        everywhere short, as Schakel and Wilson found ("Measuring Word Significance using
        Distributed Representations of Words", 2015). A number has its full weight.
        """
        import numpy as np

        lengths = np.linalg.norm(self._model.embed(list(words)), axis=1) / USUAL_LENGTH
        # The mean of the vectors of a rare word's pieces is shorter, as they have no direction in
        # common: by the root of their number.
        pieces = self._model.tokenizer.encode_batch(list(words), add_special_tokens=False)
        lengths *= np.sqrt([max(len(one.ids), 1) for one in pieces])
        told = [any(one.isdigit() for one in word) for word in words]
        weights: Floats = np.where(told, 1.0, np.clip(lengths, LEAST_WEIGHT, 1.0))
        return weights

    def questions(self, texts: Sequence[str]) -> Floats:
        """Embed questions as texts: words mean the same wherever they stand."""
        return self.texts(texts)
