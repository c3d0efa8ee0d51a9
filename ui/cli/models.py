"""The commands of `cuepoint models`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.settings import Settings
from tools.errors import VideoError
from ui.cli.common import AsJson, load_settings, print_error, print_result

models_app = typer.Typer(
    help="The models that can be downloaded: list, pull.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@models_app.command("list")
def models_list(as_json: AsJson = False) -> None:
    """List the models: what is there, what can be had, what uses it.

    Those that servers on this machine offer are listed too; none is used before it is set.
    """
    from agent.llm.local_servers import find_servers
    from tools.models import registry

    settings = load_settings()
    ready = registry.installed(settings.home)
    rows: list[dict[str, Any]] = [
        {
            "name": model.name,
            "kind": model.kind,
            "state": "ready" if model.name in ready else "missing",
            "size": model.size,
            "used_by": model.used_by,
        }
        for model in registry.MODELS
    ]
    for server in find_servers(settings.model_ports):
        for model in server.models:
            rows.append(
                {
                    "name": model.name,
                    "kind": "language",
                    "state": "ready",
                    "size": model.size,
                    "used_by": f"answers, by {server.name}, with {server.assignments(model.name)}",
                    "settings": server.settings(model.name),
                }
            )
    lines = (
        f"{row['name']:<22}  {row['state']:<7}  {_megabytes(row['size']):>9}  {row['used_by']}"
        for row in rows
    )
    print_result(as_json, lambda: rows, lines)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size else ""


@models_app.command("pull")
def models_pull(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="The suggested ones without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Download models into the library; one that is there and whole is left as it is."""
    from tools.models import registry

    wanted = [registry.get(name).name for name in names or registry.SUGGESTED]
    ready = 0
    for name, folder in download_models(load_settings(), wanted, as_json):
        ready += 1
        if not as_json:
            print(f"{name}  {folder}")
    if as_json:
        models_list(True)
    if ready < len(wanted):
        raise typer.Exit(1)


def download_models(
    settings: Settings, names: Iterable[str], quiet: bool = False
) -> Iterator[tuple[str, Path]]:
    """Download models one by one, and yield name and folder; a failure is one line."""
    from tools.models import download
    from ui.cli.progress import DownloadBar

    for name in names:
        try:
            with DownloadBar(name, quiet) as bar:
                folder = download.pull(settings.home, name, bar, settings.hub)
        except VideoError as error:
            print_error(error)
        else:
            yield name, folder
