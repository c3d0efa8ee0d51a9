"""One question in its conversation: its videos, and what was shown before."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from agent.extractive.language_id import language_of
from agent.extractive.question import Question, understand
from agent.extractive.reply import Found, Reply, Writer, quoted, time
from tools.errors import Damaged, UnknownVideo
from tools.evidence import parse_id
from tools.media import Evidence, Utterance, Video
from tools.search.corpus import Corpus
from tools.text import expressions
from tools.text.spelling import is_word, nearest_word
from tools.text.tokens import asked_words, stem, surface_forms
from tools.toolbox import Toolbox

EARLIER = 3
"""Pieces of evidence shown last whose videos a question may be about, too."""
LOOKED_AT = 40
"""Texts of each video by which its language is told."""
FEW_WORDS = 12
"""Words from which on a language is told."""
_WORD = re.compile(r"(?<!:)\b[^\W_]+\b(?!:\d)")
"""A word that is no part of a time."""
SPELT_IN = ("speech", "screen", "title")
"""Kinds of texts whose words are not taken for misspelt."""
_WHICH_VIDEO = re.compile(
    r"\b(?:which|what|welche[nmrs]?)\b[^?.,]{0,20}?\b(?:videos?|clips?|films?)\b", re.IGNORECASE
)
"""Words of a question that asks for a video, whose title is then no name of one."""
SAME = 0.6
"""How near two words are, 0 to 1, of which one may stand for the other."""


@dataclass(frozen=True)
class Place:
    """Evidence that was shown: where it lies."""

    id: str
    kind: str
    video: str
    start: float
    end: float


def places(ids: Sequence[str]) -> tuple[Place, ...]:
    """Where pieces of evidence lie, from their ids."""
    found = ((id, parse_id(id)) for id in ids)
    return tuple(Place(id, *parsed) for id, parsed in found if parsed)


@dataclass
class Turn:
    """One question, resolved against the conversation before it."""

    toolbox: Toolbox
    text: str
    named: tuple[str, ...]
    """Ids of the videos that were chosen; empty for all."""
    handles: tuple[str, ...] = ()
    shown: tuple[Place, ...] = ()
    """What the last answer showed, in its order."""
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How the last question was understood: see `kept`."""
    at: Place | None = None
    """What the question points at."""
    videos: tuple[str, ...] = ()
    """Ids of the videos that it may be about, the likeliest first."""
    question: Question = field(default_factory=lambda: Question(""))

    called: tuple[str, ...] = ()
    """Names of the tools that were called for it already."""
    jobs: tuple[str, ...] = ()
    """Ids of the jobs that were proposed for it."""
    near: Place | None = None
    """What was shown before, beside which the answer lies."""
    titled: bool = False
    """True if the question names videos by their titles."""
    area: str = ""
    """Name of the zone or line that is asked about."""
    placed: bool = False
    """True if the question names a zone, a line or a camera, whose videos these are."""
    goes_on: bool = False
    """True if it goes on with a question about objects, whose thing, zone and camera it keeps."""
    by_clock: bool = False
    """True if times are told by the wall clock, beside those of the video."""
    times: str = ""
    """Times of day to which searches are limited, as they are named."""
    by_likeness: bool = False
    """True if what the last answer showed came closest, and stands in that order."""

    def __post_init__(self) -> None:
        if not self.videos:
            beside = [place.video for place in places(self.handles)[::-1]][:EARLIER]
            self.videos = tuple(self.toolbox.likely_videos(self.text, self.named, beside))
            self._name_videos()
        if not self.question.text:
            self.question = understand(self.text, self.video.duration, self.spelt)

    def _name_videos(self) -> None:
        """Keep to the videos whose titles the question names, and take the titles out of it."""
        if len(self.videos) < 2 or _WHICH_VIDEO.search(self.text):
            return
        asked = [stem(form) for form in surface_forms(self.text)]
        titles = {v: _title_words(self.get(v).title) for v in self.videos}
        shared = {w for w in set().union(*titles.values()) if all(w in t for t in titles.values())}
        hits = {v: {w for w in words - shared if w in asked} for v, words in titles.items()}
        whole = [v for v, words in titles.items() if words and words <= set(asked)]
        told = re.search(r"\bvideos?\b|\bclips?\b|\bfilms?\b", self.text, re.IGNORECASE)
        named = whole or [v for v, held in hits.items() if held and told]
        if not named:
            return
        drop = set().union(*(titles[v] for v in named))
        kept = _WORD.sub(lambda m: "" if stem(m[0].lower()) in drop else m[0], self.text)
        kept = re.sub(r"\b(?:in|of|from|on)(?: the)?\s*(?=[?.!]|$)", "", kept)
        asked = asked_words(kept)[0]
        if not (asked or told or expressions.times(kept)[0]):
            return  # what is asked for has the name of a video
        self.videos, self.titled = tuple(named), True
        if len(surface_forms(kept)) > 1:
            self.text = " ".join(kept.split())

    def part(self, text: str) -> "Turn":
        """The same turn for one part of its question."""
        return replace(self, text=text, question=Question(""))

    @cached_property
    def write(self) -> Writer:
        """Writer of the lines of its answer."""
        several = not self.named and len(self.toolbox.library.catalog.entries(2)) > 1
        several |= len(self.named) > 1
        by_clock = self._by_clock if self.by_clock else None
        return Writer(self.question.wording, self._named_title, several, by_clock)

    def _named_title(self, video: str) -> str:
        """The title of a video, after its camera where it has one."""
        camera = ""
        with suppress(Damaged):  # which is told where cameras are asked for
            camera = self.toolbox.cameras.areas().camera(video)
        return f"{camera} \N{MIDDLE DOT} {self.get(video).title}".removeprefix(" \N{MIDDLE DOT} ")

    def _by_clock(self, one: Evidence) -> str:
        """When something begins by the wall clock, and in the video: 14:05:12 (0:12)."""
        clock = self.toolbox.library.clock(one.video)
        if clock is None or not clock.is_relied_on:
            return time(one.start)
        return f"{clock.wall(one.start):%H:%M:%S} ({time(one.start)})"

    def get(self, video: str) -> Video:
        """A video of the library."""
        return self.toolbox.library.get(video)

    def again(self, *shown: Place) -> list[Found]:
        """Evidence that was shown, cited by the numbers under which it was; not what is gone."""
        found: list[Found] = []
        for id in (place.id for place in shown):
            with suppress(UnknownVideo):
                one = self.toolbox.library.evidence(id)
                found.append(Found(str(self.handles.index(id) + 1), one))
        return found

    @property
    def of_videos(self) -> bool:
        """True if the question speaks of videos, not only of what is in them."""
        return bool(
            {"video", "videos"} & {*self.question.wording.canonical(surface_forms(self.text))}
        )

    @property
    def video(self) -> Video:
        """The one video that times and lists are about: that pointed at, shown, or likeliest."""
        for place in ([self.at] if self.at else []) + list(self.shown):
            with suppress(UnknownVideo):
                if place.video in self.videos:
                    return self.get(place.video)
        return self.get(self.videos[0])

    @property
    def scope(self) -> tuple[str, ...]:
        """Ids of the videos that a question about the whole is about: one, or a few by name."""
        if self.at or self.shown:
            return (self.video.id,)
        return self.videos

    @property
    def limited_to(self) -> tuple[str, ...] | None:
        """Ids of the videos that were chosen, or that a named zone or camera has; None for all."""
        return self.videos if self.placed else self.named or None

    @cached_property
    def corpora(self) -> list[Corpus[Any]]:
        """What is said and shown in the videos, prepared for search."""
        texts = self.toolbox.texts
        return [
            c for v in self.videos for k in ("speech", "screen") if (c := texts.corpus(v, k)).items
        ]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of the videos, as they stand."""
        return frozenset(form for corpus in self.corpora for form in corpus.vocabulary)

    def holds(self, word: str) -> bool:
        """True if a word is said or shown in any form; numbers and characters as they stand."""
        return any(corpus.holds(word).any() for corpus in self.corpora)

    def means(self, word: str) -> bool:
        """True if a word that means nearly the same is said."""
        lexicons = (corpus.lexicon for corpus in self.corpora)
        return any(one.near([word]).max() >= SAME for one in lexicons if one)

    def spelt(self, form: str) -> str:
        """A word as the videos spell it; itself where any text may hold it, else empty."""
        folded = next(iter(surface_forms(form)), form)
        code = language_of(self.text) or "en"
        if is_word(form, code) or is_word(form, "en"):
            return form
        held = self.toolbox.library.catalog.holding([stem(folded)], SPELT_IN)
        if not held[stem(folded)].keys().isdisjoint(self.videos):
            return form
        return nearest_word(folded, sorted(w for w in self.vocabulary if len(w) > 3))

    @cached_property
    def language(self) -> str:
        """The language of what is said and shown, by its stop words."""
        texts = [one.text for corpus in self.corpora for one in corpus.items[:LOOKED_AT]]
        told = " ".join(texts)
        return language_of(told) if len(surface_forms(told)) >= FEW_WORDS else ""

    @cached_property
    def is_foreign(self) -> bool:
        """True if the question is in another language than the videos."""
        asked = language_of(self.text)
        return bool(asked and self.language) and asked != self.language

    def as_typed(self, words: Sequence[str]) -> str:
        """Words of the question as they were typed, between quotation marks."""
        typed = [form for form in re.findall(r"[\w:.'-]+", self.text) if surface_forms(form)]
        found = [
            t for t in typed if set(surface_forms(t)) & {f for w in words for f in surface_forms(w)}
        ]
        return quoted(" ".join(found or words).strip(".,:'"))

    @cached_property
    def complete(self) -> bool:
        """True if all that is said and shown is known: only then is anything absent."""
        return all(map(self._known, self.videos))

    def _known(self, video: str) -> bool:
        """True if all that is said and shown in a video is known for certain."""
        coverage = self.toolbox.library.coverage(video)
        is_heard = coverage.speech == "complete" or self._is_speechless(video)
        return is_heard and coverage.screen != "partial"

    @cached_property
    def ready(self) -> bool:
        """True if what is said and shown was indexed, as far as it can be."""
        coverage = map(self.toolbox.library.coverage, self.videos)
        return all(share >= 1 for c in coverage for share in c.ready.values())

    @property
    def is_speechless(self) -> bool:
        """True if nobody speaks in the videos."""
        return all(map(self._is_speechless, self.videos))

    def _is_speechless(self, video: str) -> bool:
        """True if nobody speaks in a video, or nothing of it can be heard."""
        library = self.toolbox.library
        coverage = library.coverage(video)
        is_mute = coverage.speech == "none" and library.facts(video).facts["sound"] == "none"
        return coverage.is_speechless or is_mute

    @property
    def is_wordless(self) -> bool:
        """True if nothing is said or shown, and the pictures were read for text."""
        library = self.toolbox.library
        read = (
            library.coverage(one).screen == "complete" or library.get(one).width is None
            for one in self.videos
        )
        return not any(corpus.items for corpus in self.corpora) and all(read)

    @property
    def utterances(self) -> list[Utterance]:
        """What is said in the one video, in order."""
        return self.toolbox.library.utterances(self.video.id)

    @property
    def where(self) -> dict[str, Any]:
        """Arguments of a search: the videos, and the stretch that is named."""
        at = {"at": self.times} if self.times else {}
        return {"videos": list(self.videos), **self.span, **at}

    @property
    def span(self) -> dict[str, float]:
        """The stretch that is named, as arguments of a search."""
        if not (window := self.question.window):
            return {}
        return {"start": window[0], "end": max(window[1], window[0] + 0.1)}

    def sentence(self, name: str, /, **values: Any) -> str:
        """A sentence in the language of the question."""
        return self.write.say(name, **values)

    def cannot(self, name: str, /, *, nearest: Sequence[Found] = (), **values: Any) -> Reply:
        """A sentence on what the product cannot do, and the moments that may help."""
        lead = self.sentence(name, **values)
        if not nearest:
            return Reply(lead, reason="cannot")
        return self.write.closest(f"{lead} {self.sentence('moments')}", nearest, "cannot")

    @property
    def scope_kept(self) -> dict[str, Any]:
        """Its videos, and its text without their titles, as plain data for its next tool calls."""
        return {"videos": list(self.videos), "text": self.text, "titled": self.titled}

    @property
    def kept(self) -> dict[str, Any]:
        """How it was understood, as plain data for the turns after it."""
        asked = self.question
        if self.before and not asked.content:
            return dict(self.before) | {"window": list(asked.window) if asked.window else None}
        return {
            "intent": asked.intent.name,
            "slot": list(asked.intent.slot),
            "words": list(asked.words or asked.topic),
            "modality": asked.modality,
            "text": asked.text,
            "window": list(asked.window) if asked.window else None,
        }


def _title_words(title: str) -> frozenset[str]:
    name = re.sub(r"\.[a-z0-9]{2,4}$", "", title.lower()).replace("_", " ")
    forms = surface_forms(name)
    numbers = [form for form in forms if form.isdigit()]  # "cam 1" and "cam 2"; "1" is no name
    words = [form for form in forms if len(form) > 2 and not form.isdigit()]
    return frozenset(map(stem, [*words, *numbers])) if words else frozenset()


def in_time(found: Sequence[Found]) -> list[Found]:
    """Each piece of evidence once, by video and time."""
    unique = {f.one.id: f for f in found}
    return sorted(unique.values(), key=lambda f: (f.one.video, f.one.start, f.one.end))


def of_kind(found: Sequence[Found], kind: str) -> list[Found]:
    """Evidence of one kind, where there is any; else all of it."""
    return [f for f in found if f.one.kind == kind] or list(found)


def same_time(one: Evidence, other: Evidence) -> bool:
    """True if two pieces of evidence are there at nearly the same time."""
    both = min(one.end, other.end) - max(one.start, other.start)
    return both > 0.8 * max(one.end - one.start, other.end - other.start)
