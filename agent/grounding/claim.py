"""How well evidence holds one sentence: its quotes, times, numbers, colours, words and negation.

Words prove a quote, and never more than that. Colours and counts are measured again, and what a
sentence contradicts makes it unsupported; what nothing can measure leaves it weak.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.grounding.evidence import Held, Verdict
from tools.evidence import SOME
from tools.text.expressions import (
    LONE_NUMBERS,
    NEGATORS,
    WordSequence,
    content_words,
    numbers,
    quotes,
    same_word,
    times,
    words,
)
from tools.vision.colour import COLOUR_WORDS

Finding = tuple[Verdict, str]
"""A verdict, and in words what is amiss."""
FINE: Finding = ("verified", "")
ENOUGH_WORDS = 0.6
"""Share of a claim's own words from which on a denial contradicts the evidence that holds them."""
MOSTLY, MUCH, HARDLY = 0.35, 0.2, 0.002
"""Shares of a picture: from where on it is mostly of a colour, or has much of it; below which it
has none."""
BEGIN = 6
"""Words of a quotation by which a reason names it."""
NEIGHBOURS = {
    "red": "orange pink brown purple", "orange": "red yellow brown", "yellow": "orange green brown",
    "green": "yellow cyan", "cyan": "green blue", "blue": "cyan purple", "purple": "blue pink red",
    "pink": "red purple", "brown": "red orange yellow", "black": "grey", "grey": "black white",
    "white": "grey",
}  # fmt: skip
"""Colours that people may mean by another's name."""

_SHARE = re.compile(r"\b[01]\.\d\d\b")
_DEGREES = {
    **dict.fromkeys(["mostly", "mainly", "predominantly", "entirely", "completely"], MOSTLY),
    **dict.fromkeys(["much", "lot", "lots", "plenty"], MUCH),
    "some": SOME,
}
_OCCASIONS = {"times", "occasions", "occurrences", "mentions", "places", "moments", "instances"}
_COUNTABLE = {"scenes", "frames", "pictures", "images", "videos", "slides", "words", "sentences"}
_MENTIONED = re.compile(
    r"\b(?:mention|say|said|com(?:es?|ing) up|came up|occur|appear|hear|spoken|named|repeat|utter)"
)
_VOICES = {"speakers", "voices"}
_UNSEEN = {
    "because", "why", "reason", "so", "therefore", "say", "says", "said", "tell", "tells", "told",
    "ask", "asks", "explain", "explains", "explained", "think", "thinks", "want", "wants", "mean",
    "means", "called", "named", "feel", "feels", "hope", "hopes", "decide", "decides",
}  # fmt: skip
"""Words for what no picture shows."""
_SHOWN = re.compile(r"\b(?:on[- ]screen|slides?|signs?|banner|poster|label|displayed|written)\b")


@dataclass(frozen=True)
class Colour:
    """A colour that a sentence names."""

    name: str
    share: float
    """Of the picture, at least."""


class Said:
    """What one sentence says: its quotes, its times, and the rest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.quotes, outside = quotes(text)
        self.times, rest = times(outside)
        rest = re.sub(r"\btwice\b", "two times", rest, flags=re.IGNORECASE)
        self.plain = rest
        self.rest = words(rest)
        self.denials = sum(word in NEGATORS for word in self.rest)
        self.shares = set(_SHARE.findall(rest))  # as written: among the words, 1.00 is 1
        self.colours = _colours(rest)

    def misses(self, held: Held) -> str:
        """Why evidence may not be cited: of the times named, none lies in it."""
        moments = [time for time in self.times if not time.is_length]
        if not moments or any(held.has_time(t.start, t.end, t.words) for t in moments):
            return ""
        return held.lies_elsewhere(moments[0].start)

    def verdict(self, held: Held) -> Finding:
        """How well the evidence holds the sentence. What was recognised badly proves nothing."""
        found = self._judge(held)
        firm = held.firm()
        if found != FINE or len(firm.evidence) == len(held.evidence):
            return found
        proven = bool(firm.evidence) and self._judge(firm) == FINE
        return FINE if proven else ("weak", f"what was recognised in {held.names} is uncertain")

    def _judge(self, held: Held) -> Finding:
        tests: list[Callable[[Held], Finding]] = [
            self._times, self._place, self._quotes, self._read, self._counts, self._numbers,
            self._coloured, self._negation if self.quotes else self._words,
        ]  # fmt: skip
        return _worst(test(held) for test in tests)

    def _times(self, held: Held) -> Finding:
        found = FINE
        for time in self.times:
            if time.is_length:
                if not held.has_length(time.end - time.start, time.words):
                    length = f"{time.end - time.start:g} seconds"
                    found = "weak", f"{held.names} is not {length} long, and does not say so"
            elif not held.has_time(time.start, time.end, time.words):
                return "unsupported", held.lies_elsewhere(time.start)
        return found

    def _place(self, held: Held) -> Finding:
        elsewhere = held.is_elsewhere(WordSequence(self.text))
        return ("weak", f"{held.names} is not of the video named") if elsewhere else FINE

    def _quotes(self, held: Held) -> Finding:
        if held.fits & self.shares:
            # What pictures come close to is no quotation, and likeness no proof.
            return "weak", f"that {held.names} comes close proves nothing"
        found = [(held.has_quote(quote), quote) for quote in self.quotes]
        for verdict in ("unsupported", "weak"):
            for one, quote in found:
                if one == verdict:
                    near = "not the words of" if verdict == "weak" else "not in"
                    return verdict, f"“{_begin(quote)}” is {near} {held.names}"
        return FINE

    def _read(self, held: Held) -> Finding:
        """What is quoted from the screen stands on the screen."""
        if not (self.quotes and _SHOWN.search(self.plain.casefold())):
            return FINE
        screen = held.only(lambda one: one.kind != "speech")
        for quote in self.quotes:
            if held.has_quote(quote) == "verified" and screen.has_quote(quote) != "verified":
                said = f"“{_begin(quote)}” is said in {held.names}"
                return "weak", f"{said}, not read on screen"
        return FINE

    def _counts(self, held: Held) -> Finding:
        """How often, and how many speakers: counted in what is cited, or told by a tool."""
        mentions = self.quotes or _MENTIONED.search(self.plain.casefold())
        for number, noun in self._counted():
            if number in held.beside(noun) and not (mentions and noun in _OCCASIONS):
                continue  # what happens three times is said once
            if noun in _VOICES:
                known = {held.voices}
            else:
                known = {held.moments, *(held.occurrences(quote) for quote in self.quotes)}
            if number not in map(str, known):
                most = max(known)
                verdict = "unsupported" if most > float(number) else "weak"
                return verdict, f"{held.names} gives {most} {noun}, not {number}"
        return FINE

    def _counted(self) -> list[tuple[str, str]]:
        """The numbers that count occasions or speakers, with their nouns."""
        found: list[tuple[str, str]] = []
        for at, word in enumerate(self.rest):
            if word[0].isdigit():
                nouns = [w for w in self.rest[at + 1 : at + 3] if w in _OCCASIONS | _VOICES]
                found += [(word, nouns[0])] if nouns else []
        return found

    def _numbers(self, held: Held) -> Finding:
        known = held.numbers | held.fits | {str(len(held.evidence))}
        counted = {number for number, _ in self._counted()}
        for at, word in enumerate(self.rest):
            if not word[0].isdigit() or word in LONE_NUMBERS | counted:
                continue
            after = set(self.rest[at + 1 : at + 2])
            noun = next(iter(content_words(after) or after & _COUNTABLE), "")
            beside = held.beside(noun) if noun else held.numbers
            if word not in known:
                verdict = "unsupported" if beside else "weak"
                return verdict, f"the number {word} is not in {held.names}"
            if word in held.numbers and beside and word not in beside:
                return "weak", f"{held.names} does not say {word} {noun}"
        return FINE

    def _coloured(self, held: Held) -> Finding:
        return _worst(self._of_colour(one, held) for one in self.colours)

    def _of_colour(self, colour: Colour, held: Held) -> Finding:
        name = colour.name
        if held.says_colour(name):
            return FINE
        pictures = held.colours
        if not pictures:
            return "weak", f"whether it is {name} cannot be measured in {held.names}"
        total = {one: sum(p.get(one, 0.0) for p in pictures) / len(pictures) for one in NEIGHBOURS}
        mostly = colour.share >= MOSTLY
        share = total[name] if mostly else max(one.get(name, 0.0) for one in pictures)
        if self.denials:
            return FINE if share < HARDLY else ("weak", f"{held.names} has some {name}")
        if max(share, held.told_colours.get(name, 0.0)) >= colour.share:
            return FINE
        alike = total[name] + sum(total[other] for other in NEIGHBOURS[name].split())
        absent = alike < MOSTLY if mostly else share < HARDLY and alike < SOME
        verdict = "unsupported" if absent and held.measures_colours else "weak"
        if share >= HARDLY and not mostly:
            return verdict, f"{held.names} has little {name}"
        most = max(total, key=lambda one: total[one])
        instead = f"mostly {most}, not {name}" if most != name else f"not mostly {name}"
        return verdict, f"{held.names} is {instead}"

    def _negation(self, held: Held) -> Finding:
        # "She never says "…"" quotes faithfully and says the opposite.
        return ("weak", f"{held.names} says what is denied") if self.denials else FINE

    def _words(self, held: Held) -> Finding:
        named = content_words(self.rest) - COLOUR_WORDS.keys()
        named -= _DEGREES.keys() if self.colours else set()
        found = sum(any(same_word(word, other) for other in held.words) for word in named)
        enough = found >= ENOUGH_WORDS * len(named)
        if self.denials > held.denials and not (self.colours and not named):
            verdict = "unsupported" if enough else "weak"
            return verdict, f"{held.names} does not deny it"
        if not named:  # the other tests have settled it
            told = self.times or self.colours or numbers(self.rest) - LONE_NUMBERS
            return FINE if told else ("weak", f"nothing in it can be compared with {held.names}")
        if found == len(named) and held.denies(named) == (self.denials > 0):
            return FINE
        shown = held.shows(self.plain) if self._visible(held) else None
        if shown:
            return FINE
        if shown is False:
            return "weak", f"{held.names} looks no more like it than like other things"
        return "weak", f"the words are not those of {held.names}"

    def _visible(self, held: Held) -> bool:
        """Whether a picture could show all of it: no denial, number, name, speech or reason."""
        named = [w for w in re.findall(r"(?<=[^.!?:] )[A-Z]\w*", self.plain)]
        names = set(words(" ".join(named))) - held.words
        return not (self.denials or self.quotes or names or numbers(self.rest)
                    or _UNSEEN & set(self.rest))  # fmt: skip


def _worst(found: Iterable[Finding]) -> Finding:
    """The worst verdict, with all that speaks for it."""
    found = list(found)
    for verdict in ("unsupported", "weak"):
        if whys := [why for one, why in found if one == verdict]:
            return verdict, "; ".join(dict.fromkeys(whys))
    return FINE


def _begin(quote: str) -> str:
    """How a quotation begins, in bare words: what a reason says is text of ours."""
    said = words(quote)
    return " ".join(said[:BEGIN]) + ("…" if len(said) > BEGIN else "")


def _colours(text: str) -> list[Colour]:
    """The colours that a text names; a capital inside a sentence makes a name of it."""
    found: list[Colour] = []
    before: list[str] = []
    for match in re.finditer(r"[^\W\d_]+", text):
        word = match[0].casefold()
        begins = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ".!?:"
        if word in COLOUR_WORDS and (begins or match[0][0].islower()):
            share = max(_DEGREES.get(degree, SOME) for degree in ["", *before[-2:]])
            found.append(Colour(COLOUR_WORDS[word], share))
        before.append(word)
    return found
