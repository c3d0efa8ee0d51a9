"""HTTP for programs: the contract's JSON, streams, tokens with scopes, odd requests."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import HTTPException
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

import agent.agent
from agent.settings import Settings
from tests.ui.door import running
from tests.ui.serving import serving
from tools.library import Library
from tools.models.providers import BARE
from ui.api.slots import Slots
from ui.web.accounts.passwords import Users
from ui.web.accounts.sign_in import users_file
from ui.web.accounts.tokens import Tokens

QUESTION = "What is said about the kettle?"


@pytest.fixture(scope="module")
def own(home: Path) -> Settings:
    return Settings(
        home=home, port=8000, providers=BARE, model="extractive", background="off", upload_stall=5
    )


@pytest.fixture(scope="module")
def client(own: Settings) -> Iterator[TestClient]:
    with running(own, agent.agent.open_agent) as made:
        yield made


@pytest.fixture(scope="module")
def video(home: Path) -> str:
    return Library(home).list()[0].id


def test_a_question_is_answered_as_on_the_command_line(
    client: TestClient, video: str, home: Path, cuepoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = client.post("/api/ask", json={"question": QUESTION}).json()
    assert body["found"] and "The kettle is red." in body["answer"]
    (cited,) = body["evidence"]
    assert cited["image"].startswith(f"/media/{video}/frame/")
    assert client.get(cited["image"]).headers["content-type"] == "image/jpeg"
    monkeypatch.setenv("CUEPOINT_HOME", str(home))
    monkeypatch.setenv("CUEPOINT_MODEL", "extractive")
    told = json.loads(cuepoint("ask", QUESTION, "--json")[1])
    assert [one["id"] for one in told["evidence"]] == [cited["id"]]
    again = client.post("/api/ask", json={"question": "And then?", "thread": body["thread"]})
    assert again.json()["thread"] == body["thread"]


def test_a_question_is_answered_as_a_stream(client: TestClient, video: str) -> None:
    asked = {"question": QUESTION, "videos": [video]}
    reply = client.post("/api/ask", json=asked, headers={"accept": "text/event-stream"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [part.split("\n", 1) for part in reply.text.strip().split("\n\n")]
    names = [name.removeprefix("event: ") for name, _ in events]
    assert names[-1] == "answer" and "token" in names[:-1]
    assert json.loads(events[-1][1].removeprefix("data: "))["found"]


def test_evidence_is_searched_and_a_text_is_checked(client: TestClient, video: str) -> None:
    found = client.get("/api/search", params={"query": "kettle", "kind": ["speech"]}).json()
    assert [one["text"] for one in found] == ["The kettle is red."]
    assert client.get("/api/search", params={"query": "kettle", "from": 5}).json() == []
    text = f"The kettle is red [{found[0]['id']}]. The kettle is blue [{found[0]['id']}]."
    claims = client.post("/api/check", json={"text": text}).json()["claims"]
    assert [one["verdict"] for one in claims] == ["verified", "weak"]


def test_a_video_is_added_told_and_removed(client: TestClient, shots: Path, video: str) -> None:
    new = shots.read_bytes() + b"\0\0\0\x08free"
    job = client.post("/api/videos", files={"file": ("pan.mp4", new)}).json()["job"]
    told: dict[str, Any] = {}
    while told.get("state") not in ("ready", "failed"):
        told = client.get(f"/api/added/{job}").json()
    assert told["state"] == "ready" and told["progress"] == 1.0
    listed = client.get("/api/videos").json()
    assert [one["title"] for one in listed] == ["kettle", "pan"]
    assert [one["title"] for one in client.get("/api/videos?start=1").json()] == ["pan"]
    assert client.get(f"/api/videos/{told['video']}").json()["state"] == "ready"
    assert client.delete(f"/api/videos/{told['video']}").status_code == 204
    assert client.get(f"/api/videos/{told['video']}").status_code == 404
    broken = client.post("/api/videos", files={"file": ("pan.mp4", b"no video")})
    assert broken.status_code == 415


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": ""}, 422), ({"question": " "}, 422), ({"question": "x" * 5000}, 422),
        ({"question": QUESTION, "videos": ["kettle"]}, 422),
        ({"question": QUESTION, "videos": ["0" * 16]}, 404),
        ({"question": QUESTION, "path": "/etc/passwd"}, 422),
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused(
    client: TestClient, body: dict[str, Any], status: int
) -> None:
    reply = client.post("/api/ask", json=body)
    assert reply.status_code == status and reply.json()["detail"]


def test_a_token_does_what_it_may_in_the_library_of_its_owner(
    own: Settings, client: TestClient, video: str
) -> None:
    tokens = Tokens(own.home / "tokens.json")
    reads, writes = tokens.add("reads", "local", ["read"]), tokens.add("mine", "local", ["write"])
    other = tokens.add("other", "somebody", ["read", "write"])

    def bearer(token: str) -> dict[str, str]:
        return {"authorization": f"Bearer {token}"}

    assert client.get("/api/videos", headers=bearer(reads)).json()[0]["id"] == video
    assert client.get("/api/videos", headers=bearer(other)).json() == []
    assert client.get(f"/api/videos/{video}", headers=bearer(other)).status_code == 404
    assert client.delete(f"/api/videos/{video}", headers=bearer(reads)).status_code == 403
    assert client.delete(f"/api/videos/{video}", headers=bearer(other)).status_code == 404
    assert client.delete("/api/videos/" + "0" * 16, headers=bearer(writes)).status_code == 404
    asked = {"name": "ask", "arguments": {"question": QUESTION}}
    added = {"name": "add_video", "arguments": {"source": "http://example.org/a.mp4"}}
    for token, call, failed, said in (
        (reads, asked, False, "The kettle is red."), (reads, added, True, "needs a token with"),
        (other, asked, True, "add_video adds"), (writes, added, True, "are not fetched here"),
    ):  # fmt: skip
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        headers = {**bearer(token), "accept": "application/json, text/event-stream"}
        result = client.post("/mcp", json=message, headers=headers).json()["result"]
        assert result["isError"] == failed and said in result["content"][0]["text"], result
    tokens.remove("reads")
    for wrong in (reads, reads[:-1], "", "cue_", "local"):
        reply = client.get("/api/videos", headers=bearer(wrong))
        assert reply.status_code == 401 and "Bearer" in reply.headers["www-authenticate"]
    kept = (own.home / "tokens.json").read_text()
    assert not any(secret in kept for secret in (reads, writes, other))
    assert (own.home / "tokens.json").stat().st_mode & 0o077 == 0


def test_without_a_token_nobody_else_comes_in(own: Settings) -> None:
    home = own.home.with_name("served")
    Users(users_file(home)).add("ada", "a long enough one")
    token = Tokens(home / "tokens.json").add("ada's", "ada", ["read"])
    gone = Tokens(home / "tokens.json").add("gone", "nobody", ["read"])
    with running(replace(own, home=home), agent.agent.open_agent) as client:
        assert client.get("/api/videos").status_code == 401
        assert client.get("/mcp").status_code == 401
        known, unknown = ({"authorization": f"Bearer {one}"} for one in (token, gone))
        assert client.get("/api/videos", headers=known).json() == []
        assert client.get("/api/videos", headers=unknown).status_code == 401


async def test_too_many_questions_wait_and_then_are_refused() -> None:
    slots = Slots(at_once=1, queue=1)
    async with slots.one():
        waiting = slots.one()
        second = asyncio.create_task(waiting.__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(HTTPException) as error:
            async with slots.one():
                pass
        assert error.value.status_code == 429 and not second.done()
    await second
    await waiting.__aexit__(None, None, None)
    async with slots.one():
        pass


def test_the_description_and_its_page_name_every_route(client: TestClient) -> None:
    told, page = client.get("/api/openapi.json").json(), client.get("/api").text
    for path in ("/api/ask", "/api/search", "/api/videos", "/api/videos/{id}", "/api/check"):
        assert path in told["paths"] and path in page
    assert "http://" not in page and "https://" not in page


def test_odd_requests_are_answered_as_described(home: Path) -> None:
    """Requests made by schemathesis from the description; every check of it holds."""
    with serving(home, CUEPOINT_MODEL="extractive", CUEPOINT_BACKGROUND="off") as server:
        schema = schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")
        operations = [one.ok() for one in schema.get_all_operations()]
        assert len(operations) > 7
        for operation in operations:
            _hold(operation)


def _hold(operation: Any) -> None:
    # No schema says which bytes are a video.
    left_out = [positive_data_acceptance] if operation.label == "POST /api/videos" else []

    @settings(
        max_examples=25, deadline=None, database=None, derandomize=True,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        case.call_and_validate(excluded_checks=left_out)

    holds()
