"""Commands that open a door: the chat, other agents, Slack."""

import logging
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from tools.errors import RefusedRequest
from ui.cli.common import load_settings, print_error, print_json
from ui.cli.signals import leave

Host = Annotated[str | None, typer.Option(metavar="H")]
Port = Annotated[int | None, typer.Option(metavar="P", min=1, max=65535)]


def serve(host: Host = None, port: Port = None) -> None:
    """Serve the chat at / and media at /media."""
    from dataclasses import replace

    from ui.web.server import serve as run

    settings = load_settings()
    chosen = replace(settings, host=host or settings.host, port=port or settings.port)
    _run(lambda: run(chosen), refused=2)


def mcp() -> None:
    """Serve other agents on standard input and output, over the Model Context Protocol."""
    from ui.mcp_server.local import serve_pipes

    settings = load_settings()
    _run(lambda: serve_pipes(settings), refused=1)


def _run(door: Callable[[], None], refused: int) -> NoReturn:
    """Serve until the end of the process, whose status is `refused` where it may not be served."""
    status = 1
    try:
        door()
        status = 0
    except SystemExit as end:  # an address that is taken, and whatever else the server stops at
        status = end.code if isinstance(end.code, int) else 1
    except Exception as error:  # leave() ends before anyone above could tell
        status = refused if isinstance(error, RefusedRequest) else 1
        if not print_error(error):
            logging.getLogger(__name__).exception("the server ended")
    leave(status)


def slack(
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Print the manifest of the Slack app.")
    ] = False,
) -> None:
    """Answer in Slack, by Socket Mode."""
    if manifest:
        from ui.slack_bot.manifest import manifest as app_manifest

        print_json(app_manifest(load_settings().url))
        return
    from ui.slack_bot.sockets import serve_sockets

    serve_sockets(load_settings())
