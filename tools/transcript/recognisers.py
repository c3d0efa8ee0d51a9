"""Speech recognisers by name; `auto` is the best of those that are there."""

from pathlib import Path

from tools.errors import ProviderUnavailable
from tools.models.registry import suggested
from tools.text.languages import foreign_name
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


def unheard(name: str, language: str) -> str:
    """Why a recogniser, `auto` resolved, does not know a language; empty where it does."""
    if name != DRAFT or language in ("auto", "en"):
        return ""
    better = suggested("speech").name
    return (
        f"the draft hears English only, not {foreign_name(language)}: cuepoint models pull {better}"
    )


def load_transcriber(
    name: str,
    models: Path,
    cores: int,
    memory: int,
    device: str = "auto",
    language: str = "auto",
) -> Transcriber:
    """Load the recogniser of that name: `auto`, `whisper:SIZE`, `whisper:auto` or `draft`.

    Of a `language` that is not `auto` all speech is taken to be. Raises ProviderUnavailable where
    its package or its weights are missing, or it does not know the language.
    """
    name = resolve_transcriber(name, models, cores, memory)
    if why := unheard(name, language):
        raise ProviderUnavailable(why)
    if name == DRAFT:
        from tools.transcript.sphinx import Draft

        return Draft()
    if name.startswith(WHISPER):
        from tools.transcript.whisper import Whisper

        return Whisper(name.removeprefix(WHISPER), models, cores, device, language)
    raise ProviderUnavailable(f"no transcriber {name!r}; known: auto, {WHISPER}SIZE, {DRAFT}, none")
