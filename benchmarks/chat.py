"""Speed of the chat over its socket: first words, first frame, ten chats, and 25 while indexing.

    python -m benchmarks.chat [--turns 12] [--video FILE]

A server in a process of its own answers without a language model from the sample, which is indexed
first. A turn counts from the message that is sent: to the first words of the answer, and from them
until the picture of its first card has arrived. Then ten chats ask at once, and 25 while two copies
of the sample are indexed by the same server, whose event loop is meanwhile asked how late it is.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from websockets.sync.client import connect

from tools.ingest.pipeline import ingest
from tools.library import Library

SAMPLE = Path(__file__).parents[1] / "samples/lighthouse.mp4"
QUESTIONS = (
    "What is said about the fog horn?", "When does the last ferry leave?",
    "What is this video about?", "What is said about Paris?",
)  # fmt: skip
TOGETHER, CROWD = 10, 25
PAUSE = 0.01
"""Seconds between two looks at the lateness of the server's event loop, and at its health."""


class Chat:
    """A page with a chat, without a browser."""

    def __init__(self, address: str) -> None:
        self._address = address
        opened = connect(f"ws{address[4:]}/ws/socket.io/?EIO=4&transport=websocket")
        self._socket = opened.__enter__()  # until the program ends
        self._socket.recv()
        auth = {"sessionId": str(uuid.uuid4()), "clientType": "webapp", "userEnv": "{}"}
        self._socket.send("40" + json.dumps({**auth, "threadId": ""}))
        self._socket.recv()
        self._send("connection_successful")
        greeted = False
        for name, value in self._events():
            greeted |= name == "new_message" and "Hello!" in value["output"]
            if greeted and name == "task_end":
                return

    def ask(self, question: str) -> tuple[float, float, float]:
        """Seconds to the first words, from them to the first picture, and to the end of all."""
        begun, words, picture = self.say(question), 0.0, 0.0
        for name, value in self._events():
            now = time.perf_counter()
            text = name in ("stream_token", "new_message", "update_message") and _words(value)
            if text and not words:
                words = now
            image = name == "element" and re.search(r'"(/media/[^"]+\.jpg)"', json.dumps(value))
            if image and not picture:
                with urlopen(self._address + image[1]) as reply:
                    reply.read()
                picture = time.perf_counter()
            if name == "task_end":
                if not words:
                    raise SystemExit(f"no answer to {question!r}")
                return words - begun, max(picture - words, 0.0), time.perf_counter() - begun
        raise SystemExit("the server hung up")

    def say(self, text: str) -> float:
        """Send a message; the time at which it was."""
        message = {"id": str(uuid.uuid4()), "type": "user_message", "output": text, "name": "User"}
        message["createdAt"] = "2026-11-28T12:00:00Z"
        begun = time.perf_counter()
        self._send("client_message", message=message, fileReferences=[])
        return begun

    def _events(self) -> Iterator[tuple[str, Any]]:
        while True:
            said = str(self._socket.recv())
            if said == "2":
                self._socket.send("3")
            elif said.startswith("42"):
                name, *values = json.loads(said[2:])
                yield name, values[0] if values else None

    def _send(self, name: str, **value: Any) -> None:
        self._socket.send("42" + json.dumps([name, value] if value else [name]))


def _words(value: dict[str, Any]) -> bool:
    """True of a message or token of the answer that holds words."""
    if value.get("type", "assistant_message") != "assistant_message":
        return False
    return bool(value.get("token") or value.get("output"))


def serve() -> None:
    """Serve as `cuepoint chat` does; /late says how late the loop was since it was last asked."""
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from agent.settings import Settings
    from ui.web import server

    late: list[float] = []
    looking: list[asyncio.Task[None]] = []
    build = server.build_app

    async def look() -> None:
        while True:
            wanted = time.perf_counter() + PAUSE
            await asyncio.sleep(PAUSE)
            late.append(time.perf_counter() - wanted)

    async def told(_: Request) -> JSONResponse:
        if not looking:
            looking.append(asyncio.create_task(look()))
        since, late[:] = late[:], []
        return JSONResponse(since)

    def watched(settings: Settings, *given: Any) -> Any:
        app = build(settings, *given)
        app.router.routes.insert(0, Route("/late", told))
        return app

    server.build_app = watched
    server.serve(Settings.from_env())


@contextmanager
def serving(home: Path, roots: Path) -> Iterator[str]:
    """Run the server in a process of its own; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"CUEPOINT_HOME": str(home), "CUEPOINT_PORT": str(port)}
    settings |= {"CUEPOINT_ROOTS": str(roots), "CUEPOINT_MODEL": "extractive"}
    command = [sys.executable, "-m", "benchmarks.chat", "--serve"]
    with subprocess.Popen(
        command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL
    ) as process:
        address = f"http://127.0.0.1:{port}"
        while True:
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            with suppress(URLError), urlopen(f"{address}/health"):
                break
            time.sleep(PAUSE)
        try:
            yield address
        finally:
            process.terminate()


def lateness(address: str) -> list[float]:
    """Seconds by which the server's loop woke too late, each since the last look."""
    with urlopen(f"{address}/late") as reply:
        return json.load(reply)


def p(share: int, seconds: list[float]) -> float:
    """Percentile in milliseconds."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[share - 1] * 1000


def ask_each(chats: list[Chat], turns: int) -> list[tuple[float, float, float]]:
    """Let every chat ask its turns, all at once."""

    def one(number: int) -> list[tuple[float, float, float]]:
        return [
            chats[number].ask(QUESTIONS[(number + turn) % len(QUESTIONS)]) for turn in range(turns)
        ]

    with ThreadPoolExecutor(len(chats)) as pool:
        return [taken for each in pool.map(one, range(len(chats))) for taken in each]


def index_copies(address: str, folder: Path, video: Path) -> list[str]:
    """Let a chat index two copies of a video; returns its titles once both have begun."""
    titles: list[str] = []
    for number in (1, 2):
        copy = folder / f"copy {number}{video.suffix}"
        copy.write_bytes(video.read_bytes() + b"\0\0\0\x08free" * number)  # other bytes, same video
        Chat(address).say(f"/open {copy}")
        titles.append(copy.stem)
    return titles


def indexing(library: Library, titles: list[str]) -> int:
    """Number of these videos that are not ready yet."""
    ready = {video.title for video in library.list() if video.state in ("ready", "failed")}
    return sum(title not in ready for title in titles)


def measure(video: Path, turns: int, folder: Path) -> None:
    """Print the figures as a table."""
    library = Library(folder / "home")
    (folder / "copies").mkdir()
    ingest(library, video)
    print("| chats | turns | first words ms p50 | p95 | first frame after it ms p50 | p95 | "
          "whole turn ms p95 | loop late ms p99 |\n|---|---|---|---|---|---|---|---|")  # fmt: skip

    def row(name: str, taken: list[tuple[float, float, float]], late: list[float]) -> None:
        words, frames, whole = (list(column) for column in zip(*taken, strict=True))
        print(f"| {name} | {len(taken)} | {p(50, words):.0f} | {p(95, words):.0f} | "
              f"{p(50, frames):.0f} | {p(95, frames):.0f} | {p(95, whole):.0f} | "
              f"{p(99, late):.0f} |", flush=True)  # fmt: skip

    with serving(library.home, folder / "copies") as address:
        alone = [Chat(address)]
        ask_each(alone, len(QUESTIONS))  # what is loaded once is loaded
        lateness(address)
        one = ask_each(alone, turns)
        row("1", one, lateness(address))
        together = ask_each([Chat(address) for _ in range(TOGETHER)], turns)
        row(str(TOGETHER), together, lateness(address))
        titles = index_copies(address, folder / "copies", video)
        chats = [Chat(address) for _ in range(CROWD)]
        lateness(address)
        crowd = ask_each(chats, max(turns // 4, 1))
        left = indexing(library, titles)
        row(f"{CROWD}, {left} of 2 videos still indexed at the end", crowd, lateness(address))
    for name, many in ((TOGETHER, together), (CROWD, crowd)):
        times = [p(95, [whole for _, _, whole in each]) for each in (many, one)]
        print(f"p95 of {name} chats to one: {times[0] / times[1]:.2f}")


def main() -> None:
    """Parse the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return serve()
    with TemporaryDirectory() as folder:
        measure(chosen.video, chosen.turns, Path(folder))


if __name__ == "__main__":
    main()
