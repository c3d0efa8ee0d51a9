"""Tokens for search: surface forms, stems and stop words."""

import re
import unicodedata
from functools import lru_cache
from importlib import import_module
from typing import Any

from tools.text.clean import word_set
from tools.text.numbers import NUMBERS

_Stemmer: Any = import_module("Stemmer").Stemmer  # it has no types
_WORD = re.compile(r"[a-z]\+\+|[a-z]#|\d+(?:[.:,/]\d+)+|[^\W_]+(?:'[^\W_]+)*")
_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")  # written without spaces
_SHORTENED = re.compile(r"n't$|'(?:s|re|ll|ve|d|m)$")
_STOP_WORDS = word_set("""
a about after against all also am among an and any are as at be because been before being between
but by can cannot could did do does during each for from get gets getting got had has have having
he her here him his how i if in into is it its just let like me might more most much must my no
not of off on only or our out over own shall she should since so some such than that the their
them then there these they this those through to too toward towards until up upon us very via was
we were what when where which while who whom whose why will with within would you your""")
_QUESTION_WORDS = word_set("""
anybody anyone anything appear appearing appears called clip describe described digit discussed
done ever every everything exactly explain explained explains find first footage frame frames
happen happened happening happens hear heard kind last letter main many may mean means mention
mentioned mentions moment moments movie name named number part person picture please recording
said say saying says scene screen second seconds see seen show showed showing shown shows someone
something speak speaker spoken talk talked talking talks tell tells thing things time times told
use used video videos visible want went word words written""")
"""Words that questions are made of, and do not ask for."""
_IRREGULAR = str.split("""
laid lay made make took take taken take gave give given give fell fall fallen fall came come ran
run drove drive driven drive drawn draw drew draw broke break broken break sat sit stood stand
wrote write ate eat eaten eat built build bought buy caught catch held hold kept keep lost lose
met meet paid pay sold sell sent send spent spend taught teach thought think won win wore wear
worn wear threw throw thrown throw flew fly flown fly grew grow grown grow knew know known know
began begin begun begin chose choose chosen choose rose rise became become brought bring led lead
men man women woman children child feet foot teeth tooth mice mouse fought fight swam swim sang
sing sung sing slept sleep felt feel hid hide hidden hide stole steal stolen steal
""")
"""Irregular forms, each with its base after it."""
_BASES = {
    **dict(zip(_IRREGULAR[::2], _IRREGULAR[1::2], strict=True)),
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
    """Stem of an English word, the same for all of its forms and spellings."""
    word = _BASES.get(word, word)
    for pattern, american in _SPELLING:
        word = pattern.sub(american, word)
    # A new stemmer each time, as it keeps the word in itself and threads would share it.
    return str(_Stemmer("english", 0).stemWord(word)) if word.isascii() else word


def surface_forms(text: str) -> list[str]:
    """Words of a text as they stand, in lower case, without accents and shortened words."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).lower()
    plain = re.sub("[\u0300-\u036f]", "", plain)
    plain = _WIDE.sub(r" \1 ", unicodedata.normalize("NFC", plain))
    return [_SHORTENED.sub("", word) for word in _WORD.findall(plain)]


def stems(text: str) -> list[str]:
    """Stems of a text without stop words; numbers and single letters stay."""
    return [stem(word) for word in surface_forms(text) if word not in _STOP_WORDS]


def content_words(question: str) -> list[str]:
    """Words that a question asks for, as they stand in it, each once."""
    asked, spare = asked_words(question)
    return asked or spare


def asked_words(question: str) -> tuple[list[str], list[str]]:
    """Words that a question asks for, and those that questions are made of, each once."""
    asked: dict[str, str] = {}
    spare: dict[str, str] = {}
    for word in surface_forms(question):
        if word not in _STOP_WORDS:
            (spare if word in _QUESTION_WORDS else asked).setdefault(stem(word), word)
    return list(asked.values()), list(spare.values())
