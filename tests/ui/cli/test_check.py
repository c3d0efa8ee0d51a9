"""`cuepoint check`: a text from a file or from the input, against the library."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import flat, write_video
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    library = Library(tmp_path / "home")
    path = write_video(tmp_path / "quay.mp4", lambda _: flat((60, 90, 90)), 8.0, fps=1)
    path.with_suffix(".srt").write_text(
        "1\n00:00:01,000 --> 00:00:04,000\nThe crane lifts forty tons.\n"
    )
    ingest(library, path, providers=BARE)
    return library.home


def test_a_file_is_checked(home: Path, tmp_path: Path, cuepoint: Run) -> None:
    text = tmp_path / "text.md"
    text.write_text("The crane lifts 40 tons. The crane is green.")
    status, out, _ = cuepoint("--library", home, "check", text)
    assert status == 0
    assert out.splitlines()[0] == "confirmed: The crane lifts 40 tons. [1]"
    assert out.splitlines()[1].startswith("not supported: The crane is green.")
    assert out.splitlines()[-1] == "1 confirmed, 0 not confirmed, 1 not supported"


def test_the_input_is_checked_and_told_as_json(
    home: Path, cuepoint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Input(io.StringIO):
        buffer = io.BytesIO("“lifts forty tons”, it says [0:02].".encode())

    monkeypatch.setattr("sys.stdin", Input())
    status, out, _ = cuepoint("--library", home, "check", "--video", "quay", "--json")
    answer = json.loads(out)
    assert status == 0 and [claim["verdict"] for claim in answer["claims"]] == ["verified"]
    assert answer["evidence"][-1]["text"] == "The crane lifts forty tons."


def test_what_cannot_be_read_is_refused(home: Path, tmp_path: Path, cuepoint: Run) -> None:
    status, out, error = cuepoint("--library", home, "check", tmp_path / "no such.txt")
    assert (status, out) == (1, "") and "cannot be read" in error
    (tmp_path / "long.txt").write_bytes(b"a" * ((1 << 20) + 1))
    status, _, error = cuepoint("--library", home, "check", tmp_path / "long.txt")
    assert status == 1 and "1 MB" in error
