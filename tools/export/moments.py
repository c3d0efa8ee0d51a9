"""Moments to export: evidence with its number, from answers, files and highlights."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from tools.errors import RefusedRequest
from tools.evidence import MACHINE, is_draft, parse_id
from tools.library import Library
from tools.media import Evidence, Video
from tools.store.evidence import of_span
from tools.summary.digest import digest
from tools.text.clean import clean

INSTANT, LEAST = 0.05, 2.0
"""Seconds below which a moment is an instant, and for which one is shown."""
SHORTEST, AROUND = 4.0, 1.0
"""Least seconds of a highlight in a reel, and what is shown before and after it."""
MOST = 500
"""Moments of one export, at most."""
FILE_BYTES = 4 << 20
QUOTE = 240
"""Characters of a quotation."""
Cited = tuple[Evidence, int | None]
"""Evidence with its number in a conversation."""


@dataclass(frozen=True)
class Moment:
    """Evidence to export, with its number in a conversation; [start, end) is what is shown."""

    evidence: Evidence
    handle: int | None = None
    start: float = 0.0
    end: float = 0.0

    @property
    def note(self) -> str:
        """Its words as one line: `[3] "…"`, or `[3] frame: …` where nothing is quoted."""
        one, mark = self.evidence, f"[{self.handle}] " if self.handle is not None else ""
        text = clean(one.text, QUOTE)
        if one.kind in ("speech", "screen"):
            text = f'"{text}"' + (f" ({MACHINE})" if is_draft(one) else "")
        elif not text.startswith(one.kind):
            text = f"{one.kind}: {text}" if text else one.kind
        return mark + text


def moment_of(video: Video, evidence: Evidence, handle: int | None = None) -> Moment:
    """A moment to export, inside its video and at least LEAST seconds long where that is."""
    start, end = evidence.start, min(evidence.end, video.duration)
    if end - start < INSTANT:
        start = max(min(start, video.duration - LEAST), 0.0)
        end = min(start + LEAST, video.duration)
    return Moment(evidence, handle, start, end)


def moments_of(library: Library, cited: Iterable[Cited]) -> list[Moment]:
    """Moments of evidence, each span once; what is about a whole video shows none."""
    found: dict[tuple[str, float, float], Moment] = {}
    for evidence, handle in cited:
        if evidence.kind != "video":
            one = moment_of(library.get(evidence.video), evidence, handle)
            found.setdefault((evidence.video, one.start, one.end), one)
    return list(found.values())[:MOST]


def resolve(library: Library, ids: Sequence[str], handles: Sequence[int] = ()) -> list[Cited]:
    """Evidence of ids, with their handles, or numbers where none are given."""
    numbers = handles if len(handles) == len(ids) else range(1, len(ids) + 1)
    return [(library.evidence(id), n) for id, n in zip(ids[:MOST], numbers, strict=False)]


def read_moments(library: Library, file: Path) -> list[Moment]:
    """Moments of a JSON file: a list of Evidence, or of {"video", "start", "end"}; or an Answer."""
    try:
        with file.open("rb") as opened:
            data = opened.read(FILE_BYTES + 1)
        rows: Any = json.loads(data) if len(data) <= FILE_BYTES else None
    except OSError as error:
        raise RefusedRequest(f"{str(file)!r} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        rows = None
    if isinstance(rows, dict):
        answer = cast("dict[str, Any]", rows)
        rows = answer.get("evidence") or answer.get("nearest")
    if not isinstance(rows, list) or not rows:
        raise RefusedRequest(
            f"{str(file)!r} holds no moments: a JSON list of evidence, or of "
            '{"video", "start", "end"}, is needed'
        )
    cited = [_row(library, row) for row in cast("list[Any]", rows)[:MOST]]
    if not (found := moments_of(library, cited)):
        raise RefusedRequest(f"{str(file)!r} tells of whole videos, and names no moments of them")
    return found


def _row(library: Library, row: Any) -> Cited:
    fields = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    id, number = fields.get("id"), fields.get("handle")
    handle = number if isinstance(number, int) else None
    if isinstance(id, str) and parse_id(id):
        return library.evidence(id), handle
    try:
        start, end = float(fields["start"]), float(fields["end"])
        video = library.get(str(fields["video"]))
    except (KeyError, TypeError, ValueError):
        told = clean(json.dumps(row, ensure_ascii=False), 80)
        raise RefusedRequest(f"{told} is no moment: it needs a video, a start and an end") from None
    if not 0 <= start < end or start >= video.duration:
        raise RefusedRequest(f"{start:g} to {end:g} s is no span of {video.title!r}")
    return of_span(library, video.id, start, min(end, video.duration)), handle


def best_moments(
    library: Library, videos: Sequence[Video], seconds: float, count: int = 0
) -> list[Moment]:
    """The best moments that fit into so many seconds, by video and time.

    Each video has its best one before another has its second. With a count there are so many, as
    long as each other, where there is so much to tell.
    """
    ranked: list[tuple[int, float, Moment]] = []
    for video in videos:
        best = sorted(_outstanding(library, video, count), key=lambda pair: -pair[0])
        ranked += [(rank, -score, moment) for rank, (score, moment) in enumerate(best)]
    ranked.sort(key=lambda one: one[:2])
    order = [video.id for video in videos]
    best_first = [moment for _, _, moment in ranked]
    if count:
        share = seconds / count
        best_first = [replace(m, end=min(m.end, m.start + share)) for m in best_first[:count]]
    chosen = first_seconds(best_first, seconds)
    return sorted(chosen, key=lambda one: (order.index(one.evidence.video), one.start))


def _outstanding(library: Library, video: Video, least: int) -> list[tuple[float, Moment]]:
    """Highlights of a video with their scores, apart from each other; key points where too few."""
    told, found = digest(library, video.id), list[tuple[float, Moment]]()
    for one in sorted(told.highlights, key=lambda highlight: -highlight.score):
        around = max((SHORTEST - (one.end - one.start)) / 2, AROUND)
        start, end = max(one.start - around, 0.0), min(one.end + around, video.duration)
        for said in one.evidence:  # no sentence is cut off
            if said.kind == "speech" and said.start < end and said.end > start:
                start, end = min(start, said.start), max(end, min(said.end, video.duration))
        if all(end <= other.start or other.end <= start for _, other in found):
            shown = of_span(library, video.id, start, end)
            found.append((one.score, Moment(shown, None, start, end)))
    if len(found) >= max(least, 1):
        return found
    for point in (point for part in told.parts for point in part.points[:1]):
        one = moment_of(video, point)
        if point.kind != "video" and all(
            one.end <= other.start or other.end <= one.start for _, other in found
        ):
            found.append((0.0, one))
    return found


def first_seconds(moments: Iterable[Moment], seconds: float) -> list[Moment]:
    """Moments in their order until so many seconds are full; the last one may be shortened."""
    chosen: list[Moment] = []
    for moment in moments:
        length = min(moment.end - moment.start, seconds)
        if length >= min(LEAST, moment.end - moment.start):
            chosen.append(replace(moment, end=moment.start + length))
            seconds -= length
    return chosen
