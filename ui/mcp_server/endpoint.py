"""Endpoint of this door over HTTP: who calls, whose library that is, and what is no message."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ui.mcp_server.door import Door
from ui.mcp_server.handlers import Handlers
from ui.mcp_server.messages import MOST_BYTES, refusal
from ui.mcp_server.sdk import DOOR, Adapter
from ui.web.accounts.gate import may_write
from ui.web.body import bounded_body
from ui.web.host_guard import LOOPBACK
from ui.web.state import AppState

OwnerOf = Callable[[str], str | None]
"""Owner of the library that a token opens; None of a token that opens none."""
Libraries = Callable[[str | None], AbstractAsyncContextManager[AppState]]
"""Open library of an owner; of None, that of the user of this machine."""


class Endpoint:
    """Streamable HTTP without sessions. Each request is told from its own token, and nothing else.

    `open_here` is true where only this machine reaches the server: who comes without a token then
    is its user. A token that opens nothing is refused there, too.
    """

    def __init__(
        self,
        libraries: Libraries,
        names: Iterable[str],
        *,
        owner_of: OwnerOf = lambda token: None,
        open_here: bool = False,
    ) -> None:
        self._libraries, self._owner_of, self._open_here = libraries, owner_of, open_here
        self._http = Adapter(Handlers()).http(names)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Serve requests until this ends; only once."""
        return self._http.running()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        owner: str | None = None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            owner = self._owner_of(token.strip())
            if owner is None:
                return await _unknown("this token opens nothing")(scope, receive, send)
        elif not (self._open_here and _is_here(request)):
            return await _unknown("a bearer token is needed here")(scope, receive, send)
        if request.method != "POST":
            answer = Response("messages are sent with POST", 405, {"allow": "POST"})
            return await answer(scope, receive, send)
        try:
            body = await bounded_body(request, MOST_BYTES)
        except ClientDisconnect:  # nobody waits for an answer
            return None
        if body is None:
            return await Response("a message has 4 MiB at most", 413)(scope, receive, send)
        if refused := refusal(body):
            return await Response(refused, 400, media_type="application/json")(scope, receive, send)
        async with self._libraries(owner) as state:
            address = str(request.base_url).rstrip("/")
            inner = {**scope, DOOR: Door(state, address, may_write=may_write())}
            await self._http(inner, body, receive, send)


def _is_here(request: Request) -> bool:
    """True if a request names this machine by its loopback name, as no proxy before it does."""
    return request.headers.get("host", "").lower().rpartition(":")[0] in LOOPBACK


def _unknown(why: str) -> Response:
    return JSONResponse({"error": why}, 401, {"www-authenticate": 'Bearer realm="cuepoint"'})
