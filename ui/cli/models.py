"""The commands of `cuepoint models`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

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
    """List the models: what is there, what can be had, what uses it."""
    from tools.models import registry

    ready = registry.installed(load_settings().home)
    rows = [
        {
            "name": model.name,
            "kind": model.kind,
            "state": "ready" if model.name in ready else "missing",
            "size": model.size,
            "used_by": model.used_by,
        }
        for model in registry.MODELS
    ]
    lines = (
        f"{row['name']:<22}  {row['state']:<7}  {row['size'] / 1e6:>6.0f} MB  {row['used_by']}"
        for row in rows
    )
    print_result(as_json, lambda: rows, lines)


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
