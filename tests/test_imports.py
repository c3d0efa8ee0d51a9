"""The graph of imports, those inside functions and for types included."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent


def imported(path: Path) -> set[str]:
    """Dotted names of every module, or name in a module, that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {f"{node.module}"}
    return found


def test_no_circle_of_files_in_the_doors() -> None:
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / "ui").rglob("*.py")
    }
    graph = {name: imported(path) & files.keys() - {name} for name, path in files.items()}
    assert "ui.cli.app" in graph["ui.cli.main"]  # inside a function
    TopologicalSorter(graph).prepare()  # CycleError names the files
