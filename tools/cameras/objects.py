"""Search for the objects that were tracked before fixed cameras."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import merge
from typing import TYPE_CHECKING, Protocol

from tools.areas import Area, Box, Span, checked_region, spans_in, touching
from tools.errors import NotIndexed, ProviderUnavailable, RefusedRequest
from tools.media import overlaps
from tools.store.sighting_rows import Wanted
from tools.vision.colour import COLOUR_WORDS, COLOURS
from tools.vision.objects.detector import labels_of, sought

if TYPE_CHECKING:
    from tools.media import Evidence, Sighting
    from tools.store.cameras import Areas
    from tools.store.catalog import Catalog

NEEDS_DETECTOR = (
    "telling what moves needs a detector: run `cuepoint models pull dfine-nano`, then `cuepoint "
    "index`; without a label, whatever moves before a fixed camera is found"
)
OPEN = ("waiting", "running")
"""States of a stage whose result is still to come."""


class Looks(Protocol):
    """Search for objects by how they look (`tools.search.objects`)."""

    def blind(self, videos: Sequence[str] | None) -> str:
        """Why words find no object of these videos by its look; empty where they do."""
        ...

    def alike(
        self,
        shown: Evidence,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence] | None:
        """Objects that look like one, best first; None where none of these videos has vectors."""
        ...

    def nearest(
        self, text: str, sought: Wanted, limit: int, region: Sequence[float] | None, area: str
    ) -> list[Evidence]:
        """Objects that look as a text says, best first, however well they fit."""
        ...

    def told(self, found: Sequence[Evidence], text: str, limit: int) -> list[Evidence]:
        """Objects that a text fits, told as that; where none does, the closest, told as that."""
        ...


def is_class(label: str) -> bool:
    """True of a class of detectors, perhaps with its colour; False where more is asked for."""
    return not label.strip() or sought(label)[0] is not None


def unknown(label: str, why: str) -> RefusedRequest:
    """Error of a thing that no detector knows, and that is not found by its look; why."""
    return RefusedRequest(
        f"no detector here knows {label[:40]!r}, and nothing finds it by its look ({why}); "
        "without a label all is found"
    )


def wanted(
    label: str,
    colour: str,
    videos: Sequence[str] | None,
    start: float = 0.0,
    end: float = math.inf,
) -> Wanted:
    """Objects by words; RefusedRequest for a thing or a colour that nobody knows."""
    labels = labels_of(label) if label.strip() else frozenset[str]()
    if labels is None:
        raise RefusedRequest(f"no detector here knows {label[:40]!r}; without a label all is found")
    named = COLOUR_WORDS.get(colour.strip().lower(), "") if colour.strip() else ""
    if colour.strip() and not named:
        raise RefusedRequest(f"no colour {colour[:40]!r}; one of: {', '.join(COLOURS)}")
    return Wanted(labels or None, named, videos, start, end)


def each(
    catalog: Catalog,
    areas: Areas,
    sought: Wanted,
    region: Sequence[float] | None = None,
    area: str = "",
) -> Iterator[tuple[Sighting, list[Span]]]:
    """Objects by video and time, each with the spans in which it is in the named part of a picture.

    With a region, those whose boxes touch it; with an area, those in the zone or across the line of
    this name, also. With a time they are there at that time. Spans are those in the zone, else in
    the region, else all of it.
    """
    part = checked_region(region) if region is not None else None
    parts = areas.named(area, sought.videos).items() if area else [(None, sought.videos)]
    ways = [_inside(catalog, replace(sought, videos=ids), part, one) for one, ids in parts]
    yield from merge(*ways, key=lambda found: (found[0].video, found[0].start, found[0].end))


def _inside(
    catalog: Catalog, sought: Wanted, region: Box | None, area: Area | None
) -> Iterator[tuple[Sighting, list[Span]]]:
    bounds = area.bounds if area else region
    for one in catalog.sightings.each(replace(sought, bounds=bounds)):
        spans = [(one.start, one.end)]
        for found in (
            touching(one, region) if region else None, spans_in(one, area) if area else None,
        ):  # fmt: skip
            if found is not None:
                spans = [span for span in found if overlaps(*span, sought.start, sought.end)]
                if not spans:
                    break
        if spans:
            yield one, spans


def missing(catalog: Catalog, sought: Wanted) -> None:
    """Say why nothing was found, where there is a reason.

    ProviderUnavailable for labels where all that is known of the videos is what moves; NotIndexed
    where the objects of one are still to come.
    """
    stages = {id: catalog.store.get(id).stages["sightings"] for id in sought.videos or ()}
    if any(stage.state in OPEN for stage in stages.values()):
        raise NotIndexed("nothing so far; objects are not tracked yet: run `cuepoint index` again")
    if sought.labels and any(stage.provider == "motion" for stage in stages.values()):
        raise ProviderUnavailable(NEEDS_DETECTOR)
