"""Options, settings, times and output that all commands share."""

import errno
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from agent.settings import Settings
from tools.clock.written import read_time
from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.files.disk import disk_error
from ui.render import cost_line, printable

if TYPE_CHECKING:
    from agent.ask import Answer
    from agent.summary.summarize import Summary
    from tools.library import Library

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
TIME = "Seconds, [H:]MM:SS, or 2026-11-19T14:00:05 by the clock."
From = Annotated[str | None, typer.Option("--from", metavar="T", help=TIME)]
To = Annotated[str | None, typer.Option("--to", metavar="T", help=TIME)]
VideoRef = Annotated[str, typer.Argument(metavar="VIDEO", help="A file, an id or a title.")]
Choice = TypeVar("Choice", bound=str)
_ANOTHER = "choose another library with --library"


class GlobalOptions:
    """Options that stand before the command."""

    home: Path | None = None


def load_settings() -> Settings:
    """Settings from the environment, with the library of `--library`, which must be a folder."""
    settings = Settings.from_env()
    if GlobalOptions.home:
        settings = replace(settings, home=GlobalOptions.home.absolute())
    nearest = existing_folder(settings.home)
    if not nearest.is_dir():
        raise RefusedRequest(f"{nearest} is a file, not a folder: {_ANOTHER}")
    return settings


def existing_folder(path: Path) -> Path:
    """The nearest of a path and its parents that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def open_library() -> "Library":
    """Library that the command works on."""
    from tools.library import Library

    settings = load_settings()
    return Library(settings.home, settings.owner, settings.signing)


def with_library_chosen(text: str) -> str:
    """Text whose commands are as they must be typed where --library chose the library."""
    if GlobalOptions.home is None or "CUEPOINT_HOME=" in text:
        return text
    command = f"CUEPOINT_HOME={shlex.quote(str(GlobalOptions.home))} cuepoint "
    return re.sub(r"\bcuepoint (?=index|library|models)", lambda _: command, text)


def checked_time(text: str | None) -> str | None:
    """Time that was written; wrong usage where it is none."""
    try:
        return text if text is None or read_time(text) else None
    except RefusedRequest as error:
        raise typer.BadParameter(str(error)) from None


def choice(name: str, value: str, choices: Iterable[Choice]) -> Choice:
    """Choice that a value names; wrong usage where it names none."""
    known = {str(item): item for item in choices}
    if value not in known:
        raise typer.BadParameter(f"no {name} {value!r}; one of: {', '.join(known)}")
    return known[value]


def print_json(value: Any) -> None:
    """Print one JSON value; control and invisible characters are escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    # A character that is not printable stands between quotation marks: JSON's own escape fits.
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def print_result(
    as_json: bool,
    make_json: Callable[[], Any],
    lines: Iterable[str],
    answer: "Answer | Summary | None" = None,
) -> None:
    """Print JSON or lines, of which only one is made: all of it, or nothing where that fails.

    What a language model took for an answer stands below the lines, on standard error.
    """
    if as_json:
        return print_json(make_json())
    sys.stdout.write("".join([f"{line}\n" for line in lines]))
    if answer and any(answer.tokens):
        sys.stderr.write(printable(cost_line(answer)) + "\n")
    return None


def print_error(error: Exception, of: str = "") -> bool:
    """Print in one line what a person can do about an error; False where the error is a bug.

    `of` is the file it is about, named where the error does not name it itself.
    """
    if isinstance(error, OSError):
        error = _disk_error(error) or error
    if not isinstance(error, VideoError):
        return False
    told = str(error) if of in str(error) else f"{of}: {error}"
    line = " ".join(with_library_chosen(told).split())
    sys.stderr.write(f"cuepoint: {printable(line)}\n")
    return True


def _disk_error(error: OSError) -> VideoError | None:
    home = load_settings().home
    inside = error.filename and Path(str(error.filename)).is_relative_to(home)
    if error.errno == errno.ENOENT and inside and not (home / "libraries").exists():
        return Interrupted(f"nothing can be written in {home}: {_ANOTHER}")
    return disk_error(error)
