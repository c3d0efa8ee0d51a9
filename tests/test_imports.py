"""The graph of imports, those inside functions and for types included."""

import ast
import re
import sys
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = ("agent", "tools", "ui", "prompts")
BY_NAME = {"import_module", "find_spec"}
"""Functions that import, or look for, a module whose name is given as a string."""


def imported(path: Path) -> set[str]:
    """Dotted names of every module, or name in a module, that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {f"{node.module}"}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in BY_NAME:
                found.add(str(node.args[0].value))
    return found


def normal(name: str) -> str:
    """The name of a distribution as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def foreign() -> dict[str, set[str]]:
    """Third-party modules that the program imports, and the distributions that hold each."""
    files = [path for folder in OURS for path in (ROOT / folder).rglob("*.py")]
    modules = {name.split(".")[0] for path in files for name in imported(path)}
    modules -= {*OURS, *sys.stdlib_module_names, "_snowball"}  # the last is made by tokens.py
    known = packages_distributions()
    return {name: {normal(one) for one in known.get(name, ())} for name in modules}


def declared(*extras: str) -> set[str]:
    """Distributions that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    more = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras for line in more[extra])]
    return {normal(re.split(r"[\[<>=~! ]", line)[0]) for line in lines}


def test_every_third_party_module_is_declared() -> None:
    assert {"av", "aiosqlite", "PIL", "pocketsphinx"} <= foreign().keys()
    known = declared("runway", "sites", "sounds", "speakers", "tracking", "voice")
    unknown = {name for name, holders in foreign().items() if not holders & known}
    assert not unknown


def test_what_is_declared_is_imported() -> None:
    used = {holder for holders in foreign().values() for holder in holders}
    assert not declared() - used


def test_no_circle_of_files_in_the_doors() -> None:
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / "ui").rglob("*.py")
    }
    graph = {name: imported(path) & files.keys() - {name} for name, path in files.items()}
    assert "ui.cli.app" in graph["ui.cli.main"]  # inside a function
    TopologicalSorter(graph).prepare()  # CycleError names the files
