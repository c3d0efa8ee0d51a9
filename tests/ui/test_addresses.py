"""Both doors fetch an address once that is switched on, and index what came."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.settings import Settings
from tests.address_server import World, sends, stand_in, world
from tests.ui import door
from tools.library import Library
from tools.models.providers import BARE

Cuepoint = Callable[..., tuple[int, str, str]]
FILM = "http://films.example/film.mp4?token=5ecret"


@pytest.fixture
def server(shots: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world() as made:
        stand_in(made, shots, monkeypatch)
        yield made


def settings(tmp_path: Path, addresses: str) -> Settings:
    return Settings(home=tmp_path / "home", providers=BARE, background="off", addresses=addresses)


def leftovers(home: Path) -> list[Path]:
    found = [*home.rglob("fetch-*"), *home.rglob("*.part"), *home.rglob("uploads/*")]
    return [path for path in found if path.is_file() or path.name.startswith("fetch-")]


def test_the_command_line_fetches_and_indexes(
    server: World, cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shots: Path
) -> None:
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    status, out, err = cuepoint("index", FILM, "--only", "keyframes")
    assert status == 0 and out.rstrip().endswith("film") and "5ecret" not in err
    library = Library(tmp_path / "home")
    (video,) = library.list()
    original = library.original(video.id)
    assert video.title == "film" and original.read_bytes() == shots.read_bytes()
    assert original.is_relative_to(tmp_path / "home") and not leftovers(tmp_path)
    assert cuepoint("index", FILM, "--only", "keyframes")[0] == 0
    assert len(library.list()) == 1 and not leftovers(tmp_path)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://films.example/page?token=5ecret", "video"),
        ("http://inside.example/film.mp4?token=5ecret", "only public addresses"),
        ("file:///etc/passwd", "only addresses that begin with"),
        ("ftp://films.example/film.mp4", "only addresses that begin with"),
    ],
)
def test_the_command_line_says_what_it_does_not_fetch(
    server: World,
    cuepoint: Cuepoint,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    address: str,
    told: str,
) -> None:
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    server.replies["/page"] = sends(b"<html>this is a page</html>")  # and says that it is a video
    status, _, err = cuepoint("index", "--json", address)
    assert status == 1 and told in err and "5ecret" not in err and "Traceback" not in err
    assert str(tmp_path) not in err
    assert Library(tmp_path / "home").list() == [] and not leftovers(tmp_path)


def test_no_door_fetches_until_it_is_switched_on(
    server: World, cuepoint: Cuepoint, tmp_path: Path
) -> None:
    assert Settings().addresses == "off"
    status, _, err = cuepoint("index", FILM)
    assert status == 1 and "CUEPOINT_ADDRESSES=on" in err
    opened = settings(tmp_path, "off")
    with door.running(opened, open_agent) as client, door.chatting(client) as chat:
        chat.say(FILM)
        chat.until(lambda: "I don't fetch addresses" in chat.text)
        assert "CUEPOINT_ADDRESSES=on" in chat.text.replace("\\", "")
        assert client.get("/tasks").json()["tasks"] == []
    assert server.asked == [] and server.connected == []


def test_the_chat_fetches_and_indexes_an_address(server: World, tmp_path: Path) -> None:
    opened = settings(tmp_path, "on")
    with door.running(opened, open_agent) as client, door.chatting(client) as chat:
        chat.say(FILM)
        chat.until(lambda: "**film** is ready." in chat.text)
        assert [video.title for video in Library(opened.home).list()] == ["film"]
    assert not leftovers(opened.home)


def test_the_chat_tells_why_nothing_came_and_lists_it_as_a_task(
    server: World, tmp_path: Path
) -> None:
    server.replies["/page"] = sends(b"<html>", type="text/html")
    opened = settings(tmp_path, "on")
    with door.running(opened, open_agent) as client, door.chatting(client) as chat:
        chat.say("http://films.example/page?token=5ecret")
        chat.until(lambda: "a site that yt-dlp doesn't know" in chat.text)
        (task,) = client.get("/tasks").json()["tasks"]
        assert "is a page" in task["text"] and task["over"]
        chat.say("http://mixed.example/film.mp4")
        chat.until(lambda: "only public addresses" in chat.text)
        chat.say("file:///etc/passwd")
        chat.until(lambda: "only addresses that begin" in chat.text)
        assert not any("5ecret" in text for text in chat.messages)
    assert Library(opened.home).list() == [] and not leftovers(opened.home)
