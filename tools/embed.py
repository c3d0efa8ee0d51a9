"""Texts as unit vectors, so that what means the same lies near.

A provider's vectors are only comparable with its own: `Vectors` carries the name, and nothing here
falls back to another provider.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tools.errors import ProviderUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class Embedder(Protocol):
    """What every provider does; one that sees has `images` beside `texts`, in the same space."""

    name: str
    dimensions: int

    def texts(self, texts: Sequence[str]) -> Floats:
        """One row per text, of length one; a text without any known word gives zeros."""
        ...


@dataclass(frozen=True, eq=False)
class Vectors:
    """One provider's vectors of one video: row i of `array` belongs to the evidence `ids[i]`."""

    ids: list[str]
    array: Floats
    provider: str

    def __post_init__(self) -> None:
        if self.array.ndim != 2 or len(self.ids) != len(self.array):
            raise ValueError(f"{len(self.ids)} ids for an array of shape {self.array.shape}")


class WordLlamaEmbedder:
    """Averaged token vectors; the weights are part of the package, so nothing is downloaded."""

    name = "wordllama"
    dimensions = 256

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
        lengths = np.linalg.norm(array, axis=1, keepdims=True)
        return (array / np.where(lengths > 0, lengths, 1)).astype(np.float32)


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


def _wordllama() -> Embedder:
    if find_spec("wordllama") is None:
        raise ProviderUnavailable("text vectors need the package wordllama: pip install wordllama")
    return WordLlamaEmbedder()


_PROVIDERS: dict[str, Callable[[], Embedder]] = {"wordllama": _wordllama}


@cache
def load_embedder(name: str = "auto") -> Embedder:
    """Get the embedder of that name, one per process; `auto` is the best that works offline."""
    provider = _PROVIDERS.get("wordllama" if name == "auto" else name)
    if provider is None:
        raise ProviderUnavailable(f"no embedder {name!r}; known: auto, {', '.join(_PROVIDERS)}")
    return provider()
