"""What of a video cannot be computed again, kept beside its manifest: enough to index it anew."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.files.checksums import salvaged, sealed, unsealed
from tools.files.durable import digest, write_bytes

ABOUT, RECORD, ORIGINAL = "about.json", "manifest.json", "original"
_FACTS = ("id", "sha256", "title", "recorded_at", "source", "options")

Facts = dict[str, Any]


def keep(folder: Path, manifest: Facts) -> None:
    """Write it down where it changed; after the manifest, so that it alone means a lost one."""
    data = sealed({name: manifest.get(name) for name in _FACTS})
    path = folder / ABOUT
    if not path.exists() or path.read_bytes() != data:
        write_bytes(path, data)


def is_whole(folder: Path) -> bool:
    """Whether it is there and what was written."""
    with suppress(OSError, ValueError):
        return bool(unsealed((folder / ABOUT).read_bytes()))
    return False


def known(folder: Path) -> Facts:
    """What is known of a video whose manifest cannot be read; its title at least, with luck."""
    with suppress(OSError, ValueError):
        return unsealed((folder / ABOUT).read_bytes())
    return {"title": salvaged(_read(folder / RECORD), "title")}


def recover(root: Path, video: str) -> tuple[Path | None, Facts]:
    """The file that a video without a readable manifest was made from, and what is `known` of it.

    Believed only by its content: None where no file that anything names has this id.
    """
    folder = root / "videos" / video
    lost, facts = _read(folder / RECORD), known(folder)
    tried: set[Path] = set()
    for path in _named(root, folder, facts, lost):
        if path not in tried and path.is_file() and digest(path)[:16] == video:
            return path, facts
        tried.add(path)
    return None, facts


def _named(root: Path, folder: Path, facts: Facts, lost: bytes) -> Iterator[Path]:
    """Every place where the file may lie: inside, linked, or seen there once."""
    yield folder / ORIGINAL
    for text in (facts.get("source", {}).get("path"), salvaged(lost, "path")):
        if text:
            yield Path(text)
    with suppress(ValueError):
        seen: dict[str, Any] = json.loads(_read(root / "checksums.json"))
        for key, checksum in seen.items():
            if str(checksum).startswith(folder.name):
                yield Path(key.rsplit("|", 3)[0])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
