"""Types of embedding: what every provider does, and the vectors of one video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    Floats = Any  # numpy is imported with the first vector


class Embedder(Protocol):
    """What every provider of text vectors does."""

    @property
    def name(self) -> str:
        """What `load_embedder` knows it by; stands in the manifest."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in a row."""
        ...

    @property
    def multilingual(self) -> bool:
        """Whether a question finds what is said in another language."""
        ...

    def texts(self, texts: Sequence[str]) -> Floats:
        """One row per text, of length one; a text without any known word gives zeros."""
        ...


class TextEmbedder(Embedder, Protocol):
    """One for what is said and read, asked in questions."""

    @property
    def reads(self) -> bool:
        """Whether a row is what a text says as a whole, and not the mean of its words."""
        ...

    @property
    def synonymous(self) -> float:
        """The cosine from which one word may stand for another."""
        ...

    def questions(self, texts: Sequence[str]) -> Floats:
        """One row per question, of length one, near the texts that answer it."""
        ...


class ImageEmbedder(Embedder, Protocol):
    """One that sees as well: what is asked and what is seen lie in the same space."""

    def images(self, images: Sequence[Path]) -> Floats:
        """One row per picture, of length one. UnreadableMedia names one that is no picture."""
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


def unit_rows(array: Floats) -> Floats:
    """The rows at length one; one of zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return (array / np.where(lengths > 0, lengths, 1)).astype(np.float32)
