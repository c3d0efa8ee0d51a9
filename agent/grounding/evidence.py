"""Cited evidence of one claim: its words, numbers, times, colours and moments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from agent.grounding.entailment import is_qualified, states
from agent.grounding.statement import ASKS, Statement, parts, statements, without_frame
from tools.clock import Clock
from tools.evidence import main_colours
from tools.media import Evidence, clock
from tools.text.clean import word_set
from tools.text.expressions import (
    NEGATORS,
    WordSequence,
    clock_forms,
    measured,
    numbers,
    same_word,
    words,
)
from tools.vision.colour import COLOUR_WORDS

if TYPE_CHECKING:
    from agent.grounding.pixels import PixelCheck

Verdict = Literal["verified", "weak", "unsupported"]
TOLERANCE = 1.0
"""Seconds that a time in the text may lie outside the evidence."""
_REACH = 3
"""Words between a number and what it counts, at most."""

Clocks = Callable[[str], Clock | None]
"""Wall clock of a video, where one is known."""


def no_clock(_: str) -> Clock | None:
    """No wall clock for any video."""
    return None


_ANYBODY = word_set("the a an speaker narrator presenter she he they it one i we")


class CitedEvidence:
    """The evidence that a claim cites, by label.

    Without `pixels`, colours are those indexed: the foremost of each picture alone.
    """

    def __init__(
        self,
        cited: Mapping[str, Evidence],
        titles: Mapping[str, str],
        pixels: PixelCheck | None = None,
        clocks: Clocks = no_clock,
    ) -> None:
        self._cited, self._titles, self.pixels, self._clocks = cited, titles, pixels, clocks
        self.records = list(cited.values())
        self.names = "".join(f"[{label}]" for label in cited)
        self.texts = [WordSequence(record.text) for record in self.records]
        self._names = {titles.get(e.video, "") for e in self.records}
        self._names |= {e.facts["camera"] for e in self.records if "camera" in e.facts}
        self.sources = [*self.texts, *map(WordSequence, self._names)]
        self.words = {word for source in self.sources for word in source.words}
        self.numbers = numbers(word for source in self.sources for word in source.words)
        self.quantities = {
            pair for source in self.sources for pair in pairwise(measured(source.words))
        }
        alike = (e for e in self.records if e.kind == "frame" or "likeness" in e.facts)
        self.scores = {f"{e.score:.2f}" for e in alike if e.score}
        if any(record.kind == "sound" for record in self.records):
            self.words |= {"sound", "sounds"}
        self.denials = sum(word in NEGATORS for text in self.texts for word in text.words)

    def only(self, wanted: Callable[[Evidence], bool]) -> CitedEvidence:
        """The part of the evidence that meets a condition."""
        cited = {label: record for label, record in self._cited.items() if wanted(record)}
        return CitedEvidence(cited, self._titles, self.pixels, self._clocks)

    # Statements

    @property
    def is_described(self) -> bool:
        """True if all of it is described by the index: pictures, sounds, facts of the file."""
        return all(record.kind not in ("speech", "screen") for record in self.records)

    @cached_property
    def _stated(self) -> list[tuple[str, list[Statement]]]:
        """Statements of the evidence, each with who says it, if that is known."""
        told = [
            (*part, record.kind == "speech")
            for record in self.records
            for part in _by_speaker(record.text, record.facts.get("speakers", ()))
        ]
        told += [("", name, False) for name in self._names]
        return [(speaker, statements(text, is_heard)) for speaker, text, is_heard in told]

    def is_from(self, source: str) -> bool:
        """False if a source is named that is none of the speakers, where those are known."""
        labels = [speaker for speaker, _ in self._stated if speaker]
        return not (source and labels) or any(_is_named(label, source) for label in labels)

    @property
    def speaker_words(self) -> set[str]:
        """Words of the names of those who speak."""
        return {word for speaker, _ in self._stated for word in words(speaker)}

    def is_qualified(self, quotes: Sequence[str], around: str) -> bool:
        """True if a quotation stands only where its sentence says less, and the claim does not."""
        said = [one for _, stated in self._stated for one in stated]
        return any(is_qualified(said, quote, around) for quote in quotes)

    def states(self, claim: str) -> bool:
        """True if a piece of evidence states the claim, or pieces of it all of its parts."""
        for title in self._names - {""}:
            claim = re.sub(rf"\bin {re.escape(title)}\b,?", " ", claim, flags=re.IGNORECASE)
        (bare, source), asks = without_frame(claim), ASKS.search(claim) is not None
        for text, by in ((claim, ""), (bare, source)):
            said = [(speaker, one) for speaker, one in self._stated if _is_named(speaker, by)]
            if any(
                all(
                    any(states(one, piece, speaker, asks) for speaker, one in said) for piece in way
                )
                for way in ([text], [*parts(text)])
            ):
                return True
        return False

    # Times

    def speaks_of(self, named: Sequence[str]) -> bool:
        """True if the words of a time stand in the evidence's own text."""
        measures = {*pairwise(measured(named))}
        return any(_says_time(text, named) for text in self.texts) or (
            bool(measures) and measures <= self.quantities
        )

    def has_time(self, start: float, end: float, named: Sequence[str]) -> bool:
        """True if a span lies in the evidence or around it, or its words stand in the text.

        It may be one of the wall clock, too.
        """
        for record in self.records:
            inside = record.start - TOLERANCE <= start and end <= record.end + TOLERANCE
            around = start - TOLERANCE <= record.start and record.end <= end + TOLERANCE
            if inside or (start < end and around):
                return True
        return self.speaks_of(named) or any(self._is_at(one, start, end) for one in self.records)

    def _is_at(self, record: Evidence, start: float, end: float) -> bool:
        """True if a span lies in the evidence by the wall clock: 14:05:12, or 14:05."""
        known = self._clocks(record.video)
        if known is None or not known.is_relied_on:
            return False
        begun = known.wall(record.start)
        first = begun.hour * 3600 + begun.minute * 60 + begun.second
        last = first + (known.wall(record.end) - begun).total_seconds()
        to_second = first - TOLERANCE <= start and end <= last + TOLERANCE
        to_minute = first - 60 < start * 60 and end * 60 <= last  # 14:05 is read as 14 min 5 s
        return to_second or to_minute

    def has_length(self, seconds: float, named: Sequence[str]) -> bool:
        """True if the evidence is that long or that far apart, or its text says so."""
        starts = [record.start for record in self.records]
        lengths = [record.end - record.start for record in self.records]
        lengths += [abs(a - b) for a in starts for b in starts if a != b]
        near = any(abs(length - seconds) <= TOLERANCE for length in lengths)
        return near or self.speaks_of(named)

    def outside(self, seconds: float) -> str:
        """The reason that a time does not lie in the evidence."""
        spans = ", ".join(
            f"[{label}] ({clock(record.start)} to {clock(record.end)})"
            for label, record in self._cited.items()
        )
        return f"{clock(seconds)} does not lie in {spans}"

    # Words and numbers

    def has_quote(self, quote: str) -> Verdict:
        """Verdict on a quotation; words taken from under a "not" are not verified."""
        parts = _quote_parts(quote)
        if not parts:
            return "verified"
        quoted = {word for part in parts for word in part}
        verdict: Verdict = "unsupported"
        for source in self.sources:
            places = source.find_all(parts)
            denied = not quoted & NEGATORS and any(map(source.negated_before, places))
            if places and not denied:
                return "verified"
            if places:
                verdict = "weak"
        exact = quoted & NEGATORS | numbers(quoted)
        close = len(quoted & self.words) >= 0.8 * len(quoted) and len(quoted) > 2
        if exact <= self.words and close:
            # Nearly these words, but a "not" that was left out turns them round.
            return "weak" if not self.denials or quoted & NEGATORS else verdict
        return verdict

    def denies(self, named: Collection[str]) -> bool:
        """True if a sentence with one of these words denies something, or the next one does."""
        for record in self.records:
            facts, before = record.kind == "video", False
            for sentence in map(words, re.split("," if facts else r"(?<=[.!?;])\s", record.text)):
                about = any(same_word(word, name) for word in sentence for name in named)
                answer = before and not facts and NEGATORS & set(sentence[:1])  # "Salt? No."
                if answer or (about and NEGATORS & set(sentence)):
                    return True
                before = about
        return False

    def names_other_video(self, sentence: WordSequence) -> bool:
        """True if a sentence names the title of another video than those cited."""
        own = {self._titles.get(record.video, "") for record in self.records}
        others = (words(title) for title in set(self._titles.values()) - own)
        return any(
            len(title) > 1
            and sentence.find(title) >= 0
            and all(text.find(title) < 0 for text in self.texts)
            for title in others
        )

    def occurrences(self, quote: str) -> int:
        """Number of times that a quotation stands in the evidence."""
        flat = [word for part in _quote_parts(quote) for word in part]
        return sum(text.count(flat) for text in self.texts) if flat else 0

    def may_mean(self, number: str) -> bool:
        """True if the evidence may say a number otherwise: by the clock, by digits, in part."""
        said = {"".join(pair) for pair in self.quantities if all(map(str.isdigit, pair))}
        said |= {f"{one}{zeros}" for one in self.numbers for zeros in ("000", "000000")}
        return not (self.numbers | said).isdisjoint(clock_forms(number))

    def numbers_near(self, noun: str) -> set[str]:
        """Numbers within `_REACH` words of a noun."""
        return {
            number
            for text in self.texts
            for at, word in enumerate(text.words)
            if same_word(word, noun)
            for number in numbers(text.words[max(0, at - _REACH) : at + _REACH + 1])
        }

    @property
    def moments(self) -> int:
        """Number of cited moments, counting those within `TOLERANCE` seconds once."""
        count, last = 0, ("", 0.0)
        for video, start in sorted((record.video, record.start) for record in self.records):
            if not count or last[0] != video or start - last[1] > TOLERANCE:
                count, last = count + 1, (video, start)
        return count

    @property
    def speakers(self) -> int:
        """Number of distinct speaker labels."""
        return len({name for e in self.records for name in e.facts.get("speakers", ())})

    # Pictures

    @cached_property
    def pictures(self) -> list[Evidence]:
        """The evidence that was seen, neither heard nor read."""
        return [e for e in self.records if e.kind not in ("speech", "screen", "sound")]

    def mentions_colour(self, name: str) -> bool:
        """True if a colour is named in speech, on-screen text, sound or a title."""
        pairs = zip(self.records, self.texts, strict=True)
        sources = [text for record, text in pairs if record not in self.pictures]
        sources += self.sources[len(self.texts) :]
        return any(COLOUR_WORDS.get(word) == name for text in sources for word in text.words)

    @cached_property
    def indexed_colours(self) -> dict[str, float]:
        """Shares of the foremost colours of the pictures, as stored in the index."""
        foremost_colours = (
            main_colours(record.facts.get("colours", {})) for record in self.pictures
        )
        return {name: share for shares in foremost_colours for name, share in shares.items()}

    @cached_property
    def colours(self) -> list[Mapping[str, float]]:
        """Colour shares of each picture: measured again, else as stored in the index."""
        if self.pixels:
            return [shares for e in self.pictures for shares in self.pixels.colours(e)]
        return [self.indexed_colours] if self.indexed_colours else []

    def shows(self, text: str) -> bool | None:
        """True if a picture matches a text; None without a model or if anything else is cited."""
        if not self.pixels or len(self.pictures) < len(self.records):
            return None
        matches = [self.pixels.shows(text, record) for record in self.pictures]
        return True if True in matches else False if False in matches else None


def _says_time(text: WordSequence, named: Sequence[str]) -> bool:
    """True if the words of a time stand in a text, also as two numbers: six forty is 6:40."""
    apart = [part for word in named for part in word.split(":")]
    return text.find(named) >= 0 or text.find(apart) >= 0


def _by_speaker(text: str, speakers: Sequence[str]) -> list[tuple[str, str]]:
    """Parts of a passage by who says them; the label stands before each."""
    if not speakers:
        return [("", text)]
    pieces = re.split(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, speakers))}): ", text)
    unnamed = [("", pieces[0])] if pieces[0].strip() else []
    return unnamed + list(zip(pieces[1::2], pieces[2::2], strict=True))


def _is_named(speaker: str, source: str) -> bool:
    """True if a claim may call a speaker so; of an unknown one it knows no name, but may a role."""
    named = re.findall(r"[\w'\u2019-]+", source)
    told = named if speaker else [word for word in named if word[0].isupper()]
    return set(words(" ".join(told))) - _ANYBODY <= set(words(speaker))


def _quote_parts(quote: str) -> list[list[str]]:
    """The words of a quotation, in the parts between its ellipses."""
    return [part for piece in re.split(r"…|\.{3}", quote) if (part := words(piece))]
