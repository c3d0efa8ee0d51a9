"""Files that can tell by themselves whether they are whole: JSON and pictures with a checksum."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tools.files.durable import ODD

CHECK = "check"
"""The key under which sealed JSON carries the checksum of all the rest."""
_MARK = b"sha256:"
BLANK = _MARK + b"0" * 64
"""The comment that a picture is written with; `sealed_picture` puts its checksum there."""
_HEAD = 256


def sealed(value: dict[str, Any]) -> bytes:
    """JSON, readable by a person, that ends with its own checksum."""
    bare = {key: one for key, one in value.items() if key != CHECK}
    text = json.dumps(bare, ensure_ascii=False, indent=1)
    bare[CHECK] = hashlib.sha256(text.encode(errors=ODD)).hexdigest()
    return json.dumps(bare, ensure_ascii=False, indent=1).encode(errors=ODD)


def unsealed(data: bytes) -> dict[str, Any]:
    """What `sealed` was given, with its checksum; ValueError where a single byte differs."""
    value: Any = json.loads(data)
    # To the byte: a space that became a tab says that the disk is losing more than that.
    if not isinstance(value, dict) or sealed(value) != data:  # pyright: ignore[reportUnknownArgumentType]
        raise ValueError("it does not match its checksum")
    return value  # pyright: ignore[reportUnknownVariableType]


def salvaged(data: bytes, key: str) -> str | None:
    """The text that stands first under a key in JSON that may be damaged anywhere."""
    found = re.search(rb'"%s": ("(?:[^"\\]|\\.)*")' % re.escape(key.encode()), data)
    try:
        return json.loads(found[1]) if found else None
    except ValueError:
        return None


def sealed_picture(name: str, data: bytes) -> bytes:
    """A picture that was written with BLANK as its comment, with the checksum in its place."""
    return data.replace(BLANK, _MARK + _picture_checksum(name, data), 1)


def is_sealed_picture(path: Path) -> bool:
    """Whether a picture is there, whole, and the one that was written under this name."""
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
