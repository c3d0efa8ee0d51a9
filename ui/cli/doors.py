"""Commands that open one door alone: other agents, Slack."""

import logging
from typing import Annotated

import typer

from ui.cli.common import load_settings, print_error, print_json
from ui.cli.signals import leave


def mcp() -> None:
    """Serve other agents on standard input and output, over the Model Context Protocol."""
    from ui.mcp_server.local import serve_pipes

    status = 1
    try:
        serve_pipes(load_settings())
        status = 0
    except Exception as error:  # leave() ends before anyone above could tell
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
