"""Search by what is seen: by words, by a picture, and by labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from tools.embed import Vectors
from tools.errors import NotIndexed
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
from tools.search.scene_index import Layer, between
from tools.search.zero_shot import Label, classify
from tools.store.dense import with_vectors
from tools.store.manifest import Manifests

if TYPE_CHECKING:
    from pathlib import Path

    from tools.embed import Floats, ImageEmbedder
    from tools.store.store import Store

FEW = 4
"""So many videos are searched frame by frame; more through the layer over all of them."""
FITS = 0.5
"""The score of a text from which on it fits a picture."""


class VisualSearch:
    """Frames of one library in the space of one embedder. Safe for many threads.

    Scores are by the evidence ids of frames, from 0 to 1; those below the cut-off are left out.
    """

    def __init__(self, store: Store, embedder: ImageEmbedder) -> None:
        self.embedder = embedder
        self._store = store

    @cached_property
    def _layer(self) -> Layer:
        videos, embedder = self._store.root / "videos", self.embedder
        return Layer(videos, Manifests(videos), embedder.name, embedder.dimensions)

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
        found, among = self._frames(direction(query[0], others), videos, start, end)
        fits = scores(margins(found.array, query, others)[:, 0], among)
        return {id: one for id, one in zip(found.ids, fits.tolist(), strict=True) if one >= FITS}

    def alike(
        self,
        picture: Floats,
        videos: Sequence[str] | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> dict[str, float]:
        """The frames that look like a picture, given as its vector."""
        cosines, within = self._layer.typical(picture)
        across = unrelated(cosines, self._has(SCENES))
        found, _ = self._frames(picture, videos, start, end)
        alike = likeness(found.array, picture, across, within)
        return {id: one for id, one in zip(found.ids, alike.tolist(), strict=True) if one >= ALIKE}

    def foreign(self, videos: Sequence[str]) -> set[str]:
        """Those of some videos whose pictures have vectors of another model of the same name."""
        if len(videos) > FEW:
            return self._layer.foreign() & set(videos)
        return {one for one in videos if (held := self._held(one)) and not self._fits(held)}

    def picture(self, image: Path) -> Floats:
        """The vector of a picture; UnreadableMedia where it is none."""
        return self.embedder.images([image])[0]

    def classify(
        self,
        labels: Sequence[str],
        video: str,
        start: float | None = None,
        end: float | None = None,
    ) -> list[Label]:
        """Which label fits a span of a video; NotIndexed where its pictures have no vectors."""
        found = self._exact([video], start, end)
        if not found.ids:
            raise NotIndexed(f"no pictures of {video} have vectors there: run `cuepoint index`")
        return classify(found.array, labels, self.embedder)

    def _has(self, scenes: int) -> bool:
        """Whether the library has so many scenes; of a large one few videos are opened."""
        counts = accumulate(len(self._store.scenes(one.id)) for one in self._store.list())
        return any(count >= scenes for count in counts)

    def _frames(
        self,
        query: Floats,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
    ) -> tuple[Vectors, int]:
        """Frames worth scoring, and of how many scenes they are the best."""
        if videos is None or len(videos) > FEW:
            found, among = self._layer.frames(query, videos, start, end)
            return self._with_dense_samples(found, videos, start, end), among
        scenes = sum(len(self._store.scenes(video)) for video in videos)
        return self._exact(videos, start, end), scenes

    def _with_dense_samples(
        self, found: Vectors, videos: Sequence[str] | None, start: float | None, end: float | None
    ) -> Vectors:
        """Add the frames of dense samples, which the index over all videos does not hold."""
        scope = videos or [video.id for video in self._store.list()]
        samples = [one for video in scope for one in self._store.dense_samples(video)]
        return between(with_vectors(found, samples), start, end)

    def _held(self, video: str) -> Vectors | None:
        """The vectors of a video's frames, if a model of this name made them."""
        held = self._store.picture_vectors(video)
        return held if held and held.provider == self.embedder.name else None

    def _fits(self, held: Vectors) -> bool:
        return held.array.shape[1] == self.embedder.dimensions

    def _exact(self, videos: Sequence[str], start: float | None, end: float | None) -> Vectors:
        """Every frame of some videos between two times, half-open."""
        import numpy as np

        held = [one for video in videos if (one := self._held(video)) and self._fits(one)]
        none = np.zeros((0, self.embedder.dimensions), np.float32)
        array = np.concatenate([none, *(one.array for one in held)])
        ids = [id for one in held for id in one.ids]
        return between(Vectors(ids, array, self.embedder.name), start, end)
