"""Spelling: the words of a language, and the word that a misspelt one stands for."""

from collections import Counter
from collections.abc import Iterable
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

LETTERS = 4
"""Letters of a word up to which two are exchanged, or some left out; a longer one has one wrong."""
LONG = 8
"""Letters of a word from which on two may be wrong."""


@cache
def _dictionary(code: str) -> frozenset[str] | None:
    """Words of a language; None where there is no dictionary of it."""
    from spellchecker import SpellChecker

    if code not in ("en", "de", "es", "fr", "it", "nl", "pt", "ru"):
        return None
    return frozenset(SpellChecker(language=code).word_frequency.words())


def is_word(form: str, code: str) -> bool:
    """True for a word of a language, and for any where there is no dictionary of it."""
    words = _dictionary(code)
    return words is None or form in words


def nearest_word(form: str, words: Iterable[str], long: int = LONG) -> str:
    """The word that a misspelt one stands for; empty where none is near enough."""
    wrong = 2 if len(form) >= long else 1
    near = [w for w in words if w[:1] == form[:1] and abs(len(w) - len(form)) <= wrong]
    if len(form) <= LETTERS:
        near = [w for w in near if not Counter(form) - Counter(w)]
    close = process.extractOne(form, near, scorer=OSA.distance, score_cutoff=wrong)
    return close[0] if close else ""
