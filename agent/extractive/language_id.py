"""Language identification: by the script of a text and its stop words."""

import re
from functools import cache

from tools.text.tokens import STOP_WORDS, surface_forms

_GUESSED = (
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "tr", "cs", "fi", "uk", "ru",
)  # fmt: skip
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"), (re.compile("[\uac00-\ud7a3]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"), (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0600-\u06ff]"), "ar"), (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\u0370-\u03ff]"), "el"),
)  # fmt: skip
TELLING = 0.1
"""Share of a text's words that are stop words of its language, at least."""


@cache
def stop_words(code: str) -> frozenset[str]:
    """Stop words of a language, without accents; none where the package knows none."""
    from stop_words import StopWordError, get_stop_words

    if code == "en":
        return STOP_WORDS
    try:
        return frozenset(form for word in get_stop_words(code) for form in surface_forms(word))
    except StopWordError:
        return frozenset()


def language_of(text: str) -> str:
    """The language of a text by its script and its stop words; empty where they tell nothing."""
    letters = sum(c.isalpha() for c in text)
    for script, code in _SCRIPTS:
        if 2 * len(script.findall(text)) > letters:
            return code
    forms = surface_forms(text)
    counts = {code: sum(form in stop_words(code) for form in forms) for code in _GUESSED}
    best = max(_GUESSED, key=counts.__getitem__)
    return best if counts[best] > TELLING * len(forms) else ""
