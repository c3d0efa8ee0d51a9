"""Faults on purpose: how often each is tried, and the table that says how it went.

In short form a tenth of the runs; `make torture` runs all of them and prints the table, which
stands in docs/reliability.md between two marks.
"""

import importlib.util
import json
import math
import os
import platform
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import VideoError
from tools.files.rows import read_rows
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.sandbox import Child
from tools.vision import scenes

LONG = os.environ.get("CUEPOINT_TORTURE") == "long"
SEED = int(os.environ.get("CUEPOINT_SEED", "1"))
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
ROW = "torture"

Row = Callable[[str, str, int, int, str], None]


@pytest.fixture
def times() -> Callable[[int], int]:
    """How often to try, of so many in the long form."""
    return lambda n: n if LONG else math.ceil(n / 10)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The same random numbers each time, another run of them for each test."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def row(record_property: Callable[[str, object], None]) -> Row:
    """`row(id, what, n, passed, figure)` puts a line into the table."""

    def put(name: str, what: str, n: int, passed: int, figure: str) -> None:
        record_property(ROW, [name, what, n, passed, figure])

    return put


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory, encode: Callable[..., Path]) -> Iterator[Any]:
    """Runs that can be killed, and what must hold after: see ground.py."""
    spec = importlib.util.spec_from_file_location("ground", Path(__file__).with_name("ground.py"))
    assert spec and spec.loader
    sys.modules["ground"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Ground(tmp_path_factory.mktemp("ground"), encode)
    yield made
    made.close()


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB, which only root can mount."""
    folder = tmp_path / "volume"
    folder.mkdir()
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True
    )
    if tried.returncode:
        pytest.skip(f"only root can mount a small disk: {tried.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def indexed() -> Callable[..., Video | None]:
    """`indexed(library, path, ...)` indexes a file; None where one line refuses it."""

    def try_to(library: Library, path: Path, **options: Any) -> Video | None:
        try:
            return ingest(library, path, providers=BARE, **options)
        except VideoError as error:
            assert "\n" not in str(error)
            return None

    return try_to


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; in the long form, when all was tried and held, put it into the page too."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    rows = [value for report in reports for name, value in report.user_properties if name == ROW]
    if not rows:
        return
    lines = ["| test | what | N | passed | figure |", "| --- | --- | ---: | ---: | --- |"]
    lines += [f"| {' | '.join(map(str, one))} |" for one in sorted(rows, key=_order)]
    terminalreporter.section("torture")
    terminalreporter.write_line("\n".join(lines))
    whole = [Path(one).resolve() for one in terminalreporter.config.args] == [Path(__file__).parent]
    if LONG and whole and not terminalreporter.stats.get("failed") and PAGE.exists():
        head = (
            f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, Python {platform.python_version()}, seed {SEED}."
        )
        marked = f"<!-- table -->\n{head}\n\n" + "\n".join(lines) + "\n<!-- end -->"
        text = re.sub(
            r"<!-- table -->.*<!-- end -->", lambda _: marked, PAGE.read_text(), flags=re.DOTALL
        )
        PAGE.write_text(text)


def _order(one: list[object]) -> tuple[str, int]:
    letter, number = re.match(r"([A-Z]+)(\d*)", str(one[0])).groups()  # type: ignore[union-attr]
    return letter, int(number or 0)


@dataclass
class Look:
    """What one file gave: the line that refused it, or what of it can be used."""

    refused: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    pictures: list[float] = field(default_factory=list)
    rows: int = 0
    end: float = 0.0
    cues: int = 0
    troubles: list[str] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether there is a frame, or sound."""
        return not self.refused and bool(self.rows or self.pictures or self.facts.get("audio"))


class Decoder:
    """A decoding process that serves many files, and the most that it needed."""

    def __init__(self, folder: Path) -> None:
        self.peak = self.deaths = 0
        self.took: list[float] = []
        self._folder = folder
        self._child = Child(writes=folder)

    def close(self) -> None:
        self._child.close()

    def call(
        self, function: str, path: Path, name: str = "path", **more: Any
    ) -> list[dict[str, Any]]:
        """The events of one function, which calls the path by that name; raises what it raises."""
        try:
            return list(self._child.call(f"tools.video.{function}", **{name: str(path)}, **more))
        finally:
            process = self._child._process
            self.deaths += process is None
            if process and sys.platform == "linux":
                status = Path(f"/proc/{process.pid}/status").read_text()
                self.peak = max(self.peak, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) >> 10)  # type: ignore[index]

    def look(self, path: Path) -> Look:
        """All that indexing does with a file. Only a VideoError is an answer."""
        started = time.monotonic()
        found = Look()
        target = self._folder / "look"
        target.mkdir(exist_ok=True)
        steps: list[tuple[str, dict[str, Any]]] = [
            ("container:probe", {}),
            ("tracks:read_subtitles", {}),
            ("decode:keyframes", {"target": str(target), "duration": 0.0}),
            ("audio:sound_end", {}),
            ("decode:scan", {"target": str(target), "rows": str(target / "rows"), "floor": 5.0}),
            ("jpeg:pictures", {"target": str(target), "seconds": [0.0, 0.7, 1e6]}),
        ]
        for name, more in steps:
            try:
                events = self.call(name, path, **more)
            except VideoError as error:
                assert "\n" not in str(error) and str(path.parent) not in str(error), error
                found.troubles.append(str(error))
                if name == "container:probe":
                    found.refused = str(error)
                    break
                continue
            json.dumps(events, allow_nan=False)
            found.pictures += [e["frame"]["seconds"] for e in events if "frame" in e]
            if name == "container:probe":
                found.facts = events[0]
                if not events[0]["video"]:
                    break
            found.cues += sum(len(event.get("cues", ())) for event in events)
            found.end = max([found.end, *(event.get("end", 0.0) for event in events)])
            found.rows = max([found.rows, *(event.get("rows", 0) for event in events)])
        if found.rows:
            rows = read_rows(target / "rows")
            assert len(rows) == found.rows and (np.diff(rows["seconds"]) > 0).all()
            assert scenes.spans(scenes.find_cuts(rows), found.end)
        for picture in target.iterdir():
            picture.unlink()
        self.took.append(time.monotonic() - started)
        return found

    @property
    def figure(self) -> str:
        """What the table says of it."""
        took = sorted(self.took)
        return (
            f"{self.peak} MB at most, {self.deaths} deaths of the decoder, "
            f"p99 {took[int(len(took) * 0.99)]:.1f} s"
        )


@pytest.fixture
def decoder(tmp_path: Path) -> Iterator[Decoder]:
    """A decoding process, and what it needed."""
    one = Decoder(tmp_path)
    yield one
    one.close()
