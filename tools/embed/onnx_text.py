"""Text vectors by a small transformer, prepared and run by fastembed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fastembed import TextEmbedding

from tools import models
from tools.embed import unit_rows
from tools.errors import ProviderUnavailable

if TYPE_CHECKING:
    from tools.embed import Floats

BATCH = 32
_KNOWN_AS = {
    "multilingual": "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    "bge-small": "BAAI/bge-small-en-v1.5",
}
"""What fastembed calls the models of the registry."""


class OnnxText:
    """A text model of the registry, from its folder; nothing is downloaded."""

    def __init__(self, name: str, folder: Path, threads: int = 0) -> None:
        self.name = name
        self.multilingual = models.known(name).multilingual
        try:
            self._model = TextEmbedding(
                _KNOWN_AS[name],
                cache_dir=str(folder),
                threads=threads or None,
                providers=["CPUExecutionProvider"],
                specific_model_path=str(folder),
            )
        except Exception as error:  # the files are foreign: whatever they do is theirs
            raise self._unusable(error) from error
        self.dimensions: int = self._model.embedding_size

    def texts(self, texts: Sequence[str]) -> Floats:
        """One row per text, of length one; what goes beyond the model's length is cut off."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        try:
            rows: list[Any] = list(self._model.embed(list(texts), batch_size=BATCH))
            array = np.stack(rows)
        except Exception as error:
            raise self._unusable(error) from error
        if array.shape != (len(texts), self.dimensions):
            raise ProviderUnavailable(
                f"the model {self.name} gives an array of shape {array.shape} for {len(texts)} "
                f"texts, not rows of {self.dimensions} numbers"
            )
        return unit_rows(array)

    def _unusable(self, error: Exception) -> ProviderUnavailable:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        return ProviderUnavailable(f"the model {self.name} cannot be used: {said}")
