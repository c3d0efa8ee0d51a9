"""Summary and caption of a video: scenes, chapters, the whole, each claim verified.

Without a language model the claims are quotations that stand for the rest. With one, each part it
writes is stored under the hash of the evidence, the prompt and the model, as soon as it is there: a
run that broke off is resumed, and nothing is paid for twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.ask import Answer, NumberedEvidence
from agent.extractive.intents import languages
from agent.extractive.reply import Found, Writer
from agent.grounding.review import Claim, Review
from agent.settings import EXTRACTIVE
from tools.errors import RefusedRequest
from tools.evidence import video_parts
from tools.summary.digest import Digest, digest
from tools.summary.generated import GeneratedSummary

if TYPE_CHECKING:
    from agent.summary.language_model import ModelSummarizer
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
class SummaryChapter:
    """A chapter with one subject, start and end in seconds."""

    start: float
    end: float
    title: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class SummaryEvent:
    """A key event or a highlight, with the handles it cites; only a highlight has reasons."""

    start: float
    end: float
    text: str
    citations: tuple[int, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """A whole summary; handles are numbered within it, tokens are (input, output)."""

    video: str
    overview: tuple[Claim, ...]
    chapters: tuple[SummaryChapter, ...]
    events: tuple[SummaryEvent, ...]
    highlights: tuple[SummaryEvent, ...]
    evidence: tuple[NumberedEvidence, ...]
    coverage: tuple[Coverage, ...]
    model: str
    tokens: tuple[int, int]
    cost_usd: float | None
    seconds: float


def summarize(library: Library, video: str, summarizer: ModelSummarizer | None = None) -> Summary:
    """The summary of a video; with a summarizer, chapters and overview are in its words."""
    begun = time.monotonic()
    quoted, writer = digest(library, video), _ClaimWriter(library, video)
    whole = GeneratedSummary(0.0, 0.0, "", ())
    pieces = (whole,) * len(quoted.parts)
    if summarizer:
        whole, pieces = summarizer.summarize(library, video, quoted)
    overview = writer.claims(whole.claims) or writer.quotations(quoted.overview)
    chapters = [
        SummaryChapter(
            part.chapter.start,
            part.chapter.end,
            piece.title or part.chapter.title,
            writer.claims(piece.claims) or writer.quotations(part.evidence),
        )
        for part, piece in zip(quoted.parts, pieces, strict=True)
    ]
    events = writer.events(whole) or tuple(
        SummaryEvent(evidence.start, evidence.end, claim.text, claim.citations)
        for evidence in quoted.events
        for claim in writer.quotations([evidence])
    )
    highlights = writer.highlights(quoted)
    return Summary(
        video,
        overview,
        tuple(chapters),
        events,
        highlights,
        writer.evidence(),
        (library.coverage(video),),
        summarizer.name if summarizer else EXTRACTIVE,
        summarizer.tokens if summarizer else (0, 0),
        summarizer.cost_usd if summarizer else None,
        round(time.monotonic() - begun, 3),
    )


def caption(
    library: Library, video: str, style: str = "brief", summarizer: ModelSummarizer | None = None
) -> Answer:
    """A caption: one sentence, a paragraph, or what happens in the order of time."""
    if style not in STYLES:
        raise RefusedRequest(f"no style {style!r}; one of: {', '.join(STYLES)}")
    begun = time.monotonic()
    quoted, writer = digest(library, video), _ClaimWriter(library, video)
    claims: tuple[Claim, ...] = ()
    if summarizer:
        piece = summarizer.caption(library, video, quoted, STYLES[style])
        claims = writer.claims(piece.claims)
    claims = claims or writer.quotations(_quoted_in_caption(quoted, style))
    return Answer(
        question=f"caption, {style}: {library.get(video).title}",
        answer=" ".join(with_citations(claim.text, claim.citations) for claim in claims),
        found=bool(claims),
        claims=claims,
        evidence=writer.evidence(),
        coverage=(library.coverage(video),),
        model=summarizer.name if summarizer else EXTRACTIVE,
        tokens=summarizer.tokens if summarizer else (0, 0),
        cost_usd=summarizer.cost_usd if summarizer else None,
        seconds=round(time.monotonic() - begun, 3),
    )


def with_citations(text: str, citations: Sequence[int]) -> str:
    """A sentence with its handles before the full stop."""
    stop = "." if text.endswith(".") else ""
    return f"{text.removesuffix('.')} {''.join(f'[{n}]' for n in citations)}{stop}"


def _quoted_in_caption(quoted: Digest, style: str) -> list[Evidence]:
    """Evidence quoted in a caption; the facts of the file only where there is nothing else."""
    facts, *rest = quoted.overview
    if style == "brief":
        return rest[:1] or [facts]
    if style == "detailed":
        return [facts, *rest][:DETAILED]
    evidence = [record for part in quoted.parts for record in part.evidence[:2]]
    if len(evidence) > NARRATIVE:
        evidence = [(part.points or (part.heading,))[0] for part in quoted.parts]
    step = max(len(evidence) / NARRATIVE, 1.0)
    return [evidence[int(i * step)] for i in range(int(len(evidence) / step))]


class _ClaimWriter:
    """Writes claims with the handles of one summary, each verified against what it cites."""

    def __init__(self, library: Library, video: str) -> None:
        self._library = library
        self._records: dict[str, Evidence] = {}
        self._seen: list[str] = []
        titles = {video: library.get(video).title}
        self._writer = Writer(languages()["en"], titles.__getitem__, several=False)
        self._review = Review(self._seen, (), self._records, titles, (video,))

    def quotations(self, evidence: Iterable[Evidence]) -> tuple[Claim, ...]:
        """A claim for each piece of evidence, in its own words."""
        records = {record.id: record for record in evidence}
        return self.claims(
            (self._quotation(record, self._label(id, record)), (id,))
            for id, record in records.items()
        )

    def _quotation(self, evidence: Evidence, label: str) -> str:
        if evidence.kind == "video":
            return f"The video is {', '.join(video_parts(evidence.facts)[:2])} [{label}]."
        return self._writer.line(Found(label, evidence))

    def claims(self, sentences: Iterable[tuple[str, Sequence[str]]]) -> tuple[Claim, ...]:
        """The claims that hold, of sentences with the ids of their evidence."""
        claims: list[Claim] = []
        for text, ids in sentences:
            marks = "".join(f"[{self._label(id)}]" for id in ids)
            _, claim = self._review.claim(text if marks in text else f"{text} {marks}")
            if claim and claim.citations and claim.verdict != "unsupported":
                claims.append(claim)
        return tuple(claims)

    def events(self, piece: GeneratedSummary) -> tuple[SummaryEvent, ...]:
        """The events that a language model wrote, each as long as its evidence, by time."""
        events: list[SummaryEvent] = []
        for claim in self.claims(piece.events):
            cited = [self._records[self._review.handles[n - 1]] for n in claim.citations]
            start, end = min(e.start for e in cited), max(e.end for e in cited)
            events.append(SummaryEvent(start, end, claim.text, claim.citations))
        return tuple(sorted(events, key=lambda event: (event.start, event.end)))

    def highlights(self, quoted: Digest) -> tuple[SummaryEvent, ...]:
        """Highlights, quoted, with the reasons why they stand out."""
        events: list[SummaryEvent] = []
        for highlight in quoted.highlights:
            claims = self.quotations(highlight.evidence)
            cited = tuple(n for claim in claims for n in claim.citations)
            text = " ".join(claim.text for claim in claims)
            span = highlight.start, highlight.end
            events.append(SummaryEvent(*span, text, cited, highlight.reasons))
        return tuple(events)

    def evidence(self) -> tuple[NumberedEvidence, ...]:
        """All cited evidence with its handles."""
        cited = enumerate(self._review.handles, 1)
        return tuple(NumberedEvidence(handle, self._records[id]) for handle, id in cited)

    def _label(self, id: str, evidence: Evidence | None = None) -> str:
        """The label of evidence; one that is new is looked up in the library if not given."""
        if id not in self._records:
            self._records[id] = evidence or self._library.evidence(id)
            self._seen.append(id)
        return f"e{self._seen.index(id) + 1}"
