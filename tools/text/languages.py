"""Languages by code and name, from langcodes."""

from functools import cache

from tools.text.clean import word_set

_TWO_LETTERS = word_set("""
    ar bg bs cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sq
    sr sv th tr uk vi zh""")
"""Codes that name a language wherever they stand: others are regions (`fr-ca`) or words (`my`)."""
SPOKEN = word_set("""
    af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko lt
    lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh""")
"""Codes of the languages in which Whisper gets more than every other word right."""
_FORMS = {"nb": "no", "cmn": "zh"}
"""Code of the spoken language, by the code of one of its forms."""


def short_code(word: str) -> str:
    """Short code of a language by a code or name in lower case; empty for any other word."""
    if len(word) == 2 and word.isascii():
        code = _FORMS.get(word, word)
        return code if code in _TWO_LETTERS else ""
    from langcodes import standardize_tag, tag_is_valid

    if len(word) == 3 and word.isascii() and tag_is_valid(word):
        code = standardize_tag(word)
        code = _FORMS.get(code, code)
        return code if len(code) == 2 else ""
    return _names().get(word, "")


@cache
def _names() -> dict[str, str]:
    """Code by name, in English and in the language itself, for all codes of two letters."""
    from langcodes import Language
    from langcodes.data_dicts import LANGUAGE_ALPHA3

    names: dict[str, str] = {}
    for code in LANGUAGE_ALPHA3:
        language = Language.get(code)
        if language.language == code and len(code) == 2:
            for name in (language.display_name(), language.autonym()):
                names.setdefault(name.casefold(), _FORMS.get(code, code))
    return names


@cache
def foreign_name(code: str) -> str:
    """English name of a language other than English; empty for English and for no valid code."""
    from langcodes import Language, tag_is_valid

    return Language.get(code).display_name() if code != "en" and tag_is_valid(code) else ""


@cache
def name_in(code: str, reader: str) -> str:
    """Name of a language in another one: `de` is "German" in `en`."""
    from langcodes import Language

    return Language.get(code).display_name(reader)
