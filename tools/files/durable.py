"""Files that are whole or absent: the only way anything of a library reaches the disk."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Any

Row = dict[str, Any]
ODD = "backslashreplace"
"""File names need not be text; what is none of it becomes an escape, as JSON writes them too."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write under a temporary name, flush to the disk, rename, flush the folder."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """One JSON value, readable by a person."""
    write_bytes(path, json.dumps(value, ensure_ascii=False, indent=1).encode(errors=ODD))


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """One JSON object a line."""
    write_bytes(
        path, b"".join(json.dumps(r, ensure_ascii=False).encode(errors=ODD) + b"\n" for r in rows)
    )


def read_lines(path: Path) -> list[Row]:
    """The rows of a file of lines."""
    with path.open("rb") as file:
        return [json.loads(line) for line in file]


def adopt(temporary: Path, path: Path) -> None:
    """Move a finished file of the same file system into place, durably."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def lock(path: Path, wait: bool = True) -> Generator[Callable[[], bool]]:
    """Hold an exclusive lock that dies with its owner; waits for another, or BlockingIOError.

    Gives a function that says whether it is still the lock of that name: who removes a folder
    takes the lock away under its holder. One that went while we waited for it is made anew.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = path.open("a")
        except FileNotFoundError:
            continue
        with file:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(file.fileno(), path):
                yield partial(_is, file.fileno(), path)
                return


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock, or the claim, now."""
    try:
        with _opened(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextlib.contextmanager
def claim(path: Path) -> Generator[None]:
    """Hold a new file or folder for as long as it is worked on: `sweep` leaves it alone.

    Raises FileNotFoundError where it was swept before it was ours.
    """
    with _opened(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not _is(handle, path):
            raise FileNotFoundError(errno.ENOENT, "swept", str(path))
        yield


@contextlib.contextmanager
def workplace(home: Path, prefix: str) -> Generator[Path]:
    """A folder for one piece of work, gone afterwards; what dead owners left goes first."""
    sweep(home, f"{prefix}*")
    folder = home / f"{prefix}{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        claimed = False
        while not claimed:
            folder.mkdir()
            with contextlib.suppress(FileNotFoundError):
                stack.enter_context(claim(folder))
                claimed = True
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path, pattern: str) -> None:
    """Delete what is claimed by nobody: its owner was killed."""
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError), _opened(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def sweep_temporary(folder: Path) -> None:
    """Delete what a killed `write_bytes` left; only where nobody else can be writing."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def discard(folder: Path, trash: Path) -> None:
    """Take a folder away in one step, then delete it; nobody sees, or writes into, a part of it.

    What a killed caller left in the trash is deleted as well.
    """
    while folder.exists():
        trash.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another caller emptied the trash
            folder.rename(trash / f"{folder.name}.{secrets.token_hex(4)}")
            break
    shutil.rmtree(trash, ignore_errors=True)


@contextlib.contextmanager
def _opened(path: Path) -> Generator[int]:
    handle = os.open(path, os.O_RDONLY)  # which a folder can be opened with too
    try:
        yield handle
    finally:
        os.close(handle)


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
