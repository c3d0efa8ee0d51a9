"""Recovery record beside a manifest: the facts that indexing a video anew cannot compute."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.files.checksums import dump_checked, load_checked, salvage
from tools.files.durable import digest, write_bytes

ABOUT, RECORD, ORIGINAL = "about.json", "manifest.json", "original"
_FACTS = ("id", "sha256", "title", "recorded_at", "source", "options")

Facts = dict[str, Any]


def save(folder: Path, manifest: Facts) -> None:
    """Write the record if it changed; after the manifest, so that alone it means a lost one."""
    data = dump_checked({name: manifest.get(name) for name in _FACTS})
    path = folder / ABOUT
    if not path.exists() or path.read_bytes() != data:
        write_bytes(path, data)


def load(folder: Path) -> Facts | None:
    """Read the record; None if it is missing or damaged."""
    with suppress(OSError, ValueError):
        return load_checked((folder / ABOUT).read_bytes())


def known(folder: Path) -> Facts:
    """Facts of the record; without one, the title, if the damaged manifest still has it."""
    return load(folder) or {"title": salvage(_read(folder / RECORD), "title")}


def recover(root: Path, video: str) -> tuple[Path | None, Facts]:
    """Find the original of a video without a readable manifest; returns it and the facts `known`.

    The checksum decides: None if no file at a known place has this id.
    """
    folder = root / "videos" / video
    facts = known(folder)
    tried: set[Path] = set()
    for path in _places(root, folder, facts):
        if path not in tried and path.is_file() and digest(path)[:16] == video:
            return path, facts
        tried.add(path)
    return None, facts


def _places(root: Path, folder: Path, facts: Facts) -> Iterator[Path]:
    """Every place of the file that is on record: inside, linked, or hashed there once."""
    yield folder / ORIGINAL
    manifest = _read(folder / RECORD)
    for text in (facts.get("source", {}).get("path"), salvage(manifest, "path")):
        if text:
            yield Path(text)
    with suppress(ValueError):
        hashed: dict[str, Any] = json.loads(_read(root / "checksums.json"))
        for key, checksum in hashed.items():
            if str(checksum).startswith(folder.name):
                yield Path(key.rsplit("|", 3)[0])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
