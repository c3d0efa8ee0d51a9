"""Users with a password: their file, and a limit on failed attempts.

Passwords are kept as PBKDF2-HMAC-SHA256 with a salt each, in a file that only its owner reads. A
user's stamp changes with the password: sessions that carry another one have ended.
"""

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from tools.errors import RefusedRequest
from tools.files.durable import lock, write_bytes

ROUNDS = 600_000
SHORTEST, LONGEST = 12, 1000
"""Characters of a password."""
LIMITS = ((1.0, 1), (60.0, 5), (3600.0, 20))
"""Failed attempts by seconds: one a second, five a minute, twenty an hour."""
MOST_KEYS = 10_000
"""Names and addresses whose failures are remembered."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def check_name(name: str) -> str:
    """A user's name, which becomes that of a folder; RefusedRequest unless it can."""
    if not _NAME.fullmatch(name):
        raise RefusedRequest(
            f"{name!r} is no user name: small letters, digits, dots and dashes, at most 64"
        )
    return name


class Users:
    """The file of users. Safe for many processes; blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, dict[str, str]] = (-1, {})
        self._guard = threading.Lock()

    def names(self) -> list[str]:
        """Names of all users."""
        return sorted(self._records())

    def add(self, name: str, password: str) -> None:
        """Add a user; RefusedRequest for one that is there, or a password that is too short."""
        self._change(check_name(name), password, there=False)

    def set_password(self, name: str, password: str) -> None:
        """Set a user's password, which ends the sessions of that user."""
        self._change(name, password, there=True)

    def remove(self, name: str) -> None:
        """Remove a user, which ends the sessions; the library stays where it is."""
        with self._writing() as records:
            self._require(records, name)
            del records[name]

    def check(self, name: str, password: str) -> bool:
        """True for the password of a user; takes as long for a name that is not there."""
        record = self._records().get(name)
        known = _matches(record or _hashed(""), password[: LONGEST + 1])
        return record is not None and known

    def stamp(self, name: str) -> str | None:
        """Stamp that a session of this user must carry; None where there is no such user."""
        record = self._records().get(name)
        return record and hashlib.sha256(record.encode()).hexdigest()[:16]

    def _change(self, name: str, password: str, there: bool) -> None:
        if not SHORTEST <= len(password) <= LONGEST:
            raise RefusedRequest(f"a password has {SHORTEST} characters or more")
        with self._writing() as records:
            if there:
                self._require(records, name)
            elif name in records:
                raise RefusedRequest(f"{name} is there: `cuepoint users password {name}` sets it")
            records[name] = _hashed(password)

    def _require(self, records: dict[str, str], name: str) -> None:
        if name not in records:
            raise RefusedRequest(f"there is no user {name!r}: `cuepoint users list` names them")

    @contextmanager
    def _writing(self) -> Generator[dict[str, str]]:
        """The records, written back where nothing fails."""
        with lock(self._path.with_name(f".{self._path.name}.lock")):
            records = _parsed(self._path) if self._path.exists() else {}
            yield records
            text = json.dumps(records, indent=1, sort_keys=True)
            write_bytes(self._path, text.encode(), mode=0o600)

    def _records(self) -> dict[str, str]:
        """Records by name, read again only where the file has changed."""
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        with self._guard:
            if self._read[0] != changed:
                self._read = changed, _parsed(self._path)
            return self._read[1]


def _parsed(path: Path) -> dict[str, str]:
    if path.stat().st_mode & 0o077:
        raise RefusedRequest(f"others can read {path}: chmod 600 it")
    try:
        records = json.loads(path.read_bytes())
    except ValueError:
        records = None
    if not isinstance(records, dict):
        raise RefusedRequest(f"{path} is damaged: restore it, or remove it and add the users again")
    return {str(name): str(record) for name, record in records.items()}


def _hashed(password: str) -> str:
    return _record(password, ROUNDS, secrets.token_bytes(16))


def _record(password: str, rounds: int, salt: bytes) -> str:
    made = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "replace"), salt, rounds)
    return f"pbkdf2-sha256${rounds}${salt.hex()}${made.hex()}"


def _matches(record: str, password: str) -> bool:
    try:
        kind, rounds, salt, _ = record.split("$")
        if kind != "pbkdf2-sha256":
            return False
        again = _record(password, int(rounds), bytes.fromhex(salt))
    except ValueError:
        return False
    return hmac.compare_digest(again, record)


class Attempts:
    """Failed attempts to sign in, by name and by address. Safe for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[str, deque[float]] = {}
        self._guard = threading.Lock()

    def begin(self, *keys: str) -> float:
        """Count an attempt as failed, until `succeed`; seconds to wait instead, if it is too soon.

        It is counted before the password is looked at: attempts side by side are limited, too.
        """
        now = self._clock()
        with self._guard:
            wait = max(self._wait(key, now) for key in keys)
            if wait <= 0:
                for key in keys:
                    times = self._failed.pop(key, deque(maxlen=LIMITS[-1][1]))
                    self._failed[key] = times  # the longest unused first
                    times.append(now)
                while len(self._failed) > MOST_KEYS:
                    del self._failed[next(iter(self._failed))]
        return max(wait, 0.0)

    def succeed(self, *keys: str) -> None:
        """Forget the failures of who has signed in."""
        with self._guard:
            for key in keys:
                self._failed.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        times = self._failed.get(key, ())
        waits = [0.0]
        for seconds, most in LIMITS:
            recent = [at for at in times if now - at < seconds]
            if len(recent) >= most:
                waits.append(recent[-most] + seconds - now)
        return max(waits)
