"""The chosen library, times and JSON, for all commands."""

import errno
import json
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.settings import Settings
from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.files.disk import disk_error

if TYPE_CHECKING:
    from tools.library import Library

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
From = Annotated[str | None, typer.Option("--from", metavar="T", help="Seconds or [H:]MM:SS.")]
To = Annotated[str | None, typer.Option("--to", metavar="T", help="Seconds or [H:]MM:SS.")]
VideoRef = Annotated[str, typer.Argument(metavar="VIDEO", help="A file, an id or a title.")]


_ANOTHER = "choose another library with --library"


class Chosen:
    """What the options before the command said."""

    home: Path | None = None


def settings() -> Settings:
    """Settings from the environment, with the library that was chosen; no library in a file."""
    found = Settings.from_env()
    if Chosen.home:
        found = replace(found, home=Chosen.home.absolute())
    there = next(path for path in (found.home, *found.home.parents) if path.exists())
    if not there.is_dir():
        raise RefusedRequest(f"{there} is a file, not a folder: {_ANOTHER}")
    return found


def open_library() -> "Library":
    """The library that the command works on."""
    from tools.library import Library

    chosen = settings()
    return Library(chosen.home, chosen.owner)


def for_this_library(text: str) -> str:
    """Text with the commands in it as they must be typed where --library chose the library."""
    if Chosen.home is None or "CUEPOINT_HOME=" in text:
        return text
    chosen = f"CUEPOINT_HOME={shlex.quote(str(Chosen.home))} cuepoint "
    return re.sub(r"\bcuepoint (?=index|library|models)", lambda _: chosen, text)


def seconds(text: str | None) -> float | None:
    """Seconds from `83.5`, `1:23.5` or `1:02:03`; wrong usage where it is none of them."""
    if text is None:
        return None
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or any(p < 0 or p != p for p in parts):
        raise typer.BadParameter(f"{text!r} is not a time; write 83.5 or 1:23.5 or 1:02:03")
    total = 0.0
    for part in parts:
        total = total * 60 + part
    return total


def print_json(value: Any) -> None:
    """One JSON value on standard output; what a terminal would obey, or not show, is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    # A character that is not printable stands between quotation marks: JSON's own escape fits.
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def explained(error: Exception) -> VideoError | None:
    """What a person can do about an error; None where it is a bug."""
    if not isinstance(error, OSError):
        return error if isinstance(error, VideoError) else None
    home = settings().home
    inside = error.filename and Path(str(error.filename)).is_relative_to(home)
    if error.errno == errno.ENOENT and inside and not (home / "libraries").exists():
        return Interrupted(f"nothing can be written in {home}: {_ANOTHER}")
    return disk_error(error)


def complain(error: VideoError) -> None:
    """One line on standard error that says what to do."""
    from ui.render import printable

    line = " ".join(for_this_library(str(error)).split())
    sys.stderr.write(f"cuepoint: {printable(line)}\n")
