"""The kind of thing that a question asks for, and the evidence that holds one: a number, a time."""

import re
from typing import NamedTuple

from tools.text.numbers import LARGE, NUMBER_WORD
from tools.text.tokens import stems
from tools.vision.colour import COLOUR_WORDS


class AnswerType(NamedTuple):
    """How a kind of answer is asked for, in small letters, and how it looks."""

    asks: re.Pattern[str]
    holds: re.Pattern[str]
    must_hold: bool
    """False where the moment itself may be the answer: "when does the sun go down?"."""


_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_NUMBER = rf"\d|\b(?:{NUMBER_WORD}|{LARGE}|once|twice|half|dozen|couple)\b"
_DAY = rf"\b1[0-9]\d\d\b|\b20\d\d\b|\b(?:{_MONTHS})\b|{_DAYS}"
_DATE = (
    rf"{_DAY}|\b\d{{1,2}}[:.]\d\d\b|\b(?:noon|midnight|morning|evening|night|today|tomorrow|"
    r"spring|summer|autumn|winter)\b"
)
_UNIT = r"second|minute|hour|day|week|month|year|met|feet|foot|mile|kilo|ton|gram|pound|degree|percent|%|cm|mm|km|kg|lit"
TYPES = tuple(
    AnswerType(re.compile(asks), re.compile(holds, flags), not asks.startswith("^when"))
    for asks, holds, flags in (
        (r"\b(?:url|link|web ?(?:site|page|address)|home ?page|e-?mail|domain|webseite|internetseite)\b",
         r"\bhttps?://|\bwww\.|\S@\S|\b[\w-]+\.(?:com|org|net|edu|gov|info|io|dev|app|ai|tv|eu|de|at|ch|uk|fr|es|it|nl)\b", re.I),
        (r"\bhow much (?:is|are|was)\b|\bhow much .*\b(?:charge|pay)\b|\bprice\b|\bcosts?\b|was kostet|wie teuer",
         r"[$€£¥]|\b(?:dollars?|euros?|pounds?|cents?|francs?|free|price)\b|\d[.,]\d\d\b", re.I),
        (r"\bwhat time\b|\b(?:opening|visiting|business) hours\b|\bwieviel uhr\b|\bum wie viel uhr\b",
         r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]\.?m\b|\bo'clock\b|\b(?:noon|midnight)\b|\bhalf past\b", re.I),
        (r"^when (?:is|does|do|can)\b|^wann\b", _DATE, re.I),
        (r"\b(?:what|which) days?\b", rf"{_DAYS}|\b(?:{_MONTHS})\b", re.I),
        (r"\b(?:what|which) (?:date|month|year)s?\b", _DAY, re.I),
        (r"\bwhen (?:did|was|were|is|will|does|do|can)\b", _DATE, re.I),
        (r"\bhow (?:long|far|tall|high|deep|wide|heavy|fast|hot|big|large|old)\b|\bhow much time\b|\bweigh\b|\bwie (?:lange|lang|hoch|tief|weit|schwer|alt)\b",
         rf"(?:{_NUMBER})[\w.-]*(?: and \w+| \w+)? ?(?:{_UNIT})|\bhalf an? \w+|\ball (?:day|night|year)\b", re.I),
        (r"\bhow much\b", rf"{_NUMBER}|\ban? (?:{_UNIT})", re.I),
        (r"\bhow (?:many|often)\b|\bcu[aá]nt[oa]s?\b|\bcombien\b|\bquant[oi]\b|\bwhat (?:number|percentage|age|temperature|size)\b|\bwie viele?\b|\bwieviele?\b", _NUMBER, re.I),
        (r"\b(?:what|which) colou?r\b|\bwelche farbe\b", rf"\b(?:{'|'.join(COLOUR_WORDS)})\b", re.I),
        (r"^(?:and )?who(?:'s|se)?\b|\b(?:what|which) (?:company|person|man|woman|name)\b|\bnames?\b|\bcalled\b|^wer\b|\bheißt\b",
         r"(?<![.!?:\"] )(?<!^)\b[A-Z][a-z]{2,}|\b[A-Z]{3,}\b", 0),
        (r"^(?:and |from |to )?where\b|\b(?:what|which) (?:city|town|country|place|room|street|village)\b|^wo\b",
         r"\b(?:in|at|on|near|from|to|by|behind|under|between|outside|inside|beside|around|next|street|road)\b", re.I),
        (r"\bwhy\b|\breason\b|\bwarum\b", r"\b(?:because|since|so that|in order to|due to|thanks to|therefore|reason|as)\b", re.I),
        (r"^how (?:do|does|can|to|should)\b|\bwhat (?:are the )?steps\b|^wie\b",
         r"\b(?:click|press|select|open|choose|drag|use|using|go|type|hold|add|set|by|first|then|put|take|make|turn)\b", re.I),
    )
)  # fmt: skip
"""Types by precedence: the first that is asked for counts."""
LOOKS_ALONE = TYPES[:-4]
"""Those whose answers are known by how they look."""


def asked_type(question: str) -> AnswerType | None:
    """The type that a question asks for; None where it names none."""
    text = question.lower()
    return next((one for one in TYPES if one.asks.search(text)), None)


def holds_type(question: str, said: str) -> float:
    """1 for words that hold what a question asks for and it lacks, -1 for others, 0 if untyped."""
    if (asked := asked_type(question)) is None:
        return 0.0
    known = set(stems(question))
    rest = " ".join(w if set(stems(w)) - known or not stems(w) else "_" for w in said.split())
    return 1.0 if asked.holds.search(rest) else -1.0 if asked.must_hold else 0.0
