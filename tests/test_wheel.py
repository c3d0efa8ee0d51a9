"""A wheel that is installed alone, as `pipx` and `uv tool install` do, serves the chat."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("agent", "tools", "ui", "prompts")
BESIDE = (".chainlit", "public", "chainlit.md", "pyproject.toml", "README.md", "LICENSE")
PAGES = ("chainlit.md", ".chainlit/config.toml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network from a source archive, and that from a copy of the repository."""
    source, made = (tmp_path_factory.mktemp(name) for name in ("source", "dist"))
    junk = shutil.ignore_patterns("__pycache__", "translations")
    for name in (*CODE, *BESIDE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=junk)
        else:
            shutil.copy(ROOT / name, source)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", made, source],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = made.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command `cuepoint` of an environment with this wheel; the rest is borrowed from ours."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", paths))
    # Plain lines: the editable install of this repository, a .pth file there, is not seen.
    borrowed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "borrowed.pth").write_text("\n".join(borrowed))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", packages, wheel], check=True, timeout=100)
    return [str(folder / "bin" / "python"), str(packages / "bin" / "cuepoint")]


@pytest.fixture
def url(installed: list[str], tmp_path: Path) -> Iterator[str]:
    """`cuepoint serve`, started in a folder without the repository's files, when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    log = tmp_path / "log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*installed, "serve", "--port", str(port)],
            env=environment,
            cwd=tmp_path,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with suppress(URLError), urlopen(f"{url}/health", timeout=10):
                break
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"it ended with {process.wait(0.1)}: {log.read_text()}")
        yield url
    finally:
        process.kill()
        process.wait()


def test_a_wheel_holds_all_of_the_program_and_its_pages(wheel: Path) -> None:
    held = set(ZipFile(wheel).namelist())
    code = {
        path.relative_to(ROOT).as_posix()
        for folder in CODE
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in {".py", ".md", ".json", ".html", ".toml"}
    }
    public = {path.relative_to(ROOT) for path in (ROOT / "public").rglob("*.*")}
    assert len(code) > 100 and len(public) > 10
    pages = {f"ui/chat/assets/{name}" for name in (*PAGES, *(path.as_posix() for path in public))}
    assert code | pages <= held
    (about,) = {name.split("/")[0] for name in held} - set(CODE)
    assert about.endswith(".dist-info")


def test_the_chat_is_served_from_another_folder_by_a_wheel_alone(url: str, tmp_path: Path) -> None:
    def got(path: str) -> bytes:
        with urlopen(url + path, timeout=30) as reply:
            assert reply.status == 200
            return reply.read()

    assert got("/health") == b"ready"
    assert b"<title>" in got("/")
    for path in ("public/style.css", "public/elements/EvidencePlayer.jsx"):
        assert got(f"/{path}") == (ROOT / path).read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"home", "log"}
