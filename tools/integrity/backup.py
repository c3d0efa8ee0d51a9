"""Backup of a library: a whole copy in another folder, which is a library itself.

The indexes are not copied: they are made again from the files where the copy is asked first.
Linked originals stay where they are.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tools.errors import Interrupted, RefusedRequest
from tools.files.disk import disk_error
from tools.files.durable import lock, sync_folder
from tools.library import Library

_PASSING = shutil.ignore_patterns("lock", "scratch", "progress.json", ".*.tmp", "look-*", "copy-*")
"""Files of a video that only a running process needs."""
_ELSEWHERE = shutil.ignore_patterns(
    "videos", "removed", "catalog*", "chroma*", "*.sqlite*", "*.lock", ".*.tmp"
)
"""Files of a library that are copied otherwise, made again, or of a running process."""


def backup(library: Library, target: Path, on_video: Callable[[str], None] = lambda _: None) -> int:
    """Copy every video and the conversations into a new folder; returns the number of videos.

    The folder has its name only when it is whole. RefusedRequest if something is there already,
    Interrupted if the disk is full.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RefusedRequest(f"{str(target)!r} is not empty: name a new folder")
    unfinished = target.absolute().with_name(f".{target.name}.tmp")
    copy = Library(unfinished, library.owner)
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        copy.root.mkdir(parents=True)
        videos = library.list()
        for video in videos:
            on_video(video.id)
            with lock(library.folder(video.id) / "lock"):  # a stage at work is waited for
                shutil.copytree(library.folder(video.id), copy.folder(video.id), ignore=_PASSING)
        shutil.copytree(library.root, copy.root, ignore=_ELSEWHERE, dirs_exist_ok=True)
        for path in library.root.glob("conversations*.sqlite"):
            new = copy.root / path.name
            with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(new)) as whole:
                old.backup(whole)
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
        sync_folder(target.absolute().parent)
    except (OSError, sqlite3.Error) as error:
        known = disk_error(error) if isinstance(error, OSError) else None
        raise known or Interrupted(f"the library was not copied: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return len(videos)
