"""The commands of `cuepoint tokens`: access for programs, over HTTP and MCP."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.common import AsJson, choice, load_settings, print_result

if TYPE_CHECKING:
    from ui.web.accounts.tokens import Tokens

tokens_app = typer.Typer(
    help="Tokens by which programs ask: add, list, remove.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")]


@tokens_app.command("add")
def tokens_add(
    name: Name,
    scope: Annotated[
        str, typer.Option(metavar="SCOPE,...", help="read, or read and write.")
    ] = "read",
    owner: Annotated[
        str | None, typer.Option(metavar="USER", help="Whose library it opens; yours without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token; it is shown this once."""
    from ui.web.accounts.passwords import check_name
    from ui.web.accounts.tokens import SCOPES

    scopes = [choice("scope", one.strip(), SCOPES) for one in scope.split(",")]
    whose = check_name(owner) if owner is not None else load_settings().owner
    secret = _tokens().add(name, whose, scopes)
    print_result(as_json, lambda: {"name": name, "token": secret}, [secret])


@tokens_app.command("list")
def tokens_list(as_json: AsJson = False) -> None:
    """List the tokens, without what they open with."""
    listed = _tokens().listed()
    lines = [f"{one.name}  {','.join(one.scopes)}  {one.owner}  {one.made}" for one in listed]
    rows = [asdict(one) for one in listed]
    print_result(as_json, lambda: rows, lines or ["there is no token"])


@tokens_app.command("remove")
def tokens_remove(name: Name, as_json: AsJson = False) -> None:
    """Remove a token: it opens nothing any more."""
    _tokens().remove(name)
    print_result(as_json, lambda: {"removed": name}, [f"{name} opens nothing any more"])


def _tokens() -> "Tokens":
    from ui.web.accounts.sign_in import tokens_file
    from ui.web.accounts.tokens import Tokens

    return Tokens(tokens_file(load_settings().home))
