"""The pictures of a library: by how they look, what they show, and what they are like."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tools.errors import NotIndexed, ProviderUnavailable
from tools.evidence import parse_id
from tools.media import Attributes, Evidence, Video, evidence_id, overlaps
from tools.models.registry import best_image_model
from tools.store.evidence import of_frame, of_span
from tools.store.filmstrip import picture_file
from tools.store.frames import attributes_of

if TYPE_CHECKING:
    from pathlib import Path

    from tools.embed import ImageEmbedder
    from tools.search.colour_search import LookQuery
    from tools.search.image_vectors import VisualSearch
    from tools.store.store import Store

ALIKE = 0.85
"""The share of two pictures' colours that agree from which they are alike without a model."""


class PictureSearch:
    """Spans of frames of one library, best first. Safe for many threads.

    sees gives what embeds pictures now, another one once there are other weights; blind says why
    nothing does, without loading anything.
    """

    def __init__(
        self,
        store: Store,
        sees: Callable[[], ImageEmbedder | None] | None = None,
        blind: Callable[[], str] = str,
    ) -> None:
        self._sees = sees
        self._store, self._blind = store, blind
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
                self._visual = VisualSearch(self._store, embedder)
            return self._visual

    @property
    def sees(self) -> bool:
        """Whether what embeds pictures is there now."""
        with suppress(ProviderUnavailable):
            return self._sees is not None and not self._blind()
        return False

    def blind(self, videos: Sequence[str]) -> str:
        """Why these are not searched by what they show; empty where pictures of one of them are."""
        visual = self.visual
        if visual is None:
            return self._blind() or best_image_model(())[1]
        if self._seen(visual, videos):
            return ""
        return f"these pictures have no vectors of {visual.embedder.name} yet; run: cuepoint index"

    def unseen(self, videos: Sequence[str]) -> list[Video]:
        """Those of some videos that a search by what pictures show passed over."""
        if (visual := self._visual) is None:
            return []
        seen = self._seen(visual, videos)
        found = (self._store.get(video) for video in videos)
        return [one for one in found if one.width is not None and one.id not in seen]

    def _seen(self, visual: VisualSearch, videos: Sequence[str]) -> set[str]:
        """Those of some videos whose pictures have vectors of the current model."""
        stages = {video: self._store.get(video).stages["pictures"] for video in videos}
        done = ("done", visual.embedder.name)
        seen = {video for video, of in stages.items() if (of.state, of.provider) == done}
        return seen - visual.foreign(videos) if seen else seen

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
            videos = [video.id for video in self._store.list()]
        return self._spans(look, fits or None, videos, start, end, limit)

    def alike(
        self,
        shown: Evidence,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """Spans like the picture of some evidence, without its own; by colours where none sees."""
        if shown.image is None:
            return []
        scope = list(videos) if videos else [video.id for video in self._store.list()]
        if blind := self.blind(scope):
            fits = self._in_its_colours(shown, scope)
        else:
            visual = self._needed()
            vector = visual.picture(picture_file(self._store, shown.image))
            fits = visual.alike(vector, videos, start, end)
        found = self._spans(None, fits, None, start, end, limit + 1)
        if blind:
            found = self._compared(found, shown.image)
        others = [
            one
            for one in found
            if one.video != shown.video or one.end < shown.start or one.start > shown.end
        ]
        return others[:limit]

    def like_picture(
        self, image: Path, videos: Sequence[str] | None = None, limit: int = 6
    ) -> list[Evidence]:
        """The best frame of each scene that looks like a picture from outside, best first.

        UnreadableMedia for no picture; NotIndexed where no pictures of these videos have vectors.
        """
        if (visual := self.visual) is None:
            raise ProviderUnavailable(
                "searching with a picture needs a model that sees: run `cuepoint models pull "
                "siglip2`, `cuepoint index` on your videos, and start again"
            )
        vector = visual.picture(image)
        scope = list(videos) if videos else [video.id for video in self._store.list()]
        if scope and (blind := self.blind(scope)):
            raise NotIndexed(blind)
        fits = visual.alike(vector, videos)
        best: dict[tuple[str, int], tuple[str, float, float]] = {}
        for id in sorted(fits, key=lambda id: -fits[id]):
            if parsed := parse_id(id):
                _, video, at, _ = parsed
                scene = sum(scene.start <= at for scene in self._store.scenes(video))
                best.setdefault((video, scene), (video, at, fits[id]))
        return [
            of_frame(self._store, self._store.frame_at(video, at), score)
            for video, at, score in list(best.values())[:limit]
        ]

    def _compared(self, found: Sequence[Evidence], image: str) -> list[Evidence]:
        """What is alike in colours, with what shows the same picture told and first."""
        from tools.vision.near_duplicates import is_near_duplicate, thumbnail

        shown = thumbnail(picture_file(self._store, image))
        told: list[Evidence] = []
        for one in found:
            path = picture_file(self._store, one.image) if one.image else None
            same = path and is_near_duplicate(shown, thumbnail(path))
            text = f"{'the same picture' if same else 'alike in colours'}: {one.text}"
            told.append(replace(one, text=text, score=1.0 if same else one.score))
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

    def _in_its_colours(self, shown: Evidence, videos: Sequence[str]) -> dict[str, float]:
        """Frames by the share of their colours that they have in common with this picture."""
        look = attributes_of(self._store, shown.video, shown.start, shown.end)
        if look is None:
            return {}
        others = [one for video in videos for one in self._store.attributes(video)]
        shares = {evidence_id("frame", o.video, o.seconds): _in_common(look, o) for o in others}
        return {id: share for id, share in shares.items() if share >= ALIKE}

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


def _in_common(one: Attributes, other: Attributes) -> float:
    """The overlap of two shares of colours, 0 to 1 (histogram intersection, Swain and Ballard)."""
    return sum(min(share, other.colours.get(name, 0.0)) for name, share in one.colours.items())
