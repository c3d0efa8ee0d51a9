"""Speech recognition: the types that recognisers share, and the choice of one.

A recogniser takes chunks of speech that were cut at pauses (`loudness.chunks`), and returns words
with their times. Weights are read from a local folder; nothing here downloads or falls back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tools.errors import ProviderUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAFT = "draft"
WHISPER = "whisper:"
AUTO = ("auto", WHISPER + "auto")


@dataclass(frozen=True)
class Word:
    """A spoken word, in seconds; confidence is 0 to 1.

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
class Heard:
    """Words of one chunk; `language` is a short code, `certainty` its probability, 0 to 1."""

    words: tuple[Word, ...] = ()
    language: str = ""
    certainty: float = 0.0
    dropped: tuple[str, ...] = field(default=())
    """Words removed as hallucinations, a line a reason."""


class Transcriber(Protocol):
    """A speech recogniser; `name` becomes `Utterance.source`."""

    name: str
    at_once: int
    """Chunks that are best recognised together."""

    def hear(self, chunks: Sequence[Chunk], language: str = "") -> list[Heard]:
        """Recognise each chunk; `language`, of the chunks before, decides doubtful ones."""
        ...


def whisper_folder(models: Path, size: str) -> Path:
    """Folder of Whisper's weights of this size."""
    return models / f"whisper-{size}"


def resolve(name: str, models: Path, cores: int, memory: int) -> str:
    """Resolve a setting to a recogniser's name.

    `auto` is the best Whisper whose weights are there and that fits the cores and the memory
    (bytes), else the draft; `whisper:auto` is never the draft.

    """
    from tools.transcript.whisper import DEFAULT, largest

    if name not in AUTO:
        return name
    size = largest(models, cores, memory)
    return DRAFT if size is None and name == "auto" else WHISPER + (size or DEFAULT)


def better(name: str) -> list[str]:
    """Names of more accurate recognisers than this one, from worst to best."""
    from tools.transcript.whisper import SIZES

    known = [DRAFT, *(WHISPER + size for size in SIZES)]
    return known[known.index(name) + 1 :]


def load_transcriber(name: str, models: Path, cores: int, memory: int) -> Transcriber:
    """Load a recogniser: `auto`, `whisper:SIZE`, `whisper:auto` or `draft`.

    ProviderUnavailable where its package or its weights are missing.

    """
    name = resolve(name, models, cores, memory)
    if name == DRAFT:
        from tools.transcript.sphinx import Draft

        return Draft()
    if name.startswith(WHISPER):
        from tools.transcript.whisper import Whisper

        return Whisper(name.removeprefix(WHISPER), models, cores)
    raise ProviderUnavailable(f"no transcriber {name!r}; known: auto, {WHISPER}SIZE, {DRAFT}, none")
