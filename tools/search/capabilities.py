"""What a model, a person or a program may search: the part of the toolbox of this package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tools import evidence as make
from tools.arguments import At, End, Labels, Limit, Query, Start, Time, VideoId, Videos
from tools.audio.events import EVENT_WORDS, EventKind
from tools.cameras.capabilities import CameraCapabilities
from tools.errors import NotIndexed, ProviderUnavailable, RefusedRequest
from tools.media import Evidence, overlaps
from tools.search.image_search import PictureSearch
from tools.search.sound_search import Sought, find_sounds
from tools.search.text_search import TextSearch
from tools.store.evidence import of_passage, of_scene
from tools.store.stretches import Bound, Way, search_at, span_in
from tools.text.tokens import surface_forms

if TYPE_CHECKING:
    from tools.store.catalog import Entry

LABELS = 20
MANY = 1000
"""Results at times of day that are ranked together, at most."""
LOUD = 8
"""Videos that a sound is looked for in, where none are named."""
APART = 3.0
"""Seconds between two moments, at least."""


class SearchCapabilities(CameraCapabilities):
    """Search in what is said, shown, seen and heard in the videos of one store."""

    texts: TextSearch
    pictures: PictureSearch
    _resolve: Callable[[str], Evidence]

    def _search_tools(self) -> list[Callable[..., Any]]:
        return [
            self.search_transcript,
            self.search_screen_text,
            self.search_frames,
            self.find_similar,
            *((self.classify,) if self.pictures.sees else ()),
            self.find_sounds,
            self.find_words,
            self.read_moment,
            self.read_passage,
            self.find_actions,
        ]

    def search_transcript(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
        at: At = None,
    ) -> list[Evidence]:
        """Find what is said about something. Use for anything that people talk about."""

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            return self.texts.found("speech", query, scope, start, end, limit)

        return self._within(find, videos, start, end, at, limit)

    def search_screen_text(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
        at: At = None,
    ) -> list[Evidence]:
        """Find text that can be read on screen: titles, slides, signs, captions, code."""

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            return self.texts.found("screen", query, scope, start, end, limit)

        return self._within(find, videos, start, end, at, limit)

    def search_frames(
        self,
        query: Query,
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
        at: At = None,
    ) -> list[Evidence]:
        """Find pictures by what they show: things, places, "mostly red", "the most movement"."""

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            return self.pictures.by_words(query, scope, start, end, limit)

        return self._within(find, videos, start, end, at, limit)

    def find_similar(
        self,
        evidence: Annotated[str, Field(description="The id of what the pictures should be like.")],
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
    ) -> list[Evidence]:
        """Find pictures like one that was found before, objects like an object: "more like [2]".

        Without a picture model they are alike in colours and layout only; their text says so.
        """
        like = self._resolve(evidence)

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            if like.kind == "object":
                found = self.looks.alike(like, scope, start, end, limit)
                if found is not None:
                    return found
            return self.pictures.alike(like, scope, start, end, limit)

        return self._within(find, videos, start, end, None, limit)

    def classify(
        self,
        labels: Annotated[
            list[str],
            Field(min_length=1, max_length=LABELS, description="What it may be; 20 at most."),
        ],
        video: VideoId,
        start: Start = None,
        end: End = None,
    ) -> list[Evidence]:
        """Which of these labels fits the pictures of a video, or of a span of it, if any does."""
        if len(labels) > LABELS:
            raise RefusedRequest(f"a picture is compared with {LABELS} labels at most: name fewer")
        id = self._store.get(video).id
        return self.pictures.labelled(labels, id, *span_in(self._store, id, start, end))

    def find_sounds(
        self,
        what: Annotated[Sought, Field(description="outburst: loud and not speech, as cheers are.")],
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 6,
        at: At = None,
    ) -> list[Evidence]:
        """Find sounds by loudness and kind: moments that stand out, or the longest stretches.

        `other` is music or noise. music, singing: as a sound model hears them. What else made a
        sound is not known: never say that it is a crowd.
        """

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            loud = scope or self.catalog.strongest([what], LOUD)
            return find_sounds(self._store, loud, what, start, end, limit)

        return self._within(find, videos, start, end, at, limit)

    def find_words(
        self,
        words: Annotated[list[str], Field(min_length=1, description="All must be there.")],
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 50,
        at: At = None,
    ) -> list[Evidence]:
        """Every place where words or phrases are said or shown, in order of time.

        Use to count, for the first or last mention, and to see whether words occur at all.
        """

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            return self.texts.mentions(words, scope, start, end, limit)

        return self._within(find, videos, start, end, at, limit, by_time=True)

    def read_moment(
        self,
        video: VideoId,
        start: Annotated[Time, Field(description="From this second, or ISO local time, on.")],
        end: Annotated[Time, Field(description="Before this second, or ISO local time.")],
    ) -> list[Evidence]:
        """Everything said and shown in a span of one video, in order of time."""
        from tools.search.moment import moment

        id = self._store.get(video).id
        first, last = span_in(self._store, id, start, end)
        return moment(self._store, id, first or 0.0, max(last or 0.0, first or 0.0))

    def read_passage(
        self,
        video: VideoId,
        start: Annotated[float, Field(ge=0, description="Where its first sentence starts.")],
        end: Annotated[float, Field(ge=0, description="Where its last sentence ends.")],
    ) -> list[Evidence]:
        """What is said in a short span as one quotation. Use to cite several sentences at once."""
        said = make.utterances_inside(self._store.utterances(self._store.get(video).id), start, end)
        return [of_passage(self._store, said)] if said else []

    def find_actions(
        self, video: VideoId, start: Start = None, end: End = None, labels: Labels = None
    ) -> list[Evidence]:
        """When something moves, how much and where to; with labels, when one of them is seen.

        Before a fixed camera each object, with what it does. That one enters, leaves, crosses,
        stops, turns or is faster than others needs no model.
        """
        from tools.search.motion import find_actions
        from tools.search.objects.actions import find_object_actions, tracked

        one = self._store.get(video)
        visual = self.pictures.visual if labels else None
        first, last = span_in(self._store, one.id, start, end)
        span = first or 0.0, one.duration if last is None else last
        seen = tracked(self._store, one.id, *span)
        moves: list[Evidence] = []
        if not (labels and seen):
            found = find_actions(self._store, one.id, *span, labels or (), visual)
            moves = [
                o for o in found if not any(overlaps(s.start, s.end, o.start, o.end) for s in seen)
            ]
        if not seen:
            return moves
        embedder = visual.embedder if visual else None
        does = find_object_actions(
            self._store, one.id, *span, labels or (), embedder, self._resolve
        )
        return sorted([*moves, *does], key=lambda one: (one.start, one.end))

    def _within(
        self,
        way: Way,
        videos: Sequence[str] | None,
        start: Bound,
        end: Bound,
        at: str | None,
        limit: int,
        by_time: bool = False,
    ) -> list[Evidence]:
        """What a search finds, only at times of day if these are named; best first, or by time."""
        found = search_at(self.catalog, at, self._scope(videos), start, end, way)
        if not (at or isinstance(start, str) or isinstance(end, str)):
            return found
        return found[:limit] if by_time else sorted(found, key=lambda one: -one.score)[:limit]

    def search(
        self,
        query: str,
        videos: Sequence[str] | None = None,
        *,
        kinds: Sequence[str] = (),
        start: Bound = None,
        end: Bound = None,
        at: str | None = None,
        limit: int = 6,
        region: Sequence[float] | None = None,
        area: str = "",
    ) -> list[Evidence]:
        """Evidence of every kind, or of these, best first; only at times of day if these are named.

        In a part of the picture objects. RefusedRequest for times that are none.
        """
        if at or isinstance(start, str) or isinstance(end, str):

            def find(
                scope: list[str] | None, start: float | None, end: float | None
            ) -> list[Evidence]:
                return self.search(
                    query,
                    scope,
                    kinds=kinds,
                    start=start,
                    end=end,
                    limit=limit,
                    region=region,
                    area=area,
                )

            found = self._within(find, videos, start, end, at, MANY)
            return _by_moment(found)[:limit]
        ways: dict[str, Callable[..., list[Evidence]]] = {
            "speech": self.search_transcript,
            "screen": self.search_screen_text,
            "sound": self._search_sounds,
            "frame": self.search_frames,
            "scene": self._search_scenes,
            "object": partial(
                self._search_objects, region=region, area=area, by_look="object" in kinds
            ),
        }
        if region is not None or area:
            kinds = kinds or ("object",)
            if {*kinds} != {"object"}:
                raise RefusedRequest("in a part of the picture objects alone are looked for")
        for kind in kinds:
            if kind not in ways:
                raise RefusedRequest(f"no kind {kind!r}; one of: {', '.join(ways)}")
        scope = list(videos) if videos else None
        found = [
            one
            for kind, way in ways.items()
            if (kind in kinds if kinds else kind != "scene")
            for one in way(query, scope, start, end, limit)
        ]
        return _by_moment(sorted(found, key=lambda one: -one.score))[:limit]

    def _search_sounds(
        self,
        query: str,
        videos: list[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """Sounds that captions name, and those that a model heard where the query names them."""
        scope = self._scope(videos)
        found = self.texts.found("sound", query, scope, start, end, limit)
        forms = surface_forms(query)
        named: list[EventKind] = [EVENT_WORDS[form] for form in forms if form in EVENT_WORDS]
        kinds: dict[EventKind, None] = dict.fromkeys(named)
        for kind in kinds:
            with suppress(NotIndexed, ProviderUnavailable):
                found += self.find_sounds(kind, scope, start, end, limit)
        return list({one.id: one for one in found}.values())[:limit]

    def _search_scenes(
        self,
        query: str,
        videos: list[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """The scenes in which something is said, shown or looks so."""
        best: dict[str, Evidence] = {}
        for one in self.search(query, videos, start=start, end=end, limit=4 * limit):
            scenes, last = self._store.scenes(one.video), max(one.end, one.start + 1e-3)
            for number, scene in enumerate(scenes, 1):
                if scene.id not in best and overlaps(scene.start, scene.end, one.start, last):
                    found = of_scene(self._store, scenes, number, one.score)
                    best[scene.id] = replace(found, text=f"{found.text}: {one.text}")
        return list(best.values())[:limit]

    def likely_videos(
        self, question: str, videos: Sequence[str] = (), beside: Sequence[str] = ()
    ) -> list[str]:
        """Ids of the videos that a question may be about: those named, else the likeliest.

        The videos `beside` them come last, where none are named.
        """
        if scope := self._scope(videos or None):
            return scope
        return list(dict.fromkeys([*self.texts.candidates(question), *beside]))

    def unseen(self, videos: Sequence[str] | None = None) -> list[Entry]:
        """Videos without image vectors of the current model."""
        return self.pictures.unseen(self._scope(videos))


def _by_moment(found: list[Evidence]) -> list[Evidence]:
    """The best of each moment first, then what lies beside one that is there already."""
    moments: list[list[Evidence]] = []
    end = 0.0
    for one in sorted(found, key=lambda one: (one.video, one.start, one.end)):
        if moments and moments[-1][0].video == one.video and one.start - end <= APART:
            moments[-1].append(one)
            end = max(end, one.end)
        else:
            moments.append([one])
            end = one.end
    first = {max(moment, key=lambda one: one.score).id for moment in moments}
    return sorted(found, key=lambda one: one.id not in first)
