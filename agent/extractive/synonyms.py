"""Everyday words that ask for what other words tell: "who is the buyer?", "she bought it"."""

from functools import cache

from tools.text.tokens import stem

_GROUPS = """
buy buys bought buyer purchase purchased purchaser
sell sells sold seller
pay paid pays cost costs price charge fee
child childhood grow grew raised born youth upbringing
travel travels journey trip voyage tour visit
repair fix mend restore
begin began start started commence
end finish finished close stop
live lives reside home dwell
work works job employed career
make made build built produce manufacture construct
like likes love prefer favourite favorite enjoy
keep kept store stored
write wrote author writer
paint painter painting
win won winner victory
lead leads leader head chief boss
teach taught teacher lesson
drive drove driver
"""
_SAME = [line.split() for line in _GROUPS.split("\n") if line]


@cache
def synonyms(word: str) -> tuple[str, ...]:
    """The other words of its groups, whatever form it has."""
    root = stem(word)
    groups = [group for group in _SAME if any(stem(one) == root for one in group)]
    return tuple(other for group in groups for other in group if stem(other) != root)
