"""Guard before every route, socket and mount: by which name, and from which site, requests come.

A page of another site can make the browser send requests here, or point its own name at this
address. So the Host must be one of ours and the Origin, where there is one, too.
"""

import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SESSION_NAMES = ("session_id", "sessionId")
SESSION_COOKIE = "X-Chainlit-Session-id"
OWN_SCRIPTS = "/public/"
"""Scripts of one release, which load each other: a browser asks for each again."""
LONGEST_NAME = 255
"""Bytes of one part of an address: a file system takes no longer name."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


def is_uuid(text: object) -> bool:
    """True of a UUID exactly as browsers write one: it becomes the name of a folder."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """True if an address to serve on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def served_names(port: int, extra: Iterable[str] = (), own: str = "") -> frozenset[str]:
    """Values of Host that are ours; a name without a port means the served one.

    `own` is the name that a proxy is reached by, as it stands in an address.
    """
    names = {own.lower()} - {""}
    for name in (*LOOPBACK, *map(str.lower, extra)):
        if re.search(r":\d+$", name):
            names.add(name)
        else:
            names |= {f"{name}:{port}", name} if port in (80, 443) else {f"{name}:{port}"}
    return frozenset(names)


class HostGuard:
    """Refuses a foreign Host with 421, a foreign Origin with 403, ids with 400, paths with 404."""

    def __init__(self, app: ASGIApp, names: frozenset[str], policy: str) -> None:
        self._app = app
        self._names = names
        self._headers = {**_HEADERS, "content-security-policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if scope["type"] == "websocket" and refusal:
            return await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(OWN_SCRIPTS):
                    headers.setdefault("cache-control", "no-cache")
            await send(message)

        async def answer(status: int, reason: str) -> None:
            close = {"connection": "close"}  # what is still on its way is not read
            await PlainTextResponse(reason, status, close)(scope, receive, send_with_headers)

        if refusal:
            return await answer(*refusal)
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            if not begun:  # else Starlette answers, outside of us and without our headers
                await answer(500, "something went wrong; the server's log says what")
            raise

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        connection = HTTPConnection(scope)
        headers, query, cookies = connection.headers, connection.query_params, connection.cookies
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._names:
            return 421, "this server does not go by that name"
        if not all(map(self._is_own, headers.getlist("origin"))):
            return 403, "requests from other sites are refused"
        if _is_embedded(scope, headers):
            return 403, "other sites may link here, not embed"
        if not _is_path(scope["path"]):
            return 404, "there is no such address"
        ids = [value for name in SESSION_NAMES for value in query.getlist(name)]
        ids += [cookies[SESSION_COOKIE]] if SESSION_COOKIE in cookies else []
        return None if all(map(is_uuid, ids)) else (400, "session ids are UUIDs")

    def _is_own(self, origin: str) -> bool:
        scheme, _, name = origin.lower().partition("://")
        port = {"http": 80, "https": 443}.get(scheme)
        return port is not None and not self._names.isdisjoint((name, f"{name}:{port}"))


def _is_path(text: str) -> bool:
    """True if a file could have this name: a file that is not looked for raises no error."""
    return text.isprintable() and all(
        len(part.encode()) <= LONGEST_NAME for part in text.split("/")
    )


def _is_embedded(scope: Scope, headers: Headers) -> bool:
    """True of a picture, frame or script of a foreign page: it has no Origin, but a fetch site."""
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    is_link = (
        scope.get("method") == "GET"
        and headers.getlist("sec-fetch-mode") == ["navigate"]
        and headers.getlist("sec-fetch-dest") == ["document"]
    )
    return not is_link
