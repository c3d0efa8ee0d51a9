"""Chroma's client, and collections whose answers equal exact search."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tools.embed import Floats

OPEN_COLLECTIONS = 64
"""Collections in memory, each about 4 MB for 600 vectors; fewer Chroma never holds."""
_BATCH, _SAMPLE, _TOLERANCE = 1000, 16, 1e-3
_LEAST = 2
"""Least number of rows after which Chroma writes an index, and forgets their log."""
# These make what is found equal to exact search: by default, 14 of 100 questions to 5,000 random
# vectors differ; with an ef_search of 400, 47 of 100 to 20,000; with these none.
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 2000, "max_neighbors": 32}


def open_client(folder: Path) -> Any:
    """Open Chroma on a folder, without telemetry."""
    from chromadb.api import ServerAPI
    from chromadb.api.client import Client
    from chromadb.config import Settings, System
    from chromadb.telemetry.product import ProductTelemetryClient

    make: Any = Settings
    settings = make(
        _env_file=None,  # a .env file in the current folder is none of Chroma's business
        is_persistent=True,
        persist_directory=str(folder),
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        anonymized_telemetry=False,
        allow_reset=False,
    )
    system: Any = System(settings)
    system.instance(ProductTelemetryClient)
    # By default it keeps RLIMIT_NOFILE / 5 collections in memory: gigabytes.
    system.instance(ServerAPI).hnsw_cache_size = OPEN_COLLECTIONS
    system.start()
    return Client.from_system(system)


def failures() -> tuple[type[Exception], ...]:
    """What Chroma raises when its store is broken."""
    from chromadb.errors import ChromaError

    return (ChromaError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def create(client: Any, name: str, rows: int = _LEAST) -> Any:
    """Create an empty collection for so many rows, or one that grows by a few at a time.

    Chroma keeps rows in a log until there are as many as its threshold. A log is read again by
    every process, and reading one whose index was never written writes that: no row may stay there.
    """
    parts = -(-rows // _BATCH)
    threshold = max(rows // parts, _LEAST)
    sizes = {"sync_threshold": threshold, "batch_size": threshold}
    return client.create_collection(
        name, configuration={"hnsw": _HNSW | sizes}, embedding_function=None
    )


def add(
    collection: Any, ids: Sequence[str], array: Floats, numbers: list[dict[str, Any]] | None = None
) -> None:
    """Add unit rows under their ids, with some numbers each."""
    parts = -(-len(ids) // _BATCH)
    for rows in np.array_split(np.arange(len(ids)), parts):
        first, last = int(rows[0]), int(rows[-1]) + 1
        values: dict[str, Any] = {"ids": list(ids[first:last]), "embeddings": array[first:last]}
        if numbers:
            values["metadatas"] = numbers[first:last]
        collection.add(**values)
    if len(ids) < _LEAST:
        settle(collection)


def settle(collection: Any) -> None:
    """Make Chroma write the index of a collection that grows by a few rows at a time."""
    row = collection.get(limit=1, include=["embeddings", "metadatas"])
    for _ in range(_LEAST + 1):
        collection.upsert(
            ids=row["ids"],
            embeddings=row["embeddings"],
            metadatas=row["metadatas"] if row["metadatas"][0] else None,
        )


def ask(collection: Any, query: Floats, wanted: int, least: int) -> list[tuple[str, float]]:
    """The `wanted` nearest ids with their cosines; ValueError if fewer than there must be."""
    found = collection.query(query_embeddings=[query], n_results=wanted, include=["distances"])
    ids, distances = found["ids"][0], found["distances"][0]
    if len(ids) < least and len(ids) < collection.count():
        raise ValueError(f"{len(ids)} of {least} rows found")
    return [(id, 1.0 - distance) for id, distance in zip(ids, distances, strict=True)]


def finds_itself(collection: Any, ids: Sequence[str], array: Floats) -> bool:
    """Whether a collection has these ids and no others, and some of the rows find themselves."""
    if set(collection.get(include=[])["ids"]) != set(ids):
        return False
    if not ids:
        return True
    sample = array[:: max(1, len(ids) // _SAMPLE)]
    found = collection.query(query_embeddings=sample, n_results=1, include=["distances"])
    return max(distance for (distance,) in found["distances"]) < _TOLERANCE


class Gate:
    """Door of the client: many threads ask at once, and it is closed while nobody does."""

    def __init__(self) -> None:
        self._change = Condition()
        self._asking, self._shut = 0, False

    @contextmanager
    def asking(self) -> Generator[bool]:
        """Ask inside; false while it is closed."""
        with self._change:
            if open := not self._shut:
                self._asking += 1
        try:
            yield open
        finally:
            if open:
                with self._change:
                    self._asking -= 1
                    self._change.notify_all()

    @contextmanager
    def closed(self) -> Generator[None]:
        """Wait until nobody asks; whoever comes meanwhile is turned away."""
        with self._change:
            self._shut = True
            self._change.wait_for(lambda: self._asking == 0)
        try:
            yield
        finally:
            with self._change:
                self._shut = False
