"""Files that are whole or absent: the only way anything of a library reaches the disk."""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Generator, Iterable
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
def lock(path: Path) -> Generator[None]:
    """Hold an exclusive lock that dies with its owner; waits for another holder."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock now."""
    try:
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
