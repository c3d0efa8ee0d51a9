"""Search among tracked objects by how they look: like another one, or as words say."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.evidence import parse_id
from tools.store.sighting_rows import Wanted

if TYPE_CHECKING:
    from tools.embed import PictureEmbedder
    from tools.media import Evidence
    from tools.search.image_search import PictureSearch
    from tools.search.objects.crops import CropVectors
    from tools.search.vector_index import ExactIndex
    from tools.store.cameras import Cameras
    from tools.store.store import Store

SHOWN = 3
"""Objects that come closest, where none fits."""


class ObjectSearch:
    """Tracked objects of one library by how they look."""

    def __init__(
        self,
        store: Store,
        index: ExactIndex,
        cameras: Cameras,
        pictures: PictureSearch,
        resolve: Callable[[str], Evidence],
    ) -> None:
        self._store, self._index, self._cameras = store, index, cameras
        self._pictures, self._resolve = pictures, resolve

    def blind(self, videos: Sequence[str] | None) -> str:
        """Why words find no object of these videos by its look; empty where they do."""
        visual = self._pictures.visual
        if visual is None:
            return self._pictures.blind(videos)
        if self._crops(visual.embedder).seen(videos):
            return ""
        return f"the objects here have no vectors of {visual.embedder.name}; run: cuepoint index"

    def alike(
        self,
        shown: Evidence,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence] | None:
        """Objects that look like one, best first; None where none of these videos has vectors."""
        from tools.vision.appearance import NAME, AppearanceEmbedder

        visual = self._pictures.visual
        ways = [self._crops(visual.embedder)] if visual else []
        ways.append(self._crops(AppearanceEmbedder()))
        crops = next((way for way in ways if way.seen(videos)), None)
        vector = crops.of(shown) if crops else None
        if crops is None or vector is None:
            return None
        if start is not None or end is not None:
            span = start or 0.0, math.inf if end is None else end
            crops, videos = self._inside(crops, Wanted(None, "", videos, *span))
        fits = crops.alike(vector, videos) if crops.seen(videos) else {}
        is_measured = crops.embedder.name == NAME
        what = "alike in colours and layout: " if is_measured else "alike: "
        found = [self._told(id, fits[id], what) for id in fits.keys() - {shown.id}]
        return sorted(found, key=_rank)[:limit]

    def nearest(
        self,
        text: str,
        sought: Wanted,
        limit: int,
        region: Sequence[float] | None = None,
        area: str = "",
    ) -> list[Evidence]:
        """Objects that look as a text says, best first, however well they fit."""
        if (visual := self._pictures.visual) is None:
            return []
        crops, videos = self._crops(visual.embedder), sought.videos
        if region is not None or area or sought.colour or sought.start or sought.end < math.inf:
            crops, videos = self._inside(crops, sought, region, area)
        named = None if videos is None else [*videos]
        fits = crops.fitting(text, visual.embedder, named) if named is None or named else {}
        return sorted((self._told(id, fit, "") for id, fit in fits.items()), key=_rank)[:limit]

    def told(self, found: Sequence[Evidence], text: str, limit: int) -> list[Evidence]:
        """Objects that a text fits, told as that; where none does, the closest, told as that.

        None of those that any other text fits as well.
        """
        from tools.search.image_vectors import FITS

        best = sorted((one for one in found if one.score > 0), key=_rank)
        fits = [one for one in best if one.score >= FITS]
        what = f"looks like {text}" if fits else f"not sure, closest to {text}"
        return [
            replace(one, text=f"{what}: {one.text}", facts={**one.facts, "fits": bool(fits)})
            for one in (fits or best[:SHOWN])[:limit]
        ]

    def _crops(
        self, embedder: PictureEmbedder, within: Collection[str] | None = None
    ) -> CropVectors:
        from tools.search.objects.crops import CropVectors

        return CropVectors(self._store, self._index, embedder, within)

    def _inside(
        self,
        crops: CropVectors,
        sought: Wanted,
        region: Sequence[float] | None = None,
        area: str = "",
    ) -> tuple[CropVectors, list[str]]:
        """Crops of those objects alone that are there then, and their videos."""
        from tools.cameras.objects import each

        areas = self._cameras.areas()
        ids = {one.id for one, _ in each(self._index.catalog, areas, sought, region, area)}
        named = sorted({parsed[1] for id in ids if (parsed := parse_id(id))})
        return self._crops(crops.embedder, ids), named

    def _told(self, id: str, fit: float, what: str) -> Evidence:
        one, fit = self._resolve(id), round(fit, 4)
        facts: dict[str, Any] = {**one.facts, "likeness": fit}
        return replace(one, text=f"{what}{one.text}", score=fit, facts=facts)


def _rank(one: Evidence) -> tuple[float, str, float]:
    return -one.score, one.video, one.start
