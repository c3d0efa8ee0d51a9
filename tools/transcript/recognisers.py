"""The speech recognisers by name, and the best of those that are there."""

from __future__ import annotations

from pathlib import Path

from tools.errors import ProviderUnavailable
from tools.transcript.asr import DRAFT, WHISPER, Transcriber

AUTO = ("auto", WHISPER + "auto")


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
