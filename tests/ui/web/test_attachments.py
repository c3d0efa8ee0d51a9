"""What is attached is only taken up when it is sent, and then it is never lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import Settings
from tests.ui import door
from tools.library import Library
from tools.models.providers import Providers
from ui.web.jobs import Job, JobQueue


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home", port=8000, providers=Providers("none", transcriber="none")
    )


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The titles of what would be indexed, which nothing is here."""
    titles: list[str] = []

    def start(self: JobQueue, path: Path, title: str, **_: object) -> Job:
        titles.append(title)
        return Job(path, title, trouble="stopped by the test")

    with monkeypatch.context() as patch:
        patch.setattr(JobQueue, "start", start)
        yield titles


def _folder(settings: Settings) -> Path:
    return settings.home / "libraries/local/uploads"


def test_a_file_that_was_attached_and_never_sent_is_not_indexed_at_the_next_start(
    settings: Settings, shots: Path, started: list[str]
) -> None:
    with door.running(settings) as client, door.chatting(client) as chat:
        reply = door.send_file(client, chat.id, "never sent.mp4", shots.read_bytes())
        assert reply.status_code == 200
    assert len(list(_folder(settings).iterdir())) == 2
    with door.running(settings):
        assert started == []


def test_a_file_that_was_sent_is_taken_up_at_the_next_start(
    settings: Settings, shots: Path, started: list[str]
) -> None:
    with door.running(settings) as client, door.chatting(client) as chat:
        reply = door.send_file(client, chat.id, "sent.mp4", shots.read_bytes())
        assert started == []
        chat.say("", reply.json()["id"])
        chat.until(lambda: "stopped by the test" in chat.text)
        assert started == ["sent"]
    with door.running(settings):
        assert started == ["sent", "sent"]


def test_a_sent_upload_survives_a_restart(
    settings: Settings, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = shots.read_bytes()
    with monkeypatch.context() as patch, door.running(settings) as client:
        patch.setattr(
            JobQueue, "start", lambda *_, **__: Job(Path("kept"), "kept", trouble="it stopped")
        )
        with door.chatting(client) as chat:
            reply = door.send_file(client, chat.id, "kept.mp4", content)
            chat.say("", reply.json()["id"])
            chat.until(lambda: "it stopped" in chat.text)
    dead = _folder(settings) / "0c9e5d6e-3a52-4b43-9a53-2d8f6c1f2b11.part"
    dead.write_bytes(b"half")
    library = Library(settings.home)
    with door.running(settings) as client:

        async def indexed() -> None:
            while list(_folder(settings).iterdir()) or not any(
                video.state == "ready" for video in library.list()
            ):
                await asyncio.sleep(0.05)

        asyncio.run(asyncio.wait_for(indexed(), 60))
        (video,) = library.list()
        assert video.title == "kept"
        assert client.get(f"/media/{video.id}/file").content == content


def test_what_went_away_before_it_was_sent_is_told(
    settings: Settings, shots: Path, started: list[str]
) -> None:
    with door.running(settings) as client, door.chatting(client) as chat:
        id = door.send_file(client, chat.id, "gone.mp4", shots.read_bytes()).json()["id"]
        (_folder(settings) / id).unlink()
        chat.say("What is this?", id)
        chat.until(lambda: "gone** is no longer waiting here" in chat.text)
    assert started == []


def test_a_stray_file_does_not_keep_the_server_from_starting(settings: Settings) -> None:
    _folder(settings).mkdir(parents=True)
    (_folder(settings) / "notes").write_text("mine")
    with door.running(settings) as client:
        assert client.get("/health").text == "ready"
