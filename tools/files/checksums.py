"""Files that carry their own checksum, JSON and pictures: each tells by itself if it is intact."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tools.files.durable import encode_json

CHECK = "check"
"""Key of the checksum in JSON; the checksum is of all the rest."""
_MARK = b"sha256:"
BLANK = _MARK + b"0" * 64
"""Comment that a picture is written with; `add_picture_checksum` puts its checksum there."""
_HEAD = 256
"""Bytes at the start of a picture in which its comment stands."""


def dump_checked(value: dict[str, Any]) -> bytes:
    """Encode JSON, readable by a person, that ends with its own checksum."""
    bare = {key: entry for key, entry in value.items() if key != CHECK}
    return encode_json({**bare, CHECK: hashlib.sha256(encode_json(bare)).hexdigest()})


def load_checked(data: bytes) -> dict[str, Any]:
    """Decode what `dump_checked` wrote, checksum included; ValueError if a single byte differs."""
    value: Any = json.loads(data)
    # To the byte: a space that became a tab says that the disk is losing more than that.
    if not isinstance(value, dict) or dump_checked(value) != data:  # pyright: ignore[reportUnknownArgumentType]
        raise ValueError("it does not match its checksum")
    return value  # pyright: ignore[reportUnknownVariableType]


def salvage(data: bytes, key: str) -> str | None:
    """First text under a key in JSON that may be damaged anywhere."""
    found = re.search(rb'"%s": ("(?:[^"\\]|\\.)*")' % re.escape(key.encode()), data)
    try:
        return json.loads(found[1]) if found else None
    except ValueError:
        return None


def add_picture_checksum(name: str, data: bytes) -> bytes:
    """Put the checksum of a picture, and of its file's name, in the place of BLANK."""
    return data.replace(BLANK, _MARK + _picture_checksum(name, data), 1)


def is_intact_picture(path: Path) -> bool:
    """True if a picture is there, and to the byte what was written under this name."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return False
    at = data.find(_MARK, 0, _HEAD)
    claimed = data[at + len(_MARK) : at + len(BLANK)]
    blank = data[:at] + BLANK + data[at + len(BLANK) :]
    return at >= 0 and _picture_checksum(path.name, blank) == claimed


def _picture_checksum(name: str, data: bytes) -> bytes:
    return hashlib.sha256(name.encode() + data).hexdigest().encode()
