"""Events that came, on disk: each is answered once, also when it comes again or after a restart."""

import fcntl
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.errors import RefusedRequest

KEPT = 3600.0
"""Seconds that the key of an event is kept: Slack's last retry comes after five minutes."""
TRIES = 3
"""Times that an event is begun: one that ends the process each time is given up."""
THREADS_KEPT = 30 * 86400.0
"""Seconds after which a thread in which nobody asked any more has to mention the bot again."""
_log = logging.getLogger(__name__)
_FILES = ("files", "pictures")
_TABLES = """
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, came REAL NOT NULL, body TEXT,
    tries INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, event TEXT NOT NULL, came REAL NOT NULL);
CREATE TABLE IF NOT EXISTS threads (key TEXT PRIMARY KEY, used REAL NOT NULL);
"""


@dataclass(frozen=True)
class File:
    """A file that was shared; `mode` is `external` for one that lies elsewhere."""

    id: str
    name: str
    url: str
    mode: str = "hosted"


@dataclass(frozen=True)
class Event:
    """Message, shared file or link, pressed button, or what happened to a session.

    `ts` is the id of the message, `thread` that of the first of its thread, empty for a direct
    message outside of one that an earlier release kept, and where a conversation was only opened.
    """

    id: str
    team: str
    channel: str
    ts: str
    thread: str
    text: str = ""
    addressed: bool = False
    """True where the bot was mentioned, or in a direct message."""
    files: tuple[File, ...] = ()
    """Videos and sound."""
    pictures: tuple[File, ...] = ()
    links: tuple[str, ...] = ()
    action: str = ""
    """Name of a button; `stop` of a session; `opened` for a conversation that is shown."""
    value: str = ""
    user: str = ""
    user_team: str = ""
    """Workspace of the person, which in a shared channel may be another one."""

    @property
    def is_direct(self) -> bool:
        """True of a conversation with one person."""
        return self.channel.startswith("D")

    @property
    def place(self) -> str:
        """Thread as a key."""
        return f"{self.team}/{self.channel}/{self.thread}"


class Journal:
    """The file of events. All calls block; each is one transaction."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._now, self._lock = now, threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        self._held = path.with_name(f".{path.name}.lock").open("w")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            raise RefusedRequest(
                "another process answers in Slack already: stop it first"
            ) from None
        self._disk = sqlite3.connect(path, check_same_thread=False, timeout=30)
        self._disk.execute("PRAGMA journal_mode=WAL")
        self._disk.execute("PRAGMA synchronous=FULL")
        self._disk.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._disk.close()
            self._held.close()

    def add(self, *events: Event) -> list[Event]:
        """Keep events, and take part in their threads: one commit, and so one wait for the disk.

        Those that are fresh, and for the bot: addressed to it, or of a thread it takes part in.
        """
        now = self._now()
        old = (now - KEPT,)
        with self._lock, self._disk:
            self._disk.execute("DELETE FROM events WHERE body IS NULL AND came < ?", old)
            self._disk.execute("DELETE FROM claims WHERE came < ?", old)
            self._disk.execute("DELETE FROM threads WHERE used < ?", (now - THREADS_KEPT,))
            return [event for event in events if self._add(event, now)]

    def _add(self, event: Event, now: float) -> bool:
        known = "SELECT 1 FROM threads WHERE key = ?"
        if not (event.addressed or self._disk.execute(known, (event.place,)).fetchone()):
            return False
        row = (event.id, now, json.dumps(asdict(event)))
        sql = "INSERT OR IGNORE INTO events (id, came, body, tries) VALUES (?, ?, ?, 1)"
        fresh = self._disk.execute(sql, row).rowcount == 1
        if fresh and not event.action:
            joined = "INSERT OR REPLACE INTO threads VALUES (?, ?)"
            self._disk.execute(joined, (event.place, now))
        return fresh

    def resume(self) -> list[Event]:
        """Events that were not answered before the last stop, the oldest first.

        They are begun once more; those that were begun too often are given up.
        """
        with self._lock, self._disk:
            self._disk.execute("UPDATE events SET tries = tries + 1 WHERE body IS NOT NULL")
            give_up = "UPDATE events SET body = NULL WHERE body IS NOT NULL AND tries > ?"
            if lost := self._disk.execute(give_up, (TRIES,)).rowcount:
                _log.warning("slack: %d events were given up after several tries", lost)
            sql = "SELECT body FROM events WHERE body IS NOT NULL ORDER BY came"
            return [_event(row[0]) for row in self._disk.execute(sql).fetchall()]

    def is_again(self, event: Event) -> bool:
        """True of an event that was begun before the last stop."""
        with self._lock:
            sql = "SELECT tries FROM events WHERE id = ?"
            row = self._disk.execute(sql, (event.id,)).fetchone()
            return row is not None and row[0] > 1

    def claim(self, key: str, event: Event) -> bool:
        """Take on a message or file; False where another event, which tells of it too, did."""
        with self._lock, self._disk:
            row = (key, event.id, self._now())
            self._disk.execute("INSERT OR IGNORE INTO claims VALUES (?, ?, ?)", row)
            found = self._disk.execute("SELECT event FROM claims WHERE key = ?", (key,)).fetchone()
            return found[0] == event.id

    def messages(self, event: Event) -> dict[str, str]:
        """Messages that were posted for an event before the last stop: ids by what they are for."""
        with self._lock:
            sql = "SELECT message FROM events WHERE id = ?"
            row = self._disk.execute(sql, (event.id,)).fetchone()
            return json.loads(row[0]) if row and row[0] else {}

    def posted(self, event: Event, purpose: str, ts: str) -> None:
        """Note the message that was posted, so that a second try changes it."""
        with self._lock, self._disk:
            known = "CASE WHEN message = '' THEN '{}' ELSE message END"
            sql = f"UPDATE events SET message = json_patch({known}, ?) WHERE id = ?"
            self._disk.execute(sql, (json.dumps({purpose: ts}), event.id))

    def done(self, event: Event) -> None:
        """Forget what an event said; its key stays a while."""
        with self._lock, self._disk:
            self._disk.execute("UPDATE events SET body = NULL WHERE id = ?", (event.id,))


def _event(text: str) -> Event:
    values = json.loads(text)
    values |= {name: tuple(File(**one) for one in values.get(name, ())) for name in _FILES}
    return Event(**{**values, "links": tuple(values.get("links", ()))})
