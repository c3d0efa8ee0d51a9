"""Tool descriptions from signatures and docstrings: names, schemas, checked arguments."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model

from agent.toolbelt import READ_ONLY, parsed
from ui.schemas import SCHEMAS, expanded

Effect = Literal["reads", "keeps", "adds"]
"""Effect on the library: none, what was found or answered is kept, or a video or a file is new.

No tool changes or removes anything, and only the last one needs more than leave to ask.
"""
KEEPS = ("look_closer",)
"""Capabilities named as readers that keep what they found, so that it is found again."""
GIVEN = ("self", "door", "report")
"""Parameters of a tool that no caller gives."""


@dataclass(frozen=True)
class Tool:
    """A function as other agents see it. `opens` is true if it may reach another machine."""

    function: Callable[..., Any]
    effect: Effect
    repeatable: bool = True
    opens: bool = False
    app: bool = False
    """True if its result is an answer, which the app shows."""

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__

    @property
    def title(self) -> str:
        """Name for people."""
        return self.name.replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        """Docstring of the function."""
        return inspect.getdoc(self.function) or ""

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Parameters of the function with evaluated annotations."""
        return _signature(_plain(self.function)).parameters

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return _input_schema(_plain(self.function))

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema of the structured content."""
        return _output_schema(_plain(self.function))

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Parsed arguments; RefusedRequest names the first that is wrong."""
        return parsed(self.name, _arguments(_plain(self.function)), arguments)


def of_capability(capability: Callable[..., Any]) -> Tool:
    """The tool of a capability of the toolbox: its name says whether it only reads."""
    name = capability.__name__
    if not name.startswith(READ_ONLY):
        return Tool(capability, "adds", repeatable=False)
    return Tool(capability, "keeps" if name in KEEPS else "reads")


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a method: what is cached of it keeps no library open."""
    return getattr(function, "__func__", function)


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function, eval_str=True)


@cache
def _arguments(function: Callable[..., Any]) -> type[BaseModel]:
    options: dict[str, Any] = {
        name: (one.annotation, ... if one.default is one.empty else one.default)
        for name, one in _signature(function).parameters.items()
        if name not in GIVEN
    }
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **options)


@cache
def _input_schema(function: Callable[..., Any]) -> dict[str, Any]:
    return _without_titles(_arguments(function).model_json_schema())


@cache
def _output_schema(function: Callable[..., Any]) -> dict[str, Any]:
    returned = _signature(function).return_annotation
    if get_origin(returned) is list:
        return _listed(schema_of(get_args(returned)[0]))
    schema = schema_of(returned)
    return schema if schema.get("type") == "object" else _wrapped(schema)


def schema_of(kind: Any) -> dict[str, Any]:
    """JSON Schema of a type of the contract, or of any other that pydantic knows."""
    if kind is Any:
        return {}
    name = getattr(kind, "__name__", "")
    if name in SCHEMAS:
        return expanded(SCHEMAS[name])
    if get_origin(kind) in (Union, UnionType):
        return {"anyOf": [schema_of(one) for one in get_args(kind)]}
    if is_dataclass(kind):
        parts = {name: schema_of(part) for name, part in get_type_hints(kind).items()}
        return {"type": "object", "properties": parts}
    return _without_titles(TypeAdapter(kind).json_schema())


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "result": {"type": "array", "items": item},
            "left_out": {"type": "integer", "description": "Results that had no room here."},
            "notes": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["result"],
    }


def _wrapped(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"result": schema}, "required": ["result"]}


def _without_titles(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of names."""
    match schema:
        case dict():
            return {
                name: _without_titles(part)
                for name, part in schema.items()
                if not (name == "title" and isinstance(part, str))
            }
        case list():
            return [_without_titles(part) for part in schema]
        case _:
            return schema
