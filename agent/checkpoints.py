"""Conversations on disk: LangGraph's checkpoints, with no type in them but plain data and messages.

Only the newest checkpoint of a conversation is kept: the saver keeps all of them, and 60 turns
would make a file of a hundred megabytes.
"""

import json
import logging
import os
import re
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from tools.errors import VideoError

ERROR = "__error__"
_log = logging.getLogger(__name__)
_NAMESPACE = uuid.UUID("6b3c0a3e-5a0f-5d5b-9a53-0d7f3c1e8c11")
TITLE = 120
"""Characters of the first question, by which people know a conversation."""
_CONVERSATIONS = (
    "CREATE TABLE IF NOT EXISTS conversations "
    "(key TEXT PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, updated REAL NOT NULL)"
)
_WAL_PAGES = 100
_WAL_BYTES = 512 << 10


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


@asynccontextmanager
async def open_memory(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """The conversations in this file, which only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not await _opens(path):
        aside = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}.damaged")
        _log.warning("%s is damaged: it is kept as %s, and conversations begin anew", path, aside)
        for side in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)  # it may be there from before; SQLite gives its side files the same mode
    async with aiosqlite.connect(path) as connection:
        saver = AsyncSqliteSaver(connection, serde=PlainSerializer())
        with _locked_or_full_told(path):
            await saver.setup()
            await connection.execute(_CONVERSATIONS)
            await connection.commit()
        await connection.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
        await connection.execute(f"PRAGMA journal_size_limit={_WAL_BYTES}")
        yield saver


async def _opens(path: Path) -> bool:
    """Whether there is no file yet, or one that SQLite finds nothing wrong with at first sight."""
    if not path.exists():
        return True
    try:
        with _locked_or_full_told(path):
            async with aiosqlite.connect(path) as connection:
                await AsyncSqliteSaver(connection, serde=PlainSerializer()).setup()
                rows = await connection.execute_fetchall("PRAGMA quick_check(1)")
                return [tuple(row) for row in rows] == [("ok",)]
    except sqlite3.DatabaseError:
        return False


@contextmanager
def _locked_or_full_told(path: Path) -> Generator[None]:
    """What says nothing of the file itself, as one line."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise VideoError(f"{path} cannot be used ({error}): make room, and ask again") from error


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


async def note(saver: AsyncSqliteSaver, thread: str, name: str, question: str) -> None:
    """Remember that a conversation was gone on with; its first question is its title."""
    name = name.encode("utf-8", "replace").decode()  # half a character cannot be stored
    async with saver.lock:
        await saver.conn.execute(
            "INSERT INTO conversations VALUES (?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET updated = excluded.updated",
            (thread, name, question[:TITLE], time.time()),
        )
        await saver.conn.commit()


async def forget_older(saver: AsyncSqliteSaver, thread: str) -> None:
    """Delete all checkpoints of a conversation but the newest; the saver's prune does nothing."""
    newest = "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?1"
    async with saver.lock:
        for table in ("checkpoints", "writes"):
            await saver.conn.execute(
                f"DELETE FROM {table} WHERE thread_id = ?1 AND checkpoint_id <> ({newest})",
                (thread,),
            )
        await saver.conn.commit()
