"""What is wrong around a command, not in it, is one line on standard error and status 1."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cuepoint = Callable[..., tuple[int, str, str]]
COMMAND = [sys.executable, "-c", "from ui.cli.app import main; main()"]


@pytest.fixture
def shut(tmp_path: Path) -> Path:
    """A folder in which nobody can make one, not even root."""
    if os.geteuid() == 0:
        return Path("/proc")
    folder = tmp_path / "shut"
    folder.mkdir(0o500)
    return folder


@pytest.fixture(params=["a file", "below a file", "shut", "below shut"])
def home(request: pytest.FixtureRequest, tmp_path: Path, shut: Path) -> Path:
    file = tmp_path / "notes.txt"
    file.write_text("not a library")
    places = {"a file": file, "below a file": file / "a" / "b"}
    return {**places, "shut": shut, "below shut": shut / "cuepoint"}[request.param]


def one_line(status: int, out: str, err: str) -> str:
    assert (status, out) == (1, "") and "Traceback" not in err
    (told,) = err.splitlines()
    assert told.startswith("cuepoint: ")
    return told


@pytest.mark.parametrize("command", ["index", "ask", "models pull minilm", "serve"])
def test_a_library_that_cannot_be_there_is_one_line(
    home: Path,
    command: str,
    shots: Path,
    cuepoint: Cuepoint,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    given = {"index": ["--json", shots], "ask": ["What is red?"]}.get(command, [])
    monkeypatch.setenv("CUEPOINT_HOME", str(home))
    if command == "serve":  # ends its process
        done = subprocess.run([*COMMAND, command], capture_output=True, text=True, timeout=100)
        told = one_line(done.returncode, done.stdout, done.stderr)
    else:
        told = one_line(*cuepoint(*command.split(), *given))
    if command == "ask" and "shut" in request.node.name:
        assert "the library is empty" in told  # asking needs no disk that can be written
        return
    assert "choose another library with --library" in told
    assert str(home) in told or f"{home.parents[1]} is a file" in told


@pytest.mark.parametrize("command", ["library list", "search red", "models list", "doctor"])
@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_library_in_a_file_is_not_taken_for_an_empty_one(
    command: str, below: str, tmp_path: Path, cuepoint: Cuepoint
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a library")
    told = one_line(*cuepoint("--library", file / below, *command.split()))
    assert f"{file} is a file, not a folder" in told


def started(arguments: str, closed: str) -> "subprocess.CompletedProcess[str]":
    """A command whose streams a shell has closed before."""
    command = f"exec {shlex.join(COMMAND)} {arguments} {closed}"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("arguments", ["library list", "library list --json", "--help"])
def test_a_closed_standard_output_is_one_line(arguments: str) -> None:
    done = started(arguments, ">&-")
    assert "standard output is closed" in one_line(done.returncode, done.stdout, done.stderr)


def test_other_streams_may_be_closed(shots: Path) -> None:
    done = started(f"index --only probe {shlex.quote(str(shots))}", "<&- 2>&-")
    assert (done.returncode, done.stderr) == (0, "") and "four shots" in done.stdout
    done = started("scenes nothing", "2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
