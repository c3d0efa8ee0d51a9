"""The catalog: a copy of what the videos' files say, that can be asked and made again."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.made_library import add_video, video_id
from tests.tools.store.made import Cue, write_words
from tools.errors import Damaged, UnknownVideo
from tools.library import Library
from tools.store import catalog_file
from tools.store.catalog import Catalog
from tools.store.store import Store
from tools.text.tokens import stem

SAID: list[Cue] = [
    (0.0, 4.0, "The kettle stands on the old"),
    (4.5, 8.0, "stove of Gull Point."),
    (12.0, 16.0, "Two kettles, and a kettle of copper."),
]
SHOWN: list[Cue] = [(0.0, 9.0, "GULLPOINTHARBOUR"), (9.0, 14.0, "OPEN 9:30")]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "home")
    write_words(library, "Kitchen", SAID, SHOWN, ["Ada Lund", "Ada Lund", "Omar"])
    write_words(library, "Garden", [(0.0, 5.0, "The roses need water.")])
    library.catalog.sync()
    return library


def said(catalog: Catalog, *words: str, kind: str = "speech") -> list[tuple[float, list[str], int]]:
    found = catalog.matching(words, kind)
    return [(one.start, forms, own) for one, forms, own in found]


def test_a_library_is_listed_and_named(library: Library) -> None:
    catalog = library.catalog
    assert [(one.title, one.duration) for one in catalog.entries()] == [
        ("Garden", 5.0), ("Kitchen", 16.0)
    ]  # fmt: skip
    assert len(catalog.entries(1)) == 1
    (one,) = catalog.named("KITCHEN")
    assert catalog.named(one.id[:4]) == [one] and library.get("kitchen").id == one.id
    assert catalog.coverage() == {"complete": 2, "partial": 0, "none": 0} and not catalog.coming()
    with pytest.raises(UnknownVideo, match="no video 'attic'"):
        library.get("attic")


def test_whether_anything_is_tracked_is_one_question_to_the_catalog(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden, kitchen = (one.id for one in library.catalog.entries())
    assert not library.catalog.is_tracked()
    add_video(library, video_id(1), cues=1, frames=1, shown=1, tracked=2)
    monkeypatch.setattr(Store, "manifest", lambda *_: pytest.fail("a stage was read"))
    catalog = library.catalog
    assert catalog.is_tracked() and catalog.is_tracked([garden, video_id(1)])
    assert not catalog.is_tracked([garden, kitchen]) and not catalog.is_tracked([])


def test_words_and_phrases_are_found_also_across_two_utterances(library: Library) -> None:
    catalog = library.catalog
    assert [start for start, _, _ in said(catalog, "kettles")] == [0.0, 12.0]
    ((start, forms, own),) = [hit for hit in said(catalog, "old", "stove") if hit[2] == 6]
    assert start == 0.0 and forms[own - 1 : own + 1] == ["old", "stove"]
    assert [start for start, _, _ in said(catalog, "copper", "kettle")] == []
    assert [start for start, _, _ in said(catalog, "Omar".lower())] == [12.0]  # who speaks
    assert said(catalog, 'a"b') == [] and said(catalog) == []


def test_a_word_on_screen_is_found_where_spaces_were_lost(library: Library) -> None:
    assert [start for start, _, _ in said(library.catalog, "harbour", kind="screen")] == [0.0]
    assert [start for start, _, _ in said(library.catalog, "9:30", kind="screen")] == [9.0]
    assert said(library.catalog, "our", kind="screen") == []  # short ones are everywhere


def test_words_are_counted_by_video(library: Library) -> None:
    kitchen = library.get("Kitchen").id
    held = library.catalog.holding([stem("kettle"), stem("water"), "zebra"], ("speech", "screen"))
    assert held[stem("kettle")] == {kitchen: 3} and held["zebra"] == {}
    assert list(held[stem("water")]) == [library.get("Garden").id]


def test_coarse_vectors_lie_beside_their_video(library: Library) -> None:
    (name,) = library.catalog.providers("passages")
    found = library.catalog.coarse("passages", name, 256)
    assert found.array.shape == (len(found.videos), 256) and found.array.any(axis=1).all()
    assert set(found.videos) == {one.id for one in library.catalog.entries()}
    assert library.catalog.coarse("passages", name, 3).videos == []


def test_what_another_process_changed_is_seen(library: Library) -> None:
    other = Library(library.home)
    attic = write_words(other, "Attic", [(0.0, 2.0, "A trunk of letters.")])
    library.catalog.sync()
    assert [one.title for one in library.catalog.entries()] == ["Attic", "Garden", "Kitchen"]
    write_words(other, "Attic", [(0.0, 2.0, "A trunk of maps.")])
    library.catalog.sync()
    assert [one.text for one in library.catalog.texts(attic, "speech")[0]] == ["A trunk of maps."]
    shutil.rmtree(other.folder(attic))
    library.catalog.sync()
    assert len(library.catalog.entries()) == 2 and said(library.catalog, "trunk") == []


def test_a_kill_between_manifest_and_catalog_is_made_good(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen = library.get("Kitchen").id
    library.catalog.mark(kitchen)
    seen = (library.root / "videos").stat()
    write_words(library, "Kitchen", [(0.0, 3.0, "The pan is hot.")])
    os.utime(library.root / "videos", ns=(seen.st_atime_ns, seen.st_mtime_ns))  # killed before
    fresh = Library(library.home)
    fresh.catalog.sync()
    assert [one.text for one in fresh.catalog.texts(kitchen, "speech")[0]] == ["The pan is hot."]
    assert said(fresh.catalog, "kettle") == []


def test_nothing_is_read_where_nothing_changed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Library(library.home)
    old = 1_700_000_000_000_000_000
    os.utime(library.root / "videos", ns=(old, old))
    fresh.catalog.sync()
    monkeypatch.setattr(Path, "read_bytes", None)
    monkeypatch.setattr("os.scandir", None)
    fresh.catalog.sync()
    assert len(fresh.catalog.entries()) == 2 and said(fresh.catalog, "roses")


def test_a_removed_video_leaves_no_byte(library: Library) -> None:
    kitchen = library.get("Kitchen").id
    assert b"copper" in b"".join(files(library))
    library.remove(kitchen)
    left = b"".join(files(library)).lower()
    for trace in (b"copper", b"kettl", b"gullpoint", b"kitchen", b"omar", kitchen.encode()):
        assert trace not in left, trace
    assert [one.title for one in library.catalog.entries()] == ["Garden"]
    assert said(library.catalog, "water")


def files(library: Library) -> list[bytes]:
    return [path.read_bytes() for path in library.root.rglob("*") if path.is_file()]


def test_a_killed_removal_is_finished_at_the_next_question(library: Library) -> None:
    shutil.rmtree(library.folder(library.get("Kitchen").id))
    fresh = Library(library.home)
    fresh.catalog.sync()
    fresh.catalog.close()
    assert b"copper" not in b"".join(files(library))


@pytest.mark.parametrize("harm", ["zeros", "cut", "empty", "text", "missing"])
def test_a_damaged_file_is_filled_again(library: Library, harm: str) -> None:
    library.catalog.close()
    path = library.root / catalog_file.NAME
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        middle = len(data) // 2 // 4096 * 4096
        path.write_bytes({
            "zeros": data[:4096] + bytes(len(data) - 4096), "cut": data[:middle], "empty": b"",
            "text": b"no database at all" * 300,
        }[harm])  # fmt: skip
    fresh = Library(library.home)
    fresh.catalog.sync()
    assert [one.title for one in fresh.catalog.entries()] == ["Garden", "Kitchen"]
    assert [start for start, _, _ in said(fresh.catalog, "kettle")] == [0.0, 12.0]
    assert fresh.catalog.differences() == []


def test_a_file_of_a_newer_release_is_left_alone(library: Library) -> None:
    library.catalog.close()
    path = library.root / catalog_file.NAME
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE better (x)")
        database.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    fresh = Library(library.home)
    fresh.catalog.sync()
    assert len(fresh.catalog.entries()) == 2 and path.read_bytes() == before
    fresh.catalog.close()
    again = Library(library.home)
    assert len(again.catalog.entries()) == 2  # kept in a file of its own


def test_a_library_that_cannot_be_written_has_its_catalog_in_the_cache(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library.catalog.close()
    (library.root / catalog_file.NAME).unlink()
    monkeypatch.setattr(catalog_file, "_is_writable", lambda folder: False)
    monkeypatch.setattr(catalog_file, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    fresh = Library(library.home)
    fresh.catalog.sync()
    assert len(fresh.catalog.entries()) == 2
    assert not (library.root / catalog_file.NAME).exists()
    assert list((tmp_path / "cache").rglob(catalog_file.NAME))


@pytest.mark.parametrize("why", ["locked", "no folder"])
def test_a_question_needs_no_file(
    library: Library, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    library.catalog.close()
    monkeypatch.setattr(catalog_file, "BUSY_SECONDS", 0.01)
    path = library.root / catalog_file.NAME
    with closing(sqlite3.connect(path)) as holder:
        if why == "locked":
            holder.execute("PRAGMA locking_mode = EXCLUSIVE")
            holder.execute("BEGIN EXCLUSIVE")
            holder.execute("DELETE FROM terms")
        else:
            catalog_file._delete(library.root / catalog_file.NAME)
            path.mkdir()
        fresh = Library(library.home)
        fresh.catalog.sync()
        assert len(fresh.catalog.entries()) == 2 and said(fresh.catalog, "kettle")


def test_a_damaged_video_is_told_and_the_others_are_filled(library: Library) -> None:
    kitchen = library.get("Kitchen").id
    write_words(library, "Attic", [(0.0, 2.0, "A trunk.")])
    path = library.folder(kitchen) / "speech.jsonl"
    path.write_bytes(path.read_bytes().replace(b"copper", b"silver"))
    library.catalog.close()
    catalog_file._delete(library.root / catalog_file.NAME)
    fresh = Library(library.home)
    with pytest.raises(Damaged, match="verify --repair"):
        fresh.catalog.sync()
    assert [one.title for one in fresh.catalog.entries()] == ["Attic", "Garden"]


def test_rows_that_differ_from_the_files_are_named(library: Library) -> None:
    kitchen = library.get("Kitchen").id
    assert library.catalog.differences() == []
    with closing(sqlite3.connect(library.root / catalog_file.NAME)) as database:
        database.execute("UPDATE texts SET item = replace(item, 'copper', 'silver')")
        database.commit()
    assert library.catalog.differences() == [kitchen]
    library.catalog.rebuild()
    assert library.catalog.differences() == []


def test_an_index_of_words_that_differs_from_its_rows_is_named(library: Library) -> None:
    with closing(sqlite3.connect(library.root / catalog_file.NAME)) as database:
        database.execute("INSERT INTO words(words) VALUES ('delete-all')")
        database.commit()
    assert library.catalog.differences() == [""]


def test_a_text_that_is_not_in_the_files_is_no_evidence(library: Library) -> None:
    from tools.toolbox import Toolbox

    with closing(sqlite3.connect(library.root / catalog_file.NAME)) as database:
        database.execute("UPDATE texts SET item = replace(item, 'copper', 'silver')")
        database.commit()
    found: Any = Toolbox(library).search_transcript("Which kettle is of copper?")
    assert found[0].text == "Omar: Two kettles, and a kettle of copper."
    assert library.catalog.differences() == []  # made good when it was noticed
