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
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import write_bytes
from tools.search.motion import find_actions
from tools.store.evidence import of_passage, of_span, of_words
from tools.summary.chapters import headings
from tools.summary.highlights import Highlight, distinct, find_highlights
from tools.summary.sentences import central, sentences, vectors
from tools.summary.titles import LARGER, chapters, of_chapter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.media import Chapter, Evidence
    from tools.store.store import Store
    from tools.summary.sentences import Floats, Sentence

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


def digest(store: Store, video: str) -> Digest:
    """The video in short as far as it is indexed; every part of it is evidence."""
    told = sentences(store.utterances(video))
    rows = vectors(store, video, told)
    parts: list[Part] = []
    for one in chapters(store, video):
        inside = [at for at, sentence in enumerate(told) if one.start <= sentence.start < one.end]
        best = central([told[at] for at in inside], rows[inside], POINTS)
        points = [of_passage(store, told[inside[at]].parts) for at in best]
        points = points or _shown(store, video, one.start, one.end)
        parts.append(Part(one, _heading(store, one, told), tuple(points)))
    return Digest(
        tuple(_overview(store, video, told, rows, parts)),
        tuple(parts),
        tuple(_events(store, video, parts)),
        tuple(
            replace(
                one, evidence=distinct([*one.evidence, *_said(store, told, one.start, one.end)])
            )
            for one in find_highlights(store, video)
        ),
    )


def _heading(store: Store, chapter: Chapter, told: Sequence[Sentence]) -> Evidence:
    """What a chapter is called after: the whole sentence, the text on screen, or how it looks."""
    for one in told:
        if any(part.id == chapter.heading for part in one.parts):
            return of_passage(store, one.parts)
    for text in store.screen_text(chapter.video):
        if text.id == chapter.heading:
            return of_words(store, text)
    if store.get(chapter.video).width is None:
        return store.facts(chapter.video)
    return of_span(store, chapter.video, chapter.start, chapter.end)


def _said(store: Store, told: Sequence[Sentence], start: float, end: float) -> list[Evidence]:
    """The sentence that fills most of a stretch, if one does."""
    shares = [(min(one.end, end) - max(one.start, start), one) for one in told]
    share, best = max(shares, key=lambda each: each[0], default=(0.0, None))
    return [of_passage(store, best.parts)] if best and share > 0 else []


def _overview(
    store: Store,
    video: str,
    told: Sequence[Sentence],
    rows: Floats,
    parts: Sequence[Part],
) -> list[Evidence]:
    """The facts, the first title, how it begins, and of the chapters what stands for all."""
    found = [store.facts(video)]
    found += _opening(store, video, told)
    place = {one.id: at for at, one in enumerate(told)}
    ids = [place[point.id] for part in parts for point in part.points if point.id in place]
    if ids:
        lead = central(told[:LEAD], rows[:LEAD], 1, rows)[0]
        rest = [at for at in ids if at != lead]
        best = central([told[at] for at in rest], rows[rest], OVERVIEW - 1)
        chosen = sorted([lead, *(rest[at] for at in best)])
        found += [of_passage(store, told[at].parts) for at in chosen]
    if len(ids) < FEW:
        shown = [part.heading for part in parts if part.heading not in found]
        found += shown[: OVERVIEW - len(ids)]
    return found


def _opening(store: Store, video: str, told: Sequence[Sentence]) -> list[Evidence]:
    """The title of the whole: a heading larger than the others, or any where nobody speaks."""
    duration = store.get(video).duration
    new = headings(store.screen_text(video), duration)
    early = [one for one in new if one.text.start <= EARLY * duration]
    usual = statistics.median(one.height for one in new) if new else 0.0
    if not early or (told and early[0].height < LARGER * usual):
        return []
    return [of_words(store, early[0].text)]


def _shown(store: Store, video: str, start: float, end: float) -> list[Evidence]:
    """Of a stretch without speech: what is to be read, what moves, how it looks."""
    texts = [one for one in store.screen_text(video) if start <= one.start < end]
    texts.sort(key=lambda one: one.box[1] - one.box[3])
    found = [of_words(store, one) for one in texts[:POINTS]]
    with suppress(NotIndexed):
        moves = find_actions(store, video, start, end)
        found += sorted(moves, key=lambda one: -one.score)[: POINTS - len(found)]
    if len(found) < POINTS and store.get(video).width is not None:
        found.append(of_span(store, video, start, end))
    return sorted(found, key=lambda one: one.start)


def _events(store: Store, video: str, parts: Sequence[Part]) -> list[Evidence]:
    """What happens when: a new heading, a movement; else where chapters get their titles."""
    new = headings(store.screen_text(video), store.get(video).duration)
    texts = {one.text.text.casefold(): one.text for one in reversed(new)}
    found = [of_words(store, one) for one in texts.values()]
    with suppress(NotIndexed):
        moves = find_actions(store, video, 0.0, store.get(video).duration)
        if found or store.utterances(video):
            moves = [one for one in moves if one.facts["amount"] != "slight"]
        found += sorted(moves, key=lambda one: -one.score)[:MOVEMENTS]
    if len(found) < len(parts):
        found += [part.heading for part in parts if part.heading not in found]
    begins = [part.chapter.start for part in parts]
    found.sort(key=lambda one: min(abs(one.start - at) for at in begins))
    return sorted(found[:EVENTS], key=lambda one: (one.start, one.end))


def brief(store: Store, video: str, about: About) -> list[Evidence | str]:
    """What a question about the whole of a video is answered from, in the order of time.

    Lines that are no evidence tell what a language model wrote of it before. Where no moment
    stands out, the highlights are what stands for the whole.
    """
    found = digest(store, video)
    if about == "highlights" and found.highlights:
        return [of for one in found.highlights for of in one.evidence]
    if about == "events":
        return list(found.events)
    written = {(one.start, one.end): one for one in pieces(store, video, "chapter")}
    lines: list[Evidence | str] = [] if about == "chapters" else [*found.overview]
    for part in found.parts:
        lines.append(of_chapter(store, video, part.chapter.start, part.chapter.end))
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


def keep(store: Store, video: str, name: str, piece: Piece) -> None:
    """Write what was made; UnknownVideo where the video was removed meanwhile."""
    folder = store.folder(video) / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        write_bytes(folder / f"{name}.json", dump_checked(asdict(piece)))
    except FileNotFoundError as error:
        raise UnknownVideo(f"{video} was removed") from error


def kept(store: Store, video: str, name: str) -> Piece | None:
    """What was made under this name; one that is damaged was not."""
    return _read(store.folder(video) / FOLDER / f"{name}.json")


def pieces(store: Store, video: str, level: str) -> list[Piece]:
    """What is kept of one level, by time; of a stretch that was told twice, the later."""
    folder = store.folder(video) / FOLDER
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    read = [piece for path in paths if (piece := _read(path)) and piece.level == level]
    latest = {(piece.start, piece.end): piece for piece in read}
    return sorted(latest.values(), key=lambda piece: piece.start)


def damaged(folder: Path) -> list[Path]:
    """The files of a video's folder that are not what was written."""
    return [path for path in sorted((folder / FOLDER).glob("*")) if _read(path) is None]


def _read(path: Path) -> Piece | None:
    try:
        row = load_checked(path.read_bytes())
        claims, events = (
            tuple((str(text), tuple(map(str, ids))) for text, ids in row[name])
            for name in ("claims", "events")
        )
        span = float(row["start"]), float(row["end"])
        return Piece(*span, str(row["title"]), claims, events, row["level"], row["model"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
