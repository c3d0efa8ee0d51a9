"""A web server on this machine that stands for the public internet, with names of its own."""

import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from tools.fetch import addresses

PUBLIC = "93.184.215.14"
INSIDE = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0")
NAMES = {
    "films.example": [PUBLIC],
    "more.example": ["2606:2800:21f::1", PUBLIC],
    "inside.example": ["192.168.1.7"],
    "mixed.example": [PUBLIC, "10.0.0.1"],
    "nowhere.example": [],
    "framatube.org": [PUBLIC],
    **{one: [one] for one in INSIDE},
}
Reply = Callable[[BaseHTTPRequestHandler], None]


class World(httpcore.NetworkBackend):
    """Every address is the server on this machine; who was connected to is remembered."""

    def __init__(self, port: int, secure: int) -> None:
        self.port, self.secure = port, secure
        self.asked: list[str] = []
        self.connected: list[str] = []
        self.seen: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.names = dict(NAMES)
        self.replies: dict[str, Reply] = {}
        self.released = threading.Event()

    def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError(host)
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
        here = self.secure if port == 443 else self.port
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", here, timeout)

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


VIDEO_ID = "9c9de5e8-0a1e-484a-b099-e80766180a6d"
PAGE = f"https://framatube.org/videos/watch/{VIDEO_ID}"
API = f"/api/v1/videos/{VIDEO_ID}/"


def sends_json(value: Any) -> Reply:
    return sends(json.dumps(value).encode(), type="application/json")


def peertube(made: World, **about: Any) -> None:
    """A page of an instance of PeerTube with one video, whose file lies on another host."""
    files = [{"fileUrl": "https://films.example/film.mp4?key=5ecret", "resolution": {"id": 240}}]
    made.replies[PAGE.removeprefix("https://framatube.org")] = sends(b"<html>", type="text/html")
    made.replies[API] = sends_json({"name": "The keeper", "files": files, **about})
    made.replies[f"{API}captions"] = sends_json({"data": []})


@contextmanager
def world(authority: trustme.CA | None = None) -> Iterator[World]:
    """The world; over https too where an authority is given, for every name."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.seen.append({name.lower(): value for name, value in self.headers.items()})
            made.paths.append(self.path)
            made.replies[self.path.partition("?")[0]](self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    made = World(*(server.server_port for server in servers))
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*made.names).configure_cert(context)
        servers[1].socket = context.wrap_socket(
            servers[1].socket, server_side=True, do_handshake_on_connect=False
        )
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.released.set()
        for server in servers:
            server.shutdown()
            server.server_close()


@contextmanager
def site_world(shots: Path, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world over https, with the page of one video; its authority is trusted."""
    authority, trusted = trustme.CA(), folder.with_name(f"{folder.name}-trusted.pem")
    authority.cert_pem.write_to_path(str(trusted))
    patch.setenv("SSL_CERT_FILE", str(trusted))
    with world(authority) as made:
        peertube(made)
        made.replies["/film.mp4"] = sends(shots.read_bytes())
        yield made


def processes() -> list[str]:
    """Processes of yt-dlp that this one started and that did not end."""
    found: list[str] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError):  # which ended meanwhile
            for child in task.read_text().split():
                if b"YTDLP_NO_PLUGINS" in Path(f"/proc/{child}/environ").read_bytes():
                    found.append(child)
    return found


def stand_in(made: World, shots: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the world in the place of the internet, for the whole program."""
    made.replies["/film.mp4"] = sends(shots.read_bytes())
    known = addresses.PublicNetwork.__init__

    def init(self: Any, check: Callable[[], None]) -> None:
        known(self, check, made.resolve, made)

    patch.setattr(addresses.PublicNetwork, "__init__", init)
