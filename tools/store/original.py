"""The media file: that it is one, which one it is, and that it stays the same."""

import os
import secrets
import shutil
from pathlib import Path
from typing import Any, Self

from tools.errors import Interrupted, UnreadableMedia
from tools.files.checksums import sealed, unsealed
from tools.files.durable import adopt, digest, lock, sweep_temporary, write_bytes

MEMORY = "checksums.json"
REMEMBERED = 5000
"""Checksums that are kept, so that a known file is not read again."""


class Original:
    """A file as it was when its checksum was taken."""

    def __init__(self, path: Path, checksum: str, stamp: tuple[int, int, int]) -> None:
        self.path = path
        self.checksum = checksum
        self.changed = False
        self._stamp = stamp

    @classmethod
    def identify(cls, path: Path, root: Path) -> Self:
        """Take the checksum, or remember it by path, size, time and inode.

        UnreadableMedia for what is no file, Interrupted for one that is still being written.
        """
        path = path.absolute()
        _check(path)
        stamp = stamp_of(path)
        key = f"{path}|{stamp[0]}|{stamp[1]}|{stamp[2]}"
        memory = root / MEMORY
        checksum = _known(memory).get(key)
        if checksum is None:
            checksum = digest(path)
            if stamp_of(path) != stamp:
                raise _still_written(path)
            with lock(root / "checksums.lock"):
                sweep_temporary(root)
                known = _known(memory) | {key: checksum}
                write_bytes(memory, sealed(dict(list(known.items())[-REMEMBERED:])))
        return cls(path, checksum, stamp)

    def check(self) -> None:
        """Interrupted where the file is no longer what its checksum says."""
        stamp = stamp_of(self.path)
        if stamp != self._stamp:
            if digest(self.path) != self.checksum:
                self.changed = True
                raise _still_written(self.path)
            self._stamp = stamp  # only touched, or put back

    def bring_in(self, inside: Path) -> None:
        """Give the file a second name inside the library; the first is for the caller to end.

        In this order nothing is lost and nothing hidden, whenever we are killed.
        """
        if not (inside.exists() and inside.samefile(self.path)):
            temporary = inside.with_name(f".{inside.name}.{secrets.token_hex(4)}.tmp")
            try:
                os.link(self.path, temporary)
            except OSError:  # another disk, or one that knows no second names
                shutil.copyfile(self.path, temporary)
            adopt(temporary, inside)
        self.use(inside)

    def use(self, inside: Path) -> None:
        """Read the same content from another place."""
        self.path, self._stamp = inside, stamp_of(inside)


class Originals:
    """Finds the files that videos were made from; remembers which of those that were touched,
    copied or put back hold the same."""

    def __init__(self) -> None:
        self._checksums: dict[tuple[Path, tuple[int, int, int]], str] = {}

    def find(self, folder: Path, manifest: dict[str, Any]) -> Path:
        """The file of a video; UnreadableMedia when it is gone or another one."""
        source, path = manifest["source"], place(folder, manifest)
        if not path.exists():
            raise UnreadableMedia(
                f"the file of {manifest['id']} is no longer at {path}: put it back, or index it "
                "where it is"
            )
        stamp = stamp_of(path)
        if stamp[:2] != (source["size"], source["mtime_ns"]):
            same = stamp[0] == source["size"]
            if same and (path, stamp) not in self._checksums:
                self._checksums[path, stamp] = digest(path)
            if not same or self._checksums[path, stamp] != manifest["sha256"]:
                raise UnreadableMedia(
                    f"{path} is no longer the file that was indexed: index it again"
                )
        return path


def place(folder: Path, manifest: dict[str, Any]) -> Path:
    """Where the file of a video lies, or lay."""
    return folder / manifest["source"]["path"]  # which is absolute where it is linked


def stamp_of(path: Path) -> tuple[int, int, int]:
    """Size, time and inode: what changes when a file does."""
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


def _known(memory: Path) -> dict[str, str]:
    try:
        return unsealed(memory.read_bytes())
    except (OSError, ValueError):
        return {}


def _still_written(path: Path) -> Interrupted:
    return Interrupted(f"{path.name!r} is still being written: index it again when it is complete")
