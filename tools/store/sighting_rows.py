"""Sightings in the catalog: found, and counted, by what they show, when and where."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tools.media import Sighting
from tools.store.records import sighting

By = Literal["all", "label", "colour", "video", "hour", "minute"]
"""Groups in which objects are counted; hour and minute by the clock, else by the video's time."""
Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
PAGE = 200
"""Rows that are read at once where each is looked at."""
_COLUMNS = {"label": "label", "colour": "colour"}
UNITS: dict[str, tuple[int, str]] = {
    "hour": (3600, "%Y-%m-%d %H:00"),
    "minute": (60, "%Y-%m-%d %H:%M"),
}
"""Seconds of a group of time, and its wall-clock time as SQLite and Python write it."""


@dataclass(frozen=True)
class Wanted:
    """Objects that are looked for: `labels` None for any, `colour` and `bounds` empty for any.

    An empty label is of what nothing names. `bounds` are left, top, right, bottom: those alone
    whose boxes come so far.
    """

    labels: Collection[str] | None = None
    colour: str = ""
    videos: Collection[str] | None = None
    start: float = 0.0
    end: float = float("inf")
    bounds: tuple[float, float, float, float] | None = None


class Counted(NamedTuple):
    """Objects of a group and video: how many, their seconds in view together, and the longest.

    `first` and `last` are the seconds of the video at which the first and the last of them come.

    `name` is the group's: a label, a colour, a wall-clock time, or None where no clock is known;
    then `unit` is the number of the hour or minute of the video.
    """

    video: str
    name: str | None
    unit: int
    objects: int
    seconds: float
    longest: float
    first: float
    last: float


class SightingRows:
    """Sightings of a catalog, by its queries."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def find(self, wanted: Wanted, limit: int) -> list[Sighting]:
        """Objects by video and time, at most `limit`."""
        return self._page(wanted, limit, 0)

    def each(self, wanted: Wanted) -> Iterator[Sighting]:
        """Objects by video and time, some at once."""
        skip = 0
        while found := self._page(wanted, PAGE, skip):
            yield from found
            skip += len(found)

    def count(self, wanted: Wanted, by: By) -> list[Counted]:
        """Number of objects and how long they are in view, by group and video, the first first.

        An object counts where it comes into view.
        """
        where, values = _where(wanted)
        name, unit = _COLUMNS.get(by, "''"), "0"
        if by in UNITS:
            seconds, pattern = UNITS[by]
            name = f"strftime('{pattern}', CAST(wall AS INTEGER), 'unixepoch')"
            unit = f"CASE WHEN wall IS NULL THEN CAST(start / {seconds} AS INTEGER) ELSE 0 END"
        sql = (
            f"SELECT video, {name} AS name, {unit} AS unit, count(*), sum(end - start), "
            "max(end - start), min(start), max(start) "
            f"FROM sightings WHERE {where} "
            "GROUP BY video, name, unit ORDER BY min(coalesce(wall, start)), video"
        )
        return [Counted(*row) for row in self._query(sql, values)]

    def are_named(self, videos: Collection[str] | None = None) -> bool:
        """True if a detector named an object of some videos, or of all."""
        where, values = _where(Wanted(videos=videos))
        return bool(
            self._query(f"SELECT 1 FROM sightings WHERE label <> '' AND {where} LIMIT 1", values)
        )

    def _page(self, wanted: Wanted, limit: int, skip: int) -> list[Sighting]:
        where, values = _where(wanted)
        sql = f"SELECT item FROM sightings WHERE {where} ORDER BY video, start, end, rowid"
        found = self._query(f"{sql} LIMIT ? OFFSET ?", [*values, limit, skip])
        return [sighting(json.loads(item)) for (item,) in found]


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    sql = "end > ? AND start < ?"
    values: list[Any] = [wanted.start, wanted.end]
    for column, chosen in (("label", wanted.labels), ("video", wanted.videos)):
        if chosen is not None:
            sql += f" AND {column} IN ({', '.join('?' * len(chosen))})"
            values += chosen
    if wanted.colour:
        sql += " AND colour = ?"
        values.append(wanted.colour)
    if wanted.bounds:
        left, top, right, bottom = wanted.bounds
        sql += " AND min_x <= ? AND max_x >= ? AND min_y <= ? AND max_y >= ?"
        values += [right, left, bottom, top]
    return sql, values
