"""A video in short: scenes, chapters, the whole, each told once and tested as an answer is.

Without a language model the claims are quotations that stand for the rest. With one, what it wrote
of each part is kept under the hash of the evidence, the prompt and the model, as soon as it is
there: a run that broke off goes on where it was, and what was told once is never paid for again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.ask import Answer, Cited
from agent.extractive.quote import Found, sentence
from agent.grounding.review import Claim, Review
from agent.settings import EXTRACTIVE
from tools.errors import RefusedRequest
from tools.evidence import video_parts
from tools.summary.digest import Digest, digest
from tools.summary.generated import GeneratedSummary

if TYPE_CHECKING:
    from agent.summary.narrator import Narrator
    from tools.library import Library
    from tools.media import Coverage, Evidence

STYLES: Mapping[str, str] = {
    "brief": "one sentence",
    "detailed": "one paragraph of four to six sentences",
    "narrative": "what happens in the order of time, in five to ten sentences",
}
DETAILED, NARRATIVE = 6, 10
"""Sentences of a caption, at most."""


@dataclass(frozen=True)
class Chapter:
    """A stretch with one subject, start and end in seconds."""

    start: float
    end: float
    title: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Event:
    """Something that happens, with the handles it cites; reasons are those of a highlight."""

    start: float
    end: float
    text: str
    citations: tuple[int, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What every door renders; handles are numbered within it, tokens are (input, output)."""

    video: str
    overview: tuple[Claim, ...]
    chapters: tuple[Chapter, ...]
    events: tuple[Event, ...]
    highlights: tuple[Event, ...]
    evidence: tuple[Cited, ...]
    coverage: tuple[Coverage, ...]
    model: str
    tokens: tuple[int, int]
    cost_usd: float | None
    seconds: float


def summarize(library: Library, video: str, narrator: Narrator | None = None) -> Summary:
    """The summary of a video; with a narrator, chapters and overview are in its words."""
    begun = time.monotonic()
    found, desk = digest(library, video), _Desk(library, video)
    told = narrator.tell(library, video, found) if narrator else None
    whole = told.whole if told else GeneratedSummary(0.0, 0.0, "", ())
    overview = desk.told(whole) or desk.quoted(found.overview)
    pieces = told.chapters if told else [whole] * len(found.parts)
    chapters = [
        Chapter(
            part.chapter.start,
            part.chapter.end,
            piece.title or part.chapter.title,
            desk.told(piece) or desk.quoted(part.evidence),
        )
        for part, piece in zip(found.parts, pieces, strict=True)
    ]
    events = desk.events(whole) or desk.happened(found)
    highlights = desk.highlights(found)
    return Summary(
        video,
        overview,
        tuple(chapters),
        events,
        highlights,
        desk.cited(),
        (library.coverage(video),),
        narrator.name if narrator else EXTRACTIVE,
        narrator.tokens if narrator else (0, 0),
        narrator.cost_usd if narrator else None,
        round(time.monotonic() - begun, 3),
    )


def caption(
    library: Library, video: str, style: str = "brief", narrator: Narrator | None = None
) -> Answer:
    """One sentence, a paragraph, or what happens in the order of time."""
    if style not in STYLES:
        raise RefusedRequest(f"no style {style!r}; one of: {', '.join(STYLES)}")
    begun = time.monotonic()
    found, desk = digest(library, video), _Desk(library, video)
    claims: tuple[Claim, ...] = ()
    if narrator:
        told = narrator.tell(library, video, found)
        claims = desk.told(narrator.caption(library, video, told, STYLES[style]))
    claims = claims or desk.quoted(_captioned(found, style))
    return Answer(
        question=f"caption, {style}: {library.get(video).title}",
        answer=" ".join(marked(claim.text, claim.citations) for claim in claims),
        found=bool(claims),
        claims=claims,
        evidence=desk.cited(),
        nearest=(),
        coverage=(library.coverage(video),),
        model=narrator.name if narrator else EXTRACTIVE,
        tokens=narrator.tokens if narrator else (0, 0),
        cost_usd=narrator.cost_usd if narrator else None,
        seconds=round(time.monotonic() - begun, 3),
        thread="",
    )


def marked(text: str, citations: Sequence[int]) -> str:
    """A sentence with its handles before the full stop, as people read it."""
    stop = "." if text.endswith(".") else ""
    return f"{text.removesuffix('.')} {''.join(f'[{n}]' for n in citations)}{stop}"


def _captioned(found: Digest, style: str) -> list[Evidence]:
    """What is quoted in a caption; the facts of the file only where there is nothing else."""
    facts, *rest = found.overview
    if style == "brief":
        return rest[:1] or [facts]
    if style == "detailed":
        return [facts, *rest][:DETAILED]
    told = [one for part in found.parts for one in part.evidence[:2]]
    if len(told) > NARRATIVE:
        told = [(part.points or (part.heading,))[0] for part in found.parts]
    step = max(len(told) / NARRATIVE, 1.0)
    return [told[int(i * step)] for i in range(int(len(told) / step))]


class _Desk:
    """Writes claims down with the handles of one summary, each tested against what it cites."""

    def __init__(self, library: Library, video: str) -> None:
        self._library, self._video = library, video
        self._records: dict[str, Evidence | None] = {}
        self._seen: list[str] = []
        titles = {video: library.get(video).title}
        self._review = Review(self._seen, (), self._records, titles, (video,))

    def quoted(self, evidence: Iterable[Evidence]) -> tuple[Claim, ...]:
        """Each piece of evidence once, in its own words."""
        found = {one.id: one for one in evidence}
        for id, one in found.items():
            self._known(id, one)
        return self._claims((self._quote(id), (id,)) for id in found)

    def told(self, piece: GeneratedSummary) -> tuple[Claim, ...]:
        """What a language model wrote."""
        return self._claims(piece.claims)

    def events(self, piece: GeneratedSummary) -> tuple[Event, ...]:
        """The events that a language model wrote, each as long as what it cites."""
        found: list[Event] = []
        for claim in self._claims(piece.events):
            cited = [self._record(self._review.handles[n - 1]) for n in claim.citations]
            start, end = min(one.start for one in cited), max(one.end for one in cited)
            found.append(Event(start, end, claim.text, claim.citations))
        return tuple(sorted(found, key=lambda one: (one.start, one.end)))

    def happened(self, found: Digest) -> tuple[Event, ...]:
        """What happens when, quoted."""
        return tuple(
            Event(one.start, one.end, claim.text, claim.citations)
            for one in found.events
            for claim in self.quoted([one])
        )

    def highlights(self, found: Digest) -> tuple[Event, ...]:
        """What stands out, with the reasons why."""
        made: list[Event] = []
        for one in found.highlights:
            claims = self.quoted(one.evidence)
            cited = tuple(n for claim in claims for n in claim.citations)
            text = " ".join(claim.text for claim in claims)
            made.append(Event(one.start, one.end, text, cited, one.reasons))
        return tuple(made)

    def cited(self) -> tuple[Cited, ...]:
        """The evidence under its handles."""
        return tuple(Cited(n, self._record(id)) for n, id in enumerate(self._review.handles, 1))

    def _quote(self, id: str) -> str:
        one = self._record(id)
        found = Found(f"e{self._seen.index(id) + 1}", one)
        if one.kind == "video":
            return f"The video is {', '.join(video_parts(one.facts)[:2])} [{found.label}]."
        return sentence(found)

    def _record(self, id: str) -> Evidence:
        one = self._records.get(id)
        return one or self._known(id, self._library.evidence(id))

    def _known(self, id: str, one: Evidence) -> Evidence:
        if id not in self._records:
            self._records[id] = one
            self._seen.append(id)
        return one

    def _claims(self, told: Iterable[tuple[str, Sequence[str]]]) -> tuple[Claim, ...]:
        found: list[Claim] = []
        for text, ids in told:
            for id in ids:
                self._record(id)
            marks = "".join(f"[e{self._seen.index(id) + 1}]" for id in ids)
            raw = text if marks in text else f"{text} {marks}"
            _, claim = self._review.claim(raw)
            if claim and claim.citations and claim.verdict != "unsupported":
                found.append(claim)
        return tuple(found)
