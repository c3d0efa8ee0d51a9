"""A backup is a library: whole, with its conversations, and asked like the first."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.store.made import write_words
from tools.errors import RefusedRequest
from tools.integrity.backup import backup
from tools.library import Library

Run = Callable[..., tuple[int, str, str]]


def test_a_copy_is_asked_like_the_library(tmp_path: Path, cuepoint: Run) -> None:
    home, copy = tmp_path / "home", tmp_path / "other disk" / "copy"
    copy.parent.mkdir()
    library = Library(home)
    write_words(library, "Kitchen", [(0.0, 4.0, "The kettle is made of copper.")])
    question = ("ask", "What is the kettle made of?", "--json", "--thread", "t")
    first = json.loads(cuepoint("--library", home, *question)[1])
    status, said, _ = cuepoint("--library", home, "library", "backup", copy, "--json")
    assert status == 0 and json.loads(said) == {"path": str(copy), "videos": 1}
    assert not list(copy.rglob("catalog.sqlite*")) and not list(copy.rglob("lock"))
    again = json.loads(cuepoint("--library", copy, *question)[1])
    assert again["evidence"][0]["id"] == first["evidence"][0]["id"]
    assert again["evidence"][0]["handle"] == first["evidence"][0]["handle"]  # it goes on


def test_nothing_is_written_over(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    write_words(library, "Kitchen", [(0.0, 4.0, "The kettle is made of copper.")])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("kept")
    with pytest.raises(RefusedRequest, match="is not empty"):
        backup(library, tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["file"]


def test_a_copy_that_breaks_off_has_no_name(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    write_words(library, "Kitchen", [(0.0, 4.0, "The kettle is made of copper.")])

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(library, tmp_path / "copy", stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]
