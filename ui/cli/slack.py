"""The command that answers in Slack."""

from typing import Annotated

import typer

from ui.cli.common import load_settings, print_json


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
