"""Speech recognisers by name; `auto` is the best of those that are there."""

from pathlib import Path

from tools.errors import ProviderUnavailable
from tools.transcript.asr import DRAFT, WHISPER, Transcriber

AUTO = ("auto", WHISPER + "auto")


def resolve_transcriber(name: str, models: Path, cores: int, memory: int) -> str:
    """Resolve `auto` to the best Whisper that is there and fits, else `draft`; memory in bytes.

    `whisper:auto` never is the draft.
    """
    from tools.transcript.whisper import DEFAULT, largest

    if name not in AUTO:
        return name
    size = largest(models, cores, memory)
    return DRAFT if size is None and name == "auto" else WHISPER + (size or DEFAULT)


def better_transcribers(name: str) -> list[str]:
    """Names of the recognisers that are better than one that `auto` took."""
    from tools.transcript.whisper import SIZES

    known = [DRAFT, *(WHISPER + size for size in SIZES)]
    return known[known.index(name) + 1 :]


def load_transcriber(
    name: str, models: Path, cores: int, memory: int, device: str = "auto"
) -> Transcriber:
    """Load the recogniser of that name: `auto`, `whisper:SIZE`, `whisper:auto` or `draft`.

    Raises ProviderUnavailable where its package or its weights are missing.
    """
    name = resolve_transcriber(name, models, cores, memory)
    if name == DRAFT:
        from tools.transcript.sphinx import Draft

        return Draft()
    if name.startswith(WHISPER):
        from tools.transcript.whisper import Whisper

        return Whisper(name.removeprefix(WHISPER), models, cores, device)
    raise ProviderUnavailable(f"no transcriber {name!r}; known: auto, {WHISPER}SIZE, {DRAFT}, none")
