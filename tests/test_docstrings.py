"""First lines of docstrings: noun phrases and imperatives, in words that engineers search for."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLAUSE = re.compile(r"(?:What|Whether|Which|Where|Who|Whose|That|How|Those|If|When)\b")
REWRITTEN = ("agent/extractive", "tools/search")
"""Packages whose words wait for their next design."""
FILES = sorted(
    path
    for folder in ("agent", "tools", "ui", "prompts")
    for path in (ROOT / folder).rglob("*.py")
    if not str(path.relative_to(ROOT)).startswith(REWRITTEN)
)
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_docstring_begins_with_a_clause(path: Path) -> None:
    nodes = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, DEFINITIONS)]
    first = [(ast.get_docstring(node) or "").partition("\n")[0] for node in nodes]
    assert not [line for line in first if CLAUSE.match(line)]


@pytest.mark.parametrize("line", ["What a disk does to us", "Those of some videos", "How it is"])
def test_a_clause_is_seen(line: str) -> None:
    assert CLAUSE.match(line)
