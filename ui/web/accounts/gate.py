"""The gate before every route and socket: who sends a request is known, or it goes no further."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.web.accounts.sign_in import COOKIE, FOR_PROGRAMS, SESSION, Accounts, Identity

OPEN = (
    "/", "/login", "/login/callback", "/logout", "/health", "/favicon", "/logo", "/auth/config",
    "/project/translations", "/slack/events",
)  # fmt: skip
"""Addresses for everybody: the page itself, which holds nothing, the way in, and that of events,
whose signature says who sends them."""
OPEN_FOLDERS = ("/assets/", "/public/", "/avatars/", "/thread/", "/auth/oauth/")
PAGES = re.compile(r"/v/.*|/library(?:/compare)?")
"""Addresses that people open: who has not signed in gets a page, not JSON."""
_CURRENT: ContextVar[Identity | None] = ContextVar("identity", default=None)


def current() -> Identity | None:
    """Sender of the request that is being answered."""
    return _CURRENT.get()


def may_write() -> bool:
    """True unless the request came with a token that may only read."""
    identity = current()
    return identity is None or "write" in identity.scopes


def may_approve() -> bool:
    """True unless the request came with a token that may not decide what is made and paid."""
    identity = current()
    return identity is None or "approve" in identity.scopes


def identity_name() -> str:
    """Name of who sends the request, for a record."""
    identity = current()
    return identity.name if identity else "local"


class Gate:
    """Finds out who sends a request, and tells Chainlit; 401 for who has to sign in first.

    Chainlit believes its own cookie alone. It gets a token made here in place of whatever was sent,
    so that one place decides, also where no cookie is needed.
    """

    def __init__(
        self, app: ASGIApp, accounts: Accounts, page: Callable[[Scope, str], Response]
    ) -> None:
        self._app, self._accounts, self._page = app, accounts, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        connection = HTTPConnection(scope)
        identity = self._accounts.identify(connection)
        if identity is None and (reply := self._reply(scope, connection)):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1008, "reason": "sign in"})
            return await reply(scope, receive, send)
        token = _CURRENT.set(identity)
        try:
            await self._app(self._told(scope, identity), receive, send)
        finally:
            _CURRENT.reset(token)

    def _reply(self, scope: Scope, connection: HTTPConnection) -> Response | None:
        """The answer to who has not signed in; None where that does not matter."""
        path, method = scope["path"], scope.get("method", "GET")
        pages = self._accounts.method == "token"
        if (
            pages
            and method == "GET"
            and self._accounts.opens(connection.query_params.get("token", ""))
        ):
            return self._opened(connection)
        if path in OPEN or path.startswith(OPEN_FOLDERS):
            shell = pages and method == "GET" and (path == "/" or path.startswith("/thread/"))
            return self._page(scope, "token") if shell else None
        if method in ("GET", "HEAD") and PAGES.fullmatch(path):
            return self._page(scope, "token" if pages else "session")
        if path.startswith(FOR_PROGRAMS):
            told = {"detail": "a token is needed here: `cuepoint tokens add` makes one"}
            return JSONResponse(told, 401, {"www-authenticate": 'Bearer realm="cuepoint"'})
        return JSONResponse({"detail": "sign in first"}, 401)

    def _opened(self, connection: HTTPConnection) -> Response:
        """A session for who opened the address that this start printed, which need not stay."""
        rest = [pair for pair in connection.query_params.multi_items() if pair[0] != "token"]
        path = re.sub(r"^/+", "/", connection.url.path)
        reply = RedirectResponse(path + (f"?{urlencode(rest)}" if rest else ""), 303)
        session = self._accounts.session(self._accounts.local)
        secure = self._accounts.secure
        reply.set_cookie(
            COOKIE, session, max_age=SESSION, httponly=True, samesite="lax", secure=secure
        )
        return reply

    def _told(self, scope: Scope, identity: Identity | None) -> Scope:
        """The request with the session that we vouch for, or none, in its cookies."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        cookies = HTTPConnection(scope).headers.getlist("cookie")
        parts = [part.strip() for line in cookies for part in line.split(";")]
        kept = [part for part in parts if part and not part.startswith(COOKIE)]
        if identity and not identity.by_link:
            kept.append(f"{COOKIE}={self._accounts.session(identity)}")
        told = {**scope, "headers": headers}
        if kept:
            MutableHeaders(scope=told)["cookie"] = "; ".join(kept)
        return told
