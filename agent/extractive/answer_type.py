"""What kind of thing a question asks for, and whether a text holds one: a day, a length, a place.

"When is it open?" is not answered by what says that it is open.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from agent.extractive.query import Plan
from tools.text.numbers import LARGE, NUMBER_WORD
from tools.text.tokens import stem, stems

_NUMBER = re.compile(
    rf"\d|\b(?:{NUMBER_WORD}|{LARGE}|once|twice|half|dozen|first|second|third)\b", re.I
)
_MOMENT = (
    r"(?!.*\b(?:shown|appears?|mention\w*|said|says?|seen|visible|displayed|on screen|talk\w*)\b)"
)
"""What follows where "at what time?" means the moment of the video, and no time of day."""
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|often|far|heavy|tall|high|deep|wide|old|fast|big|large|long)\b|"
    r"\bwhat (?:year|number|percentage|price|age|height|weight|speed|distance|temperature)\b|"
    rf"\b(?:at )?what time\b{_MOMENT}|\bwhich year\b|\bwhat date\b"
)
_COLOUR = re.compile(
    r"\b(?:red|orange|yellow|green|blue|purple|violet|pink|brown|black|white|gr[ae]y|gold(?:en)?|"
    r"silver|cyan|turquoise|beige)\b",
    re.I,
)
_ASKS_COLOUR = re.compile(r"\b(?:what|which) colou?r\b")
_CAUSE = re.compile(
    r"\b(?:because|since|due to|so that|in order to|therefore|reason|thanks to|as a result|"
    r"that's why|caused? by|to \w+)\b|(?:^|, )as\b",
    re.I,
)
_ASKS_WHY = re.compile(r"\bwhy\b|\bwhat(?:'s| is| was) the reason\b|\bfor what reason\b")
_MONEY = re.compile(
    r"[$€£¥]|\b\d+[.,]\d\d\b|\b(?:dollars?|euros?|pounds?|cents?|yen|francs?|free|price|costs?)\b",
    re.I,
)
_ASKS_MONEY = re.compile(
    r"\bhow much (?:does|do|did|is|are|was|were)\b|\bprice\b|\bcosts?\b|\bpay\b"
)
_PAID = re.compile(r"\b(?:cost|price|pay|fee|ticket|buy|sell|sold|charg)")

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_YEAR = r"\b1[0-9]\d\d\b|\b20\d\d\b"
_TIME = re.compile(
    rf"\b\d{{1,2}}[:.]\d\d\b|{_YEAR}|\b(?:noon|midnight|morning|evening|night|{_MONTHS})\b", re.I
)
_KINDS: tuple[tuple[re.Pattern[str], frozenset[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asks), frozenset(words.split()), re.compile(answers, re.I))
    for asks, words, answers in (
        (r"\b(?:what|which) days?\b|\bday of the week\b", "day days week weekday",
         r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\bweekends?\b"),
        (r"\b(?:what|which) months?\b", "month months", rf"\b(?:{_MONTHS})\b"),
        (r"\b(?:what|which) years?\b", "year years", _YEAR),
        (r"\b(?:what|which) date\b", "date", rf"{_YEAR}|\b(?:{_MONTHS})\b"),
        (rf"\b(?:at )?(?:what|which) times?\b{_MOMENT}|\bclock (?:show|say|read)s?\b|"
         r"\b(?:what|open|opening|business|visiting) hours?\b",
         "time times hour hours clock o'clock",
         r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]\.?m\b|\bo'clock\b|\bnoon\b|\bmidnight\b"),
    )
)  # fmt: skip
"""What a question asks for by kind, the words that only name the kind, and how it looks."""
_COUNTED = rf"(?:{_NUMBER.pattern})[\w-]*(?: and \w+| \w+)? "
_MEASURED = tuple(
    (re.compile(asks), re.compile(answers, re.I))
    for asks, answers in (
        (r"\bhow old\b|\b(?:what|the) age\b", r"\b(?:age[ds]?|old|born|turn(?:s|ed) \w+)\b"),
        (r"\bfavou?rite\b|\b(?:like|love|enjoy)s?\b.*\b(?:best|most)\b|"
         r"\b(?:food|dish|meal|drink)\b.*\blikes?\b",
         r"\b(?:lik(?:e|ing)|lov(?:e|ing)|enjoy|favou?rite|prefer|fond|best)"),
        (r"\blooks? like\b", rf"\blook|\bcolou?r|\bshape|{_COLOUR.pattern}"),
        (r"\bwhat material\b|\bwhich material\b|\bmade of\b",
         r"\b(?:made|built|carved|cast|woven)\b.*\b(?:of|from)\b|"
         r"\b(?:consist\w*|wood\w*|metal|plastic|steel)\b"),
        (r"\bhow long (?:does|do|did|will|is|was|has)\b|\bhow much time\b",
         rf"(?:{_COUNTED}|(?<!times )\b(?:an?|half an) )(?:second|minute|hour|day|week|month|year|"
         r"met|feet|mile|kilomet)|\ball (?:day|night|year)\b"),
        (r"\bhow (?:tall|high|deep|wide)\b", rf"{_COUNTED}(?:met|cm|feet|foot|ft|inch|stor)"),
        (r"\bhow heavy\b|\bweigh(?:s|t of)?\b", rf"{_COUNTED}(?:ton|kilo|kg|gram|pound|lbs?)"),
    )
)  # fmt: skip
"""What a question measures, and what a measure of that kind looks like."""
_ASKS_PLACE = re.compile(
    r"\bwhere\b.*\b(?:live|located|situated|made|built|born|based|stand\w*|comes? from)\b|"
    r"\b(?:what|which) (?:city|town|country|state|place|village)\b|"
    r"\bin (?:what|which) (?:room|building)\b"
)
PLACE = re.compile(r"\b(?:in|at|on|near|from|to|of) (?:\w+ )?[A-Z]")
_SOMEWHERE = re.compile(
    r"\b(?:in|at|on|near|from|to|by|behind|under|between|outside|inside|around|home|"
    r"street|road|square|avenue|lane)\b",
    re.I,
)
_PARTS = re.compile(r"\b\d+[.,]\d{1,2}\b")
"""A number of things has none."""
_ASKS_SURNAME = re.compile(r"\bsurname\b|\b(?:last|family|full) name\b")
_SURNAME = re.compile(r"\b[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+")
_ASKS_NAME = re.compile(r"\bnames?\b|\bcalled\b|\bnamed\b")
NAME = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][a-z]{2,}|^[^a-z]*[A-Z]{3,}[^a-z]*$")
_HEAD = re.compile(
    r"\b(?:how many|how much|which|what)\s+"
    r"(?!(?:is|are|was|were|does|do|did|has|have|had|can|will)\b)(\w+)(?:\s+(?:of\s+|and\s+)?(\w+))?"
)


_TYPES = tuple(
    (re.compile(asks), frozenset(words.split()))
    for asks, words in (
        (r"\b(?:what|which) (?:city|town|village|country)\b", "city town village country"),
        (r"\bin (?:what|which) (?:room|building|place)\b", "room building place"),
        (
            r"\b(?:what|which) (?:food|dish|meal|drink)\b.*\b(?:best|most|like|likes)\b",
            "food dish meal drink",
        ),
        (r"\b(?:where|in (?:what|which) \w+)\b.*\bmade\b", "made"),
        (r"\bprice\b|\bcosts?\b|\bpay\b", "price cost costs pay"),
        (r"\bwhat age\b|\bage of\b|\bhow old\b", "age old"),
        (r"\b(?:what|which) material\b|\bmade of\b", "material made"),
        (r"\bhow heavy\b|\bweight of\b|\bweighs?\b", "heavy weight weigh weighs"),
    )
)
"""More that only names the kind, where `fits` looks whether a text holds it."""
_FAVOURITE = re.compile(r"\bfavou?rite (\w+)")


def sought(plan: Plan) -> tuple[str, ...]:
    """The words of a plan without those that only name the kind of its answer, such as "year"."""
    text = plan.question.lower()
    kinds = {word for asks, words, *_ in (*_KINDS, *_TYPES) if asks.search(text) for word in words}
    kinds.update(_FAVOURITE.findall(text))
    return tuple(word for word in plan.words if word not in kinds) or plan.words


def names_kind(question: str) -> bool:
    """Whether a question says what kind of thing answers it: a day, a month, a year, a time."""
    return any(asks.search(question.lower()) for asks, _, _ in _KINDS)


def holds_kind(question: str, said: str) -> bool:
    """Whether a question names the kind of its answer, and a text holds one."""
    asked = question.lower()
    return any(asks.search(asked) and answers.search(said) for asks, _, answers in _KINDS)


def holds_time(question: str, said: str) -> bool:
    """Whether a question asks when, and a text names a time, a month or a year."""
    return bool(re.search(r"\bwhen\b", question.lower()) and _TIME.search(said))


def heads(question: str) -> set[str]:
    """What is counted or chosen: "channel" in "which radio channel is it?", and the word before."""
    found = _HEAD.finditer(question.lower())
    return {word for match in found for word in match.groups() if word}


def holds_number(question: str, said: str) -> bool:
    """Whether a number answers a question, and a text names one."""
    return bool(_ASKS_NUMBER.search(question.lower()) and _NUMBER.search(said))


def asks_place(question: str) -> bool:
    """Whether the name of a place is asked for."""
    return bool(_ASKS_PLACE.search(question.lower()))


_BECAUSE = re.compile(
    r"\b(?:because|since|so that|in order to|due to|thanks to|therefore|reason|that's why)\b", re.I
)
"""A cause said outright: in a passage, "to keep" is none."""
_ASKS_CALLED = re.compile(r"\bcalled\b|\bnames?\b")
_CALLED = re.compile(r"(?:\b(?:[Cc]alled|[Nn]amed|[Nn]ame(?:'s| is| was)?)|,) (?:\w+ )?[A-Z]")
_ASKS_WHO = re.compile(
    r"^(?:and )?who(?:'s|se)?\b|\b(?:which|what) (?:company|firm|person|man|woman)\b"
)
_ASKS_MOMENT = re.compile(
    r"^(?:when|where|at what (?:point|time|moment)) (?:do|does|did) (?:\w+ ){1,3}?(?:talk|mention|"
    r"discuss|explain|say|speak|bring|tell)\b"
)
_ASKS_DATE = re.compile(r"\bwhen (?:did|was|were|is|will)\b")


def adds_kind(question: str, said: str) -> bool | None:
    """Whether words hold a name, a time, a number that is asked for and the question lacks.

    None where nothing of the kind is asked for.
    """
    text = question.lower()
    if not _asks_kind(text):
        return None
    known = set(stems(question))
    known -= {stem(word) for word in ("called", "named", "name")}  # what a name stands behind
    new = [word if set(stems(word)) - known or not stems(word) else "_" for word in said.split()]
    rest = " ".join(new)
    if _ASKS_CALLED.search(text):
        return bool(_CALLED.search(rest))
    if _ASKS_WHO.search(text):
        return bool(NAME.search(rest))
    if _ASKS_DATE.search(text):
        return bool(_TIME.search(rest))
    if _ASKS_WHY.search(text):
        return bool(_BECAUSE.search(said))
    return fits(question, said, rest, ())


@lru_cache(64)
def _asks_kind(question: str) -> bool:
    """True if a question, in small letters, asks for a name, a time, a number, a cause."""
    typed = [_ASKS_NUMBER, _ASKS_COLOUR, *(asks for asks, *_ in (*_KINDS, *_MEASURED))]
    kinds = (_ASKS_CALLED, _ASKS_WHO, _ASKS_DATE, _ASKS_WHY, *typed)
    return not _ASKS_MOMENT.search(question) and any(one.search(question) for one in kinds)


def fits(question: str, said: str, rest: str, near: Sequence[str]) -> bool:
    """Whether a text holds the kind of thing asked for: a number, a colour, a cause.

    rest is the text without the words of the question; near is said just before and after.
    """
    text = question.lower()
    for ours, theirs in (("first", "last"), ("last(?! name)", "first")):
        if re.search(rf"\b{ours}\b", text) and re.search(rf"\b{theirs}\b", said, re.I):
            return False
    for asks, _, answers in _KINDS:
        if asks.search(text):
            return bool(answers.search(said))
    if _ASKS_MONEY.search(text) and _PAID.search(text):
        return bool(_MONEY.search(said))
    for asks, answers in _MEASURED:
        if asks.search(text):
            return bool(answers.search(said))
    if _ASKS_NUMBER.search(text):
        return bool(_NUMBER.search(_PARTS.sub(" ", rest) if "how many" in text else rest))
    if _ASKS_PLACE.search(text) and not _SOMEWHERE.search(said):
        return False
    if _ASKS_SURNAME.search(text):
        return bool(_SURNAME.search(said))
    if _ASKS_NAME.search(text):
        return bool(NAME.search(said))
    if _ASKS_COLOUR.search(text):
        return bool(_COLOUR.search(said))
    if _ASKS_WHY.search(text):
        return any(_CAUSE.search(other) for other in (said, *near))
    return True
