"""The nearest vectors of one video and of a library, exactly, over the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tools.store.embeddings import CoarseKind, VectorKind, coarse_vectors, video_vectors

if TYPE_CHECKING:
    from tools.embed import Floats
    from tools.store.store import Store


class Neighbour(NamedTuple):
    """A moment of some video that is near a query."""

    video: str
    seconds: float
    cosine: float


class VideoIndex:
    """Exact search over the files of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def nearest(
        self, video: str, kind: VectorKind, query: Floats, limit: int
    ) -> list[tuple[str, float]]:
        """Evidence ids and cosines, best first; ties in the order of rows."""
        import numpy as np

        vectors = video_vectors(self._store, video, kind)
        length = float(np.linalg.norm(query))
        if vectors is None or not length:
            return []
        cosines = np.round(vectors.array @ query / length, 5)
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(vectors.ids[row], float(cosines[row])) for row in best]

    def nearest_in_library(
        self, kind: CoarseKind, provider: str, query: Floats, limit: int
    ) -> list[Neighbour]:
        """Moments of all videos by their coarse vectors, best first."""
        import numpy as np

        length = float(np.linalg.norm(query))
        found: list[Neighbour] = []
        for video in self._store.list():
            coarse = coarse_vectors(self._store, video.id, kind)
            if coarse and coarse.provider == provider and coarse.array.shape[1:] == query.shape:
                cosines = (coarse.array @ query / max(length, 1e-9)).round(5).tolist()
                times = (coarse.milliseconds / 1000).tolist()
                found += [Neighbour(video.id, *at) for at in zip(times, cosines, strict=True)]
        return sorted(found, key=lambda one: -one.cosine)[:limit]
