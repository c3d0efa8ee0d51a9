"""The pictures of a library: by how they look, what they show, and what they are like."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tools.errors import NotIndexed, ProviderUnavailable
from tools.evidence import parse_id
from tools.media import Evidence, overlaps
from tools.models.registry import best_image_model
from tools.store.evidence import of_frame, of_span
from tools.store.filmstrip import frames_inside, is_strip, picture_file

if TYPE_CHECKING:
    from pathlib import Path

    from tools.embed import ImageEmbedder, PictureEmbedder
    from tools.search.colour_search import LookQuery
    from tools.search.image_vectors import AppearanceSearch, PictureVectors, VisualSearch
    from tools.search.vector_index import ExactIndex
    from tools.store.catalog import Entry
    from tools.store.store import Store


LOOKED = 8
"""Videos whose frames are ranked by their look, where none are named."""


class PictureSearch:
    """Spans of frames of one library, best first. Safe for many threads.

    sees gives what embeds pictures now, another one once there are other weights; blind says why
    nothing does, without loading anything.
    """

    def __init__(
        self,
        store: Store,
        index: ExactIndex,
        sees: Callable[[], ImageEmbedder | None] | None = None,
        blind: Callable[[], str] = str,
    ) -> None:
        self._sees = sees
        self._store, self._index, self._blind = store, index, blind
        self._visual: VisualSearch | None = None
        self._guard = threading.Lock()

    @property
    def visual(self) -> VisualSearch | None:
        """Search by what pictures show; None where nothing that sees is set up."""
        from tools.search.image_vectors import VisualSearch

        with self._guard:
            embedder = self._sees() if self._sees else None
            if embedder is None:
                self._visual = None
            elif self._visual is None or self._visual.embedder is not embedder:
                self._visual = VisualSearch(self._store, self._index, embedder)
            return self._visual

    @cached_property
    def _appearance(self) -> AppearanceSearch:
        from tools.search.image_vectors import AppearanceSearch

        return AppearanceSearch(self._store, self._index)

    @property
    def sees(self) -> bool:
        """Whether what embeds pictures is there now."""
        with suppress(ProviderUnavailable):
            return self._sees is not None and not self._blind()
        return False

    def embedder(self, video: str) -> PictureEmbedder | None:
        """Embedder of a video's frames; None where they have no vectors, or their model is gone."""
        searches: list[PictureVectors | None] = [self.visual, self._appearance]
        return next((one.embedder for one in searches if one and one.seen([video])), None)

    def blind(self, videos: Sequence[str] | None) -> str:
        """Why these, or all, are not searched by what they show; empty where one of them is."""
        visual = self.visual
        if visual is None:
            return self._blind() or best_image_model(())[1]
        if visual.seen(videos):
            return ""
        return f"these pictures have no vectors of {visual.embedder.name} yet; run: cuepoint index"

    def unseen(self, videos: Sequence[str] | None) -> list[Entry]:
        """Those of some videos, or of all, that a search by what pictures show passed over."""
        if (visual := self._visual) is None:
            return []
        pictured = self._index.catalog.pictured()
        if videos is not None:
            named = set(videos)
            pictured = [one for one in pictured if one.id in named]
        seen = visual.seen(videos)
        return [one for one in pictured if one.id not in seen]

    def by_words(
        self,
        query: str,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """Spans that look so ("mostly red"), show so ("a boat"), or both."""
        from tools.search.colour_search import parse_look

        look, visual = parse_look(query), self.visual
        fits: dict[str, float] | None = None
        if visual and (look is None or look.rest):
            fits = visual.fitting(query, videos, start, end)
            if look and look == type(look)(look.colours, rest=look.rest):
                look = None  # a thing in its colour: what red there is need not be the car
        if look is None and not fits:
            return []
        if look and videos is None:
            videos = self._index.catalog.strongest(look.traits, LOOKED)
        return self._spans(look, fits or None, videos, start, end, limit)

    def alike(
        self,
        shown: Evidence,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """Spans like the picture of some evidence, without its own, best first.

        Where no picture model has seen these videos, they are alike in colours and layout.
        NotIndexed where no pictures of these videos have vectors.
        """
        if shown.image is None:
            return []
        picture = self._one_picture(shown, shown.image)
        search = self._comparing(videos)
        vector = search.picture(picture)
        if why := self.uncompared(videos):
            raise NotIndexed(why)
        fits = search.alike(vector, videos, start, end)
        found = self._spans(None, fits, None, start, end, limit + 1)
        others = [
            one
            for one in found
            if one.video != shown.video or one.end < shown.start or one.start > shown.end
        ]
        return self._compared(others, fits, picture, search is self._appearance)[:limit]

    def like_picture(
        self, image: Path, videos: Sequence[str] | None = None, limit: int = 6
    ) -> list[Evidence]:
        """The best frame of each scene that looks like a picture from outside, best first.

        UnreadableMedia for no picture; NotIndexed where no pictures of these videos have vectors.
        """
        search = self._comparing(videos)
        vector = search.picture(image)
        if why := self.uncompared(videos):
            raise NotIndexed(why)
        fits = search.alike(vector, videos)
        best: dict[tuple[str, int], tuple[str, float, float]] = {}
        for id in sorted(fits, key=lambda id: -fits[id]):
            if parsed := parse_id(id):
                _, video, at, _ = parsed
                scene = sum(scene.start <= at for scene in self._store.scenes(video))
                best.setdefault((video, scene), (video, at, fits[id]))
        found = [
            of_frame(self._store, self._store.frame_at(video, at), score)
            for video, at, score in list(best.values())[:limit]
        ]
        return self._compared(found, fits, image, search is self._appearance)

    def uncompared(self, videos: Sequence[str] | None) -> str:
        """Why pictures of these, or all, are compared with none; empty where those of one are."""
        if self._comparing(videos).seen(videos):
            return ""
        return "these pictures have no vectors yet; run: cuepoint index"

    def _comparing(self, videos: Sequence[str] | None) -> PictureVectors:
        """Search among pictures of these: that of a picture model if it saw one of them."""
        return self._appearance if self.blind(videos) else self._needed()

    def _one_picture(self, shown: Evidence, image: str) -> Path:
        """The picture of some evidence; of several side by side the one in the middle."""
        if is_strip(image):
            inside = frames_inside(self._store.frames(shown.video), shown.start, shown.end)
            if inside:
                image = inside[len(inside) // 2].image
        return picture_file(self._store, image)

    def _compared(
        self, found: Sequence[Evidence], fits: Mapping[str, float], picture: Path, blind: bool
    ) -> list[Evidence]:
        """Each told and ordered by how like its best frame is: the same picture comes first."""
        from tools.vision.near_duplicates import is_copy, is_near_duplicate, thumbnail

        shown = thumbnail(picture)
        told: list[Evidence] = []
        for one in found:
            kept = self._store.frames(one.video)
            frames = frames_inside(kept, one.start, one.end + 1e-3)
            frames = frames or [self._store.frame_at(one.video, one.start)]
            best = max(frames, key=lambda frame: fits.get(frame.id, 0.0))
            other = thumbnail(picture_file(self._store, best.image))
            what, score = "alike in colours and layout: " if blind else "", one.score
            if is_near_duplicate(shown, other):
                what, score = "the same picture: ", 1.0
            elif is_copy(shown, other):
                what = "almost the same picture: "
            told.append(replace(one, text=what + one.text, score=score))
        return sorted(told, key=lambda one: -one.score)

    def labelled(
        self, labels: Sequence[str], video: str, start: float | None, end: float | None
    ) -> list[Evidence]:
        """The span, or the picture on screen then, with the labels in the order of their fit."""
        length = self._store.get(video).duration
        first, last = start or 0.0, length if end is None else end
        kept = [frame.seconds for frame in self._store.frames(video)]
        if not any(first <= at < last for at in kept):
            first = last = max((at for at in kept if at <= first), default=first)
        found = self._needed().classify(labels, video, first, max(last, first + 1e-3))
        told = ", ".join(f"{f.text or 'none of them'} {f.probability:.0%}" for f in found)
        one = of_span(self._store, video, first, last, found[0].probability)
        fits = {label.text: label.probability for label in found if label.text}
        return [replace(one, text=told, facts={**one.facts, "labels": fits})]

    def _needed(self) -> VisualSearch:
        if (visual := self.visual) is None:
            raise ProviderUnavailable(
                "this needs a model that sees: run `cuepoint models pull`, then `cuepoint index`"
            )
        return visual

    def _spans(
        self,
        look: LookQuery | None,
        fits: dict[str, float] | None,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """Spans of frames that look so, show so, or both; videos without a fit are not opened."""
        from tools.search.colour_search import rank_frames

        scope = videos or sorted({id.partition(":")[2].partition("@")[0] for id in fits or ()})
        looks = [one for video in scope for one in self._store.attributes(video)]
        cuts = {video: [scene.start for scene in self._store.scenes(video)] for video in scope}
        inside = [one for one in looks if overlaps(one.seconds, one.seconds, start, end)]
        found = rank_frames(look, inside, fits, limit=limit, cuts=cuts)
        return [of_span(self._store, *span) for span in found]
