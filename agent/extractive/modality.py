"""What a question asks of pictures and sounds, by rule: a thing, labels, a likeness, a loudness."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.search.sound_search import Sought
from tools.text.clean import word_set
from tools.vision.colour import COLOURS

_LEVELS: tuple[tuple[Sought, re.Pattern[str]], ...] = (
    ("loudest", re.compile(r"\b(?:loud(?:er|est)?|nois(?:y|ier|iest))\b")),
    (
        "silence",
        re.compile(
            r"\b(?:quiet(?:er|est)?|silent|silence)\b|"
            r"(?<=when is there )no (?:sound|noise)\b|(?<=where is there )no (?:sound|noise)\b"
        ),
    ),
)
"""Words that only the sound itself can answer."""
_EVENTS: tuple[tuple[Sought, re.Pattern[str]], ...] = (
    ("outburst", re.compile(r"\b(?:cheer\w*|applau\w+|clap(?:s|ping)?|laugh\w*|roars?|bangs?)\b")),
    ("loudest", re.compile(r"\b(?:scream\w*|shout\w*|yell\w*)\b")),
    ("other", re.compile(r"\b(?:music\w*|songs?|jingles?|melod\w+|tunes?|noises?)\b")),
)
"""Words that speech and captions may hold as well: those come first."""
_AROUND_SOUND = word_set("""
    sound sounds audio noise noises volume soundtrack background crowd audience people fans public
    spectators somebody everybody anybody play plays playing played start starts begin begins go
    goes get gets anywhere somewhere everywhere big moment part level long time completely really
    very absolutely""")
_CAUSE = re.compile(r"^(?:and )?(?:why|who)\b|\bcaus(?:e|es|ed|ing)\b")
"""What a sound comes from is told by words, if at all."""
_SOUND_PLACE = re.compile(r"\b(?:when|where|which|what|any\w*|some\w*|moments?|parts?|there)\b")

_FACT = re.compile(
    r"\b(?:who|whose|whom|why|what(?! time)|how (?!often|many times)|names?|called|say|says|said|"
    r"tell|tells|told|talk\w*|speak\w*|spok\w+|mention\w*|hear\w*|heard|explain\w*|discuss\w*|"
    r"quote\w*|words?|text|titles?|captions?|subtitles?|written|write\w*|reads?|numbers?|letters?|"
    r"message|error|typed?|years?|costs?|price|opened|open|days?)\b"
)
"""Words of questions that pictures do not answer."""
_SEE = re.compile(
    r"\b(?:see|seen|show|shows|shown|showing|visible|appears?|pictures?|photos?|images?|footage|"
    r"look(?:s|ing)? like|in view|into view|turns? up)\b"
)
_THERE = re.compile(r"\b(?:is|are|was|were) there (?:an?|any|some)\b|\banywhere\b")
_THING = re.compile(r"^(?:and |or )?(?:an?|the|some|two|three|several|many) (?!\w+ (?:one|time)\b)")
_WHEN = re.compile(
    r"^(?:and |so |ok )?(?:when|where|at (?:which|what)|which (?:part|scene|shot|moment|picture)|"
    r"do|does|is|are) (?!(?:it|this|that|these) )"
)
_ASKING = re.compile(
    r"\b(?:when|where|which|do|does|did|is|are|was|were|can|could|will|would|has|have|i|we|you|it|"
    r"they|he|she|that|this|there|one|ones|more|again|else|before|after|later|earlier)\b"
)
_LEAD = re.compile(
    r"^(?:[^a-z0-9]+|(?:and|so|ok|okay|please|hi|hey|well|now)\b,?|"
    r"(?:show|find|give|get) (?:me|us)\b|(?:show|find|spot)\b|look(?:ing)? for\b|"
    r"at (?:which|what) (?:time|point|moment|second)\b|how (?:often|many times)\b|"
    r"(?:which|what) (?:part|scene|moment|shot|picture|frame|bit|time)s?\b|"
    r"(?:every|each|all)(?: of)?(?: the)? (?:times?|moments?|places?|pictures?|shots?|frames?)\b|"
    r"(?:an?|the|any|some)? ?(?:pictures?|photos?|images?|shots?|frames?|footage|view|moments?) "
    r"(?:of|with|where|in which|showing|that shows?|when)\b|"
    r"(?:anything|something) (?:like|that looks like)\b|looks? like\b|"
    r"(?:when|where|do|does|did|can|could|is|are|was|were|will|there|we|i|you|one|it|they|ever|"
    r"actually|really|exactly|just|first|get to|of|be|see|seen|shows?|shown|showing|visible|"
    r"appears?|in|any)\b)\s*"
)
_TAIL = re.compile(
    r"[\s,]*(?:\b(?:anywhere|somewhere|at all|ever|please|pls|lol|again|in (?:it|this|here|view)|"
    r"(?:in|on) (?:this|the) (?:video|clip|film|movie|footage|picture|screen)|in (?:a|the) shot|"
    r"(?:to be )?seen|shown|visible|appears?|shows? up|turns? up|comes? up|comes? into view|there|"
    r"(?:is|are) there (?:one|any|some))|[^a-z0-9]+)$"
)
_LABELS = re.compile(
    r"\b(?:which|what)\b(?P<asked>[^:]*):\s*(?P<list>.+\bor\b.+)$|"
    r"^(?:at\b)?\W*(?:(?:and|so) )?(?:is|are) "
    r"(?P<what>it|this|that|these|they|he|she|the picture)\b(?: (?:of|showing))? "
    r"(?P<pair>(?:an?|the|some) .+\bor\b.+|"
    r"(?!(?:in|at|on|by|to|for|from|about|with|before|after)\b)[\w-]+ or [\w-]+\W*)$"
)
_WHAT_IT_IS = re.compile(
    r"\b(?:is|are|was|were) (?:it|this|that|these|those)(?: \w+){0,2}\W*$|"
    r"\b(?:see|pictures?|photos?|images?|frames?|footage)\b"
)
"""What asks for nothing but what the picture shows."""
_IN_TIME = re.compile(r"\b(?:first|last|earlier|later|before|after|sooner|longest|shortest)\b")
ASKS_ALIKE = re.compile(
    r"\b(?:more|others?|another|else|similar|pictures|moments|scenes|shots)\b.*"
    r"\b(?:like|similar to|resembl\w+|look the same)\b|"
    r"\bsimilar (?:ones?|pictures?|scenes?|shots?|moments?|frames?)\b|"
    r"\bmore of (?:these|those|them|that|this|the same)\b"
)
ALIKE_WORDS = frozenset(("similar", "resemble", "resembles", "resembling", "kind", "looks"))
"""What of "similar pictures to the second one" is no subject of its own."""
Words = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Senses:
    """What of a question pictures or sounds may answer; empty where only words can."""

    seen: str = ""
    """What is to be seen, in the question's words."""
    plainly: bool = False
    """Whether the question says that it is to be seen."""
    labels: tuple[str, ...] = ()
    sound: Sought | None = None


def asked_sound(text: str, words: Words) -> Sought | None:
    """The level that is asked for, and nothing else: "where is it loudest?"."""
    if _CAUSE.search(text):
        return None
    for sought, said in _LEVELS:
        if said.search(text) and not set(words(said.sub(" ", text))) - _AROUND_SOUND:
            return sought if _SOUND_PLACE.search(text) or "loud" in text else None
    return None


def asked_labels(text: str, words: Words) -> tuple[tuple[str, ...], str]:
    """What it may be, two labels at least, and what words are asked about them first.

    Nothing is for "which of these is it: a car or a boat?" and "is that red or blue?"; "which bus
    goes to town" is what "which bus goes to town: the red one or the blue one?" asks of words.
    """
    match = _LABELS.search(text)
    if match is None or _IN_TIME.search(text) or _FACT.search(match["pair"] or match["asked"]):
        return (), ""
    parts = re.split(r",\s*(?:or\s+)?|\s+or\s+", (match["list"] or match["pair"]).strip(" ?.!"))
    labels = [re.sub(r"^(?:is|are) (?:it|this|that)\s+", "", part.strip()) for part in parts]
    labels = list(dict.fromkeys(filter(None, map(_without_tail, labels))))
    if len(labels) < 2:
        return (), ""
    if pair := match["pair"]:
        seen = _THING.search(pair) or set(labels) <= set(COLOURS)
        return tuple(labels), "" if seen and match["what"] not in ("they", "he", "she") else pair
    asked = match["asked"]
    return tuple(labels), "" if _WHAT_IT_IS.search(asked) or not words(asked) else asked


def asked_of_senses(text: str, words: Words) -> Senses:
    """What pictures or sounds may answer of a question in words, if no words do."""
    for sought, said in _EVENTS:
        if said.search(text) and not set(words(said.sub(" ", text))) - _AROUND_SOUND:
            return Senses(sound=sought)
    if _FACT.search(text):
        return Senses()
    named = bool(_THING.search(text) or not _WHEN.search(text)) and not _ASKING.search(text)
    there = bool(_THERE.search(text))
    plainly = bool(_SEE.search(text)) or there or (named and bool(_THING.search(text)))
    if not (plainly or named or _WHEN.search(text)):
        return Senses()
    seen = text
    while (shorter := _without_tail(_LEAD.sub("", seen))) != seen:
        seen = shorter
    return Senses(seen if words(seen) else "", plainly)


def _without_tail(text: str) -> str:
    while (shorter := _TAIL.sub("", text)) != text:
        text = shorter
    return text
