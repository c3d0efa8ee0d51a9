"""How people sign in: what the settings ask for, what a session is good for."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from agent.settings import Settings
from tests.ui import door
from tools.errors import RefusedRequest, VideoError
from tools.models.providers import BARE
from ui.web.accounts import passwords
from ui.web.accounts.passwords import Users
from ui.web.accounts.sign_in import Accounts, owner_name, users_file

GOOD = "a long pass phrase"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(passwords, "ROUNDS", 1000)
    (tmp_path / "home").mkdir()
    return Settings(home=tmp_path / "home", port=8000, providers=BARE)


def _add(settings: Settings, *names: str) -> None:
    for name in names:
        Users(users_file(settings.home)).add(name, GOOD)


def _request(path: str = "/tasks", near: str = "9.9.9.9", **headers: str) -> HTTPConnection:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection(
        {
            "type": "http",
            "method": "GET",
            "path": path.partition("?")[0],
            "query_string": path.partition("?")[2].encode(),
            "headers": pairs,
            "client": (near, 1),
            "server": ("127.0.0.1", 8000),
            "scheme": "http",
        }
    )


def test_other_machines_are_let_in_only_where_they_must_sign_in(settings: Settings) -> None:
    away = replace(settings, host="0.0.0.0", allowed_hosts=("films.example",))
    for chosen in ("auto", "none", "token"):
        with pytest.raises(RefusedRequest, match="cuepoint users add NAME"):
            Accounts(replace(away, sign_in=chosen))
    with pytest.raises(RefusedRequest, match="nobody could sign in"):
        Accounts(replace(away, sign_in="password"))
    with pytest.raises(RefusedRequest, match="CUEPOINT_TRUSTED_PROXIES"):
        Accounts(replace(away, sign_in="header"))
    _add(settings, "ada")
    with pytest.raises(RefusedRequest, match="CUEPOINT_URL or CUEPOINT_ALLOWED_HOSTS"):
        Accounts(replace(away, allowed_hosts=()))
    accounts = Accounts(away)
    assert accounts.method == "password" and accounts.secure
    assert len(accounts.secret) >= 32


def test_this_machine_alone_needs_no_sign_in_until_there_is_a_user(settings: Settings) -> None:
    accounts = Accounts(settings)
    assert accounts.method == "none" and not accounts.secure
    assert accounts.identify(_request()) == accounts.local
    _add(settings, "ada")
    accounts = Accounts(settings)
    assert accounts.method == "password" and accounts.identify(_request()) is None


def test_a_session_lasts_a_day_and_ends_with_its_password(settings: Settings) -> None:
    _add(settings, "ada", "bob")
    now = [1000.0]
    accounts = Accounts(settings, lambda: now[0])
    ada = accounts.sign_in(" Ada", GOOD, "9.9.9.9")
    assert ada and ada.owner == "ada"
    data = jwt.decode(accounts.session(ada), options={"verify_signature": False})
    assert data["exp"] - data["iat"] == 86400

    now[0] = time.time()
    cookie = f"access_token={accounts.session(ada)}"
    assert accounts.identify(_request(cookie=cookie)) == ada
    forged = jwt.encode(data | {"identifier": "bob"}, "x" * 64, algorithm="HS256")
    for bad in (forged, "", "x", accounts.session(ada)[:-2], jwt.encode(data, "", "none")):
        assert accounts.identify(_request(cookie=f"access_token={bad}")) is None
    assert Accounts(settings).identify(_request(cookie=cookie)) == ada, "after a restart, too"
    accounts.users.set_password("ada", GOOD + "!")
    assert accounts.identify(_request(cookie=cookie)) is None
    now[0] -= 2 * 86400
    old = f"access_token={accounts.session(ada)}"
    assert accounts.identify(_request(cookie=old)) is None


def test_a_header_is_believed_of_a_trusted_proxy_alone(settings: Settings) -> None:
    chosen = {"sign_in": "header", "trusted_proxies": ("10.0.0.1",)}
    accounts = Accounts(replace(settings, **chosen))
    ada = accounts.identify(_request(near="10.0.0.1", remote_user="Ada@example.org"))
    assert ada and ada.name == "Ada@example.org"
    assert re.fullmatch(r"ada-example-org-[0-9a-f]{16}", ada.owner)
    assert accounts.identify(_request(near="10.0.0.2", remote_user="ada")) is None
    assert accounts.identify(_request(near="10.0.0.1")) is None
    assert accounts.identify(_request(near="10.0.0.1", remote_user=" ")) is None


def test_two_people_never_share_a_folder() -> None:
    people = [
        "ada",
        "Ada",
        "ada@a.example",
        "ada@b.example",
        "ADA@a.example",
        "a/b",
        "a-b",
        "..",
        "",
    ]
    owners = [owner_name(one) for one in people]
    assert len(set(owners)) == len(people)
    for owner in owners:
        Settings(owner=owner)


@contextmanager
def _running(settings: Settings, **chosen: Any) -> Iterator[TestClient]:
    with door.running(replace(settings, **chosen)) as client:
        client.follow_redirects = False
        yield client


def test_signing_in_and_out_over_http(settings: Settings) -> None:
    _add(settings, "ada")
    with _running(settings) as client:
        assert client.get("/tasks").status_code == 401
        assert client.get("/auth/config").json()["passwordAuth"] is True
        wrong = client.post("/login", data={"username": "ada", "password": "x" * 12})
        assert wrong.status_code == 403
        soon = client.post("/login", data={"username": "ada", "password": GOOD})
        assert soon.status_code == 429 and soon.headers["retry-after"] == "1"
        client.app.state.accounts.attempts = passwords.Attempts()  # type: ignore[attr-defined]
        reply = client.post("/login", data={"username": "ada", "password": GOOD})
        cookie = reply.headers["set-cookie"]
        assert reply.status_code == 200 and "HttpOnly" in cookie and "SameSite=lax" in cookie
        assert "Max-Age=86400" in cookie and "Secure" not in cookie
        assert client.get("/user").json()["identifier"] == "ada"
        assert client.get("/tasks").json() == {"tasks": []}
        client.post("/logout")
        client.cookies.clear()
        assert client.get("/tasks").status_code == 401
        page = client.get("/v/0123456789abcdef?t=3")
        assert page.status_code == 401 and 'href="/login"' in page.text


def test_the_printed_address_lets_a_browser_in(settings: Settings) -> None:
    with _running(settings, sign_in="token") as client:
        token = client.app.state.accounts.start_token  # type: ignore[attr-defined]
        assert len(token) >= 32
        assert client.get("/").status_code == 401
        assert client.get("/?token=wrong").status_code == 401
        assert client.get("/tasks").status_code == 401
        reply = client.get(f"/?token={token}&video=x")
        assert reply.status_code == 303 and reply.headers["location"] == "/?video=x"
        assert client.get("/").status_code == 200
        assert client.get("/user").json()["identifier"] == "local"


def test_oauth_needs_a_provider_and_names_a_folder_of_its_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.web.server import build_app

    with pytest.raises(RefusedRequest, match="OAUTH_GITHUB_CLIENT_ID"):
        build_app(replace(settings, sign_in="oauth"))
    monkeypatch.setenv("OAUTH_GITHUB_CLIENT_ID", "id")
    monkeypatch.setenv("OAUTH_GITHUB_CLIENT_SECRET", "secret")
    with _running(settings, sign_in="oauth", url="https://films.example") as client:
        client.headers["host"] = "films.example"
        assert client.get("/auth/config").json()["oauthProviders"] == ["github"]
        away = client.get("/auth/oauth/github")
        assert (
            away.status_code == 307 and "films.example%2Fauth%2Foauth" in away.headers["location"]
        )
        assert "Secure" in away.headers["set-cookie"]
        assert client.get("/user").status_code == 401
        denied = client.get("/auth/oauth/github/callback?code=x&state=other")
        assert denied.status_code == 302 and "error=" in denied.headers["location"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("sign_in", "maybe"), ("url", "films.example"), ("url", "https://a/b"), ("open_libraries", 0)],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: Any) -> None:
    with pytest.raises(VideoError, match=name.upper() if name == "url" else name):
        Settings(**{name: value})
