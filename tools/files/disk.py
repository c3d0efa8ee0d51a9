"""Disks that are full, shut or broken: what is refused, and what is only not kept.

Work that cannot go on without the disk raises the `refusal` of an error. What an answer can do
without is written inside `keep`: what the disk refuses of it becomes a `Note`, which travels with
the answer.
"""

import errno
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.errors import DiskFull, Interrupted

SPARE_BYTES = 500 << 20
"""Free space that must be left before a stage starts."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHUT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG})
_BROKEN = frozenset({errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.EFBIG})
_LITTLE = 1 << 20
"""Bytes: where less is free, an input or output error of SQLite's is the full disk."""
_IN_MEMORY = Path("/dev/shm")
_log = logging.getLogger(__name__)

Why = Literal["full", "locked", "read-only", "failing"]
What = Literal[
    "earlier", "pictures", "history", "spending", "recall", "strips", "shown", "uploads", "index",
    "leftovers", "all",
]  # fmt: skip
_WHY: dict[Why, tuple[str, str]] = {
    "full": ("The disk is full", "Make room and go on"),
    "locked": ("Another program is using the history", "Wait until it is done and go on"),
    "read-only": ("The library cannot be written", "Make it writable and go on"),
    "failing": ("The disk cannot be read or written", "See to the disk and go on"),
}
"""What happened, and what to do."""
_WHAT: dict[What, str] = {
    "earlier": "what was said before in this conversation is not known here",
    "pictures": "not every picture could be looked at",
    "history": "this answer is not kept in the history",
    "spending": "what today's answers cost is only known until Cuepoint ends",
    "recall": "the same question will be asked of the model again",
    "strips": "some moments are shown as one picture",
    "shown": "earlier conversations are not shown",
    "uploads": "no file can be taken in",
    "index": "meaning is searched in the files themselves",
    "leftovers": "what broke off before is not cleared away",
    "all": "this could not be done",
}
"""What is not kept, or not known; what weighs most stands first."""


@dataclass(frozen=True)
class Note:
    """What is not kept for one reason."""

    why: Why
    unkept: tuple[What, ...]

    @property
    def text(self) -> str:
        """One line that says what happened, whether anything is lost, and what to do."""
        happened, remedy = _WHY[self.why]
        *most, last = (_WHAT[one] for one in self.unkept)
        told = f"{', '.join(most)} and {last}" if most else last
        return f"{happened}, so {told}. {remedy}: nothing else is lost."


class Notes:
    """The notes of one question, from whichever thread they come."""

    def __init__(self) -> None:
        self._noted: dict[tuple[Why, What], None] = {}

    def add(self, what: What, why: Why) -> None:
        """Note once that something is not kept."""
        self._noted[why, what] = None

    @property
    def all(self) -> tuple[Note, ...]:
        """A note for each reason."""
        by: dict[Why, list[What]] = {}
        order = list(_WHAT)
        for why, what in sorted(self._noted, key=lambda one: order.index(one[1])):
            by.setdefault(why, []).append(what)
        return tuple(Note(why, tuple(unkept)) for why, unkept in by.items())


NOTES: ContextVar[Notes | None] = ContextVar("NOTES", default=None)
"""Where the notes of what is done here go; None where nobody asked a question."""


def note(what: What, why: Why) -> None:
    """Tell whoever asked that something is not kept."""
    if notes := NOTES.get():
        notes.add(what, why)
    else:
        _log.info("%s", Note(why, (what,)).text)


@contextmanager
def keep(what: What, folder: Path | None = None) -> Generator[None]:
    """Write what an answer can do without: what the disk refuses is noted, and not raised.

    `folder` is where SQLite writes, if it does.
    """
    try:
        yield
    except (OSError, sqlite3.Error, DiskFull) as error:
        why = cause(error, folder)
        if why is None:
            raise
        note(what, why)


def cause(error: Exception, folder: Path | None = None) -> Why | None:
    """Why the disk, or who else uses it, is in the way; None where an error says something else."""
    if isinstance(error, DiskFull):
        return "full"
    if isinstance(error, OSError):
        if error.errno in FULL:
            return "full"
        if error.errno in _SHUT:
            return "read-only"
        return "failing" if error.errno in _NO_FOLDER | _BROKEN else None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # without its details
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "locked"
    if code == sqlite3.SQLITE_FULL:
        return "full"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return "read-only"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "failing"
    if code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return None
    return _state(folder) if folder else "failing"


def _state(folder: Path) -> Why:
    """What the file system says of itself."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return "failing"
    if found.f_flag & os.ST_RDONLY:
        return "read-only"
    return "full" if found.f_bavail * found.f_frsize < _LITTLE else "failing"


def placed(write: Callable[[Path], object], *folders: Path) -> Path:
    """Write into the first folder that takes it: of these, a new temporary one, one in memory.

    Gives that folder; OSError where none does.
    """
    refused = OSError("no folder to write to")
    for folder in (*folders, None, _IN_MEMORY):
        try:
            place = folder if folder in folders else tempfile.mkdtemp(dir=folder)
            write(place := Path(place))
            return place
        except OSError as error:
            refused = error
    raise refused


def free(folder: Path) -> int:
    """Bytes free where a folder lies."""
    return shutil.disk_usage(folder).free


def check_space(folder: Path) -> None:
    """DiskFull where too little is free for a stage to start."""
    left = free(folder)
    if left < SPARE_BYTES:
        raise DiskFull(
            f"only {left >> 20} MB are free where the library lies; free {SPARE_BYTES >> 20} MB"
        )


def refusal(error: OSError) -> Interrupted | None:
    """What to tell of an error that is the disk's, not ours; None for any other."""
    name = error.filename or "the library"
    if error.errno in FULL:
        return DiskFull(
            f"the disk became full; free {SPARE_BYTES >> 20} MB where the library lies "
            "and do it again: it goes on where it was"
        )
    if error.errno in _SHUT:
        return Interrupted(
            f"{name} cannot be written ({error.strerror}): "
            "let yourself write there, or choose another library with --library"
        )
    if error.errno in _NO_FOLDER:
        return Interrupted(f"{name} cannot be a folder: choose another library with --library")
    if error.errno in _BROKEN:
        return Interrupted(f"{name} cannot be read or written ({error.strerror}): see the disk")
    return None
