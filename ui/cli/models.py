"""The commands of `cuepoint models`."""

import sys
import time
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

    chosen = settings()
    wanted = [models.known(name) for name in names or models.SUGGESTED]
    failed = 0
    for model in wanted:
        try:
            with Bar(model.name, as_json) as bar:
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


class Bar:
    """Bytes on standard error: a bar on a terminal, lines where it is not one."""

    def __init__(self, name: str, quiet: bool) -> None:
        self._name, self._quiet, self._said, self._bar = name, quiet, 0.0, None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(name, total=None)

    def __enter__(self) -> "Bar":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show how many bytes are there; the first call says how many there will be."""
        if self._quiet:
            return
        now = time.monotonic()
        if not done:
            sys.stderr.write(f"{self._name}: {total / 1e6:.1f} MB to download\n")
        elif not self._bar and (done == total or now - self._said > 5):
            sys.stderr.write(f"{self._name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB\n")
        if self._bar:
            self._bar.update(self._task, completed=done, total=total)
        elif not done or now - self._said > 5:
            self._said = now
        sys.stderr.flush()
