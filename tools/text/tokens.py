"""The words of a text as search compares them: no small ones, forms and spellings made one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from Stemmer import Stemmer  # pyright: ignore[reportUnknownVariableType]  # has no types

from tools.text.numbers import NUMBERS

_WORD = re.compile(r"[a-z]\+\+|[a-z]#|\d+(?:[.:,/]\d+)+|[^\W_]+(?:'[^\W_]+)*")
_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")  # written without spaces
_SHORTENED = re.compile(r"n't$|'(?:s|re|ll|ve|d|m)$")
_STOP_WORDS = """
a about after against all also am among an and any are as at be because been before being between
but by can cannot could did do does during each for from get gets getting got had has have having
he her here him his how i if in into is it its just let like me might more most much must my no
not of off on only or our out over own shall she should since so some such than that the their
them then there these they this those through to too toward towards until up upon us very via was
we were what when where which while who whom whose why will with within would you your
"""
# What questions are made of, and not what they ask for.
_QUESTION_WORDS = """
anybody anyone anything appear appearing appears called clip describe described digit discussed
done ever every everything exactly explain explained explains find first footage frame frames
happen happened happening happens hear heard kind last letter main many may mean means mention
mentioned mentions moment moments movie name named number part person picture please recording
said say saying says scene screen second seconds see seen show showed showing shown shows someone
something speak speaker spoken talk talked talking talks tell tells thing things time times told
use used video videos visible want went word words written
"""
_STOP = frozenset(_STOP_WORDS.split())
_FURNITURE = frozenset(_QUESTION_WORDS.split())
_IRREGULAR = """
laid lay made make took take taken take gave give given give fell fall fallen fall came come ran
run drove drive driven drive drawn draw drew draw broke break broken break sat sit stood stand
wrote write ate eat eaten eat built build bought buy caught catch held hold kept keep lost lose
met meet paid pay sold sell sent send spent spend taught teach thought think won win wore wear
worn wear threw throw thrown throw flew fly flown fly grew grow grown grow knew know known know
began begin begun begin chose choose chosen choose rose rise became become brought bring led lead
men man women woman children child feet foot teeth tooth mice mouse fought fight swam swim sang
sing sung sing slept sleep felt feel hid hide hidden hide stole steal stolen steal
"""
_PAIRS = [str(word) for word in _IRREGULAR.split()]
_BASES = {
    **dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)),
    **{word: str(number) for word, number in NUMBERS.items()},
}
_SPELLING = (
    (re.compile(r"(?<=[a-z]{3})is(e[drs]?|es|ers|ing|ations?)$"), r"iz\1"),
    (re.compile(r"(?<=[a-z]{3})our(s|ed|ing|ful|less|ite|ites)?$"), r"or\1"),
    (re.compile(r"(?<=[a-z]{3})tre(s?)$"), r"ter\1"),
    (re.compile(r"^grey(s|ish)?$"), r"gray\1"),
)


@lru_cache(100_000)
def stem(word: str) -> str:
    """What a word has in common with its other forms and spellings."""
    word = _BASES.get(word, word)
    for pattern, american in _SPELLING:
        word = pattern.sub(american, word)
    # A new stemmer each time, as it keeps the word in itself and threads would share it.
    return str(_snowball().stemWord(word)) if word.isascii() else word


def _snowball() -> Any:
    return Stemmer("english", 0)  # pyright: ignore[reportUnknownVariableType]


def surfaces(text: str) -> list[str]:
    """The words of a text in lower case, accents and shortened words removed, as they stand."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).lower()
    plain = re.sub("[\u0300-\u036f]", "", plain)
    plain = _WIDE.sub(r" \1 ", unicodedata.normalize("NFC", plain))
    found: list[str] = _WORD.findall(plain)
    return [_SHORTENED.sub("", word) for word in found]


def stems(text: str) -> list[str]:
    """The stems of a text, without what carries no meaning; numbers and single letters stay."""
    return [stem(word) for word in surfaces(text) if word not in _STOP]


def content_words(question: str) -> list[str]:
    """The words that a question asks for, as they stand in it, each once."""
    found, spare = asked_words(question)
    return found or spare


def asked_words(question: str) -> tuple[list[str], list[str]]:
    """The words that a question asks for, and those it mostly asks with, each once."""
    found: dict[str, str] = {}
    spare: dict[str, str] = {}
    for word in surfaces(question):
        if word not in _STOP:
            (spare if word in _FURNITURE else found).setdefault(stem(word), word)
    return list(found.values()), list(spare.values())
