"""Subtitles that are attached find their video, or it is asked which one they belong to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.agent import open_agent
from agent.settings import Settings
from tests.ui import door
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.web.uploads import file_name

SAID = b"1\n00:00:01,000 --> 00:00:03,000\nThe heron waits by the weir.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", port=8000, model="extractive", providers=BARE)


def _said(library: Library) -> list[list[str]]:
    return [[one.text for one in library.utterances(video.id)] for video in library.list()]


def _sent(client: Any, chat: door.Chat, name: str, content: bytes) -> str:
    reply = door.send_file(client, chat.id, name, content)
    assert reply.status_code == 200, reply.text
    return reply.json()["id"]


def test_they_are_read_with_the_video_that_they_come_with_whatever_they_are_called(
    settings: Settings, shots: Path
) -> None:
    with door.running(settings) as client, door.chatting(client) as chat:
        film = _sent(client, chat, "film.mp4", shots.read_bytes())
        chat.say("", film, _sent(client, chat, "english.srt", SAID))
        chat.until(lambda: "**film** is ready." in chat.text)
    assert _said(Library(settings.home)) == [["The heron waits by the weir."]]
    assert list((settings.home / "libraries/local/uploads").iterdir()) == []


def test_later_they_go_to_the_video_of_their_name_else_it_is_asked(
    settings: Settings, shots: Path, encode: Callable[..., Path], tmp_path: Path
) -> None:
    grey = encode(tmp_path / "grey.mp4", lambda _: np.full((90, 160, 3), 99, np.uint8), 4.0)
    library = Library(settings.home)
    ingest(library, shots, title="pond", providers=BARE)
    second = ingest(library, grey, providers=BARE)
    with door.running(settings, open_agent) as client, door.chatting(client) as chat:
        chat.say("", _sent(client, chat, "Pond.en.srt", SAID))
        chat.until(lambda: "**pond** is ready." in chat.text)
        assert _said(library) == [[], ["The heron waits by the weir."]]
        file = _sent(client, chat, "other.srt", SAID.replace(b"heron", b"stork"))
        chat.say("", file)
        chat.until(lambda: "Which video do the subtitles" in chat.text)
        action = {"name": "subtitles", "payload": {"file": file, "video": second.id}}
        action |= {"id": "a", "label": "grey", "tooltip": "", "forId": "b"}
        reply = client.post("/project/action", json={"action": action, "sessionId": chat.id})
        assert reply.status_code == 200
        chat.until(lambda: "**grey** is ready." in chat.text)
    assert _said(library)[0] == ["The stork waits by the weir."]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.srt", b"nothing", "holds no subtitles"),
        ("pictures.sup", b"PG", "convert it to SubRip"),
    ],
)
def test_what_holds_none_is_refused_with_the_reason(
    settings: Settings, name: str, content: bytes, told: str
) -> None:
    with door.running(settings) as client, door.chatting(client) as chat:
        reply = door.send_file(client, chat.id, name, content)
        assert reply.status_code == 400 and told in reply.json()["detail"]
    assert list((settings.home / "libraries/local/uploads").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../etc/x.srt", "a\\b\\x.srt", "x" * 300 + ".srt", "\u202e.srt"]
)
def test_their_name_is_never_a_path_and_keeps_its_ending(name: str) -> None:
    made = file_name(name)
    assert made.name == str(made) and made.name.endswith("srt")
    assert len(made.name.encode()) <= 240 and made.name.isprintable()
