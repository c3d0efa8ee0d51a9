"""A backup is a library: whole, with its conversations, and asked like the first."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.store.made import write_words
from tools.errors import RefusedRequest
from tools.integrity.backup import backup
from tools.library import Library

KETTLE, THREAD = "What is the kettle made of?", ("--json", "--thread", "t")
Run = Callable[..., tuple[int, str, str]]


def test_a_copy_is_asked_like_the_library(tmp_path: Path, cuepoint: Run) -> None:
    home, copy = tmp_path / "home", tmp_path / "other disk" / "copy"
    copy.parent.mkdir()
    library = Library(home)
    said = [(0.0, 4.0, "The kettle is made of copper."), (9.0, 12.0, "The lamp is green.")]
    write_words(library, "Kitchen", said)
    first = json.loads(cuepoint("--library", home, "ask", KETTLE, *THREAD)[1])
    status, said, _ = cuepoint("--library", home, "library", "backup", copy, "--json")
    assert status == 0 and json.loads(said) == {"path": str(copy), "videos": 1}
    assert not list(copy.rglob("catalog.sqlite*")) and not list(copy.rglob("lock"))
    assert [one["handle"] for one in first["evidence"]] == [1]
    later = json.loads(cuepoint("--library", copy, "ask", "What colour is the lamp?", *THREAD)[1])
    assert [one["handle"] for one in later["evidence"]] == [2]  # the conversation goes on
    again = json.loads(cuepoint("--library", copy, "ask", KETTLE, *THREAD)[1])
    assert [(one["id"], one["handle"]) for one in again["evidence"]] == [
        (one["id"], one["handle"]) for one in first["evidence"]
    ]


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
