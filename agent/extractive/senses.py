"""Tests of a question: does it ask for what is seen, for labels, a likeness or a crowd."""

import re
from collections.abc import Sequence

from agent.extractive.turn import Turn
from tools.search.colour_search import parse_look
from tools.text.clean import word_set

_OUTBURST = re.compile(
    r"(?:cheer|applau|laugh|roar|jubel|lach|klatsch|beifall)\w*|clap(?:s|ped|ping)?"
)
_CROWD = word_set("""
    crowd crowds audience people fans public spectators somebody everybody anybody everyone anyone
    someone publikum leute zuschauer fangen anfangen start starts begin begins""")
_FACT = re.compile(r"\b(?:who|whose|why|what|how|name\w*|called|wer|warum|was|wie)\b", re.I)
"""Words of questions that neither pictures nor sounds answer."""
_SEEN = re.compile(
    r"\b(?:see|seen|visible|pictures?|photos?|images?|sehen|sieht|bild|bilder)\b", re.I
)
_LIKE = re.compile(
    r"\b(?:more|others?|another|mehr|andere\w*)\b.*\b(?:like|wie)\b|\bsimilar|\bähnlich", re.I
)
_SIGNED = re.compile(
    r"(?:is|was)\s+(?:it|this|that|(?:(?:this|the)\s+)?(?:video|file|clip|film))\s+(?:digitally\s+)?"
    r"signed\W*|(?:does|do|has|have|is|are)\b.*\bcontent credentials?\W*",
    re.I,
)
"""Questions about a signature of the file; by stems they would be about signs that it shows."""
NUMBERED = re.compile(r"\[\d+\]")
"""A number under which evidence was shown."""
_LABELS = re.compile(
    r"(?:\b(?:which|what|was)\b[^:]*\b(?:it|this|that|das|see)\s*:|"
    r"(?:^|,)\s*(?:and |so |und )?(?:is|was|ist|war) (?:it|this|that|es|das|\[\d+\]))\s+"
    r"(.+\b(?:or|oder)\b.+?)"
    r"(?:\s+(?:(?:at|um|bei) [\d:.]+|(?:in|on|im|auf) (?:(?:the|this|that|dem) )?"
    r"(?:picture|video|image|scene|frame|shot|bild)|here|there|hier|da))?\W*$", re.I
)  # fmt: skip
_OR = re.compile(r",\s*(?:(?:or|oder)\s+)?|\s+(?:or|oder)\s+", re.I)
_ARTICLE = re.compile(r"(?:an?|the|some|eine?|der|die|das)\s+", re.I)


def is_seen(turn: Turn) -> bool:
    """True if a question of no other intent asks for what is to be seen."""
    asked = turn.question
    if asked.intent.name != "search" or asked.modality == "speech" or _FACT.search(turn.text):
        return False
    return bool(_SEEN.search(turn.text) or parse_look(turn.text))


def is_outburst(turn: Turn) -> bool:
    """True if a question asks for nothing but a crowd that is heard."""
    name, words = turn.question.intent.name, turn.question.words
    heard = [w for w in words if _OUTBURST.fullmatch(w)]
    if not heard or name not in ("search", "can't recognise") or _FACT.search(turn.text):
        return False
    return set(words) - set(heard) <= _CROWD


def is_alike(turn: Turn) -> bool:
    """True if more pictures like one are asked for."""
    points = turn.at or NUMBERED.search(turn.text)
    return turn.question.intent.name == "alike" or bool(points and _LIKE.search(turn.text))


def is_of_signature(turn: Turn) -> bool:
    """True if it is asked whether the file is signed."""
    return _SIGNED.fullmatch(turn.text.strip()) is not None


def labels(turn: Turn) -> list[str]:
    """What the pictures may show, as it was asked: "a car or a boat"; empty for none."""
    asked, match = turn.question, _LABELS.search(turn.text)
    kinds = ("search", "overview", "can't recognise", "overall_colour")
    if not match or asked.intent.name not in kinds or asked.modality == "speech" or asked.nth:
        return []
    told = [one.strip() for one in _OR.split(match[1])]
    bare = list(dict.fromkeys(filter(None, (_ARTICLE.sub("", one, count=1) for one in told))))
    is_thing = bool(_ARTICLE.match(told[0])) or asked.intent.name == "can't recognise"
    if len(bare) < 2 or re.search(r"\d", match[1]) or not (is_thing or are_looks(bare)):
        return []
    return bare


def are_looks(labels: Sequence[str]) -> bool:
    """True if pixels tell these apart: colours, or light."""
    looks = [parse_look(one) for one in labels]
    return all(one is not None and not one.rest for one in looks)
