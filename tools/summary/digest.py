"""Extractive summary of a video: chapters with their central sentences, events and highlights.

Everything in it is evidence, so that whoever writes it down can cite it.
"""

import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from tools.errors import NotIndexed
from tools.media import Chapter, Evidence
from tools.search.motion import find_actions
from tools.store.evidence import of_passage, of_span, of_words
from tools.store.store import Store
from tools.summary.chapters import headings, text_height
from tools.summary.generated import read_level
from tools.summary.highlights import Highlight, distinct, find_highlights
from tools.summary.sentences import (
    Floats,
    Sentence,
    central_sentences,
    sentence_vectors,
    split_sentences,
    telling_speech,
)
from tools.summary.titles import LARGER, chapters, of_chapter

About = Literal["overview", "chapters", "events", "highlights"]

OVERVIEW, POINTS = 4, 3
"""Central sentences of a video, and of a chapter."""
EVENTS = 12
MOVEMENTS = 6
"""Most movements among the events: those with the best score."""
LEAD = 8
"""Sentences at the beginning, one of which says what the video is about."""
EARLY = 0.1
"""Share of a video in which its title is shown."""
FEW = 2
"""Number of sentences below which pictures say more than speech."""


@dataclass(frozen=True)
class ChapterDigest:
    """A chapter with the evidence of its title and its most telling evidence."""

    chapter: Chapter
    heading: Evidence
    points: tuple[Evidence, ...]

    @property
    def evidence(self) -> list[Evidence]:
        """Heading and points, by time."""
        return sorted(distinct([self.heading, *self.points]), key=lambda one: (one.start, one.end))


@dataclass(frozen=True)
class Digest:
    """Extractive summary of a video; events and highlights by time."""

    overview: tuple[Evidence, ...]
    parts: tuple[ChapterDigest, ...]
    highlights: tuple[Highlight, ...]
    store: Store = field(repr=False, compare=False)
    video: str

    @cached_property
    def events(self) -> tuple[Evidence, ...]:
        """New headings and movements: those who ask for them wait for the pictures to be read."""
        return tuple(_events(self.store, self.video, self.parts))


def digest(store: Store, video: str) -> Digest:
    """The extractive summary of a video, as far as it is indexed."""
    sentences = split_sentences(telling_speech(store, video))
    vectors = sentence_vectors(store, video, sentences)
    parts: list[ChapterDigest] = []
    for chapter in chapters(store, video):
        inside = [n for n, s in enumerate(sentences) if chapter.start <= s.start < chapter.end]
        central = central_sentences([sentences[n] for n in inside], vectors[inside], POINTS)
        points = [of_passage(store, sentences[inside[n]].utterances) for n in central]
        points = points or _shown(store, chapter)
        parts.append(ChapterDigest(chapter, _heading(store, chapter, sentences), tuple(points)))
    highlights = [
        replace(one, evidence=distinct([*one.evidence, *_said(store, sentences, one)]))
        for one in find_highlights(store, video)
    ]
    overview = _overview(store, video, sentences, vectors, parts)
    return Digest(tuple(overview), tuple(parts), tuple(highlights), store, video)


def _heading(store: Store, chapter: Chapter, sentences: Sequence[Sentence]) -> Evidence:
    """Evidence of a chapter's title: a sentence, a text on screen, the file, or pictures."""
    if chapter.heading == chapter.id:
        return of_chapter(store, chapter.video, chapter.start, chapter.end)
    for sentence in sentences:
        if any(utterance.id == chapter.heading for utterance in sentence.utterances):
            return of_passage(store, sentence.utterances)
    for text in store.screen_text(chapter.video):
        if text.id == chapter.heading:
            return of_words(store, text)
    if store.get(chapter.video).width is None:
        return store.facts(chapter.video)
    return of_span(store, chapter.video, chapter.start, chapter.end)


def _said(store: Store, sentences: Sequence[Sentence], span: Highlight) -> list[Evidence]:
    """The sentence that overlaps a highlight most, if one does."""
    overlaps = [(min(s.end, span.end) - max(s.start, span.start), s) for s in sentences]
    seconds, best = max(overlaps, key=lambda overlap: overlap[0], default=(0.0, None))
    return [of_passage(store, best.utterances)] if best and seconds > 0 else []


def _overview(
    store: Store,
    video: str,
    sentences: Sequence[Sentence],
    vectors: Floats,
    parts: Sequence[ChapterDigest],
) -> list[Evidence]:
    """The facts, the title shown, a lead sentence, and the central ones among the chapters'."""
    overview = [store.facts(video), *_opening(store, video, bool(sentences))]
    places = {sentence.id: n for n, sentence in enumerate(sentences)}
    cited = [places[point.id] for part in parts for point in part.points if point.id in places]
    if cited:
        lead = central_sentences(sentences[:LEAD], vectors[:LEAD], 1, vectors)[0]
        rest = [n for n in cited if n != lead]
        central = central_sentences([sentences[n] for n in rest], vectors[rest], OVERVIEW - 1)
        chosen = sorted([lead, *(rest[n] for n in central)])
        overview += [of_passage(store, sentences[n].utterances) for n in chosen]
    if len(cited) < FEW:
        shown = [part.heading for part in parts if part.heading not in overview]
        overview += shown[: OVERVIEW - len(cited)]
    return overview


def _opening(store: Store, video: str, spoken: bool) -> list[Evidence]:
    """The title of the video: a heading larger than the others, or any if nobody speaks."""
    duration = store.get(video).duration
    new = headings(store.screen_text(video), duration)
    early = [heading for heading in new if heading.start <= EARLY * duration]
    if not early:
        return []
    usual = statistics.median(map(text_height, new))
    is_title = not spoken or text_height(early[0]) >= LARGER * usual
    return [of_words(store, early[0])] if is_title else []


def _shown(store: Store, chapter: Chapter) -> list[Evidence]:
    """Text, movements and pictures of a chapter without speech."""
    video, start, end = chapter.video, chapter.start, chapter.end
    texts = [text for text in store.screen_text(video) if start <= text.start < end]
    texts.sort(key=text_height, reverse=True)
    shown = [of_words(store, text) for text in texts[:POINTS]]
    with suppress(NotIndexed):
        moves = find_actions(store, video, start, end)
        shown += sorted(moves, key=lambda move: -move.score)[: POINTS - len(shown)]
    if len(shown) < POINTS and store.get(video).width is not None:
        shown.append(of_span(store, video, start, end))
    return sorted(shown, key=lambda one: one.start)


def _events(store: Store, video: str, parts: Sequence[ChapterDigest]) -> list[Evidence]:
    """New headings and movements; if there are few, the headings of the chapters too."""
    duration = store.get(video).duration
    new = headings(store.screen_text(video), duration)
    texts = {heading.text.casefold(): heading for heading in reversed(new)}
    events = [of_words(store, text) for text in texts.values()]
    with suppress(NotIndexed):
        moves = find_actions(store, video, 0.0, duration)
        if events or store.utterances(video):
            moves = [move for move in moves if move.facts["amount"] != "slight"]
        events += sorted(moves, key=lambda move: -move.score)[:MOVEMENTS]
    if len(events) < len(parts):
        events += [part.heading for part in parts if part.heading not in events]
    begins = [part.chapter.start for part in parts]
    events.sort(key=lambda event: min(abs(event.start - at) for at in begins))
    return sorted(events[:EVENTS], key=lambda event: (event.start, event.end))


def brief(store: Store, video: str, about: About) -> list[Evidence | str]:
    """One aspect of the summary, by time, for a question about the whole video.

    Strings are generated summaries of chapters. Without highlights, the overview is returned.
    """
    summary = digest(store, video)
    if about == "highlights" and summary.highlights:
        return [evidence for one in summary.highlights for evidence in one.evidence]
    if about == "events":
        return list(summary.events)
    generated = {(one.start, one.end): one for one in read_level(store, video, "chapter")}
    lines: list[Evidence | str] = [] if about == "chapters" else [*summary.overview]
    for part in summary.parts:
        span = part.chapter.start, part.chapter.end
        lines.append(of_chapter(store, video, *span))
        if one := generated.get(span):
            title = one.title or part.chapter.title
            lines.append(" ".join([f"{title}:", *(text for text, _ in one.claims)]))
        if about == "overview":
            lines += part.points[:1]
    return lines
