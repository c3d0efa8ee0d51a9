"""Rebuilds what can be rebuilt from the originals; never deletes one, or the only copy of one."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from tools.errors import Damaged, UnknownVideo, VideoError
from tools.files.checksums import CHECK, sealed
from tools.files.durable import digest, lock, write_bytes
from tools.ingest.pipeline import ingest
from tools.ingest.run import OnProgress
from tools.integrity.verify import (
    Problem,
    broken_pictures,
    check_library,
    check_video,
    leftovers,
    temporary,
    vectors,
    verify,
    was_indexed,
)
from tools.library import Library
from tools.models.providers import Providers
from tools.search import vector_index as index
from tools.store import dense, frames
from tools.store import recovery as about
from tools.store.manifest import REPAIR
from tools.store.original import MEMORY
from tools.store.records import seconds_of
from tools.store.store import STAGES, save_manifest
from tools.summary import generated


@dataclass(frozen=True)
class Repaired:
    """What was mended; and what could not be, with the reason."""

    mended: list[Problem]
    left: list[Problem]


def repair(
    library: Library,
    on_progress: OnProgress | None = None,
    on_video: Callable[[str], None] | None = None,
) -> Repaired:
    """Mend what `verify` finds, doing again only the stages that are damaged."""
    before = verify(library)
    left: list[Problem] = []
    for video in dict.fromkeys(one.video for one in before if one.video):
        why = ""
        if on_video:
            on_video(video)
        try:
            _mend(library, video, on_progress)
        except VideoError as error:
            why = f" ({error})"
        for one in check_video(library, video):
            tried = one.fix == REPAIR  # what only a person can mend says so already
            left.append(replace(one, what=one.what + why) if tried else one)
    if any(not one.video for one in before):
        _mend_library(library)
        left += check_library(library)
    still = [(one.video, one.what) for one in left]
    gone = [b for b in before if not any(v == b.video and w.startswith(b.what) for v, w in still)]
    return Repaired(gone, left)


def _mend(library: Library, video: str, on_progress: OnProgress | None) -> None:
    folder = library.folder(video)
    _clear(folder)
    # A question that needs it looks again, or has it told again.
    for path in (*dense.damaged(folder), *generated.damaged(folder)):
        path.unlink(missing_ok=True)
    try:
        manifest = library.manifest(video)
    except (Damaged, UnknownVideo):
        if was_indexed(folder):
            _index_anew(library, video, on_progress)
        else:
            with lock(folder / "lock"):
                shutil.rmtree(folder, ignore_errors=True)
        return
    if CHECK in manifest and not about.is_whole(folder):
        _save(library, video, manifest)
    original = library.original(video)
    if digest(original) != manifest["sha256"]:
        return  # nothing may be made from it; `verify` names it
    if CHECK not in manifest:
        _save(library, video, manifest)
    there = tuple(name for name in STAGES if name in manifest["stages"])
    try:
        ingest(library, original, only=there, on_progress=on_progress, **_options(manifest))
    finally:  # whatever a stage lacks that nobody needs for them
        _mend_pictures(library, video)


def _index_anew(library: Library, video: str, on_progress: OnProgress | None) -> None:
    """A video whose manifest is lost, from its original and what else is known of it."""
    original, facts = about.recover(library.root, video)
    if original is None:
        return
    options = _as_given(facts.get("options") or {})
    ingest(library, original, on_progress=on_progress, **options)
    _mend_pictures(library, video)


def _mend_pictures(library: Library, video: str) -> None:
    """Those that a question decoded; indexing mends the others."""
    broken = [seconds_of(image) for image in broken_pictures(library, video)]
    if broken:
        frames.decode(library, video, broken)


def _options(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the video was indexed with, so that the same comes out again."""
    options: dict[str, Any] = dict(manifest.get("options") or {})
    if not options:
        # The first release told only by what each of its stages came from.
        where = {"sampling": ("pass", 1), "text_reader": ("screen", 1), "embedder": ("vectors", 0)}
        stages = manifest["stages"]
        for name, (stage, at) in where.items():
            if stage in stages:
                options[name] = stages[stage]["from"][at]
    return _as_given(options)


def _as_given(options: dict[str, Any]) -> dict[str, Any]:
    """What `ingest` takes, from what a manifest keeps of it."""
    named = {one.name for one in fields(Providers)} & options.keys()
    chosen = Providers(**{name: options[name] for name in named})
    return {"sampling": options.get("sampling", "adaptive"), "providers": chosen}


def _save(library: Library, video: str, manifest: dict[str, Any]) -> None:
    with lock(library.folder(video) / "lock"):
        save_manifest(library, video, dict(manifest))


def _clear(folder: Path) -> None:
    with lock(folder / "lock"):
        for path in leftovers(folder):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _mend_library(library: Library) -> None:
    known: dict[str, str] = {}
    for path in library.root.glob("videos/*/manifest.json"):
        with suppress(VideoError):
            manifest = library.manifest(path.parent.name)
            source = manifest["source"]
            stamp = (source["path"], source["size"], source["mtime_ns"], source["inode"])
            if source["linked"]:
                known["|".join(map(str, stamp))] = manifest["sha256"]
    with lock(library.root / "checksums.lock"):
        write_bytes(library.root / MEMORY, sealed(known))
    for path in temporary(library):
        _remove(path)
    folder = library.root / "chroma"
    if index.inspect(folder, vectors(library)):
        index.rebuild(folder, vectors(library))
