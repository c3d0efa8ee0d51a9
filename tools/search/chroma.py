"""Chroma: opening a library's, filling one video into it, comparing it with the files.

Two processes break a Chroma folder within seconds: one opens it, under a lock, and fills what it
finds to be missing. `index` and long-lived doors do; what answers one question searches exactly,
without chromadb, which is imported when a folder is opened.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tools.errors import VideoError
from tools.files.disk import disk_state, note
from tools.files.durable import is_locked
from tools.files.handles import raise_limit, share
from tools.search.chroma_client import OPEN_COLLECTIONS, failures
from tools.search.chroma_folder import LIBRARY, ChromaFolder, counts
from tools.search.chroma_index import ChromaIndex, differing
from tools.search.chroma_rows import (
    coarse_rows,
    coarse_tags,
    collection_name,
    library_name,
    rows_of,
)
from tools.search.vector_index import ExactIndex
from tools.store.catalog import Catalog
from tools.store.catalog_file import index_folder
from tools.store.embeddings import VECTOR_KINDS

_FILES = 5  # of one collection
_log = logging.getLogger(__name__)


def folder_of(root: Path) -> Path:
    """Folder of a library's Chroma."""
    return index_folder(root) / "chroma"


def open_index(catalog: Catalog) -> ExactIndex:
    """Open a library's Chroma, or search exactly where that cannot be; the note says why."""
    raise_limit()
    if share(OPEN_COLLECTIONS, _FILES) < OPEN_COLLECTIONS:
        return ExactIndex(catalog, "exact search: too few files may be open here (ulimit -n)")
    folder = ChromaFolder(folder_of(catalog.store.root))
    try:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        # Held until close, so there is no with block. A crashed owner's lock dies with it.
        lock = _lock_file(folder.path).open("a+")
    except OSError as error:
        why = disk_state(error)
        if why is None:
            raise
        note("index", why)
        return ExactIndex(catalog, f"exact search: Chroma does not open ({error.strerror})")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return ExactIndex(catalog, "exact search: another process has this library's Chroma open")
    if folder.state() == "newer":
        lock.close()
        return ExactIndex(catalog, "exact search: a newer release made this library's Chroma")
    for attempt in range(2):
        try:
            return ChromaIndex(catalog, folder, lock)
        except failures() as error:
            _log.warning("Chroma does not open in %s: %s", folder.path, error)
            if attempt:
                lock.close()
                return ExactIndex(catalog, f"exact search: Chroma does not open ({error})")
            folder.clear()
    raise AssertionError


def collection_counts(catalog: Catalog, video: str) -> dict[str, int]:
    """Rows of a video by collection; Chroma is not opened for it."""
    return counts(folder_of(catalog.store.root), video)


def fill(catalog: Catalog, videos: Iterable[str]) -> None:
    """Fill what Chroma lacks of some videos, if no other process has it open; that one does so."""
    folder = ChromaFolder(folder_of(catalog.store.root))
    if lacking := [video for video in videos if _lacks(catalog, folder, video)]:
        opened = open_index(catalog)
        try:
            for video in lacking:
                opened.refresh(video)
        finally:
            opened.close()


def remove(catalog: Catalog, video: str) -> None:
    """Remove every trace of a removed video, if no other process has Chroma open."""
    folder = ChromaFolder(folder_of(catalog.store.root))
    if folder.path.exists() and not is_locked(_lock_file(folder.path)):
        opened = open_index(catalog)
        try:
            opened.remove(video)
        finally:
            opened.close()


def inspect(catalog: Catalog, thorough: bool = True) -> str:
    """What is wrong with a Chroma that nobody has open, in words; "" where nothing is.

    One whose owner was killed is nothing wrong: who opens it next drops what was being written.
    Without `thorough`, nothing but the size and time of its database is compared.
    """
    folder = ChromaFolder(folder_of(catalog.store.root))
    if is_locked(_lock_file(folder.path)):
        return ""
    state = folder.state()
    if state == "missing":
        return "is missing" if _lock_file(folder.path).exists() else ""
    if state == "damaged" or (state == "whole" and thorough and folder.damage()):
        return "is damaged"
    if state != "whole" or not thorough:
        return ""
    opened = open_index(catalog)
    try:
        return _unlike(opened) if isinstance(opened, ChromaIndex) else ""
    finally:
        opened.close()


def _unlike(index: ChromaIndex) -> str:
    """What Chroma holds otherwise than the files and the catalog say; "" if nothing."""
    for video in index.folder.groups():
        with suppress(VideoError):  # damaged or removed, which is another problem
            for kind in VECTOR_KINDS:
                name = collection_name(index.store, video, kind)
                if name and index.folder.held(video, name):
                    vectors, _ = rows_of(index.store, video, kind)
                    if not index.holds(video, name, vectors.ids, vectors.array):
                        return f"does not hold what the files of {video} say"
    for group in index.catalog.coarse_groups():
        name = library_name(*group)
        held = index.folder.held(LIBRARY, name)
        # What was not caught up with is no damage.
        current = held and not differing(held, coarse_tags(index.catalog, *group))
        if current and not index.holds(LIBRARY, name, *coarse_rows(index.catalog, *group)):
            return "does not hold what the catalog says"
    return ""


def rebuild(catalog: Catalog) -> None:
    """Throw Chroma away and fill it again; another process that has it open does so itself."""
    folder = ChromaFolder(folder_of(catalog.store.root))
    if is_locked(_lock_file(folder.path)):
        return
    folder.clear()
    opened = open_index(catalog)
    try:
        for video in opened.store.folders():
            opened.refresh(video)
    finally:
        opened.close()


def _lock_file(folder: Path) -> Path:
    return folder.parent / "chroma.lock"


def _lacks(catalog: Catalog, folder: ChromaFolder, video: str) -> bool:
    """True if a collection of a video as it is now is missing."""
    names = [collection_name(catalog.store, video, kind) for kind in VECTOR_KINDS]
    if any(name and folder.held(video, name) is None for name in names):
        return True
    for group in catalog.coarse_groups():
        held = folder.held(LIBRARY, library_name(*group))
        for one, tag in coarse_tags(catalog, *group, [video]).items():
            if held is None or held.videos.get(one, ("", ""))[0] != tag:
                return True
    return False
