"""Conversations: in memory while they are asked in, and in a file before and after.

LangGraph's checkpoints are the same rows in both, with no type in them but plain data and messages.
A question needs no disk: what cannot be read or kept is noted, and what is not kept is gone on with
in memory. Only the newest checkpoint of a conversation is kept: the saver keeps all of them, and 60
turns would make a file of a hundred megabytes.
"""

import asyncio
import json
import logging
import os
import re
import sqlite3
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiosqlite
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from tools.errors import Interrupted, VideoError
from tools.files.disk import DiskState, Note, best_effort, disk_state, note

ERROR = "__error__"
_log = logging.getLogger(__name__)
_NAMESPACE = uuid.UUID("6b3c0a3e-5a0f-5d5b-9a53-0d7f3c1e8c11")
TITLE = 120
"""Characters of the first question, by which people know a conversation."""
PATIENCE = 2.0
"""Seconds for which another program may have the file locked before a question goes on without."""
HELD = 100
"""Conversations in memory that the disk did not take; those that rested longest go first."""
_CONVERSATIONS = (
    "CREATE TABLE IF NOT EXISTS conversations "
    "(key TEXT PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, updated REAL NOT NULL)"
)
_MADE = "SELECT 1 FROM sqlite_master WHERE name = 'conversations'"
"""Finds something once all tables are there: that one is made last."""
_NOTED = (
    "INSERT INTO conversations VALUES (?, ?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET updated = excluded.updated"
)
_LISTED = (
    "SELECT name, title, updated FROM conversations "
    "WHERE substr(name, 1, length(?1)) = ?1 ORDER BY updated DESC LIMIT ?2"
)
_COLUMNS = {
    "checkpoints": (
        "thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata"
    ),
    "writes": (
        "thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value"
    ),
}
"""By name: a table of an older release has them in another order."""
_NEWEST = {
    table: f"SELECT {columns} FROM {table} WHERE thread_id = ?1 AND checkpoint_ns = '' "
    "AND checkpoint_id = (SELECT max(checkpoint_id) FROM checkpoints "
    "WHERE thread_id = ?1 AND checkpoint_ns = '')"
    for table, columns in _COLUMNS.items()
}
_INSERT = {
    table: f"INSERT OR REPLACE INTO {table} ({columns}) "
    f"VALUES ({', '.join('?' * len(columns.split(',')))})"
    for table, columns in _COLUMNS.items()
}
_WAL_PAGES = 100
_WAL_BYTES = 512 << 10
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Rows = dict[str, list[Any]]
"""The newest checkpoint of a conversation, by table."""


class PlainSerializer(JsonPlusSerializer):
    """Reads what it wrote and nothing else: a file that someone changed cannot name a class."""

    def __init__(self) -> None:
        super().__init__(
            pickle_fallback=False, allowed_json_modules=None, allowed_msgpack_modules=()
        )

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Refuses JSON constructors and pickles by name."""
        if data[0] not in ("null", "msgpack"):
            raise ValueError(f"a checkpoint of type {data[0]!r}")
        return super().loads_typed(data)


def thread_id(owner: str, name: str) -> str:
    """The key of a conversation; a name from outside never becomes one itself."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([owner, name])))


def config(thread: str, steps: int) -> RunnableConfig:
    """What every call of the graph is given; LangGraph's own limit is 10,007 steps."""
    return {"configurable": {"thread_id": thread}, "recursion_limit": steps}


@dataclass(frozen=True)
class Thread:
    """A conversation that is in memory now."""

    name: str
    """By which it is gone on with; a new one where what is on the disk could not be read."""
    key: str
    base: str | None = None
    """The checkpoint on the disk that it goes on from."""
    unread: DiskState | None = None
    """Why the disk could not be read."""


@asynccontextmanager
async def open_memory(path: Path, owner: str) -> AsyncIterator["Memory"]:
    """The conversations of an owner, kept in this file as far as there is a disk that takes it."""
    async with aiosqlite.connect(":memory:") as connection:
        saver = AsyncSqliteSaver(connection, serde=PlainSerializer())
        await saver.setup()
        memory = Memory(saver, File(path), owner)
        try:
            yield memory
        finally:
            await asyncio.to_thread(memory.file.close)


class Memory:
    """What questions are asked in: `saver` is the graph's, and holds what is being asked now."""

    def __init__(self, saver: AsyncSqliteSaver, file: "File", owner: str) -> None:
        self.saver, self.file, self._owner = saver, file, owner
        self._held: OrderedDict[str, tuple[str | None, Rows, str]] = OrderedDict()
        self._anew = uuid.uuid4().hex[:8]

    @asynccontextmanager
    async def conversation(
        self, name: str, question: str = "", *, new: bool = False
    ) -> AsyncIterator[Thread]:
        """A conversation in memory; with a question, what was added to it is kept afterwards.

        One that the disk holds and does not give is left alone: what is said now begins another,
        under another name. VideoError where what the disk gives is not what was written.
        """
        thread, rows = await self._recalled(name, new)
        try:
            await self._put(rows)
            await make_sure_readable(self.saver, thread.key)
            yield thread
            if question:
                await self._keep(thread, question)
        finally:
            await self.saver.adelete_thread(thread.key)

    async def listed(self, prefix: str, limit: int) -> list[Any]:
        """Name, title and time of those on the disk whose name begins so, the latest first."""
        try:
            return await asyncio.to_thread(self.file.listed, prefix, limit)
        except (OSError, sqlite3.Error) as error:
            if why := disk_state(error, self.file.folder):
                raise Interrupted(Note(why, ("shown",)).text) from error
            raise

    async def _recalled(self, name: str, new: bool) -> tuple[Thread, Rows]:
        rows, unread = Rows(), None
        try:
            if not new:
                rows = await asyncio.to_thread(self.file.read, thread_id(self._owner, name))
        except (OSError, sqlite3.Error) as error:
            unread = disk_state(error, self.file.folder)
            if unread is None:
                raise
            if name not in self._held:
                name = f"{name}-{self._anew}"
            if name not in self._held:
                note("earlier", unread)
        base = rows["checkpoints"][0][2] if rows.get("checkpoints") else None
        if name in self._held:
            before, held, _ = self._held[name]
            if unread or base in (None, before):  # nobody else has gone on with it
                base, rows = before, held
        return Thread(name, thread_id(self._owner, name), base, unread), rows

    async def _put(self, rows: Rows) -> None:
        async with self.saver.lock:
            for table, found in rows.items():
                await self.saver.conn.executemany(_INSERT[table], found)
            await self.saver.conn.commit()

    async def _keep(self, thread: Thread, question: str) -> None:
        rows, kept = Rows(), False
        first = self._held[thread.name][2] if thread.name in self._held else question
        async with self.saver.lock:
            for table, query in _NEWEST.items():
                found = await self.saver.conn.execute_fetchall(query, (thread.key,))
                rows[table] = list(found)
        with best_effort("history", self.file.folder):
            # Who waited in vain for the lock a moment ago does not wait again.
            patience = 0.0 if thread.unread == "locked" else PATIENCE
            await asyncio.to_thread(self.file.write, thread, first, rows, patience)
            kept = True
        self._held.pop(thread.name, None)
        if not kept:
            self._held[thread.name] = thread.base, rows, first
            if len(self._held) > HELD:
                self._held.popitem(last=False)


class File:
    """The file of the conversations, open from when it is first needed. Blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._open: sqlite3.Connection | None = None

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._path.parent

    def close(self) -> None:
        """Let go of it."""
        with self._guard:
            self._let_go()

    def read(self, key: str) -> Rows:
        """The newest checkpoint of a conversation; sqlite3.Error or OSError where it is kept."""
        return {table: self._select(query, key) for table, query in _NEWEST.items()}

    def listed(self, prefix: str, limit: int) -> list[Any]:
        """Name, title and time of conversations, the latest first."""
        return self._select(_LISTED, prefix, limit)

    def write(self, thread: Thread, question: str, rows: Rows, patience: float) -> None:
        """Keep a conversation's newest checkpoint alone; its first question is its title."""
        name = thread.name.encode("utf-8", "replace").decode()  # half a character can't be stored
        with self._used(patience) as disk:
            disk.execute("BEGIN IMMEDIATE")
            for table, found in rows.items():
                disk.execute(f"DELETE FROM {table} WHERE thread_id = ?", (thread.key,))
                disk.executemany(_INSERT[table], found)
            disk.execute(_NOTED, (thread.key, name, question[:TITLE], time.time()))

    def _select(self, query: str, *given: object) -> list[Any]:
        if not (self._open or self._path.exists()):
            return []
        try:
            with self._used(PATIENCE) as disk:
                return disk.execute(query, given).fetchall()
        except (OSError, sqlite3.Error) as error:
            log = self._path.with_name(f"{self._path.name}-wal")
            ended = not log.exists() or log.stat().st_size == 0
            if disk_state(error) in (None, "locked") or not ended:
                raise
        # SQLite makes a file beside it to read it, unless it is told that nobody writes.
        address = f"file:{quote(str(self._path.absolute()))}?immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as still:
            if not still.execute(_MADE).fetchall():
                return []
            return still.execute(query, given).fetchall()

    @contextmanager
    def _used(self, patience: float) -> Generator[sqlite3.Connection]:
        """The open file, for one transaction; one that fails is opened anew the next time."""
        with self._guard:
            try:
                disk = self._connected(patience)
                with disk:
                    yield disk
            except (OSError, sqlite3.Error) as error:
                if disk_state(error) not in ("locked", "full"):
                    self._let_go()
                raise

    def _let_go(self) -> None:
        if self._open:
            self._open.close()
        self._open = None

    def _connected(self, patience: float) -> sqlite3.Connection:
        if self._open is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._open = self._made(patience)
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", _DAMAGED[0]) & 0xFF not in _DAMAGED:
                    raise
                self._set_aside()
                self._open = self._made(patience)
        self._open.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
        return self._open

    def _made(self, patience: float) -> sqlite3.Connection:
        """A connection to the file, which only its owner can read; DatabaseError for damage."""
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path.chmod(0o600)  # it may be there from before; SQLite's side files get the same
        disk = sqlite3.connect(self._path, timeout=patience, check_same_thread=False)
        try:
            SqliteSaver(disk).setup()
            disk.execute(_CONVERSATIONS)
            if disk.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                raise sqlite3.DatabaseError(f"{self._path} is damaged")
            disk.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
            disk.execute(f"PRAGMA journal_size_limit={_WAL_BYTES}")
        except BaseException:
            disk.close()
            raise
        return disk

    def _set_aside(self) -> None:
        path = self._path
        aside = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}.damaged")
        _log.warning("%s is damaged: it is kept as %s, and conversations begin anew", path, aside)
        for side in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + side).rename(aside.with_name(aside.name + side))


async def make_sure_readable(saver: AsyncSqliteSaver, thread: str) -> None:
    """Stop at a conversation that we did not write like this; VideoError says what to do."""
    try:
        found = await saver.aget_tuple(config(thread, 1))
        sound = found is None or (
            isinstance(found.metadata.get("step"), int)
            and _sound(found.checkpoint, found.pending_writes or [])
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        sound = False
    if not sound:
        raise VideoError("this conversation cannot be read any more: start a new one")


def _sound(checkpoint: Any, writes: Sequence[tuple[str, str, Any]]) -> bool:
    """Whether everything is of the type that we write: the graph trusts it from here on."""
    if not isinstance(checkpoint, dict):
        return False
    if any(channel != ERROR or not isinstance(value, str) for _, channel, value in writes):
        return False  # a turn that broke off leaves its error behind, and nothing else
    values, versions = checkpoint.get("channel_values"), checkpoint.get("channel_versions")
    nodes = checkpoint.get("versions_seen")
    if not (isinstance(values, dict) and isinstance(versions, dict) and isinstance(nodes, dict)):
        return False
    lists = [values.get(name, []) for name in ("messages", "seen", "handles")]
    if not all(isinstance(items, list) for items in lists):
        return False
    messages, *ids = lists
    return (
        re.fullmatch(r"[0-9a-f-]{36}", checkpoint["id"]) is not None
        and isinstance(checkpoint.get("v"), int)
        and all(isinstance(message, BaseMessage) for message in messages)
        and all(isinstance(id, str) for part in ids for id in part)
        and all(re.fullmatch(r"\d+\.\d.*", version) for version in versions.values())
        and all(isinstance(seen, dict) for seen in nodes.values())
    )
