"""Both doors fetch the video of a page, with its subtitles, and leave nothing where none comes."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from agent.agent import open_agent
from tests.address_server import (
    API,
    PAGE,
    World,
    leads,
    processes,
    sends,
    sends_json,
    site_world,
    stand_in,
)
from tests.ui import door
from tests.ui.test_addresses import leftovers, settings
from tools.library import Library
from ui.web.uploads import Uploads

Cuepoint = Callable[..., tuple[int, str, str]]
CUES = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nThe lamp is lit.\n"


@pytest.fixture
def sites(shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with site_world(shots, tmp_path, monkeypatch) as made:
        stand_in(made, shots, monkeypatch)
        made.replies["/en.vtt"] = sends(CUES)
        made.replies[f"{API}captions"] = sends_json(
            {"data": [{"language": {"id": "en"}, "captionPath": "/en.vtt"}]}
        )
        yield made


def test_the_command_line_indexes_the_video_of_a_page_with_what_is_said(
    sites: World,
    cuepoint: Cuepoint,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    shots: Path,
) -> None:
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    status, out, err = cuepoint("index", f"{PAGE}?token=5ecret", "--only", "speech")
    assert status == 0 and out.rstrip().endswith("The keeper") and "5ecret" not in err
    library = Library(tmp_path / "home")
    (video,) = library.list()
    assert library.original(video.id).read_bytes() == shots.read_bytes()
    assert "The lamp is lit." in cuepoint("transcript", video.id)[1]
    assert not leftovers(tmp_path) and not processes()


def test_the_command_line_leaves_nothing_of_a_page_that_leads_inside(
    sites: World, cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    sites.replies["/film.mp4"] = leads("https://inside.example/film.mp4")
    status, _, err = cuepoint("index", "--json", f"{PAGE}?token=5ecret")
    assert status == 1 and "only public addresses" in err and "5ecret" not in err
    assert "Traceback" not in err and str(tmp_path) not in err
    assert Library(tmp_path / "home").list() == [] and not leftovers(tmp_path)


def test_what_comes_is_told_by_its_content(
    sites: World, cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    sites.replies["/film.mp4"] = sends(b"#EXTM3U\nhttps://inside.example/film.mp4\n")
    status, _, err = cuepoint("index", "--json", PAGE)
    assert status == 1 and "is a playlist" in err and str(tmp_path) not in err
    assert Library(tmp_path / "home").list() == [] and not leftovers(tmp_path)


def test_the_chat_indexes_the_video_of_a_page_and_calls_it_by_its_title(
    sites: World, tmp_path: Path
) -> None:
    opened = settings(tmp_path, "on")
    with door.running(opened, open_agent) as client, door.chatting(client) as chat:
        chat.say(PAGE)
        chat.until(lambda: "**The keeper** is ready." in chat.text)
        (video,) = Library(opened.home).list()
        assert video.title == "The keeper"
    assert not leftovers(opened.home) and not processes()
    assert list(opened.home.rglob("captions.en.vtt"))


def test_cancelling_in_the_chat_ends_the_process_and_leaves_nothing(
    sites: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended, known = threading.Event(), threading.Event(), Uploads._fetch

    def silent(handler: BaseHTTPRequestHandler) -> None:
        begun.set()
        sites.released.wait()

    def watched(self: Uploads, *arguments: Any) -> Any:
        try:
            return known(self, *arguments)
        finally:
            ended.set()

    monkeypatch.setattr(Uploads, "_fetch", watched)
    sites.replies["/film.mp4"] = silent
    opened = settings(tmp_path, "on")
    with door.running(opened, open_agent) as client, door.chatting(client) as chat:
        chat.say(PAGE)
        assert begun.wait(60) and processes()
        (task,) = client.get("/tasks").json()["tasks"]
        assert client.post(f"/tasks/{task['id']}/cancel").status_code == 204
        assert ended.wait(60) and not processes() and not leftovers(opened.home)
        (task,) = client.get("/tasks").json()["tasks"]
        assert task["over"]
    assert Library(opened.home).list() == []
