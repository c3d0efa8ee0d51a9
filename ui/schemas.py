"""JSON Schemas of the contract's values, by name: MCP and HTTP describe their results by them."""

import json
from pathlib import Path
from typing import Any

SCHEMAS: dict[str, Any] = json.loads(Path(__file__).with_name("schemas.json").read_text("utf-8"))


def expanded(schema: Any) -> Any:
    """A schema as every reader takes it: one type each, those that it uses in their places."""
    match schema:
        case {"use": name}:
            return expanded(SCHEMAS[name])
        case {"type": [*kinds], **rest}:
            return {**expanded(rest), "anyOf": [{"type": kind} for kind in kinds]}
        case dict():
            return {name: expanded(part) for name, part in schema.items()}
        case list():
            return [expanded(part) for part in schema]
        case _:
            return schema
