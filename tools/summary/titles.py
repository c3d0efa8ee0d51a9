"""Titles of chapters: the heading shown in one, or the phrase that sets it apart."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tools.evidence import describe
from tools.media import Chapter, Evidence, ScreenText, Utterance, evidence_id
from tools.store.frames import attributes_of
from tools.store.store import Store
from tools.summary.chapters import NEAR, find_chapters, headings, own_chapters, text_height
from tools.summary.sentences import telling_speech
from tools.text.tokens import stems, surface_forms

EARLY = 0.4
"""Share of a chapter in which its heading appears."""
LENGTH_WEIGHTS = (1.0, 1.9, 2.2)
"""Weights of a phrase of one, two and three words."""
FEW = 2
"""Least number of times that a phrase is said, where any is said more than once."""
FREQUENCY_POWER = 0.6
"""Exponent of the number of times that a phrase is said."""
LARGER = 1.25
"""Factor by which a later heading must be taller to be preferred."""
_VAGUE = frozenset(
    stems(
        "actually basically big bit day early enough example first front good great guys idea know "
        "last little lot many minute mean new next people pretty really right second sort thing "
        "think time today various want way week yeah year yes"
    )
)
"""Stems of words that are said in any talk."""

Title = tuple[str, str]
"""A title, and the id of the evidence it is taken from."""
Words = tuple[str, ...]


def chapters(store: Store, video: str) -> list[Chapter]:
    """The chapters of a video, in order, each with a title that tells it from the others."""
    sampled = sum(len(sample.texts) for sample in store.dense_samples(video))
    return store.cached(video, f"chapters {sampled}", lambda: _chapters(store, video))


def _chapters(store: Store, video: str) -> list[Chapter]:
    spans, own = find_chapters(store, video), own_chapters(store, video)
    shown = headings(store.screen_text(video), store.get(video).duration)
    utterances = telling_speech(store, video)
    speech = [[u for u in utterances if start <= u.start < end] for start, end in spans]
    counts = [Counter(p for u in part for _, p in _phrases(u.text)) for part in speech]
    holders = Counter(phrase for count in counts for phrase in count)
    titled: list[Chapter] = []
    for (start, end), part, count in zip(spans, speech, counts, strict=True):
        if named := own.get((start, end)):
            titled.append(
                Chapter(video, start, end, named, evidence_id("chapter", video, start, end))
            )
            continue
        taken = {chapter.title.casefold() for chapter in titled}
        new = [heading for heading in shown if heading.text.casefold() not in taken]
        title = _heading(new, start, end) or _phrase(part, count, holders, len(spans))
        title = title or _description(store, video, start, end)
        titled.append(Chapter(video, start, end, *title))
    return titled


def of_chapter(store: Store, video: str, start: float, end: float) -> Evidence:
    """A chapter as evidence; if a later index has other boundaries, how it looks.

    facts: `number`, `count` and `title`.
    """
    id, known = evidence_id("chapter", video, start, end), chapters(store, video)
    text, facts = _description(store, video, start, end)[0], {}
    for number, chapter in enumerate(known, 1):
        if chapter.id == id:
            facts = {"number": number, "count": len(known), "title": chapter.title}
            title = chapter.title.replace('"', "'")
            text = f'chapter {number} of {len(known)}, "{title}"'
    image = store.image_at(video, start, end)
    return Evidence(id, video, start, end, "chapter", text, image, 0.0, "chapters", facts=facts)


def _heading(shown: Sequence[ScreenText], start: float, end: float) -> Title | None:
    """The largest heading that appears early in the span, the first of equals."""
    last = min(start + max(EARLY * (end - start), NEAR), end)
    early = [heading for heading in shown if start - NEAR <= heading.start < last]
    tallest = max(map(text_height, early), default=0.0)
    tall = (one for one in early if text_height(one) * LARGER >= tallest)
    return next(((heading.text, heading.id) for heading in tall), None)


def _phrases(text: str) -> Iterator[tuple[Words, Words]]:
    """Every run of one to three content words, as they stand and as their stems."""
    for clause in re.split(r"[.,;:!?()\u2013\u2014-]\s", text + " "):
        runs: list[list[tuple[str, str]]] = [[]]
        for word in surface_forms(clause):
            stem = stems(word)
            if stem and not (len(word) < 3 and word.isalpha()):
                runs[-1].append((word, stem[0]))
            else:
                runs.append([])
        for run in runs:
            for size in range(1, len(LENGTH_WEIGHTS) + 1):
                for at in range(len(run) - size + 1):
                    words, known = zip(*run[at : at + size], strict=True)
                    yield words, known


def _phrase(
    speech: Sequence[Utterance], counts: Counter[Words], holders: Counter[Words], spans: int
) -> Title | None:
    """The phrase that is said most here and least elsewhere, as it is said first."""
    most = max(counts.values(), default=0)

    def score(phrase: Words) -> float:
        if counts[phrase] < min(FEW, most) or len(set(phrase)) < len(phrase):
            return 0.0
        if _VAGUE.intersection(phrase) or any(len(w) < 3 or w[0].isdigit() for w in phrase):
            return 0.0
        rarity = math.log((spans + 1) / holders[phrase]) + 0.1
        return LENGTH_WEIGHTS[len(phrase) - 1] * counts[phrase] ** FREQUENCY_POWER * rarity

    negative, best = min(((-score(phrase), phrase) for phrase in counts), default=(0.0, ()))
    if negative == 0:
        return None
    for utterance in speech:
        for words, known in _phrases(utterance.text):
            if known == best:
                return _as_said(words, utterance.text), utterance.id
    return None


def _as_said(words: Words, text: str) -> str:
    pattern = r"\W+".join(map(re.escape, words))
    match = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
    said = match[0] if match else " ".join(words)
    return said[:1].upper() + said[1:]


def _description(store: Store, video: str, start: float, end: float) -> Title:
    """Colours and brightness of the pictures; without pictures the title of the video."""
    attributes = attributes_of(store, video, start, end)
    text = describe(attributes.colours, attributes.brightness) if attributes else ""
    if not text:
        return store.get(video).title, store.facts(video).id
    return text[:1].upper() + text[1:], evidence_id("frame", video, start, end)
