"""Progress on standard error: a bar on a terminal, lines where it is not one."""

import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich import progress as rich
from rich.console import Console

from tools.media import timestamp
from tools.text.clean import clean_title
from ui.progress import Countdown

if TYPE_CHECKING:
    from tools.ingest.run import Progress

PAUSE = 5.0
"""Seconds between two lines where there is no bar."""


class _Bar(rich.Progress):
    """Base of a bar with one task, and of lines where there is no terminal."""

    def __init__(
        self,
        name: str,
        quiet: bool,
        *columns: rich.ProgressColumn,
        time: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._quiet, self._printed = name, quiet, -math.inf
        super().__init__(
            rich.TextColumn("{task.description}", markup=False),
            *columns,
            console=Console(stderr=True),
            transient=True,
            get_time=time,
            disable=quiet or not sys.stderr.isatty(),
        )
        self._task = self.add_task(name, total=None, text="")

    def _show(self, text: str, **values: Any) -> None:
        """Move the bar; without one print the text, at most every `PAUSE` seconds."""
        self.update(self._task, text=text, **values)
        if self.disable and self.get_time() - self._printed > PAUSE:
            self._print(text)

    def _print(self, text: str) -> None:
        if not self._quiet:
            self._printed = self.get_time()
            sys.stderr.write(f"{self._name}: {text}\n")
            sys.stderr.flush()


class IndexingBar(_Bar):
    """Progress of one video after another."""

    def __init__(self, quiet: bool = False, time: Callable[[], float] = time.monotonic) -> None:
        text = rich.TextColumn("{task.fields[text]}", markup=False)
        super().__init__("", quiet, rich.BarColumn(), text, time=time)
        self.begin("")

    def begin(self, name: str) -> None:
        """Name the file that is indexed next."""
        self._name = clean_title(name)  # a name may hold what a terminal obeys
        self._printed = -math.inf
        self._countdown = Countdown(self.get_time)

    def __call__(self, now: "Progress") -> None:
        """Show the stage, its share and the time left."""
        seconds = self._countdown(now.remaining)
        left = f", about {timestamp(round(seconds))} left" if seconds is not None else ""
        text = f"{now.stage} {now.fraction:.0%}{left}"
        if self.disable and now.state != "running":
            self._print(f"{now.stage}: {now.state}")
        else:
            self._show(text, completed=now.fraction, total=1.0, description=self._name[:40])


class DownloadBar(_Bar):
    """Bytes of one download."""

    def __init__(self, name: str, quiet: bool) -> None:
        size, speed = rich.DownloadColumn(), rich.TransferSpeedColumn()
        super().__init__(name, quiet, rich.BarColumn(), size, speed, rich.TimeRemainingColumn())

    def __call__(self, done: int, total: int) -> None:
        """Show how many bytes are there; the first call says how many there will be."""
        text = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
        if not done:
            self._print(f"{total / 1e6:.1f} MB to download")
        elif done == total and self.disable:
            self._print(text)
        self._show(text, completed=done, total=total)


class MakingBar(_Bar):
    """Share of one new file that is made."""

    def __init__(self, name: str, quiet: bool) -> None:
        super().__init__(clean_title(name)[:40], quiet, rich.BarColumn(), rich.TaskProgressColumn())

    def __call__(self, fraction: float) -> None:
        """Show the share, 0 to 1."""
        self._show(f"{fraction:.0%}", completed=fraction, total=1.0)


class EvaluationLine(_Bar):
    """Task of an evaluation and how far it is; without a terminal a line for each task."""

    def __init__(self) -> None:
        super().__init__("", quiet=False)

    def __call__(self, task: str, done: int, of: int) -> None:
        """Show the task, and which of its questions is asked."""
        self.update(self._task, description=f"{task}: {done + 1} of {of}")
        if self.disable and task != self._name:
            self._name = task
            self._print(str(of))
