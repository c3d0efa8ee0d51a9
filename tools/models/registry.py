"""The models that can be downloaded: what they are, where they lie, whether they are whole.

A model is a folder below `<home>/models` with a sealed record of every file's size and checksum.
It is put there by `download.pull` in one step, and a file is compared with the record before it
is loaded: a weight that lost a byte would answer, only wrongly. What was compared once is not read
again while its size and time are the same: that tells of a file that was written to, and not of
a disk that lost a byte since, nor of somebody who set the time back. `thorough` reads all of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from tools.errors import ProviderUnavailable
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import digest, write_bytes

Kind = Literal["picture", "text", "speech", "speakers"]
State = Literal["ready", "missing"]
RECORD = "model.json"
COMPARED = "compared.json"
"""The sizes and times of the files when they were compared with the record."""


@dataclass(frozen=True)
class Source:
    """Files of one repository of the hub: names or patterns, and the folder they go into."""

    repository: str
    files: tuple[str, ...]
    optional: tuple[str, ...] = ()
    folder: str = ""

    def wants(self, file: str) -> bool:
        """Whether a file of the repository is one of them."""
        return any(fnmatchcase(file, pattern) for pattern in self.files + self.optional)


@dataclass(frozen=True)
class Model:
    """A model by name; `size` in bytes is about right, the hub says exactly before a download."""

    name: str
    kind: Kind
    size: int
    used_by: str
    sources: tuple[Source, ...]
    multilingual: bool = False


_TOKENS = ("tokenizer.json", "tokenizer_config.json")
_TOKENS_TOO = ("special_tokens_map.json", "config.json")
_PICTURES = "preprocessor_config.json"


def _onnx_pair(repository: str, variant: str) -> tuple[Source, ...]:
    towers = (f"onnx/vision_model{variant}.onnx", f"onnx/text_model{variant}.onnx")
    return (Source(repository, (*towers, *_TOKENS, _PICTURES), _TOKENS_TOO),)


def _text(repository: str) -> tuple[Source, ...]:
    return (Source(repository, ("onnx/model_quantized.onnx", *_TOKENS), _TOKENS_TOO),)


def _whisper(size: str, bytes: int, repository: str = "") -> Model:
    files = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
    source = Source(repository or f"Systran/faster-whisper-{size}", files, (_PICTURES,))
    return Model(f"whisper:{size}", "speech", bytes, "speech", (source,), True)


_SIGLIP2 = "onnx-community/siglip2-base-patch16-224-ONNX"
MODELS = (
    Model("siglip2", "picture", 1_540_000_000, "picture search", _onnx_pair(_SIGLIP2, ""), True),
    Model(
        "siglip2:int8", "picture", 412_000_000, "picture search",
        _onnx_pair(_SIGLIP2, "_int8"), True,
    ),
    Model(
        "clip", "picture", 610_000_000, "picture search",
        (
            Source("Qdrant/clip-ViT-B-32-vision", ("model.onnx", _PICTURES), (), "vision"),
            Source("Qdrant/clip-ViT-B-32-text", ("model.onnx", *_TOKENS), _TOKENS_TOO, "text"),
        ),
    ),
    Model(
        "clip:int8", "picture", 156_000_000, "picture search",
        _onnx_pair("Xenova/clip-vit-base-patch32", "_quantized"),
    ),
    Model(
        "e5-small", "text", 136_000_000, "search in speech and on-screen text, many languages",
        _text("Xenova/multilingual-e5-small"), True,
    ),
    Model(
        "minilm", "text", 24_000_000, "search in speech and on-screen text, English",
        _text("Xenova/all-MiniLM-L6-v2"),
    ),
    _whisper("tiny", 78_000_000),
    _whisper("base", 148_000_000),
    _whisper("small", 486_000_000),
    _whisper("medium", 1_530_000_000),
    _whisper("large-v3-turbo", 1_620_000_000, "mobiuslabsgmbh/faster-whisper-large-v3-turbo"),
    Model(
        "speakers", "speakers", 32_523_463, "who speaks",
        (
            Source(
                "csukuangfj/sherpa-onnx-pyannote-segmentation-3-0", ("model.onnx",), (),
                "segmentation",
            ),
            Source(
                "csukuangfj/speaker-embedding-models",
                ("wespeaker_en_voxceleb_resnet34_LM.onnx",), (), "embedding",
            ),
        ),
    ),
)  # fmt: skip
"""In the order of preference within a kind."""
NAMES = frozenset(one.name for one in MODELS)
SUGGESTED = ("minilm", "siglip2", "whisper:small")
"""What `cuepoint models pull` fetches where no name is given."""


def known(name: str) -> Model:
    """The model of that name; ProviderUnavailable lists the names."""
    for one in MODELS:
        if one.name == name:
            return one
    listed = ", ".join(one.name for one in MODELS)
    raise ProviderUnavailable(f"no model {name!r}; known: {listed}")


def folder(home: Path, name: str) -> Path:
    """Where a model of the registry lies, or would."""
    return home / "models" / known(name).name.replace(":", "-")


def missing(name: str) -> str:
    """The line that says how to get a model that is not there."""
    return f"the model {name} is not there; run: cuepoint models pull {name}"


def state(home: Path, name: str) -> State:
    """Whether a model is there, judged by its record and the sizes of its files: quick."""
    return "ready" if is_whole(folder(home, name)) else "missing"


def is_whole(place: Path) -> bool:
    """Whether a folder has a record, and all files that it lists have their sizes."""
    try:
        return all((place / f).stat().st_size == o["size"] for f, o in _record(place).items())
    except (OSError, ValueError, KeyError):
        return False


def stamp(place: Path) -> Any:
    """What tells that other weights lie in a folder (JSON): its record, else its files."""
    if (place / RECORD).is_file():
        return digest(place / RECORD)
    there = [(path, path.stat()) for path in sorted(place.rglob("*")) if path.is_file()]
    return [[str(path.relative_to(place)), o.st_size, o.st_mtime_ns] for path, o in there]


def checked(
    home: Path,
    name: str,
    wanted: Callable[[str], bool] = lambda file: True,
    thorough: bool = False,
) -> Path:
    """The folder of a model whose wanted files are what was downloaded, to the byte.

    Only files that changed since they were compared are read, or all of them with `thorough`.
    ProviderUnavailable names the file that is not, and the command that mends it.
    """
    place = folder(home, name)
    if not place.exists():
        raise ProviderUnavailable(missing(name))
    try:
        record = _record(place)
    except (OSError, ValueError, KeyError):
        raise _altered(name, RECORD, "damaged") from None
    before = {} if thorough else _compared(place)
    now = dict(before)
    for file in filter(wanted, record):
        path = place / file
        if not path.is_file():
            raise _altered(name, file, "missing")
        facts = path.stat()
        if facts.st_size != record[file]["size"]:
            raise _altered(name, file, "cut short")
        now[file] = [record[file]["sha256"], facts.st_size, facts.st_mtime_ns]
        if before.get(file) != now[file] and digest(path) != record[file]["sha256"]:
            raise _altered(name, file, "altered")
    if now != before:
        with suppress(OSError):  # where it cannot be kept, all is read the next time
            write_bytes(place / COMPARED, json.dumps(now).encode())
    return place


def _compared(place: Path) -> dict[str, Any]:
    """The digest, size and time of each file when it was compared; empty where not known."""
    try:
        known: Any = json.loads((place / COMPARED).read_bytes())
    except (OSError, ValueError):
        return {}
    return dict(known) if isinstance(known, dict) else {}  # pyright: ignore[reportUnknownArgumentType]


def seal(place: Path, name: str, revisions: Mapping[str, str] | None = None) -> None:
    """Write the record of all files below a folder: from now on they are compared with it.

    `revisions` are the commits of the repositories that they are from.
    """
    files = {
        path.relative_to(place).as_posix(): {"size": path.stat().st_size, "sha256": digest(path)}
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.name not in (RECORD, COMPARED)
    }
    value = {"name": name, "revisions": dict(revisions or {}), "files": files}
    write_bytes(place / RECORD, dump_checked(value))


def sealed_before(home: Path, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The commits by repository and the SHA-256 by file that a model's record tells, if it can."""
    try:
        value = load_checked((folder(home, name) / RECORD).read_bytes())
        digests = {file: str(facts["sha256"]) for file, facts in value["files"].items()}
        return dict(value.get("revisions", {})), digests
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}


def best_pictures(ready: Sequence[str]) -> tuple[str | None, str]:
    """What `auto` stands for: the best picture model that is ready, or None and what to run."""
    for one in MODELS:
        if one.kind == "picture" and one.name in ready:
            return one.name, ""
    first = next(one.name for one in MODELS if one.kind == "picture")
    only = "pictures are searched by colour, light and motion only"
    return None, f"{only}; run: cuepoint models pull {first}"


def best_texts(ready: Sequence[str]) -> str:
    """What `auto` stands for: the best text model that is ready, or the one in the package."""
    return next((o.name for o in MODELS if o.kind == "text" and o.name in ready), "wordllama")


def ready(home: Path) -> list[str]:
    """The names of the models that are there."""
    return [one.name for one in MODELS if state(home, one.name) == "ready"]


def _record(place: Path) -> dict[str, dict[str, Any]]:
    return load_checked((place / RECORD).read_bytes())["files"]


def _altered(name: str, file: str, what: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"the model {name} is damaged: {file} is {what}; run: cuepoint models pull {name}"
    )
