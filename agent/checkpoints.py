"""Checkpoints of conversations: in memory during a question, in a SQLite file before and after.

LangGraph's rows are the same in both, with no type in them but plain data and messages. A question
needs no disk: a conversation that cannot be read or saved is noted, and continued in memory. Only
the newest checkpoint of a conversation is saved: LangGraph's saver keeps all of them, and 60 turns
would make a file of a hundred megabytes.
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
from collections.abc import AsyncIterator, Generator, Iterable
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakValueDictionary

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
"""Characters of the first question that a conversation is listed under."""
LOCK_TIMEOUT = 2.0
"""Seconds to wait for another program's lock before a question goes on without the file."""
MAX_UNSAVED = 100
"""Conversations that the disk refused, kept in memory; the longest unused go first."""
_CONVERSATIONS = (
    "CREATE TABLE IF NOT EXISTS conversations "
    "(key TEXT PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, updated REAL NOT NULL)"
)
_FEEDBACK = (
    "CREATE TABLE IF NOT EXISTS feedback (key TEXT NOT NULL, turn INTEGER NOT NULL, "
    "value INTEGER NOT NULL, comment TEXT NOT NULL, given REAL NOT NULL, PRIMARY KEY (key, turn))"
)
_COMPLETE = "SELECT 1 FROM sqlite_master WHERE name = 'conversations'"
"""Has a row once all tables exist: this one is created last."""
_UPSERT = (
    "INSERT INTO conversations VALUES (?, ?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET updated = excluded.updated, "
    "title = CASE title WHEN '' THEN excluded.title ELSE title END"
)
_COLUMNS = {
    "checkpoints": (
        "thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata"
    ),
    "writes": (
        "thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value"
    ),
}
"""Columns by name: a table of an older release has them in another order."""
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
    """Serializer of plain data and messages: a file that someone changed cannot name a class."""

    def __init__(self) -> None:
        super().__init__(
            pickle_fallback=False, allowed_json_modules=None, allowed_msgpack_modules=()
        )

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Deserialize; ValueError for JSON constructors and pickles."""
        if data[0] not in ("null", "msgpack"):
            raise ValueError(f"a checkpoint of type {data[0]!r}")
        return super().loads_typed(data)


def thread_id(owner: str, name: str) -> str:
    """The key of a conversation; a name from outside never becomes one itself."""
    return str(uuid.uuid5(_NAMESPACE, json.dumps([owner, name])))


def config(thread: str, steps: int) -> RunnableConfig:
    """Configuration of a call of the graph; LangGraph's own limit is 10,007 steps."""
    return {"configurable": {"thread_id": thread}, "recursion_limit": steps}


@dataclass(frozen=True)
class OpenConversation:
    """A conversation whose checkpoint is in memory now."""

    name: str
    """The name to continue it by; a new one if the saved conversation could not be read."""
    key: str
    base: str | None = None
    """Id of the saved checkpoint that it continues."""
    unread: DiskState | None = None
    """The reason that the disk could not be read."""


@asynccontextmanager
async def open_checkpoints(path: Path, owner: str) -> AsyncIterator["CheckpointStore"]:
    """Open the conversations of an owner, saved in this file as far as the disk takes it."""
    async with aiosqlite.connect(":memory:") as connection:
        saver = AsyncSqliteSaver(connection, serde=PlainSerializer())
        await saver.setup()
        store = CheckpointStore(saver, CheckpointFile(path), owner)
        try:
            yield store
        finally:
            await asyncio.to_thread(store.file.close)


class CheckpointStore:
    """The conversations of an owner; `saver` is the graph's, and holds those open now."""

    def __init__(self, saver: AsyncSqliteSaver, file: "CheckpointFile", owner: str) -> None:
        self.saver, self.file, self._owner = saver, file, owner
        self._unsaved: dict[str, tuple[str | None, Rows, str]] = {}
        """Base, rows and first question by name, the longest unused first."""
        self._locks = WeakValueDictionary[str, asyncio.Lock]()
        self._suffix = uuid.uuid4().hex[:8]

    @asynccontextmanager
    async def conversation(
        self, name: str, question: str = "", *, new: bool = False
    ) -> AsyncIterator[OpenConversation]:
        """Open a conversation in memory; with a question, save what was added to it afterwards.

        Two questions at once would give the same handles: the second one waits. A saved
        conversation that the disk does not give is left alone: another one begins, under another
        name. VideoError if what the disk gives is not what was written.
        """
        async with self._locks.setdefault(name, asyncio.Lock()):
            conversation, rows = await self._load(name, new)
            try:
                async with self.saver.lock:
                    for table, values in rows.items():
                        await self.saver.conn.executemany(_INSERT[table], values)
                    await self.saver.conn.commit()
                await check_readable(self.saver, conversation.key)
                yield conversation
                if question:
                    await self._save(conversation, question)
            finally:
                await self.saver.adelete_thread(conversation.key)

    async def select(self, query: str, *parameters: object) -> list[Any]:
        """Rows of the file; Interrupted if it cannot be read."""
        try:
            return await asyncio.to_thread(self.file.select, query, *parameters)
        except (OSError, sqlite3.Error) as error:
            if why := disk_state(error, self.file.folder):
                raise Interrupted(Note(why, ("shown",)).text) from error
            raise

    async def change(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Change the file in one transaction; Interrupted if it cannot be written."""
        try:
            await asyncio.to_thread(self.file.change, statements)
        except (OSError, sqlite3.Error) as error:
            if why := disk_state(error, self.file.folder):
                raise Interrupted(Note(why, ("changed",)).text) from error
            raise

    async def forget(self, name: str) -> None:
        """Delete a conversation with every byte of it; Interrupted if the disk refuses."""
        key = thread_id(self._owner, name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            self._unsaved.pop(name, None)
            deleted = [(f"DELETE FROM {table} WHERE thread_id = ?", (key,)) for table in _COLUMNS]
            rest = ("conversations", "feedback")
            deleted += [(f"DELETE FROM {table} WHERE key = ?", (key,)) for table in rest]
            await self.change(*deleted)

    def key(self, name: str) -> str:
        """Key of a conversation in the file."""
        return thread_id(self._owner, name)

    async def _load(self, name: str, new: bool) -> tuple[OpenConversation, Rows]:
        rows, unread = Rows(), None
        try:
            if not new:
                rows = await asyncio.to_thread(self.file.read, thread_id(self._owner, name))
        except (OSError, sqlite3.Error) as error:
            unread = disk_state(error, self.file.folder)
            if unread is None:
                raise
            if name not in self._unsaved:
                name = f"{name}-{self._suffix}"
            if name not in self._unsaved:
                note("earlier", unread)
        base = rows["checkpoints"][0][2] if rows.get("checkpoints") else None
        if name in self._unsaved:
            before, unsaved, _ = self._unsaved[name]
            if unread or base in (None, before):  # no other process has continued it
                base, rows = before, unsaved
        return OpenConversation(name, thread_id(self._owner, name), base, unread), rows

    async def _save(self, conversation: OpenConversation, question: str) -> None:
        rows, saved = Rows(), False
        async with self.saver.lock:
            for table, query in _NEWEST.items():
                values = await self.saver.conn.execute_fetchall(query, (conversation.key,))
                rows[table] = list(values)
        first = self._unsaved.get(conversation.name, (question,))[-1]
        with best_effort("history", self.file.folder):
            # Who waited in vain for the lock a moment ago does not wait again.
            timeout = 0.0 if conversation.unread == "locked" else LOCK_TIMEOUT
            await asyncio.to_thread(self.file.write, conversation, first, rows, timeout)
            saved = True
        self._unsaved.pop(conversation.name, None)
        if not saved:
            self._unsaved[conversation.name] = conversation.base, rows, first
            if len(self._unsaved) > MAX_UNSAVED:
                del self._unsaved[next(iter(self._unsaved))]


class CheckpointFile:
    """The SQLite file of the conversations, opened when it is first needed. Blocks."""

    def __init__(self, path: Path) -> None:
        self.folder, self._path = path.parent, path
        self._guard = threading.RLock()
        self._open: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file; the next use opens it anew."""
        with self._guard:
            if self._open:
                self._open.close()
            self._open = None

    def read(self, key: str) -> Rows:
        """The newest checkpoint of a conversation; sqlite3.Error or OSError if unreadable."""
        return {table: self.select(query, key) for table, query in _NEWEST.items()}

    def write(
        self, conversation: OpenConversation, question: str, rows: Rows, timeout: float
    ) -> None:
        """Replace a conversation's saved checkpoint; its first question is its title."""
        name = conversation.name.encode("utf-8", "replace").decode()  # no lone surrogates
        with self._transaction(timeout) as disk:
            disk.execute("BEGIN IMMEDIATE")
            for table, values in rows.items():
                disk.execute(f"DELETE FROM {table} WHERE thread_id = ?", (conversation.key,))
                disk.executemany(_INSERT[table], values)
            disk.execute(_UPSERT, (conversation.key, name, question[:TITLE], time.time()))

    def change(self, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        """Run statements in one transaction; what they delete leaves no byte behind."""
        if not (self._open or self._path.exists()):
            return
        with self._transaction(LOCK_TIMEOUT) as disk:
            disk.execute("BEGIN IMMEDIATE")
            for statement, parameters in statements:
                disk.execute(statement, parameters)
        with self._transaction(LOCK_TIMEOUT) as disk:  # else the log still holds it
            disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def select(self, query: str, *parameters: object) -> list[Any]:
        """The rows of a query; none while there is no file."""
        if not (self._open or self._path.exists()):
            return []
        try:
            with self._transaction(LOCK_TIMEOUT) as disk:
                return disk.execute(query, parameters).fetchall()
        except (OSError, sqlite3.Error) as error:
            log = self._path.with_name(f"{self._path.name}-wal")
            ended = not log.exists() or log.stat().st_size == 0
            if disk_state(error) in (None, "locked") or not ended:
                raise
        # To read it, SQLite creates a file beside it, unless it is told that nobody writes.
        address = f"file:{quote(str(self._path.absolute()))}?immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as disk:
            complete = disk.execute(_COMPLETE).fetchall()
            return disk.execute(query, parameters).fetchall() if complete else []

    @contextmanager
    def _transaction(self, timeout: float) -> Generator[sqlite3.Connection]:
        """A transaction in the file; after most errors the file is opened anew the next time."""
        with self._guard:
            try:
                disk = self._open = self._open or self._connected(timeout)
                disk.execute(f"PRAGMA busy_timeout={round(timeout * 1000)}")
                with disk:
                    yield disk
            except (OSError, sqlite3.Error) as error:
                if disk_state(error) not in ("locked", "full"):
                    self.close()
                raise

    def _connected(self, timeout: float) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            return self._connect(timeout)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", _DAMAGED[0]) & 0xFF not in _DAMAGED:
                raise
        self._set_aside()
        return self._connect(timeout)

    def _connect(self, timeout: float) -> sqlite3.Connection:
        """A connection to the file, which only its owner can read; DatabaseError for damage."""
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path.chmod(0o600)  # it may be there from before; SQLite's side files get the same
        disk = sqlite3.connect(self._path, timeout=timeout, check_same_thread=False)
        try:
            SqliteSaver(disk).setup()
            disk.execute(_FEEDBACK)
            disk.execute(_CONVERSATIONS)
            disk.execute("PRAGMA secure_delete=ON")
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


async def check_readable(saver: AsyncSqliteSaver, thread: str) -> None:
    """Raise VideoError for a conversation that was not written by this program like this."""
    try:
        found = await saver.aget_tuple(config(thread, 1))
        valid = found is None or _is_valid(found)
    except (ValueError, TypeError, LookupError, AttributeError):
        valid = False
    if not valid:
        raise VideoError("this conversation cannot be read any more: start a new one")


def _is_valid(found: Any) -> bool:
    """True if everything has the type that we write: the graph trusts it from here on.

    Raises TypeError, LookupError or AttributeError for other data.
    """
    checkpoint, writes = found.checkpoint, found.pending_writes or []
    values, versions = checkpoint["channel_values"], checkpoint["channel_versions"]
    nodes = checkpoint["versions_seen"]
    lists = [values.get(name, []) for name in ("messages", "seen", "handles")]
    messages, *ids = lists
    return (
        isinstance(found.metadata.get("step"), int)
        # A turn that broke off leaves its error behind, and nothing else.
        and all(channel == ERROR and isinstance(value, str) for _, channel, value in writes)
        and all(isinstance(part, dict) for part in (checkpoint, values, versions, nodes))
        and all(isinstance(items, list) for items in lists)
        and re.fullmatch(r"[0-9a-f-]{36}", checkpoint["id"]) is not None
        and isinstance(checkpoint.get("v"), int)
        and all(isinstance(message, BaseMessage) for message in messages)
        and all(isinstance(id, str) for part in ids for id in part)
        and all(re.fullmatch(r"\d+\.\d.*", version) for version in versions.values())
        and all(isinstance(seen, dict) for seen in nodes.values())
    )
