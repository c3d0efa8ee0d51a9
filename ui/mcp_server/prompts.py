"""Prompts that a person can start from, with the instructions for agents."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from tools.errors import RefusedRequest

_TEXTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))
INSTRUCTIONS: str = _TEXTS["instructions"].strip()
OPTIONAL = ("ask_with_evidence.video",)
"""Arguments that may be left out."""
MOST = 20_000
"""Characters of one argument."""


@dataclass(frozen=True)
class Argument:
    """An argument of a prompt."""

    name: str
    description: str
    required: bool


@dataclass(frozen=True)
class Prompt:
    """A prompt by its name."""

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...]


def prompts() -> list[Prompt]:
    """All prompts."""
    return [
        Prompt(name, one["title"], one["description"], tuple(_arguments(name, one["arguments"])))
        for name, one in _TEXTS["prompts"].items()
    ]


def filled(name: str, given: Mapping[str, str]) -> tuple[str, str]:
    """Description and text of a prompt; RefusedRequest names what is missing."""
    known = {one.name: one for one in prompts()}
    if name not in known:
        raise RefusedRequest(f"no prompt {name[:64]!r}; there are: {', '.join(known)}")
    values: dict[str, str] = {}
    for argument in known[name].arguments:
        value = given.get(argument.name, "").strip()
        if argument.required and not value:
            raise RefusedRequest(f"{name} needs {argument.name}: {argument.description}")
        if len(value) > MOST:
            raise RefusedRequest(f"{argument.name} may have {MOST:,} characters at most")
        values[argument.name] = value
    if "video" in values:
        values["video"] = f"The video: {values['video']}" if values["video"] else "All the videos."
    text = Template(_TEXTS["prompts"][name]["text"]).substitute(values)
    return known[name].description, text.strip()


def _arguments(prompt: str, described: Mapping[str, str]) -> list[Argument]:
    return [
        Argument(name, words, f"{prompt}.{name}" not in OPTIONAL)
        for name, words in described.items()
    ]
