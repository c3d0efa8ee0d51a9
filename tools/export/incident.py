"""Incident report: one page of what cameras saw in a stretch of time, with what it rests on.

A page can carry no content credentials (C2PA): it lists the SHA-256 of every source file, as it was
indexed, and of every frame, as it is in the page.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from tools.cameras.objects import each
from tools.cameras.recordings import Gap, Recorded, Recording, recorded
from tools.clock import Clock
from tools.errors import RefusedRequest, VideoError
from tools.evidence import of_sighting
from tools.export.page import escaped, figure, figures, page
from tools.library import Library
from tools.media import Evidence
from tools.store.cameras import Areas, Camera
from tools.store.sighting_rows import Wanted

MOST = 200
"""Moments of a camera in a report, at most; more are counted."""
SOURCES = {
    "argument": "given by hand",
    "screen": "read on the picture",
    "sidecar": "from a file beside it",
    "tag": "from the file's tags",
    "name": "from the file's name",
    "file": "time of the file",
}
FOOTER = (
    "Made by rule by Cuepoint: what moves before a fixed camera, with the names and colours that "
    "were told apart. A page can carry no content credentials (C2PA) and is not signed: each file "
    "is named by its SHA-256 when it was indexed, and each frame by that of its JPEG in this page."
)


@dataclass(frozen=True)
class _Moment:
    """One object at its wall-clock time."""

    at: datetime
    evidence: Evidence


def to_report(library: Library, cameras: Sequence[Camera], begin: datetime, end: datetime) -> str:
    """HTML of a report over cameras; RefusedRequest where there is no time or no camera.

    Times without a zone are those of each camera's own clock.
    """
    if not cameras:
        raise RefusedRequest("there is no camera: `cuepoint camera add NAME FOLDER` makes one")
    if not all(1970 <= at.year < 9000 for at in (begin, end)):
        raise RefusedRequest("a report is of times from 1970 on")
    if (begin.tzinfo is None) != (end.tzinfo is None) or begin >= end:
        raise RefusedRequest(
            "a report is from one time to a later one, both with a zone or neither"
        )
    library.catalog.sync()
    areas, count, sections = library.cameras.areas(), 0, list[str]()
    for camera in cameras:
        held = recorded(library, camera.videos)
        moments = _moments(library, areas, held.recordings, begin, end)
        count += len(moments)
        sections.append(_section(library, camera.name, held, moments, begin, end))
    names = ", ".join(camera.name for camera in cameras)
    title = f"Incident report: {_time(begin)} to {_time(end)}"
    summary = escaped(f"{_many(count, 'moment')}; cameras: {names}")
    footer = f"<footer>{escaped(FOOTER)}</footer>"
    return page(title, [f"<p>{summary}</p>", *sections, footer], "en")


def _moments(
    library: Library,
    areas: Areas,
    recordings: Sequence[Recording],
    begin: datetime,
    end: datetime,
) -> list[_Moment]:
    found: list[_Moment] = []
    for one in recordings:
        clock, video = library.clock(one.video), library.get(one.video)
        if clock is None or not _meets(one, begin, end):
            continue
        first = clock.seconds_of(begin, video.duration) or 0.0
        last = clock.seconds_of(end, video.duration) or video.duration
        wanted = Wanted(videos=[one.video], start=first, end=max(last, first))
        for seen, _ in each(library.catalog, areas, wanted):
            came, went = clock.wall(seen.start), clock.wall(seen.end)
            if came >= _in_zone(end, came) or went <= _in_zone(begin, went):
                continue
            evidence = of_sighting(seen, areas.of(one.video), areas.camera(one.video))
            found.append(_Moment(came, evidence))
    return sorted(found, key=lambda moment: moment.at)


def _section(
    library: Library,
    name: str,
    held: Recorded,
    moments: Sequence[_Moment],
    begin: datetime,
    end: datetime,
) -> str:
    files = [one for one in held.recordings if _meets(one, begin, end)]
    unknown = [one for one in held.recordings if one.begun is None]
    parts = [f"<h2>{escaped(name)}</h2>"]
    parts += [f"<p>not covered: {gap}</p>" for gap in _uncovered(files, held.gaps, begin, end)]
    if unknown:
        titles = ", ".join(one.title for one in unknown)
        parts.append(f"<p>{escaped(f'left out, as their clock is not known: {titles}')}</p>")
    if files:
        rows = "\n".join(_file(library, one) for one in files)
        head = "<tr><th>file</th><th>recorded</th><th>clock</th><th>SHA-256</th></tr>"
        parts.append(f"<table>{head}\n{rows}</table>")
    if more := len(moments) - MOST:
        parts += [f"<p>{more} more moments are left out</p>"] if more > 0 else []
    shown = figures(_figure(library, moment) for moment in moments[:MOST])
    return "\n".join([*parts, shown])


def _uncovered(
    files: Sequence[Recording], gaps: Sequence[Gap], begin: datetime, end: datetime
) -> list[str]:
    """Stretches of the asked time in which nothing was recorded."""
    if not files:
        return [f"{_time(begin)} to {_time(end)}"]
    found: list[tuple[datetime, datetime]] = []
    first = min(one.begun for one in files if one.begun)
    last = max(one.ended for one in files if one.ended)
    if _in_zone(begin, first) < first:
        found.append((_in_zone(begin, first), first))
    for gap in gaps:
        start, finish = (
            max(gap.begun, _in_zone(begin, gap.begun)),
            min(gap.ended, _in_zone(end, last)),
        )
        if first <= start < finish <= last:
            found.append((start, finish))
    if last < _in_zone(end, last):
        found.append((last, _in_zone(end, last)))
    return [f"{_time(start)} to {_time(finish)}" for start, finish in found]


def _meets(one: Recording, begin: datetime, end: datetime) -> bool:
    if one.begun is None or one.ended is None:
        return False
    return one.begun < _in_zone(end, one.begun) and _in_zone(begin, one.begun) < one.ended


def _in_zone(at: datetime, like: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=like.tzinfo)


def _file(library: Library, one: Recording) -> str:
    begun, ended = one.begun, one.ended
    when = f"{_time(begun)} to {_time(ended)}" if begun and ended else ""
    clock = library.clock(one.video)
    told = [SOURCES.get(one.clock, one.clock), f"{one.confidence:.0%} sure", *_told(clock)]
    checksum = f"<code>{library.manifest(one.video)['sha256']}</code>"
    try:
        library.original(one.video)
    except (VideoError, OSError):
        checksum += "<br>the file is not there any more, or is another one"
    cells = (escaped(one.title), escaped(when), escaped("; ".join(told)), checksum)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _told(clock: Clock | None) -> list[str]:
    """Jumps of a clock, and sources that say otherwise."""
    if clock is None:
        return []
    jumps = [f"jumps by {by:+.0f} s" for _, by in clock.jumps()]
    others = [one for one in clock.others if not one.agrees]
    return [*jumps, *(f"{SOURCES[one.source]}: {one.ahead:+.0f} s" for one in others)]


def _figure(library: Library, moment: _Moment) -> str:
    evidence, at = moment.evidence, _time(moment.at)
    jpeg = b""
    with suppress(VideoError, OSError):
        jpeg = library.picture(evidence.image).read_bytes() if evidence.image else b""
    checksum = f"<br><code>{hashlib.sha256(jpeg).hexdigest()}</code>" if jpeg else ""
    title = library.get(evidence.video).title
    place = f"{title}, {evidence.start:.1f} to {evidence.end:.1f} s"
    words = f"<b>{escaped(at)}</b> {escaped(evidence.text)}<br>{escaped(place)}{checksum}"
    return figure(jpeg, at, words)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}".strip()


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
