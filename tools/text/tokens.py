"""Tokens for search: surface forms, stems and stop words."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from typing import Any
from zlib import crc32

from tools.text.clean import word_set
from tools.text.numbers import NUMBERS

_Stemmer: Any = import_module("Stemmer").Stemmer  # it has no types
_WORD = re.compile(r"[a-z]\+\+|[a-z]#|\d+(?:[.:,/]\d+)+|[^\W_]+(?:'[^\W_]+)*")
_UNSPACED = (
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Chinese characters
    "\uac00-\ud7a3"  # Hangul: spaces stand between phrases there, not words
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u1050-\u108f\u1780-\u17d3"  # Myanmar, Khmer
)
"""Letters and marks of scripts that are written without spaces between words."""
_RUN = re.compile(f"([{_UNSPACED}]+)")
_SHORTENED = re.compile(r"n't$|'(?:s|re|ll|ve|d|m)$")
STOP_WORDS = word_set("""
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
use used video videos visible want wanted wants went word words written""")
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
goes go gone go ground grind bound bind wound wind fed feed bred breed bled bleed sped speed
swept sweep wept weep crept creep dealt deal meant mean lent lend bent bend burnt burn learnt learn
spelt spell spilt spill spoilt spoil shot shoot shone shine struck strike stuck stick hung hang
swung swing spun spin dug dig sank sink sunk sink drank drink drunk drink rang ring rung ring
shook shake shaken shake forgot forget forgotten forget bitten bite woke wake woken wake froze
freeze frozen freeze swore swear sworn swear tore tear torn tear blew blow blown blow
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


STEMMING = crc32(repr((_BASES, _SPELLING)).encode())
"""Number of these rules: stems that were stored by others are made again."""


@lru_cache(100_000)
def stem(word: str) -> str:
    """Stem of an English word, the same for all of its forms and spellings."""
    word = _BASES.get(word, word)
    for pattern, american in _SPELLING:
        word = pattern.sub(american, word)
    # A new stemmer each time, as it keeps the word in itself and threads would share it.
    return str(_Stemmer("english", 0).stemWord(word)) if word.isascii() else word


def surface_forms(text: str) -> list[str]:
    """Words of a text as they stand, in lower case, without accents and shortened words.

    Scripts that are written without spaces have pairs of neighbouring characters for words, as in
    Lucene's CJKAnalyzer; a character that stands alone is one.
    """
    if text.isascii():
        return [_SHORTENED.sub("", word) for word in _WORD.findall(text.lower())]
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).lower()
    plain = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", plain))
    words: list[str] = []
    for place, part in enumerate(_RUN.split(plain)):  # every other part is a run
        if place % 2:
            words += _bigrams(part)
        else:
            words += [_SHORTENED.sub("", word) for word in _WORD.findall(part)]
    return words


def _bigrams(run: str) -> list[str]:
    """Overlapping pairs of characters, each with the marks on it; of one character, itself."""
    letters: list[str] = []
    for one in run:
        if letters and unicodedata.category(one).startswith("M"):
            letters[-1] += one
        else:
            letters.append(one)
    return [one + other for one, other in pairwise(letters)] or letters


def is_character(word: str) -> bool:
    """True if a word is one character of a script without spaces: words there hold it."""
    letters = sum(not unicodedata.category(one).startswith("M") for one in word)
    return letters == 1 and _RUN.fullmatch(word) is not None


def stems(text: str) -> list[str]:
    """Stems of a text without stop words; numbers and single letters stay."""
    return content_stems(surface_forms(text))


def content_stems(words: Iterable[str]) -> list[str]:
    """Stems of the words of a text, without stop words."""
    return [stem(word) for word in words if word not in STOP_WORDS]


def without_stop_words(stems: Iterable[str]) -> list[str]:
    """The stems that are of no stop word."""
    stop = _stop_stems()
    return [one for one in stems if one not in stop]


@lru_cache(1)
def _stop_stems() -> frozenset[str]:
    return frozenset(map(stem, STOP_WORDS))


def content_words(question: str) -> list[str]:
    """Words that a question asks for, as they stand in it, each once."""
    asked, spare = asked_words(question)
    return asked or spare


def asked_words(question: str) -> tuple[list[str], list[str]]:
    """Words that a question asks for, and those that questions are made of, each once."""
    asked: dict[str, str] = {}
    spare: dict[str, str] = {}
    for word in surface_forms(question):
        if word not in STOP_WORDS:
            (spare if word in _QUESTION_WORDS else asked).setdefault(stem(word), word)
    return list(asked.values()), list(spare.values())
