"""What a question asks for, by rule: the kind of answer, the words, the place in the video."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import Indel

from agent.extractive.modality import Senses, asked_labels, asked_of_senses, asked_sound
from agent.extractive.video_questions import (
    Pick,
    asks_facts,
    asks_gist,
    asks_scenes,
    concepts,
    informal,
)
from tools.search.colour_search import LookQuery, parse_look
from tools.text.clean import word_set
from tools.text.expressions import quotes, times
from tools.text.numbers import NUMBER_WORD, NUMBERS
from tools.text.tokens import content_words
from tools.vision.colour import COLOURS

Kind = Literal[
    "facts",
    "summary",
    "scenes",
    "look",
    "moment",
    "order",
    "beside",
    "every",
    "first",
    "last",
    "search",
    "sound",
    "label",
    "like",
]
Modality = Literal["any", "speech", "screen", "picture"]
Edge = Literal["", "start", "end"]

_SPEECH = re.compile(
    r"\b(said|says?|saying|talk\w*|tell\w*|told|speak\w*|spoke\w*|hear\w*|mention\w*|narrat\w*|"
    r"voice\w*|transcript|discuss\w*|explain\w*|quote)\b"
)
_SCREEN = re.compile(
    r"\b(written|writing|reads?|screen|slides?|sign|title|caption|text|plaque|poster|banner|credits?|"
    r"slogan|headline|heading|logo|bullets?|label|card|printed|displayed|shown|shows?|visible|seen?)\b"
)
_READ = re.compile(
    r"\b(written|text|slides?|sign|title|caption|label|card|printed|plaque|poster|"
    r"banner|credits?|slogan|headline|heading|logo|bullets?|what does "
    r"(?:it|the (?!(?:\w+ )?(?:speaker|narrator|voice|man|woman|person|presenter|host)\b)\w+(?: \w+)?) "
    r"(?:say|read))\b"
)
_PICTURE = re.compile(r"\b(look(?:s|ed)? like|picture|image|colou?r|light|bright|dark)\b")
_COUNT = re.compile(
    r"\bhow (?:often|many times)\b|\bnumber of times\b|\b(?:every|each) (?:single )?(?:time|mention|"
    r"moment|place|occurrence|spot|stretch|part|point|instance)\b|\ball (?:of )?(?:the )?(?:times|"
    r"mentions|moments|places|occurrences|spots|stretches|parts|points|instances)\b|"
    r"\bhow many (?:mentions|captions|subtitles|slides|signs|lines|sentences|titles|places)\b"
)
_FIRST = re.compile(
    r"\bfirst (?:time|sa[iy]\w*)\b|"
    r"\b(?:first|earliest)\b.*\b(?:mention\w*|appear\w*|show\w*|seen?|said|says?|hear\w*|occur\w*)\b|"
    r"\b(?:mention\w*|appear\w*|show\w*|seen?|said|hear\w*|occur\w*)\b.*\bfirst\b"
)
_LAST = re.compile(
    r"\b(?:last|latest|final) (?:mention\w*|time|appear\w*|occurrence|see|seen|hear\w*)\b|"
    r"\blast\b.*\b(?:mentioned|appears?|shown|seen|said|heard|occurs?)\b|"
    r"\b(?:mentioned|appears?|shown|seen|said|heard)\b.*\blast\b"
)
_ORDER = re.compile(
    r"\b(?:which|what|who)\b.*\b(?:first|earlier|later|last|before|sooner)\b.*?[,:-]?\s*(?P<a>[^,:?]+?)"
    r"\s+or\s+(?P<b>[^?]+)|"
    r"^(?:is|are|was|were|does|do|did|do we|does the)\b(?P<c>.+?)\b(?:before|after|earlier than|"
    r"later than)\b(?P<d>[^?]+)|"
    r"^(?P<e>.+?)\s+or\s+(?P<f>.+?)[,:-]?\s*\b(?:which|what)\b.*\b(?:first|earlier|before)\b"
)
_BESIDE = re.compile(
    r"\bwhat(?:'s| is| was| does| do| happens?| happened| comes?| came| follows?| followed)\b"
    r"(?:(?!\b(?:after|before|following|preceding)\b).){0,40}?"
    r"\b(after|before|follows?|followed|following|precedes?|preceding)\b (.+)$"
)
_FOLLOWING = frozenset(("after", "follow", "follows", "followed", "following"))
NUMBER = rf"\d+(?:\.\d+)?|{NUMBER_WORD}"
"""How many seconds or minutes, as a pattern: see seconds()."""
_TINTED = re.compile(
    rf"\b(?:{'|'.join(COLOURS)}|dark|light|bright) (?=(?:background|card|sign|screen|slide|letters|text|"
    r"box|button|banner|page|label|board)\b)"
)
"""Colours of what a text stands on: no words of the text."""
ORDINALS = str.split("first second third fourth fifth sixth seventh eighth ninth tenth")
ORDINAL = rf"{'|'.join(ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th)"
"""Which one, as a pattern: see ordinal()."""
_NTH = re.compile(
    rf"\b(?!first|1st)({ORDINAL}) (person|speaker|man|woman|cut|sentence|line|caption|subtitle|slide|"
    r"one to speak)\b|\bslide (\d{1,3})\b"
)
_SCENE = re.compile(
    rf"\b(?:the )?(?:very )?({ORDINAL}|last|final) (?:scene|shot)\b|"
    r"\b(?:scene|shot) (?:no\.? ?|number )?(\d{1,3})\b"
)
_EDGE = re.compile(rf"\b(first|last|final|opening|closing) (?:({NUMBER}) )?(seconds?|minutes?)\b")
_START = re.compile(
    r"\b(?:at|in|near|from|about) the (?:very )?(?:start|beginning|outset)\b|\bopening\b|"
    r"\b(?:start|beginning) of (?:the|this)\b|\b(?:start|begin|open)s? with\b|\bat first\b|"
    r"\bhow does (?:it|the \w+|this \w+) (?:start|begin|open)\b|\bfirst thing\b"
)
_END = re.compile(
    r"\b(?:at|in|near|towards?|by|about|on) the (?:very )?end\b|\bend of (?:the|this)\b|\bhow does (?:it|the "
    r"\w+|this \w+) (?:end|finish|close)\b|\b(?:end|finish|close)s? with\b|\blast thing\b|"
    r"\bends? on\b|\bending\b|\bfinally\b"
)
_MIDDLE = re.compile(r"\b(?:in|at|around) the middle\b|\bhalfway\b|\bhalf way\b")
_RANGE = re.compile(
    r"\b(?:between|from)? ?\b(\d+(?:\.\d+)?)(?: ?s| sec\w*)? ?(?:and|to|-|until|till) ?"
    r"(?:second )?(\d+(?:\.\d+)?) ?(?:s|secs?|seconds?)\b"
)
_AFTER = re.compile(r"\b(after|since|later than|from)\s+(?:about |around |second )?$")
_BEFORE = re.compile(r"\b(before|until|till|up to|earlier than)\s+(?:about |around |second )?$")
_SECOND = re.compile(r"\b(?:second|sec|timestamp|t\s*=|time)\s*(\d+(?:\.\d+)?)\b(?!\s*:)")
EDGE_SECONDS = 10.0
"""How much of a video its start or end is, unless the question says."""
_NO_CONTENT = word_set("""
    sentence sentences caption subtitle subtitles line lines phrase phrases appearing right
    really actually ever even still precisely speaker narrator voice start starts begin begins
    beginning opening end ends ending finish middle half going go goes come comes say said says
    saying somebody someone anybody anyone
    tell told see seen look looks exactly roughly whole entire clip film movie footage recording
    second seconds minute minutes slide slides sign text title label screen display displayed shown
    written read reads mention mentioned mentions appear appears occur occurs often times every
    list give show till around thing things content everything anything point points time timestamp
    mark first last next earlier later sooner final finally quote painted engraved carved spelled
    spelt called doing place small big tiny logo icon button banner background meet met introduced
    word words other another according bit pop pops popup please hi hello ok okay video videos
    again one number numbers digit digits counter timer colour color colours colors dominant
    visible printed picture image frame frames spoken heard hear happen happens happened happening""")


@dataclass(frozen=True)
class Plan:
    """One question, understood. window is seconds, half-open; words are what it asks for."""

    question: str
    kind: Kind
    words: tuple[str, ...] = ()
    modality: Modality = "any"
    window: tuple[float, float] | None = None
    sides: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    look: LookQuery | None = None
    topic: tuple[str, ...] = field(default=())
    """Words of the conversation before, which a pronoun stands for."""
    beside: Literal["", "before", "after"] = ""
    """What is asked for comes before or after what the words name."""
    everything: bool = False
    """Whether no place is named: all that is said, or to be read, is meant."""
    edge: Edge = ""
    """Where the window is the start or the end: what lies outermost is meant."""
    pick: Pick = ""
    """Which of the scenes, or the cuts between them."""
    nth: int = 0
    """Which of the mentions, scenes or sentences, from 1, or -1 for the last; 0 for none."""
    scene: int = 0
    """The scene in which something is asked for, counted likewise."""
    senses: Senses = field(default=Senses())


def plain(question: str) -> str:
    """The question in lower case, quotation marks and spaces normalised."""
    text = question.lower().replace("\u2019", "'").replace("\u201c", '"').replace("\u201d", '"')
    text = re.sub(r"\bopening (?=hours?|times?)", "open ", text)  # not the opening of the video
    return " ".join(informal(text).split())


def asked_words(question: str) -> tuple[str, ...]:
    """The words that say what a question is about: none for "what happens at the end?".

    What stands between quotation marks is one of them as it stands, whatever its words are.
    """
    head, mark, hint = question.partition("?")
    if mark and hint.strip(" ?!.") and len(head.split()) > 2:
        question = head  # "…? there's a sign somewhere" only says where to look
    literal, rest = quotes(question)
    if named := [text for one in literal if (text := one.strip(" .,!?"))]:
        return tuple(dict.fromkeys(named))
    rest = re.sub(r"\btakes? place\b", " ", _without_times(rest))
    rest = _TINTED.sub(" ", rest)
    return tuple(word for word in content_words(rest) if word not in _NO_CONTENT)


def understand(question: str, duration: float) -> Plan:
    """The plan for a question; duration is that of the video in seconds."""
    text = corrected(plain(question))
    words = asked_words(_NTH.sub(" ", text))
    scene = nth_scene(text)
    if scene:
        text = _SCENE.sub(" scene ", text)
        words = asked_words(re.sub(r"\b(?:scene|shot)s?\b", " ", text))
    window = find_window(quotes(text)[1], duration)  # a quoted time is looked for as it stands
    edge = _edge(text) if window else ""
    modality = find_modality(text)
    asked = concepts(_NTH.sub(lambda match: match[2] or match[0], _without_times(text)))
    nth = ordinal(match[1] or match[3]) if (match := _NTH.search(text)) else 0
    if level := asked_sound(text, asked_words):
        return Plan(question, "sound", (), "any", window, senses=Senses(sound=level))
    labels, about = asked_labels(_without_times(text), asked_words)
    senses = Senses(labels=labels) if labels else asked_of_senses(_without_times(text), asked_words)
    if labels and not about:
        return Plan(question, "label", words, "picture", window, senses=senses)
    words = asked_words(about) if labels else words
    if not window and asks_facts(text, asked):
        return Plan(question, "facts", words)
    look = parse_look(_without_times(text))
    if look and _is_look(look, text) and not quotes(text)[0]:
        return Plan(question, "look", words, "picture", window, look=look)
    if pick := asks_scenes(text, asked):
        told: Modality = modality if scene else "picture"
        return Plan(question, "scenes", (), told, window, pick=pick, nth=scene or nth)
    order = _ORDER.search(text)
    if order and not window:
        one, other = (asked_words(part) for part in order.groups() if part)
        if one and other:
            return Plan(question, "order", one + other, modality, sides=(one, other))
    if not window and asks_gist(text, asked):
        return Plan(question, "summary", words)
    beside = _BESIDE.search(text)
    if beside and not window and (named := asked_words(beside[2])):
        side: Literal["before", "after"] = "after" if beside[1] in _FOLLOWING else "before"
        return Plan(question, "beside", named, modality, beside=side)
    heard = modality in ("speech", "screen") or re.search(r"\b(?:sentence|phrase|word)s?\b", text)
    if not words and not window and heard:
        whole = (0.0, duration)
        edge = _outer(text)
        return Plan(question, "moment", (), modality, whole, edge=edge, everything=True, nth=nth)
    if window and not words:
        return Plan(question, "moment", (), modality, window, edge=edge)
    mentions: tuple[tuple[Kind, re.Pattern[str]], ...] = (
        ("every", _COUNT), ("first", _FIRST), ("last", _LAST),
    )  # fmt: skip
    for kind, asks in mentions:
        if words and asks.search(text):
            return Plan(question, kind, words, modality, window, senses=senses)
    return Plan(question, "search", words, modality, window, edge=edge, scene=scene, senses=senses)


def ordinal(word: str) -> int:
    """Which one a word such as "third", "3rd" or "3" names, from 1, or -1 for the last."""
    if word in ("last", "final"):
        return -1
    return int(re.sub(r"\D", "", word)) if word[0].isdigit() else ORDINALS.index(word) + 1


def seconds(number: str, unit: str) -> float:
    """How long "ten seconds" or "1.5 min" is: a NUMBER, and a unit that begins with s or m."""
    return float(NUMBERS.get(number, number)) * (60 if unit.startswith("m") else 1)


def nth_scene(text: str) -> int:
    """Which scene a question names, from 1, or -1 for the last; 0 for none."""
    match = _SCENE.search(text)
    return ordinal(match[1] or match[2]) if match else 0


def _edge(text: str) -> Edge:
    if times(text)[0] or _EDGE.search(text):
        return ""
    return "start" if _START.search(text) else "end" if _END.search(text) else ""


def _outer(text: str) -> Edge:
    """Which end of all that is said is meant: "the first sentence", "the last thing said"."""
    if re.search(r"\b(?:first|opening)\b", text):
        return "start"
    return "end" if re.search(r"\b(?:last|final|closing)\b", text) else ""


def corrected(text: str) -> str:
    """The text with misspelt words of the rules themselves put right: "completley", "mentionned"."""
    return re.sub(r"[a-z]{6,}", lambda match: _spelt(match[0]), text)


@cache
def _spelt(word: str) -> str:
    if word in _RULE_WORDS:
        return word
    close = process.extractOne(
        word, _RULE_WORDS, scorer=Indel.normalized_similarity, score_cutoff=0.88
    )
    return close[0] if close and close[0][0] == word[0] else word


_RULE_WORDS = sorted(
    str.split("""
    completely entirely mostly mainly mentioned mentions mention appears appear appearing
    beginning between before summary summarise summarize summarised resolution duration displayed
    written brightest darkest brighter darker colour colours orange yellow purple second seconds
    minute minutes screen happens happening scenes picture
"""),
    reverse=True,
)


def _without_times(text: str) -> str:
    return times(_SECOND.sub(" ", _RANGE.sub(" ", text)))[1]


def _is_look(look: LookQuery, text: str) -> bool:
    """Whether pixels alone can answer: nothing else is asked for than colour, light or motion."""
    rest = [word for word in look.rest if word not in _NO_CONTENT and word not in _LOOK_FILLER]
    return not rest and not _SPEECH.search(text)


_LOOK_FILLER = word_set("""
    card page wall part parts moment moments scene find turn turns become becomes tint tinted
    toned sky overall almost nearly quite totally fade fades faded fading ish flash somewhere fully
    places lighting lit hue tone tones jump""")


def find_modality(text: str) -> Modality:
    """Whether a question is about what is heard, what is to be read, or what is to be seen."""
    if _READ.search(text) and not re.search(r"\b(?:said|spoken|heard?|narrat\w*)\b", text):
        return "screen"
    if _SPEECH.search(text):
        return "speech"
    if _SCREEN.search(text):
        return "screen"
    return "picture" if _PICTURE.search(text) else "any"


def find_window(text: str, duration: float) -> tuple[float, float] | None:
    """The stretch of the video that a question names; an instant has equal ends."""
    if edge := _EDGE.search(text):
        length = seconds(edge[2] or ("1" if edge[3].startswith("m") else "10"), edge[3])
        if edge[1] in ("first", "opening"):
            return 0.0, min(length, duration)
        return max(duration - length, 0.0), duration
    if both := _RANGE.search(text):
        low, high = sorted((float(both[1]), float(both[2])))
        return low, high
    found, _ = times(text)
    points = [one for one in found if not one.is_length]
    if not points and (named := _SECOND.search(text)):
        return float(named[1]), float(named[1])
    if len(points) >= 2 and points[0].start == points[0].end:
        first, second = sorted((points[0].start, points[1].start))
        return first, second
    if points:
        one = points[0]
        if one.end > one.start:
            return one.start, one.end
        numbers = [word for word in one.words if any(map(str.isdigit, word))]
        before = (text.partition(numbers[0])[0] if numbers else text).rstrip() + " "
        if _AFTER.search(before):
            return one.start, duration
        if _BEFORE.search(before):
            return 0.0, one.start
        return one.start, one.start
    share = min(EDGE_SECONDS, duration / 4)
    if _MIDDLE.search(text):
        return duration / 2 - share / 2, duration / 2 + share / 2
    if _START.search(text):
        return 0.0, share
    if _END.search(text):
        return max(duration - share, 0.0), duration
    return None
