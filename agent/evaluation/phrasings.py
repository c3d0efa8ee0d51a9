"""Phrasings of the questions and of what is said, from `phrasings.toml`."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

_FILE = files("agent.evaluation") / "phrasings.toml"
_TABLES: dict[str, Any] = tomllib.loads(_FILE.read_text("utf-8"))
QUESTIONS: dict[str, tuple[str, Sequence[str]]] = {
    name: (kind, phrasings)
    for kind, group in _TABLES["questions"].items()
    for name, phrasings in group.items()
}
"""Kind and phrasings of each question."""
RELATIONS: dict[str, dict[str, Sequence[str]]] = _TABLES["relations"]
"""Statements and questions of each relation."""
