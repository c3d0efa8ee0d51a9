"""File of the catalog: its tables, and how it is opened where that can be done.

It has a rollback journal: a write-ahead log maps a file into memory, and a mapped file that is cut
ends the process; and whoever reads would have to write. A file that is damaged is deleted and
filled again, one of a newer release is left alone beside ours. Where no file can be written or
read, the tables are in memory, and filled from the videos.
"""

import hashlib
import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

from tools.text.tokens import STEMMING

VERSION = 1
"""Layout of the tables, in the file's `user_version`."""
NAME = "catalog.sqlite"
BUSY_SECONDS = 2.0
"""Seconds to wait for another process that writes."""
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE videos (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, folded TEXT NOT NULL, duration REAL NOT NULL,
    pictured INTEGER NOT NULL, covered TEXT NOT NULL, coming INTEGER NOT NULL, stamp TEXT NOT NULL,
    texts TEXT NOT NULL, vectors TEXT NOT NULL, pending INTEGER NOT NULL,
    clock TEXT,  -- JSON, where it is relied on
    tracked INTEGER NOT NULL  -- whether objects were looked for
) WITHOUT ROWID;
CREATE INDEX videos_folded ON videos (folded);
CREATE INDEX videos_pending ON videos (id) WHERE pending;
CREATE INDEX videos_tracked ON videos (id) WHERE tracked;
CREATE TABLE texts (
    row INTEGER PRIMARY KEY, video TEXT NOT NULL, kind TEXT NOT NULL, start REAL NOT NULL,
    item TEXT NOT NULL, own INTEGER NOT NULL, forms TEXT NOT NULL, speaker TEXT NOT NULL,
    raw TEXT NOT NULL,  -- item: JSON; own: of the forms, the first so many are its own
    characters TEXT NOT NULL  -- of scripts without spaces, whose words are pairs of characters
);
CREATE INDEX texts_video ON texts (video, kind, start);
CREATE TABLE terms (
    stem TEXT NOT NULL, video TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (stem, video, kind)
) WITHOUT ROWID;
CREATE INDEX terms_video ON terms (video);
CREATE TABLE coarse (
    video TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, dimensions INTEGER NOT NULL,
    milliseconds BLOB NOT NULL, vectors BLOB NOT NULL,
    PRIMARY KEY (kind, provider, dimensions, video)
) WITHOUT ROWID;
CREATE TABLE traits (
    name TEXT NOT NULL, video TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (name, video)
) WITHOUT ROWID;
CREATE INDEX traits_video ON traits (video);
CREATE TABLE sightings (
    video TEXT NOT NULL, label TEXT NOT NULL, colour TEXT NOT NULL, start REAL NOT NULL,
    end REAL NOT NULL, item TEXT NOT NULL,
    wall REAL,  -- its start as local time, seconds from 1970; without a clock NULL
    min_x REAL, min_y REAL, max_x REAL, max_y REAL  -- of all its boxes
);
CREATE INDEX sightings_video ON sightings (video, start);
CREATE INDEX sightings_label ON sightings (label, colour);
CREATE VIRTUAL TABLE words USING fts5(
    video, forms, speaker, characters, content='texts', content_rowid='row',
    tokenize="ascii tokenchars '+#:.,/_-&@%'"
);
CREATE VIRTUAL TABLE letters USING fts5(
    raw, content='texts', content_rowid='row', tokenize='trigram'
);
"""
LAYOUT = zlib.crc32(f"{_SCHEMA}{STEMMING}".encode()) & 0x7FFFFFFF
"""Checksum of the tables, in the file's `application_id`: one with others is filled again."""
_T = TypeVar("_T")
Statement = tuple[str, Sequence[Any]]
_log = logging.getLogger(__name__)


def index_folder(root: Path) -> Path:
    """Folder of a library's indexes: its own, or one in the user's cache.

    SQLite and Chroma need a local file system that can be written; a library on another one has
    its indexes on this machine, by its path.
    """
    if _is_writable(root) and not _is_remote(root):
        return root
    name = hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]
    return user_cache_path("cuepoint", appauthor=False) / "indexes" / name


class CatalogFile:
    """The file in use: opened when it is needed, and again where another one lies in its place."""

    def __init__(self, root: Path, fill: Callable[[], None]) -> None:
        """`fill` fills it where it was damaged, or is only in memory."""
        self._root, self._fill = root, fill
        self._guard = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._path: Path | None = None
        self._identity: tuple[int, int] | None = None

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.use(lambda database: database.execute(sql, [*values]).fetchall())

    def write(self, statements: Sequence[Statement]) -> None:
        """Run statements in one transaction; all of them or none."""
        self.use(lambda database: run(database, statements))

    def use(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do some work on the file; on a copy of it in memory where the disk refuses it."""
        with self._guard:
            try:
                return work(self._open())
            except sqlite3.Error as error:
                damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED
                _log.info("the catalog is filled again (damaged: %s): %s", damaged, error)
                self._recover(damaged)
                return work(self._open())

    def compact(self) -> None:
        """Leave nothing of deleted rows in the file."""
        with self._guard, suppress(sqlite3.Error):
            self._open().execute("VACUUM")  # what moved between pages stood in both

    def is_consistent(self, checks: Sequence[str]) -> bool:
        """True if these statements raise nothing."""
        with self._guard:
            try:
                for check in checks:
                    self._open().execute(check)
                return True
            except sqlite3.DatabaseError:
                return False

    def clear(self) -> None:
        """Delete the file and fill it again."""
        with self._guard:
            self._open()
            self._recover(damaged=True)

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            if self._database:
                self._database.close()
            self._database = None

    def _open(self) -> sqlite3.Connection:
        if self._database and self._path and self._identity != _identity(self._path):
            self.close()
        if self._database is None:
            folder = index_folder(self._root)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._database, self._path = _open(folder / NAME)
                self._identity = _identity(self._path)
            except (OSError, sqlite3.Error) as error:
                _log.info("the catalog is kept in memory: %s", error)
                self._database, self._path = in_memory(), None
        return self._database

    def _recover(self, damaged: bool) -> None:
        """Delete a damaged file and fill it again; copy one into memory that can't be written."""
        before, self._database = self._database, None
        if not damaged:
            self._database = in_memory()
            with suppress(sqlite3.Error):
                if before:
                    before.backup(self._database)
        elif self._path:
            _delete(self._path)
        if not damaged:
            self._path = None
        if before:
            before.close()
        self._fill()


def in_memory() -> sqlite3.Connection:
    """An empty catalog in memory."""
    return _prepared(sqlite3.connect(":memory:", check_same_thread=False))


def run(
    database: sqlite3.Connection,
    statements: Sequence[Statement],
    last: Callable[[sqlite3.Connection], Statement] | None = None,
) -> None:
    """Run statements in one transaction, all of them or none; `last` is asked for before them."""
    database.execute("BEGIN IMMEDIATE")
    try:
        if last:
            statements = [*statements, last(database)]
        for sql, group in groupby(statements, key=itemgetter(0)):
            database.executemany(sql, [values for _, values in group])
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None without one."""
    try:
        stat = path.stat()
        return stat.st_dev, stat.st_ino
    except OSError:
        return None


def _delete(path: Path) -> None:
    for suffix in ("", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _open(path: Path) -> tuple[sqlite3.Connection, Path]:
    for _ in range(2):
        database = sqlite3.connect(path, BUSY_SECONDS, check_same_thread=False)
        try:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            (layout,) = database.execute("PRAGMA application_id").fetchone()
            if version > VERSION:
                database.close()
                return _open(path.with_name(f"catalog-{VERSION}.sqlite"))
            if version == 0 or (version, layout) == (VERSION, LAYOUT):
                return _prepared(database), path
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in DAMAGED:
                database.close()
                raise
        database.close()  # damaged, or of an older release
        _delete(path)
    raise sqlite3.DatabaseError(f"{path} cannot be made")


def _prepared(database: sqlite3.Connection) -> sqlite3.Connection:
    database.isolation_level = None  # transactions are written out
    database.execute("PRAGMA secure_delete = ON")  # what is removed is gone from the file
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        database.execute("BEGIN IMMEDIATE")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:  # unless another process was faster
            for statement in _SCHEMA.split(";\n"):
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {LAYOUT}")
            database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    return database


def _is_writable(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


def _is_remote(folder: Path) -> bool:
    """True if a folder lies on a network file system, as far as the mount table tells."""
    remote = ("nfs", "cifs", "smb", "fuse.sshfs", "fuse.rclone", "9p", "afs", "ceph", "gluster")
    best, kind = "", ""
    with suppress(OSError):
        for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines():
            _, place, type_, *_ = line.split(" ")
            if len(place) >= len(best) and folder.absolute().is_relative_to(place):
                best, kind = place, type_
    return kind.startswith(remote)
