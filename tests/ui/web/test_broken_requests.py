"""What is no request is refused with 400 and the headers of every answer, over real HTTP."""

import http.client
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent.settings import Settings
from tests.ui import door
from tests.ui.serving import Server, serving

HEADERS = {"x-content-type-options", "x-frame-options", "referrer-policy"}
HEADERS |= {"content-security-policy", "cross-origin-resource-policy"}
ROUTES = ("/set-session-cookie", "/project/action", "/project/file?session_id={session}")
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nfilm\r\n--b--\r\n'
)
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b"\xff\xfe",
    b"[" * 50_000,
    b'{"session_id": 7}',
    FORM[:-30],
]
TYPES = [
    "application/json",
    "text/plain",
    "",
    ";",
    "multipart/form-data",
    "multipart/form-data; boundary",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="',
    "multipart/mixed; boundary=b",
    "multipart/form-data; boundary=" + "b" * 300,
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=b",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("broken") / "home") as server:
        yield server


def _post(server: Server, path: str, kind: str, body: bytes) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.url[len("http://") :], timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("content-type", kind.encode("latin-1"))
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply


def test_broken_bodies_and_boundaries_are_400_on_every_route(server: Server) -> None:
    chance = random.Random(3)
    forms = [bytearray(FORM) for _ in range(20)]
    for form in forms:
        for _ in range(3):
            form[chance.randrange(len(form))] = chance.randrange(256)
    tried = [(kind, body) for kind in TYPES for body in BODIES]
    tried += [("multipart/form-data; boundary=b", bytes(form)) for form in forms]
    with server.chatting() as chat:
        for route in ROUTES:
            for kind, body in tried:
                reply = _post(server, route.format(session=chat.id), kind, body)
                told = (route, kind, body[:60], reply.status)
                # A form that came through whole holds no film.
                assert reply.status in ((400, 415) if "file" in route else (400,)), told
                assert {name.lower() for name, _ in reply.getheaders()} >= HEADERS, told


@pytest.mark.parametrize(
    "action", [{}, {"name": 7}, {"name": "choose"}, {"name": "choose", "payload": "x"}, {"x": 1}]
)
def test_an_action_that_is_none_is_400(server: Server, action: dict[str, object]) -> None:
    with server.chatting() as chat:
        body = json.dumps({"sessionId": chat.id, "action": action}).encode()
        assert _post(server, "/project/action", "application/json", body).status == 400


@pytest.mark.parametrize("path", ["/media/0000000000000000/play?from=x", "/logo?theme=x"])
def test_a_parameter_that_is_none_is_400(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection(server.url[len("http://") :], timeout=60)
    connection.request("GET", path)
    reply = connection.getresponse()
    assert reply.status == 400 and b"x" not in json.loads(reply.read())["detail"].encode()
    assert {name.lower() for name, _ in reply.getheaders()} >= HEADERS


@pytest.mark.parametrize("path", ["/project/thread/share", "/project/share/x", "/project/element"])
def test_routes_that_share_chats_are_shut(server: Server, path: str) -> None:
    assert _post(server, path, "application/json", b"{}").status == 404


def test_even_a_fault_of_ours_has_the_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(path: object) -> None:
        raise RuntimeError("a bug")

    with door.running(Settings(home=tmp_path / "home", port=8000)) as client:
        kept = TestClient(client.app, base_url=door.BASE, raise_server_exceptions=False)
        monkeypatch.setattr("ui.web.server.shutil.disk_usage", fault)
        reply = kept.get("/health")
    assert reply.status_code == 500 and set(reply.headers) >= HEADERS and "bug" not in reply.text
    caplog.clear()
