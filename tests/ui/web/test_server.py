"""The web door: who may come in, what may be sent, what is given out."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import ui.web.server
from agent.settings import Settings
from tests.ui.door import SOCKET, running, send_file, session
from tools.errors import RefusedRequest, UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE, Providers
from tools.sandbox import Child
from ui.web.proxies import browser_type, copied_span
from ui.web.server import build_app
from ui.web.uploads import title_of

LIMIT = 4 << 20
ROUTES = ("/", "/health", "/project/settings", "/public/style.css", "/v/x", "/media/x/file", "/mcp")
NAMES = [
    "../../a.mp4", "..\\..\\a.mp4", "/etc/passwd", "C:\\Windows\\a.mp4", "a/b/c.mp4", "-rf",
    "$(reboot).mp4", "`id`.mp4", "a;b|c&d.mp4", "a'b.mp4", 'a"b.mp4', "%2e%2e%2fa.mp4", "%00.mp4",
    "new\nline.mp4", "carriage\r\nX-Evil: 1.mp4", "tab\tname.mp4", "bell\a.mp4", "CON", "NUL.mp4",
    "a" * 4000 + ".mp4", "gpj.\u202e4pm.mp4", "\u200bzero.mp4", "<img src=x onerror=alert(1)>.mp4",
    "![x](http://evil.example/x).mp4", "[1].mp4", "日本語.mp4", "🎬.mp4", ".hidden", "..", " .mp4",
]  # fmt: skip
ODD_IDS = [
    "", ".", "..", "../x", "..%2fx", "/etc", "a/b", "a\\b", "x" * 5000, "null", "0", "é", "💥",
    "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-0000000000000",
    "{00000000-0000-0000-0000-000000000000}", "urn:uuid:00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000000000", "AAAAAAAA-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-000000000000/..", "00000000-0000-0000-0000-000000000000\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("door") / "home"


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home, port=8000, upload_limit=LIMIT, providers=Providers("none"))


@pytest.fixture(scope="module")
def client(settings: Settings, shots: Path) -> Iterator[TestClient]:
    ingest(Library(settings.home), shots, title="Four <b>shots</b>", providers=BARE)
    with running(settings) as client:
        yield client


@pytest.fixture
def video(client: TestClient, settings: Settings) -> str:
    return next(v.id for v in Library(settings.home).list() if v.title.startswith("Four"))


def _uploads(settings: Settings) -> list[Path]:
    return sorted((settings.home / "libraries/local/uploads").iterdir())


# W1: Host and Origin


@pytest.mark.parametrize("route", ROUTES)
def test_a_foreign_host_or_origin_is_refused_on_every_route(client: TestClient, route: str) -> None:
    hosts = {"127.0.0.1:8000": True, "localhost:8000": True, "[::1]:8000": True}
    hosts |= {"evil.example": False, "evil.example:8000": False, "127.0.0.1": False}
    hosts |= {"127.0.0.1:8001": False, "127.0.0.1:8000.evil.example": False}
    origins = {None: True, "http://127.0.0.1:8000": True, "http://localhost:8000": True}
    origins |= {"http://evil.example": False, "null": False, "http://127.0.0.1:9": False}
    for host, known in hosts.items():
        for origin, own in origins.items():
            headers = {"host": host} | ({"origin": origin} if origin else {})
            status = client.get(route, headers=headers).status_code
            expected = 421 if not known else 403 if not own else None
            assert (status in (421, 403)) == (expected is not None), (host, origin, status)
            assert expected in (None, status)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1:8000", "origin": "http://evil.example"},
        {"host": "127.0.0.1:8000", "origin": "null"},
        {"host": "evil.example", "origin": "http://evil.example"},
    ],
)
def test_a_foreign_page_gets_no_socket(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET, headers=headers):
        pass
    polling = client.get("/ws/socket.io/?EIO=4&transport=polling", headers=headers)
    assert polling.status_code in (421, 403)


def test_another_site_may_link_here_but_not_embed(client: TestClient, video: str) -> None:
    foreign = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    embed = {**foreign, "sec-fetch-dest": "video"}
    assert client.get(f"/media/{video}/file", headers=embed).status_code == 403
    link = {**foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get(f"/v/{video}?t=3", headers=link).status_code == 200


def test_no_cross_origin_reply_and_the_headers_of_the_page(client: TestClient) -> None:
    reply = client.get("/", headers={"origin": "http://localhost:8000"})
    policy = reply.headers["content-security-policy"]
    assert "http" not in policy and "*" not in policy and "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "//fonts." not in reply.text and "cdn." not in reply.text


# W2: session ids


@pytest.mark.parametrize("id", ODD_IDS)
def test_a_session_id_that_is_no_uuid_is_refused(
    client: TestClient, settings: Settings, id: str
) -> None:
    canary = settings.home / "canary.txt"
    canary.write_text("alive")
    before = sorted(path.name for path in settings.home.rglob("*"))
    with session(client, id) as accepted:
        assert not accepted
    reply = client.post("/project/file", params={"session_id": id}, files={"file": ("a", b"x")})
    assert reply.status_code in (400, 404)
    assert client.post("/set-session-cookie", json={"session_id": id}).status_code == 400
    action = {"sessionId": id, "action": {"name": "choose", "payload": {}}}
    assert client.post("/project/action", json=action).status_code == 404
    assert sorted(path.name for path in settings.home.rglob("*")) == before
    assert canary.read_text() == "alive"


def test_a_uuid_is_accepted(client: TestClient) -> None:
    with session(client, str(uuid.uuid4())) as accepted:
        assert accepted


@pytest.mark.parametrize("path", ["/login", "/project/element", "/auth/jwt"])
def test_what_is_not_used_is_closed(client: TestClient, path: str) -> None:
    assert client.post(path, json={}).status_code == 404


# W6, W7, W9: uploads


def test_an_upload_over_the_limit_leaves_nothing(client: TestClient, settings: Settings) -> None:
    id, before = str(uuid.uuid4()), _uploads(settings)
    with session(client, id):
        assert send_file(client, id, "big.mp4", bytes(LIMIT + 1)).status_code == 413

        def pieces() -> Iterator[bytes]:  # no length is declared, and there is no end
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            for _ in range(3 * LIMIT >> 16):
                sent.append(1 << 16)
                yield bytes(1 << 16)

        sent: list[int] = []
        kind = {"content-type": "multipart/form-data; boundary=b"}
        reply = client.post(f"/project/file?session_id={id}", content=pieces(), headers=kind)
        assert reply.status_code == 413
    assert _uploads(settings) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b"no form at all",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
        b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n--b--\r\n',
    ],
)
def test_a_broken_form_leaves_nothing(client: TestClient, settings: Settings, body: bytes) -> None:
    id, before = str(uuid.uuid4()), _uploads(settings)
    kind = {"content-type": "multipart/form-data; boundary=b"}
    with session(client, id):
        reply = client.post(f"/project/file?session_id={id}", content=body, headers=kind)
    assert reply.status_code == 400
    assert _uploads(settings) == before


def test_the_type_is_decided_by_the_content(
    client: TestClient, settings: Settings, shots: Path
) -> None:
    id, before = str(uuid.uuid4()), _uploads(settings)
    script = b"ffconcat version 1.0\nfile '" + os.fsencode(shots) + b"'\n"
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + os.fsencode(shots) + b"\n"
    with session(client, id):
        for content in (b"just text", script, playlist, b"\x89PNG\r\n\x1a\n" + bytes(64)):
            reply = send_file(client, id, "clip.mp4", content)
            assert reply.status_code == 415
            assert str(settings.home) not in reply.text
    assert _uploads(settings) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_data(client: TestClient, settings: Settings, name: str) -> None:
    title = title_of(name)
    assert title == title.strip() and 0 < len(title) <= 200
    assert not any(c in title for c in "/\\\n\r\t\0\u202e\a")


def test_uploads_of_any_name_are_stored_under_an_id(
    client: TestClient, settings: Settings, shots: Path
) -> None:
    id, content = str(uuid.uuid4()), shots.read_bytes()
    with session(client, id):
        for name in ("../../a.mp4", "日本語 <b>.mp4", "-rf"):
            reply = send_file(client, id, name, content)
            assert reply.status_code == 200, reply.text
            stored = uuid.UUID(reply.json()["id"])
            path = settings.home / "libraries/local/uploads" / str(stored)
            assert path.read_bytes() == content
            path.unlink()
            path.with_suffix(".json").unlink()


# Media


def test_a_range_is_answered_and_only_one(client: TestClient, video: str, shots: Path) -> None:
    content = shots.read_bytes()
    whole = client.get(f"/media/{video}/file")
    assert whole.content == content
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"].startswith("inline; filename*=utf-8''Four%20%3Cb")
    part = client.get(f"/media/{video}/file", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    several = "bytes=" + ",".join(f"{n}-{n}" for n in range(500))
    assert client.get(f"/media/{video}/file", headers={"range": several}).status_code == 416
    late = client.get(f"/media/{video}/file", headers={"range": f"bytes={len(content)}-"})
    assert late.status_code == 416


def test_a_hostile_range_is_answered_or_refused(client: TestClient, video: str) -> None:  # W8
    numbers = ("", "0", "9" * 400, "-1", "1-0", "0x10", "1e9", "\u0661", " 1", "a")
    ranges = [f"bytes={first}-{last}" for first in numbers for last in numbers]
    ranges += [f"{unit}=0-1" for unit in ("", "Bytes", "items", "bytes=bytes", "bytes " * 500)]
    for asked in ranges:
        headers = {b"range": asked.encode()}
        reply = client.get(f"/media/{video}/file", headers=headers)  # type: ignore[arg-type]
        assert reply.status_code in (200, 206, 400, 416), asked


def test_no_element_is_read_from_a_path_or_an_address(client: TestClient, shots: Path) -> None:
    places = (str(shots), "/etc/passwd", "http://127.0.0.1:9/x", "file:///etc/passwd")  # W3
    for place in places:
        for name in ("path", "url", "objectKey", "chainlitKey"):
            element = {"type": "file", "id": "x", "name": "x", "display": "inline", name: place}
            body = {"element": element, "sessionId": str(uuid.uuid4())}
            assert client.put("/project/element", json=body).status_code == 404


def test_frames_are_given_by_time(client: TestClient, video: str, settings: Settings) -> None:
    frame = Library(settings.home).frames(video)[0]
    reply = client.get(f"/media/{video}/frame/{round(frame.seconds * 1000)}.jpg")
    assert reply.status_code == 200 and reply.content.startswith(b"\xff\xd8")
    assert client.get(f"/media/{video}/frame/99999999.jpg").status_code == 404


@pytest.mark.parametrize("id", ["0" * 16, "x", "..%2f..", "%2e%2e", "a" * 4000, "Four shots"])
@pytest.mark.parametrize("rest", ["file", "play?from=0&to=2", "frame/0.jpg"])
def test_an_unknown_id_is_not_found_and_no_path_is_told(
    client: TestClient, settings: Settings, id: str, rest: str
) -> None:
    reply = client.get(f"/media/{id}/{rest}")
    assert reply.status_code == 404
    assert str(settings.home) not in reply.text


def test_a_missing_original_is_gone_and_its_frames_stay(
    settings: Settings, tmp_path: Path, encode: Any, shots: Path
) -> None:
    settings = replace(settings, home=tmp_path / "home")
    film = tmp_path / "film.mp4"
    film.write_bytes(shots.read_bytes())
    id = ingest(Library(settings.home), film, providers=BARE).id
    film.unlink()
    with running(settings) as client:
        reply = client.get(f"/media/{id}/file")
        assert reply.status_code == 410 and str(tmp_path) not in reply.text
        assert client.get(f"/media/{id}/frame/0.jpg").status_code == 200


@pytest.mark.parametrize(
    "query", ["from=-1&to=2", "from=5&to=2", "from=nan&to=2", "from=9999&to=inf"]
)
def test_a_span_that_is_none_is_refused(query: str) -> None:
    start, end = (float(pair.partition("=")[2]) for pair in query.split("&"))
    with pytest.raises(RefusedRequest):
        copied_span(start, end, 3600.0)


def test_the_page_of_a_moment_escapes_the_title(client: TestClient, video: str) -> None:
    page = client.get(f"/v/{video}?t=4.5").text
    assert "Four &lt;b&gt;shots" in page and "<b>" not in page
    assert 'data-start="4.500"' in page
    assert 'data-start="0.000"' in client.get(f"/v/{video}").text


# The server itself


def test_health_is_one_word(client: TestClient) -> None:
    reply = client.get("/health")
    assert (reply.status_code, reply.text) == (200, "ready")


def test_a_decoder_that_freezes_is_none_whatever_is_said_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ui.web.server, "Child", lambda: Child(patience=0.01))
    assert not ui.web.server._can_decode()

    class Refusing(Child):
        def call(self, function: str, **arguments: Any) -> Iterator[Any]:
            raise UnreadableMedia("this film stopped being one")

    monkeypatch.setattr(ui.web.server, "Child", Refusing)
    assert ui.web.server._can_decode()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org"])
def test_other_addresses_need_a_login(settings: Settings, host: str) -> None:
    with pytest.raises(RefusedRequest, match="nobody would have to sign in"):
        build_app(replace(settings, host=host))


def test_chainlit_is_shut(client: TestClient) -> None:  # W5
    from chainlit.config import config

    features = config.features
    assert not features.mcp.enabled and not features.mcp.user_servers.enabled
    assert not features.unsafe_allow_html and not features.allow_thread_sharing
    assert config.project.allow_origins == []


def _facts(format: str, codec: str, pixels: str, *sound: str) -> dict[str, Any]:
    video = {"codec": codec, "pixel_format": pixels}
    return {"format": format, "video": video, "audio": [{"codec": name} for name in sound]}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p", "aac"), "video/mp4"),
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p"), "video/mp4"),
        (_facts("matroska,webm", "vp9", "yuv420p", "opus"), "video/webm"),
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p10le", "aac"), None),
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv422p", "aac"), None),
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "hevc", "yuv420p", "aac"), None),
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "mpeg4", "yuv420p", "aac"), None),
        (_facts("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p", "pcm_s16le"), None),
        (_facts("avi", "h264", "yuv420p", "mp3float"), None),
        (_facts("mpegts", "h264", "yuv420p", "aac"), None),
    ],
)
def test_what_a_browser_plays(facts: dict[str, Any], expected: str | None) -> None:
    assert browser_type(facts, b"\x1aE\xdf\xa3\x42\x82\x84webm") == expected


def test_matroska_is_only_played_where_it_says_webm() -> None:
    facts = _facts("matroska,webm", "vp9", "yuv420p", "opus")
    assert browser_type(facts, b"\x1aE\xdf\xa3matroska") is None


@pytest.mark.parametrize("address", ["/public/style.css", "/public/elements/Arrival.jsx"])
def test_scripts_of_another_release_are_not_kept_by_a_browser(
    client: TestClient, address: str
) -> None:
    reply = client.get(address)
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-cache"


def test_what_is_sent_is_packed_with_the_least_work(client: TestClient) -> None:
    """The page's script has 4.6 MB, and nobody else is served while it is packed."""
    with client.stream("GET", "/public/style.css", headers={"Accept-Encoding": "gzip"}) as reply:
        packed = b"".join(reply.iter_raw())
    assert packed[:2] == b"\x1f\x8b" and packed[8] == 4  # RFC 1952: the fastest algorithm
