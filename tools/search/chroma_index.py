"""Chroma index: vectors of a library in collections, filled from its files and its catalog.

Chroma is a cache and is never believed. It proposes candidates; those of a video are ranked by the
vectors of its files, which must agree with what it claims. What it does not hold, or holds of other
files than today's, is answered exactly: no question waits for it or sees it.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import RLock
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tools.errors import UnknownVideo, VideoError
from tools.search.chroma_client import (
    OPEN_COLLECTIONS,
    Gate,
    add,
    ask,
    create,
    failures,
    finds_itself,
    open_client,
    settle,
)
from tools.search.chroma_folder import LIBRARY, ChromaFolder, Held, counts
from tools.search.chroma_rows import (
    TOLERANCE,
    coarse_rows,
    coarse_tags,
    collection_name,
    library_name,
    rescored,
    rows_of,
)
from tools.search.vector_index import ExactIndex, Neighbour, Ranking, rank
from tools.store.embeddings import VECTOR_KINDS, CoarseKind, VectorKind, video_vectors

if TYPE_CHECKING:
    from tools.embed import Floats
    from tools.store.catalog import Catalog

MOST = 64
"""Neighbours that Chroma is asked for, at most; a longer ranking is made exactly."""
_VIDEOS_AT_ONCE = 50
"""Videos whose coarse rows are added in one step: about 1,000 rows."""
_TIES = 16
"""Coarse rows beyond those asked for, among which exact scores decide."""
_log = logging.getLogger(__name__)


class ChromaIndex(ExactIndex):
    """Vectors in Chroma, written by one thread in the background."""

    name = "chroma"

    def __init__(self, catalog: Catalog, folder: ChromaFolder, lock: IO[str]) -> None:
        super().__init__(catalog, "Chroma, filled from the files")
        self.folder, self._lock_file = folder, lock
        self._closed = False
        self._guard = RLock()  # for what follows
        self._open: OrderedDict[tuple[str, str], tuple[Any, Held]] = OrderedDict()
        self._pending: set[str] = set()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._library: dict[str, Held] = {}
        self._compared: dict[str, tuple[Any, bool]] = {}
        self._gate = Gate()
        state = folder.state()
        if state not in ("whole", "interrupted"):
            folder.clear()
        with folder.writing(unfinished := folder.unfinished()):
            self._client = open_client(folder.path)  # which changes the database
            for group, name in unfinished:
                self._drop(group, name)
            if state == "interrupted":
                folder.delete_unknown()
        folder.finish()
        for name in folder.names(LIBRARY):
            if held := folder.held(LIBRARY, name):
                self._library[name] = held
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="chroma")

    # Questions

    def nearest(self, video: str, kind: VectorKind, query: Floats, limit: int) -> Ranking:
        """Let Chroma propose rows and rank those by the files; rank all where it can't."""
        vectors = video_vectors(self.store, video, kind)
        if vectors is None or not 0 < limit <= MOST or query.shape != vectors.array.shape[1:]:
            return rank(vectors, query, limit) if vectors else []
        name = collection_name(self.store, video, kind)
        with self._gate.asking() as may_ask:
            collection, held = self._collection(video, name if may_ask else None)
            if name and collection:
                try:
                    places = {id: row for row, id in enumerate(vectors.ids)}
                    # More than asked for: near ties are then decided by the exact scores.
                    found = ask(collection, query, max(MOST, 4 * limit), limit)
                    rows = np.array([places[id] for id, _ in found], np.int64)
                    scores = vectors.array[rows] @ query / np.linalg.norm(query)
                    if not np.allclose([one for _, one in found], scores, atol=TOLERANCE):
                        raise ValueError("its vectors are not those of the files")
                    return rank(vectors, query, limit, np.sort(rows))
                except failures() as error:
                    self._submit(self._fail, video, name, held, error)
        if collection is None:
            self.catch_up([video])
        return rank(vectors, query, limit)

    def nearest_in_library(
        self, kind: CoarseKind, provider: str, query: Floats, limit: int
    ) -> list[Neighbour]:
        """Find coarse rows in Chroma, if it holds what the catalog does today; else exactly."""
        name = library_name(kind, provider, len(query))
        with self._gate.asking() as may_ask:
            current = 0 < limit <= MOST and may_ask and self._is_current(kind, provider, len(query))
            collection, held = self._collection(LIBRARY, name if current else None)
            if collection:
                try:
                    found = ask(collection, query, limit + _TIES, limit)
                    return rescored(self.catalog, kind, provider, query, found)[:limit]
                except failures() as error:
                    self._submit(self._fail, LIBRARY, name, held, error)
        return super().nearest_in_library(kind, provider, query, limit)

    def _is_current(self, kind: CoarseKind, provider: str, dimensions: int) -> bool:
        """Whether a library-wide collection holds the rows of today; what differs is queued."""
        name = library_name(kind, provider, dimensions)
        seen = self.catalog.changes(), self._library.get(name)
        known, current = self._compared.get(name, (None, False))
        if known == seen:
            return current
        tags = coarse_tags(self.catalog, kind, provider, dimensions)
        differ = differing(seen[1], tags)
        self._compared[name] = seen, not differ
        if differ:
            self.catch_up(differ)
        return not differ

    def _collection(self, group: str, name: str | None) -> tuple[Any, Held | None]:
        """The open collection of that name, and its record; nothing where it is not intact.

        The files of its index are compared with their checksums when it is opened.
        """
        if name is None:
            return None, None
        with self._guard:
            if (group, name) in self._open:
                self._open.move_to_end((group, name))
                return self._open[group, name]
        held = self._library.get(name) if group == LIBRARY else self.folder.held(group, name)
        if held is None or not held.rows:
            return None, None
        try:
            if not self.folder.is_intact(held):
                raise ValueError("its files are not what was written")
            collection = self._client.get_collection(name, embedding_function=None)
        except failures() as error:
            self._submit(self._fail, group, name, held, error)
            return None, None
        with self._guard:
            self._open[group, name] = collection, held
            if len(self._open) > OPEN_COLLECTIONS:
                self._open.popitem(last=False)
        return collection, held

    # Writing: everything below runs in the one thread of the background, but for what waits for it

    def refresh(self, video: str) -> None:
        """Fill what is missing or old of a video, or drop a removed one, before returning."""
        self._wait_for(self._refresh, video)

    def catch_up(self, videos: Iterable[str] | None = None) -> None:
        """Refresh some videos, or all and those that were removed, in the background."""
        if videos is not None:
            with self._guard:
                new = [video for video in videos if video not in self._pending]
                self._pending.update(new)
            if new:
                self._submit(self._catch_up, iter(new))
            return

        def removed_and_stored() -> Iterator[str]:
            with suppress(VideoError):  # of a damaged video, which is told when it is read
                self.catalog.sync()
            yield from self.folder.groups()
            yield from self.store.folders()

        self._submit(self._refresh_library)
        self._submit(self._catch_up, removed_and_stored())

    def remove(self, video: str) -> None:
        """Remove every trace of a video, before returning."""
        self._wait_for(self._remove, video)

    def counts(self, video: str) -> dict[str, int]:
        return counts(self.folder.path, video)

    def holds(self, group: str, name: str, ids: list[str], array: Floats) -> bool:
        """Whether a collection has these rows, as far as their ids and a sample of them tell."""
        return self._worker.submit(self._holds, group, name, ids, array).result()

    def close(self) -> None:
        """Let go of the folder for the next process."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._open.clear()
        self._worker.shutdown(wait=True, cancel_futures=True)
        with self._gate.closed():
            self._client.close()
        if self.folder.path.exists():  # the library itself may be gone
            with suppress(OSError), self.folder.writing((), checksum=True):
                pass
        self._lock_file.close()

    def _submit(self, work: Callable[..., None], *arguments: Any) -> None:
        with self._guard:
            if not self._closed:
                self._worker.submit(work, *arguments)

    def _wait_for(self, work: Callable[..., None], *arguments: Any) -> None:
        with self._guard:
            done = None if self._closed else self._worker.submit(work, *arguments)
        if done:
            done.result()

    def _catch_up(self, videos: Iterator[str]) -> None:
        """Refresh the next video, and come back for the one after it behind what waits."""
        for video in videos:
            self._refresh(video)
            with self._guard:
                self._pending.discard(video)
            self._submit(self._catch_up, videos)
            return

    def _refresh(self, video: str) -> None:
        try:
            for work in (self._refresh_video, self._refresh_coarse):
                try:
                    work(video)
                except UnknownVideo:
                    self._remove(video)
                except VideoError as error:  # a file is damaged, which is told when it is read
                    _log.info("%s is not in Chroma: %s", video, error)
        except failures() as error:
            _log.info("%s is not filled into Chroma: %s", video, error)

    def _refresh_coarse(self, video: str) -> None:
        self._refresh_library([video])

    def _refresh_video(self, video: str) -> None:
        """Fill the collections of today under their new names, then drop the older ones."""
        names: dict[str | None, VectorKind] = {
            collection_name(self.store, video, kind): kind for kind in VECTOR_KINDS
        }
        have = self.folder.names(video)
        old = [name for name in have if name not in names]
        missing = [name for name in names if name and name not in have]
        missing = [name for name in missing if self._failed[video, name] < 2]
        if not old and not missing:
            return
        with self.folder.writing((video, name) for name in (*old, *missing)):
            for name in missing:
                with self._counted(video, name):
                    vectors, numbers = rows_of(self.store, video, names[name])
                    before = self.folder.segments()
                    if vectors.ids:
                        collection = create(self._client, name, len(vectors.ids))
                        add(collection, vectors.ids, vectors.array, numbers)
                    segment = "".join(self.folder.segments() - before)
                    self.folder.hold(video, Held(name, len(vectors.ids), segment))
            for name in old:
                self._drop(video, name)

    def _refresh_library(self, videos: list[str] | None = None) -> None:
        """Bring the library-wide collections up to date, of some videos or of all."""
        groups = {library_name(*group): group for group in self.catalog.coarse_groups()}
        for name, group in groups.items():
            tags = coarse_tags(self.catalog, *group, videos)
            differ = differing(self._library.get(name), tags)
            differ = [one for one in differ if videos is None or one in videos]
            if differ and self._failed[LIBRARY, name] < 2:
                with self.folder.writing([(LIBRARY, name)]), self._counted(LIBRARY, name):
                    for start in range(0, len(differ), _VIDEOS_AT_ONCE):
                        part = differ[start : start + _VIDEOS_AT_ONCE]
                        rows = coarse_rows(self.catalog, *group, part)
                        self._replace(name, part, *rows, tags)
        if old := [name for name in self._library if name not in groups]:
            with self.folder.writing((LIBRARY, name) for name in old):
                for name in old:
                    self._drop(LIBRARY, name)

    def _replace(
        self, name: str, videos: list[str], ids: list[str], array: Floats, tags: Mapping[str, str]
    ) -> None:
        """Replace the coarse rows of some videos; tags are those of the videos that have any."""
        held = self._library.get(name) or Held(name, 0)
        known = {video: held.videos[video] for video in videos if video in held.videos}
        gone = [f"{video}@{at}" for video, (_, times) in known.items() for at in times.split()]
        if not ids and len(gone) == held.rows:
            return self._drop(LIBRARY, name)
        before = self.folder.segments()
        if held.rows:
            collection = self._client.get_collection(name, embedding_function=None)
        else:
            collection = create(self._client, name)
        if gone:
            collection.delete(ids=gone)
        if ids:
            add(collection, ids, array)
        else:
            settle(collection)
        times: dict[str, list[str]] = {video: [] for video in videos if video in tags}
        for video, _, at in (id.partition("@") for id in ids):
            times[video].append(at)
        kept = {video: one for video, one in held.videos.items() if video not in known}
        kept |= {video: (tags[video], " ".join(all)) for video, all in times.items()}
        segment = held.segment or "".join(self.folder.segments() - before)
        rows = held.rows - len(gone) + len(ids)
        self._library[name] = self.folder.hold(LIBRARY, Held(name, rows, segment, {}, kept))

    @contextmanager
    def _counted(self, group: str, name: str) -> Generator[None]:
        """Count a failure until the work is done."""
        self._failed[group, name] += 1
        yield
        self._failed[group, name] -= 1

    def _remove(self, video: str) -> None:
        names = [(video, name) for name in self.folder.names(video)]
        wide = [(LIBRARY, name) for name, held in self._library.items() if video in held.videos]
        if not wide and not self.folder.knows(video):
            return
        with self.folder.writing([*names, *wide]):
            for group, name in names:
                self._drop(group, name)
            for _, name in wide:
                self._replace(name, [video], [], np.zeros((0, 0), np.float32), {})
            with self._gate.closed():  # Chroma's file keeps what was deleted until it is rewritten
                self._client.close()
                try:
                    self.folder.vacuum()
                finally:
                    with self._guard:
                        self._open.clear()
                    self._client = open_client(self.folder.path)
            self.folder.forget_video(video)

    def _holds(self, group: str, name: str, ids: list[str], array: Floats) -> bool:
        if not ids:
            return not (held := self.folder.held(group, name)) or not held.rows
        try:
            collection = self._client.get_collection(name, embedding_function=None)
            return finds_itself(collection, ids, array)
        except failures() as error:
            _log.info("collection %s is damaged: %s", name, error)
            return False

    def _fail(self, group: str, name: str, held: Held, error: Exception) -> None:
        """Drop a collection and fill it again; after a second failure it is left to exact search.

        Unless it was filled again since it was seen to fail.
        """
        if self.folder.held(group, name) != held:
            return
        _log.info("collection %s failed: %s", name, error)
        self._failed[group, name] += 1
        try:
            with self.folder.writing([(group, name)]):
                self._drop(group, name)
        except failures() as again:
            _log.info("collection %s stays: %s", name, again)
        if group == LIBRARY:
            self._refresh_library()
        else:
            self._refresh(group)

    def _drop(self, group: str, name: str) -> None:
        """Delete a collection, whatever state it is in."""
        from chromadb.errors import NotFoundError

        with self._guard:
            self._open.pop((group, name), None)
            self._library.pop(name, None)
        with suppress(NotFoundError):
            self._client.delete_collection(name)
        self.folder.forget(group, name)


def differing(held: Held | None, tags: dict[str, str]) -> list[str]:
    """Videos whose rows are held otherwise, or not, or in vain."""
    have = {video: tag for video, (tag, _) in held.videos.items()} if held else {}
    return sorted(v for v in {*tags, *have} if tags.get(v) != have.get(v))
