"""Subtitles that come later are kept with the video, and read without anything else done again."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tools.errors import RefusedRequest, UnknownVideo, UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.integrity.backup import backup
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE

SAID = "1\n00:00:01,000 --> 00:00:03,000\nThe heron waits by the weir.\n"


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A file that came from elsewhere."""
    path = tmp_path / "from elsewhere" / "holiday.de.srt"
    path.parent.mkdir()
    path.write_text(SAID)
    return path


def read(library: Library, video: str) -> list[tuple[str, str]]:
    return [(one.text, one.language) for one in library.utterances(video)]


def test_they_are_read_for_a_video_that_was_moved_in(inside: Any, late: Path) -> None:
    library, video = inside.library, inside.video
    before = library.manifest(video)["stages"]["pass"]["at"]
    ingest(library, library.original(video), subtitles=late, providers=BARE)
    late.unlink()
    assert read(library, video) == [("The heron waits by the weir.", "de")]
    assert library.manifest(video)["stages"]["pass"]["at"] == before
    generation = library.generation(video)
    ingest(library, library.original(video), providers=BARE)
    assert library.generation(video) == generation  # nothing is done again


def test_the_same_file_given_twice_changes_nothing_and_another_replaces_it(
    inside: Any, late: Path
) -> None:
    library, video = inside.library, inside.video
    for _ in range(2):
        ingest(library, library.original(video), subtitles=late, providers=BARE)
        stamp = library.generation(video)
    ingest(library, library.original(video), subtitles=late, providers=BARE)
    assert library.generation(video) == stamp
    late.write_text(SAID.replace("heron", "bittern"))
    ingest(library, library.original(video), subtitles=late, providers=BARE)
    assert read(library, video) == [("The bittern waits by the weir.", "de")]


def test_backup_verify_and_remove_cover_them(inside: Any, late: Path, tmp_path: Path) -> None:
    library, video = inside.library, inside.video
    ingest(library, library.original(video), subtitles=late, providers=BARE)
    assert verify(library) == []
    backup(library, tmp_path / "copy")
    copy = Library(tmp_path / "copy")
    assert verify(copy) == [] and read(copy, video) == read(library, video)
    generation = copy.generation(video)
    ingest(copy, copy.original(video), providers=BARE)
    assert copy.generation(video) == generation
    (kept,) = (library.folder(video) / "subtitles").iterdir()
    kept.write_text(SAID.replace("heron", "stork"))
    (problem,) = verify(library)
    assert "damaged" in problem.what and problem.fix.endswith("--subtitles FILE")
    kept.unlink()
    assert "missing" in verify(library)[0].what
    library.remove(video)
    with pytest.raises(UnknownVideo):
        library.get(video)
    assert not library.folder(video).exists()


def test_they_are_read_beside_a_linked_file_too(shelf: Any, late: Path) -> None:
    shutil.copy(late, late.with_name("kettle!.srt"))
    ingest(shelf.library, shelf.file, subtitles=late.with_name("kettle!.srt"), providers=BARE)
    assert read(shelf.library, shelf.video) == [("The heron waits by the weir.", "")]


@pytest.mark.parametrize(
    ("name", "text"), [("notes.pdf", SAID), ("empty.srt", ""), ("prose.srt", "no times"), ("", "")]
)
def test_what_holds_no_subtitles_is_refused_and_nothing_of_it_stays(
    inside: Any, tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / (name or "gone.srt")
    if name:
        path.write_text(text)
    generation = inside.library.generation(inside.video)
    with pytest.raises((RefusedRequest, UnreadableMedia)):
        ingest(
            inside.library, inside.library.original(inside.video), subtitles=path, providers=BARE
        )
    assert inside.library.generation(inside.video) == generation
    assert not (inside.library.folder(inside.video) / "subtitles").exists()
