"""Whether the README is true. `python -P tests/test_docs.py` writes its example's output anew."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
CUEPOINT = (sys.executable, "-c", "from ui.cli.app import main; main()")
FOLDERS = ("agent", "tools", "ui", "prompts", "benchmarks", "samples", "docs")
INDEX = "cuepoint index samples/lighthouse.mp4"
"""The first command of the README: all text of the sample is read, which takes most of a minute."""
CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.M | re.S)
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody serves: a command that reaches out fails."""


def run(command: str, home: Path) -> str:
    """What a command prints, but for the folders."""
    program, *arguments = shlex.split(command)
    assert program == "cuepoint", f"only cuepoint is run: {command}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CUEPOINT_", "OPENAI"))}
    environment |= {"HOME": str(home), "CUEPOINT_HOME": str(home / "library")}
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE)
    environment |= {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*CUEPOINT, *arguments], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return re.sub(r"(?m)^(\s*)/.*(/frames/\w+\.jpg)$", r"\1…\2", done.stdout).rstrip()


def replayed(block: str, home: Path, printed: Mapping[str, str] = {}) -> str:
    """A console block as it is when its commands are run now, in order; some were run before."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    texts = ((one, printed.get(one) or run(one, home)) for one in commands)
    return "\n\n".join(f"$ {one}\n{text}".rstrip() for one, text in texts) + "\n"


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first head is that."""
    table = re.search(rf"^\| {heading} \|.*\n\|[ |-]+\n((?:\|.*\n)+)", page, re.M)
    assert table, f"no table of {heading}"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[1].splitlines()]


def options(part: Any) -> dict[str, Any]:
    """Every option by its name, those of the parts that the settings are composed of with them."""
    found: dict[str, Any] = {}
    for option in fields(part):
        value = getattr(part, option.name)
        inner = options(value) if is_dataclass(value) else {option.name: value}
        assert not found.keys() & inner.keys(), "two options of one name"
        found |= inner
    return found


def commands() -> Iterator[tuple[str, set[str]]]:
    """Every command of the program with its options."""
    import typer.main

    from ui.cli.app import app

    def walk(command: Any, name: str) -> Iterator[tuple[str, set[str]]]:
        inner = getattr(command, "commands", None)
        for word, one in (inner or {}).items():
            yield from walk(one, f"{name} {word}".strip())
        if inner is None:
            names = {option for one in command.params for option in one.opts}
            yield name, {option for option in names if option.startswith("--")}

    yield from walk(typer.main.get_command(app), "")


def tree() -> dict[str, str]:
    """Every path of the README's tree with what is said about it."""
    block = re.search(r"^```text\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)
    assert block
    lines = [line.partition(" ") for line in block[1].splitlines()]
    assert len({name for name, _, _ in lines}) == len(lines), "a path stands twice in the tree"
    return {name: words.strip() for name, _, words in lines}


def test_the_console_example_prints_what_the_readme_shows(
    indexed_sample: tuple[Path, str], tmp_path: Path
) -> None:
    blocks = CONSOLE.findall(README.read_text("utf-8"))
    assert blocks and blocks[0].startswith(f"$ {INDEX}\n")
    made, said = indexed_sample
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    for block in blocks:
        now = replayed(block, tmp_path, {INDEX: said})
        assert now == block, "run this file, read what changed"


def test_the_example_asks_goes_on_and_does_not_find() -> None:
    example = "".join(CONSOLE.findall(README.read_text("utf-8")))
    threads = re.findall(r"^\$ cuepoint ask .*--thread (\w+)$", example, re.M)
    assert len(threads) > len(set(threads))
    assert re.search(r"^  \[1\] .*\n      …/frames/\d+\.jpg$", example, re.M)
    assert re.search(r"^Nothing is said or written about ", example, re.M)


def test_every_option_and_its_default_is_in_the_readme() -> None:
    table = {name.strip("`"): default for name, default, _ in rows(README.read_text(), "variable")}
    named: set[str] = set()
    for option, value in options(Settings()).items():
        bare = option.upper()
        name = bare if bare in table else f"CUEPOINT_{bare}"
        assert name in table, f"{name} is missing"
        named.add(name)
        shown = table[name]
        if shown == "none":
            assert not value, f"{name} has a default: {value}"
        elif option == "home":
            assert shown == "your data folder"
        else:
            read = Settings.from_env({name: shown.strip("`")})
            assert options(read)[option] == value, f"{name} is {value}"
    assert named == set(table)


def test_the_commands_and_their_options_are_those_of_the_program() -> None:
    page = README.read_text("utf-8")
    known = dict(commands())
    told: dict[str, set[str]] = {}
    for usage, words in rows(page, "command"):
        name = " ".join(re.findall(r"(?<= )[a-z]+", usage))
        told[name] = set(re.findall(r"`(--[a-z-]+)`", usage + words))
    unsaid = {"--json", "--help"}
    assert told == {name: options - unsaid for name, options in known.items()}
    assert {name for name, options in known.items() if "--json" not in options} == {
        "serve",
        "chat",
        "mcp",
        "slack",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_pages_name_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.M):
        assert target in targets, f"make {target}"
    links = [one for one in re.findall(r"\]\(([^)]+)\)", text) if "://" not in one]
    paths = re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", text)
    for path in [*links, *paths]:
        assert (ROOT / path).exists(), f"{page.name} names {path}"
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def test_the_tree_and_the_disk_agree() -> None:
    listed = tree()
    for path, words in listed.items():
        assert (ROOT / path).exists(), f"{path} is in the tree and not on disk"
        assert words, f"{path} has no words"
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            package = f"{file.parent.relative_to(ROOT).as_posix()}/"
            assert package in listed, f"{package} is not in the README's tree"


def test_the_picture_is_small_enough_to_load_at_once() -> None:
    assert 10_000 < (ROOT / "docs" / "answer.png").stat().st_size <= 300_000


def test_contributing_is_short() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()) < 60


def test_the_changelog_knows_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version
    assert f"\n## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        page = README.read_text("utf-8")
        README.write_text(CONSOLE.sub(lambda one: replayed(one[0], Path(folder)), page), "utf-8")
