"""Durable writes, locks and removal: every file of a library is whole or absent."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Generator, Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

Row = dict[str, Any]
LOCK_TRIES = 100
"""Times that a lock is made anew where its folder was taken away meanwhile."""
ODD = "backslashreplace"
"""Error handler of encodings: a file name that is no valid text becomes escapes, as in JSON."""


def write_bytes(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file under a temporary name, flush it, rename it, flush the folder.

    `mode` is that of the file, less the umask; 0o600 for what nobody else may read.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb", opener=partial(os.open, mode=mode)) as file:
            file.write(data)
        move_into_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def encode_json(value: Any) -> bytes:
    """Encode a JSON value, readable by a person."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode(errors=ODD)


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value."""
    write_bytes(path, encode_json(value))


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """Write one JSON object a line; rows are dictionaries or dataclasses."""
    lines = (json.dumps(row, ensure_ascii=False, default=_by_name) for row in rows)
    write_bytes(path, b"".join(line.encode(errors=ODD) + b"\n" for line in lines))


def _by_name(row: Any) -> dict[str, Any]:
    """Fields of a dataclass, without the copies that asdict makes."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def read_lines(path: Path) -> list[Row]:
    """Read the rows of a file of JSON lines."""
    with path.open("rb") as file:
        return [json.loads(line) for line in file]


def move_into_place(temporary: Path, path: Path) -> None:
    """Move a finished file of the same file system into place, durably."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def move_folder_into_place(temporary: Path, path: Path) -> None:
    """Move a folder of finished files, without folders in it, into place, durably."""
    for file in temporary.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    sync_folder(temporary)
    temporary.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    with _open(folder) as handle:
        os.fsync(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def lock(path: Path, wait: bool = True) -> Generator[Callable[[], bool]]:
    """Hold an exclusive lock that dies with its owner; wait for another, or BlockingIOError.

    Yields a function that is true while the lock is still the file of that name: a removal of
    its folder takes it away. One that went while we waited for it is made anew.
    """
    for tries_left in reversed(range(LOCK_TRIES)):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = path.open("a")
        except FileNotFoundError:
            if not tries_left:  # a folder in which no file can be made, as some of the system
                raise
            continue
        with file:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file(file.fileno(), path):
                yield partial(_is_file, file.fileno(), path)
                return


def is_locked(path: Path) -> bool:
    """True if a process holds the lock on a file or folder now."""
    try:
        with _open(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    return False


@contextlib.contextmanager
def lock_existing(path: Path) -> Generator[None]:
    """Lock a new file or folder while it is worked on, so that `delete_unlocked` leaves it alone.

    Raises FileNotFoundError if it was deleted before the lock was ours.
    """
    with _open(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not _is_file(handle, path):
            raise FileNotFoundError(errno.ENOENT, "swept", str(path))
        yield


@contextlib.contextmanager
def temporary_folder(home: Path, prefix: str) -> Generator[Path]:
    """A locked folder that is deleted afterwards; those of killed owners are deleted first."""
    delete_unlocked(home, f"{prefix}*")
    folder = home / f"{prefix}{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        while True:
            folder.mkdir()
            with contextlib.suppress(FileNotFoundError):
                stack.enter_context(lock_existing(folder))
                break
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def delete_unlocked(folder: Path, pattern: str) -> None:
    """Delete files and folders that nobody has locked: their owner was killed.

    Files of `write_bytes` have no lock: only where nobody else can be writing.
    """
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError), _open(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def remove_folder(folder: Path, trash: Path) -> None:
    """Rename a folder into the trash, then delete it: nobody sees, or writes into, a part of it.

    The trash of a killed caller is deleted as well.
    """
    while folder.exists():
        trash.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another caller emptied the trash
            folder.rename(trash / f"{folder.name}.{secrets.token_hex(4)}")
            break
    shutil.rmtree(trash, ignore_errors=True)


@contextlib.contextmanager
def _open(path: Path) -> Generator[int]:
    handle = os.open(path, os.O_RDONLY)  # opens a folder too
    try:
        yield handle
    finally:
        os.close(handle)


def _is_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
