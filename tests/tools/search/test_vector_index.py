"""Exact search, and Chroma: the same answers, whatever happens to its folder."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.made_library import PICTURE, TEXT, add_video, directions, video_id
from tools.embed import Vectors
from tools.files.checksums import dump_checked, load_checked
from tools.library import Library
from tools.search import chroma, chroma_folder
from tools.search.chroma import folder_of, open_index
from tools.search.chroma_index import ChromaIndex
from tools.search.vector_index import ExactIndex, Neighbour, rank
from tools.store.embeddings import VECTOR_KINDS, video_vectors
from tools.vision.sampling import REASONS

VIDEOS = [video_id(n) for n in range(4)]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "home")
    for seed, video in enumerate(VIDEOS):
        add_video(made, video, seed)
    return made


@pytest.fixture
def folder(library: Library) -> Path:
    return folder_of(library.root)


@pytest.fixture
def opened(library: Library) -> Iterator[Callable[[], ChromaIndex]]:
    indexes: list[ChromaIndex] = []

    def go() -> ChromaIndex:
        index = open_index(library.catalog)
        assert isinstance(index, ChromaIndex), index.note
        indexes.append(index)
        return index

    yield go
    for index in indexes:
        index.close()


def fill(index: ExactIndex) -> None:
    for video in VIDEOS:
        index.refresh(video)


def answers(index: ExactIndex, seed: int = 0) -> list[Any]:
    """Rankings of every kind and video, and of the library."""
    found: list[Any] = []
    for turn in range(3):
        query = directions(1, 32, seed + turn)[0] * 2
        for video in VIDEOS:
            vectors = video_vectors(index.store, video, "frames")
            near = query if turn % 2 or vectors is None else vectors.array[turn] + 0.1 * query
            found += [index.nearest(video, kind, near, 20) for kind in VECTOR_KINDS]
        found.append(index.nearest_in_library("scenes", PICTURE, query, 20))
        found.append(index.nearest_in_library("passages", TEXT, query, 20))
    return found


def asked_of_chroma(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is answered exactly from here on, by video or kind; empty while Chroma answers all."""
    exact: list[str] = []
    every = ExactIndex.nearest_in_library

    def noted(self: ExactIndex, kind: Any, *rest: Any) -> list[Neighbour]:
        exact.append(kind)
        return every(self, kind, *rest)

    monkeypatch.setattr(ExactIndex, "nearest_in_library", noted)
    catch_up = ChromaIndex.catch_up

    def missed(self: ChromaIndex, videos: Any = None) -> None:
        exact.extend(videos or ())
        catch_up(self, videos)

    monkeypatch.setattr(ChromaIndex, "catch_up", missed)
    return exact


def names_in(folder: Path) -> set[str]:
    """Collections by their name, as Chroma's own database has them."""
    with sqlite3.connect(folder / "chroma.sqlite3") as database:
        return {name for (name,) in database.execute("SELECT name FROM collections")}


def names_of(folder: Path, video: str) -> list[str]:
    return chroma_folder.ChromaFolder(folder).names(video)


# Exact search


def test_exact_is_best_first_and_keeps_the_order_of_ties() -> None:
    array = np.array([[1, 0], [0, 1], [0.6, 0.8], [1, 0], [0, 0]], np.float32)
    vectors = Vectors(list("abcde"), array, "test")
    query = np.array([2, 0], np.float32)
    assert rank(vectors, query, 10) == [("a", 1.0), ("d", 1.0), ("c", 0.6), ("b", 0.0)]
    assert rank(vectors, np.zeros(2, np.float32), 10) == [] == rank(vectors, query, 0)


def test_exact_finds_moments_of_a_video_and_videos_of_the_library(library: Library) -> None:
    index = ExactIndex(library.catalog)
    vectors = video_vectors(library, VIDEOS[2], "frames")
    assert vectors
    assert index.nearest(VIDEOS[2], "frames", vectors.array[7], 1) == [(vectors.ids[7], 1.0)]
    coarse = library.catalog.coarse("passages", TEXT, 32)
    (best,) = index.nearest_in_library("passages", TEXT, coarse.array[9], 1)
    assert best == Neighbour(coarse.videos[9], coarse.milliseconds[9] / 1000, 1.0)
    assert index.nearest_in_library("passages", "nobody", coarse.array[9], 1) == []
    assert index.nearest_in_library("passages", TEXT, np.zeros(32, np.float32), 1) == []


# Chroma


def test_chroma_answers_as_exact_search_does(
    library: Library, opened: Callable[[], ChromaIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, index = answers(ExactIndex(library.catalog)), opened()
    assert answers(index) == exact  # nothing is held yet, and no question waits
    fill(index)
    missed = asked_of_chroma(monkeypatch)
    assert answers(index) == exact and missed == []


@pytest.mark.parametrize("n", [1, 2, 3, 999, 1700])
def test_every_length_is_found_whole(
    tmp_path: Path, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path / "home")
    add_video(library, VIDEOS[0], frames=n, cues=n, shown=n, dimensions=16)
    index = open_index(library.catalog)
    index.refresh(VIDEOS[0])
    index.close()
    index = open_index(library.catalog)
    missed, exact = asked_of_chroma(monkeypatch), ExactIndex(library.catalog)
    before = stamps(folder_of(library.root))
    for seed in range(5):
        query = directions(1, 16, seed)[0]
        for kind in VECTOR_KINDS:
            expected = exact.nearest(VIDEOS[0], kind, query, 64)
            assert index.nearest(VIDEOS[0], kind, query, 64) == expected
            assert len(expected) == min(n, 64)
    assert missed == [] and stamps(folder_of(library.root)) == before  # reading writes nothing
    index.close()


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_a_query_of_another_length_is_a_mistake(opened: Callable[[], ChromaIndex]) -> None:
    index = opened()
    fill(index)
    with pytest.raises(ValueError, match="shape"):
        index.nearest(VIDEOS[0], "frames", np.zeros(7, np.float32), 3)


def test_only_ids_numbers_and_vectors_are_in_chroma_and_show_counts_them(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex], cuepoint: Any
) -> None:
    index = opened()
    fill(index)
    index.close()
    status, out, _ = cuepoint("--library", library.home, "library", "show", VIDEOS[1], "--json")
    counted = json.loads(out)["collections"]
    assert status == 0
    _, text, _ = cuepoint("--library", library.home, "library", "show", VIDEOS[1])
    import chromadb

    settings = chromadb.config.Settings(anonymized_telemetry=False)
    client: Any = chromadb.PersistentClient(str(folder), settings)
    rows: dict[str, int] = {}
    for name in counted:
        held = client.get_collection(name, embedding_function=None).get(
            include=["metadatas", "documents"]
        )
        assert held["documents"] == [None] * len(held["ids"])
        mine = [n for n, id in enumerate(held["ids"]) if VIDEOS[1] in id]
        rows[name] = len(mine)
        assert f"{len(mine)}  vectors in {name}" in text
        for n in mine if VIDEOS[1] in name else ():
            numbers = held["metadatas"][n]
            at = int(held["ids"][n].rpartition("@")[2].split("-")[0])
            assert numbers.pop("seconds") == at / 1000
            if name.startswith("frames"):
                reason = ("first frame", "new shot", "floor", "keyframe")[at // 2000 % 4]
                assert (*REASONS, "keyframe")[numbers.pop("reason")] == reason
            assert numbers == {}
    client.close()
    kinds = {name.partition("-")[0]: n for name, n in rows.items() if VIDEOS[1] in name}
    assert rows == counted and kinds == {"frames": 60, "passages": 80, "screen": 30}
    assert len(rows) == 5 and all(rows.values())


def test_a_new_generation_replaces_the_old_one(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    before, all_before = set(names_of(folder, VIDEOS[0])), names_in(folder)
    add_video(library, VIDEOS[0], 77)
    exact = answers(ExactIndex(library.catalog))
    assert answers(index) == exact  # and what is old is filled again in the background
    index.refresh(VIDEOS[0])
    assert answers(index) == exact
    index.close()
    after = set(names_of(folder, VIDEOS[0]))
    assert len(after) == 3 and not after & before
    assert names_in(folder) == (all_before - before) | after
    segments = {path.parent.name for path in folder.glob("*/header.bin")}
    assert len(segments) == len(names_in(folder)) == 3 * len(VIDEOS) + 2


def test_what_did_not_change_is_not_filled_again(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    index.close()
    before = stamps(folder)
    index = opened()
    fill(index)
    index.close()
    changed = {path.name for path, stamp in stamps(folder).items() if before.get(path) != stamp}
    assert changed == {"chroma.sqlite3", "record.json"}


def test_a_server_catches_up_with_what_it_finds(
    library: Library, opened: Callable[[], ChromaIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opened()
    index.refresh(VIDEOS[0])
    shutil.rmtree(library.folder(VIDEOS[0]))  # as another process removes it
    library.catalog.remove(VIDEOS[0])
    index.catch_up()
    for _ in range(2 * len(VIDEOS) + 4):
        index.refresh("nobody")  # waits for one more step of the background
    missed = asked_of_chroma(monkeypatch)
    for video in VIDEOS[1:]:
        assert index.counts(video) and index.nearest(video, "frames", directions(1, 32, 1)[0], 3)
    index.nearest_in_library("scenes", PICTURE, directions(1, 32, 1)[0], 3)
    assert missed == [] and index.counts(VIDEOS[0]) == {}


def test_many_threads_ask_while_it_is_filled_and_a_video_is_removed(
    library: Library, opened: Callable[[], ChromaIndex]
) -> None:
    index, exact = opened(), ExactIndex(library.catalog)
    done = threading.Event()

    def ask(turn: int) -> bool:
        video, query = VIDEOS[turn % 3], directions(1, 32, turn)[0]
        same = index.nearest(video, "screen", query, 5) == exact.nearest(video, "screen", query, 5)
        wide = exact.nearest_in_library("scenes", PICTURE, query, 5)
        return same and index.nearest_in_library("scenes", PICTURE, query, 5) == wide

    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(120))
        fill(index)
        index.remove(VIDEOS[3])
        done.set()
        assert all(asked)


# Removal


def copies(folder: Path, text: str) -> list[str]:
    """Files that hold a text, in their bytes or their name."""
    return [
        str(path)
        for path in folder.rglob("*")
        if text in path.name or (path.is_file() and text.encode() in path.read_bytes())
    ]


@pytest.mark.parametrize("is_open", [True, False])
def test_no_byte_of_a_removed_video_is_left(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex], is_open: bool
) -> None:
    index = opened()
    fill(index)
    add_video(library, VIDEOS[0], 5)
    index.refresh(VIDEOS[0])  # so that deleted rows of an older generation are there too
    assert len(copies(folder, VIDEOS[0])) > 5
    if is_open:
        library.remove(VIDEOS[0])
        assert copies(folder, VIDEOS[0])  # another process has it open, which looks by itself:
        index.refresh(VIDEOS[0])
    else:
        index.close()
        library.remove(VIDEOS[0])
    assert copies(folder, VIDEOS[0]) == []
    if not is_open:
        index = opened()
    exact = ExactIndex(library.catalog)
    for seed in range(5):
        query = directions(1, 32, seed)[0]
        for video in VIDEOS[1:]:
            assert index.nearest(video, "frames", query, 9) == exact.nearest(
                video, "frames", query, 9
            )
        found = index.nearest_in_library("scenes", PICTURE, query, 20)
        assert found == exact.nearest_in_library("scenes", PICTURE, query, 20)
        assert VIDEOS[0] not in {one.video for one in found}
    for video in VIDEOS[1:]:
        index.remove(video)
        assert copies(folder, video) == []


# Other processes


def run(code: str, library: Library) -> "subprocess.Popen[str]":
    start = (
        f"import os, signal, sys; sys.path[:0] = {sys.path!r}\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from pathlib import Path\nfrom tools.library import Library\n"
        "from tools.search.chroma import open_index\n"
        "from made_library import *\n"
        f"library = Library(Path({str(library.home)!r}))\n"
    )
    command = [sys.executable, "-c", start + code]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_another_process_gives_the_same_answers_exactly(
    library: Library, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    other = run(
        "index = open_index(library.catalog); q = directions(1, 32, 3)[0]\n"
        f"print(index.name, index.nearest({VIDEOS[0]!r}, 'passages', q, 20),\n"
        "      index.nearest_in_library('scenes', PICTURE, q, 20))",
        library,
    )
    said, _ = other.communicate(timeout=60)
    query = directions(1, 32, 3)[0]
    ours = index.nearest(VIDEOS[0], "passages", query, 20)
    wide = index.nearest_in_library("scenes", PICTURE, query, 20)
    assert said.strip() == f"exact {ours} {wide}"


def test_a_second_opener_says_why_it_is_exact(
    library: Library, opened: Callable[[], ChromaIndex]
) -> None:
    first, second = opened(), open_index(library.catalog)
    assert second.name == "exact" and "another process" in second.note
    first.close()
    assert opened().name == "chroma"


def test_a_kill_while_writing_costs_only_what_was_being_written(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex], monkeypatch: Any
) -> None:
    index = opened()
    fill(index)
    index.close()
    kept = {path for path in stamps(folder) if path.parent.parent == folder}
    for turn in range(3):
        writer = run(
            "from tools.search import chroma_index\n"
            "index = open_index(library.catalog); assert index.name == 'chroma', index.note\n"
            f"add_video(library, {VIDEOS[0]!r}, {100 + turn}, cues=400)\n"
            "add, calls = chroma_index.add, []\n"
            "def slow(*rest):\n"
            "    add(*rest)\n"
            "    calls.append(0)\n"
            f"    if len(calls) > {turn}: os.write(1, b'.'); signal.pause()\n"
            "chroma_index.add = slow\n"
            f"index.refresh({VIDEOS[0]!r})\n",
            library,
        )
        assert writer.stdout and writer.stdout.read(1) == "."
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert chroma_folder.ChromaFolder(folder).state() == "interrupted"
        assert chroma.inspect(library.catalog) == ""
        index = opened()
        with monkeypatch.context() as patch:
            missed = asked_of_chroma(patch)
            for video in VIDEOS[1:]:
                assert index.nearest(video, "frames", directions(1, 32, 1)[0], 3)
            assert missed == []
        fill(index)
        assert answers(index) == answers(ExactIndex(library.catalog))
        index.close()
        assert chroma.inspect(library.catalog) == ""
    others = {p for p in kept if p in stamps(folder)}
    assert len(others) >= 5 * 3 * (len(VIDEOS) - 1)  # files of the other videos' indexes


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stop_while_reading_loses_nothing(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex], monkeypatch: Any, stop: int
) -> None:
    index = opened()
    fill(index)
    index.close()
    reader = run(
        "index = open_index(library.catalog)\n"
        "while True:\n"
        f"    index.nearest({VIDEOS[0]!r}, 'frames', directions(1, 32, 3)[0], 20)\n"
        "    index.nearest_in_library('scenes', PICTURE, directions(1, 32, 3)[0], 20)\n"
        "    os.write(1, b'.')\n",
        library,
    )
    assert reader.stdout and reader.stdout.read(3) == "..."
    assert chroma_folder.ChromaFolder(folder).state() == "whole"
    reader.send_signal(stop)
    reader.communicate()
    exact, index = answers(ExactIndex(library.catalog)), opened()
    missed = asked_of_chroma(monkeypatch)
    assert answers(index) == exact and missed == []


# Damage


@pytest.mark.parametrize(
    "what", ["catalogue", "no catalogue", "half", "metadata", "segment", "record", "older release"]
)
@pytest.mark.parametrize("later", [True, False])
def test_a_damaged_folder_answers_as_before(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex], what: str, later: bool
) -> None:
    index = opened()
    fill(index)
    index.close()
    catalogue = folder / "chroma.sqlite3"
    data = sorted(folder.glob("*/data_level0.bin"))[0]
    if what == "catalogue":
        half(catalogue, later)
    elif what == "no catalogue":
        catalogue.unlink()
    elif what == "half":  # reading this one would take the process down
        half(data, later)
    elif what == "metadata":
        (data.parent / "index_metadata.pickle").unlink()
    elif what == "segment":
        shutil.rmtree(data.parent)
    elif what == "record":
        for path in folder.glob("collections/*/*"):
            path.write_bytes(path.read_bytes().replace(b'"rows": ', b'"rows": 1', 1))
    else:
        shutil.rmtree(folder / "collections")
        (folder / "record.json").write_bytes(dump_checked({"chroma.sqlite3": "0" * 64}))
    assert chroma.inspect(library.catalog) == "is damaged"
    exact, index = answers(ExactIndex(library.catalog)), opened()
    assert answers(index) == exact
    fill(index)
    assert answers(index) == exact
    assert chroma.inspect(library.catalog) == ""  # nobody else looks into it
    index.close()
    assert chroma.inspect(library.catalog) == ""
    assert len(names_in(folder)) == 3 * len(VIDEOS) + 2


def half(path: Path, later: bool) -> None:
    stat = path.stat()
    path.write_bytes(path.read_bytes()[: stat.st_size // 2])
    if not later:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_a_folder_of_a_newer_release_is_left_alone(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    index.close()
    record = load_checked((folder / "record.json").read_bytes())
    record["format"] += 1
    (folder / "record.json").write_bytes(dump_checked(record))
    before = stamps(folder)
    index = open_index(library.catalog)
    assert index.name == "exact" and "newer release" in index.note
    assert answers(index) == answers(ExactIndex(library.catalog))
    assert stamps(folder) == before and chroma.inspect(library.catalog) == ""


def test_collections_of_nobody_are_left_alone(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    index._client.create_collection("later-kind", embedding_function=None)
    index.close()
    index = opened()
    assert answers(index) == answers(ExactIndex(library.catalog))
    index.close()
    assert "later-kind" in names_in(folder)


def test_a_collection_that_fails_is_filled_again_once_and_then_left(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    query = directions(1, 32, 3)[0]
    exact = ExactIndex(library.catalog).nearest(VIDEOS[0], "frames", query, 5)
    for turn in range(2):
        (name,) = [one for one in names_of(folder, VIDEOS[0]) if one.startswith("frames")]
        index._client.delete_collection(name)  # behind its back
        assert index.nearest(VIDEOS[0], "frames", query, 5) == exact
        index.refresh("nobody")  # waits for the background
        left = [one for one in names_of(folder, VIDEOS[0]) if one.startswith("frames")]
        assert left == ([name] if turn == 0 else [])
    assert index.nearest(VIDEOS[0], "frames", query, 5) == exact
    assert answers(index) == answers(ExactIndex(library.catalog))


def test_a_folder_that_cannot_be_used_is_no_obstacle(library: Library, folder: Path) -> None:
    folder.write_text("a file")
    index = open_index(library.catalog)
    assert index.name == "exact" and "does not open" in index.note
    folder.unlink()
    again = open_index(library.catalog)  # the lock was let go of
    assert again.name == "chroma"
    again.close()
