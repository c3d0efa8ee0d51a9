"""A video in short, in its own words: chapters, what stands for each, events and highlights.

Everything is evidence, so that whoever writes it down can cite it. What a language model made of
it is kept beside the video, a file for each piece: written as it comes, so that nothing is paid for
twice, and read by every later question.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tools.errors import NotIndexed, UnknownVideo
from tools.files.checksums import sealed, unsealed
from tools.files.durable import write_bytes
from tools.media import evidence_id
from tools.search.motion import SLIGHT, find_actions
from tools.summary.chapters import headings
from tools.summary.highlights import Highlight, find_highlights
from tools.summary.sentences import central, sentences, vectors
from tools.summary.titles import LARGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.library import Library
    from tools.media import Evidence
    from tools.summary.sentences import Floats, Sentence
    from tools.summary.titles import Chapter

About = Literal["overview", "chapters", "events", "highlights"]
Cited = tuple[str, tuple[str, ...]]
"""A sentence, and the ids of the evidence that it cites."""

FOLDER = "summary"
"""Where in a video's folder what a language model wrote is kept."""
OVERVIEW, POINTS = 4, 3
"""Sentences that stand for a video, and for a chapter."""
EVENTS = 12
MOVEMENTS = 6
"""Movements, at most, among the events: those that are surest."""
LEAD = 8
"""Sentences at the beginning, one of which says what it is about."""
EARLY = 0.1
"""Share of a video in which its title is shown."""
FEW = 2
"""Sentences below which pictures tell more than what is said."""


@dataclass(frozen=True)
class Part:
    """A chapter with what stands for it: where its title stands, and its telling evidence."""

    chapter: Chapter
    heading: Evidence
    points: tuple[Evidence, ...]

    @property
    def evidence(self) -> list[Evidence]:
        """All of it, by time."""
        others = [one for one in self.points if one.id != self.heading.id]
        return sorted([self.heading, *others], key=lambda one: (one.start, one.end))


@dataclass(frozen=True)
class Digest:
    """A video in its own words; events and highlights by time."""

    overview: tuple[Evidence, ...]
    parts: tuple[Part, ...]
    events: tuple[Evidence, ...]
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True)
class Piece:
    """What a language model wrote of a stretch: a title, claims and events, with what they cite."""

    start: float
    end: float
    title: str
    claims: tuple[Cited, ...]
    events: tuple[Cited, ...] = ()
    level: str = "scene"
    model: str = ""


def digest(library: Library, video: str) -> Digest:
    """The video in short as far as it is indexed; every part of it is evidence."""
    told = sentences(library.utterances(video))
    rows = vectors(library, video, told)
    whole = {part.id: one.id for one in told for part in one.parts}
    parts: list[Part] = []
    for one in library.chapters(video):
        inside = [at for at, sentence in enumerate(told) if one.start <= sentence.start < one.end]
        best = central([told[at] for at in inside], rows[inside], POINTS)
        points = [library.evidence(told[inside[at]].id) for at in best]
        points = points or _shown(library, video, one.start, one.end)
        heading = library.evidence(whole.get(one.heading, one.heading))
        parts.append(Part(one, heading, tuple(points)))
    return Digest(
        tuple(_overview(library, video, told, rows, parts)),
        tuple(parts),
        tuple(_events(library, video, parts)),
        tuple(
            replace(one, evidence=(*one.evidence, *_said(told, one.start, one.end)))
            for one in find_highlights(library, video)
        ),
    )


def _said(told: Sequence[Sentence], start: float, end: float) -> list[str]:
    """The sentence that fills most of a stretch, if one does."""
    shares = {one.id: min(one.end, end) - max(one.start, start) for one in told}
    return [id for id, share in shares.items() if share > 0 and share == max(shares.values())][:1]


def _overview(
    library: Library,
    video: str,
    told: Sequence[Sentence],
    rows: Floats,
    parts: Sequence[Part],
) -> list[Evidence]:
    """The facts, the first title, how it begins, and of the chapters what stands for all."""
    found = [library.facts(video)]
    found += _opening(library, video, told)
    place = {one.id: at for at, one in enumerate(told)}
    ids = [place[point.id] for part in parts for point in part.points if point.id in place]
    if ids:
        lead = central(told[:LEAD], rows[:LEAD], 1, rows)[0]
        rest = [at for at in ids if at != lead]
        best = central([told[at] for at in rest], rows[rest], OVERVIEW - 1)
        chosen = sorted([lead, *(rest[at] for at in best)])
        found += [library.evidence(told[at].id) for at in chosen]
    if len(ids) < FEW:
        shown = [part.heading for part in parts if part.heading not in found]
        found += shown[: OVERVIEW - len(ids)]
    return found


def _opening(library: Library, video: str, told: Sequence[Sentence]) -> list[Evidence]:
    """The title of the whole: a heading larger than the others, or any where nobody speaks."""
    duration = library.get(video).duration
    new = headings(library.screen_text(video), duration)
    early = [one for one in new if one.text.start <= EARLY * duration]
    usual = statistics.median(one.height for one in new) if new else 0.0
    if not early or (told and early[0].height < LARGER * usual):
        return []
    return [library.evidence(early[0].text.id)]


def _shown(library: Library, video: str, start: float, end: float) -> list[Evidence]:
    """Of a stretch without speech: what is to be read, what moves, how it looks."""
    texts = [one for one in library.screen_text(video) if start <= one.start < end]
    texts.sort(key=lambda one: one.box[1] - one.box[3])
    found = [library.evidence(one.id) for one in texts[:POINTS]]
    with suppress(NotIndexed):
        moves = find_actions(library, video, start, end)
        found += sorted(moves, key=lambda one: -one.score)[: POINTS - len(found)]
    if len(found) < POINTS and library.get(video).width is not None:
        found.append(library.evidence(evidence_id("frame", video, start, end)))
    return sorted(found, key=lambda one: one.start)


def _events(library: Library, video: str, parts: Sequence[Part]) -> list[Evidence]:
    """What happens when: a new heading, a movement; else where chapters get their titles."""
    new = headings(library.screen_text(video), library.get(video).duration)
    texts = {one.text.text.casefold(): one.text.id for one in reversed(new)}
    found = [library.evidence(id) for id in texts.values()]
    with suppress(NotIndexed):
        moves = find_actions(library, video, 0.0, library.get(video).duration)
        if found or library.utterances(video):
            moves = [one for one in moves if not one.text.startswith(SLIGHT)]
        found += sorted(moves, key=lambda one: -one.score)[:MOVEMENTS]
    if len(found) < len(parts):
        found += [part.heading for part in parts if part.heading not in found]
    begins = [part.chapter.start for part in parts]
    found.sort(key=lambda one: min(abs(one.start - at) for at in begins))
    return sorted(found[:EVENTS], key=lambda one: (one.start, one.end))


def brief(library: Library, video: str, about: About) -> list[Evidence | str]:
    """What a question about the whole of a video is answered from, in the order of time.

    Lines that are no evidence tell what a language model wrote of it before. Where no moment
    stands out, the highlights are what stands for the whole.
    """
    found = digest(library, video)
    if about == "highlights" and found.highlights:
        return [library.evidence(id) for one in found.highlights for id in one.evidence]
    if about == "events":
        return list(found.events)
    written = {(one.start, one.end): one for one in pieces(library, video, "chapter")}
    lines: list[Evidence | str] = [] if about == "chapters" else [*found.overview]
    for part in found.parts:
        lines.append(library.evidence(part.chapter.id))
        if one := written.get((part.chapter.start, part.chapter.end)):
            title = one.title or part.chapter.title
            lines.append(" ".join([f"{title}:", *(text for text, _ in one.claims)]))
        if about == "overview":
            lines += part.points[:1]
    return lines


# What a language model wrote


def key(*parts: str) -> str:
    """The name of what was made of these texts: evidence, prompt and model."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def keep(library: Library, video: str, name: str, piece: Piece) -> None:
    """Write what was made; UnknownVideo where the video was removed meanwhile."""
    folder = library.folder(video) / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        write_bytes(folder / f"{name}.json", sealed(asdict(piece)))
    except FileNotFoundError as error:
        raise UnknownVideo(f"{video} was removed") from error


def kept(library: Library, video: str, name: str) -> Piece | None:
    """What was made under this name; one that is damaged was not."""
    return _read(library.folder(video) / FOLDER / f"{name}.json")


def pieces(library: Library, video: str, level: str) -> list[Piece]:
    """What is kept of one level, by time; of a stretch that was told twice, the later."""
    folder = library.folder(video) / FOLDER
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    read = [piece for path in paths if (piece := _read(path)) and piece.level == level]
    latest = {(piece.start, piece.end): piece for piece in read}
    return sorted(latest.values(), key=lambda piece: piece.start)


def damaged(folder: Path) -> list[Path]:
    """The files of a video's folder that are not what was written."""
    return [path for path in sorted((folder / FOLDER).glob("*")) if _read(path) is None]


def _read(path: Path) -> Piece | None:
    try:
        row = unsealed(path.read_bytes())
        claims, events = (
            tuple((str(text), tuple(map(str, ids))) for text, ids in row[name])
            for name in ("claims", "events")
        )
        span = float(row["start"]), float(row["end"])
        return Piece(*span, str(row["title"]), claims, events, row["level"], row["model"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
