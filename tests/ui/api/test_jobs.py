"""Generation over HTTP: proposed, approved by who may, made, played, deleted."""

from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import agent.agent
from agent.settings import Settings
from tests.ui.door import running
from tools.generate.providers.animatic import Animatic
from tools.models.providers import BARE
from ui.web.accounts.tokens import Tokens


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[TestClient]:
    settings = Settings(
        home=home, port=8000, providers=BARE, model="extractive", background="off",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        small = partialmethod(Animatic.__init__, short_side=180)
        patch.setattr(Animatic, "__init__", small)
        with running(settings, agent.agent.open_agent) as made:
            yield made


def over(client: TestClient, id: str) -> dict[str, Any]:
    told: dict[str, Any] = {"state": ""}
    while told["state"] not in ("done", "failed", "refused", "cancelled", "unknown"):
        told = client.get(f"/api/jobs/{id}").json()
        assert not (told["error"] and told["state"] == "running"), told["error"]
    return told


def test_a_wish_is_proposed_approved_made_played_and_deleted(
    client: TestClient, home: Path
) -> None:
    video = client.get("/api/videos").json()[0]["id"]
    wish = {"prompt": "A teaser of the kettle.", "videos": [video], "seconds": 4}
    reply = client.post("/api/jobs", json=wish)
    assert reply.status_code == 201
    job = reply.json()
    assert (job["state"], job["provider"], job["price_usd"]) == ("proposed", "animatic", 0)
    assert job["request"]["kind"] == "teaser" and job["request"]["moments"]
    assert job["path"] is None and client.get("/api/jobs").json()[0]["id"] == job["id"]
    approved = client.post(f"/api/jobs/{job['id']}/approve")
    assert approved.status_code == 200 and approved.json()["approved_by"]
    assert client.post(f"/api/jobs/{job['id']}/approve").status_code == 409
    done = over(client, job["id"])
    assert done["state"] == "done", done["error"]
    assert done["provenance"]["16:9"]["c2pa"] == "valid, signer unknown"
    assert done["path"].startswith(f"/media/made/{job['id']}/")
    film = client.get(done["path"], headers={"range": "bytes=4-7"})
    assert film.status_code == 206 and film.content == b"ftyp"
    assert str(home) not in client.get(f"/api/jobs/{job['id']}").text
    assert client.get(f"/media/made/{job['id']}/job.json").status_code == 404
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 204
    assert client.get(f"/api/jobs/{job['id']}").status_code == 404
    assert client.get(done["path"]).status_code == 404


def test_a_question_proposes_and_the_answer_carries_the_job(client: TestClient) -> None:
    answer = client.post("/api/ask", json={"question": "Make me a 4 second teaser"}).json()
    (job,) = answer["jobs"]
    assert job["state"] == "proposed" and client.get(f"/api/jobs/{job['id']}").json() == job
    assert client.post(f"/api/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


def test_a_refusal_says_why_and_cannot_be_approved(client: TestClient) -> None:
    job = client.post("/api/jobs", json={"prompt": "Pikachu runs through Berlin"}).json()
    assert job["state"] == "refused" and job["moderation"]["reasons"] and job["error"]
    assert client.post(f"/api/jobs/{job['id']}/approve").status_code == 409


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"prompt": ""}, 422), ({"prompt": "x", "seconds": 600}, 422),
        ({"prompt": "x", "kind": "y"}, 422),
        ({"prompt": "x", "image": "/etc/passwd"}, 422),
        ({"prompt": "x", "videos": ["0" * 16]}, 404),
        ({"prompt": "x", "provider": "sora"}, 409), ({"prompt": "x", "provider": "runway"}, 503),
        ({"prompt": "x", "kind": "ad"}, 409), ({"prompt": "x", "moments": ["speech:no"]}, 404),
    ],
)  # fmt: skip
def test_a_wish_that_is_none_is_refused(
    client: TestClient, wish: dict[str, Any], status: int
) -> None:
    before = len(client.get("/api/jobs").json())
    reply = client.post("/api/jobs", json=wish)
    assert reply.status_code == status, reply.text
    assert len(client.get("/api/jobs").json()) == before


def test_a_token_proposes_or_decides_as_far_as_its_scopes_go(
    client: TestClient, home: Path
) -> None:
    tokens = Tokens(home / "tokens.json")
    scopes = {"reads": ["read"], "writes": ["read", "write"], "all": ["read", "write", "approve"]}
    bearer = {
        name: {"authorization": f"Bearer {tokens.add(name, 'local', some)}"}
        for name, some in scopes.items()
    }
    wish = {"prompt": "A film of a kettle."}
    assert client.post("/api/jobs", json=wish, headers=bearer["reads"]).status_code == 403
    job = client.post("/api/jobs", json=wish, headers=bearer["writes"]).json()["id"]
    for name in ("reads", "writes"):
        reply = client.post(f"/api/jobs/{job}/approve", headers=bearer[name])
        assert reply.status_code == 403 and "`approve`" in reply.json()["detail"]
    assert client.get(f"/api/jobs/{job}").json()["state"] == "proposed"
    assert client.post(f"/api/jobs/{job}/approve", headers=bearer["all"]).status_code == 200
    assert client.post(f"/api/jobs/{job}/cancel", headers=bearer["writes"]).status_code == 200
