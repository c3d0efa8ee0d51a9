"""Progress on standard error: a bar on a terminal, lines where it is not one."""

import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from tools.text.clean import clean_title
from ui.progress import Countdown
from ui.render import timestamp

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from tools.ingest.run import Progress

PAUSE = 5.0
"""Seconds between two lines where there is no bar."""


class _Bar:
    """Base of a bar with one task, and of lines where there is no terminal; a context manager."""

    def __init__(self, name: str, quiet: bool, time: Callable[[], float] = time.monotonic) -> None:
        self._name, self._quiet, self._time = name, quiet, time
        self._printed = -math.inf
        self._bar = None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            console = Console(stderr=True)
            self._bar = Progress(*self._columns(), console=console, transient=True)
            self._task = self._bar.add_task(name, total=None, name="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def _columns(self) -> "list[ProgressColumn]":
        raise NotImplementedError

    def _update(self, text: str, **values: Any) -> None:
        """Move the bar; without one print the text, at most every `PAUSE` seconds."""
        if self._bar:
            self._bar.update(self._task, **values)
        elif self._time() - self._printed > PAUSE:
            self._print(text)

    def _print(self, text: str) -> None:
        if not self._quiet:
            self._printed = self._time()
            sys.stderr.write(f"{self._name}: {text}\n")
            sys.stderr.flush()


class IndexingBar(_Bar):
    """Progress of one video after another."""

    def __init__(self, quiet: bool = False, time: Callable[[], float] = time.monotonic) -> None:
        super().__init__("", quiet, time)
        self.begin("")

    def _columns(self) -> "list[ProgressColumn]":
        from rich.progress import BarColumn, TextColumn

        name, text = "{task.fields[name]}", "{task.description}"
        return [TextColumn(name, markup=False), BarColumn(), TextColumn(text, markup=False)]

    def begin(self, name: str) -> None:
        """Name the file that is indexed next."""
        self._name = clean_title(name)  # a name may hold what a terminal obeys
        self._printed = -math.inf
        self._countdown = Countdown(self._time)

    def __call__(self, now: "Progress") -> None:
        """Show the stage, its share and the time left."""
        seconds = self._countdown(now.remaining)
        left = f", about {timestamp(round(seconds))} left" if seconds is not None else ""
        text = f"{now.stage} {now.fraction:.0%}{left}"
        if not self._bar and now.state != "running":
            self._print(f"{now.stage}: {now.state}")
        else:
            name = self._name[:40]
            self._update(text, completed=now.fraction, total=1.0, description=text, name=name)


class DownloadBar(_Bar):
    """Bytes of one download."""

    def _columns(self) -> "list[ProgressColumn]":
        from rich import progress as rich

        name = rich.TextColumn("{task.description}", markup=False)
        size, speed = rich.DownloadColumn(), rich.TransferSpeedColumn()
        return [name, rich.BarColumn(), size, speed, rich.TimeRemainingColumn()]

    def __call__(self, done: int, total: int) -> None:
        """Show how many bytes are there; the first call says how many there will be."""
        text = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
        if not done:
            self._print(f"{total / 1e6:.1f} MB to download")
        elif done == total and not self._bar:
            self._print(text)
        self._update(text, completed=done, total=total)
