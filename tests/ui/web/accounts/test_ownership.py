"""W4: three users, every route and every socket event, with the ids of the others.

The routes and events are those that the application has: a new one fails until it stands here.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from agent.agent import open_agent
from agent.ask import ask
from agent.settings import Settings
from tests.ui import door
from tests.ui.web.accounts.belongings import SILENT, Belongings, requests_with_ids
from tools.generate.proposal import Draft
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.web.jobs import Job

USERS = ("ada", "bob", "eve")
FREE = {
    "/health", "/logout", "/login", "/auth/config", "/auth/header", "/auth/oauth/{provider_id}",
    "/auth/oauth/{provider_id}/callback", "/auth/oauth/azure-ad-hybrid/callback", "/user",
    "/set-session-cookie", "/project/translations", "/project/settings", "/favicon", "/logo",
    "/avatars/{avatar_id:str}", "/public/{filename:path}", "/assets/{filename:path}", "/", "/mcp",
    "/mcp/", "/api", "/api/openapi.json", "/library", "/library/compare", "/{full_path:path}",
    "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json",
}  # fmt: skip
"""Addresses without an id: they tell of who asks, or of nobody."""
MINE = {
    "/tasks", "/project/threads", "/api/videos", "/api/jobs", "/library/videos", "/api/cameras",
    "/api/areas",
}  # fmt: skip
"""Addresses that list what belongs to who asks."""
EVENTS = {
    "connect", "disconnect", "connection_successful", "clear_session", "stop", "edit_message",
    "message_favorite", "fetch_favorites", "client_message", "window_message", "audio_start",
    "audio_chunk", "audio_end", "chat_settings_change", "chat_settings_edit",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("owned") / "home"


@pytest.fixture(scope="module")
def things(home: Path, encode: Any) -> dict[str, Belongings]:
    made = {name: Belongings(name, f"canary-{name}") for name in USERS}
    for number, one in enumerate(made.values()):
        shade = np.full((90, 160, 3), 60 * number + 40, np.uint8)
        film = encode(home.parent / f"{one.canary}.mp4", lambda _, shade=shade: shade, 2.0)
        film.with_suffix(".srt").write_text(
            f"1\n00:00:00,000 --> 00:00:01,500\nThe {one.canary} sings.\n"
        )
        one.video = ingest(Library(home, one.owner), film, providers=BARE).id
        Library(home, one.owner).collections.add(f"set-{one.owner}", [one.video])
        cameras = Library(home, one.owner).cameras
        cameras.reserve(f"camera-{one.owner}", "")
        cameras.draw(cameras.reserve(f"camera of {one.canary}", ""), "x", "line", [(0, 0), (1, 1)])
        asyncio.run(_converse(home, one))
    return made


async def _converse(home: Path, one: Belongings) -> None:
    settings = Settings(home=home, owner=one.owner, model="extractive", providers=BARE)
    name = f"chat-{uuid.UUID(one.thread).hex}"
    async with open_agent(settings) as agent:
        _ = [event async for event in ask(agent, f"What does the {one.canary} do?", new=name)]
        assert agent.toolbox.proposer
        one.made = agent.toolbox.proposer.propose(Draft(f"A film of the {one.canary}.")).id


@pytest.fixture(scope="module")
def client(home: Path, things: dict[str, Belongings]) -> Iterator[TestClient]:
    settings = Settings(
        home=home,
        port=8000,
        model="extractive",
        providers=BARE,
        sign_in="header",
        trusted_proxies=("testclient",),
        open_libraries=2,
    )
    with door.running(settings, open_agent) as client, ExitStack() as stack:
        for one in things.values():
            headers = {"upgrade": "websocket", **one.headers}
            socket = stack.enter_context(client.websocket_connect(door.SOCKET, headers=headers))
            one.session = door.Chat(socket.receive_text, socket.send_text).id
            subtitles = b"1\n00:00:00,000 --> 00:00:01,000\ncanary\n"
            sent = client.post(
                f"/project/file?session_id={one.session}",
                files={"file": ("a.srt", subtitles, "text/plain")},
                headers=one.headers,
            )
            one.file = sent.json()["id"]
            one.job = client.portal.call(_held_job, client.app, one)  # type: ignore[union-attr]
        yield client


async def _held_job(app: Any, one: Belongings) -> str:
    async with app.state.workspaces.of(one.owner) as state:
        job = Job(Path("x"), one.canary, stopped="held")
        state.jobs.listed[job.id] = job
        return job.id


def _routes(app: Any) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if inside := getattr(getattr(route, "app", None), "routes", None):
            yield from _routes(route.app) if inside else ()
        elif hasattr(route, "methods"):
            for method in (route.methods or {"*"}) - {"HEAD"}:
                yield method, route.path


def _of_route(requests: dict[tuple[str, str], Any], method: str, path: str) -> Any:
    path = path.removesuffix("/{rest:path}") if path not in _kept(requests) else path
    return requests.get((method, path)) or requests.get(("*", path))


def _kept(requests: dict[tuple[str, str], Any]) -> set[str]:
    return {path for _, path in requests}


def test_every_route_is_listed(client: TestClient, things: dict[str, Belongings]) -> None:
    requests = requests_with_ids(things["ada"])
    known = {
        (method, path)
        for method, path in _routes(client.app)
        if path not in FREE | MINE and not _of_route(requests, method, path)
    }
    assert len({*_routes(client.app)}) > 50
    assert not known, f"say whose they are: {sorted(known)}"


def test_every_event_is_listed(client: TestClient) -> None:
    from chainlit.server import sio

    assert set(sio.handlers["/"]) == EVENTS


@pytest.mark.parametrize(("who", "whose"), [*permutations(USERS, 2)])
def test_what_belongs_to_another_is_not_there(
    client: TestClient, things: dict[str, Belongings], who: str, whose: str
) -> None:
    asking, theirs = things[who], things[whose]
    for (method, route), (address, body) in requests_with_ids(theirs).items():
        for used in (method,) if method != "*" else ("GET", "POST", "PUT", "DELETE"):
            reply = client.request(used, address, json=body, headers=asking.headers)
            told = (used, address, reply.status_code, reply.text[:200])
            if (method, route) not in SILENT:
                assert reply.status_code in (404, 405), told
            assert theirs.canary not in reply.text, told
    for path in sorted(MINE):
        body = _page(theirs) if path == "/project/threads" else None
        reply = client.request("POST" if body else "GET", path, json=body, headers=asking.headers)
        assert reply.status_code == 200 and theirs.canary not in reply.text
        assert asking.canary in reply.text


def test_each_finds_what_belongs_to_them(client: TestClient, things: dict[str, Belongings]) -> None:
    for one in things.values():
        requests = requests_with_ids(one)
        for route in ("/media/{id}/file", "/media/{id}/timeline", "/v/{rest:path}"):
            reply = client.get(requests["GET", route][0], headers=one.headers)
            assert reply.status_code == 200, reply.text
        thread = client.get(f"/project/thread/{one.thread}", headers=one.headers)
        assert one.canary in thread.text
        file = client.get(requests["GET", "/project/file/{id}"][0], headers=one.headers)
        assert file.status_code == 200


def test_who_has_not_signed_in_gets_nothing(
    client: TestClient, things: dict[str, Belongings]
) -> None:
    one = things["ada"]
    for (method, _), (address, body) in requests_with_ids(one).items():
        for used in (method,) if method != "*" else ("GET", "POST"):
            reply = client.request(used, address, json=body)
            assert reply.status_code == 401 and one.canary not in reply.text, address
    for path in ("/tasks", "/user", "/project/settings", "/openapi.json"):
        assert client.get(path).status_code == 401


def test_a_signed_link_opens_its_video_for_anybody_and_nothing_else(
    client: TestClient, things: dict[str, Belongings]
) -> None:
    one, other = things["ada"], things["bob"]
    accounts: Any = client.app.state.accounts  # type: ignore[attr-defined]
    signed = accounts.signed(f"/v/{one.video}?t=0", 4e9, one.owner)
    for headers in ({}, other.headers):
        page = client.get(signed, headers=headers)
        assert page.status_code == 200 and one.canary in page.text
        query = signed.partition("t=0&")[2]
        assert client.get(f"/media/{one.video}/file?{query}", headers=headers).status_code == 200
        assert client.get(f"/media/{other.video}/file?{query}").status_code == 401
        assert client.get(f"/tasks?{query}").status_code == 401
        assert client.post(f"/v/{one.video}?{query}").status_code == 401
        assert client.post(f"/v/{one.video}/share?{query}").status_code == 401


def test_whoever_is_signed_in_shares_a_moment_for_a_week(
    client: TestClient, things: dict[str, Belongings]
) -> None:
    one = things["ada"]
    assert client.post(f"/v/{one.video}/share?t=x", headers=one.headers).status_code == 422
    shared = client.post(f"/v/{one.video}/share?t=0:01", headers=one.headers).json()
    page = client.get(shared["address"])
    assert page.status_code == 200 and one.canary in page.text and "t=1.000&" in shared["address"]
    assert 'id="share" class="none"' in page.text and 'id="ask" class="none"' in page.text
    own = client.get(f"/v/{one.video}", headers=one.headers).text
    assert 'id="share" class=""' in own and 'id="ask" class="main"' in own
    assert 6.9 * 86400 < shared["until"] - time.time() <= 7 * 86400
    late = shared["address"].replace(f"expires={shared['until']}", "expires=9999999999")
    assert client.get(late).status_code == 401


@pytest.mark.parametrize(("who", "whose"), [("bob", "ada"), ("eve", "bob")])
def test_the_session_and_the_thread_of_another_are_not_taken_over(
    client: TestClient,
    things: dict[str, Belongings],
    who: str,
    whose: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asking, theirs = things[who], things[whose]
    headers = {"upgrade": "websocket", **asking.headers}
    with client.websocket_connect(door.SOCKET, headers=headers) as socket:
        assert not door._greeted(socket.receive_text, socket.send_text, theirs.session)
    caplog.clear()  # Chainlit's own word of it
    heard: list[str] = []

    def receive() -> str:
        heard.append(socket.receive_text())
        return heard[-1]

    with client.websocket_connect(door.SOCKET, headers=headers) as socket:
        assert receive().startswith("0")
        auth = {"sessionId": str(uuid.uuid4()), "clientType": "webapp", "threadId": theirs.thread}
        socket.send_text("40" + json.dumps(auth))
        assert receive().startswith("40")
        for name in sorted(EVENTS - {"connect", "disconnect", "clear_session"}):
            value = {"message": _message(theirs), "fileReferences": [{"id": theirs.file}]}
            value |= {"threadId": theirs.thread, "sessionId": theirs.session}
            socket.send_text("42" + json.dumps([name, value]))
        socket.send_text("42" + json.dumps(["client_message", {"message": _message(theirs, "?")}]))
        while not any(asking.canary in one for one in heard):  # its own library greets
            if receive() == "2":
                socket.send_text("3")
    assert not any(theirs.canary in one for one in heard)
    caplog.clear()


def _message(theirs: Belongings, text: str = "/open x") -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "threadId": theirs.thread,
        "type": "user_message",
        "output": text,
        "name": "User",
        "createdAt": "2026-11-28T12:00:00Z",
    }


def _page(theirs: Belongings) -> dict[str, Any]:
    return {"pagination": {"first": 20}, "filter": {"userId": theirs.owner}}


def test_libraries_are_closed_when_nobody_uses_them_and_opened_again(
    client: TestClient, things: dict[str, Belongings]
) -> None:
    workspaces: Any = client.app.state.workspaces  # type: ignore[attr-defined]
    assert sorted(workspaces.owners) == sorted(USERS), "none of them is idle: each has a job"
    for one in things.values():
        client.post(f"/tasks/{one.job}/cancel", headers=one.headers)
        client.portal.call(_end_jobs, client.app, one)  # type: ignore[union-attr]
    assert client.get("/tasks", headers=things["bob"].headers).status_code == 200
    assert len(workspaces.owners) == 2 and "bob" in workspaces.owners
    for one in things.values():
        thread = client.get(f"/project/thread/{one.thread}", headers=one.headers)
        assert one.canary in thread.text
    assert len(workspaces.owners) == 2


async def _end_jobs(app: Any, one: Belongings) -> None:
    async with app.state.workspaces.of(one.owner) as state:
        state.jobs.listed.clear()
