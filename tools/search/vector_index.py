"""The nearest vectors: exactly over the files, or through Chroma, with the same answer.

Chroma is a cache and is never believed: it only proposes candidates, whose scores are computed from
the vectors of the files and compared with what it claims. Where a collection is not there yet, is
damaged or fails, the answer is computed exactly: no question waits for it or sees it.

Two processes break a Chroma folder within seconds, and one killed while it writes, or a file that
changed since, can leave a collection that answers wrongly or crashes its reader: hence the lock,
and the record of checksums that only a clean end writes. A folder that does not match its record
is never opened: it is thrown away, and filled again from the files.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tools.files.disk import disk_state, note
from tools.files.durable import is_locked
from tools.files.handles import raise_limit, share
from tools.search import chroma_folder

if TYPE_CHECKING:
    from tools.embed import Floats, Vectors

Ranking = list[tuple[str, float]]
Entry = tuple[str, int, "Vectors"]
"""A video, the generation of its manifest, and its vectors."""

_log = logging.getLogger(__name__)

# With the default threshold of 1,000 small collections stay in a table without an index. The last
# line makes what is found equal to exact search: by default, 10 of 100 questions to 3,000 random
# vectors differ, with these 0 or 1.
_SMALL = {"space": "cosine", "sync_threshold": 200, "batch_size": 100}
_HNSW = _SMALL | {"ef_construction": 200, "ef_search": 400, "max_neighbors": 32}
_OPEN_COLLECTIONS = 64  # each is held in memory, about 4 MB for 600 vectors; fewer it never holds
_FILES = 5  # of one collection
_BATCH, _SAMPLE, _TOLERANCE = 1000, 16, 1e-3


def open_index(folder: Path) -> ExactIndex:
    """Open the library's Chroma in `folder`, or search exactly where that cannot be."""
    raise_limit()
    if share(_OPEN_COLLECTIONS, _FILES) < _OPEN_COLLECTIONS:
        return ExactIndex("exact search: too few files may be open here (ulimit -n)")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Held until close, so there is no with block. A crashed owner's lock dies with it.
        lock = _lock_file(folder).open("a+")
    except OSError as error:
        why = disk_state(error)
        if why is None:
            raise
        note("index", why)
        return ExactIndex(f"exact search: Chroma does not open ({error.strerror})")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return ExactIndex("exact search: another process has this library's Chroma open")
    try:
        return ChromaIndex(folder, lock)
    except _failures() as error:
        lock.close()
        _log.warning("Chroma does not open in %s: %s", folder, error)
        return ExactIndex(f"exact search: Chroma does not open ({error})")


def inspect(folder: Path, entries: Iterable[Entry]) -> str:
    """What is wrong with a Chroma that nobody has open, in words; "" where nothing is.

    One whose owner was killed is nothing wrong: who opens it next makes it anew.
    """
    if not folder.exists():
        return "is missing" if _lock_file(folder).exists() else ""
    if is_locked(_lock_file(folder)) or chroma_folder.is_open(folder):
        return ""
    if not chroma_folder.is_whole(folder):
        return "is damaged"
    opened = open_index(folder)
    try:
        return opened.check(entries) if isinstance(opened, ChromaIndex) else ""
    finally:
        opened.close()


def rebuild(folder: Path, entries: Iterable[Entry]) -> None:
    """Fill a damaged Chroma again, all of it; another process that has it open does so itself."""
    opened = open_index(folder)
    try:
        if isinstance(opened, ChromaIndex):
            for video, generation, vectors in entries:
                opened.fill(video, generation, vectors)
    finally:
        opened.close()


def _lock_file(folder: Path) -> Path:
    return folder.parent / "chroma.lock"


class ExactIndex:
    """One matrix product over the vectors of the files: nothing to open, nothing to break."""

    name = "exact"

    def __init__(self, note: str = "exact search over the files") -> None:
        """`note` says in words why it is this kind."""
        self.note = note

    def nearest(
        self, video: str, generation: int, vectors: Vectors, query: Floats, limit: int
    ) -> Ranking:
        """Ids and cosine similarities, best first; ties in the order of `vectors.ids`."""
        return _ranked(vectors, query, _rows(vectors), limit)

    def close(self) -> None:
        """Let go of what is open."""


class ChromaIndex(ExactIndex):
    """A cache in Chroma, filled in the background; what it does not hold is answered exactly."""

    name = "chroma"

    def __init__(self, folder: Path, lock: IO[str]) -> None:
        super().__init__("Chroma, filled from the files")
        self._folder = folder
        self._lock_file = lock
        self._closed = False
        self._guard = Lock()  # for what follows, up to _names
        self._open: OrderedDict[str, Any] = OrderedDict()
        self._pending: set[str] = set()
        self._failed: dict[str, int] = {}
        self._names: WeakKeyDictionary[Vectors, str] = WeakKeyDictionary()
        if not chroma_folder.is_whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
        chroma_folder.begin(folder)
        self._client = _client(folder)
        self._stored = {one.name for one in self._client.list_collections()}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="chroma")

    def nearest(
        self, video: str, generation: int, vectors: Vectors, query: Floats, limit: int
    ) -> Ranking:
        """Let Chroma propose rows and rank those; rank all rows where it can't."""
        with self._guard:
            name = self._name(video, generation, vectors)
            collection = self._open.get(name)
            if collection is not None:
                self._open.move_to_end(name)
            elif name not in self._pending and self._failed.get(name, 0) < 2 and vectors.ids:
                self._submit(self._prepare, name, video, vectors)
                self._pending.add(name)
        if collection is not None and limit > 0 and query.shape == vectors.array.shape[1:]:
            try:
                return self._ask(collection, vectors, query, limit)
            except _failures() as error:
                with self._guard:
                    # Unless another thread saw it fail, or it was replaced meanwhile.
                    if self._open.get(name) is collection:
                        del self._open[name]
                        self._submit(self._fail, name, error)
        return super().nearest(video, generation, vectors, query, limit)

    def fill(self, video: str, generation: int, vectors: Vectors) -> bool:
        """Fill now instead of in the background; False where Chroma refuses."""
        with self._guard:
            name = self._name(video, generation, vectors)
        self._worker.submit(self._prepare, name, video, vectors).result()
        return name in self._open

    def forget(self, video: str) -> None:
        """Drop what is cached for a video that was removed."""
        if not self._closed:
            self._worker.submit(self._drop_others, video, "").result()

    def close(self) -> None:
        """Let go of the folder for the next process."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._open.clear()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._client.close()
        with suppress(OSError):  # the library itself may be gone
            chroma_folder.end(self._folder)
        self._lock_file.close()

    def _ask(self, collection: Any, vectors: Vectors, query: Floats, limit: int) -> Ranking:
        import numpy as np

        # More than asked for: near ties are then decided by the exact scores below.
        wanted = min(len(vectors.ids), max(64, 4 * limit))
        found = collection.query(query_embeddings=[query], n_results=wanted, include=["distances"])
        rows = np.array([int(id) for id in found["ids"][0]], np.int64)
        if len(rows) < min(limit, collection.metadata["rows"]):
            raise ValueError(f"{len(rows)} of {limit} rows found")
        scores = vectors.array[rows] @ query / np.linalg.norm(query)
        if not np.allclose(1 - np.array(found["distances"][0]), scores, atol=_TOLERANCE):
            raise ValueError("its vectors are not those of the files")
        return _ranked(vectors, query, np.sort(rows), limit)

    def _prepare(self, name: str, video: str, vectors: Vectors) -> None:
        """Fill or check one collection, then switch to it and drop its older generations."""
        try:
            if name in self._stored and not self._holds(name, vectors):
                self._drop(name)
            if name not in self._stored:
                self._fill(name, vectors)
            collection = self._client.get_collection(name, embedding_function=None)
            with self._guard:
                self._open[name] = collection
                if len(self._open) > _OPEN_COLLECTIONS:
                    self._open.popitem(last=False)
            self._drop_others(video, name)
        except _failures() as error:
            self._fail(name, error)
        finally:
            with self._guard:
                self._pending.discard(name)

    def _fill(self, name: str, vectors: Vectors) -> None:
        rows = _rows(vectors)
        facts = {"configuration": {"hnsw": _HNSW}, "metadata": {"rows": len(rows)}}
        collection = self._client.create_collection(name, **facts, embedding_function=None)
        self._stored.add(name)
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            collection.add(ids=[str(row) for row in batch], embeddings=vectors.array[batch])

    def _fail(self, name: str, error: Exception) -> None:
        """Drop a collection; a second failure leaves its vectors to exact search for good."""
        _log.info("collection %s failed: %s", name, error)
        self._failed[name] = self._failed.get(name, 0) + 1
        self._drop(name)

    def _submit(self, work: Callable[..., None], *arguments: Any) -> None:
        if not self._closed:
            self._worker.submit(work, *arguments)

    def _drop_others(self, video: str, keep: str) -> None:
        for name in [one for one in self._stored if one.startswith(video) and one != keep]:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._stored.discard(name)
        with self._guard, suppress(*_failures()):
            self._open.pop(name, None)
            self._client.delete_collection(name)

    def check(self, entries: Iterable[Entry]) -> str:
        """What is wrong with the collections of these vectors, in words; "" where nothing is."""
        for video, generation, vectors in entries:
            with self._guard:
                name = self._name(video, generation, vectors)
            if name in self._stored:
                found = self._worker.submit(self._holds, name, vectors).result()
                if not found:
                    return f"does not hold what the files of {video} say"
        return ""

    def _holds(self, name: str, vectors: Vectors) -> bool:
        """Whether a collection has the ids that it should, and some vectors find themselves."""
        rows = _rows(vectors)
        sample = vectors.array[rows[:: max(1, len(rows) // _SAMPLE)]]
        try:
            collection: Any = self._client.get_collection(name, embedding_function=None)
            if set(collection.get(include=[])["ids"]) != {str(row) for row in rows}:
                return False
            if not len(rows):
                return True
            found = collection.query(query_embeddings=sample, n_results=1, include=["distances"])
            return max(distance for (distance,) in found["distances"]) < _TOLERANCE
        except _failures() as error:
            _log.info("collection %s is damaged: %s", name, error)
            return False

    def _name(self, video: str, generation: int, vectors: Vectors) -> str:
        """The content is part of the name: a library made anew may count its generations anew."""
        name = self._names.get(vectors)
        if name is None:
            content = hashlib.sha256("\n".join([vectors.provider, *vectors.ids]).encode())
            content.update(vectors.array.tobytes())
            name = self._names[vectors] = content.hexdigest()[:12]
        return f"{video}-text-{generation}-{name}"


def _rows(vectors: Vectors) -> Any:
    """The rows that point anywhere: a text without any known word is near nothing."""
    import numpy as np

    return np.flatnonzero(vectors.array.any(axis=1))


def _ranked(vectors: Vectors, query: Floats, rows: Any, limit: int) -> Ranking:
    """The best of some rows (in rising order), by their exact score."""
    import numpy as np

    if query.shape != vectors.array.shape[1:]:
        raise ValueError(f"a query of shape {query.shape} for {vectors.provider}'s vectors")
    length = float(np.linalg.norm(query))
    if limit <= 0 or length == 0:
        return []
    # Rounded, because the last bits depend on how many rows are multiplied at once.
    scores = np.round(vectors.array[rows] @ query / length, 5)
    best = np.argsort(-scores, kind="stable")[:limit]
    return [(vectors.ids[rows[i]], round(float(scores[i]), 5)) for i in best]


def _client(folder: Path) -> Any:
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
    system.instance(ServerAPI).hnsw_cache_size = _OPEN_COLLECTIONS
    system.start()
    return Client.from_system(system)


def _failures() -> tuple[type[Exception], ...]:
    """What Chroma raises when its store is broken."""
    from chromadb.errors import ChromaError

    return (ChromaError, LookupError, OSError, RuntimeError, TypeError, ValueError)
