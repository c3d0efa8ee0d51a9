"""Search among frames by their vectors: by words, by a picture, and by labels.

The index proposes frames; the scenes that they lie in are scored whole, from the files of their
video: spans have no holes, and both kinds of index give the same scores. A score depends on its
video alone: what else is in the library changes none.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tools.embed import Vectors
from tools.errors import NotIndexed
from tools.evidence import parse_id
from tools.search.calibration import (
    ALIKE,
    SCENES,
    direction,
    distractors,
    likeness,
    margins,
    scores,
    unrelated,
)
from tools.search.zero_shot import Label, classify
from tools.vision.appearance import SAME, UNRELATED, AppearanceEmbedder

if TYPE_CHECKING:
    from pathlib import Path

    from tools.embed import Floats, ImageEmbedder, PictureEmbedder
    from tools.search.vector_index import ExactIndex
    from tools.store.embeddings import CoarseKind, VectorKind
    from tools.store.store import Store

FEW, VIDEOS = 4, 8
"""So many videos are each searched; of more, the index over all proposes so many at most."""
NEAREST = 64
"""Frames of a video, or scenes of the library, that the index is asked for."""
FITS = 0.5
"""The score of a text from which on it fits a picture."""
DRAWS = 16
"""Scenes that a text is compared with, at least: a short video is one of many in a library, and
what fits it best by chance would come from the best of all."""


class PictureVectors(ABC):
    """Frames of one library in the space of one embedder. Safe for many threads.

    Scores are by the evidence ids of frames, from 0 to 1; those below the cut-off are left out.
    """

    kind: VectorKind = "frames"
    coarse: CoarseKind = "scenes"

    def __init__(self, store: Store, index: ExactIndex, embedder: PictureEmbedder) -> None:
        self._embedder = embedder
        self._store, self._index = store, index

    @property
    def embedder(self) -> PictureEmbedder:
        """Embedder of the vectors."""
        return self._embedder

    def picture(self, image: Path) -> Floats:
        """The vector of a picture; UnreadableMedia where it is none."""
        return self._embedder.images([image])[0]

    def alike(
        self,
        picture: Floats,
        videos: Sequence[str] | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> dict[str, float]:
        """The frames that look like a picture, given as its vector; NotIndexed without any."""
        proposed = self._proposed(picture, videos)
        if not proposed:
            what = f"no pictures of {self._embedder.name}: run `cuepoint index` on a video"
            raise NotIndexed(what)
        fits: dict[str, float] = {}
        for video in proposed:
            found = self._near(video, picture, start, end)
            across, within = self._usual(video, picture)
            alike = likeness(found.array, picture, across, within).tolist()
            fits |= {id: one for id, one in zip(found.ids, alike, strict=True) if one >= ALIKE}
        return fits

    def seen(self, videos: Sequence[str] | None) -> set[str]:
        """Those of some videos, or of all, whose frames have vectors of this embedder.

        Vectors of other dimensions are those of another model of the same name.
        """
        embedder = self._embedder
        every = {*self._index.catalog.embedded(self.coarse, embedder.name, embedder.dimensions)}
        return every if videos is None else every.intersection(videos)

    def _proposed(self, query: Floats, videos: Sequence[str] | None) -> list[str]:
        """The videos to search: all of few, else those with the nearest scenes."""
        whole = self.seen(None)
        scope = whole if videos is None else whole.intersection(videos)
        if len(scope) <= FEW:
            return sorted(scope)
        if scope == whole:
            name = self._embedder.name
            found = self._index.nearest_in_library(self.coarse, name, query, NEAREST)
            nearest = dict.fromkeys(one.video for one in found if one.video in scope)
        else:
            best = {v: self._index.nearest(v, self.kind, query, 1) for v in sorted(scope)}
            nearest = sorted((v for v in best if best[v]), key=lambda v: -best[v][0][1])
        return list(nearest)[:VIDEOS]

    def _near(self, video: str, query: Floats, start: float | None, end: float | None) -> Vectors:
        """Frames between two times; without times, those of the scenes nearest to a query.

        Dense samples are among them. The index knows no times, so that it is not asked for a span.
        """
        vectors = self._vectors(video)
        if start is not None or end is not None:
            return _between(vectors, start, end)
        nearest = self._index.nearest(video, "frames", query, NEAREST)
        cuts = [scene.start - 1e-3 for scene in self._store.scenes(video)]  # ids are rounded
        scenes = {bisect_right(cuts, _seconds(id)) for id, _ in nearest}
        sampled = {frame.id for one in self._store.dense_samples(video) for frame in one.frames}
        kept = [
            row
            for row, id in enumerate(vectors.ids)
            if id in sampled or bisect_right(cuts, _seconds(id)) in scenes
        ]
        return Vectors([vectors.ids[row] for row in kept], vectors.array[kept], vectors.provider)

    def _vectors(self, video: str) -> Vectors:
        """Every frame of a video that has a vector of this embedder, dense samples included."""
        return self._own(self._store.picture_vectors(video))

    def _own(self, held: Vectors | None) -> Vectors:
        """These vectors if this embedder made them, else none."""
        import numpy as np

        size = self._embedder.dimensions
        if held and held.provider == self._embedder.name and held.array.shape[1] == size:
            return held
        return Vectors([], np.zeros((0, size), np.float32), self._embedder.name)

    @abstractmethod
    def _usual(self, video: str, picture: Floats) -> tuple[float, float]:
        """The cosine that a picture has with what is unlike it, and that of frames of one scene."""


class AppearanceSearch(PictureVectors):
    """Frames by colours, light and edges, whose scale is the same in every video."""

    def __init__(self, store: Store, index: ExactIndex) -> None:
        super().__init__(store, index, AppearanceEmbedder())

    def _usual(self, video: str, picture: Floats) -> tuple[float, float]:
        return UNRELATED, SAME


class VisualSearch(PictureVectors):
    """Frames and texts in the space of a picture model."""

    def __init__(self, store: Store, index: ExactIndex, embedder: ImageEmbedder) -> None:
        super().__init__(store, index, embedder)
        self._model = embedder

    @property
    def embedder(self) -> ImageEmbedder:
        """Embedder of pictures and texts."""
        return self._model

    def fitting(
        self,
        text: str,
        videos: Sequence[str] | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> dict[str, float]:
        """The frames that show what a text says, among these videos or all."""
        others = distractors(self.embedder)
        query = self.embedder.texts([text])
        if not query.any():
            return {}
        towards = direction(query[0], others)
        fits: dict[str, float] = {}
        for video in self._proposed(towards, videos):
            found = self._near(video, towards, start, end)
            draws = max(len(self._store.scenes(video)), DRAWS)
            fit = scores(margins(found.array, query, others)[:, 0], draws).tolist()
            fits |= {id: one for id, one in zip(found.ids, fit, strict=True) if one >= FITS}
        return fits

    def classify(
        self,
        labels: Sequence[str],
        video: str,
        start: float | None = None,
        end: float | None = None,
    ) -> list[Label]:
        """Which label fits a span of a video; NotIndexed where its pictures have no vectors."""
        found = _between(self._vectors(video), start, end)
        if not found.ids:
            raise NotIndexed(f"no pictures of {video} have vectors there: run `cuepoint index`")
        return classify(found.array, labels, self.embedder)

    def _usual(self, video: str, picture: Floats) -> tuple[float, float]:
        means, within = self._store.cached(video, "usual pictures", lambda: self._measured(video))
        many = len(self._store.scenes(video)) >= SCENES
        return unrelated(means @ picture, many), within

    def _measured(self, video: str) -> tuple[Floats, float]:
        """Mean vectors of a video's scenes, and the usual cosine of two frames of one scene."""
        import numpy as np

        from tools.embed import unit_rows
        from tools.store.embeddings import scene_means

        vectors = self._store.index_picture_vectors(video)
        if vectors is None:  # removed, or made again meanwhile
            raise NotIndexed(f"the pictures of {video} are being indexed: ask again in a moment")
        spans, means = scene_means(self._store, video, vectors)
        counts = np.array([last - first for first, last in spans])
        lengths, several = np.linalg.norm(means, axis=1), counts > 1
        # The mean of all pairs, without those of a frame and itself.
        cosines = (counts * lengths**2 - 1)[several] / (counts - 1)[several]
        return unit_rows(means), float(np.median(cosines)) if several.any() else 1.0


def _seconds(id: str) -> float:
    """When a frame is shown, by its id."""
    parsed = parse_id(id)
    return parsed[2] if parsed else -1.0


def _between(vectors: Vectors, start: float | None, end: float | None) -> Vectors:
    """The vectors of frames between two times in seconds, half-open."""
    if start is None and end is None:
        return vectors
    first, last = start or 0.0, math.inf if end is None else end
    kept = [row for row, id in enumerate(vectors.ids) if first <= _seconds(id) < last]
    return Vectors([vectors.ids[row] for row in kept], vectors.array[kept], vectors.provider)
