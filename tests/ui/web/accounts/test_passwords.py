"""Users with passwords: their file, and the limit on attempts."""

import stat
from pathlib import Path

import pytest

from tools.errors import RefusedRequest
from ui.web.accounts import passwords
from ui.web.accounts.passwords import Attempts, Users
from ui.web.accounts.secret import load_secret

GOOD = "a long pass phrase"


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    assert passwords.ROUNDS >= 600_000
    monkeypatch.setattr(passwords, "ROUNDS", 1000)  # a record says its own
    return Users(tmp_path / "users.json")


def test_a_password_lets_in_until_it_is_changed_or_removed(users: Users, tmp_path: Path) -> None:
    users.add("ada", GOOD)
    assert users.names() == ["ada"]
    assert users.check("ada", GOOD) and not users.check("ada", GOOD + "!")
    assert not users.check("bob", GOOD)
    stamp = users.stamp("ada")
    users.set_password("ada", GOOD + " two")
    assert users.stamp("ada") not in (None, stamp)
    assert not users.check("ada", GOOD) and users.check("ada", GOOD + " two")
    users.remove("ada")
    assert users.names() == [] and users.stamp("ada") is None
    assert not users.check("ada", GOOD + " two")


def test_the_file_is_for_its_owner_alone_and_holds_no_password(
    users: Users, tmp_path: Path
) -> None:
    users.add("ada", GOOD)
    path = tmp_path / "users.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert GOOD not in path.read_text() and "pbkdf2-sha256$1000$" in path.read_text()
    path.chmod(0o644)
    with pytest.raises(RefusedRequest, match="others can read"):
        Users(path).names()
    path.chmod(0o600)
    path.write_text("[]")
    with pytest.raises(RefusedRequest, match="damaged"):
        Users(path).names()


@pytest.mark.parametrize("name", ["", "Ada", "../ada", "a/b", ".ada", "a" * 65, "ä", "a b", "a\n"])
def test_a_name_that_is_no_folder_is_refused(users: Users, name: str) -> None:
    with pytest.raises(RefusedRequest, match="no user name"):
        users.add(name, GOOD)


def test_a_short_password_and_a_second_ada_are_refused(users: Users) -> None:
    with pytest.raises(RefusedRequest, match="12 characters"):
        users.add("ada", "short")
    users.add("ada", GOOD)
    with pytest.raises(RefusedRequest, match="cuepoint users password ada"):
        users.add("ada", GOOD)
    for change in (users.remove, lambda name: users.set_password(name, GOOD)):
        with pytest.raises(RefusedRequest, match="no user 'bob'"):
            change("bob")


def test_attempts_are_one_a_second_five_a_minute_twenty_an_hour() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    assert attempts.begin("ada") == 0
    assert 0 < attempts.begin("ada") <= 1
    let_in = 0
    for second in range(1, 3600):
        now[0] = float(second)
        let_in += attempts.begin("ada") == 0
        if second == 59:
            assert let_in == 4  # and the one at the beginning
    assert let_in == 19
    assert attempts.begin("bob") == 0, "another name is another count"
    assert attempts.begin("bob", "ada") > 0, "each key must be free"
    now[0] = 7200.0
    assert attempts.begin("ada") == 0


def test_who_signs_in_has_no_failures_left() -> None:
    attempts = Attempts(lambda: 0.0)
    assert attempts.begin("ada") == 0
    attempts.succeed("ada")
    assert attempts.begin("ada") == 0


def test_the_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = load_secret(path)
    assert len(secret) == 32 and load_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(RefusedRequest, match="others can read"):
        load_secret(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(RefusedRequest, match="less than 32 bytes"):
        load_secret(path)
