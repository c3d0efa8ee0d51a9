"""What was said, recognised from sound: the recognisers, and which of them is there.

Each hears chunks of speech that were cut at pauses (`loudness.chunks`), and gives words with
their times. Weights are read from a local folder; nothing here downloads or falls back.
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


def resolve(name: str, models: Path, cores: int, memory: int) -> str:
    """The recogniser that a setting means: `auto` and `whisper:auto` by what is there and fits.

    memory is in bytes. `auto` is the best Whisper whose weights are there, else the draft.
    """
    from tools.transcript.whisper import DEFAULT, largest

    if name not in AUTO:
        return name
    size = largest(models, cores, memory)
    return DRAFT if size is None and name == "auto" else WHISPER + (size or DEFAULT)


def better(name: str) -> list[str]:
    """The recognisers that hear better than one that `auto` took."""
    from tools.transcript.whisper import SIZES

    known = [DRAFT, *(WHISPER + size for size in SIZES)]
    return known[known.index(name) + 1 :]


def load_transcriber(
    name: str, models: Path, cores: int, memory: int, device: str = "auto"
) -> Transcriber:
    """Get the recogniser of that name: `auto`, `whisper:SIZE`, `whisper:auto` or `draft`.

    Raises ProviderUnavailable where its package or its weights are missing.
    """
    name = resolve(name, models, cores, memory)
    if name == DRAFT:
        from tools.transcript.sphinx import Draft

        return Draft()
    if name.startswith(WHISPER):
        from tools.transcript.whisper import Whisper

        return Whisper(name.removeprefix(WHISPER), models, cores, device)
    raise ProviderUnavailable(f"no transcriber {name!r}; known: auto, {WHISPER}SIZE, {DRAFT}, none")
