"""Types of speech recognition: chunks of sound in, words with times out.

A recogniser takes chunks of speech that were cut at pauses (`loudness.chunks`), and returns words
with their times. Weights are read from a local folder; nothing here downloads or falls back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

DRAFT = "draft"
WHISPER = "whisper:"


@dataclass(frozen=True)
class Word:
    """Spoken word, in seconds; confidence is 0 to 1.

    The text has its punctuation, and the space before it where the language writes one.
    """

    start: float
    end: float
    text: str
    confidence: float = 1.0


@dataclass(frozen=True, eq=False)
class Chunk:
    """16 kHz mono samples, -1 to 1, from `start` seconds on; `voiced` are its spans of speech."""

    start: float
    samples: NDArray[np.float32]
    voiced: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Recognition:
    """Words of one chunk, and lines on words `dropped` as hallucinations.

    `language` is a short code, `certainty` its probability, 0 to 1.
    """

    words: tuple[Word, ...] = ()
    language: str = ""
    certainty: float = 0.0
    dropped: tuple[str, ...] = ()


class Transcriber(Protocol):
    """Speech recogniser; `name` becomes `Utterance.source`, `batch_size` counts chunks."""

    name: str
    batch_size: int

    def transcribe(self, chunks: Sequence[Chunk], language: str = "") -> list[Recognition]:
        """Recognise each chunk; `language`, of the chunks before, decides doubtful ones."""
        ...


def whisper_folder(models: Path, size: str) -> Path:
    """Folder of Whisper's weights of this size."""
    return models / f"whisper-{size}"
