"""A library of four made videos, and its Chroma."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.made_library import add_video
from tests.tools.search.indexes import VIDEOS
from tools.library import Library
from tools.search.chroma import folder_of, open_index
from tools.search.chroma_index import ChromaIndex


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "home")
    for seed, video in enumerate(VIDEOS):
        add_video(made, video, seed, tracked=20)
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
