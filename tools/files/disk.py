"""Errors of a disk that is full, read-only or failing.

Work that needs the disk raises `disk_error` of an OSError. What an answer can do without is
written inside `best_effort`: a failed write becomes a `Note`, which travels with the answer.
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
"""Bytes that must be free before a stage starts."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHUT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG})
_BROKEN = frozenset({errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.EFBIG})
_LITTLE = 1 << 20
"""Bytes: if less is free, an input or output error of SQLite means that the disk is full."""
_IN_MEMORY = Path("/dev/shm")
_log = logging.getLogger(__name__)

DiskState = Literal["full", "locked", "read-only", "failing"]
Unkept = Literal[
    "earlier", "pictures", "history", "spending", "recall", "strips", "shown", "changed", "uploads",
    "index", "leftovers", "all",
]  # fmt: skip
_BY_ERRNO: dict[int, DiskState] = {
    **dict.fromkeys(FULL, "full"),
    **dict.fromkeys(_SHUT, "read-only"),
    **dict.fromkeys(_NO_FOLDER | _BROKEN, "failing"),
}
_BY_SQLITE: dict[int, DiskState] = {
    sqlite3.SQLITE_BUSY: "locked", sqlite3.SQLITE_LOCKED: "locked", sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read-only", sqlite3.SQLITE_PERM: "read-only",
    sqlite3.SQLITE_CORRUPT: "failing", sqlite3.SQLITE_NOTADB: "failing",
}  # fmt: skip
_WHY: dict[DiskState, tuple[str, str]] = {
    "full": ("The disk is full", "Make room and go on"),
    "locked": ("Another program is using the history", "Wait until it is done and go on"),
    "read-only": ("The library cannot be written", "Make it writable and go on"),
    "failing": ("The disk cannot be read or written", "See to the disk and go on"),
}
"""Words for what happened, and for what to do."""
_WHAT: dict[Unkept, str] = {
    "earlier": "what was said before in this conversation is not known here",
    "pictures": "not every picture could be looked at",
    "history": "this answer is not kept in the history",
    "spending": "what today's answers cost is only known until Cuepoint ends",
    "recall": "the same question will be asked of the model again",
    "strips": "some moments are shown as one picture",
    "shown": "earlier conversations are not shown",
    "changed": "this conversation stays as it was",
    "uploads": "no file can be taken in",
    "index": "meaning is searched in the files themselves",
    "leftovers": "what broke off before is not cleared away",
    "all": "this could not be done",
}
"""Words for what is not kept, or not known; the most important first."""


@dataclass(frozen=True)
class Note:
    """Everything that is not kept for one reason."""

    why: DiskState
    unkept: tuple[Unkept, ...]

    @property
    def text(self) -> str:
        """One line that says what happened, whether anything is lost, and what to do."""
        happened, remedy = _WHY[self.why]
        *most, last = (_WHAT[unkept] for unkept in self.unkept)
        losses = f"{', '.join(most)} and {last}" if most else last
        return f"{happened}, so {losses}. {remedy}: nothing else is lost."


Noted = dict[tuple[DiskState, Unkept], None]
NOTED: ContextVar[Noted | None] = ContextVar("NOTED", default=None)
"""What the threads of this context's question could not keep; None outside of questions."""


def notes(noted: Noted) -> tuple[Note, ...]:
    """One note for each reason, that of the most important loss first."""
    by: dict[DiskState, list[Unkept]] = {}
    for why, what in sorted(noted, key=lambda pair: list(_WHAT).index(pair[1])):
        by.setdefault(why, []).append(what)
    return tuple(Note(why, tuple(unkept)) for why, unkept in by.items())


def note(what: Unkept, why: DiskState) -> None:
    """Add a note to the question, or to the log outside of questions."""
    if (noted := NOTED.get()) is not None:
        noted[why, what] = None
    else:
        _log.info("%s", Note(why, (what,)).text)


@contextmanager
def best_effort(what: Unkept, folder: Path | None = None) -> Generator[None]:
    """Write what an answer can do without: errors of the disk become notes.

    `folder` is that of the SQLite database, if one is written.
    """
    try:
        yield
    except (OSError, sqlite3.Error, DiskFull) as error:
        why = disk_state(error, folder)
        if why is None:
            raise
        note(what, why)


def disk_state(error: Exception, folder: Path | None = None) -> DiskState | None:
    """State of the disk that explains an error; None for an error with another cause."""
    if isinstance(error, DiskFull):
        return "full"
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # without its details
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return _file_system_state(folder) if folder else "failing"
    return _BY_SQLITE.get(code)


def _file_system_state(folder: Path) -> DiskState:
    try:
        status = os.statvfs(folder)
    except OSError:
        return "failing"
    if status.f_flag & os.ST_RDONLY:
        return "read-only"
    return "full" if status.f_bavail * status.f_frsize < _LITTLE else "failing"


def write_to_first(write: Callable[[Path], object], *folders: Path) -> Path:
    """Write into the first folder that takes it: of these, a new temporary one, one in memory.

    Returns that folder; OSError if none does.
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


def size_text(count: int) -> str:
    """Bytes as 20 GB, 19.8 GB, 4 MB."""
    name, unit = "kB", 1 << 10
    if count >= 1 << 20:
        name, unit = ("GB", 1 << 30) if count >= 1 << 30 else ("MB", 1 << 20)
    return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk of a folder."""
    return shutil.disk_usage(folder).free


def check_space(folder: Path) -> None:
    """Raise DiskFull if too little is free for a stage to start."""
    left = free_bytes(folder)
    if left < SPARE_BYTES:
        raise DiskFull(
            f"only {left >> 20} MB are free where the library lies; free {SPARE_BYTES >> 20} MB"
        )


def disk_error(error: OSError) -> Interrupted | None:
    """Interrupted, with the remedy, for an error of the disk; None for any other."""
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
