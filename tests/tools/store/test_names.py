"""Names that a person gave: of videos, of speakers, of collections."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TWO_SPEAKERS, Shelf
from tools.errors import Damaged, RefusedRequest, UnknownCollection
from tools.files.durable import lock
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.store.names import NAMES
from tools.store.video_collections import FILE

Cuepoint = Callable[..., tuple[int, str, str]]


@pytest.fixture
def talking(shots: Path, tmp_path: Path) -> Shelf:
    path = tmp_path / "kettle.mp4"
    path.symlink_to(shots)
    path.with_suffix(".srt").write_text(TWO_SPEAKERS)
    library = Library(tmp_path / "home")
    return Shelf(library, ingest(library, path, providers=BARE).id, path)


def test_a_title_that_was_given_is_found_and_its_own_comes_back(shelf: Shelf) -> None:
    library, video = shelf.library, shelf.video
    library.rename(video, "  Breakfast\n in May ")
    assert library.get("breakfast in may").id == video
    assert [one.title for one in library.list()] == ["Breakfast in May"]
    assert [one.id for one in library.catalog.named("kettle!")] == []
    ingest(library, shelf.file, providers=BARE)
    assert library.get(video).title == "Breakfast in May" and shelf.found() == []
    library.rename(video, "")
    assert library.get("kettle!").title == "kettle!"


def test_a_video_is_named_while_it_is_indexed(shelf: Shelf) -> None:
    with lock(shelf.folder / "lock"):
        shelf.library.rename(shelf.video, "Breakfast")
    assert shelf.library.get(shelf.video).title == "Breakfast"


def test_a_speaker_that_was_named_is_found_by_the_name(talking: Shelf) -> None:
    library, video = talking.library, talking.video
    assert library.speakers(video) == {"SPEAKER_1": "SPEAKER_1", "SPEAKER_2": "SPEAKER_2"}
    cited = library.utterances(video)[1].id
    library.name_speaker(video, "SPEAKER_2", "Priya N.")
    assert library.speakers(video)["SPEAKER_2"] == "Priya N."
    assert [one.speaker for one in library.utterances(video)] == ["SPEAKER_1", "Priya N."] * 2
    assert library.evidence(cited).text == "Priya N.: No, it is blue."
    assert library.catalog.differences() == []
    library.name_speaker(video, "SPEAKER_2", "")
    assert library.evidence(cited).facts["speakers"] == ["SPEAKER_2"]
    with pytest.raises(RefusedRequest, match="labelled"):
        library.name_speaker(video, "SPEAKER_3", "Nobody")


@pytest.mark.parametrize("name", ["\u202e\u200b", "\x00"])
def test_a_name_that_nobody_can_see_is_none(shelf: Shelf, name: str) -> None:
    with pytest.raises(RefusedRequest, match="letter"):
        shelf.library.rename(shelf.video, name)
    assert shelf.library.get(shelf.video).title == "kettle!"


def test_damaged_names_are_told_and_taken_away(shelf: Shelf) -> None:
    shelf.library.rename(shelf.video, "Breakfast")
    path = shelf.folder / NAMES
    path.write_bytes(path.read_bytes().replace(b"Breakfast", b"Breakfish"))
    assert shelf.library.get(shelf.video).title == "kettle!"
    assert shelf.found() == [f"{NAMES}, which holds names that were given, is damaged"]
    assert shelf.mend() and not path.exists()


def test_collections_hold_videos_that_are_there(talking: Shelf, inside: Shelf) -> None:
    library, first = talking.library, talking.video
    second = ingest(library, inside.file, providers=BARE, title="holiday").id
    assert first == second  # one content, one video
    sets = library.collections
    assert sets.add(" Kitchen ", [first, first]) == "Kitchen"
    sets.add("attic", [])
    assert list(sets.all().items()) == [("attic", []), ("Kitchen", [first])]
    assert Library(library.home).collections.videos("Kitchen") == [first]
    with pytest.raises(RefusedRequest, match="already"):
        sets.rename("attic", "Kitchen")
    assert sets.rename("Kitchen", "Tea") == "Tea" and list(sets.all()) == ["attic", "Tea"]
    sets.take_out("Tea", [first])
    for refused in (lambda: sets.videos("Tea"), lambda: sets.remove("Kitchen")):
        with pytest.raises((RefusedRequest, UnknownCollection)):
            refused()
    sets.add("Tea", [first])
    library.remove(first)
    assert sets.all()["Tea"] == [] and first not in (library.root / FILE).read_text()


def test_damaged_collections_are_told_and_the_videos_stay(shelf: Shelf) -> None:
    shelf.library.collections.add("Tea", [shelf.video])
    path = shelf.library.root / FILE
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(Damaged):
        shelf.library.collections.all()
    assert shelf.found() == [f"{FILE}, which holds the collections, is damaged"]
    assert shelf.mend() and shelf.library.collections.all() == {}
    assert shelf.library.get(shelf.video)


def test_removing_frees_what_is_in_the_folder_and_no_linked_file(
    shelf: Shelf, inside: Shelf
) -> None:
    assert inside.library.size(inside.video) >= inside.file.stat().st_size
    files = [path for path in shelf.folder.rglob("*") if path.is_file()]
    assert shelf.library.size(shelf.video) == sum(path.stat().st_size for path in files)


def test_the_command_line_names_and_collects(
    talking: Shelf, cuepoint: Cuepoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUEPOINT_HOME", str(talking.library.home))
    assert cuepoint("library", "rename", "kettle", "Tea time")[1].endswith("is 'Tea time' now\n")
    status, out, _ = cuepoint("library", "speaker", "Tea time", "SPEAKER_1", "Ada")
    assert status == 0 and out == "Ada  (SPEAKER_1)\nSPEAKER_2\n"
    assert cuepoint("transcript", "Tea time")[1].startswith("Ada: The kettle is red.")
    assert cuepoint("library", "collect", "Kitchen", "Tea time")[1] == "Kitchen  (1 video)\n"
    found = cuepoint("search", "kettle", "--collection", "Kitchen")[1]
    assert "The kettle is red." in found
    status, _, err = cuepoint("ask", "What is red?", "--collection", "Attic")
    assert status == 1 and err == "cuepoint: there is no collection 'Attic'\n"
    assert cuepoint("library", "collect", "Kitchen", "--remove")[1] == "there is no collection\n"


def test_what_was_given_is_kept_through_a_repair(talking: Shelf) -> None:
    library, video = talking.library, talking.video
    library.rename(video, "Tea time")
    library.name_speaker(video, "SPEAKER_1", "Ada")
    (talking.folder / "manifest.json").unlink()
    assert talking.mend()
    again = Library(library.home)
    assert again.get(video).title == "Tea time" and again.speakers(video)["SPEAKER_1"] == "Ada"
