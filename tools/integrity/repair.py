"""Repair: rebuild what can be rebuilt from the originals, and never delete one."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.errors import Damaged, UnknownVideo, VideoError
from tools.files.checksums import CHECK, dump_checked
from tools.files.durable import digest, lock, write_bytes
from tools.ingest.pipeline import ingest, recorded_options
from tools.ingest.run import OnProgress, catalogued
from tools.integrity import verify as check
from tools.integrity.verify import Problem
from tools.library import Library
from tools.search import chroma
from tools.store import dense, frames, names, recovery
from tools.store.manifest import REPAIR, write_manifest
from tools.store.original import CHECKSUMS
from tools.store.records import seconds_of
from tools.store.store import STAGES
from tools.store.video_collections import FILE as COLLECTIONS
from tools.summary import generated


@dataclass(frozen=True)
class Repaired:
    """Problems that were mended, and those that could not be, with the reason."""

    mended: list[Problem]
    left: list[Problem]


def repair(
    library: Library,
    on_progress: OnProgress | None = None,
    on_video: Callable[[str], None] | None = None,
) -> Repaired:
    """Mend the problems of a library, doing again only the stages that are damaged."""
    before = check.verify(library)
    left: list[Problem] = []
    for video in dict.fromkeys(problem.video for problem in before if problem.video):
        why = ""
        if on_video:
            on_video(video)
        try:
            _mend(library, video, on_progress)
        except VideoError as error:
            why = f" ({error})"
        for problem in check.check_video(library, video):
            tried = problem.fix == REPAIR  # what only a person can mend says so already
            left.append(replace(problem, what=problem.what + why) if tried else problem)
    if any(not problem.video for problem in before):
        _mend_library(library)
        left += check.check_library(library)
    still = [(problem.video, problem.what) for problem in left]
    mended = [b for b in before if not any(v == b.video and w.startswith(b.what) for v, w in still)]
    return Repaired(mended, left)


def _mend(library: Library, video: str, on_progress: OnProgress | None) -> None:
    folder = library.folder(video)
    with lock(folder / "lock"):
        for path in check.leftovers(folder):
            _remove(path)
    # A question that needs them samples again, or summarises again.
    for path in (*dense.damaged(folder), *generated.damaged(folder)):
        path.unlink(missing_ok=True)
    if names.are_damaged(folder):  # they are lost; the video has the title of its file again
        (folder / names.NAMES).unlink(missing_ok=True)
    try:
        manifest = library.manifest(video)
    except (Damaged, UnknownVideo):
        if check.was_indexed(folder):
            original, facts = recovery.recover(library.root, video)
            if original:
                ingest(library, original, on_progress=on_progress, **recorded_options(facts))
                _mend_pictures(library, video)
        else:
            with lock(folder / "lock"):
                shutil.rmtree(folder, ignore_errors=True)
        return
    if CHECK in manifest and recovery.load(folder) is None:
        _save(library, video, manifest)
    original = library.original(video)
    if digest(original) != manifest["sha256"]:
        return  # nothing may be made from it; `verify` names it
    if CHECK not in manifest:
        _save(library, video, manifest)
    made = tuple(name for name in STAGES if name in manifest["stages"])
    try:
        ingest(
            library, original, only=made, on_progress=on_progress, finish=False,
            **recorded_options(manifest),
        )  # fmt: skip
    finally:  # a failed stage does not keep the pictures from being mended
        _mend_pictures(library, video)


def _mend_pictures(library: Library, video: str) -> None:
    """Decode broken pictures of questions again; indexing mends the others."""
    if broken := [seconds_of(image) for image in check.broken_pictures(library, video)]:
        frames.decode(library, video, broken)


def _save(library: Library, video: str, manifest: dict[str, Any]) -> None:
    with lock(library.folder(video) / "lock"), catalogued(library, video):
        write_manifest(library.folder(video), dict(manifest))


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
            if source["linked"]:
                key = (source[name] for name in ("path", "size", "mtime_ns", "inode"))
                known["|".join(map(str, key))] = manifest["sha256"]
    with lock(library.root / "checksums.lock"):
        write_bytes(library.root / CHECKSUMS, dump_checked(known))
    for path in check.temporary(library):
        _remove(path)
    try:
        library.collections.all()
    except Damaged:  # they are lost; the videos stay
        (library.root / COLLECTIONS).unlink(missing_ok=True)
    if library.catalog.differences():
        with suppress(VideoError):  # of a video that is still damaged
            library.catalog.rebuild()
    if chroma.inspect(library.catalog):
        chroma.rebuild(library.catalog)
