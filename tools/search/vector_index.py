"""Vector index: the nearest embeddings, exactly over the videos' files and the catalog.

Exact search needs nothing to be filled or open. It is the fallback wherever Chroma is not, and what
Chroma's answers must equal: `tools.search.chroma` subclasses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.embed import Floats, Vectors
    from tools.store.catalog import Catalog, LibraryVectors
    from tools.store.embeddings import CoarseKind, VectorKind

_TIES = 64
"""Rows beyond those asked for among which ties are looked for."""
Ranking = list[tuple[str, float]]
"""Evidence ids with cosine similarities, best first."""


@dataclass(frozen=True)
class Neighbour:
    """A coarse row near a query: its video, where it begins, and the cosine similarity."""

    video: str
    seconds: float
    cosine: float


class ExactIndex:
    """One matrix product over stored vectors: nothing to open, nothing to break.

    Commands that answer one question use it by choice: it is as fast as Chroma, whose import alone
    takes half a second.
    """

    name = "exact"

    def __init__(self, catalog: Catalog, note: str = "exact search over the files") -> None:
        """`note` says in words why it is this kind."""
        self.catalog, self.store, self.note = catalog, catalog.store, note
        self._coarse: dict[Any, tuple[Any, LibraryVectors, Any]] = {}

    def nearest(self, video: str, kind: VectorKind, query: Floats, limit: int) -> Ranking:
        """Find the rows of a video's own vectors nearest to a query; ties in the order of rows.

        ValueError for a query of another length than theirs.
        """
        from tools.store.embeddings import video_vectors

        vectors = video_vectors(self.store, video, kind)
        return rank(vectors, query, limit) if vectors else []

    def nearest_in_library(
        self, kind: CoarseKind, provider: str, query: Floats, limit: int
    ) -> list[Neighbour]:
        """Find the coarse rows of a provider nearest to a query; ties by video and time."""
        import numpy as np

        coarse, lengths = self._rows(kind, provider, len(query))
        length = float(np.linalg.norm(query))
        if limit <= 0 or length == 0:
            return []
        near = coarse.array @ query / np.where(lengths > 0, lengths, np.inf)
        order: Any = np.argsort(-near, kind="stable")[: limit + _TIES]
        order = order[lengths[order] > 0]
        return best_neighbours(
            [coarse.videos[int(row)] for row in order],
            coarse.milliseconds[order].tolist(),
            cosines(coarse.array[order], query),
            limit,
        )

    def _rows(self, *group: Any) -> tuple[LibraryVectors, Any]:
        """Coarse rows of the library and their lengths, read again when the catalog changed."""
        import numpy as np

        now = self.catalog.changes()
        held = self._coarse.get(group)
        if held is None or held[0] != now:
            coarse = self.catalog.coarse(*group)
            held = self._coarse[group] = now, coarse, np.linalg.norm(coarse.array, axis=1)
        return held[1], held[2]

    def refresh(self, video: str) -> None:
        """Fill what is missing or old of a video, or drop a removed one; nothing to do here."""

    def catch_up(self, videos: Iterable[str] | None = None) -> None:
        """Refresh some videos, or all, in the background; nothing to do here."""

    def remove(self, video: str) -> None:
        """Remove every trace of a video; nothing to do here."""

    def counts(self, video: str) -> dict[str, int]:
        """Rows of a video by collection; none here."""
        return {}

    def close(self) -> None:
        """Let go of what is open."""


def cosines(array: Floats, query: Floats) -> list[float]:
    """Cosines of rows with a query, to five digits, the same however many rows there are.

    Rows of coarse vectors are halves of floats, and not quite of length one.
    """
    import numpy as np

    rows, asked = array.astype(np.float64), query.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(asked)
    return [round(float(one), 5) for one in rows @ asked / lengths]


def best_neighbours(
    videos: Sequence[str], milliseconds: Sequence[int], scores: Sequence[float], limit: int
) -> list[Neighbour]:
    """The best of rows, given by their columns; ties by video and time."""
    rows = zip([-score for score in scores], videos, milliseconds, strict=True)
    return [Neighbour(video, at / 1000, -score) for score, video, at in sorted(rows)[:limit]]


def directed_rows(vectors: Vectors) -> Any:
    """Numbers of the rows that point anywhere: a text without a known word is near nothing."""
    import numpy as np

    return np.flatnonzero(vectors.array.any(axis=1))


def rank(vectors: Vectors, query: Floats, limit: int, rows: Any = None) -> Ranking:
    """The best of some rows (in rising order), or of all, by exact score."""
    import numpy as np

    if query.shape != vectors.array.shape[1:]:
        raise ValueError(f"a query of shape {query.shape} for {vectors.provider}'s vectors")
    length = float(np.linalg.norm(query))
    if limit <= 0 or length == 0:
        return []
    rows = directed_rows(vectors) if rows is None else rows
    # Rounded, because the last bits depend on how many rows are multiplied at once.
    scores = np.round(vectors.array[rows] @ query / length, 5)
    best = np.argsort(-scores, kind="stable")[:limit]
    return [(vectors.ids[rows[i]], round(float(scores[i]), 5)) for i in best]
