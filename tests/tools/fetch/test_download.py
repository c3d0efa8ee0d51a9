"""A file comes from a public address whole, or nothing of it stays."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.address_server import INSIDE, PUBLIC, World, leads, sends, world
from tools.errors import VideoError
from tools.fetch.addresses import is_public, parse
from tools.fetch.download import REDIRECTS, download

LIMIT = 1 << 20
FILM = b"film" * 1000
SECRET = "token=5ecret"


@pytest.fixture(scope="module")
def server() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(server: World) -> None:
    for kept in (server.asked, server.connected, server.seen, server.paths):
        kept.clear()
    server.replies["/film.mp4"] = sends(FILM)


def fetched(server: World, folder: Path, text: str, **options: Any) -> bytes:
    path = folder / "file.part"
    download(parse(text), path, LIMIT, network=server.network, **options)
    return path.read_bytes()


def refused(server: World, folder: Path, text: str, **options: Any) -> str:
    """What is said; nothing remains, and no secret is told."""
    with pytest.raises(VideoError) as error:
        fetched(server, folder, text, **options)
    assert list(folder.iterdir()) == []
    told = str(error.value)
    assert "5ecret" not in told and error.value.__cause__ is None
    return told


def test_a_file_comes_to_the_byte_and_nothing_is_told_but_the_host(
    server: World, tmp_path: Path
) -> None:
    told: list[tuple[int, int | None]] = []
    address = f"http://films.example/film.mp4?{SECRET}#part"
    got = fetched(server, tmp_path, address, on_bytes=lambda *here: told.append(here))
    assert got == FILM and told[-1] == (len(FILM), len(FILM))
    assert (server.asked, server.connected) == (["films.example"], [PUBLIC])
    assert server.paths == [f"/film.mp4?{SECRET}"]
    (headers,) = server.seen
    assert headers["host"] == "films.example" and headers["accept-encoding"] == "identity"
    assert not headers.keys() & {"cookie", "authorization", "referer"}


def test_a_redirect_is_followed_without_cookies_and_each_name_resolved_once(
    server: World, tmp_path: Path
) -> None:
    server.replies["/to"] = leads("http://more.example/next")
    server.replies["/next"] = leads("/film.mp4")
    assert fetched(server, tmp_path, "http://films.example/to") == FILM
    assert server.asked == ["films.example", "more.example", "more.example"]
    assert [one["host"] for one in server.seen][1:] == ["more.example"] * 2
    assert not any("cookie" in one for one in server.seen)


@pytest.mark.parametrize("to", [*INSIDE, "inside.example", "mixed.example"])
@pytest.mark.parametrize("by_redirect", [False, True])
def test_what_is_not_public_is_never_connected_to(
    server: World, tmp_path: Path, to: str, by_redirect: bool
) -> None:
    address = f"http://{f'[{to}]' if ':' in to else to}/film.mp4?{SECRET}"
    if by_redirect:
        server.replies["/to"] = leads(address)
        address = "http://films.example/to"
    assert "only public addresses" in refused(server, tmp_path, address)
    assert server.connected == [PUBLIC] * by_redirect


def test_the_address_that_was_checked_is_the_one_connected_to(
    server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that gives another answer the second time is not asked a second time."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    monkeypatch.setattr(server, "resolve", lambda host, port: next(answers))
    assert fetched(server, tmp_path, "http://films.example/film.mp4") == FILM
    assert server.connected == [PUBLIC] and next(answers) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "", "films.example",
    ],
)  # fmt: skip
def test_no_wrapping_makes_an_inner_address_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    "text", [PUBLIC, "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd", "ftp://films.example/film.mp4", "gopher://films.example/",
        "http://me:5ecret@films.example/film.mp4", "http://films.example:22/film.mp4",
        "http://films.example:8000/", "http:///film.mp4", "http://films.example:x/",
        "http://films.example\\@inside.example/", "http://films.example/\r\nHost: inside",
        "http://[::1/film.mp4", "http://" + "a" * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("by_redirect", [False, True])
def test_only_plain_web_addresses_are_fetched(
    server: World, tmp_path: Path, text: str, by_redirect: bool
) -> None:
    no_redirect = "\r" in text or "///film" in text  # no header; the same host, in a redirect
    if by_redirect and not no_redirect:
        server.replies["/to"] = leads(text)
        text = "http://films.example/to"
    refused(server, tmp_path, text)
    assert not any("film.mp4" in path for path in server.paths)


def test_https_does_not_lead_to_http() -> None:
    with pytest.raises(VideoError, match="https://"):
        parse("https://films.example/a").follow("http://films.example/b")
    assert str(parse("https://films.example/a").follow("b?c")) == "https://films.example/b"


def test_redirects_without_end_are_given_up(server: World, tmp_path: Path) -> None:
    server.replies["/round"] = leads("/round")
    assert "more than" in refused(server, tmp_path, "http://films.example/round")
    assert len(server.paths) == REDIRECTS + 1


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(1 << 16))
    except OSError:
        pass


def test_a_file_that_is_too_large_is_refused_however_it_is_told(
    server: World, tmp_path: Path
) -> None:
    server.replies["/declared"] = sends(b"", declared=LIMIT + 1)
    server.replies["/endless"] = endless
    for path in ("declared", "endless"):
        told = refused(server, tmp_path, f"http://films.example/{path}?{SECRET}")
        assert "larger than 1 MB" in told


@pytest.mark.parametrize("begun", [False, True])
def test_a_server_that_falls_silent_is_given_up(server: World, tmp_path: Path, begun: bool) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        if begun:
            sends(b"film", declared=1000)(handler)
            handler.wfile.flush()
        server.released.wait()

    server.replies["/silent"] = silent
    address = f"http://films.example/silent?{SECRET}"
    assert "no byte of" in refused(server, tmp_path, address, stall=0.2)


def test_a_download_that_nobody_wants_any_more_ends(server: World, tmp_path: Path) -> None:
    stopped = threading.Event()
    server.replies["/endless"] = endless
    address = "http://films.example/endless"
    options = {"on_bytes": lambda *_: stopped.set(), "wanted": lambda: not stopped.is_set()}
    assert "was stopped" in refused(server, tmp_path, address, **options)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (sends(b"film", declared=1000), "broke off"),
        (sends(b"<html>", type="text/html; charset=utf-8"), "is a page"),
        (sends(b"#EXTM3U", type="text/plain"), "is a page"),
        (sends(b""), "is empty"),
        (lambda handler: handler.send_error(404), "answered 404"),
        (lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n"), "broke off"),
    ],
)
def test_what_is_no_whole_file_leaves_nothing(
    server: World, tmp_path: Path, reply: Any, told: str
) -> None:
    server.replies["/odd"] = reply
    assert told in refused(server, tmp_path, f"http://films.example/odd?{SECRET}")


def test_a_packed_file_is_not_taken_for_a_video(server: World, tmp_path: Path) -> None:
    def packed(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(b"film")

    server.replies["/packed"] = packed
    assert "packed" in refused(server, tmp_path, "http://films.example/packed")


def test_a_name_that_nobody_knows_is_told(server: World, tmp_path: Path) -> None:
    server.names["nowhere.example"] = []
    assert "nowhere.example" in refused(server, tmp_path, "http://nowhere.example/a")
    assert server.connected == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("https://films.example/a/My%20film.mp4?x=1", "My film"),
        ("https://films.example/..%2f..%2fetc%2fpasswd", "passwd"),
        ("https://films.example/", "films.example"),
        ("https://films.example/%E2%80%AEgpj.mp4", "gpj"),
    ],
)
def test_the_title_is_the_last_part_of_the_address(text: str, title: str) -> None:
    assert parse(text).title == title
