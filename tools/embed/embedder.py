"""Protocols of embedders and rerankers, and the vectors of one video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tools.errors import ProviderUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    Floats = Any  # numpy is imported with the first vector


class Embedder(Protocol):
    """Provider of text vectors."""

    name: str
    """Name for `load_embedder`; stands in the manifest."""

    @property
    def dimensions(self) -> int:
        """Numbers in a row."""
        ...

    def texts(self, texts: Sequence[str]) -> Floats:
        """Embed texts, a unit row each; a text without any known word gives zeros."""
        ...


class TextEmbedder(Embedder, Protocol):
    """Embedder of speech and on-screen text, and of questions about them."""

    multilingual: bool
    """True if a question finds what is said in another language."""
    contextual: bool
    """True if a row is what a text says as a whole, and not the mean of its words."""
    synonym_cosine: float
    """Cosine from which one word may stand for another."""

    def questions(self, texts: Sequence[str]) -> Floats:
        """Embed questions, a unit row each, near the texts that answer them."""
        ...


class Reranker(Protocol):
    """Provider of scores of passages, each read together with the question (a cross-encoder)."""

    name: str
    """Name for `load_reranker`."""
    multilingual: bool
    """True if it reads other languages than English."""

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """Score how well each passage answers: higher is better, only its own can be compared."""
        ...


class PictureEmbedder(Protocol):
    """Provider of picture vectors; without texts, pictures are compared with each other only."""

    name: str
    """Name in the manifest."""

    @property
    def dimensions(self) -> int:
        """Numbers in a row."""
        ...

    def images(self, images: Sequence[Path]) -> Floats:
        """Embed pictures, a unit row each. UnreadableMedia names one that is no picture."""
        ...


class ImageEmbedder(Embedder, PictureEmbedder, Protocol):
    """Embedder of pictures and texts in one space."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """One provider's vectors of one video: row i of `array` belongs to the evidence `ids[i]`."""

    ids: list[str]
    array: Floats
    provider: str

    def __post_init__(self) -> None:
        if self.array.ndim != 2 or len(self.ids) != len(self.array):
            raise ValueError(f"{len(self.ids)} ids for an array of shape {self.array.shape}")


def unit_rows(array: Floats) -> Floats:
    """Scale rows to length one; a row of zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return (array / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def unusable(model: str, error: Exception) -> ProviderUnavailable:
    """Translate whatever a model's files made a library raise."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ProviderUnavailable(f"the {model} cannot be used: {line}")
