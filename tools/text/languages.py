"""Languages by their codes and names."""

import re

NAMES = """
ar ara arabic     bg bul bulgarian        bs bos bosnian           cs cze ces czech
da dan danish     de ger deu german deutsch                        el gre ell greek
en eng english    es spa spanish español  et est estonian          fa per fas persian
fi fin finnish    fr fre fra french français                       he heb hebrew
hi hin hindi      hr hrv croatian         hu hun hungarian         id ind indonesian
it ita italian italiano                   ja jpn japanese          ko kor korean
lt lit lithuanian                         lv lav latvian
nl dut nld dutch                          no nor nb nob norwegian
pl pol polish     pt por portuguese português                      ro rum ron romanian
ru rus russian    sk slo slk slovak       sl slv slovenian         sq alb sqi albanian
sr srp serbian    sv swe swedish          th tha thai              tr tur turkish
uk ukr ukrainian  vi vie vietnamese       zh chi zho cmn chinese
"""
LANGUAGES = {
    name: names.split()[0] for names in re.split(r"\s{2,}|\n", NAMES) for name in names.split()
}
"""Codes and names of languages, to the shortest code."""


def foreign(code: str) -> str:
    """The English name of a language other than English; empty for English and for none."""
    if LANGUAGES.get(code, code) in ("", "en"):
        return ""
    names = (name for name in LANGUAGES if LANGUAGES[name] == code and len(name) > 3)
    return next(names, code).title()
