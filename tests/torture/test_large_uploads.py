"""Large uploads: many gigabytes come in at once, and the server's memory does not follow them."""

import re
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from tests.torture.conftest import LONG
from tests.ui.serving import Server, serving

SIZE = (2 << 30) if LONG else (96 << 20)
"""Bytes of one upload."""
AT_ONCE = 4
MORE = 100 << 20
"""Bytes of memory that they may take together."""
PIECE = bytes(1 << 20)


def _film(shots: Path) -> tuple[bytes, int]:
    """A whole film, and the bytes of zeros that make it SIZE long: a box that players pass over."""
    film = shots.read_bytes()
    free = SIZE - len(film)
    return film + free.to_bytes(4, "big") + b"free", free - 8


def _sent(server: Server, session: str, film: bytes, zeros: int, number: int) -> Any:
    """Send a film, piece by piece, as a browser does; status and text of the reply."""
    mark = uuid.uuid4().hex
    head = (
        f'--{mark}\r\ncontent-disposition: form-data; name="file"; filename="film {number}.mp4"'
        "\r\ncontent-type: video/mp4\r\n\r\n"
    ).encode()
    tail = f"\r\n--{mark}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head + film
        for _ in range(zeros // len(PIECE)):
            yield PIECE
        yield bytes(zeros % len(PIECE)) + tail

    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=600)
    length = len(head) + len(film) + zeros + len(tail)
    headers = {"content-type": f"multipart/form-data; boundary={mark}"}
    headers["content-length"] = str(length)
    connection.request("POST", f"/project/file?session_id={session}", body(), headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


def _memory(process: int) -> tuple[int, int]:
    """Bytes of memory of a server alone, and of the processes that it started.

    A page that several share counts once, in parts.
    """
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
        tasks = [one.read_text() for one in Path(f"/proc/{process}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0  # it has ended meanwhile
    (kilobytes,) = re.findall(r"^Pss:\s+(\d+)", told, re.MULTILINE) or ("0",)
    below = {int(one) for text in tasks for one in text.split()}
    return int(kilobytes) << 10, sum(sum(_memory(one)) for one in below)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc, which Linux has")
@pytest.mark.timeout(3600)
def test_memory_does_not_follow_large_uploads(shots: Path, tmp_path: Path, row: Any) -> None:
    film, zeros = _film(shots)
    home = tmp_path / "home"
    settings = {"CUEPOINT_MODEL": "extractive", "CUEPOINT_BACKGROUND": "off"}
    with serving(home, **settings) as server, server.chatting() as chat:
        process = server.process.pid
        assert _sent(server, chat.id, film, zeros % (1 << 20), 0)[0] == 200  # all is loaded now
        idle = _memory(process)
        seen, over = [idle], threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                seen.append(_memory(process))

        watching = threading.Thread(target=watch)
        watching.start()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sending = [
                pool.submit(_sent, server, chat.id, film, zeros, number)
                for number in range(AT_ONCE)
            ]
            replies = [one.result() for one in sending]
        over.set()
        watching.join()
    assert [status for status, _ in replies] == [200] * AT_ONCE, replies
    kept = sorted(path.stat().st_size for path in home.rglob("uploads/*") if path.suffix == "")
    assert kept[1:] == [SIZE] * AT_ONCE
    alone, all_of_it = (max(map(part, seen)) - part(idle) for part in (itemgetter(0), sum))
    figure = (
        f"{alone >> 20} MB more memory at most, {all_of_it >> 20} MB with the processes that look "
        f"at them; {sum(idle) >> 20} MB before"
    )
    row("W6", f"an upload of {SIZE >> 20} MB, {AT_ONCE} at once", AT_ONCE, AT_ONCE, figure)
    assert max(alone, all_of_it) < MORE, figure
