"""Copies for the browser hold up nobody, and are given up when nobody waits for them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message

import ui.web.proxies
from agent.agent import open_agent
from agent.settings import Settings
from tests.conftest import paint_shots
from tests.ui import door
from tools.errors import Interrupted
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.sandbox import Child
from ui.web.media import media_routes
from ui.web.proxies import COPY_THREADS, Proxies
from ui.web.workspaces import mine


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


@pytest.fixture
def film(library: Library, tmp_path: Path, encode: Callable[..., Path]) -> Video:
    """Over a minute that no browser plays, so that each span has a copy of its own."""
    path = encode(tmp_path / "film.avi", paint_shots, 70.0, fps=2, codec="mpeg4")
    path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red.\n")
    return ingest(library, path, providers=BARE)


def test_twenty_copies_hold_up_neither_health_nor_a_question(
    library: Library, film: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def held(*_: object) -> None:
        begun.release()
        assert go.wait(120)

    monkeypatch.setattr(Proxies, "_make", held)
    settings = Settings(home=library.home, port=8000, model="extractive")
    with door.running(settings, open_agent) as client, ThreadPoolExecutor(21) as pool:
        try:
            plays = [
                pool.submit(client.get, f"/media/{film.id}/play?from={n}&to={n + 1}")
                for n in range(20)
            ]
            for _ in range(COPY_THREADS):
                assert begun.acquire(timeout=60)
            assert pool.submit(client.get, "/health").result(timeout=60).text == "ready"
            with door.chatting(client) as chat:
                chat.say("What is said about the kettle?")
                chat.until(lambda: "The kettle is red" in chat.text)
            assert not any(one.done() for one in plays)
        finally:
            go.set()
            for one in plays:
                one.cancel()


class Endless(Child):
    """A decoder that never comes to an end, and tells that it began and was ended."""

    begun: threading.Semaphore
    ended: threading.Semaphore

    def call(self, function: str, **arguments: Any) -> Iterator[Any]:
        try:
            for number, event in enumerate(super().call("itertools:count")):
                if number == 0:
                    self.begun.release()
                yield event
        except Interrupted:
            self.ended.release()
            raise


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> type[Endless]:
    monkeypatch.setattr(Endless, "begun", threading.Semaphore(0), raising=False)
    monkeypatch.setattr(Endless, "ended", threading.Semaphore(0), raising=False)
    monkeypatch.setattr(ui.web.proxies, "Child", Endless)
    return Endless


async def _took(semaphore: threading.Semaphore) -> bool:
    return await asyncio.to_thread(semaphore.acquire, timeout=60)


async def test_the_decoder_is_ended_when_the_last_who_waited_is_gone(
    library: Library, film: Video, endless: type[Endless]
) -> None:
    proxies = Proxies(library)
    first, second = (asyncio.create_task(proxies.playable(film, 3.0, 6.0)) for _ in range(2))
    assert await _took(endless.begun)
    first.cancel()
    await asyncio.wait([first])
    assert not second.done() and not endless.ended.acquire(blocking=False)
    second.cancel()
    await asyncio.wait([second])
    assert await _took(endless.ended)
    proxies.close()
    assert list((library.folder(film.id) / "proxies").iterdir()) == []


async def test_a_copy_that_waits_for_its_turn_is_never_begun_when_nobody_waits_for_it(
    library: Library, film: Video, endless: type[Endless]
) -> None:
    proxies = Proxies(library)
    waiting = [
        asyncio.create_task(proxies.playable(film, float(n), n + 1.0))
        for n in range(COPY_THREADS + 3)
    ]
    for _ in range(COPY_THREADS):
        assert await _took(endless.begun)
    for one in reversed(waiting):  # those that wait for their turn first
        one.cancel()
    await asyncio.wait(waiting)
    for _ in range(COPY_THREADS):
        assert await _took(endless.ended)
    proxies.close()
    assert not endless.begun.acquire(blocking=False)


async def test_the_end_of_the_server_ends_the_copies(
    library: Library, film: Video, endless: type[Endless]
) -> None:
    proxies = Proxies(library)
    waiting = asyncio.create_task(proxies.playable(film, 3.0, 6.0))
    assert await _took(endless.begun)
    proxies.close()
    assert await _took(endless.ended)
    with pytest.raises(Interrupted):
        await waiting


async def test_a_browser_that_leaves_gives_up_its_copy(
    library: Library, film: Video, endless: type[Endless]
) -> None:
    proxies = Proxies(library)
    app = FastAPI()
    app.include_router(media_routes())
    app.dependency_overrides[mine] = lambda: SimpleNamespace(library=library, proxies=proxies)
    left, sent = asyncio.Event(), list[Message]()
    told = iter(({"type": "http.request", "body": b"", "more_body": False},))

    async def receive() -> Message:
        for message in told:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/media/{film.id}/play",
        "query_string": b"from=3&to=6",
        "headers": [],
    }
    answering = asyncio.create_task(app(scope, receive, send))
    assert await _took(endless.begun)
    left.set()
    assert await _took(endless.ended)
    await answering
    assert sent[0]["status"] == 499
    proxies.close()
