"""Claims against evidence: it exists, it is in scope, the times agree, the words are there.

A claim is one sentence with its citations: `[e3]`, the third piece of evidence that tools returned
in this conversation, or `[2]`, the second piece that people were shown. People see only the latter.
The test is of words, numbers, times and negation: it proves a quote, and never more than that.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.wording import (
    LONE_NUMBERS,
    NEGATORS,
    Words,
    content_words,
    numbers,
    quotes,
    same_word,
    times,
    words,
)
from tools.evidence import unproven
from tools.media import Evidence

Verdict = Literal["verified", "weak", "unsupported"]
TOLERANCE = 1.0
"""Seconds that a time in the text may lie outside the evidence."""
ENOUGH_WORDS = 0.6
"""Share of a claim's own words that its evidence must hold where nothing is quoted."""

_MARK = re.compile(r"(\s*)[\[【]\s*(e?\d{1,6}(?:\s*[,;]\s*e?\d{1,6})*)\s*[\]】]", re.IGNORECASE)
_OPEN_MARK = re.compile(r"[\[【][\s\de,;]*$", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"[\s*#]*NOT FOUND[*]*\s*[:.\u2013\u2014-]?[*]*((?:[\s,]*\[[^\[\]\n]*\])*)[ \t.]*(?:\n|$)?"
)
_SHARE = re.compile(r"\b[01]\.\d\d\b")
_FULL_STOPS = "\u3002\uff01\uff1f"
"""Those of Chinese and Japanese, which no space follows."""
_ABBREVIATIONS = {"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "approx", "fig", "ca"}


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer without its marks, the handles it cites and how well they hold."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    why: str = ""


def labels(text: str) -> list[str]:
    """Every label and handle that a text cites, in order: `e3`, `2`."""
    return [label for mark in _MARK.finditer(text) for label in _labels(mark[2])]


def _labels(inside: str) -> list[str]:
    return [part.lower() for part in re.split(r"[\s,;]+", inside)]


def not_found(text: str) -> tuple[list[str], str] | None:
    """The labels of the nearest misses and the rest, where a text begins with NOT FOUND."""
    match = _NOT_FOUND.match(text)
    return (labels(match[1]), text[match.end() :].strip()) if match else None


def may_be_not_found(text: str) -> bool:
    """Whether a text that is still arriving begins with NOT FOUND, or might yet."""
    start = text.lstrip(" \t\r\n*#")[:9]
    return "NOT FOUND".startswith(start)


def split(text: str) -> list[str]:
    """A text as claims, each with the marks and white space behind it; joined it is the text.

    Times, decimals, abbreviations and quoted sentences stay whole.
    """
    pieces: list[str] = []
    begin, at, quoted = 0, 0, False
    while at < len(text):
        char = text[at]
        at += 1
        if char == '"':
            quoted = not quoted
        elif char in "“„«":
            quoted = True
        elif char in "”»":
            quoted = False
        if char == "\n":
            quoted = False
        elif quoted or not _ends_sentence(text, begin, at):
            continue
        at = _after_marks(text, at)
        if at < len(text) and (char in "\n" + _FULL_STOPS or not text[at].islower()):
            if _OPEN_MARK.match(text, at):
                break  # a mark that has not arrived whole still belongs to this claim
            if text[begin:at].strip():
                pieces.append(text[begin:at])
                begin = at
    if text[begin:]:
        pieces.append(text[begin:])
    return pieces


def _after_marks(text: str, at: int) -> int:
    while mark := _MARK.match(text, at):
        at = mark.end()
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _ends_sentence(text: str, begin: int, at: int) -> bool:
    """Whether a sentence may end before position at."""
    if text[at - 1] in _FULL_STOPS:
        return True
    closed = text[at - 1] in "\"”»)'\u2019"
    stop = at - 2 if closed else at - 1
    if stop < begin or text[stop] not in ".!?…":
        return False
    if at < len(text) and not text[at].isspace() and not _MARK.match(text, at):
        return False
    before = text[begin:stop].split()
    word = before[-1].lstrip("(\"'“„") if before else ""
    numbered = word.isdigit() and len(before) == 1
    initial = len(word) == 1 and word.isalpha() and word != "I"
    return not (numbered or initial or word.casefold() in _ABBREVIATIONS)


class Scribe:
    """Cuts a text that arrives in pieces into the claims that `split` would give."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[str]:
        """The claims that are complete now: the last one waits for what follows it."""
        self._held += text
        *done, self._held = split(self._held) or [""]
        return done


class Review:
    """Tests claims one after another, and gives evidence its handle when it is first shown."""

    def __init__(
        self,
        seen: Sequence[str],
        handles: Sequence[str],
        records: Mapping[str, Evidence | None],
        titles: Mapping[str, str],
        scope: Collection[str] = (),
    ) -> None:
        self.handles = list(handles)
        self.gone = False
        self._known = list(handles)  # a handle given just now is none that the model can mean
        self._seen, self._records, self._titles = seen, records, titles
        self._scope = scope

    def ids(self, found: Iterable[str]) -> list[str]:
        """The evidence ids behind labels and handles, without those that stand for nothing."""
        return [id for label in found if (id := self._id(label))]

    def _id(self, label: str) -> str | None:
        known = self._seen if label.startswith("e") else self._known
        number = int(label.lstrip("e"))
        return known[number - 1] if 0 < number <= len(known) else None

    def handle(self, id: str) -> int:
        """The number by which people know this evidence."""
        if id not in self.handles:
            self.handles.append(id)
        return self.handles.index(id) + 1

    def usable(self, id: str | None) -> Evidence | None:
        """The evidence, where it exists still and belongs to the videos asked about."""
        record = self._records.get(id) if id else None
        self.gone |= id is not None and record is None
        return record if record and (not self._scope or record.video in self._scope) else None

    def claim(self, raw: str) -> tuple[str, Claim | None]:
        """The sentence as people see it, and the claim; None for what claims nothing."""
        bare = _MARK.sub("", raw)
        said = _Said(bare)
        kept: list[Evidence] = []

        def show(mark: re.Match[str]) -> str:
            out = ""
            for label in _labels(mark[2]):
                record = self.usable(self._id(label))
                if record and record not in kept and said.agrees(record, self._titles):
                    kept.append(record)
                    out += f"[{self.handle(record.id)}]"
            return mark[1] + out if out else ""

        shown = _MARK.sub(show, raw)
        text = " ".join(bare.split()).lstrip("-*•# ")
        if not kept and (not re.search(r"\w", text) or text.endswith((":", "?"))):
            return shown, None  # a heading, a question back
        handles = tuple(self.handle(record.id) for record in kept)
        return shown, Claim(text, handles, said.verdict(kept, self._titles))


class _Said:
    """What one sentence says: its quotes, its times, and the rest."""

    def __init__(self, text: str) -> None:
        self.quotes, outside = quotes(text)
        self.times, rest = times(outside)
        self.rest = words(rest)
        self.shares = set(_SHARE.findall(rest))  # as written: among the words, 1.00 is 1

    def agrees(self, evidence: Evidence, titles: Mapping[str, str]) -> bool:
        """Whether the evidence may be cited: of the times named, one lies in it at least."""
        moments = [time for time in self.times if not time.lasting]
        held = _Held([evidence], titles)
        return not moments or any(held.has_time(t.start, t.end, t.said) for t in moments)

    def verdict(self, kept: Sequence[Evidence], titles: Mapping[str, str]) -> Verdict:
        """How well the evidence holds the sentence. What was recognised badly proves nothing."""
        if not kept:
            return "unsupported"
        verdict = self._judge(_Held(kept, titles))
        firm = [record for record in kept if not unproven(record)]
        if verdict == "verified" and len(firm) < len(kept):
            proven = bool(firm) and self._judge(_Held(firm, titles)) == "verified"
            return "verified" if proven else "weak"
        return verdict

    def _judge(self, held: "_Held") -> Verdict:
        tests: list[Callable[[_Held], Verdict]] = [self._times, self._quotes, self._numbers]
        tests.append(self._negation if self.quotes else self._words)
        verdicts = {test(held) for test in tests}
        return next(v for v in ("unsupported", "weak", "verified") if v in verdicts)

    def _times(self, held: "_Held") -> Verdict:
        for time in self.times:
            if time.lasting:
                if not held.has_length(time.end - time.start, time.said):
                    return "weak"
            elif not held.has_time(time.start, time.end, time.said):
                return "unsupported"
        return "verified"

    def _quotes(self, held: "_Held") -> Verdict:
        if held.fits & self.shares:
            return "weak"  # what pictures come close to is no quotation, and likeness no proof
        verdicts = {held.has_quote(quote) for quote in self.quotes} | {"verified"}
        return next(v for v in ("unsupported", "weak", "verified") if v in verdicts)

    def _numbers(self, held: "_Held") -> Verdict:
        known = held.numbers | held.fits | {str(len(held.evidence))}
        named = numbers(self.rest) - LONE_NUMBERS
        if named <= known:
            return "verified"
        return "unsupported" if held.numbers else "weak"

    def _negation(self, held: "_Held") -> Verdict:
        # "She never says "…"" quotes faithfully and says the opposite.
        return "weak" if NEGATORS & set(self.rest) else "verified"

    def _words(self, held: "_Held") -> Verdict:
        if NEGATORS & set(self.rest) and not held.negated:
            return "unsupported"
        named = content_words(self.rest)
        if not named:
            return "verified" if self.times else "weak"
        found = sum(any(same_word(word, other) for other in held.words) for word in named)
        enough = found >= ENOUGH_WORDS * len(named)
        return "verified" if enough and held.negated == bool(NEGATORS & set(self.rest)) else "weak"


class _Held:
    """What some evidence holds together."""

    def __init__(self, evidence: Sequence[Evidence], titles: Mapping[str, str]) -> None:
        self.evidence = evidence
        self.texts = [Words(record.text) for record in evidence]
        named = [Words(titles.get(record.video, "")) for record in evidence]
        self.sources = self.texts + named
        self.words = {word for source in self.sources for word in source.words}
        self.numbers = numbers(word for text in self.sources for word in text.words)
        self.fits = {f"{r.score:.2f}" for r in evidence if r.source == "picture" and r.score}
        self.negated = any(NEGATORS & set(text.words) for text in self.texts)

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

    def has_quote(self, quote: str) -> Verdict:
        """Whether these words stand together somewhere, and are not taken from under a "not"."""
        parts = [part for piece in re.split(r"…|\.{3}", quote) if (part := words(piece))]
        if not parts:
            return "verified"
        verdict: Verdict = "unsupported"
        for source in self.sources:
            places = source.find_all(parts)
            if places and not any(source.negated_before(place) for place in places):
                return "verified"
            if places:
                verdict = "weak"
        said = {word for part in parts for word in part}
        exact = said & NEGATORS | numbers(said)
        if exact <= self.words and len(said & self.words) >= 0.8 * len(said) and len(said) > 2:
            # Nearly these words, but a "not" that was left out turns them round.
            return "weak" if not self.negated or said & NEGATORS else verdict
        return verdict
