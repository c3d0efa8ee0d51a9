"""Averaged token vectors: what works with nothing downloaded."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.embed.embedder import unit_rows
from tools.errors import ProviderUnavailable

if TYPE_CHECKING:
    from tools.embed.embedder import Floats


class WordLlamaEmbedder:
    """Averaged token vectors; the weights are part of the package, so nothing is downloaded."""

    name = "wordllama"
    dimensions = 256
    multilingual = False
    reads = False
    synonymous = 0.5

    @cached_property
    def _model(self) -> Any:
        with _root_logger_untouched():
            wordllama: Any = import_module("wordllama")
        folder = Path(wordllama.__file__).parent
        try:
            # The package's own folder as cache: its look-up of the tokenizer misses it otherwise.
            return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
        except FileNotFoundError as error:
            raise ProviderUnavailable(
                f"the package wordllama is incomplete ({error}); install it again"
            ) from error

    def texts(self, texts: Sequence[str]) -> Floats:
        """One row per text, of length one; a text without any known word gives zeros."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        array: Floats = self._model.embed(list(texts))
        # Not the package's own norm: it divides an empty text by zero.
        return unit_rows(array)

    def questions(self, texts: Sequence[str]) -> Floats:
        """One row per question: words mean the same wherever they stand."""
        return self.texts(texts)


@contextmanager
def _root_logger_untouched() -> Generator[None]:
    """Importing wordllama calls logging.basicConfig, which would print every library's chatter."""
    import logging

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
