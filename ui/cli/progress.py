"""Progress on standard error: a bar on a terminal, lines where it is not one."""

import math
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tools.text.clean import clean_title
from ui.render import clock

if TYPE_CHECKING:
    from tools.ingest.run import Progress

STEADY = 5.0
"""Seconds for which the estimated end must not have moved later before it is told."""
SLACK = 0.1
"""Share of the remaining time by which the estimated end may move later and still be the same."""


class Countdown:
    """The remaining time, told only while it falls: an estimate that rises again is withheld."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._end, self._moved, self._told = -math.inf, 0.0, math.inf

    def __call__(self, remaining: float | None) -> float | None:
        """Seconds left by a new estimate; None where that is not steady, or more than was told."""
        if remaining is None:
            return None
        now = self._time()
        end = now + remaining
        if end > self._end + SLACK * remaining:
            self._end, self._moved = end, now
        self._end = min(self._end, end)
        if now - self._moved < STEADY or remaining > self._told * (1 + SLACK):
            return None
        self._told = min(self._told, remaining)
        return self._told


class Reporter:
    """Shows the progress of one video after another; use as a context manager."""

    def __init__(self, quiet: bool = False, time: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._time = time
        self._bar = None
        self.begin("")
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bars

            self._bar = Bars(
                TextColumn("{task.fields[name]}", markup=False),
                BarColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("", total=1.0, name="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, name: str) -> None:
        """Name the file that is indexed next."""
        self._name = clean_title(name)  # a name may hold what a terminal obeys
        self._said = -math.inf
        self._countdown = Countdown(self._time)

    def __call__(self, now: "Progress") -> None:
        """Show one sign of life."""
        seconds = self._countdown(now.remaining)
        left = f", about {clock(round(seconds))} left" if seconds is not None else ""
        text = f"{now.stage} {now.fraction:.0%}{left}"
        if self._bar:
            self._bar.update(
                self._task, completed=now.fraction, description=text, name=self._name[:40]
            )
        elif not self._quiet:
            if now.state != "running":
                self._line(f"{now.stage}: {now.state}")
            elif self._time() - self._said > 5:
                self._line(text)

    def _line(self, text: str) -> None:
        self._said = self._time()
        sys.stderr.write(f"{self._name}: {text}\n")
        sys.stderr.flush()


class DownloadBar:
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

    def __enter__(self) -> Self:
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
