"""One file from an address, streamed to disk: bounded in size, time and redirects."""

import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from tools.errors import Interrupted, IsPage, NoFile, RefusedRequest, UnreadableMedia
from tools.fetch.addresses import Address, PublicNetwork, certificates
from tools.files.disk import disk_error, size_text

REDIRECTS = 5
MOST_SECONDS = 6 * 3600.0
"""Seconds that one file may take, however steadily it comes."""
CONNECT = 20.0
"""Seconds in which a server has to answer a connection."""
_REDIRECT = {301, 302, 303, 307, 308}
_NO_VIDEO = ("text/", "application/json", "application/xml", "application/xhtml")
"""Beginnings of types that are pages, lists or playlists, whatever the address ends with."""

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes that are here, and those of the whole file where they are known."""


class Limits:
    """Limits from outside the download: its time, and whether anybody still wants it."""

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._until = time.monotonic() + MOST_SECONDS

    def check(self) -> None:
        if not self._wanted():
            raise Interrupted("the download was stopped: nothing of it is kept")
        if time.monotonic() > self._until:
            raise RefusedRequest(
                f"the download took more than {MOST_SECONDS / 3600:g} hours: nothing of it is kept"
            )


def download(
    address: Address,
    path: Path,
    limit: int,
    stall: float = 60.0,
    on_bytes: OnBytes = lambda here, whole: None,
    wanted: Callable[[], bool] = lambda: True,
    network: Callable[[Callable[[], None]], httpcore.NetworkBackend] = PublicNetwork,
) -> None:
    """Write what lies at an address into a new file; whatever fails, the file is gone again.

    `limit` is in bytes, `stall` the seconds without one after which it is given up.
    """
    limits = Limits(wanted)
    try:
        with (
            httpcore.ConnectionPool(
                ssl.create_default_context(cafile=certificates()),
                network_backend=network(limits.check),
                retries=0,
            ) as pool,
            ExitStack() as stack,
        ):
            response = _open(pool, stack, address, stall)
            whole = _declared(response, limit)
            here = 0
            with path.open("wb") as file:
                for chunk in response.iter_stream():
                    limits.check()
                    here += len(chunk)
                    if here > limit:
                        raise too_large(limit)
                    file.write(chunk)
                    on_bytes(here, whole)
            if not here:
                raise UnreadableMedia(f"{address} is empty")
    except BaseException as error:
        path.unlink(missing_ok=True)
        if told := _told(error, address, stall):
            raise told from None  # the cause may hold the whole address
        raise


def _open(
    pool: httpcore.ConnectionPool, stack: ExitStack, address: Address, stall: float
) -> httpcore.Response:
    """The response that holds the file, redirects followed; each is checked as the first."""
    waits = {"connect": CONNECT, "read": stall, "write": stall, "pool": CONNECT}
    for _ in range(REDIRECTS + 1):
        host = urlsplit(str(address)).netloc
        headers: dict[str | bytes, str | bytes] = {
            "Host": host,
            "Accept": "video/*, */*",
            "Accept-Encoding": "identity",
        }
        headers |= {"User-Agent": "cuepoint", "Connection": "close"}
        response = stack.enter_context(
            pool.stream("GET", address.url, headers=headers, extensions={"timeout": waits})
        )
        told = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECT and b"location" in told:
            address = address.follow(told[b"location"])
            stack.pop_all().close()
            continue
        if response.status != 200:
            raise NoFile(f"{address.host} answered {response.status}: no file came")
        if told.get(b"content-encoding", "identity").lower() != "identity":
            raise UnreadableMedia(f"{address.host} sent a packed file, which is not unpacked here")
        if told.get(b"content-type", "").lower().startswith(_NO_VIDEO):
            raise IsPage(
                f"{address} is a page, not a video file: download the video and index that"
            )
        return response
    raise RefusedRequest(f"the address leads on more than {REDIRECTS} times: it is not followed")


def _declared(response: httpcore.Response, limit: int) -> int | None:
    """Bytes that the server says will come; RefusedRequest if they are too many."""
    for name, value in response.headers:
        if name.lower() == b"content-length" and value.isdigit():
            if int(value) > limit:
                raise too_large(limit)
            return int(value)
    return None


def too_large(limit: int) -> RefusedRequest:
    """The refusal of more bytes than may come."""
    return RefusedRequest(f"the file is larger than {size_text(limit)}, which is what may come")


def _told(error: BaseException, address: Address, stall: float) -> Exception | None:
    """The sentence for what went wrong on the way; None for what says it itself, or is a bug."""
    if isinstance(error, httpcore.ReadTimeout):
        return Interrupted(f"no byte of {address} came for {stall:g} s: try it again")
    if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout):
        return Interrupted(
            f"{address.host} can't be reached, or isn't what it says it is: look at the address"
        )
    if isinstance(error, httpcore.TimeoutException | httpcore.NetworkError):
        return Interrupted(f"the connection to {address.host} broke off: try it again")
    if isinstance(error, httpcore.ProtocolError | httpcore.UnsupportedProtocol):
        return Interrupted(f"{address} broke off before its end: try it again")
    return disk_error(error) if isinstance(error, OSError) else None
