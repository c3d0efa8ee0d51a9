"""What a sentence says, taken apart without a language model: words, numbers, quotes, times."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.text.numbers import COMPOSED, LARGE, NUMBER_WORD, NUMBERS, in_digits

_NEGATORS = """
    not no never none nothing nobody nowhere neither nor without cannot dont doesnt didnt isnt
    arent wasnt werent wont cant couldnt shouldnt wouldnt hasnt havent hadnt aint mustnt neednt
    deny denies denied doubt doubts refuse refuses refused fail fails failed hardly barely rarely
    seldom false untrue wrong opposite
    nicht kein keine keinen nie niemals pas jamais nunca"""
NEGATORS = frozenset(_NEGATORS.split())
LONE_NUMBERS = frozenset({"1"})
"""Numbers that stand in running text without counting anything."""
_IDLE_WORDS = """
    a an and are as at be been being but by can could did do does for from had has have he her
    here his i if in into is it its of on one or she so than that the their them then there these
    they this those to too was we were what when where which while who will with would you your
    about after again also around before between during first last later next second third until
    appear appears occur occurs once appearing beginning clip end ends frame frames hear heard
    image images mention mentioned mentions minute minutes moment picture pictures read reads said
    saw say saying says scene scenes screen second seconds see seen show shown shows sentence slide
    speaker speakers spoken start starts text time times video videos voice word words written
    according describe describes described explain explains explained note notes noted state
    states stated talk talks talked talking tell tells told"""
_IDLE = frozenset(_IDLE_WORDS.split())
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\d+(?:[.,:]\d+)*(?![^\W_])|[^\W_]+")
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
_LASTS = re.compile(
    r"\b(?:for|lasts?|lasting|lasted|takes?|took|taking|during|within|every|over|than|another|runs?"
    r"|(?:length|duration)(?: of| is)?:?)\s+(?:about|around|roughly|only|just|exactly|\w+ly)?\s*$",
    re.IGNORECASE,
)
_LONG = re.compile(r"[\s-]*(?:long|later|earlier|apart|of|each|in length|after|before)\b", re.I)


@dataclass(frozen=True)
class Time:
    """A time that a sentence names, in seconds; lasting is how long, not when."""

    start: float
    end: float
    lasting: bool
    said: tuple[str, ...]
    """Its words, with the "at" before it: evidence may speak of times, too."""


def words(text: str) -> list[str]:
    """Words as they compare: one case, one form of each letter, numbers in digits."""
    text = in_digits(unicodedata.normalize("NFKC", text).casefold())
    text = _THE_LARGE.sub(lambda match: in_digits(f"a {match[0]}"), text)
    text = re.sub(r"(?<=\w)['\u2019](?=\w)", "", text)
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return [_number(word) for word in _WORD.findall(plain)]


def _number(word: str) -> str:
    if re.fullmatch(r"\d{1,3}(,\d{3})+", word):
        word = word.replace(",", "")
    word = re.sub(r"^(\d+)\.0+$", r"\1", re.sub(r"^(\d+)k$", r"\g<1>000", word))
    number = 2 if word == "twice" else NUMBERS.get(word, 0)
    return str(number) if number > 1 else word


def numbers(found: Iterable[str]) -> set[str]:
    """The words that are numbers."""
    return {word for word in found if word[0].isdigit()}


def content_words(found: Iterable[str]) -> set[str]:
    """The words that say something about what was seen or heard."""
    return {w for w in found if w not in _IDLE and w not in NEGATORS and not w[0].isdigit()}


def same_word(a: str, b: str) -> bool:
    """Equal, or equal but for an ending."""
    return a == b or (min(len(a), len(b)) >= 4 and a[:5].rstrip("s") == b[:5].rstrip("s"))


def continues(text: str) -> bool:
    """Whether a line begins inside a sentence: with a small letter."""
    return text[:1].islower()


def quotes(text: str) -> tuple[list[str], str]:
    """What stands between quotation marks, and the text without it."""
    found = [next(part for part in match.groups() if part) for match in _QUOTE.finditer(text)]
    return found, _QUOTE.sub(" ", text)


def times(text: str) -> tuple[list[Time], str]:
    """The times that a text names, spans joined, and the text without them."""
    found: list[Time] = []
    rest, last = "", 0
    for match in _TIME.finditer(text):
        if not match[0].strip() or not any(match.groupdict().values()):
            continue
        seconds = _seconds(match)
        before, after = text[: match.start()], text[match.end() :]
        introduced = _INTRODUCED.search(before)
        said = (introduced[1] if introduced else "") + " " + match[0]
        lasting = bool(_LASTS.search(before) or _LONG.match(after)) and not introduced
        between = _JOINED.fullmatch(text, last, match.start()) if found else None
        joins = between and (
            "and" not in between[0].casefold() or re.search(r"\b(?:between|zwischen)\b", rest, re.I)
        )
        rest += text[last : match.start()] + " "
        last = match.end()
        if joins and not found[-1].lasting and found[-1].start == found[-1].end:
            first = found.pop()
            low, high = sorted((first.start, seconds))
            found.append(Time(low, high, False, (*first.said, *words(match[0]))))
        elif match["lo"] and not lasting:
            low = seconds - _value(match, "us") + _value(match, "lo")
            found.append(Time(low, seconds, False, tuple(words(said))))
        elif lasting:
            found.append(Time(0.0, seconds, True, tuple(words(match[0]))))
        else:
            found.append(Time(seconds, seconds, False, tuple(words(said))))
    return found, rest + text[last:]


def _seconds(match: re.Match[str]) -> float:
    hours, minutes, seconds = (
        _value(match, name) + _value(match, f"u{name}") for name in ("h", "m", "s")
    )
    return 3600 * hours + 60 * minutes + seconds


def _value(match: re.Match[str], name: str) -> float:
    text = in_digits((match[name] or "0").casefold()).replace(",", ".")
    return float(NUMBERS.get(text, text))


class Words:
    """The words of a text in order, and where its sentences begin."""

    def __init__(self, text: str) -> None:
        self.words: list[str] = []
        self._begins: set[int] = set()
        for sentence in re.split(r"(?<=[.!?;:\u3002\uff01\uff1f])\s+|\n", text):
            self._begins.add(len(self.words))
            self.words += words(sentence)

    def find(self, part: Sequence[str], start: int = 0) -> int:
        """Where these words stand together, from start on; -1 for nowhere."""
        part, size = list(part), len(part)
        for at in range(start, len(self.words) - size + 1):
            if self.words[at : at + size] == part:
                return at
        return -1

    def count(self, part: Sequence[str]) -> int:
        """How often these words stand together, without overlaps."""
        found, at = 0, self.find(part)
        while at >= 0:
            found, at = found + 1, self.find(part, at + len(part))
        return found

    def find_all(self, parts: Sequence[Sequence[str]]) -> list[int]:
        """Where these parts stand one after another; empty where one of them is missing."""
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
        """Whether one of the three words before it in its sentence is a "not"."""
        for at in range(place - 1, max(-1, place - 4), -1):
            if at + 1 in self._begins:
                return False
            if self.words[at] in NEGATORS:
                return True
        return False
