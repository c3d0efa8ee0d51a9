"""Exported files: their names, and how they come to be whole or not at all."""

import contextlib
import re
from collections.abc import Generator
from pathlib import Path

from tools.errors import RefusedRequest
from tools.files.durable import move_into_place, temporary_folder
from tools.media import timestamp
from tools.text.clean import clean

LONGEST = 120
"""Bytes of a name without its ending: some file systems take 143."""
UNFINISHED = ".cuepoint-"
"""Beginning of the name of a folder in which a file is being made."""
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]+')
"""Characters that some file system or shell takes for something else."""


def file_name(title: str, ending: str, span: tuple[float, float] | None = None) -> str:
    """Name of a file about a video, or about a span of it, that every file system takes."""
    times = [timestamp(at).replace(":", ".") for at in span or ()]
    tail = f" {'-'.join(times)}{ending}" if times else ending
    name = clean(_FORBIDDEN.sub(" ", title).lstrip(". -~"), LONGEST)
    while len(name.encode()) > LONGEST:
        name = name[:-1]
    return (name.strip() or "video") + tail


def check_target(target: Path) -> None:
    """Raise RefusedRequest where no new file can be written."""
    if target.is_dir():
        raise RefusedRequest(f"{str(target)!r} is a folder: name a file in it")
    if target.exists() or target.is_symlink():
        raise RefusedRequest(f"{str(target)!r} is there already: name another file")
    if not target.parent.is_dir():
        raise RefusedRequest(f"there is no folder {str(target.parent)!r}")


@contextlib.contextmanager
def new_file(target: Path) -> Generator[Path]:
    """Path to write to, in a locked folder beside the target, which then takes its name.

    A killed process leaves that folder, which the next one here deletes, and never half a file.
    RefusedRequest where something is there already, or nothing can be written.
    """
    check_target(target)
    folder = target.absolute().parent
    try:
        with temporary_folder(folder, UNFINISHED) as place:
            yield place / "unfinished"
            check_target(target)
            move_into_place(place / "unfinished", target.absolute())
    except OSError as error:
        why = f"{str(folder)!r} takes no new file ({error.strerror})"
        raise RefusedRequest(f"{why}: make room, or name another folder") from error


def write_bytes(target: Path, content: bytes) -> None:
    """Write a new file."""
    with new_file(target) as part:
        part.write_bytes(content)
