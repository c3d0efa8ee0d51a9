"""The chat says of each video what is so: over its socket, without a browser."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import agent.ask
import ui.web.opening
from agent.agent import open_agent
from agent.settings import Settings
from tests.ui import door
from tools.errors import DiskFull, VideoError
from tools.files.disk import SPARE_BYTES
from tools.ingest.pipeline import ingest
from tools.ingest.run import Progress
from tools.library import Library
from tools.media import Stage, Video
from tools.models.providers import BARE
from ui.progress import Countdown
from ui.web import jobs


class Scripted:
    """A pool that ends each index as a script says."""

    def __init__(self, script: list[Video | Exception]) -> None:
        self.script = script

    def index(self, *_: Any, **__: Any) -> "Future[Video]":
        ended: Future[Video] = Future()
        step = self.script.pop(0)
        if isinstance(step, Video):
            ended.set_result(step)
        else:
            ended.set_exception(step)
        return ended

    def close(self) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", port=8000, model="extractive")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Video | Exception]]:
    steps: list[Video | Exception] = []
    monkeypatch.setattr(jobs, "Pool", lambda _: Scripted(steps))
    yield steps


def test_a_full_disk_is_told_and_ready_is_said_when_it_is(
    settings: Settings,
    shots: Path,
    script: list[Video | Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked, disk = asyncio.Event(), [0]
    taking = partial(ui.web.opening.JobQueue, free_bytes=lambda _: disk[0], wait=looked.wait)
    monkeypatch.setattr(ui.web.opening, "JobQueue", taking)
    script += [DiskFull("free 500 MB"), Video("0" * 16, "film", "film", 1.0, state="ready")]
    with door.running(settings) as client, door.chatting(client) as chat:
        id = door.send_file(client, chat.id, "film.mp4", shots.read_bytes()).json()["id"]
        chat.say("", id)
        chat.until(lambda: "the disk is full. It goes on by itself" in chat.text)
        assert "ready" not in chat.text
        disk[0] = SPARE_BYTES
        assert client.portal
        client.portal.call(looked.set)
        chat.until(lambda: "**film** is ready." in chat.text)


def test_the_remaining_time_of_the_chat_is_counted_down_as_on_the_command_line(
    settings: Settings, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, reports = [1000.0], list[Callable[[Progress], None]]()

    class Running(Scripted):
        def index(self, *given: Any, **_: Any) -> "Future[Video]":
            reports.append(given[3])
            return Future()

    monkeypatch.setattr(jobs, "Pool", lambda _: Running([]))
    monkeypatch.setattr(jobs, "Countdown", lambda: Countdown(lambda: clock[0]))
    with door.running(settings) as client, door.chatting(client) as chat:
        id = door.send_file(client, chat.id, "film.mp4", shots.read_bytes()).json()["id"]
        chat.say("", id)
        chat.until(lambda: "Indexing **film**" in chat.text)
        assert client.portal
        client.portal.call(asyncio.sleep, 0)
        shown: list[float | None] = []
        estimates = [60 - n for n in range(10)] + [51 + 2 * n for n in range(20)] + [20, 19]
        for n, remaining in enumerate(estimates, 1):
            clock[0] += 1
            reports[0](Progress("0" * 16, "pass", "running", n / 100, float(remaining)))
            client.portal.call(asyncio.sleep, 0)  # it has come in
            (task,) = client.get("/tasks").json()["tasks"]
            left = re.search(r"about (\d+) s left", task["text"])
            shown.append(float(left[1]) if left else None)
    told = [seconds for seconds in shown if seconds is not None]
    assert told == sorted(told, reverse=True) and 3 <= len(told) < 20
    assert shown[:5] == [None] * 5 and shown[9] == 51 and shown[20:30] == [None] * 10


def test_ready_is_not_said_of_what_could_not_be_indexed(
    settings: Settings, shots: Path, script: list[Video | Exception]
) -> None:
    failed = {"speech": Stage("failed", note="the model is damaged")}
    script.append(Video("0" * 16, "film", "film", 1.0, state="failed", stages=failed))
    with door.running(settings) as client, door.chatting(client) as chat:
        id = door.send_file(client, chat.id, "film.mp4", shots.read_bytes()).json()["id"]
        chat.say("", id)
        chat.until(lambda: "but not everything could be indexed; the model" in chat.text)
        assert "ready" not in chat.text


def test_the_greeting_says_what_is_still_missing(settings: Settings, shots: Path) -> None:
    library = Library(settings.home)
    ingest(library, shots, only=("keyframes",), providers=BARE)
    with door.running(settings, open_agent) as client, door.chatting(client) as chat:
        assert "is here, but not indexed yet" in chat.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (VideoError("the model is gone"), "the model is gone"),
        (RuntimeError("key 12345"), "Something went wrong here"),
    ],
)
def test_what_is_being_done_gives_way_to_the_error_when_an_answer_fails(
    settings: Settings,
    shots: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    told: str,
) -> None:
    async def failing(*_: object, **__: object) -> AsyncIterator[agent.ask.Event]:
        yield agent.ask.ToolStarted("search_transcript", {"query": "kettle"})
        yield agent.ask.ToolStarted("look_closer", {"video": "x", "start": 42.0})
        raise error

    monkeypatch.setattr(agent.ask, "ask", failing)
    ingest(Library(settings.home), shots, providers=BARE)
    with door.running(settings, open_agent) as client, door.chatting(client) as chat:
        chat.say("What is said about the kettle?")
        chat.until(lambda: told in chat.text)
        working = [text for text in chat.told if text.startswith("*")]
        assert working == ["*Searching what is said …* ", "*Looking closer at 0\\:42 …* "]
        assert chat.streamed == {}, "what was being done still stands there"
        assert chat.text.count(told) == 1
        assert "12345" not in "".join(chat.told)
    caplog.clear()  # what nobody foresaw is logged


def test_what_indexing_found_is_told_where_a_video_is_announced(
    settings: Settings, shots: Path, script: list[Video | Exception]
) -> None:
    stages = {
        "subtitles": Stage("skipped", note="film.srt: holds no subtitles"),
        "screen": Stage("done", note="5 pictures were *not* read", partial=True),
    }
    notes = ("cut short: 9 s of 20 s",)
    script.append(Video("0" * 16, "film", "film", 1.0, state="ready", notes=notes, stages=stages))
    with door.running(settings) as client, door.chatting(client) as chat:
        id = door.send_file(client, chat.id, "film.mp4", shots.read_bytes()).json()["id"]
        chat.say("", id)
        chat.until(lambda: "**film** is ready." in chat.text)
        told = [line for line in chat.text.splitlines() if line.startswith("- ")]
    assert [line.replace("\\", "") for line in told] == [
        "- cut short: 9 s of 20 s",
        "- film.srt: holds no subtitles",
        "- 5 pictures were *not* read",
    ]
    assert told[2] == "- 5 pictures were \\*not\\* read"


def test_an_address_alone_is_no_question(settings: Settings, shots: Path) -> None:
    ingest(Library(settings.home), shots, providers=BARE)
    with door.running(settings, open_agent) as client, door.chatting(client) as chat:
        chat.say("https://example.org/watch?v=1")
        chat.until(lambda: "I don't fetch addresses" in chat.text)
