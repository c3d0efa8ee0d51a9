"""Sign-in: how people prove who they are, and the sessions that they get for it."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import jwt
from starlette.requests import HTTPConnection

from agent.settings import Settings
from tools.errors import RefusedRequest
from ui.web.accounts.links import owner_by_link, sign
from ui.web.accounts.passwords import Attempts, Users
from ui.web.accounts.secret import SIZE, load_secret
from ui.web.accounts.tokens import SCOPES, Tokens
from ui.web.host_guard import is_loopback

Method = Literal["none", "token", "password", "oauth", "header"]
SESSION = 86400
"""Seconds that a session lasts."""
COOKIE = "access_token"
"""Cookie of a session: Chainlit's, which holds its kind of token."""
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Identity:
    """Sender of a request: `owner` names a library, `name` is for people."""

    owner: str
    name: str
    by_link: bool = False
    """True of who only has a signed link, good for its video alone."""
    scopes: tuple[str, ...] = SCOPES
    """What a program may do in the user's name; a person may do all of it."""


FOR_PROGRAMS = ("/api/", "/mcp")
"""Addresses that a token opens."""


class TooManyAttempts(RefusedRequest):
    """Attempts to sign in that come too fast; `wait` in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("too many attempts")
        self.wait = wait


def users_file(home: Path) -> Path:
    """The file of users of a data folder."""
    return home / "users.json"


def tokens_file(home: Path) -> Path:
    """The file of tokens of a data folder."""
    return home / "tokens.json"


def method_of(settings: Settings) -> Method:
    """Way to sign in by these settings; RefusedRequest where others could come in unasked."""
    chosen = settings.sign_in
    if chosen == "auto":
        chosen = "password" if Users(users_file(settings.home)).names() else "none"
    if is_loopback(settings.host) or chosen not in ("none", "token"):
        return cast(Method, chosen)
    raise RefusedRequest(
        f"{settings.host} can be reached from other machines, and nobody would have to sign in: "
        "add a user (`cuepoint users add NAME`), set CUEPOINT_SIGN_IN to oauth or header, or serve "
        "on 127.0.0.1"
    )


def check_settings(settings: Settings) -> Method:
    """Way to sign in; RefusedRequest where settings leave the door open, or let nobody in."""
    method = method_of(settings)
    if not (is_loopback(settings.host) or settings.allowed_hosts or settings.url):
        raise RefusedRequest(
            "requests by an unknown name are refused: CUEPOINT_URL or CUEPOINT_ALLOWED_HOSTS must "
            "say by which names the server is reached"
        )
    if method == "header" and not settings.trusted_proxies:
        raise RefusedRequest(
            "a header that says who has signed in is believed of one proxy alone: "
            "CUEPOINT_TRUSTED_PROXIES must hold its address"
        )
    if method == "password" and not Users(users_file(settings.home)).names():
        raise RefusedRequest("nobody could sign in: `cuepoint users add NAME` adds a user")
    return method


def owner_name(identity: str) -> str:
    """Name of a folder for whoever a provider or proxy names; two names never share one."""
    if _PLAIN.fullmatch(identity):
        return identity
    readable = re.sub(r"[^a-z0-9]+", "-", identity.lower()).strip("-")[:40] or "user"
    return f"{readable}-{hashlib.sha256(identity.encode('utf-8', 'replace')).hexdigest()[:16]}"


class Accounts:
    """The people who may come in, by the settings; RefusedRequest where these leave the door open.

    `now` is the time in seconds since 1970.
    """

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self.method = check_settings(settings)
        self._now, self._settings = now, settings
        self._proxies = frozenset(settings.trusted_proxies)
        self._header = settings.sign_in_header.lower()
        url = settings.url or ""
        self.secure = url.startswith("https:") or not is_loopback(settings.host)
        """True if the cookies of sessions travel over TLS alone."""
        self.secret = self._load_secret()
        self.users = Users(users_file(settings.home))
        self.tokens = Tokens(tokens_file(settings.home))
        self.attempts = Attempts()
        self.start_token = secrets.token_urlsafe(32) if self.method == "token" else ""
        """What the opened address carries, and opens this start of the server alone."""

    def _load_secret(self) -> bytes:
        try:
            return load_secret(self._settings.home / "secret")
        except OSError:
            if self.method in ("none", "token"):  # nobody signs in again after a restart
                return secrets.token_bytes(SIZE)
            raise

    def identify(self, connection: HTTPConnection) -> Identity | None:
        """Sender of a request; None for somebody who has to sign in first."""
        query = connection.query_params
        if owner := owner_by_link(self.secret, connection.url.path, query, self._now()):
            reading = connection.scope.get("method") in ("GET", "HEAD")
            return Identity(owner, owner, by_link=True) if reading else None
        given = connection.headers.getlist("authorization")
        if given and connection.url.path.startswith(FOR_PROGRAMS):
            return self._by_token(given)
        if self.method == "none":
            return self.local
        if self.method == "header":
            return self._by_header(connection)
        return self._by_session(connection.cookies.get(COOKIE, ""))

    @property
    def local(self) -> Identity:
        """The one user of a server that nobody else can reach."""
        return Identity(self._settings.owner, self._settings.owner)

    def signed(self, address: str, expires: float, owner: str) -> str:
        """Sign an address of media for a door that sends no cookie."""
        return sign(self.secret, address, expires, owner)

    def sign_in(self, name: str, password: str, address: str) -> Identity | None:
        """Check a password; None for a wrong one, TooManyAttempts. Blocks for half a second.

        A proxy's address counts for all who come through it, and so for nobody.
        """
        name = name.strip().lower()
        keys = [f"name {name[:100]}"]
        keys += [] if address in self._proxies else [f"address {address}"]
        if wait := self.attempts.begin(*keys):
            raise TooManyAttempts(wait)
        if not self.users.check(name, password):
            return None
        self.attempts.succeed(*keys)
        return Identity(name, name)

    def metadata(self, identity: Identity) -> dict[str, str]:
        """Content of a session beside the user: how it began, and the stamp of the password."""
        stamp = self.users.stamp(identity.owner) if self.method == "password" else ""
        return {"method": self.method, "stamp": stamp or ""}

    def session(self, identity: Identity) -> str:
        """Token of a session, as Chainlit reads it."""
        at = int(self._now())
        data = {"identifier": identity.owner, "display_name": identity.name}
        data |= {"metadata": self.metadata(identity), "iat": at, "exp": at + SESSION}
        return jwt.encode(data, self.session_key, algorithm="HS256")

    @property
    def session_key(self) -> str:
        """Key that sessions are signed with."""
        return self.secret.hex()

    def opens(self, token: str) -> bool:
        """True of the token in the address that was opened."""
        return bool(self.start_token) and secrets.compare_digest(
            token.encode("utf-8", "replace"), self.start_token.encode()
        )

    def _by_header(self, connection: HTTPConnection) -> Identity | None:
        names = connection.headers.getlist(self._header)
        near = connection.client
        if near is None or near.host not in self._proxies or len(names) != 1:
            return None
        name = names[0].strip()
        return Identity(owner_name(name), name) if name else None

    def _by_token(self, given: list[str]) -> Identity | None:
        scheme, _, secret = given[0].partition(" ")
        token = self.tokens.find(secret.strip()) if len(given) == 1 else None
        if token is None or scheme.lower() != "bearer" or not self._is_known(token.owner):
            return None
        return Identity(token.owner, token.name, scopes=token.scopes)

    def _is_known(self, owner: str) -> bool:
        """False of a user who was removed."""
        return self.method != "password" or self.users.stamp(owner) is not None

    def _by_session(self, token: str) -> Identity | None:
        try:
            data = jwt.decode(token, self.session_key, algorithms=["HS256"])
            identity = Identity(str(data["identifier"]), str(data["display_name"]))
            valid = data["metadata"] == self.metadata(identity)
        except (jwt.InvalidTokenError, LookupError, TypeError):
            return None
        return identity if valid and self._is_known(identity.owner) else None
