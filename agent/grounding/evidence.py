"""What the evidence that a sentence cites holds: its words, numbers, times, colours and moments."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Literal, Protocol

from tools.evidence import main_colours, reliability
from tools.media import Evidence, clock
from tools.text.expressions import NEGATORS, Words, numbers, same_word, words
from tools.vision.colour import COLOUR_WORDS

Verdict = Literal["verified", "weak", "unsupported"]
TOLERANCE = 1.0
"""Seconds that a time in the text may lie outside the evidence."""
_REACH = 3
"""Words between a number and what it counts, at most."""


class Measures(Protocol):
    """What pictures hold, measured again."""

    def colours(self, one: Evidence) -> Sequence[Mapping[str, float]]:
        """The shares of colours in each picture of some evidence; none where it has none."""
        ...

    def shows(self, text: str, one: Evidence) -> bool | None:
        """Whether a text stands out on its pictures; None where nothing can see them."""
        ...


class Held:
    """What some evidence holds together; it goes by the labels under which it is cited."""

    def __init__(
        self,
        cited: Mapping[str, Evidence],
        titles: Mapping[str, str],
        measured: Measures | None = None,
    ) -> None:
        self._cited, self._titles, self._measured = cited, titles, measured
        self.evidence = list(cited.values())
        self.names = "".join(f"[{label}]" for label in cited)
        self.texts = [Words(record.text) for record in self.evidence]
        named = [Words(titles.get(record.video, "")) for record in self.evidence]
        self.sources = self.texts + named
        self.words = {word for source in self.sources for word in source.words}
        self.numbers = numbers(word for text in self.sources for word in text.words)
        seen = [one for one in self.evidence if one.kind == "frame"]
        self.fits = {f"{one.score:.2f}" for one in seen if one.score}
        if any(one.kind == "sound" for one in self.evidence):
            self.words |= {"sound", "sounds"}
        self.denials = sum(word in NEGATORS for text in self.texts for word in text.words)

    def only(self, wanted: Callable[[Evidence], bool]) -> "Held":
        """A part of it."""
        cited = {label: one for label, one in self._cited.items() if wanted(one)}
        return Held(cited, self._titles, self._measured)

    def firm(self) -> "Held":
        """What was not recognised badly."""
        return self.only(lambda one: not reliability(one))

    # Times

    def has_time(self, start: float, end: float, said: Sequence[str]) -> bool:
        """Whether it lies in the evidence, is a span around it, or is what the evidence says."""
        for record, text in zip(self.evidence, self.texts, strict=True):
            inside = record.start - TOLERANCE <= start and end <= record.end + TOLERANCE
            around = start - TOLERANCE <= record.start and record.end <= end + TOLERANCE
            if inside or (start < end and around) or text.find(said) >= 0:
                return True
        return False

    def has_length(self, seconds: float, said: Sequence[str]) -> bool:
        """Whether the evidence is that long, that far apart, or says so."""
        starts = [record.start for record in self.evidence]
        spans = [record.end - record.start for record in self.evidence]
        spans += [abs(a - b) for a in starts for b in starts if a != b]
        near = any(abs(span - seconds) <= TOLERANCE for span in spans)
        return near or any(text.find(said) >= 0 for text in self.texts)

    def lies_elsewhere(self, seconds: float) -> str:
        """That a time is not in it, in words."""
        spans = ", ".join(
            f"[{label}] ({clock(one.start)} to {clock(one.end)})"
            for label, one in self._cited.items()
        )
        return f"{clock(seconds)} does not lie in {spans}"

    # Words and numbers

    def has_quote(self, quote: str) -> Verdict:
        """Whether these words stand together somewhere, and are not taken from under a "not"."""
        parts = _parts(quote)
        if not parts:
            return "verified"
        said = {word for part in parts for word in part}
        verdict: Verdict = "unsupported"
        for source in self.sources:
            places = source.find_all(parts)
            denied = not said & NEGATORS and any(map(source.negated_before, places))
            if places and not denied:
                return "verified"
            if places:
                verdict = "weak"
        exact = said & NEGATORS | numbers(said)
        if exact <= self.words and len(said & self.words) >= 0.8 * len(said) and len(said) > 2:
            # Nearly these words, but a "not" that was left out turns them round.
            return "weak" if not self.denials or said & NEGATORS else verdict
        return verdict

    def denies(self, named: Collection[str]) -> bool:
        """Whether a sentence of it with one of these words denies something, or the next one."""
        for one in self.evidence:
            facts, before = one.kind == "video", False
            for part in map(words, re.split("," if facts else r"(?<=[.!?;])\s", one.text)):
                about = any(same_word(word, name) for word in part for name in named)
                answer = before and not facts and NEGATORS & set(part[:1])  # "Salt? No."
                if answer or (about and NEGATORS & set(part)):
                    return True
                before = about
        return False

    def is_elsewhere(self, said: Words) -> bool:
        """Whether a sentence names the title of another video, and nothing of it is of that one."""
        own = {self._titles.get(one.video, "") for one in self.evidence}
        others = (words(title) for title in set(self._titles.values()) - own)
        return any(
            len(title) > 1 and said.find(title) >= 0 and all(t.find(title) < 0 for t in self.texts)
            for title in others
        )

    def occurrences(self, quote: str) -> int:
        """How often a quotation stands in it."""
        part = [word for part in _parts(quote) for word in part]
        return sum(text.count(part) for text in self.texts) if part else 0

    def beside(self, noun: str) -> set[str]:
        """The numbers that stand beside a word in it."""
        return {
            number
            for text in self.texts
            for at, word in enumerate(text.words)
            if same_word(word, noun)
            for number in numbers(text.words[max(0, at - _REACH) : at + _REACH + 1])
        }

    @property
    def moments(self) -> int:
        """How many moments of a video are cited."""
        found: list[Evidence] = []
        for one in sorted(self.evidence, key=lambda one: (one.video, one.start)):
            if not found or found[-1].video != one.video or one.start - found[-1].start > TOLERANCE:
                found.append(one)
        return len(found)

    @property
    def voices(self) -> int:
        """How many speakers are told apart in it."""
        return len({name for one in self.evidence for name in one.facts.get("speakers", ())})

    # Pictures

    @cached_property
    def pictures(self) -> list[Evidence]:
        """What of it was seen, neither heard nor read."""
        return [one for one in self.evidence if one.kind not in ("speech", "screen", "sound")]

    def says_colour(self, name: str) -> bool:
        """Whether a colour is named by what was said or read."""
        pairs = zip(self.evidence, self.texts, strict=True)
        said = [text for one, text in pairs if one not in self.pictures]
        told = {word for text in [*said, *self.sources[len(self.texts) :]] for word in text.words}
        return name in {COLOUR_WORDS[word] for word in told if word in COLOUR_WORDS}

    @property
    def measures_colours(self) -> bool:
        """Whether all colours of its pictures are known, not the foremost alone."""
        return self._measured is not None

    @cached_property
    def told_colours(self) -> dict[str, float]:
        """Colours of its pictures as the index tells them: the foremost, as shares."""
        told = (main_colours(one.facts.get("colours", {})) for one in self.pictures)
        return {name: share for found in told for name, share in found.items()}

    @cached_property
    def colours(self) -> list[Mapping[str, float]]:
        """Shares of colours in its pictures: measured again, else as the index tells them."""
        if self._measured:
            return [look for one in self.pictures for look in self._measured.colours(one)]
        return [self.told_colours] if self.told_colours else []

    def shows(self, text: str) -> bool | None:
        """Whether one of its pictures shows what a text says; None where nothing else is cited,
        or nothing can tell."""
        if not self._measured or len(self.pictures) < len(self.evidence):
            return None
        found = [self._measured.shows(text, one) for one in self.pictures]
        return True if True in found else False if False in found else None


def _parts(quote: str) -> list[list[str]]:
    """The words of a quotation, in the parts between its dots."""
    return [part for piece in re.split(r"…|\.{3}", quote) if (part := words(piece))]
