"""Numbers in words: a table of single words, and the conversion of composed ones to digits."""

import re
from importlib import import_module
from typing import Any

_SMALL = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty"""
_TENS = "thirty forty fifty sixty seventy eighty ninety"
NUMBERS = {
    **{word: n for n, word in enumerate(_SMALL.split())},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), 3)},
}
"""Numbers of one word, up to ninety."""
NUMBER_WORD = "|".join(sorted(NUMBERS, key=len, reverse=True))
"""Pattern of a number of one word."""
LARGE = "hundred|thousand|million|billion"
_AND = "|".join(rf"(?<={large})\s+and\s+" for large in LARGE.split("|"))
_ONE = f"(?:{NUMBER_WORD}|{LARGE})"
_SOME = rf"(?<!half )(?<!quarter of )an?\s+(?:{LARGE})"
COMPOSED = (
    rf"\b(?:(?:{_SOME}|{NUMBER_WORD}|(?<!\d )(?<!half a )(?:{LARGE}))"
    rf"(?:(?:{_AND}|\s+point\s+|\s+|-){_ONE}){{1,9}}|{_SOME})\b"
)
"""Pattern of several words that may be one number: not of the last word of "3 million"."""
_NUMBERS = re.compile(COMPOSED, re.IGNORECASE)
_YEAR = re.compile(r"\b(1[89]|20) (\d\d)\b")


def in_digits(text: str) -> str:
    """Convert composed numbers to digits: twenty-six, a hundred and two, nineteen ten."""
    return _NUMBERS.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    package: Any = import_module("text_to_num")
    said = re.sub(r"^an?\s+", "", match[0], flags=re.IGNORECASE)
    written = _YEAR.sub(r"\1\2", package.alpha2digit(said, "en", 0))
    alone = len(written.split()) == len(re.findall(_ONE, said, re.IGNORECASE))
    return match[0] if alone and " " in written else written
