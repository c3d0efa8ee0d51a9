"""Statistics of the objects before fixed cameras: how many, by what, where and when, and how long.

They are queries of the catalog. Only where a part of the picture is asked for are boxes looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tools.cameras.objects import each
from tools.media import timestamp
from tools.store.sighting_rows import UNITS, Counted, Wanted

if TYPE_CHECKING:
    from tools.media import Sighting
    from tools.store.cameras import Areas
    from tools.store.catalog import Catalog

Group = Literal["all", "label", "colour", "camera", "video", "hour", "minute"]
SPANS = 20
"""Videos in which the objects of a group are told to be, at most."""


@dataclass(frozen=True)
class ObjectCount:
    """Objects of one group, which is named by a label, a colour, a camera, a title or a time.

    `mean` and `longest` are how many seconds one stays, in view or in the zone. `spans` are video,
    and the seconds at which the first and the last of them come there.
    """

    group: str
    objects: int
    mean: float
    longest: float
    spans: tuple[tuple[str, float, float], ...]


def count(
    catalog: Catalog,
    areas: Areas,
    spans: Sequence[Wanted],
    by: Group,
    limit: int,
    region: Sequence[float] | None = None,
    area: str = "",
) -> list[ObjectCount]:
    """Objects of spans by group, by time or the most first; at most `limit` groups, the fullest.

    An object counts once, when it comes into view. Hours and minutes are of the clock where that is
    known, else of the video.
    """
    way = "video" if by == "camera" else by
    groups: dict[tuple[str, str], list[Counted]] = {}
    for sought in spans:
        if region is None and not area:
            rows = catalog.sightings.count(sought, way)
        else:
            rows = _rows(catalog, each(catalog, areas, sought, region, area), way)
        for row in rows:
            groups.setdefault(_group(catalog, areas, row, by), []).append(row)
    found = [_together(group, rows) for (group, _), rows in groups.items()]
    most = sorted(found, key=lambda one: -one.objects)[:limit]
    if by not in UNITS:
        return most
    order = {id(one): place for place, one in enumerate(found)}
    return sorted(most, key=lambda one: order[id(one)])


def _rows(
    catalog: Catalog, found: Iterable[tuple[Sighting, list[tuple[float, float]]]], by: str
) -> Iterator[Counted]:
    """Objects that were looked at, each as a group of its own."""
    for one, spans in found:
        name, unit = {"label": one.label, "colour": one.colour}.get(by, ""), 0
        if by in UNITS:
            seconds, pattern = UNITS[by]
            clock = catalog.store.clock(one.video)
            if clock and clock.is_relied_on:
                name = f"{clock.wall(one.start):{pattern}}"
            else:
                name, unit = None, int(one.start / seconds)
        inside = sum(end - start for start, end in spans)
        stay = inside or one.end - one.start
        yield Counted(one.video, name, unit, 1, stay, stay, one.start, one.start)


def _group(catalog: Catalog, areas: Areas, row: Counted, by: Group) -> tuple[str, str]:
    """Name of a group; times of videos without a clock are of each alone."""
    if by == "camera" and (camera := areas.camera(row.video)):
        return camera, ""
    if by in ("camera", "video"):
        return catalog.store.get(row.video).title, row.video
    if by in UNITS and row.name is None:
        return timestamp(row.unit * UNITS[by][0]), row.video
    return row.name or "", ""


def _together(group: str, rows: Sequence[Counted]) -> ObjectCount:
    objects = sum(row.objects for row in rows)
    mean = sum(row.seconds for row in rows) / objects
    spans: dict[str, tuple[float, float]] = {}
    for row in rows:
        first, last = spans.get(row.video, (row.first, row.last))
        spans[row.video] = min(first, row.first), max(last, row.last)
    listed = tuple((video, *span) for video, span in spans.items())[:SPANS]
    longest = max(row.longest for row in rows)
    return ObjectCount(group, objects, round(mean, 1), round(longest, 1), listed)
