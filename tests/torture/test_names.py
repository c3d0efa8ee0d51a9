"""W9 and U4: hostile names of files, and paths that come in from outside."""
# ruff: noqa: E501 (tables)

import json
import os
import random
import re
import unicodedata
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import agent.agent
import ui.web.media
from agent.settings import Settings
from agent.toolbelt import Toolbelt, video_line
from tools.errors import RefusedRequest, VideoError
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE, Providers
from tools.toolbox import Toolbox
from ui.chat.cards import escape_markdown
from ui.chat.indexing import _allowed_path
from ui.cli.app import app
from ui.web.server import build_app

Times = Callable[[int], int]
BASE = "http://127.0.0.1:8000"
PARTS = [
    "..", ".", "/", "\\", "../../etc/passwd", "..\\..\\boot.ini", "C:\\x", "\\\\server\\share\\x", "~", "~root",
    "-rf", "--json", "-", "--", "$(reboot)", "`id`", "${HOME}", ";ls", "|cat", "&", ">out", "<in", "*", "?", "[a]", "{a,b}",
    "\n", "\r\nX-Evil: 1", "\t", "\x07", "\x1b[2J", "\x1b]0;t\x07", "\x7f", "\x85", "\x01\x02",
    "\u202egpj", "\u2066x\u2069", "\u200b", "\ufeff", "\u2028", "\u00a0", "\u3000", "e\u0301", "Å", "ﬁ", "日本語", "🎬", "👨‍👩‍👧", "\U000e0041",
    "'", '"', "''", '"; filename="b', "a=b; c", "%00", "%2e%2e%2f", "%0d%0a", "&lt;", "&#x3c;", "+", "#frag", "?q=1",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://evil.example/)", "[a](javascript:b)", "**b**", "# h", "> q", "| t |", "~~s~~", "$$x$$",
    "CON", "NUL.txt", "COM1", "aux", ".hidden", "...", "a.", "a ", " a", "thumbs.db", ".mp4", "manifest.json", "lock", "original",
    "0123456789abcdef", "null", "None", "true", "NaN", "{}", "[]", "concat:a|b", "file:///etc/passwd", "http://evil.example/a", "data:,x", "pipe:0",
]  # fmt: skip
BROKEN = [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88", b"ok\xfe", b"\x80\x81"]
"""Names that are no text: a disk holds any bytes."""


def names(chance: random.Random, count: int) -> list[bytes]:
    """Names from outside, the longest of 4 kB."""
    made = [part.encode() for part in PARTS] + BROKEN + [b"a" * 4096, "é".encode() * 2000]
    while len(made) < count:
        parts = chance.sample([*(p.encode() for p in PARTS), *BROKEN], chance.randrange(2, 5))
        made.append(b"".join(parts))
    core = [
        b"<img src=x onerror=alert(1)>",
        b"\x1b[2J",
        b"../../etc/passwd",
        b"\xff",
        b"\r\nX-Evil: 1",
    ]
    return [*core, *chance.sample(made, count - len(core))]


def harmless(text: str, lines: bool = False) -> None:
    """Nothing that a terminal obeys or a reader cannot see."""
    for c in text:
        fine = (lines and c == "\n") or unicodedata.category(c) not in (
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Zl",
            "Zp",
        )
        assert fine, (c, text)


@asynccontextmanager
async def _no_agent(settings: Settings, **_: object) -> AsyncIterator[object]:
    yield object()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path]) -> bytes:
    """A film of two seconds, as bytes."""
    import numpy as np

    path = tmp_path_factory.mktemp("small") / "small.mp4"
    return encode(path, lambda at: np.full((32, 32, 3), int(at * 60), np.uint8), 2.0).read_bytes()


def another(film: bytes, number: int) -> bytes:
    """The same film as another file: a box that says nothing is put behind."""
    return film + (16).to_bytes(4) + b"free" + number.to_bytes(8)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def client(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(agent.agent, "open_agent", _no_agent)
    settings = Settings(home=home, port=8000, upload_limit=1 << 20, providers=Providers("none"))
    with TestClient(build_app(settings), base_url=BASE, follow_redirects=False) as client:
        yield client


def test_files_of_any_name_are_indexed_and_shown_escaped(
    tmp_path: Path,
    home: Path,
    small: bytes,
    client: TestClient,
    times: Times,
    chance: random.Random,
    row: Any,
) -> None:
    folder, count = os.fsencode(tmp_path / "in"), 0
    os.mkdir(folder)
    runner = CliRunner()
    for number, name in enumerate(names(chance, times(300))):
        fit = name.replace(b"/", b"_").replace(b"\0", b"")[:255].strip(b".") or b"_"
        path = folder + b"/" + fit
        with open(path, "wb") as file:
            file.write(another(small, number))
        options = ["--library", str(home)]
        shown = os.fsdecode(path)
        done = runner.invoke(app, [*options, "index", shown, "--only", "keyframes", "--json"])
        assert done.exit_code == 0, (fit, done.output, done.exception)
        (video,) = json.loads(done.stdout)
        assert video["path"] == shown and re.fullmatch(r"[0-9a-f]{16}", video["id"])
        harmless(done.stdout, lines=True)
        harmless(video["title"])
        assert 0 < len(video["title"]) <= 200
        listed = runner.invoke(app, [*options, "library", "show", video["id"]])
        assert listed.exit_code == 0, (fit, listed.exception)
        harmless(listed.stdout, lines=True)
        assert (home / "libraries/local/videos" / video["id"] / "manifest.json").is_file()
        _shown_in_the_browser(client, video["id"], video["title"])
        harmless(video_line(Library(home).get(video["id"])))
        count += 1
    inside = {entry.name for entry in (home / "libraries/local/videos").iterdir()}
    assert len(inside) == count and all(re.fullmatch(r"[0-9a-f]{16}", name) for name in inside)
    row(
        "W9",
        "a file of a hostile name is indexed",
        count,
        count,
        "stored under its id, shown escaped",
    )


class Markup(HTMLParser):
    """The tags of a page, and the names of their attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kinds.append(tag)
        self.names += [name for name, _ in attrs]


MOMENT = Markup()
MOMENT.feed((Path(ui.web.media.__file__).parent / "moment.html").read_text())


def _shown_in_the_browser(client: TestClient, id: str, title: str) -> None:
    page = client.get(f"/v/{id}")
    assert page.status_code == 200
    seen = Markup()
    seen.feed(page.text)
    assert seen.kinds == MOMENT.kinds and seen.names == MOMENT.names, title
    for route in ("file", "frame/0.jpg"):
        sent = client.get(f"/media/{id}/{route}")
        assert sent.status_code == 200 and "x-evil" not in sent.headers
        assert sent.headers["content-disposition"].startswith("inline; filename")
        assert sent.headers["content-disposition"].isprintable()
        assert sent.headers["x-content-type-options"] == "nosniff"
    shown = escape_markdown(title)
    for mark in ("<", "](", "![", "**", "`"):
        assert mark not in re.sub(r"\\.", "", shown), shown
    assert "://" not in shown


def test_uploads_of_any_name_are_stored_under_an_id(
    home: Path, small: bytes, client: TestClient, times: Times, chance: random.Random, row: Any
) -> None:
    session = str(uuid.uuid4())
    with client.websocket_connect(
        "ws://127.0.0.1:8000/ws/socket.io/?EIO=4&transport=websocket",
        headers={"upgrade": "websocket"},
    ) as socket:
        socket.receive_text()
        auth = {"sessionId": session, "clientType": "webapp", "threadId": "", "userEnv": "{}"}
        socket.send_text("40" + json.dumps(auth))
        socket.receive_text()
        folder = home / "libraries/local/uploads"
        refused, tried = 0, names(chance, times(300))
        for name in tried:
            before = set(folder.iterdir())
            body = (
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
            )
            answer = client.post(
                f"/project/file?session_id={session}",
                content=body + small + b"\r\n--b--\r\n",
                headers={"content-type": "multipart/form-data; boundary=b"},
            )
            new = set(folder.iterdir()) - before
            assert "x-evil" not in answer.headers
            if answer.status_code != 200:  # a quote or a newline ends the header: no form any more
                assert answer.status_code == 400 and not new, (name, answer.text)
                harmless(answer.json()["detail"])
                refused += 1
                continue
            id = answer.json()["id"]
            assert str(uuid.UUID(id)) == id and {p.name for p in new} == {id, f"{id}.json"}
            title = json.loads((folder / f"{id}.json").read_bytes())["title"]
            harmless(title)
            assert 0 < len(title) <= 200 and "/" not in title
            sent = client.get(f"/project/file/{id}?session_id={session}")
            assert sent.status_code == 200 and sent.content == small
            for path in new:
                path.unlink()
    outside = {path.name for path in home.parent.iterdir()}
    assert outside == {"home"}, outside
    row(
        "W9", "an upload of a hostile name", len(tried), len(tried), f"{refused} refused as no form"
    )


def paths(folder: Path) -> list[tuple[str, str]]:
    """Ways to name a file that is there, and the same ways to name one that is not."""
    ways: list[tuple[str, str]] = []
    for there, missing in (
        (folder / "outside/secret.mp4", folder / "outside/absent.mp4"),
        (folder / "outside", folder / "nowhere"),
        (Path("/etc/passwd"), Path("/etc/no-such-file")),
        (Path("/proc/self/environ"), Path("/proc/self/no-such-file")),
        (Path("/dev/null"), Path("/dev/no-such-file")),
        (folder / "root/link.mp4", folder / "root/dangling.mp4"),
    ):
        for way in (
            "{}", "file://{}", "file:{}", "{}/", "{}/.", "//{}", "/./{}", "/proc/self/root{}", "/proc/self/cwd/../../../../../../..{}",
            "{root}/..{}", "{root}/../../../../../../../../..{}", "{root}/film.mp4/../../../../../../../../..{}", "\\\\localhost\\c$\\{}",
            "%2f{}", "..%2f..{}", "~{}", "~root/..{}", "{}\x00.mp4", "{}?x=.mp4", "concat:{}", "subfile:{}", "{}" + "a" * 5000,
        ):  # fmt: skip
            root = str(folder / "root")
            ways.append((way.format(there, root=root), way.format(missing, root=root)))
    return ways


@pytest.fixture
def shelves(tmp_path: Path, small: bytes) -> Path:
    """A root with a film and links out of it; beside it a film that is nobody's business."""
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root/film.mp4").write_bytes(small)
    (tmp_path / "outside/secret.mp4").write_bytes(another(small, 1) + b"CANARY")
    (tmp_path / "root/link.mp4").symlink_to(tmp_path / "outside/secret.mp4")
    (tmp_path / "root/dangling.mp4").symlink_to(tmp_path / "outside/absent.mp4")
    (tmp_path / "root/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root/loop.mp4").symlink_to(tmp_path / "root/loop.mp4")
    os.mkfifo(tmp_path / "root/pipe.mp4")
    return tmp_path


def refusal(ask: Callable[[], object], name: str) -> str:
    """What is said to a name, without the name; it must be refused."""
    with pytest.raises(VideoError) as refused:
        ask()
    return str(refused.value).replace(repr(name), "…").replace(name, "…")


def test_the_chat_opens_nothing_outside_its_roots(shelves: Path, row: Callable[..., None]) -> None:
    roots = [shelves / "root"]
    film = shelves / "root/film.mp4"
    for name in (film, f"{shelves}/root/../root/film.mp4", f"{shelves}/root//film.mp4"):
        assert _allowed_path(roots, str(name)) == film
    more = [
        "loop.mp4",
        "pipe.mp4",
        "folder/secret.mp4",
        "folder/absent.mp4",
        "absent.mp4",
        "",
        "a" * 5000,
    ]
    pairs = paths(shelves) + [(str(shelves / "root" / name), "nowhere") for name in more]
    said = {
        refusal(lambda one=one: _allowed_path(roots, one), one) for pair in pairs for one in pair
    }
    assert len(said) == 1, said
    assert {refusal(lambda one=one: _allowed_path([], one), one) for one, _ in pairs} == said
    row(
        "U4",
        "the chat is told a path",
        2 * len(pairs),
        2 * len(pairs),
        "0 opened, one answer to all",
    )


def test_a_model_opens_no_path(
    shelves: Path, monkeypatch: pytest.MonkeyPatch, row: Callable[..., None]
) -> None:
    library = Library(shelves / "home")
    ingest(library, shelves / "root/film.mp4", providers=BARE, only=("pass",))
    belt = Toolbelt(Toolbox(library))
    ways = [
        ("search_transcript", "videos"),
        ("list_videos", "videos"),
        ("summarize_video", "video"),
    ]
    opened: list[str] = []
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: opened.append(str(self)) or real(self, *a, **k)
    )
    tried = 0
    for there, missing in paths(shelves):
        for tool, field in ways:
            call = {field: [there] if field == "videos" else there, "query": "x"}
            other = {field: [missing] if field == "videos" else missing, "query": "x"}
            one = refusal(lambda tool=tool, call=call: belt.validate(tool, call, ()), there)
            two = refusal(lambda tool=tool, other=other: belt.validate(tool, other, ()), missing)
            assert one == two, (one, two)
            tried += 2
    assert not [path for path in opened if not path.startswith(str(shelves / "home"))]
    row("U4", "a model names a path to a tool", tried, tried, "0 opened, one answer to all")


def test_no_address_reads_a_path(
    shelves: Path, client: TestClient, row: Callable[..., None]
) -> None:
    routes = [
        "/media/{}/file", "/media/{}/play", "/media/{}/frame/0.jpg", "/v/{}", "/media/{}", "/public/{}",
        "/public/elements/{}", "/project/file/{}?session_id=" + str(uuid.uuid4()), "/avatars/{}", "/{}",
    ]  # fmt: skip
    tried = 0
    for there, missing in paths(shelves)[::2]:
        for route in routes:
            for wrap in (lambda text: quote(text, safe=""), lambda text: quote(text)):
                answers = [client.get(BASE + route.format(wrap(one))) for one in (there, missing)]
                assert answers[0].status_code == answers[1].status_code, (route, there)
                assert answers[0].text.replace(there, "") == answers[1].text.replace(missing, "")
                for answer in answers:
                    assert b"CANARY" not in answer.content and b"root:" not in answer.content
                    assert b"PATH=" not in answer.content
                tried += 2
    row("U4", "a path stands in an address", tried, tried, "0 opened, one answer to all")


def test_an_upload_names_no_path(shelves: Path, client: TestClient) -> None:
    with pytest.raises(RefusedRequest):
        _allowed_path([shelves / "root"], str(shelves / "outside/secret.mp4"))
    answer = client.post(
        f"/project/file?session_id={uuid.uuid4()}",
        data={"file": str(shelves / "outside/secret.mp4")},
    )
    assert answer.status_code in (400, 404, 422) and "CANARY" not in answer.text
