"""Exact search and Chroma give the same answers; what is in Chroma, and what a removal leaves."""

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.made_library import PICTURE, TEXT, add_video, directions
from tests.tools.search.indexes import (
    VIDEOS,
    answers,
    asked_of_chroma,
    copies,
    fill,
    names_in,
    names_of,
    stamps,
)
from tools.embed import Vectors
from tools.library import Library
from tools.search.chroma import folder_of, open_index
from tools.search.chroma_index import ChromaIndex
from tools.search.vector_index import ExactIndex, Neighbour, rank
from tools.store.embeddings import VECTOR_KINDS, video_vectors
from tools.vision.sampling import REASONS

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
    add_video(library, VIDEOS[0], frames=n, cues=n, shown=n, tracked=n, dimensions=16)
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
    assert rows == counted
    assert kinds == {"frames": 60, "passages": 80, "screen": 30, "crops": 20}
    assert len(rows) == 7 and all(rows.values())


def test_a_new_generation_replaces_the_old_one(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex]
) -> None:
    index = opened()
    fill(index)
    before, all_before = set(names_of(folder, VIDEOS[0])), names_in(folder)
    add_video(library, VIDEOS[0], 77, tracked=20)
    exact = answers(ExactIndex(library.catalog))
    assert answers(index) == exact  # and what is old is filled again in the background
    index.refresh(VIDEOS[0])
    assert answers(index) == exact
    index.close()
    after = set(names_of(folder, VIDEOS[0]))
    assert len(after) == 4 and not after & before
    assert names_in(folder) == (all_before - before) | after
    segments = {path.parent.name for path in folder.glob("*/header.bin")}
    assert len(segments) == len(names_in(folder)) == 4 * len(VIDEOS) + 3


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


@pytest.mark.parametrize("is_open", [True, False])
def test_no_byte_of_a_removed_video_is_left(
    library: Library, folder: Path, opened: Callable[[], ChromaIndex], is_open: bool
) -> None:
    index = opened()
    fill(index)
    add_video(library, VIDEOS[0], 5, tracked=20)
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
