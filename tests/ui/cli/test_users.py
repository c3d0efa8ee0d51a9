"""The commands for users, and what doctor says of sign-in."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ui.web.accounts import passwords

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 1000)


def test_users_are_added_listed_and_removed(
    cuepoint: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long pass phrase\n"))
    assert cuepoint("users", "add", "ada")[0] == 0
    assert cuepoint("users", "list") == (0, "ada\n", "")
    assert json.loads(cuepoint("users", "list", "--json")[1]) == ["ada"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    status, _, said = cuepoint("users", "password", "ada")
    assert status == 1 and "12 characters" in said
    assert cuepoint("users", "add", "../x")[0] == 1
    (tmp_path / "home/libraries/ada").mkdir(parents=True)
    status, _, said = cuepoint("users", "remove", "ada")
    assert status == 0 and "the library stays in" in said
    assert cuepoint("users", "list") == (0, "", "")
    status, _, said = cuepoint("users", "remove", "ada")
    assert status == 1 and "no user 'ada'" in said


def test_other_machines_without_sign_in_are_wrong_usage_in_one_line(cuepoint: Run) -> None:
    import ui.cli.doors

    ended: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ui.cli.doors, "leave", ended.append)
        _, out, said = cuepoint("serve", "--host", "0.0.0.0")
    assert ended == [2] and out == "" and said.count("\n") == 1
    assert "cuepoint users add NAME" in said


def test_doctor_tells_how_people_sign_in_and_what_is_loosened(
    cuepoint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checks() -> dict[str, dict[str, str]]:
        return {one["name"]: one for one in json.loads(cuepoint("doctor", "--json")[1])["checks"]}

    told = checks()
    assert "need not sign in" in told["sign-in"]["detail"]
    assert told["safe defaults"]["detail"] == "none of them is loosened"
    monkeypatch.setenv("CUEPOINT_HOST", "0.0.0.0")
    monkeypatch.setenv("CUEPOINT_URL", "http://films.example")
    monkeypatch.setenv("CUEPOINT_ADDRESSES", "on")
    told = checks()
    assert told["sign-in"]["state"] == "problem" and "add a user" in told["sign-in"]["fix"]
    for name in ("CUEPOINT_HOST", "CUEPOINT_URL", "CUEPOINT_ADDRESSES"):
        assert name in told["safe defaults"]["detail"]
    assert "CUEPOINT_ROOTS" not in told["safe defaults"]["detail"]
