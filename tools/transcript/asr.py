"""Types of speech recognition: chunks of sound in, words with times out.

Each hears chunks of speech that were cut at pauses (`loudness.chunks`), and gives words with
their times. Weights are read from a local folder; nothing here downloads or falls back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAFT = "draft"
WHISPER = "whisper:"


@dataclass(frozen=True)
class Word:
    """One word as spoken, with its own punctuation and the space before it, where its language
    writes one; confidence is 0 to 1."""

    start: float
    end: float
    text: str
    confidence: float = 1.0


@dataclass(frozen=True, eq=False)
class Chunk:
    """16 kHz mono samples, -1 to 1, from `start` seconds on; voiced are the spans with speech."""

    start: float
    samples: NDArray[np.float32]
    voiced: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Heard:
    """The words of one chunk; language is a short code, certainty how sure of it, 0 to 1."""

    words: tuple[Word, ...] = ()
    language: str = ""
    certainty: float = 0.0
    dropped: tuple[str, ...] = field(default=())
    """What the guard took out, and why."""


class Transcriber(Protocol):
    """What every recogniser does; name is that of `Utterance.source`."""

    name: str
    at_once: int
    """So many chunks are best given together."""

    def hear(self, chunks: Sequence[Chunk], language: str = "") -> list[Heard]:
        """What is said in each chunk; language is that of the chunks before, for doubtful ones."""
        ...


def whisper_folder(models: Path, size: str) -> Path:
    """Where the weights of Whisper of this size lie."""
    return models / f"whisper-{size}"
