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
from tools.cameras.objects import each, missing, wanted
from tools.cameras.statistics import Group, ObjectCount, count
from tools.media import Evidence
from tools.store.cameras import Camera, Cameras
from tools.store.sighting_rows import Wanted
from tools.store.stretches import scopes, search_at

if TYPE_CHECKING:
    from tools.store.catalog import Catalog
    from tools.store.store import Store


class CameraCapabilities:
    """Objects that were tracked before the fixed cameras of one library, and its cameras."""

    _store: Store
    catalog: Catalog
    cameras: Cameras

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
        stand, a line is crossed by it, a region touched by any part of them.
        """
        scope = self._scope(videos)
        sought = wanted(label, colour, scope)

        def find(scope: list[str] | None, start: float | None, end: float | None) -> list[Evidence]:
            return self._objects(sought, scope, start, end, limit, region, area)

        found = search_at(self.catalog, at, scope, start, end, find)
        if not found:
            missing(self.catalog, sought)
        return found[:limit]

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
        sought = wanted(label, colour, scope)
        spans = [
            replace(sought, videos=ids, start=first or 0.0, end=math.inf if last is None else last)
            for ids, first, last in scopes(self.catalog, start, end, scope)
        ]
        found = count(self.catalog, self.cameras.areas(), spans, by, limit, region, area)
        if not found:
            missing(self.catalog, sought)
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
    ) -> list[Evidence]:
        """Objects by the words of a query: what, and its colour."""
        from tools.vision.objects import sought

        labels, colour = sought(query)
        if labels is None:
            return []
        found = Wanted(labels or None, colour)
        return self._objects(found, self._scope(videos), start, end, limit, region, area)

    def _objects(
        self,
        sought: Wanted,
        videos: list[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
        region: Sequence[float] | None,
        area: str,
    ) -> list[Evidence]:
        areas = self.cameras.areas()
        end = math.inf if end is None else end
        sought = replace(sought, videos=videos, start=start or 0.0, end=end)
        return [
            make.of_sighting(one, areas.of(one.video), areas.camera(one.video))
            for one, _ in islice(each(self.catalog, areas, sought, region, area), limit)
        ]

    def _scope(self, videos: Sequence[str] | None) -> list[str] | None:
        """Ids of some videos, or None for the library; their rows in the catalog are up to date."""
        scope = [self._store.get(video).id for video in videos] if videos else None
        self.catalog.sync(scope)
        return scope
