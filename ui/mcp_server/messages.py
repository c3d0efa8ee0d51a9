"""JSON-RPC messages before the SDK sees them: what is none is answered here, one answer each."""

import json
from typing import Any

PARSE_ERROR, INVALID_REQUEST = -32700, -32600
MOST_BYTES = 4 << 20
"""Bytes of one message."""
LONGEST_ID = 200
"""Characters of the id of a request."""
DEEPEST = 64
"""Levels of a message: what is nested deeper is no call of a tool."""


def refusal(line: bytes) -> str | None:
    """Answer to what is no message that this server takes, as JSON; None for a good one."""
    if len(line) > MOST_BYTES:
        return _error(None, INVALID_REQUEST, f"a message has {MOST_BYTES >> 20} MiB at most")
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_number)
        json.dumps(message, ensure_ascii=False).encode("utf-8")  # half a surrogate cannot be sent
    except (ValueError, RecursionError):
        return _error(None, PARSE_ERROR, "that is no JSON in UTF-8")
    if not isinstance(message, dict):
        return _error(None, INVALID_REQUEST, "a message is one JSON object; there are no batches")
    id = message.get("id")
    if not _is_id(id) and "id" in message:
        return _error(None, INVALID_REQUEST, "an id is a whole number or a short string")
    if message.get("jsonrpc") != "2.0":
        return _error(id, INVALID_REQUEST, 'jsonrpc is "2.0"')
    if not isinstance(message.get("method"), str):
        return _error(id, INVALID_REQUEST, "method is missing: this server asks for nothing")
    if not isinstance(message.get("params", {}), dict):
        return _error(id, INVALID_REQUEST, "params are a JSON object")
    if _depth(message) > DEEPEST:
        return _error(id, INVALID_REQUEST, f"a message has {DEEPEST} levels at most")
    return None


def _is_id(id: object) -> bool:
    if isinstance(id, str):
        return len(id) <= LONGEST_ID
    return isinstance(id, int) and not isinstance(id, bool) and abs(id) < 1 << 53


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        inner = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [part for one in inner if isinstance(one, list) for part in one]
    return depth


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _error(id: str | int | None, code: int, text: str) -> str:
    answer = {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": text}}
    return json.dumps(answer)
