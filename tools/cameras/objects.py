"""Search for the objects that were tracked before fixed cameras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from tools.areas import Box, checked_region, touching
from tools.errors import NotIndexed, ProviderUnavailable, RefusedRequest
from tools.media import overlaps
from tools.store.sighting_rows import Wanted
from tools.vision.colour import COLOUR_WORDS, COLOURS
from tools.vision.objects import labels_of

if TYPE_CHECKING:
    from tools.media import Sighting
    from tools.store.catalog import Catalog

NEEDS_DETECTOR = (
    "telling what moves needs a detector: run `cuepoint models pull dfine-nano`, then `cuepoint "
    "index`; without a label, whatever moves before a fixed camera is found"
)
OPEN = ("waiting", "running")
"""States of a stage whose result is still to come."""


@dataclass(frozen=True)
class Where:
    """Part of the picture that objects are looked for in: a region, or none."""

    region: Box | None = None


def wanted(
    label: str, colour: str, videos: Sequence[str] | None, start: float, end: float
) -> Wanted:
    """Objects by words; RefusedRequest for a thing or a colour that nobody knows."""
    labels = labels_of(label) if label.strip() else frozenset[str]()
    if labels is None:
        raise RefusedRequest(f"no detector here knows {label[:40]!r}; without a label all is found")
    named = COLOUR_WORDS.get(colour.strip().lower(), "") if colour.strip() else ""
    if colour.strip() and not named:
        raise RefusedRequest(f"no colour {colour[:40]!r}; one of: {', '.join(COLOURS)}")
    return Wanted(labels or None, named, videos, start, end)


def where(region: Sequence[float] | None) -> Where:
    """Part of the picture from the arguments of a capability."""
    return Where(checked_region(region) if region is not None else None)


def objects(
    catalog: Catalog, sought: Wanted, within: Where = Where(), limit: int = 50
) -> list[Sighting]:
    """Objects by video and time, at most `limit`; those in a part of the picture, if it is named.

    With a time it is there at that time.
    """
    return [*islice(_each(catalog, sought, within), limit)]


def _each(catalog: Catalog, sought: Wanted, within: Where) -> Iterator[Sighting]:
    if within.region is None:
        yield from catalog.sightings.each(sought)
        return
    for one in catalog.sightings.each(replace(sought, bounds=within.region)):
        spans = touching(one, within.region)
        if any(overlaps(*span, sought.start, sought.end) for span in spans):
            yield one


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
