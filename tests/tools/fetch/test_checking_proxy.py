"""The proxy leads to public addresses over https alone, and only who has its credential."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.address_server import INSIDE, PUBLIC, World, world
from tools.errors import Interrupted, VideoError
from tools.fetch.checking_proxy import CONNECTIONS, CheckingProxy

LIMIT = 1 << 20


@pytest.fixture
def server() -> Iterator[World]:
    with world() as made:
        made.secure = made.port  # what is inside a connection is not looked at
        yield made


@contextmanager
def proxy(server: World) -> Iterator[tuple[CheckingProxy, list[str]]]:
    """A proxy, and how often it ended."""
    ends: list[str] = []
    with CheckingProxy("the page", LIMIT, 60.0, lambda: None, server.network) as made:
        made.on_end = lambda: ends.append("end")
        yield made, ends


def ask(made: CheckingProxy, line: str, credential: str | None = None) -> socket.socket:
    """A connection to the proxy with a request on it."""
    parts = urlsplit(made.url)
    given = credential or f"{parts.username}:{parts.password}"
    header = f"Proxy-Authorization: Basic {base64.b64encode(given.encode()).decode()}"
    connection = socket.create_connection(("127.0.0.1", made.port), timeout=30)
    connection.sendall(f"{line}\r\nHost: any\r\n{header}\r\n\r\n".encode())
    return connection


def answer(made: CheckingProxy, line: str, credential: str | None = None) -> str:
    with ask(made, line, credential) as connection:
        return connection.makefile("rb").readline().decode().strip()


def test_bytes_pass_in_both_directions_and_are_counted(server: World) -> None:
    server.replies["/"] = lambda handler: handler.send_error(418)
    with proxy(server) as (made, ends), ask(made, "CONNECT films.example:443 HTTP/1.1") as tunnel:
        stream = tunnel.makefile("rb")
        assert (b" 200 " in stream.readline()) and stream.readline() == b"\r\n"
        tunnel.sendall(b"GET / HTTP/1.0\r\n\r\n")
        got = stream.read()
        assert b"418" in got and made.bytes >= len(got) and not ends
    assert server.connected == [PUBLIC] and server.asked == ["films.example"]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", made.port), timeout=1)


def test_only_who_has_the_credential_is_let_through(server: World) -> None:
    with proxy(server) as (made, ends), proxy(server) as (other, _):
        line = "CONNECT films.example:443 HTTP/1.1"
        wrong = urlsplit(other.url)
        for credential in ("cuepoint:", "é", f"{wrong.username}:{wrong.password}"):
            assert "407" in answer(made, line, credential)
        assert server.asked == [] and made.refusal is None and not ends


@pytest.mark.parametrize(
    "line",
    [
        "GET http://films.example/film.mp4 HTTP/1.1",
        "POST http://films.example/ HTTP/1.1",
        "CONNECT films.example:80 HTTP/1.1",
        "CONNECT films.example:22 HTTP/1.1",
        "CONNECT films.example:x HTTP/1.1",
        "CONNECT me@films.example:443 HTTP/1.1",
        "CONNECT films.example:443/path HTTP/1.1",
        "CONNECT films.example\\@inside.example:443 HTTP/1.1",
        "CONNECT  HTTP/1.1",
        "CONNECT",
        "",
        "x" * 100_000,
    ],
)
def test_nothing_but_a_tunnel_to_port_443_is_understood(server: World, line: str) -> None:
    with proxy(server) as (made, ends):
        assert " 200 " not in _tolerant(made, line)
        assert server.asked == [] and not ends
        assert made.refusal is None


def _tolerant(made: CheckingProxy, line: str) -> str:
    """The answer, or none, to a request that may be broken off in the middle."""
    try:
        return answer(made, line)
    except OSError:
        return ""


@pytest.mark.parametrize("to", [*INSIDE, "inside.example", "mixed.example"])
def test_what_leads_inside_ends_it_all(server: World, to: str) -> None:
    host = f"[{to}]" if ":" in to else to
    with proxy(server) as (made, ends):
        assert "502" in answer(made, f"CONNECT {host}:443 HTTP/1.1")
        assert isinstance(made.refusal, VideoError) and "public" in str(made.refusal)
        assert ends == ["end"] and server.connected == []
        assert "502" in answer(made, "CONNECT films.example:443 HTTP/1.1")
        assert server.connected == []


def test_a_host_that_nobody_knows_is_told_and_ends_nothing(server: World) -> None:
    with proxy(server) as (made, ends):
        assert "502" in answer(made, "CONNECT unheard.example:443 HTTP/1.1")
        assert "unheard.example can't be reached" in str(made.trouble) and not ends


def test_it_ends_once_nobody_wants_it_though_no_byte_comes(server: World) -> None:
    wanted = [True]

    def check() -> None:
        if not wanted[0]:
            raise Interrupted("stopped")

    made = CheckingProxy("the page", LIMIT, 60.0, check, server.network)
    server.replies["/"] = lambda handler: server.released.wait() and None
    with made, ask(made, "CONNECT films.example:443 HTTP/1.1") as tunnel:
        stream = tunnel.makefile("rb")
        assert b" 200 " in stream.readline()
        wanted[0] = False
        assert stream.read() == b"\r\n"  # and then the end
        assert str(made.refusal) == "stopped"


def test_too_many_connections_are_closed(server: World) -> None:
    with proxy(server) as (made, _):
        held = [
            socket.create_connection(("127.0.0.1", made.port), timeout=30)
            for _ in range(CONNECTIONS)
        ]
        assert _tolerant(made, "CONNECT films.example:443 HTTP/1.1") == ""
        for one in held:
            one.close()
    assert server.connected == []
