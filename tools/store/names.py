"""Names that a person gave: of a video, and of its speakers.

They stand in a file of their own beside the manifest, which an index that is running writes.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import RefusedRequest
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import write_bytes
from tools.text.clean import clean

NAMES = "names.json"
LONGEST = 200
"""Characters of a name, at most."""


@dataclass(frozen=True)
class Names:
    """Title of a video and names of its speakers by their labels; empty where none was given."""

    title: str = ""
    speakers: Mapping[str, str] = field(default_factory=dict[str, str])


def read_names(folder: Path) -> Names:
    """Read the names given to a video; none where the file is damaged, which `verify` tells."""
    with suppress(FileNotFoundError, NotADirectoryError, ValueError):
        return _parse((folder / NAMES).read_bytes())
    return Names()


def write_names(folder: Path, names: Names) -> None:
    """Keep the names given to a video."""
    value = {"title": names.title, "speakers": dict(names.speakers)}
    write_bytes(folder / NAMES, dump_checked(value))


def are_damaged(folder: Path) -> bool:
    """True if names were given, and can't be read any more."""
    try:
        _parse((folder / NAMES).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except ValueError:
        return True
    return False


def checked_name(text: str) -> str:
    """Clean a name that a person typed; RefusedRequest where nothing of it can be seen."""
    name = clean(text, LONGEST)
    if not name:
        raise RefusedRequest("a name needs at least one letter")
    return name


def _parse(data: bytes) -> Names:
    value = load_checked(data)
    return Names(value["title"], value["speakers"])
