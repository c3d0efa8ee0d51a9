"""Which names, origins and sessions the guard lets through, without a server."""

from typing import Any

import pytest
from starlette.types import Message, Scope

from ui.web.host_guard import HostGuard, is_loopback, is_uuid, served_names


async def _ask(
    path: str = "/", host: str = "127.0.0.1:8000", cookie: str = "", **headers: str
) -> int:
    """The status that a request gets; 200 where the application behind the guard is reached."""
    sent: list[Message] = []

    async def inside(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Message) -> None:
        sent.append(message)

    pairs = {"host": host, "cookie": cookie, **{k.replace("_", "-"): v for k, v in headers.items()}}
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in pairs.items() if v],
    }
    names = served_names(8000, ("films.example", "other.example:8443"))
    await HostGuard(inside, names, "default-src 'self'")(scope, None, send)  # type: ignore[arg-type]
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("LOCALHOST:8000", 200),
        ("films.example:8000", 200),
        ("other.example:8443", 200),
        ("other.example:8000", 421),
        ("films.example", 421),
        ("127.0.0.1.nip.example:8000", 421),
        ("", 421),
    ],
)
async def test_hosts(host: str, status: int) -> None:
    assert await _ask(host=host) == status


async def test_two_hosts_are_none() -> None:
    assert await _ask(host="127.0.0.1:8000", Host="127.0.0.1:8000") == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("", 200),
        ("http://127.0.0.1:8000", 200),
        ("https://films.example:8000", 200),
        ("http://films.example", 403),
        ("null", 403),
        ("file://", 403),
        ("http://127.0.0.1:8000.evil.example", 403),
    ],
)
async def test_origins(origin: str, status: int) -> None:
    assert await _ask(origin=origin) == status


async def test_cookies_of_other_programs_on_this_machine_do_no_harm() -> None:
    assert await _ask(cookie="session_id=abc; sessionId=../x") == 200
    assert await _ask(cookie="X-Chainlit-Session-id=../x") == 400


async def test_session_ids_in_the_query() -> None:
    good = "0c9e5d6e-3a52-4b43-9a53-2d8f6c1f2b11"
    assert is_uuid(good) and not is_uuid(good.upper()) and not is_uuid(None)
    assert await _ask(f"/x?session_id={good}") == 200
    assert await _ask(f"/x?session_id={good}&session_id=..") == 400
    assert await _ask("/x?sessionId=") == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
