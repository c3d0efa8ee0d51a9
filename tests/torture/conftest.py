"""Faults on purpose: how often each is tried, and the table that says how it went.

In short form a tenth of the runs; `make torture` runs all of them and prints the table, which
stands in docs/reliability.md between two marks.
"""

import importlib.util
import math
import os
import platform
import random
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; in the long form, when nothing failed, put it into the page too."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    rows = [value for report in reports for name, value in report.user_properties if name == ROW]
    if not rows:
        return
    lines = ["| test | what | N | passed | figure |", "| --- | --- | ---: | ---: | --- |"]
    lines += [f"| {' | '.join(map(str, one))} |" for one in sorted(rows, key=_order)]
    terminalreporter.section("torture")
    terminalreporter.write_line("\n".join(lines))
    if LONG and not terminalreporter.stats.get("failed") and PAGE.exists():
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
