"""Languages by their codes and names, which langcodes knows for all that there are."""

from functools import cache

_TWO_LETTERS = frozenset(
    str.split("""
    ar bg bs cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sq
    sr sv th tr uk vi zh
""")
)
"""Codes that tell a language wherever they stand: others are regions (`fr-ca`) or words (`my`)."""
_SPOKEN = {"nb": "no", "cmn": "zh"}
"""The language that is heard, by the code of a form of it."""


def short_code(word: str) -> str:
    """The short code of the language that a code or a name in lower case tells; empty for none."""
    if len(word) == 2 and word.isascii():
        code = _SPOKEN.get(word, word)
        return code if code in _TWO_LETTERS else ""
    from langcodes import standardize_tag, tag_is_valid

    if len(word) == 3 and word.isascii() and tag_is_valid(word):
        code = standardize_tag(word)
        code = _SPOKEN.get(code, code)
        return code if len(code) == 2 else ""
    return _names().get(word, "")


@cache
def _names() -> dict[str, str]:
    """Names in English and in the language itself, of every language with a code of two letters."""
    from langcodes import Language
    from langcodes.data_dicts import LANGUAGE_ALPHA3

    names: dict[str, str] = {}
    for code in LANGUAGE_ALPHA3:
        one = Language.get(code)
        if one.language == code and len(code) == 2:
            for name in (one.display_name(), one.autonym()):
                names.setdefault(name.casefold(), _SPOKEN.get(code, code))
    return names


@cache
def foreign(code: str) -> str:
    """The English name of a language other than English; empty for English and for none."""
    if code in ("", "en"):
        return ""
    from langcodes import Language

    return Language.get(code).display_name()
