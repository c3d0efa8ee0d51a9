"""A question, understood: its intent, its words, and the place in the video that it names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.extractive.intents import GENERATE, SEARCH, Intent, Language, languages, plain
from agent.extractive.language_id import language_of, stop_words
from agent.grounding.citations import split_claims
from tools.text.expressions import Time, quotes, times
from tools.text.numbers import NUMBERS
from tools.text.tokens import content_words, surface_forms

Modality = Literal["any", "speech", "screen"]
Window = tuple[float, float]
EDGE_SECONDS = 10.0
"""How much of a video its start or end is, unless the question says."""
INSTANT = 0.05
"""A span shorter than this, in seconds, is a moment."""
PARTS = 3
_OCCASION = re.compile(r"\b(?:time|mal|mention)\b")
POINTING = (
    "there", "ordinals", "last", "before", "after", "again", "speech", "screen", "asks",
    "texts", "videos", "start", "middle", "end",
)  # fmt: skip
_AND = re.compile(r"[,;]?\s+(?:and|und)\s+(?=(\w+))")
_EDGE = re.compile(
    r"\b(first|opening|last|final|letzten?|ersten?) (?:(\w+) )?(second|minute|sekunde)(?:s|n)?\b"
)
_NAMED = re.compile(r"\b(?:second|minute|t\s*=)\s*(\d+(?:\.\d+)?)\b(?![:.]?\d)")
_RANGE = re.compile(
    r"\b(?:between|from|zwischen|von) (\d+(?:\.\d+)?)(?: ?s\w*)? (?:and|to|und|bis) "
    r"(\d+(?:\.\d+)?) ?s\w*"
)
_AFTER = re.compile(r"\b(?:after|since|from|nach|ab)\s+(?:about |around )?$")
_BEFORE = re.compile(r"\b(?:before|until|till|up to|vor|bis)\s+(?:about |around )?$")
_NTH = re.compile(r"\b(\d{1,3})(?:st|nd|rd|th)\b")
_SCENE = re.compile(r"\b(?:scene|shot|szene) (?:no\.? ?|number )?(\d{1,3})\b")


@dataclass(frozen=True)
class Question:
    """One question, or one part of it.

    `window` is seconds, half-open; an instant has equal ends.
    """

    text: str
    language: str = "en"
    """Of the sentences that answer it: one of which there are phrases."""
    intent: Intent = SEARCH
    words: tuple[str, ...] = ()
    """Content words and quotations, as they stand, without times."""
    modality: Modality = "any"
    window: Window | None = None
    edge: Literal["", "start", "end"] = ""
    beyond: float = 0.0
    """The time that it names, in seconds, where the video ends before it."""
    nth: int = 0
    """Which one it asks for, from 1, or -1 for the last; 0 for none."""
    topic: tuple[str, ...] = ()
    """Words of the conversation before, which a pronoun stands for."""
    mended: tuple[str, ...] = ()
    """Words that were misspelt, as they were read."""

    @property
    def wording(self) -> Language:
        """The language whose sentences answer it."""
        return languages()[self.language]

    def points(self, word: str) -> bool:
        """True for a word that only points at something: "the second one", "said there"."""
        forms = {word, *self.wording.canonical([word])}
        return any(forms & self.wording.words[kind] for kind in POINTING)

    def is_of(self, kind: str) -> bool:
        """True unless what is written is asked for, and this is not; a sign "says" things, too."""
        return self.modality != "screen" or kind == "screen"

    @property
    def content(self) -> list[str]:
        """What is looked for, other than words that only point."""
        words = self.intent.slot or self.words
        return [word for word in words if not self.points(word) and word != str(self.nth)]


def parts(text: str) -> list[str]:
    """The questions in a text: sentences that ask, and what is asked beside it after "and"."""
    language = languages().get(language_of(text)) or languages()["en"]
    asks = language.words["asks"]

    def asking(sentence: str) -> bool:
        first = surface_forms(sentence)[:3]
        return sentence.rstrip().endswith("?") or bool(first and (asks & {*first[:1], *first[1:2]}))

    sentences = [one.strip() for one in split_claims(text) if surface_forms(one)]
    asked = [one for one in sentences if asking(one)] or sentences[-1:] or [text]
    if len(asked) > 1 and not any(one.rstrip().endswith("?") for one in asked[:-1]):
        asked = asked[-1:]
    found: list[str] = []
    for sentence in asked:
        begin = 0
        for match in _AND.finditer(sentence):
            words = {
                "what",
                "when",
                "where",
                "which",
                "who",
                "why",
                "how",
                "was",
                "wann",
                "wo",
                "wer",
                "wie",
                "warum",
            }
            after = sentence[match.end() :].split()
            if (
                match[1].lower() in words
                and min(len(sentence[begin : match.start()].split()), len(after)) > 2
            ):
                found.append(sentence[begin : match.start()])
                begin = match.end()
        found.append(sentence[begin:])
    return found[:PARTS]


def understand(text: str, duration: float, spelt: Callable[[str], str] = str.lower) -> Question:
    """Understand one question about a video of this duration in seconds.

    `spelt` gives a word that is no question word as the videos spell it; empty where it is foreign
    to them and to any text.
    """
    text = plain(text)
    guessed = language_of(text)
    spoken = guessed or "en"
    literal, rest = quotes(text)
    lowered = rest.lower()
    window, edge, beyond, rest = _window(rest, lowered, duration)
    window = (max(window[0], 0.0), max(window)) if window else None
    bare = f"{rest} {' '.join(literal)}"
    read = [_mended(bare, languages()[c], spelt) for c in _likeliest(surface_forms(bare), guessed)]
    found = [(one, one[0].intent(one[1])) for one in read]
    (language, mended, changed), intent = max(found, key=lambda pair: pair[1].score)
    if intent.name == GENERATE and _only_asks(bare, language):
        intent = SEARCH
    if guessed and guessed not in languages() and intent.slot:
        intent = SEARCH  # words of another language, among some that look alike
    wording = spoken if spoken in languages() else language.code
    forms = surface_forms(mended)
    words = [
        w
        for w in language.content(content_words(mended))
        if w not in stop_words(spoken) and w not in surface_forms(" ".join(literal))
    ]
    named = tuple(dict.fromkeys(one.strip(" .,!?") for one in literal))
    if named and intent.name != "search":
        intent = intent._replace(slot=named)
    modality = _modality(forms, language)
    if intent.name == "said_by" and intent.slot[:1] and intent.slot[0] in language.words["screen"]:
        modality = "screen"  # "what does the slide say about ...?"
        intent = intent._replace(name="named", slot=intent.slot[1:])
    nth = _nth(lowered, language)
    kept = {"first": 1, "last": -1}.get(intent.name) == nth
    counted = intent.name in ("first", "last", "named", "count") and not kept
    if nth and counted and _OCCASION.search(lowered):
        order = language.words["ordinals"] | language.words["last"] | language.words["texts"]
        rest = tuple(word for word in intent.slot if word not in order)
        intent = intent._replace(name="nth", slot=rest)
    return Question(
        text if literal or not changed else plain(mended),
        wording, intent, (*named, *dict.fromkeys(words)),
        modality, window, edge, beyond, nth,
        mended=changed,
    )  # fmt: skip


def _only_asks(text: str, language: Language) -> bool:
    """True if a text asks about something, and wants nothing made: "what is this ad for?"."""
    forms = surface_forms(text)
    made = language.words["create"] & {*forms}
    return bool(forms) and forms[0] in language.words["interrogatives"] and not made


def _likeliest(forms: Sequence[str], guessed: str) -> list[str]:
    """Languages in which to read a question: those that know most of its words, and the guessed."""
    known = {code: sum(map(one.knows, forms)) for code, one in languages().items()}
    return [c for c in languages() if c == guessed or known[c] == max(known.values())]


def _mended(
    text: str, language: Language, spelt: Callable[[str], str]
) -> tuple[Language, str, tuple[str, ...]]:
    """A text with its misspelt words put right, and those that were content."""
    changed: list[str] = []

    def mend(match: re.Match[str]) -> str:
        typed = match[0].lower()
        form = next(iter(surface_forms(typed)), typed)
        if language.knows(form):
            return match[0]
        own = spelt(typed) or language.spelt(form)
        if own in (typed, form):
            return match[0]
        if not language.knows(own):
            changed.append(own)
        return own

    return language, re.sub(r"[^\W\d_]{3,}", mend, text), tuple(changed)


def _modality(forms: Sequence[str], language: Language) -> Modality:
    held = set(forms)
    if held & language.words["screen"] and not held & language.words["speech"]:
        return "screen"
    return "speech" if held & language.words["speech"] else "any"


def _nth(text: str, language: Language) -> int:
    if match := _SCENE.search(text) or _NTH.search(text):
        return int(match[1])
    forms = surface_forms(text)
    if set(forms) & language.words["last"]:
        return -1
    return next((n for n, word in enumerate(language.ordinals, 1) if word in forms), 0)


def _window(
    text: str, lowered: str, duration: float
) -> tuple[Window | None, Literal["", "start", "end"], float, str]:
    """The stretch that a question names, the edge it is, a time beyond the end, and the rest."""
    if edge := _EDGE.search(lowered):
        amount = NUMBERS.get(edge[2] or "", edge[2] or ("1" if edge[3] == "minute" else "10"))
        with_unit = str(amount).replace(".", "", 1).isdigit()
        length = float(amount if with_unit else 10) * (60 if edge[3] == "minute" else 1)
        rest = text[: edge.start()] + text[edge.end() :]
        if edge[1].startswith(("first", "opening", "erste")):
            return (0.0, min(length, duration)), "", 0.0, rest
        return (max(duration - length, 0.0), duration), "", 0.0, rest
    if both := _RANGE.search(lowered):
        low, high = sorted((float(both[1]), float(both[2])))
        rest = text[: both.start()] + text[both.end() :]
        return (min(low, duration), min(high, duration)), "", low if low >= duration else 0.0, rest
    found, rest = times(text)
    points = [one for one in found if not one.is_length and _is_position(text, one)]
    if not points and (named := _NAMED.search(lowered)):
        at = float(named[1]) * (60 if "minute" in named[0] else 1)
        rest = text[: named.start()] + text[named.end() :]
        points = [Time(at, at, False, (), (named.start(), named.end()))]
    if points:
        one = points[0]
        if len(points) > 1 and points[1].start == points[1].end:
            one = replace(
                one, start=min(p.start for p in points[:2]), end=max(p.end for p in points[:2])
            )
        before = lowered[: one.place[1]]
        before = re.sub(r"[\d:.,\s]*$", " ", before[: one.place[1]])
        if one.start >= duration and duration > 0:
            return (max(duration - 3.0, 0.0), duration), "", one.start, rest
        if one.start == one.end and _AFTER.search(before):
            return (one.start, duration), "", 0.0, rest
        if one.start == one.end and _BEFORE.search(before):
            return (0.0, one.start), "", 0.0, rest
        return (one.start, max(min(one.end, duration), one.start)), "", 0.0, rest
    if found:
        rest = text
    share = min(EDGE_SECONDS, duration / 4)
    spans: dict[str, Window] = {
        "middle": (duration / 2 - share / 2, duration / 2 + share / 2),
        "end": (max(duration - share, 0.0), duration), "start": (0.0, share),
    }  # fmt: skip
    for name, span in spans.items():
        words = "|".join(word for one in languages().values() for word in one.words[name])
        begun = rf"\b(?:the|this|it|am|im|zum|der|das) (?:very )?(?:{words})\b"
        if match := re.search(begun, lowered):
            side: Literal["", "start", "end"] = "end" if name == "end" else "start"
            rest = text[: match.start()] + text[match.end() :]
            return span, "" if name == "middle" else side, 0.0, rest
    return None, "", 0.0, rest


def _is_position(text: str, time: Time) -> bool:
    """True for a place in the video: "at 0:50", no "17:30 ferry" and no "5 minute walk"."""
    begin, end = time.place
    after = re.match(r"\s*(\w+)", text[end:])
    if not after or begin == 0 or time.start < time.end:
        return True
    introduced = re.match(
        r"(?:at|around|circa|ca|near|from|by|o|a|à|@|after|before|until|till|bei|um|ab|nach|vor)\b",
        text[begin:],
        re.I,
    )
    before = re.search(
        r"\b(?:at|around|circa|ca|o|à|las|after|before|until|till|from|between|and|to|und|bis|minute|second|zwischen|bei|nach|vor|ab)\s*$",
        text[:begin],
        re.I,
    )
    return bool(introduced or before)
