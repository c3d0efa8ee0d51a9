"""Addresses that may be fetched: http(s), usual ports, and machines of the public internet alone.

A name is resolved once for each connection, and the connection goes to what was checked: another
answer of its name server a moment later changes nothing.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import certifi
import httpcore

from tools.errors import RefusedRequest
from tools.text.clean import clean_title, title_of

PORTS = {"http": 80, "https": 443}
SLICE = 0.5
"""Seconds between two looks whether a download is still wanted, while no byte comes."""
_PUBLIC = IPv6Network("2000::/3")
"""All that is handed out of IPv6; what lies outside is local, multicast or a translation."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
_LONGEST = 4096
"""Characters of an address."""


@dataclass(frozen=True)
class Address:
    """A web address taken apart; it prints without its query, which may hold a secret."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def url(self) -> httpcore.URL:
        """The address that is asked for, put together from the parts that were checked."""
        target = self.path + (f"?{self.query}" if self.query else "")
        return httpcore.URL(
            scheme=self.scheme, host=self.host, port=self.port, target=target.encode()
        )

    @property
    def title(self) -> str:
        """Title made of the last part of the path, or of the host."""
        name = unquote(self.path).rstrip("/").rpartition("/")[2]
        return title_of(name) if name else clean_title(self.host)

    def follow(self, location: str) -> "Address":
        """The address that a redirect leads to; an https one does not lead to http."""
        base = f"{self.scheme}://{_bracketed(self.host)}{self.path}"
        try:
            target = urljoin(base, location)
        except ValueError:
            target = ""  # which is none, as what can't be taken apart
        return parse(target, ("https",) if self.scheme == "https" else PORTS)

    def __str__(self) -> str:
        return clean_title(f"{self.scheme}://{_bracketed(self.host)}{self.path}")


def parse(text: str, schemes: Iterable[str] = PORTS) -> Address:
    """Take a web address apart; RefusedRequest for one that is not fetched, whoever it names."""
    if len(text) > _LONGEST or any(c in '\\"<>' or c <= " " or c == "\x7f" for c in text):
        raise RefusedRequest("this is no address that can be fetched: copy it from the browser")
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode().lower()
        port = parts.port
        path = _ascii(parts.path or "/")
        query = _ascii(parts.query)
    except ValueError:  # UnicodeError is one
        raise RefusedRequest("this is no address that can be fetched") from None
    if parts.scheme not in schemes:
        wanted = " and ".join(f"{one}://" for one in schemes)
        raise RefusedRequest(f"only addresses that begin with {wanted} are fetched here")
    if parts.username is not None or parts.password is not None:
        raise RefusedRequest("an address with a user or password in it is not fetched")
    if not host:
        raise RefusedRequest("this address names no host")
    if (port or PORTS[parts.scheme]) not in PORTS.values():
        raise RefusedRequest("only the ports 80 and 443 are fetched from")
    return Address(parts.scheme, host, port or PORTS[parts.scheme], path, query)


def is_public(text: str) -> bool:
    """True of an IP address that is reached over the public internet, whatever it is wrapped in."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None:
            return address in _PUBLIC and address.is_global and not address.is_multicast
        address = inner
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """IP addresses of a host; OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def certificates() -> str:
    """File of the authorities that a server's certificate may come from."""
    return os.environ.get("SSL_CERT_FILE") or certifi.where()


class PublicNetwork(httpcore.NetworkBackend):
    """Connections to public addresses alone, which end when `check` raises.

    A name with a single address that is not public is refused: it was made to reach inside.
    """

    def __init__(
        self,
        check: Callable[[], None],
        resolve: Callable[[str, int], list[str]] = resolve,
        network: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._check, self._resolve = check, resolve
        self._network = network or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve a host once and connect to one of its addresses, if all of them are public."""
        self._check()
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name is not known") from error
        if not found or not all(map(is_public, found)):
            raise RefusedRequest(
                f"{clean_title(host)} is not on the public internet: only public addresses are "
                "fetched"
            )
        for number, address in enumerate(found, 1):
            try:
                stream = self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
                return _Watched(stream, self._check)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(found):
                    raise
        raise AssertionError("unreachable")


class _Watched(httpcore.NetworkStream):
    """A connection whose reader is asked, byte or no byte, whether it goes on."""

    def __init__(self, stream: httpcore.NetworkStream, check: Callable[[], None]) -> None:
        self._stream, self._check = stream, check

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        until = time.monotonic() + (timeout or 0.0)
        while True:
            self._check()
            left = until - time.monotonic()
            try:
                return self._stream.read(max_bytes, max(min(left, SLICE), 0.001))
            except httpcore.ReadTimeout:
                if left <= SLICE:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._check()
        self._stream.write(buffer, timeout)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Watched(stream, self._check)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _ascii(text: str) -> str:
    """Percent-encode what is not ASCII, and nothing else."""
    return "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in text)
