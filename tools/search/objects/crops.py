"""Best views of tracked objects by their vectors.

The index proposes, the vectors in the files decide. Words fit as they fit pictures: only what
stands out against everyday captions does (`tools.search.calibration`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tools.embed import Vectors
from tools.embed.crops import box_at, embedded_crops
from tools.search.calibration import SCENES, direction, distractors, margins, scores, unrelated
from tools.search.image_vectors import DRAWS, NEAREST, PictureVectors
from tools.store.frames import picture_file
from tools.vision.appearance import NAME, SAME

if TYPE_CHECKING:
    from tools.embed import Floats, ImageEmbedder, PictureEmbedder
    from tools.media import Evidence
    from tools.search.vector_index import ExactIndex
    from tools.store.embeddings import CoarseKind, VectorKind
    from tools.store.store import Store

UNRELATED = 0.92
"""Cosine of the appearance of two objects that counts as no likeness: the median of all pairs on a
road was 0.925, of people in a room 0.937. Half lies at 0.96, from where on cars had one colour."""


class CropVectors(PictureVectors):
    """Best views of tracked objects, all or those of some ids, in the space of one embedder."""

    kind: VectorKind = "crops"
    coarse: CoarseKind = "crops"

    def __init__(
        self,
        store: Store,
        index: ExactIndex,
        embedder: PictureEmbedder,
        within: Collection[str] | None = None,
    ) -> None:
        super().__init__(store, index, embedder)
        self._within = within

    def of(self, shown: Evidence) -> Floats | None:
        """Vector of an object; of one that was replaced since, it is made now. None without any."""
        held = self._vectors(shown.video)
        if shown.id in held.ids:
            return held.array[held.ids.index(shown.id)]
        boxes = shown.facts.get("boxes")
        if not (shown.image and boxes):
            return None
        picture = picture_file(self._store, shown.image)
        place = box_at(boxes, shown.facts["seconds"])
        with TemporaryDirectory() as folder:
            return embedded_crops(self._embedder, [(picture, place)], Path(folder))[0]

    def fitting(
        self, text: str, embedder: ImageEmbedder, videos: Sequence[str] | None
    ) -> dict[str, float]:
        """How well a text fits the objects nearest to it, 0 to 1: from FITS on it does."""
        others, query = distractors(embedder), embedder.texts([text])
        if not query.any():
            return {}
        towards = direction(query[0], others)
        fits: dict[str, float] = {}
        for video in self._proposed(towards, videos):
            draws = max(len(self._vectors(video).ids), DRAWS)
            found = self._near(video, towards, None, None)
            fit = scores(margins(found.array, query, others)[:, 0], draws).tolist()
            fits |= dict(zip(found.ids, fit, strict=True))
        return fits

    def _near(self, video: str, query: Floats, start: float | None, end: float | None) -> Vectors:
        vectors, chosen = self._vectors(video), self._within
        if chosen is None:
            chosen = {id for id, _ in self._index.nearest(video, self.kind, query, NEAREST)}
        rows = [row for row, id in enumerate(vectors.ids) if id in chosen]
        return Vectors([vectors.ids[row] for row in rows], vectors.array[rows], vectors.provider)

    def _vectors(self, video: str) -> Vectors:
        return self._own(self._store.crop_vectors(video))

    def _usual(self, video: str, picture: Floats) -> tuple[float, float]:
        if self._embedder.name == NAME:
            return UNRELATED, SAME
        array = self._vectors(video).array
        return unrelated(array @ picture, len(array) >= SCENES), 1.0
