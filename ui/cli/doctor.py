"""What is there, what is missing, what to do."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, replace
from typing import Literal

from agent.settings import Settings
from ui.cli.common import for_this_library


@dataclass(frozen=True)
class Check:
    """One line of the report; fix is a command or a setting, or empty."""

    name: str
    state: Literal["ok", "missing", "problem"]
    detail: str
    fix: str = ""


def examine(settings: Settings) -> list[Check]:
    """Every check; `missing` is something that Cuepoint works without."""
    return [
        _python(),
        *_decoder(),
        _library(settings),
        _space(settings),
        _package("on-screen text", "rapidocr", "rapidocr"),
        _text_vectors(settings),
        _package("vector index", "chromadb", "chromadb"),
        _package("chat", "chainlit", "chainlit"),
        _language_model(settings),
        _speech(settings),
        _speakers(settings),
        _picture_search(settings),
    ]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    right = (3, 11) <= sys.version_info[:2] <= (3, 13)
    fix = "" if right else "use Python 3.11 to 3.13"
    return Check("python", "ok" if right else "problem", version, fix)


def _decoder() -> list[Check]:
    from tools.errors import VideoError
    from tools.sandbox import Child

    try:
        with Child() as child:
            (about,) = child.call("tools.video.container:versions")
            (bounds,) = child.call("tools.sandbox.confinement:state")
    except VideoError as error:
        fix = "install Cuepoint again in a new environment"
        return [Check("decoder", "problem", str(error), fix)]
    detail = ", ".join(["limits", *bounds["held"]])
    if bounds["missing"]:
        detail += f"; for more it needs {' and '.join(bounds['missing'])}"
    return [
        Check("decoder", "ok", f"PyAV {about['av']}, libavcodec {about['libavcodec']}"),
        Check("sandbox", "missing" if bounds["missing"] else "ok", detail),
    ]


def _library(settings: Settings) -> Check:
    home = settings.home
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        return Check("library", "problem", f"{home} cannot be written", "choose --library DIR")
    from tools.integrity.verify import verify
    from tools.library import Library
    from tools.store.manifest import REPAIR

    library = Library(home, settings.owner)
    problems = verify(library, thorough=False)
    if problems:
        first = f"{problems[0].video or 'library'}: {problems[0].what}"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        helps = any(one.fix == REPAIR for one in problems)
        fix = REPAIR if helps else problems[0].fix
        return Check("library", "problem", f"{home}: {first}{more}", for_this_library(fix))
    count = len(list(library.root.glob("videos/*/manifest.json")))
    return Check("library", "ok", f"{home}, {count} video{'' if count == 1 else 's'}")


def _space(settings: Settings) -> Check:
    home = settings.home
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free >> 20
    if free < 1000:
        return Check("disk", "problem", f"{free} MB free", "free at least 1000 MB")
    return Check("disk", "ok", f"{free} MB free")


def _package(name: str, package: str, distribution: str) -> Check:
    if importlib.util.find_spec(package) is None:
        return Check(name, "problem", f"{package} is not installed", f"pip install {distribution}")
    return Check(name, "ok", f"{package} {importlib.metadata.version(distribution)}")


def _text_vectors(settings: Settings) -> Check:
    from tools.embed import resolve_embedder
    from tools.models import registry as models

    check = _package("text vectors", "wordllama", "wordllama")
    found = resolve_embedder(settings.providers.embedder, settings.home)
    if check.state == "problem":
        return check
    if found == "wordllama":
        better = next(one for one in models.SUGGESTED if models.get(one).kind == "text")
        get = for_this_library(f"cuepoint models pull {better}")
        return replace(check, detail=f"{check.detail}; {better} understands more", fix=get)
    if found not in models.installed(settings.home):
        get = for_this_library(f"cuepoint models pull {found}")
        return Check("text vectors", "problem", f"the model {found} is not there", get)
    return Check("text vectors", "ok", f"{found} in {models.folder(settings.home, found)}")


def _language_model(settings: Settings) -> Check:
    if settings.openai_api_key or settings.openai_base_url:
        where = settings.openai_base_url or "the default address"
        return Check("language model", "ok", f"{settings.model} at {where}")
    return Check(
        "language model",
        "missing",
        "answers are quotes from the evidence",
        "set OPENAI_API_KEY or OPENAI_BASE_URL, and CUEPOINT_MODEL",
    )


def _speech(settings: Settings) -> Check:
    from tools.transcript.asr import DRAFT, WHISPER, whisper_folder
    from tools.transcript.recognisers import resolve_transcriber
    from tools.transcript.whisper import DEFAULT, SIZES, has_weights

    name, models = settings.providers.transcriber, settings.home / "models"
    if name == "none":
        without = "only subtitles, in the file or beside it, are heard"
        return Check("speech", "missing", f"{without}: CUEPOINT_TRANSCRIBER is none")
    cores = settings.providers.threads or os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = resolve_transcriber(name, models, cores, memory)
    size = found.removeprefix(WHISPER)
    if found == DRAFT:
        detail = "a draft without subtitles: words may be wrong, English only"
        get = for_this_library(f"cuepoint models pull {WHISPER}{DEFAULT}")
        return Check("speech", "missing", detail, get)
    if size not in SIZES:
        return Check("speech", "problem", f"no recogniser {name!r}", "set CUEPOINT_TRANSCRIBER")
    if not has_weights(whisper_folder(models, size)):
        get = for_this_library(f"cuepoint models pull {found}")
        return Check("speech", "problem", f"{found} is not there", get)
    sizes = list(SIZES)
    better = sizes.index(size) < sizes.index(DEFAULT) and cores >= SIZES[DEFAULT][0]
    get = for_this_library(f"cuepoint models pull {WHISPER}{DEFAULT}") if better else ""
    return Check("speech", "ok", found + (f"; {WHISPER}{DEFAULT} hears better" * better), get)


def _speakers(settings: Settings) -> Check:
    from tools.transcript.diarization import missing_requirement

    if settings.providers.diarizer == "none":
        return Check("speakers", "missing", "nobody is told apart: CUEPOINT_DIARIZER is none")
    if lacks := missing_requirement(settings.home / "models"):
        what, _, get = lacks.partition(": ")
        asked_for = settings.providers.diarizer != "auto"
        return Check("speakers", "problem" if asked_for else "missing", what, for_this_library(get))
    return Check("speakers", "ok", "sherpa-onnx")


def _picture_search(settings: Settings) -> Check:
    from tools.embed import resolve_image_embedder
    from tools.errors import ProviderUnavailable
    from tools.models import registry as models

    name = "picture search"
    without = "pictures are found by colour, light and motion only"
    if settings.providers.picture_embedder == "none":
        return Check(name, "missing", f"{without}: CUEPOINT_PICTURE_EMBEDDER is none")
    try:
        found, note = resolve_image_embedder(settings.providers.picture_embedder, settings.home)
    except ProviderUnavailable as error:
        return Check(name, "problem", str(error).partition("; ")[0], str(error).partition("; ")[2])
    if found is None:
        return Check(name, "missing", without, for_this_library(note.rpartition("run: ")[2]))
    kept = models.folder(settings.home, found) if found in models.NAMES else found
    return Check(name, "ok", f"{found} in {kept}")
