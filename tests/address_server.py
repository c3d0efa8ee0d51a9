"""A web server on this machine that stands for the public internet, with names of its own."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
import pytest

from tools.fetch import addresses

PUBLIC = "93.184.215.14"
INSIDE = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0")
NAMES = {
    "films.example": [PUBLIC],
    "more.example": ["2606:2800:21f::1", PUBLIC],
    "inside.example": ["192.168.1.7"],
    "mixed.example": [PUBLIC, "10.0.0.1"],
    "nowhere.example": [],
    **{one: [one] for one in INSIDE},
}
Reply = Callable[[BaseHTTPRequestHandler], None]


class World(httpcore.NetworkBackend):
    """Every address is the server on this machine; who was connected to is remembered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self.connected: list[str] = []
        self.seen: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.names = dict(NAMES)
        self.replies: dict[str, Reply] = {}
        self.released = threading.Event()

    def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.names[host]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.connected.append(host)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout)

    def network(self, check: Callable[[], None]) -> httpcore.NetworkBackend:
        return addresses.PublicNetwork(check, self.resolve, self)


def sends(body: bytes, type: str = "video/mp4", declared: int | None = None) -> Reply:
    """A whole reply, or one that declares another length than it has."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", type)
        handler.send_header("Content-Length", str(len(body) if declared is None else declared))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def leads(to: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Set-Cookie", "session=secret")
        handler.end_headers()

    return reply


@contextmanager
def world() -> Iterator[World]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.seen.append({name.lower(): value for name, value in self.headers.items()})
            made.paths.append(self.path)
            made.replies[self.path.partition("?")[0]](self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = World(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        server.server_close()


def stand_in(made: World, shots: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the world in the place of the internet, for the whole program."""
    made.replies["/film.mp4"] = sends(shots.read_bytes())
    known = addresses.PublicNetwork.__init__

    def init(self: Any, check: Callable[[], None]) -> None:
        known(self, check, made.resolve, made)

    patch.setattr(addresses.PublicNetwork, "__init__", init)
