"""Proxy on this machine through which another program fetches, held to public addresses.

It understands `CONNECT host:443` alone, so that every connection is encrypted and its host known: a
redirect, a playlist or a segment leads nowhere else. It resolves names itself, once for each
connection (`PublicNetwork`), asks for a credential that is made for one run, and counts the bytes.
"""

import base64
import math
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, Self

import httpcore

from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.fetch.addresses import PublicNetwork, parse
from tools.fetch.download import CONNECT, too_large
from tools.sandbox.confinement import LOCAL
from tools.text.clean import clean_title

CONNECTIONS = 32
"""Connections at the same time; a program that fetches one video has a few."""
SLACK = 1 << 20
"""Bytes over the size of the file: pages that lead to it, and encryption."""
_POLL = 0.1
"""Seconds between two looks whether it has to end."""
_PIECE = 1 << 16
_LINE = 4096
_LINES = 100
"""Bytes of a line, and lines, of a request."""


class CheckingProxy(ThreadingTCPServer):
    """Proxy that listens while its context is open.

    `page` is what is said of the address, `limit` is in bytes, `stall` in seconds without one.
    `check` raises when the download is no longer wanted, or out of time. That, and what may not be
    asked for, ends it all: `on_end` is called, and `refusal` says why. `trouble` says why the last
    connection failed.
    """

    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(
        self,
        page: str,
        limit: int,
        stall: float,
        check: Callable[[], None],
        network: Callable[[Callable[[], None]], httpcore.NetworkBackend] = PublicNetwork,
    ) -> None:
        super().__init__((LOCAL, 0), _Tunnel)
        self.on_end: Callable[[], None] = lambda: None
        self.on_bytes: Callable[[int], None] = lambda here: None
        self.bytes = 0
        self.refusal: VideoError | None = None
        self.trouble: VideoError | None = None
        self._page, self._limit, self._stall = page, limit, stall
        self._last = math.inf  # until the first byte came
        self._wanted = check
        self._network = network(self.check)
        self._credential = secrets.token_urlsafe(32)
        self._free = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """Port that it listens on."""
        return self.server_address[1]

    @property
    def url(self) -> str:
        """Address of the proxy, with its credential."""
        return f"http://cuepoint:{self._credential}@{LOCAL}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(_POLL,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end(Interrupted("the download is over"))
        self.shutdown()
        self.server_close()

    def check(self) -> None:
        """Raise once it has ended, for whatever reason."""
        if self.refusal:
            raise self.refusal
        try:
            self._wanted()
        except VideoError as error:
            self._end(error)
            raise

    def service_actions(self) -> None:
        """Look whether the download is still wanted, and whether bytes come."""
        with suppress(VideoError):
            self.check()
        if time.monotonic() - self._last > self._stall:
            told = f"no byte of {self._page} came for {self._stall:g} s: try it again"
            self._end(Interrupted(told))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, or close it where there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell nobody that a connection broke off: the words may hold an address."""

    def admits(self, header: str) -> bool:
        """True of the credential of this run."""
        expected = base64.b64encode(f"cuepoint:{self._credential}".encode()).decode()
        return secrets.compare_digest(header.encode(), f"Basic {expected}".encode())

    def open(self, target: str) -> httpcore.NetworkStream | None:
        """Connection to `host:port`; None, and a trouble, if there is none."""
        try:
            address = parse(f"https://{target}", ("https",))
        except RefusedRequest:
            address = None
        if address is None or (address.port, address.path, address.query) != (443, "/", ""):
            self.trouble = RefusedRequest(
                "this video comes from an unusual port, and only https on port 443 is fetched"
            )
            return None
        try:
            return self._network.connect_tcp(address.host, address.port, CONNECT)
        except VideoError as error:
            self._end(error)
        except (httpcore.NetworkError, httpcore.TimeoutException):
            host = clean_title(address.host)
            self.trouble = Interrupted(f"{host} can't be reached: look at the address")
        return None

    def count(self, size: int) -> None:
        """Add bytes to those that came; RefusedRequest once they are too many."""
        with self._lock:
            self.bytes += size
            self._last = time.monotonic()
        if self.bytes > self._limit + SLACK:
            self._end(too_large(self._limit))
            self.check()
        self.on_bytes(self.bytes)

    def _end(self, error: VideoError) -> None:
        with self._lock:
            if self.refusal:
                return
            self.refusal = error
        self.on_end()


class _Tunnel(StreamRequestHandler):
    """One connection: a request, its answer, and bytes in both directions."""

    server: CheckingProxy  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = CONNECT
    rbufsize = 0  # what follows the request is not ours

    def handle(self) -> None:
        with suppress(OSError, VideoError):
            method, _, rest = self._line().partition(" ")
            header = ""
            for _ in range(_LINES):
                line = self._line()
                if not line:
                    break
                name, _, value = line.partition(":")
                if name.lower() == "proxy-authorization":
                    header = value.strip()
            if not self.server.admits(header):
                return self._answer("407 Proxy Authentication Required")
            if method != "CONNECT":
                self.server.trouble = RefusedRequest(
                    "this video is not sent encrypted, and nothing else is fetched from sites"
                )
                return self._answer("421 Misdirected Request")  # which nobody asks for again
            stream = self.server.open(rest.partition(" ")[0])
            if stream is None:
                return self._answer("502 Bad Gateway")
            try:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._relay(stream.get_extra_info("socket"))
            finally:
                stream.close()

    def _line(self) -> str:
        return self.rfile.readline(_LINE).decode("latin-1").rstrip("\r\n")

    def _answer(self, status: str) -> None:
        self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    def _relay(self, outside: socket.socket) -> None:
        """Pass bytes on until either side ends, the limit is reached or nobody wants them."""
        inside: socket.socket = self.connection
        outside.settimeout(CONNECT)
        other = {inside.fileno(): (inside, outside), outside.fileno(): (outside, inside)}
        poll = select.poll()
        for descriptor in other:
            poll.register(descriptor, select.POLLIN)
        while True:
            self.server.check()
            for descriptor, _ in poll.poll(_POLL * 1000):
                reader, writer = other[descriptor]
                piece = reader.recv(_PIECE)
                if not piece:
                    return
                self.server.count(len(piece))
                writer.sendall(piece)
