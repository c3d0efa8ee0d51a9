"""Stands before every route, socket and mount: who may speak to this server, and under what name.

A page of another site can make the browser send requests here, or point its own name at this
address. So the Host must be one of ours and the Origin, where there is one, too.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import parse_qs

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SESSION_NAMES = ("session_id", "sessionId")
SESSION_COOKIE = "X-Chainlit-Session-id"
LONGEST = 255
"""Bytes of one part of an address."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


def is_uuid(text: object) -> bool:
    """Exactly as browsers write one: it becomes the name of a folder."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def _is_path(text: str) -> bool:
    """Whether the file system could name a file like this: what is not asked cannot fail on it."""
    return text.isprintable() and all(len(part.encode()) <= LONGEST for part in text.split("/"))


def is_loopback(host: str) -> bool:
    """Whether an address to serve on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def served_names(port: int, extra: Iterable[str] = ()) -> frozenset[str]:
    """The Host values that are ours; a name without a port means the served one."""
    names: set[str] = set()
    for name in (*LOOPBACK, *extra):
        bare = name.lower()
        if re.search(r":\d+$", bare):
            names.add(bare)
        else:
            names.add(f"{bare}:{port}")
            if port in (80, 443):
                names.add(bare)
    return frozenset(names)


class Guard:
    """Refuses a foreign Host with 421, a foreign Origin with 403, ids with 400, paths with 404."""

    def __init__(self, app: ASGIApp, names: frozenset[str], policy: str) -> None:
        self._app = app
        self._names = names
        self._headers = [*_HEADERS, (b"content-security-policy", policy.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer in place."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal:
                return await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
            return await self._app(scope, receive, send)
        if refusal:
            return await self._answer(send, *refusal)

        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = {name.lower() for name, _ in message["headers"]}
                added = [pair for pair in self._headers if pair[0] not in given]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception:
            if not begun:  # else Starlette answers, outside of us and without our headers
                await self._answer(send, 500, "something went wrong; the server's log says what")
            raise

    async def _answer(self, send: Send, status: int, reason: str) -> None:
        body = reason.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),  # what is still on its way is not read
            *self._headers,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._names:
            return 421, "this server does not go by that name"
        if any(not self._is_own(origin) for origin in headers.get("origin", ())):
            return 403, "requests from other sites are refused"
        if self._is_embedded(scope, headers):
            return 403, "other sites may link here, not embed"
        if not _is_path(scope["path"]):
            return 404, "there is no such address"
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        cookies = cookie_parser("; ".join(headers.get("cookie", ())))
        given = [value for name in SESSION_NAMES for value in query.get(name, ())]
        given += [cookies[SESSION_COOKIE]] if SESSION_COOKIE in cookies else []
        if not all(is_uuid(value) for value in given):
            return 400, "session ids are UUIDs"
        return None

    def _is_own(self, origin: str) -> bool:
        scheme, _, name = origin.lower().partition("://")
        if scheme not in ("http", "https"):
            return False
        return (
            name in self._names or f"{name}:{'443' if scheme == 'https' else '80'}" in self._names
        )

    def _is_embedded(self, scope: Scope, headers: dict[str, list[str]]) -> bool:
        """A picture, frame or script of a foreign page carries no Origin, but says where from."""
        site = headers.get("sec-fetch-site", ["none"])[0]
        if site in ("none", "same-origin"):
            return False
        is_link = (
            scope.get("method") == "GET"
            and headers.get("sec-fetch-mode") == ["navigate"]
            and headers.get("sec-fetch-dest") == ["document"]
        )
        return not is_link
