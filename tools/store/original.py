"""The original media file: identity by checksum, and detection of changes."""

import os
import secrets
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from tools.errors import Interrupted, UnreadableMedia
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import delete_unlocked, digest, lock, move_into_place, write_bytes

Stamp = tuple[int, int, int]
"""Size, time and inode, which change with a file."""
CHECKSUMS = "checksums.json"
"""Cache of checksums by path, size, time and inode, so that a known file is not read again."""
CACHED = 5000
"""Checksums in the cache, at most."""


class Original:
    """A file as it was when its checksum was taken."""

    def __init__(self, path: Path, checksum: str, stamp: Stamp) -> None:
        self.path = path
        self.checksum = checksum
        self.changed = False
        self._stamp = stamp

    @classmethod
    def identify(cls, path: Path, root: Path) -> Self:
        """Compute the checksum of a file, or take it from the cache.

        UnreadableMedia for what is no file, Interrupted for one that is still being written.
        """
        path = path.absolute()
        _check(path)
        stamp = _stamp(path)
        key = f"{path}|{stamp[0]}|{stamp[1]}|{stamp[2]}"
        checksum = _cached(root).get(key)
        if checksum is None:
            checksum = digest(path)
            if _stamp(path) != stamp:
                raise _still_written(path)
            with lock(root / "checksums.lock"):
                delete_unlocked(root, ".*.tmp")
                newest = list((_cached(root) | {key: checksum}).items())[-CACHED:]
                write_bytes(root / CHECKSUMS, dump_checked(dict(newest)))
        return cls(path, checksum, stamp)

    def check(self) -> None:
        """Raise Interrupted if the file no longer has its checksum."""
        stamp = _stamp(self.path)
        if stamp != self._stamp:
            if digest(self.path) != self.checksum:
                self.changed = True
                raise _still_written(self.path)
            self._stamp = stamp  # only touched, or put back

    def link_into(self, inside: Path) -> None:
        """Link or copy the file into the library; the caller deletes its first name afterwards.

        In this order nothing is lost and nothing hidden, whenever we are killed.
        """
        if not (inside.exists() and inside.samefile(self.path)):
            temporary = inside.with_name(f".{inside.name}.{secrets.token_hex(4)}.tmp")
            try:
                os.link(self.path, temporary)
            except OSError:  # another disk, or one that knows no second names
                shutil.copyfile(self.path, temporary)
            move_into_place(temporary, inside)
        self.use(inside)

    def use(self, inside: Path) -> None:
        """Read the same content from another place."""
        self.path, self._stamp = inside, _stamp(inside)


def find_original(folder: Path, manifest: dict[str, Any]) -> Path:
    """Path of a video's original; UnreadableMedia if it is gone or another file."""
    source, path = manifest["source"], original_path(folder, manifest)
    if not path.exists():
        raise UnreadableMedia(
            f"the file of {manifest['id']} is no longer at {path}: put it back, or index it "
            "where it is"
        )
    stamp = _stamp(path)
    touched = stamp[1] != source["mtime_ns"]  # or copied, or put back
    if stamp[0] != source["size"] or (touched and _digest(path, stamp) != manifest["sha256"]):
        raise UnreadableMedia(f"{path} is no longer the file that was indexed: index it again")
    return path


@lru_cache(CACHED)
def _digest(path: Path, _stamp: Stamp) -> str:
    return digest(path)


def forget_checksum(root: Path, video: str) -> None:
    """Forget where the original of a removed video lay."""
    with lock(root / "checksums.lock"):
        kept = {key: check for key, check in _cached(root).items() if check[:16] != video}
        if kept.keys() != _cached(root).keys():
            write_bytes(root / CHECKSUMS, dump_checked(kept))


def original_path(folder: Path, manifest: dict[str, Any]) -> Path:
    """Path of a video's original, whether or not it is still there."""
    return folder / manifest["source"]["path"]  # which is absolute where it is linked


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise UnreadableMedia(f"there is no file {str(path)!r}") from None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _check(path: Path) -> None:
    if not path.exists():
        raise UnreadableMedia(f"there is no file {str(path)!r}")
    if path.is_dir():
        raise UnreadableMedia(f"{str(path)!r} is a folder: name the videos in it")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise UnreadableMedia(f"{str(path)!r} is not a file that can be read")
    if path.stat().st_size == 0:
        raise UnreadableMedia(f"{path.name!r} is empty")


def _cached(root: Path) -> dict[str, str]:
    try:
        return load_checked((root / CHECKSUMS).read_bytes())
    except (OSError, ValueError):
        return {}


def _still_written(path: Path) -> Interrupted:
    return Interrupted(f"{path.name!r} is still being written: index it again when it is complete")
