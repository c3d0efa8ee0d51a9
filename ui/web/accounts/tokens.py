"""Access tokens: for programs that ask in the name of a user, each with what it may do.

A token is 32 random bytes that are shown once; the file holds its SHA-256.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.errors import RefusedRequest
from tools.files.durable import lock, write_bytes
from tools.store.names import checked_name

SCOPES = ("read", "write", "approve")
"""What a token may do: ask, search and watch; add, rename, cut, delete and propose; and decide for
a person what is made and paid."""
PREFIX = "cue_"
"""Beginning of every token, by which a search for lost secrets finds them."""


@dataclass(frozen=True)
class Token:
    """A token without its secret. `owner` names a library."""

    name: str
    owner: str
    scopes: tuple[str, ...]
    made: str
    """Time, in UTC (ISO 8601)."""


class Tokens:
    """The file of tokens. Safe for many processes; blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, dict[str, Token]] = (-1, {})

    def listed(self) -> list[Token]:
        """All tokens, by name."""
        return sorted(self._records().values(), key=lambda one: one.name)

    def add(self, name: str, owner: str, scopes: Collection[str]) -> str:
        """Make a token, and return its secret, which nothing holds any more after this."""
        name, secret = checked_name(name), PREFIX + secrets.token_urlsafe(32)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        kept = tuple(one for one in SCOPES if one in scopes)
        if not kept:
            raise RefusedRequest(f"a token needs a scope: {' or '.join(SCOPES)}")
        with self._writing() as records:
            if any(one.name == name for one in records.values()):
                raise RefusedRequest(f"there is a token {name!r} already: remove it first")
            records[_digest(secret)] = Token(name, owner, kept, at)
        return secret

    def remove(self, name: str) -> None:
        """Remove a token, which opens nothing from then on."""
        with self._writing() as records:
            gone = [key for key, one in records.items() if one.name == name]
            if not gone:
                raise RefusedRequest(f"there is no token {name!r}: `cuepoint tokens list`")
            for key in gone:
                del records[key]

    def find(self, secret: str) -> Token | None:
        """Token of a secret; None of one that opens nothing."""
        return self._records().get(_digest(secret)) if secret.startswith(PREFIX) else None

    def owner_of(self, secret: str) -> str | None:
        """Owner of the library that a secret opens; None of one that opens nothing."""
        token = self.find(secret)
        return token.owner if token else None

    @contextmanager
    def _writing(self) -> Generator[dict[str, Token]]:
        """The tokens by digest, written back where nothing fails."""
        with lock(self._path.with_name(f".{self._path.name}.lock")):
            records = dict(self._records())
            yield records
            rows = {key: vars(one) for key, one in records.items()}
            write_bytes(self._path, json.dumps(rows, indent=1).encode(), mode=0o600)

    def _records(self) -> dict[str, Token]:
        """Tokens by the digest of their secret, read again only where the file has changed."""
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return {}
        if self._read[0] != state.st_mtime_ns:
            if state.st_mode & 0o077:
                raise RefusedRequest(f"others can read {self._path}: chmod 600 it")
            self._read = state.st_mtime_ns, _parsed(self._path)
        return self._read[1]


def _parsed(path: Path) -> dict[str, Token]:
    try:
        rows = json.loads(path.read_bytes())
        return {
            key: Token(row["name"], row["owner"], tuple(row["scopes"]), row["made"])
            for key, row in rows.items()
        }
    except (ValueError, LookupError, TypeError, AttributeError):
        raise RefusedRequest(
            f"{path} is damaged: remove it, and make the tokens again (`cuepoint tokens add`)"
        ) from None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
