"""Words, numbers, quotations and times of a sentence, for comparison."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tools.text.clean import without_controls, word_set
from tools.text.numbers import COMPOSED, LARGE, NUMBER_WORD, NUMBERS, in_digits
from tools.text.tokens import stem

NEGATORS = word_set("""
    not no never none nothing nobody nowhere neither nor without cannot dont doesnt didnt isnt
    arent wasnt werent wont cant couldnt shouldnt wouldnt hasnt havent hadnt aint mustnt neednt
    deny denies denied doubt doubts refuse refuses refused fail fails failed hardly barely rarely
    seldom false untrue wrong opposite
    nicht kein keine keinen nie niemals pas jamais nunca""")
LONE_NUMBERS = frozenset({"1"})
"""Numbers that stand in running text without counting anything."""
_STOP_WORDS = word_set("""
    a an and are as at be been being but by can could did do does for from had has have he her
    here his i if in into is it its of on one or she so than that the their them then there these
    they this those to too was we were what when where which while who will with would you your
    about after again also around before between during first last later next second third until
    appear appears occur occurs once appearing beginning clip end ends frame frames hear heard
    image images mention mentioned mentions min minute minutes moment picture pictures read reads
    said saw say saying says scene scenes screen second seconds see seen show shown shows sentence
    slide speaker speakers spoken start starts text time times video videos voice word words written
    according describe describes described explain explains explained note notes noted state
    states stated takes took lasts lasted talk talks talked talking tell tells told""")
_UNITS_OF_MEASURE = {
    form: forms.split()[0]
    for forms in (
        "second seconds sec secs s", "minute minutes min mins", "hour hours hr hrs h",
        "kilometre kilometres kilometer kilometers km kms", "metre metres meter meters m",
        "centimetre centimetres centimeter centimeters cm", "foot feet ft", "inch inches",
        "millimetre millimetres millimeter millimeters mm", "mile miles mi",
        "kilo kilos kilogram kilograms kilogramme kilogrammes kg kgs",
        "gram grams gramme grammes g",
        "tonne tonnes ton tons t", "litre litres liter liters l", "millilitre milliliter ml",
        "percent", "degree degrees", "euro euros eur", "dollar dollars usd buck bucks",
        "pound pounds gbp quid lb lbs", "franc francs chf", "cent cents", "day days", "week weeks",
    )
    for form in forms.split()
}  # fmt: skip
"""Canonical name of a unit, by its forms; short ones are units only after a number."""
_OF_OTHERS = {
    "hour": (60, "minute"), "day": (1440, "minute"), "week": (10080, "minute"),
    "fortnight": (20160, "minute"), "tonne": (1000, "kilo"),
    "kilometre": (1000, "metre"), "centimetre": (0.01, "metre"), "millimetre": (0.001, "metre"),
    "gram": (0.001, "kilo"), "millilitre": (0.001, "litre"),
}  # fmt: skip
"""Units in terms of others."""
_SHARES: tuple[tuple[list[str], float], ...] = (
    (["3", "quarters", "of"], 0.75), (["quarter", "of"], 0.25), (["half"], 0.5), (["1"], 1.0),
    (["one"], 1.0), ([], 1.0),
)  # fmt: skip
"""What stands before "an hour", and how much of it there is."""
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|one")
_MINUTES = re.compile(r"[1-5][0-9]")
_SIGNS = {"%": "percent", "€": "euro", "$": "dollar", "£": "pound", "°": "degree"}
_SIGNED = re.compile(r"([€$£])\s?(\d[\d.,]*\d|\d)|(?<=\d)\s?([%€$£°])")
_ATTACHED = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?)(?=(?:[a-z]{1,4})\b)")
_HOUR = rf"({NUMBER_WORD}|\d{{1,2}})"
_NOON = re.compile(r"\b(?:noon|midday)\b")
_DIAL = re.compile(
    rf"\b(half|quarter|{NUMBER_WORD}|\d{{1,2}})(?: minutes)? past {_HOUR}\b"
    rf"|\bquarter to {_HOUR}\b|\b{_HOUR} o['\u2019 ]?clock\b"
)
_ORDINALS = {
    **{re.sub("[te]$", "", re.sub("ve$", "f", re.sub("y$", "ie_", word))).strip("_") + "th": word
       for word in (*NUMBERS, *LARGE.split("|")) if word not in ("one", "two", "three")},
    "-first": "-one", "-second": "-two", "-third": "-three",
}  # fmt: skip
_ORDINAL = re.compile(rf"(?:\b|(?=-))(?:{'|'.join(_ORDINALS)})\b|(?<=\d)(?:st|nd|rd|th)\b")
"""A number in a row: the fourteenth, the 14th; first, second and third are more than that."""
_OFTEN = {"twice": "two", "thrice": "three"}
_REPEATED = re.compile(r"\b(?:twice|thrice)\b")
_SHORT_YEAR = re.compile(r"(?<!\w)['\u2019](\d\d)(?!\w)")
"""A year of two digits: '95."""
_BETWEEN_UNIT = re.compile(r"\b(\d+|one) (pound|dollar|euro|metre|franc)s? (\d\d)\b")
"""Price or height as it is said: five pounds eighty."""
_DECADE = re.compile(
    r"\b(?:the|late|early|mid)[ -]+(?:\d\d)?\d0['\u2019]?s\b|\b(?:1\d|20)\d0['\u2019]?s\b", re.I
)
"""Decades: no seconds."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\d+(?:[.,:]\d+)*(?![^\W_])|[^\W_]+")
_INFLECTIONS = word_set("s es ed d ing e y ies ied ying er est") | {""}
_QUOTE = re.compile(
    r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|「([^」]+)」|(?<!\w)['\u2018](.{2,}?)['\u2019](?!\w)"
)
_THE_LARGE = re.compile(rf"(?<=\bthe )(?:{LARGE})\b")
_CLOCK = r"(?<![\w:.])(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,3}):(?P<s>[0-5]\d(?:[.,]\d{1,3})?)(?!\w|:\d)"
_COUNT = rf"(?:\d+(?:\.\d+)?|{COMPOSED}|{NUMBER_WORD})"
_UNITS = (
    rf"(?<![\w.])(?={_COUNT})(?:(?P<uh>{_COUNT})[\s-]*(?:hours?|hrs?|h)\b,?\s*(?:and\s+)?)?"
    rf"(?:(?P<um>{_COUNT})[\s-]*(?:(?:minutes?|mins?|minuten?|minutos?)\b|m(?=\s*\d)),?\s*"
    rf"(?:and\s+)?)?"
    rf"(?:(?:(?P<lo>{_COUNT})\s*(?:[-\u2013\u2014]|to|until|bis)\s*)?"
    rf"(?P<us>{_COUNT})[\s-]*(?:seconds?|secs?|s|sekunden?|secondes?|segundos?)\b)?"
)
_TIME = re.compile(f"{_CLOCK}|{_UNITS}", re.IGNORECASE)
_JOINED = re.compile(r"\s*(?:-|\u2013|\u2014|to|until|till|bis|and)\s*(?:at\s+)?", re.IGNORECASE)
_INTRODUCED = re.compile(r"\b(at|around|near|from|by|@)\s*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|zwischen|until|till|before|after)\s*$", re.IGNORECASE)
_LASTS = re.compile(
    r"\b(?:for|lasts?|lasting|lasted|takes?|took|taking|during|within|every|over|than|another|runs?"
    r"|(?:length|duration)(?: of| is)?:?)\s+(?:about|around|roughly|only|just|exactly|\w+ly)?\s*$",
    re.IGNORECASE,
)
_LONG = re.compile(r"[\s-]*(?:long|later|earlier|apart|of|each|in length|after|before)\b", re.I)


@dataclass(frozen=True)
class Time:
    """Time or length of time in a sentence, in seconds.

    `words` are its own: evidence may speak of times, too. `place` is where it stands in the text,
    with the preposition before it.
    """

    start: float
    end: float
    is_length: bool
    words: tuple[str, ...]
    place: tuple[int, int]


def words(text: str) -> list[str]:
    """Words for comparison: one case, one form of each letter, numbers in digits."""
    return list(_words(text))


@lru_cache(maxsize=4096)  # a check compares the same passages many times
def _words(text: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", text).casefold().replace("-and-", " and ")
    text = in_digits(_ORDINAL.sub(lambda match: _ORDINALS.get(match[0], ""), text))
    text = _THE_LARGE.sub(lambda match: in_digits(f"a {match[0]}"), text)
    text = _DIAL.sub(_clock_time, _NOON.sub("12:00", text.replace("per cent", "percent")))
    text = _REPEATED.sub(lambda match: f"{_OFTEN[match[0]]} times", text)
    text = _SHORT_YEAR.sub(lambda m: ("19" if int(m[1]) >= 30 else "20") + m[1], text)
    text = _SIGNED.sub(lambda m: f"{m[2]} {_SIGNS[m[1]]} " if m[1] else f" {_SIGNS[m[3]]} ", text)
    text = _ATTACHED.sub(_detached, text)
    text = re.sub(r"(?<=\w)['\u2019](?=\w)", "", text)
    found = [_number(word) for word in _WORD.findall(without_controls(text))]
    units = [
        _UNITS_OF_MEASURE.get(word, word) if before[:1].isdigit() else word
        for before, word in zip(["", *found], found, strict=False)
    ]
    return tuple(_BETWEEN_UNIT.sub(_decimal, " ".join(units)).split())


def measured(found: Sequence[str]) -> list[str]:
    """Words with quantities in one unit of a kind: half an hour is 30 minutes, 2 km 2000 metres."""
    result: list[str] = []
    for word in found:
        unit = _UNITS_OF_MEASURE.get(word, word)
        factor, unit = _OF_OTHERS.get(unit, (1.0, unit))
        last = result[-1] if result else ""
        if _PLAIN.fullmatch(last) and factor != 1.0:
            result[-1:] = [f"{float(last.replace('one', '1')) * factor:.12g}", unit]
        elif last in ("a", "an") and len(word) > 2 and (factor != 1.0 or word in _UNITS_OF_MEASURE):
            share, much = next((s, m) for s, m in _SHARES if result[-1 - len(s) : -1] == s)
            result[-1 - len(share) :] = [f"{much * factor:.12g}", unit]
        elif last.isdigit() and result[-2:-1] == ["at"] and _MINUTES.fullmatch(word):
            result[-1:] = [f"{last}:{word}"]
        else:
            result.append(word)
    return result


def clock_forms(word: str) -> set[str]:
    """A time of day as it may be written: 20:30 is half past eight, 8:00 is eight."""
    hour, _, minutes = word.partition(":")
    if not re.fullmatch(r"\d{1,2}(?::\d\d)?", word) or int(hour) > 24:
        return {word}
    hours = {int(hour) + turn for turn in (-12, 0, 12) if 0 <= int(hour) + turn <= 24}
    forms = {f"{one}:{minutes or '00'}" for one in hours}
    return forms | ({str(one) for one in hours} if minutes in ("", "00") else set())


def _decimal(match: re.Match[str]) -> str:
    return f"{match[1].replace('one', '1')}.{match[3]} {match[2]}"


def _detached(match: re.Match[str]) -> str:
    """A number apart from the unit that is written onto it: 20min, 3kg."""
    unit = match.string[match.end() :]
    unit = unit[: len(unit) - len(unit.lstrip("abcdefghijklmnopqrstuvwxyz"))]
    return f"{match[1]} " if unit in _UNITS_OF_MEASURE and unit != "s" else match[1]


def _clock_time(match: re.Match[str]) -> str:
    """Time of day as the dial is read: half past nine is 9:30."""
    part, past, to, full = match.groups()
    hour = _number(past or to or full)
    minutes = {"half": "30", "quarter": "15"}.get(part) or _number(part or "zero")
    if not (hour.isdigit() and minutes.isdigit()):  # "one" counts nothing
        hour, minutes = hour.replace("one", "1"), minutes.replace("zero", "0")
    at = 60 * (int(hour) if hour != "1" or not to else 13) + (-15 if to else int(minutes))
    return f"{at // 60}:{at % 60:02}"


def _number(word: str) -> str:
    if re.fullmatch(r"\d{1,3}(,\d{3})+", word):
        word = word.replace(",", "")
    word = re.sub(r"^(\d+)\.0+$", r"\1", re.sub(r"^(\d+)k$", r"\g<1>000", word))
    number = 12 if word == "dozen" else NUMBERS.get(word, 0)
    return str(number) if number > 1 else word


def numbers(words: Iterable[str]) -> set[str]:
    """Select the words that are numbers."""
    return {word for word in words if word[0].isdigit()}


def claim_words(words: Iterable[str]) -> set[str]:
    """Select the words that are no numbers, negators or stop words."""
    return set(words) - _STOP_WORDS - NEGATORS - numbers(words)


def same_word(a: str, b: str) -> bool:
    """True for forms of one word: university is none of universe, whose stem is the same."""
    if a == b or stem(a) != stem(b):
        return a == b
    alike = next(
        (n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    ends = {end.removeprefix(a[alike - 1]) for end in (a[alike:], b[alike:])}  # swap, swapped
    return alike < 3 or {a[alike:], b[alike:]} <= _INFLECTIONS or ends <= _INFLECTIONS


def continues(text: str) -> bool:
    """True if a line begins inside a sentence: with a small letter."""
    return text[:1].islower()


def quotes(text: str) -> tuple[list[str], str]:
    """Quotations of a text, and the text without them."""
    quoted = [next(part for part in match.groups() if part) for match in _QUOTE.finditer(text)]
    return quoted, _QUOTE.sub(" ", text)


def times(text: str) -> tuple[list[Time], str]:
    """Times of a text, the ends of a span joined, and the text without them."""
    result: list[Time] = []
    rest, last = "", 0
    masked = _DECADE.sub(lambda match: match[0][:-1] + "_", text)
    for match in _TIME.finditer(masked):
        if not any(match.groupdict().values()):
            continue
        hours, minutes, seconds = (
            _value(match, name) + _value(match, f"u{name}") for name in ("h", "m", "s")
        )
        seconds += 3600 * hours + 60 * minutes
        introduced = _INTRODUCED.search(text, 0, match.start())
        lasts = _LASTS.search(text, 0, match.start()) or _LONG.match(text, match.end())
        is_length = bool(lasts) and not introduced
        own = tuple(words(match[0]))
        before = introduced or _BETWEEN.search(text, 0, match.start())
        place = (before.start() if before else match.start()), match.end()
        between = _JOINED.fullmatch(text, last, match.start()) if result else None
        joins = between and (
            "and" not in between[0].casefold() or re.search(r"\b(?:between|zwischen)\b", rest, re.I)
        )
        rest += text[last : match.start()] + " "
        last = match.end()
        if joins and not result[-1].is_length and result[-1].start == result[-1].end:
            first = result.pop()
            low, high = sorted((first.start, seconds))
            place = first.place[0], match.end()
            result.append(Time(low, high, False, (*first.words, *own), place))
        elif is_length:
            result.append(Time(0.0, seconds, True, own, place))
        else:
            low = seconds - _value(match, "us") + _value(match, "lo") if match["lo"] else seconds
            result.append(Time(low, seconds, False, own, place))
    return result, rest + text[last:]


def _value(match: re.Match[str], name: str) -> float:
    """Number of a group: the last one of words that are no number together (three ten)."""
    text = in_digits((match[name] or "0").casefold()).replace(",", ".")
    last = re.split(r"[\s-]+", text)[-1]
    return float(NUMBERS.get(last, last if last[0].isdigit() else 0))


_CLAUSES = re.compile(
    r"(?<=[.!?;:\u3002\uff01\uff1f])\s+|\n|(?<=,) (?!\w+,)",
    re.IGNORECASE,
)


class WordSequence:
    """Words of a text in order, with the beginnings of its sentences and main clauses."""

    def __init__(self, text: str) -> None:
        self.words: list[str] = []
        self._begins: list[int] = []
        for sentence in _CLAUSES.split(text):
            self._begins.append(len(self.words))
            self.words += words(sentence)

    def find(self, part: Sequence[str], start: int = 0) -> int:
        """Index at which these words stand together, from start on; -1 for none."""
        part, size = list(part), len(part)
        places = range(start, len(self.words) - size + 1)
        return next((at for at in places if self.words[at : at + size] == part), -1)

    def count(self, part: Sequence[str]) -> int:
        """Number of times that these words stand together, without overlaps."""
        count, at = 0, self.find(part)
        while at >= 0:
            count, at = count + 1, self.find(part, at + len(part))
        return count

    def find_all(self, parts: Sequence[Sequence[str]]) -> list[int]:
        """Indexes of these parts, one after another; empty where one of them is missing."""
        places: list[int] = []
        at = 0
        for part in parts:
            at = self.find(part, at)
            if at < 0:
                return []
            places.append(at)
            at += len(part)
        return places

    def negated_before(self, place: int) -> bool:
        """True if one of the three words before it in its sentence is a negator."""
        begin = self._begins[bisect_right(self._begins, place) - 1]
        return not NEGATORS.isdisjoint(self.words[max(begin, place - 3) : place])
