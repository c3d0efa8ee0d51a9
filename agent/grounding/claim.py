"""Claim verification: quotes, times, numbers, colours, words and negation against cited evidence.

Words prove a quotation, and never more than that. Colours and counts are measured again, and a
claim that contradicts a measurement is unsupported; a claim that nothing can measure is weak.
"""

import re
from collections.abc import Callable, Iterable

from agent.grounding.evidence import CitedEvidence, Verdict
from agent.grounding.statement import TELLS, without_frame
from tools.evidence import SOME, reliability
from tools.text.expressions import (
    LONE_NUMBERS,
    NEGATORS,
    WordSequence,
    claim_words,
    measured,
    numbers,
    quotes,
    same_word,
    times,
    words,
)
from tools.vision.colour import COLOUR_WORDS

Finding = tuple[Verdict, str]
"""A verdict and its reason in words."""
VERIFIED: Finding = ("verified", "")
ENOUGH_WORDS = 0.7
"""Share of a claim's content words that the evidence must hold for a denial to contradict it."""
MOSTLY, MUCH, HARDLY = 0.35, 0.2, 0.002
"""Colour shares from which on a picture is mostly of a colour, has much of it, has any of it."""
INTRODUCTION = 3
"""Words before a quotation, at most, that say who says it: "the barista begs viewers to"."""
BEGIN = 6
"""Words of a quotation that a reason repeats."""
NEIGHBOURS = {
    "red": "orange pink brown purple", "orange": "red yellow brown", "yellow": "orange green brown",
    "green": "yellow cyan", "cyan": "green blue", "blue": "cyan purple", "purple": "blue pink red",
    "pink": "red purple", "brown": "red orange yellow", "black": "grey", "grey": "black white",
    "white": "grey",
}  # fmt: skip
"""Colours that may be meant by the name of another."""

_MARKS = re.compile(r"[\"\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d]")
_SAYS = re.compile(rf"\b{TELLS}\b[,:]?(?: that)? [\"\u201c\u201e\u00ab]", re.IGNORECASE)
_SCORE = re.compile(r"\b[01]\.\d\d\b")
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
_SPEAKERS = {"speakers", "voices"}
_TOPIC = re.compile(
    r"\b(?:(?:is|are|was|were|gets?) (?:also |briefly |first |last |again )*"
    r"(?:mentioned|named|discussed)|c[oa]mes? up(?= (?:at|in|twice|once|again|\w+ times)\b|\W*$)"
    r"|talk(?:s|ed)? (?:about|of)"
    r"|turn(?:s|ed)? to|topic)\b"
    r"(?! that\b)"
)
"""What names a topic and states nothing of it."""
_UNSEEN = {
    "because", "why", "reason", "so", "therefore", "say", "says", "said", "tell", "tells", "told",
    "ask", "asks", "explain", "explains", "explained", "think", "thinks", "want", "wants", "mean",
    "means", "called", "named", "feel", "feels", "hope", "hopes", "decide", "decides",
}  # fmt: skip
"""Words for thought and speech, which no picture shows."""
_WRITTEN = re.compile(r"\b(?:on[- ]screen|slides?|signs?|banner|poster|label|displayed|written)\b")


class ParsedClaim:
    """A sentence taken apart into quotes, times, numbers and colours, for its verification."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.quotes, self.outside = quotes(text)
        self.times, rest = times(self.outside)
        self.plain = rest
        self.words = words(self.plain)
        self.denials = sum(word in NEGATORS for word in self.words)
        self.scores = set(_SCORE.findall(self.plain))  # as written: among the words, 1.00 is 1
        self.colours = _colours(self.plain)

    def time_mismatch(self, cited: CitedEvidence) -> str:
        """The reason that evidence may not be cited: none of the times named lies in it."""
        moments = [time for time in self.times if not time.is_length]
        if not moments or any(cited.has_time(t.start, t.end, t.words) for t in moments):
            return ""
        return cited.outside(moments[0].start)

    def verify(self, cited: CitedEvidence) -> Finding:
        """The worst finding of all checks; uncertain recognition never makes a claim verified."""
        finding, certain = self._check(cited), cited.only(lambda record: not reliability(record))
        if finding != VERIFIED or len(certain.records) == len(cited.records):
            return finding
        if certain.records and self._check(certain) == VERIFIED:
            return VERIFIED
        return "weak", f"what was recognised in {cited.names} is uncertain"

    def _check(self, cited: CitedEvidence) -> Finding:
        checks: list[Callable[[CitedEvidence], Finding]] = [
            self._check_times, self._check_video, self._check_quotes, self._check_on_screen,
            self._check_counts, self._check_numbers, self._check_colours,
            self._check_around if self.quotes else self._check_words,
        ]  # fmt: skip
        return _worst(check(cited) for check in checks)

    def _check_times(self, cited: CitedEvidence) -> Finding:
        finding = VERIFIED
        for time in self.times:
            if time.is_length:
                if not cited.has_length(time.end - time.start, time.words):
                    length = f"{time.end - time.start:g} seconds"
                    finding = "weak", f"{cited.names} is not {length} long, and does not say so"
            elif not cited.has_time(time.start, time.end, time.words):
                return "unsupported", cited.outside(time.start)
        return finding

    def _check_video(self, cited: CitedEvidence) -> Finding:
        other = cited.names_other_video(WordSequence(self.text))
        return ("weak", f"{cited.names} is not of the video named") if other else VERIFIED

    def _check_quotes(self, cited: CitedEvidence) -> Finding:
        if cited.scores & self.scores:
            # What pictures come close to is no quotation, and likeness no proof.
            return "weak", f"that {cited.names} comes close proves nothing"
        verdicts = [(cited.has_quote(quote), quote) for quote in self.quotes]
        wording: dict[Verdict, str] = {"unsupported": "not in", "weak": "not the words of"}
        for verdict, near in wording.items():
            if failed := [quote for one, quote in verdicts if one == verdict]:
                return verdict, f"“{_beginning(failed[0])}” is {near} {cited.names}"
        return VERIFIED

    def _check_on_screen(self, cited: CitedEvidence) -> Finding:
        """A quotation from the screen stands on the screen, and is not only spoken."""
        if not (self.quotes and _WRITTEN.search(self.plain.casefold())):
            return VERIFIED
        screen = cited.only(lambda record: record.kind != "speech")
        for quote in self.quotes:
            if cited.has_quote(quote) == "verified" and screen.has_quote(quote) != "verified":
                spoken = f"“{_beginning(quote)}” is said in {cited.names}"
                return "weak", f"{spoken}, not read on screen"
        return VERIFIED

    def _check_counts(self, cited: CitedEvidence) -> Finding:
        """Numbers of occasions and of speakers, counted in the evidence or stated by it."""
        mentions = self.quotes or _MENTIONED.search(without_frame(self.plain)[0].casefold())
        for number, noun in self._counted():
            if number in cited.numbers_near(noun) and not (mentions and noun in _OCCASIONS):
                continue  # what happens three times is said once
            counts = {cited.moments, *(cited.occurrences(quote) for quote in self.quotes)}
            if noun in _SPEAKERS:
                counts = {cited.speakers}
            if number not in map(str, counts):
                most = max(counts)
                verdict = "unsupported" if most > float(number) else "weak"
                return verdict, f"{cited.names} gives {most} {noun}, not {number}"
        return VERIFIED

    def _counted(self) -> list[tuple[str, str]]:
        """Numbers that count occasions or speakers, with their nouns."""
        counted: list[tuple[str, str]] = []
        for at, word in enumerate(self.words):
            nouns = [w for w in self.words[at + 1 : at + 3] if w in _OCCASIONS | _SPEAKERS]
            if word[0].isdigit() and nouns:
                counted.append((word, nouns[0]))
        return counted

    def _counts_mentions(self) -> bool:
        """True if it counts how often something is said, or who speaks."""
        nouns = {noun for _, noun in self._counted()}
        said = _MENTIONED.search(without_frame(self.plain)[0].casefold())
        return bool(nouns & _SPEAKERS or (nouns and said))

    def _check_numbers(self, cited: CitedEvidence) -> Finding:
        known = cited.numbers | cited.scores | {str(len(cited.records))}
        counted = {number for number, _ in self._counted()}
        for at, word in enumerate(self.words):
            if not word[0].isdigit() or word in LONE_NUMBERS | counted:
                continue
            after = set(self.words[at + 1 : at + 2])
            noun = next(iter(claim_words(after) or after & _COUNTABLE), "")
            near = cited.numbers_near(noun) if noun else cited.numbers
            if tuple(measured(self.words[at : at + 2])) in cited.quantities:
                continue
            if word not in known and not cited.speaks_of([word]):
                is_hour = not noun and any(":" in number for number in near)
                verdict = "unsupported" if near and not is_hour else "weak"
                if cited.may_mean(word):
                    verdict = "weak"
                return verdict, f"the number {word} is not in {cited.names}"
            if word in cited.numbers and near and word not in near:
                return "weak", f"{cited.names} does not say {word} {noun}"
        return VERIFIED

    def _check_colours(self, cited: CitedEvidence) -> Finding:
        return _worst(self._check_colour(name, least, cited) for name, least in self.colours)

    def _check_colour(self, name: str, least: float, cited: CitedEvidence) -> Finding:
        if cited.mentions_colour(name):
            return VERIFIED
        pictures = cited.colours
        if not pictures:
            return "weak", f"whether it is {name} cannot be measured in {cited.names}"
        mean = {c: sum(p.get(c, 0.0) for p in pictures) / len(pictures) for c in NEIGHBOURS}
        mostly = least >= MOSTLY
        share = mean[name] if mostly else max(p.get(name, 0.0) for p in pictures)
        if self.denials:
            return VERIFIED if share < HARDLY else ("weak", f"{cited.names} has some {name}")
        if max(share, cited.indexed_colours.get(name, 0.0)) >= least:
            return VERIFIED
        similar = mean[name] + sum(mean[other] for other in NEIGHBOURS[name].split())
        absent = similar < MOSTLY if mostly else share < HARDLY and similar < SOME
        verdict = "unsupported" if absent and cited.pixels else "weak"
        if share >= HARDLY and not mostly:
            return verdict, f"{cited.names} has little {name}"
        most = max(mean, key=lambda colour: mean[colour])
        instead = f"mostly {most}, not {name}" if most != name else f"not mostly {name}"
        return verdict, f"{cited.names} is {instead}"

    def _check_around(self, cited: CitedEvidence) -> Finding:
        """Words around a quotation: stated with it, or no more than who says it, and how."""
        if cited.states(_MARKS.sub("", self.text)):
            return VERIFIED
        if cited.is_qualified(self.quotes, self.outside):
            return "weak", f"{cited.names} says it under a condition, or of others"
        if self.denials:  # "She never says "…"" quotes faithfully and says the opposite
            return "weak", f"{cited.names} says what is denied"
        rest, source = without_frame(self._without_places(cited))
        if not cited.is_from(source):
            return "weak", f"{cited.names} is not said by {source}"
        named = self._named(rest)
        strange = {word for word in named if not any(same_word(word, o) for o in cited.words)}
        quoted = claim_words(word for quote in self.quotes for word in words(quote))
        told = named - strange - cited.speaker_words
        if _TOPIC.search(rest) or (
            (len(told) <= len(quoted) or _SAYS.search(self.text))
            and len(strange) <= max(INTRODUCTION, len(quoted) / 2)
        ):
            return VERIFIED
        return "weak", f"{cited.names} does not say what stands around the quotation"

    def _named(self, text: str) -> set[str]:
        named = claim_words(words(text)) - COLOUR_WORDS.keys()
        return named - _DEGREES.keys() if self.colours else named

    def _check_words(self, cited: CitedEvidence) -> Finding:
        named = self._named(self.plain)
        matching = sum(any(same_word(word, other) for other in cited.words) for word in named)
        if self.denials > cited.denials and not (self.colours and not named):
            verdict = "unsupported" if matching >= ENOUGH_WORDS * len(named) else "weak"
            return verdict, f"{cited.names} does not deny it"
        if cited.states(self._without_places(cited)):
            return VERIFIED
        counts = cited.is_described or self._counts_mentions()
        if not named:  # the other checks have settled it
            settled = self.times or self.colours or (counts and numbers(self.words))
            why = f"nothing in it can be compared with {cited.names}"
            return VERIFIED if settled else ("weak", why)
        if matching == len(named) and cited.denies(named) == (self.denials > 0):
            if counts or _TOPIC.search(self.plain):
                return VERIFIED
            return "weak", f"{cited.names} does not say it in this way"
        shown = cited.shows(self.plain) if self._visible(cited) else None
        if shown:
            return VERIFIED
        if shown is False:
            return "weak", f"{cited.names} looks no more like it than like other things"
        return "weak", f"the words are not those of {cited.names}"

    def _without_places(self, cited: CitedEvidence) -> str:
        """The claim without the times that say where it stands, not what is said."""
        text = self.outside
        for time in reversed(self.times):
            if not cited.speaks_of(time.words):
                text = f"{text[: time.place[0]]} {text[time.place[1] :]}"
        return text

    def _visible(self, cited: CitedEvidence) -> bool:
        """True if a picture could show all of it: no denial, number, name, speech or reason."""
        capitals = re.findall(r"(?<=[^.!?:] )[A-Z]\w*", self.plain)
        names = set(words(" ".join(capitals))) - cited.words
        return not (self.denials or self.quotes or names or numbers(self.words)
                    or _UNSEEN & set(self.words))  # fmt: skip


def _worst(findings: Iterable[Finding]) -> Finding:
    """The worst verdict, with all its reasons."""
    findings = list(findings)
    for verdict in ("unsupported", "weak"):
        if reasons := [why for one, why in findings if one == verdict]:
            return verdict, "; ".join(dict.fromkeys(reasons))
    return VERIFIED


def _beginning(quote: str) -> str:
    """The first words of a quotation, without marks: a reason is text of ours."""
    quoted = words(quote)
    return " ".join(quoted[:BEGIN]) + ("…" if len(quoted) > BEGIN else "")


def _colours(text: str) -> list[tuple[str, float]]:
    """Colours that a text names, each with the least share of the picture that its degree claims.

    A capital inside a sentence makes a name of the word.
    """
    colours: list[tuple[str, float]] = []
    before: list[str] = []
    for match in re.finditer(r"[^\W\d_]+", text):
        word, preceding = match[0].casefold(), text[: match.start()].rstrip()
        begins = not preceding or preceding[-1] in ".!?:"
        if word in COLOUR_WORDS and (begins or match[0][0].islower()):
            share = max(_DEGREES.get(degree, SOME) for degree in ["", *before[-2:]])
            colours.append((COLOUR_WORDS[word], share))
        before.append(word)
    return colours
