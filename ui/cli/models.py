"""The commands of `cuepoint models`."""

from typing import Annotated

import typer

from tools.errors import VideoError
from ui.cli.common import AsJson, complain, print_json, settings

models_app = typer.Typer(
    help="The models that can be downloaded: list, pull.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@models_app.command("list")
def models_list(as_json: AsJson = False) -> None:
    """List the models: what is there, what can be had, what uses it."""
    from tools.models import registry as models

    home = settings().home
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "state": models.state(home, one.name),
            "size": one.size,
            "used_by": one.used_by,
        }
        for one in models.MODELS
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(
            f"{row['name']:<22}  {row['state']:<7}  {row['size'] / 1e6:>6.0f} MB  {row['used_by']}"
        )


@models_app.command("pull")
def models_pull(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="The suggested ones without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Download models into the library; one that is there and whole is left as it is."""
    from tools.models import download as hub
    from tools.models import registry as models
    from ui.cli.progress import DownloadBar

    chosen = settings()
    wanted = [models.get(name) for name in names or models.SUGGESTED]
    failed = 0
    for model in wanted:
        try:
            with DownloadBar(model.name, as_json) as bar:
                place = hub.pull(chosen.home, model.name, bar, chosen.hub)
            if not as_json:
                print(f"{model.name}  {place}")
        except VideoError as error:
            failed += 1
            complain(error)
    if as_json:
        models_list(True)
    if failed:
        raise typer.Exit(1)
