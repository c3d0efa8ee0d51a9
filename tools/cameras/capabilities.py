"""Capabilities of the toolbox over what fixed cameras see."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tools import evidence as make
from tools.areas import Area
from tools.arguments import AreaName, At, Colour, End, Label, Limit, Region, Start, Videos
from tools.cameras.objects import Looks, each, is_class, missing, unknown, wanted
from tools.cameras.statistics import Group, ObjectCount, count
from tools.media import Evidence
from tools.store.cameras import Camera, Cameras
from tools.store.sighting_rows import Wanted
from tools.store.stretches import Way, scopes, search_at
from tools.vision.objects.detector import labels_of, sought

if TYPE_CHECKING:
    from tools.store.catalog import Catalog
    from tools.store.store import Store

MOST = 50
"""Objects of a stretch that are compared with the closest of others."""


class CameraCapabilities:
    """Objects that were tracked before the fixed cameras of one library, and its cameras."""

    _store: Store
    catalog: Catalog
    cameras: Cameras
    looks: Looks

    def _camera_tools(self) -> list[Callable[..., Any]]:
        return [self.find_objects, self.count_objects, self.list_cameras, self.list_areas]

    def find_objects(
        self,
        label: Label = "",
        colour: Colour = "",
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        limit: Limit = 50,
        region: Region = None,
        area: AreaName = "",
        at: At = None,
    ) -> list[Evidence]:
        """Objects before fixed cameras: each once, from coming into view until it leaves, by time.

        Use to list what passes, for how long something stays, which way it goes. Without a label
        it is whatever moves. Colour is measured; at night it is not known. A zone holds where they
        stand, a line is crossed by it, a region touched by any part of them. What is no class of
        a detector ("white van with a ladder") is found by its look, best first, where a picture
        model is there: the text says whether it fits, or only comes closest.
        """
        scope = self._scope(videos)

        def within(way: Way) -> list[Evidence]:
            return search_at(self.catalog, at, scope, start, end, way)

        def nearest(
            videos: Sequence[str] | None, start: float | None, end: float | None
        ) -> list[Evidence]:
            any_one = _of(wanted("", colour, None), videos, start, end)
            return self.looks.nearest(label, any_one, MOST, region, area)

        def of_class(
            videos: Sequence[str] | None, start: float | None, end: float | None
        ) -> list[Evidence]:
            return self._objects(_of(named, videos, start, end), limit, region, area)

        if not is_class(label):
            if not (why := self.looks.blind(scope)):
                return self.looks.told(within(nearest), label, limit)
            if labels_of(label) is None:
                raise unknown(label, why)
        named = wanted(label, colour, scope)
        if found := within(of_class):
            return found[:limit]
        nameless = label.strip() and not self.catalog.sightings.are_named(scope)
        if nameless and not self.looks.blind(scope):
            return self.looks.told(within(nearest), label, limit)
        missing(self.catalog, named)
        return []

    def count_objects(
        self,
        label: Label = "",
        colour: Colour = "",
        videos: Videos = None,
        start: Start = None,
        end: End = None,
        by: Annotated[
            Group, Field(description="hour, minute: of the clock if it is known.")
        ] = "all",
        region: Region = None,
        area: AreaName = "",
        limit: Annotated[int, Field(ge=1, le=1000, description="The fullest groups alone.")] = 200,
    ) -> list[ObjectCount]:
        """Count objects before fixed cameras, by group, and tell how long they stay.

        Use for many of them, for the busiest time, for the mean and the longest stay. Cite with
        find_objects in the `spans` (video, first, last second) of a group.
        """
        scope = self._scope(videos)
        named = wanted(label, colour, scope)
        spans = [
            replace(named, videos=ids, start=first or 0.0, end=math.inf if last is None else last)
            for ids, first, last in scopes(self.catalog, start, end, scope)
        ]
        found = count(self.catalog, self.cameras.areas(), spans, by, limit, region, area)
        if not found:
            missing(self.catalog, named)
        return found

    def list_cameras(self) -> list[Camera]:
        """List the cameras: names, ids of their videos, and their zones and lines."""
        return self.cameras.all()

    def list_areas(self, videos: Videos = None) -> list[Area]:
        """List the zones and lines that are drawn in the pictures of cameras and videos."""
        return self.cameras.areas().all(self._scope(videos))

    def _search_objects(
        self,
        query: str,
        videos: list[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
        region: Sequence[float] | None = None,
        area: str = "",
        by_look: bool = False,
    ) -> list[Evidence]:
        """Objects by the words of a query: what, and its colour; others those that it fits."""
        labels, colour = sought(query)
        if labels is None:
            scope = self._scope(videos)
            if not by_look or self.looks.blind(scope):
                return []
            any_one = _of(Wanted(), scope, start, end)
            near = self.looks.nearest(query, any_one, limit, region, area)
            return [one for one in self.looks.told(near, query, limit) if one.facts["fits"]]
        found = _of(Wanted(labels or None, colour), self._scope(videos), start, end)
        return self._objects(found, limit, region, area)

    def _objects(
        self,
        named: Wanted,
        limit: int,
        region: Sequence[float] | None,
        area: str,
    ) -> list[Evidence]:
        areas = self.cameras.areas()
        return [
            make.of_sighting(one, areas.of(one.video), areas.camera(one.video))
            for one, _ in islice(each(self.catalog, areas, named, region, area), limit)
        ]

    def _scope(self, videos: Sequence[str] | None) -> list[str] | None:
        """Ids of some videos, or None for the library; their rows in the catalog are up to date."""
        scope = [self._store.get(video).id for video in videos] if videos else None
        self.catalog.sync(scope)
        return scope


def _of(
    sought: Wanted, videos: Sequence[str] | None, start: float | None, end: float | None
) -> Wanted:
    """The same objects in some videos, or all, between two times."""
    return replace(sought, videos=videos, start=start or 0.0, end=math.inf if end is None else end)
