"""Chroma beside other processes, after kills, and damaged: the answers are those of the files."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.made_library import PICTURE, directions
from tests.tools.search.indexes import (
    VIDEOS,
    answers,
    asked_of_chroma,
    fill,
    names_in,
    names_of,
    stamps,
)
from tools.files.checksums import dump_checked, load_checked
from tools.library import Library
from tools.search import chroma, chroma_folder
from tools.search.chroma import open_index
from tools.search.chroma_index import ChromaIndex
from tools.search.vector_index import ExactIndex

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
    assert len(names_in(folder)) == 4 * len(VIDEOS) + 3


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
