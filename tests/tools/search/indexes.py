"""Questions to an index of the four made videos, and looks at Chroma's folder."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.made_library import PICTURE, TEXT, directions, video_id
from tools.search import chroma_folder
from tools.search.chroma_index import ChromaIndex
from tools.search.vector_index import ExactIndex, Neighbour
from tools.store.embeddings import VECTOR_KINDS, video_vectors

VIDEOS = [video_id(n) for n in range(4)]


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
        found.append(index.nearest_in_library("crops", PICTURE, query, 20))
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


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def copies(folder: Path, text: str) -> list[str]:
    """Files that hold a text, in their bytes or their name."""
    return [
        str(path)
        for path in folder.rglob("*")
        if text in path.name or (path.is_file() and text.encode() in path.read_bytes())
    ]
