"""Whether a folder of Chroma's is what a clean end left; nothing here opens it with Chroma.

Chroma reads beyond the end of a file that was cut short, and the process dies: what does not match
the record of a clean end is not opened at all.
"""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from tools.files.checksums import CHECK, dump_checked, load_checked
from tools.files.durable import digest, write_bytes

_OPEN, _RECORD = "session", "record.json"
"""The first is there while the folder is open; the second says what was in it at a clean end."""


def is_open(folder: Path) -> bool:
    """Whether somebody has it open, or was killed while it was."""
    return (folder / _OPEN).exists()


def is_whole(folder: Path) -> bool:
    """Whether it is, to the byte, what a process left that ended as it should."""
    try:
        recorded = load_checked((folder / _RECORD).read_bytes())
        del recorded[CHECK]
        return not is_open(folder) and recorded == _checksums(folder)
    except (OSError, ValueError):
        return False


def begin(folder: Path) -> None:
    """Say that it is open from now on: the record holds only until the first change."""
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / _OPEN, b"")
    (folder / _RECORD).unlink(missing_ok=True)


def end(folder: Path) -> None:
    """Record what is in it, once nobody has it open."""
    _remove_unknown(folder)
    write_bytes(folder / _RECORD, dump_checked(_checksums(folder)))
    (folder / _OPEN).unlink()


def _checksums(folder: Path) -> dict[str, str]:
    """The checksum of every file but our own two, by its path in there."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {str(path.relative_to(folder)): path for path in files}
    return {name: digest(path) for name, path in names.items() if name not in (_OPEN, _RECORD)}


def _remove_unknown(folder: Path) -> None:
    """Delete the segments that Chroma leaves behind when it deletes a collection."""
    catalogue = folder.absolute() / "chroma.sqlite3"
    with suppress(sqlite3.Error), closing(sqlite3.connect(catalogue)) as database:
        known = {row[0] for row in database.execute("SELECT id FROM segments")}
        for segment in folder.glob("*/"):
            if segment.name not in known:
                shutil.rmtree(segment, ignore_errors=True)
