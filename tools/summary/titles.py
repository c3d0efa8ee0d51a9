"""What to call a stretch of a video: the heading shown in it, or the phrase that is its own."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.evidence import describe
from tools.media import Chapter, Evidence, evidence_id
from tools.store.frames import attributes_of
from tools.summary.chapters import NEAR, Heading, find_chapters, headings
from tools.text.tokens import stems, surface_forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.media import Utterance
    from tools.store.store import Store

EARLY = 0.4
"""Share of a stretch in which its heading comes."""
SEVERAL = (1.0, 1.9, 2.2)
"""What a phrase of one, two or three words is worth beside the others."""
FEW = 2
"""Times that a phrase is said, at least, where one is said more than once."""
MORE = 0.6
"""The power of how often a phrase is said that it weighs."""
LARGER = 1.25
"""How much taller than the heading that a stretch begins with a better one is."""
_VAGUE = frozenset(
    stems(
        "actually basically big bit day early enough example first front good great guys idea know "
        "last little lot many minute mean new next people pretty really right second sort thing "
        "think time today various want way week yeah year yes"
    )
)
"""Stems of what is said anywhere."""


@dataclass(frozen=True)
class Title:
    """A title, and the id of the evidence in which it stands."""

    text: str
    id: str


def chapters(store: Store, video: str) -> list[Chapter]:
    """The chapters of a video, in order, each with a title that tells it from the others."""
    sampled = sum(len(one.texts) for one in store.dense_samples(video))
    return store.cached(video, f"chapters {sampled}", lambda: _chapters(store, video))


def _chapters(store: Store, video: str) -> list[Chapter]:
    spans = find_chapters(store, video)
    shown = headings(store.screen_text(video), store.get(video).duration)
    said = store.utterances(video)
    inside = [[one for one in said if start <= one.start < end] for start, end in spans]
    phrases = [Counter(_phrases(part)) for part in inside]
    holders = Counter(phrase for part in phrases for phrase in part)
    found: list[Chapter] = []
    for (start, end), part, counted in zip(spans, inside, phrases, strict=True):
        taken = {one.title.casefold() for one in found}
        new = [one for one in shown if one.text.text.casefold() not in taken]
        title = _heading(new, start, end) or _phrase(part, counted, holders, len(spans))
        title = title or _look(store, video, start, end)
        found.append(Chapter(video, start, end, title.text, title.id))
    return found


def of_chapter(store: Store, video: str, start: float, end: float) -> Evidence:
    """A chapter as evidence; of one that a later index cut otherwise, how it looks.

    facts: `number`, `count` and `title`.
    """
    id, known = evidence_id("chapter", video, start, end), chapters(store, video)
    text, facts = _look(store, video, start, end).text, {}
    for number, one in enumerate(known, 1):
        if one.id == id:
            facts = {"number": number, "count": len(known), "title": one.title}
            title = one.title.replace('"', "'")
            text = f'chapter {number} of {len(known)}, "{title}"'
    image = store.image_at(video, start, end)
    return Evidence(id, video, start, end, "chapter", text, image, 0.0, "chapters", facts=facts)


def _heading(shown: Sequence[Heading], start: float, end: float) -> Title | None:
    """The largest that comes early in the span, the first of equals."""
    last = start + max(EARLY * (end - start), NEAR)
    early = [one for one in shown if start - NEAR <= one.text.start < min(last, end)]
    if not early:
        return None
    tallest = max(one.height for one in early)
    best = next(one for one in early if one.height * LARGER >= tallest)
    return Title(best.text.text, best.text.id)


def _phrases(said: Sequence[Utterance]) -> list[tuple[str, ...]]:
    """Every run of one to three words that carry meaning, as their stems."""
    found: list[tuple[str, ...]] = []
    for one in said:
        for run in _runs(one.text):
            known = [stem for word in run for stem in stems(word)]
            for size in range(1, len(SEVERAL) + 1):
                found += [tuple(known[at : at + size]) for at in range(len(known) - size + 1)]
    return found


def _runs(text: str) -> list[list[str]]:
    """The words of a text between those that carry no meaning and the ends of clauses."""
    runs: list[list[str]] = [[]]
    for clause in re.split(r"[.,;:!?()\u2013\u2014-]\s", text + " "):
        runs.append([])
        for word in surface_forms(clause):
            if stems(word) and not (len(word) < 3 and word.isalpha()):
                runs[-1].append(word)
            else:
                runs.append([])
    return [run for run in runs if run]


def _phrase(
    said: Sequence[Utterance],
    counted: Counter[tuple[str, ...]],
    holders: Counter[tuple[str, ...]],
    spans: int,
) -> Title | None:
    """The phrase that is said most here and least elsewhere, as it is said first."""
    often = max(counted.values(), default=0)

    def worth(phrase: tuple[str, ...]) -> float:
        if counted[phrase] < min(FEW, often) or len(set(phrase)) < len(phrase):
            return 0.0
        if _VAGUE.intersection(phrase) or any(len(w) < 3 or w[0].isdigit() for w in phrase):
            return 0.0
        rare = math.log((spans + 1) / holders[phrase]) + 0.1
        return SEVERAL[len(phrase) - 1] * counted[phrase] ** MORE * rare

    best = sorted((-worth(phrase), phrase) for phrase in counted)
    for phrase in [phrase for minus, phrase in best[:5] if minus < 0]:
        for one in said:
            for run in _runs(one.text):
                known = [stem for word in run for stem in stems(word)]
                for at in range(len(run) - len(phrase) + 1):
                    if tuple(known[at : at + len(phrase)]) == phrase:
                        return Title(_as_said(run[at : at + len(phrase)], one.text), one.id)
    return None


def _as_said(words: Sequence[str], text: str) -> str:
    pattern = r"\W+".join(re.escape(word) for word in words)
    match = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
    told = match[0] if match else " ".join(words)
    return told[:1].upper() + told[1:]


def _look(store: Store, video: str, start: float, end: float) -> Title:
    """How the picture looks; of sound alone, the sound."""
    look = attributes_of(store, video, start, end)
    told = describe(look) if look else ""
    if not told:
        one = store.facts(video)
        return Title(store.get(video).title, one.id)
    return Title(told[:1].upper() + told[1:], evidence_id("frame", video, start, end))
