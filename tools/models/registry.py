"""Registry of the models that can be downloaded: their sources, folders and state.

A model is a folder below `<home>/models` with a record of every file's size and checksum, which has
a checksum of its own. `download.pull` puts it there in one step, and a file is compared with the
record before it is loaded: a weight that lost a byte would answer, only wrongly. What was compared
once is not read again while its size and time are the same: that tells of a file that was written
to, and not of a disk that lost a byte since, nor of somebody who set the time back. `thorough`
reads all of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tools.errors import ProviderUnavailable
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import digest, write_bytes

RECORD = "model.json"
COMPARED = "compared.json"
"""Sizes and times of the files when they were compared with the record."""


@dataclass(frozen=True)
class Source:
    """Files of one repository of the hub, by name or pattern, and the folder they go into."""

    repository: str
    files: tuple[str, ...]
    folder: str = ""
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """Model of the registry; `size` is roughly in bytes, the hub tells it exactly."""

    name: str
    kind: Literal["picture", "text", "speech", "speakers", "reranker", "detector"]
    size: int
    used_by: str
    sources: tuple[Source, ...]
    multilingual: bool = False


_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
_TOKENIZER_EXTRAS = ("special_tokens_map.json", "config.json")
_PREPROCESSOR = "preprocessor_config.json"
_SIGLIP2 = "onnx-community/siglip2-base-patch16-224-ONNX"
_RFDETR = "onnx-community/rfdetr_nano-ONNX"
_SPEAKERS = "csukuangfj/speaker-embedding-models"


def _pair(name: str, size: int, repository: str, variant: str, multilingual: bool) -> Model:
    towers = (f"onnx/vision_model{variant}.onnx", f"onnx/text_model{variant}.onnx")
    source = Source(repository, (*towers, *_TOKENIZER, _PREPROCESSOR), "", _TOKENIZER_EXTRAS)
    return Model(name, "picture", size, "picture search", (source,), multilingual)


def _text(name: str, size: int, repository: str, languages: str) -> Model:
    source = Source(repository, ("onnx/model_quantized.onnx", *_TOKENIZER), "", _TOKENIZER_EXTRAS)
    used_by = f"search in speech and on-screen text, {languages}"
    return Model(name, "text", size, used_by, (source,), languages != "English")


def _reranker(name: str, size: int, repository: str) -> Model:
    source = Source(repository, ("onnx/model_quantized.onnx", *_TOKENIZER), "", _TOKENIZER_EXTRAS)
    return Model(name, "reranker", size, "which passage answers a question, English", (source,))


def _whisper(size: str, size_in_bytes: int, owner: str = "Systran") -> Model:
    files = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
    source = Source(f"{owner}/faster-whisper-{size}", files, "", (_PREPROCESSOR,))
    return Model(f"whisper:{size}", "speech", size_in_bytes, "speech", (source,), True)


MODELS = (
    _pair("siglip2", 1_540_000_000, _SIGLIP2, "", True),
    _pair("siglip2:int8", 412_000_000, _SIGLIP2, "_int8", True),
    Model("clip", "picture", 610_000_000, "picture search", (
        Source("Qdrant/clip-ViT-B-32-vision", ("model.onnx", _PREPROCESSOR), "vision"),
        Source("Qdrant/clip-ViT-B-32-text", ("model.onnx", *_TOKENIZER), "text", _TOKENIZER_EXTRAS),
    )),
    _pair("clip:int8", 156_000_000, "Xenova/clip-vit-base-patch32", "_quantized", False),
    _text("e5-small", 136_000_000, "Xenova/multilingual-e5-small", "many languages"),
    _text("minilm", 24_000_000, "Xenova/all-MiniLM-L6-v2", "English"),
    _reranker("ms-marco", 23_900_000, "Xenova/ms-marco-MiniLM-L-6-v2"),
    _whisper("tiny", 78_000_000),
    _whisper("base", 148_000_000),
    _whisper("small", 486_000_000),
    _whisper("medium", 1_530_000_000),
    _whisper("large-v3-turbo", 1_620_000_000, "mobiuslabsgmbh"),
    Model("speakers", "speakers", 32_523_463, "who speaks", (
        Source("csukuangfj/sherpa-onnx-pyannote-segmentation-3-0", ("model.onnx",), "segmentation"),
        Source(_SPEAKERS, ("wespeaker_en_voxceleb_resnet34_LM.onnx",), "embedding"),
    )),
    Model("dfine-nano", "detector", 15_265_000, "objects before fixed cameras", (
        Source("onnx-community/dfine_n_coco-ONNX", ("onnx/model.onnx", "config.json")),
    )),
    Model("rfdetr-nano", "detector", 108_080_000, "objects before fixed cameras, slower", (
        Source(_RFDETR, ("onnx/model.onnx", "config.json"), "", (_PREPROCESSOR,)),
    )),
)  # fmt: skip
"""In the order of preference within a kind."""
NAMES = tuple(model.name for model in MODELS)
SUGGESTED = ("minilm", "siglip2", "whisper:small")
"""Models that `cuepoint models pull` fetches where no name is given."""


def get(name: str) -> Model:
    """Get the model of that name; ProviderUnavailable lists the names."""
    if name not in NAMES:
        raise ProviderUnavailable(f"no model {name!r}; known: {', '.join(NAMES)}")
    return MODELS[NAMES.index(name)]


def suggested(kind: str) -> Model:
    """The model of a kind that is suggested where there is none."""
    return next(model for model in map(get, SUGGESTED) if model.kind == kind)


def folder(home: Path, name: str) -> Path:
    """Folder of a model of the registry, downloaded or not."""
    return home / "models" / get(name).name.replace(":", "-")


def not_installed(name: str) -> ProviderUnavailable:
    """Error that tells how to get a model."""
    return ProviderUnavailable(f"the model {name} is not there; run: cuepoint models pull {name}")


def installed(home: Path) -> list[str]:
    """Names of the models that are ready, by their records and the sizes of their files: quick."""
    return [name for name in NAMES if is_installed(folder(home, name))]


def is_installed(place: Path) -> bool:
    """True if a folder has a record, and all files that it lists have their sizes."""
    try:
        return all((place / f).stat().st_size == o["size"] for f, o in _record(place).items())
    except (OSError, ValueError, KeyError):
        return False


def fingerprint(place: Path) -> Any:
    """Fingerprint of the weights in a folder (JSON): of their record, else of the files."""
    if (place / RECORD).is_file():
        return digest(place / RECORD)
    there = [(path, path.stat()) for path in sorted(place.rglob("*")) if path.is_file()]
    return [[str(path.relative_to(place)), o.st_size, o.st_mtime_ns] for path, o in there]


def intact_folder(
    home: Path, name: str, wanted: Callable[[str], bool] | None = None, thorough: bool = False
) -> Path:
    """Compare the wanted files of a model with its record, all without a rule; returns the folder.

    Only files that changed since they were compared are read, or all of them with `thorough`.
    ProviderUnavailable names a file that differs, and the command that mends it.
    """
    place = folder(home, name)
    if not place.exists():
        raise not_installed(name)
    try:
        record = _record(place)
    except (OSError, ValueError, KeyError):
        raise _damaged(name, RECORD, "damaged") from None
    before: dict[str, Any] = {}
    if not thorough:
        with suppress(OSError, ValueError, TypeError):
            before = dict(json.loads((place / COMPARED).read_bytes()))
    now = dict(before)
    for file in filter(wanted, record):
        path = place / file
        if not path.is_file():
            raise _damaged(name, file, "missing")
        facts = path.stat()
        if facts.st_size != record[file]["size"]:
            raise _damaged(name, file, "cut short")
        now[file] = [record[file]["sha256"], facts.st_size, facts.st_mtime_ns]
        if before.get(file) != now[file] and digest(path) != record[file]["sha256"]:
            raise _damaged(name, file, "altered")
    if now != before:
        with suppress(OSError):  # where it cannot be kept, all is read the next time
            write_bytes(place / COMPARED, json.dumps(now).encode())
    return place


def seal(place: Path, name: str, revisions: Mapping[str, str] | None = None) -> None:
    """Write the record of all files below a folder; `revisions` are commits by repository."""
    files = {
        path.relative_to(place).as_posix(): {"size": path.stat().st_size, "sha256": digest(path)}
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.name not in (RECORD, COMPARED)
    }
    value = {"name": name, "revisions": dict(revisions or {}), "files": files}
    write_bytes(place / RECORD, dump_checked(value))


def recorded_pins(home: Path, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Commits by repository and SHA-256 by file in a model's record; empty if it is unreadable."""
    try:
        value = load_checked((folder(home, name) / RECORD).read_bytes())
        digests = {file: str(facts["sha256"]) for file, facts in value["files"].items()}
        return dict(value.get("revisions", {})), digests
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}


def best_image_model(ready: Sequence[str]) -> tuple[str | None, str]:
    """Best picture model of these, which `auto` takes; or None, and a note on what to run."""
    names = [model.name for model in MODELS if model.kind == "picture"]
    if best := next((name for name in names if name in ready), None):
        return best, ""
    only = "pictures are searched by colour, light and motion only"
    return None, f"{only}; run: cuepoint models pull {names[0]}"


def _record(place: Path) -> dict[str, dict[str, Any]]:
    return load_checked((place / RECORD).read_bytes())["files"]


def _damaged(name: str, file: str, what: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"the model {name} is damaged: {file} is {what}; run: cuepoint models pull {name}"
    )
