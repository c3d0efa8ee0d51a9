"""The chosen library, times and JSON, for all commands."""

import json
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.settings import Settings
from tools.errors import VideoError

if TYPE_CHECKING:
    from tools.library import Library

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
From = Annotated[str | None, typer.Option("--from", metavar="T", help="Seconds or [H:]MM:SS.")]
To = Annotated[str | None, typer.Option("--to", metavar="T", help="Seconds or [H:]MM:SS.")]
VideoRef = Annotated[str, typer.Argument(metavar="VIDEO", help="A file, an id or a title.")]


class Chosen:
    """What the options before the command said."""

    home: Path | None = None


def settings() -> Settings:
    """Settings from the environment, with the library that was chosen."""
    found = Settings.from_env()
    return replace(found, home=Chosen.home.absolute()) if Chosen.home else found


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


def complain(error: VideoError) -> None:
    """One line on standard error that says what to do."""
    from ui.render import printable

    line = " ".join(for_this_library(str(error)).split())
    sys.stderr.write(f"cuepoint: {printable(line)}\n")
