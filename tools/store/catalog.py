"""Catalog of a library: a row per video, and all that is said and shown in it.

A copy of the videos' files in a form that can be asked: which videos hold a word, where a phrase
stands, which one has a title. Any process reads it; whoever finishes a stage fills it, in one
transaction per video. Words are compared as stems: `words` (FTS5) finds phrases, `letters` (FTS5,
trigrams) words on screen whose spaces were misread, `terms` says how often a video holds a stem.
Coarse vectors find a video by meaning. It is never believed: what is cited is read from the files.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.clock import Clock, clock_of
from tools.errors import Damaged, NotIndexed, RefusedRequest, UnknownVideo, VideoError
from tools.store.catalog_file import CatalogFile, Statement, in_memory, run
from tools.store.catalog_rows import (
    INDEXED,
    Text,
    build,
    deletion,
    replacing,
    rows,
    stamp,
)
from tools.store.sighting_rows import SightingRows
from tools.store.store import Store
from tools.text.tokens import stem

SETTLED_NS = 2_000_000_000
"""Age of a change of the folder of videos from which on another change has a time of its own."""
_ENTRY = "id, title, duration, covered"
LETTERS = 4
"""Letters of a word, at least, that is looked for inside others where spaces may be lost."""


@dataclass(frozen=True)
class Entry:
    """A video as the catalog knows it; `covered` is complete, partial or none."""

    id: str
    title: str
    duration: float
    covered: str


@dataclass(frozen=True, eq=False)
class LibraryVectors:
    """Coarse vectors of one provider over all videos; by row the video, the time, the vector."""

    videos: list[str]
    milliseconds: NDArray[np.int64]
    array: NDArray[np.float32]


class Catalog:
    """Catalog of one store. Safe for many threads and processes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._file = CatalogFile(store.root, self.sync)
        self._query, self._write = self._file.query, self._file.write
        self.sightings = SightingRows(self._query)
        self._filling = threading.Lock()
        self._providers: dict[str, tuple[tuple[int, int, int], list[str]]] = {}

    # Questions

    def entries(self, limit: int = -1) -> list[Entry]:
        """Videos by title, at most `limit`."""
        sql = f"SELECT {_ENTRY} FROM videos ORDER BY folded, id LIMIT ?"
        return [Entry(*row) for row in self._query(sql, [limit])]

    def coverage(self) -> dict[str, int]:
        """Number of videos by how much of them is indexed: complete, partial, none."""
        found = self._query("SELECT covered, count(*) FROM videos GROUP BY covered")
        return {**dict.fromkeys(("complete", "partial", "none"), 0), **dict(found)}

    def stamps(self) -> list[tuple[str, str]]:
        """Ids of the videos, each with what changes with its index."""
        return [
            (id, stamp) for id, stamp in self._query("SELECT id, stamp FROM videos ORDER BY id")
        ]

    def coming(self) -> bool:
        """True if a video is not wholly indexed yet."""
        return bool(self._query("SELECT 1 FROM videos WHERE coming LIMIT 1"))

    def named(self, ref: str) -> list[Entry]:
        """Videos whose id begins so (4 characters or more), else those with that title."""
        sql = f"SELECT {_ENTRY} FROM videos WHERE"
        found = (
            self._query(f"{sql} id BETWEEN ? AND ?", [ref, f"{ref}\uffff"]) if len(ref) >= 4 else []
        )
        found = found or self._query(f"{sql} folded = ? ORDER BY id", [ref.casefold()])
        return [Entry(*row) for row in found]

    def clocks(self, videos: Collection[str] | None = None) -> dict[str, tuple[Clock, float]]:
        """Clocks that are relied on, of some videos or of all, with the duration of each."""
        sql = "SELECT id, clock, duration FROM videos WHERE clock IS NOT NULL"
        if videos is not None:
            sql += f" AND id IN {_places(videos)}"
        found = self._query(f"{sql} ORDER BY id", [*(videos or ())])
        return {id: (clock_of(json.loads(row)), duration) for id, row, duration in found}

    def longest(self, videos: Collection[str] | None = None) -> float:
        """Duration of the longest of some videos, or of all."""
        where = "" if videos is None else f" WHERE id IN {_places(videos)}"
        found = self._query(f"SELECT max(duration) FROM videos{where}", [*(videos or ())])
        return found[0][0] or 0.0

    def texts(self, video: str, kind: str) -> tuple[list[Any], list[list[str]]]:
        """Utterances (`speech`) or on-screen texts (`screen`) by time, and the stems of each."""
        sql = "SELECT item, forms, own FROM texts WHERE video = ? AND kind = ? ORDER BY start, row"
        rows = self._query(sql, [video, kind])
        return build([row[0] for row in rows], kind), [row[1].split()[: row[2]] for row in rows]

    def version(self, video: str) -> str:
        """Cache key that changes with the texts of a video and with nothing else."""
        found = self._query("SELECT texts FROM videos WHERE id = ?", [video])
        return found[0][0] if found else ""

    def holding(self, words: Iterable[str], kinds: Sequence[str]) -> dict[str, dict[str, int]]:
        """By stem, how often each video that holds it does, in what is said or shown."""
        places = _places(kinds)
        sql = f"SELECT video, sum(count) FROM terms WHERE stem = ? AND kind IN {places}"
        return {word: dict(self._query(f"{sql} GROUP BY video", [word, *kinds])) for word in words}

    def holding_phrase(self, phrase: Sequence[str]) -> dict[str, int]:
        """By video, the number of texts that hold some stems one after the other."""
        match = "forms : " + _quoted(" ".join(phrase))
        sql = "SELECT rowid FROM words WHERE words MATCH ?"
        sql = f"SELECT video, count(*) FROM texts WHERE row IN ({sql}) GROUP BY video"
        return dict(self._query(sql, [match]))

    def vocabulary(self, first: str) -> Iterator[str]:
        """Stems of the library that begin so; nothing is read until the first is asked for."""
        sql = "SELECT DISTINCT stem FROM terms WHERE stem BETWEEN ? AND ?"
        yield from (word for (word,) in self._query(sql, [first, f"{first}\uffff"]))

    def matching(
        self, phrase: Sequence[str], kind: str, videos: Collection[str] | None = None
    ) -> Iterator[tuple[Text, list[str], int]]:
        """Texts that may hold a phrase, given as its words, by video and time.

        Each comes with its stems and those of the words after it, and the number of its own.
        """
        if not phrase or (videos is not None and not videos):
            return
        letters, words = "".join(phrase), _quoted(" ".join(map(stem, phrase)))
        match = f"{{forms speaker characters}} : {words}"
        if videos is not None:  # else every video that holds them would be read
            match = f"({match}) AND video : ({' OR '.join(map(_quoted, videos))})"
        ways = [("words", match)]
        if kind == "screen" and len(letters) >= LETTERS:
            ways.append(("letters", _quoted(letters)))
        found = " UNION ".join(f"SELECT rowid FROM {way} WHERE {way} MATCH ?" for way, _ in ways)
        sql = f"SELECT item, forms, own FROM texts WHERE kind = ? AND row IN ({found})"
        values: list[Any] = [kind, *(match for _, match in ways)]
        if videos is not None:
            sql, values = f"{sql} AND video IN {_places(videos)}", [*values, *videos]
        rows = self._query(f"{sql} ORDER BY video, start, row", values)
        for one, (_, held, own) in zip(build([row[0] for row in rows], kind), rows, strict=True):
            yield one, held.split(), own

    def coarse(
        self, kind: str, provider: str, dimensions: int, videos: Collection[str] | None = None
    ) -> LibraryVectors:
        """Coarse vectors by one provider: a scan, of some twenty rows a video; of some, or all."""
        sql = f"SELECT video, milliseconds, vectors FROM coarse WHERE {_coarse_of(videos)}"
        values = [kind, provider, dimensions, *(videos or ())]
        rows = self._query(f"{sql} ORDER BY video", values)
        times = [np.frombuffer(row[1], "<i8") for row in rows]
        owners = [row[0] for row, each in zip(rows, times, strict=True) for _ in each]
        array = np.frombuffer(b"".join(row[2] for row in rows), "<f2").reshape(-1, dimensions)
        milliseconds = np.concatenate([np.zeros(0, np.int64), *times])
        return LibraryVectors(owners, milliseconds, array.astype(np.float32))

    def coarse_stamps(
        self, kind: str, provider: str, dimensions: int, videos: Collection[str] | None = None
    ) -> dict[str, tuple[str, str]]:
        """By video, checksums of the files of its coarse vectors; of some videos, or all."""
        sql = "SELECT video, videos.vectors, texts FROM coarse JOIN videos ON id = video WHERE "
        rows = self._query(sql + _coarse_of(videos), [kind, provider, dimensions, *(videos or ())])
        return {video: (vectors, texts) for video, vectors, texts in rows}

    def strongest(self, traits: Sequence[str], limit: int) -> list[str]:
        """Ids of the videos in which these traits of frames or sound are strongest together.

        All videos where they are no more than `limit`.
        """
        few = self._ids("1 ORDER BY id LIMIT ?", limit + 1)
        if len(few) <= limit:
            return few
        sql = f"SELECT video FROM traits WHERE name IN {_places(traits)} GROUP BY video"
        sql += " HAVING count(*) = ? ORDER BY sum(value) DESC, video LIMIT ?"
        return [video for (video,) in self._query(sql, [*traits, len(traits), limit])]

    def embedded(self, kind: str, provider: str, dimensions: int) -> list[str]:
        """Ids of the videos that have coarse vectors of this provider."""
        sql = "SELECT video FROM coarse WHERE kind = ? AND provider = ? AND dimensions = ?"
        return [video for (video,) in self._query(sql, [kind, provider, dimensions])]

    def pictured(self) -> list[Entry]:
        """Videos that have pictures, by title."""
        sql = f"SELECT {_ENTRY} FROM videos WHERE pictured ORDER BY folded, id"
        return [Entry(*row) for row in self._query(sql)]

    def is_tracked(self, videos: Collection[str] | None = None) -> bool:
        """True if objects were looked for in one of some videos, or of all."""
        sql, values = "SELECT 1 FROM videos WHERE tracked", [*(videos or ())]
        if videos is not None:
            sql += f" AND id IN {_places(values)}"
        return bool(self._query(f"{sql} LIMIT 1", values))

    def coarse_groups(self) -> list[tuple[Any, str, int]]:
        """Kind, provider and dimensions of all coarse vectors."""
        sql = "SELECT kind, provider, dimensions FROM coarse GROUP BY kind, provider, dimensions"
        return self._query(sql)

    def changes(self) -> tuple[int, int, int]:
        """Numbers that change whenever any row of the file was changed, by any process."""

        def look(database: sqlite3.Connection) -> tuple[int, int, int]:
            (elsewhere,) = database.execute("PRAGMA data_version").fetchone()
            return id(database), elsewhere, database.total_changes

        return self._file.use(look)

    def providers(self, kind: str) -> list[str]:
        """Embedders that made coarse vectors, the commonest first."""
        now = self.changes()
        if kind not in self._providers or self._providers[kind][0] != now:
            sql = "SELECT provider FROM coarse WHERE kind = ? GROUP BY provider ORDER BY -count(*)"
            self._providers[kind] = now, [name for (name,) in self._query(sql, [kind])]
        return self._providers[kind][1]

    # Filling

    def sync(self, videos: Collection[str] | None = None) -> None:
        """Fill what is missing or older than the files; one look at a folder if nothing changed.

        Of some videos, or of all. While another thread fills, questions are answered from what is
        there. Damaged where a file is not what was written.
        """
        if not self._filling.acquire(blocking=False):
            return
        try:
            if videos is not None:
                self._fill(self._stale(videos))
                return
            changed, looked = self._changed(), time.time_ns()
            if self._query("SELECT value FROM meta WHERE name = 'changed'") == [(changed,)]:
                self._fill(self._ids("pending"))
                return
            self._fill(self.stale())
            if looked - changed >= SETTLED_NS:
                self._write([("INSERT OR REPLACE INTO meta VALUES ('changed', ?)", [changed])])
        finally:
            self._filling.release()

    def mark(self, video: str) -> None:
        """Say that a video's files change: it is compared with them until it is filled again."""
        self._write([("UPDATE videos SET pending = pending + 1 WHERE id = ?", [video])])

    def refresh(self, video: str) -> None:
        """Fill the rows of one video as far as its files changed; drop those of a removed one."""
        sql = "SELECT texts, vectors, pending FROM videos WHERE id = ?"
        known = self._query(sql, [video])
        texts, vectors, pending = known[0] if known else ("", "", 0)
        try:
            filled = replacing(self.store, video, (texts, vectors))
            self._file.use(
                lambda database: run(database, filled, partial(self._mark, video, pending))
            )
        except UnknownVideo:
            if known:
                self.remove(video)
        except NotIndexed:  # being made again while we look: it stays as it is until then
            return

    def _mark(self, video: str, pending: int, database: sqlite3.Connection) -> Statement:
        """Statement that keeps the mark of a video that changed while its rows were made."""
        marked = database.execute("SELECT pending FROM videos WHERE id = ?", [video]).fetchone()
        newer = marked[0] if marked and marked[0] != pending else 0
        sql = "UPDATE videos SET pending = max(?, stamp <> ?) WHERE id = ?"
        return sql, [newer, stamp(self.store, video), video]

    def refill(self, video: str) -> None:
        """Fill all rows of one video again: they are not what its files say."""
        self._write(deletion(video))
        self.refresh(video)

    def remove(self, video: str) -> None:
        """Remove every trace of a video from the file."""
        # A deleted text stands in the segments of the full-text indexes until they are merged.
        merge = [(f"INSERT INTO {table}({table}) VALUES ('optimize')", ()) for table in INDEXED]
        self._write([*deletion(video), *merge])
        self._file.compact()

    def stale(self) -> list[str]:
        """Ids of videos whose rows are missing, older than their files, or of no video any more."""
        return self._stale({*self._ids("1"), *self.store.folders()})

    def differences(self) -> list[str]:
        """Ids of videos whose rows are not what their files say; "" for the full-text indexes."""
        found: list[str] = []
        with closing(in_memory()) as fresh:
            for video in sorted({*self._ids("1"), *self.store.folders()}):
                try:
                    run(fresh, replacing(self.store, video, ("", "")))
                except UnknownVideo:  # it should have no rows either
                    pass
                except (NotIndexed, Damaged, RefusedRequest):  # a problem of the files
                    continue
                if rows(fresh, video) != self._file.use(lambda held, id=video: rows(held, id)):
                    found.append(video)
        check = "INSERT INTO {0}({0}, rank) VALUES ('integrity-check', 1)"
        return found if self._file.is_consistent([*map(check.format, INDEXED)]) else [*found, ""]

    def rebuild(self) -> None:
        """Fill the file again, all of it."""
        self._file.clear()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _changed(self) -> int:
        """Time of the last change of any video, in ns; 0 without any."""
        try:
            return (self.store.root / "videos").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _stale(self, videos: Collection[str]) -> list[str]:
        """Videos whose rows are missing, older than the files, or of no video any more."""
        known = dict(self._query("SELECT id, stamp FROM videos WHERE NOT pending"))
        known |= dict.fromkeys(self._ids("pending"), "pending")
        return sorted(id for id in videos if known.get(id, "") != stamp(self.store, id))

    def _fill(self, videos: Iterable[str]) -> None:
        """Fill some videos; what is damaged is told after the rest is filled."""
        damaged: VideoError | None = None
        for video in videos:
            try:
                self.refresh(video)
            except (Damaged, RefusedRequest) as error:
                damaged = damaged or error
        if damaged:
            raise damaged

    def _ids(self, where: str, *values: str | int) -> list[str]:
        return [id for (id,) in self._query(f"SELECT id FROM videos WHERE {where}", values)]


def _quoted(text: str) -> str:
    """A phrase as FTS5 takes it literally."""
    return '"' + text.replace('"', '""') + '"'


def _coarse_of(videos: Collection[str] | None) -> str:
    """Condition of the coarse vectors of a provider, of some videos or all."""
    sql = "kind = ? AND provider = ? AND dimensions = ?"
    return sql if videos is None else f"{sql} AND video IN {_places(videos)}"


def _places(values: Collection[Any]) -> str:
    return f"({', '.join('?' * len(values))})"
