"""The commands `cuepoint users …`: who may sign in with a password."""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tools.errors import RefusedRequest
from ui.cli.common import AsJson, load_settings, print_result

if TYPE_CHECKING:
    from ui.web.accounts.passwords import Users

Name = Annotated[str, typer.Argument(metavar="NAME")]
users_app = typer.Typer(help="Users who sign in with a password.", no_args_is_help=True)


@users_app.command("add")
def add(name: Name, as_json: AsJson = False) -> None:
    """Add a user, whose password is asked for, or read from standard input."""
    from ui.web.accounts.passwords import check_name

    check_name(name)  # before anything is asked
    users = _users()
    users.add(name, _password())
    print_result(as_json, users.names, ())
    sys.stderr.write(f"{name} may sign in; the server asks for it from its next start on\n")


@users_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the users."""
    names = _users().names()
    print_result(as_json, lambda: names, names)


@users_app.command("remove")
def remove(name: Name, as_json: AsJson = False) -> None:
    """Remove a user, whose sessions end; the library stays."""
    users, settings = _users(), load_settings()
    users.remove(name)
    print_result(as_json, users.names, ())
    kept = settings.home / "libraries" / name
    if kept.exists():
        sys.stderr.write(f"{name} may not sign in any more; the library stays in {kept}\n")


@users_app.command("password")
def password(name: Name, as_json: AsJson = False) -> None:
    """Set a user's password, which ends the sessions of that user."""
    users = _users()
    if name not in users.names():
        raise RefusedRequest(f"there is no user {name!r}: `cuepoint users list` names them")
    users.set_password(name, _password())
    print_result(as_json, users.names, ())


def _users() -> "Users":
    from ui.web.accounts.passwords import Users
    from ui.web.accounts.sign_in import users_file

    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    return Users(users_file(settings.home))


def _password() -> str:
    """A password, typed twice; from a pipe its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ", sys.stderr)
    if getpass.getpass("Once more: ", sys.stderr) != first:
        raise RefusedRequest("the two passwords differ: nothing was changed")
    return first
