"""Chroma's folder: what was written last, and what a killed writer left. Nothing opens Chroma here.

Chroma reads beyond the end of a file that was cut short, and the process dies: what is not as it
was written is not opened. `record.json` says what Chroma's database was, a file per collection what
the files of its index were; `writing.json` stands while something is written and names that. All
of them carry their own checksum.
"""

import os
import shutil
import sqlite3
import struct
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tools.files.checksums import CHECK, dump_checked, load_checked
from tools.files.durable import digest, write_bytes

FORMAT = 2
"""Layout of the folder; the first had no number."""
DATABASE = "chroma.sqlite3"
LIBRARY = "library"
"""Group of the collections of the whole library; others are named after their video."""
_RECORD, _MARK, _COLLECTIONS = "record.json", "writing.json", "collections"
State = Literal["missing", "whole", "interrupted", "damaged", "newer"]


@dataclass(frozen=True)
class Held:
    """Collection as it was written: its rows, and its index's folder and files.

    Without rows there is no such collection in Chroma: the video has nothing of this kind.
    `videos` says of a library-wide collection what it holds: a tag, and the rows' milliseconds.
    """

    name: str
    rows: int
    segment: str = ""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """SHA-256 by name."""
    videos: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


class ChromaFolder:
    """Folder of a library's Chroma; one process works on it, under a lock that it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def state(self) -> State:
        """Say what was left here, by size and time of Chroma's database.

        After a kill SQLite's own check takes their place; the database is transactional.
        """
        if not self.path.exists():
            return "missing"
        try:
            record = _load(self.path / _RECORD)
            if record.get("format", 0) > FORMAT:
                return "newer"
            if record["format"] != FORMAT:
                return "damaged"
            if self.is_interrupted():
                self.unfinished()
                return "interrupted" if self._is_consistent() else "damaged"
            same = record["database"] == self._database()
            # A copy of the library may have other times.
            same = same or digest(self.path / DATABASE) == record["checksum"]
            return "whole" if same else "damaged"
        except (OSError, ValueError, KeyError, TypeError):
            return "damaged"

    def damage(self) -> bool:
        """True if any file is not, to the byte, what was written, or is nobody's."""
        try:
            record = _load(self.path / _RECORD)
            checksum = record["checksum"] or digest(self.path / DATABASE)
            if digest(self.path / DATABASE) != checksum or not self._is_consistent():
                return True
            known = {_RECORD, DATABASE}
            for path in self.path.glob(f"{_COLLECTIONS}/*/*"):
                held = _held(path)
                known.add(str(path.relative_to(self.path)))
                if path.name != f"{held.name}.json" or not self.is_intact(held):
                    return True
                known |= {f"{held.segment}/{name}" for name in held.files}
            files = (path for path in self.path.rglob("*") if path.is_file())
            return any(str(path.relative_to(self.path)) not in known for path in files)
        except (OSError, ValueError, KeyError, TypeError):
            return True

    def clear(self) -> None:
        """Throw everything away."""
        shutil.rmtree(self.path, ignore_errors=True)

    # Writing

    def is_interrupted(self) -> bool:
        """True if somebody is writing, or was killed while writing."""
        return (self.path / _MARK).exists()

    def unfinished(self) -> list[tuple[str, str]]:
        """Groups and names of the collections that were being written."""
        if not self.is_interrupted():
            return []
        return [(group, name) for group, name in _load(self.path / _MARK)["collections"]]

    @contextmanager
    def writing(
        self, collections: Iterable[tuple[str, str]], checksum: bool = False
    ) -> Generator[None]:
        """Mark collections as being written, and record the database then.

        The mark stays where that fails. The checksum takes a while once the database is large.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        before = self.unfinished()
        named = sorted({*before, *collections})
        write_bytes(self.path / _MARK, dump_checked({"collections": named}))
        yield
        value = digest(self.path / DATABASE) if checksum else ""
        record = {"format": FORMAT, "database": self._database(), "checksum": value}
        write_bytes(self.path / _RECORD, dump_checked(record))
        if before:
            write_bytes(self.path / _MARK, dump_checked({"collections": before}))
        else:
            (self.path / _MARK).unlink()

    def finish(self) -> None:
        """Take the mark away: what it named was dropped."""
        (self.path / _MARK).unlink(missing_ok=True)

    # Collections

    def segments(self) -> set[str]:
        """Names of the folders that hold indexes of collections."""
        return {path.name for path in self.path.glob("*-*-*/")}

    def hold(self, group: str, held: Held) -> Held:
        """Record a collection, and its files as they are."""
        folder = self.path / held.segment if held.segment else None
        if folder:
            blank_unused(folder)
        files = {path.name: digest(path) for path in sorted(folder.iterdir())} if folder else {}
        path = self.path / _COLLECTIONS / group / f"{held.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        held = replace(held, files=files)
        write_bytes(path, dump_checked(asdict(held)))
        return held

    def held(self, group: str, name: str) -> Held | None:
        """Record of a collection; None without one, or where it is damaged."""
        try:
            return _held(self.path / _COLLECTIONS / group / f"{name}.json")
        except (OSError, ValueError, TypeError):
            return None

    def is_intact(self, held: Held) -> bool:
        """True if the files of a collection's index are, to the byte, what was written."""
        folder = self.path / held.segment
        try:
            names = {path.name for path in folder.iterdir()} if held.segment else set[str]()
            same = all(digest(folder / name) == check for name, check in held.files.items())
            return names == held.files.keys() and same
        except OSError:
            return False

    def names(self, group: str) -> list[str]:
        """Names of the collections of a video, or of the library."""
        return sorted(path.stem for path in (self.path / _COLLECTIONS / group).glob("*.json"))

    def groups(self) -> list[str]:
        """Videos that something is or was held of."""
        names = [path.name for path in (self.path / _COLLECTIONS).glob("*")]
        return sorted(name for name in names if name != LIBRARY)

    def knows(self, video: str) -> bool:
        """True until a removal of a video has come to its end."""
        return (self.path / _COLLECTIONS / video).exists()

    def forget(self, group: str, name: str) -> None:
        """Delete the record of a collection, and its index, which Chroma leaves behind."""
        held = self.held(group, name)
        (self.path / _COLLECTIONS / group / f"{name}.json").unlink(missing_ok=True)
        if held and held.segment:
            shutil.rmtree(self.path / held.segment, ignore_errors=True)

    def forget_video(self, video: str) -> None:
        """Delete what says that anything was held of a video."""
        shutil.rmtree(self.path / _COLLECTIONS / video, ignore_errors=True)

    def delete_unknown(self) -> None:
        """Delete indexes of no collection and temporary files, which a killed writer left."""
        for path in (*self.path.glob(".*.tmp"), *self.path.glob(f"{_COLLECTIONS}/*/.*.tmp")):
            path.unlink()
        known = {
            held.segment
            for path in self.path.glob(f"{_COLLECTIONS}/*/*.json")
            if (held := self.held(path.parent.name, path.stem))
        }
        for name in self.segments() - known:
            shutil.rmtree(self.path / name, ignore_errors=True)

    def vacuum(self) -> None:
        """Rewrite the database without what was deleted from it; nobody has it open."""
        with closing(sqlite3.connect(self.path / DATABASE)) as database:
            database.execute("VACUUM")

    def _database(self) -> list[int]:
        stat = (self.path / DATABASE).stat()
        return [stat.st_size, stat.st_mtime_ns]

    def _is_consistent(self) -> bool:
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.path / DATABASE)) as database:
            return database.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
        return False


def blank_unused(segment: Path) -> None:
    """Write zeros over the places of an index that no row has taken.

    Chroma (hnswlib) writes at least a hundred places as they lie in memory, with whatever the
    process had there before: ids of removed videos, texts, keys. Its header is an int and six
    size_t, of which the third is the number of rows and the fourth the bytes of each.
    """
    header = (segment / "header.bin").read_bytes()
    _, _, _, rows, size, _, _ = struct.unpack_from("=i6Q", header)
    for name, each in (("data_level0.bin", size), ("length.bin", 4)):
        path = segment / name
        unused = path.stat().st_size - rows * each
        if unused % each or unused < 0:
            raise ValueError(f"{name} is not of {rows} rows")
        with path.open("r+b") as file:
            file.seek(-unused, os.SEEK_END)
            file.write(bytes(unused))


def counts(path: Path, video: str) -> dict[str, int]:
    """Rows of a video by collection, as they were written; any process may ask."""
    folder, found = ChromaFolder(path), dict[str, int]()
    for name in folder.names(video):
        if (held := folder.held(video, name)) and held.rows:
            found[name] = held.rows
    for name in folder.names(LIBRARY):
        held = folder.held(LIBRARY, name)
        if held and video in held.videos:
            found[name] = len(held.videos[video][1].split())
    return found


def totals(path: Path) -> dict[str, int]:
    """Rows of all videos by kind, as they were written; any process may ask."""
    folder, found = ChromaFolder(path), Counter[str]()
    for video in folder.groups():
        for name in folder.names(video):
            held = folder.held(video, name)
            found[name.partition("-")[0]] += held.rows if held else 0
    return dict(+found)


def _load(path: Path) -> dict[str, Any]:
    value = load_checked(path.read_bytes())
    del value[CHECK]
    return value


def _held(path: Path) -> Held:
    value = _load(path)
    videos = {video: (tag, at) for video, (tag, at) in value.pop("videos").items()}
    return Held(**value, videos=videos)
