"""Entailment, narrowly: the test whether statements of a source state a claim.

A claim is stated where its words stand in a sentence from the beginning of a main clause on, with
what stands before that clause, and nothing that qualifies the sentence is left out. One phrase may
have moved: "ten minutes in, he passed". Prepositions and pronouns are kept where that is judged,
since they say who does what. What is worded otherwise may be true, and is not proved.
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import combinations

from agent.grounding.statement import (
    BEYOND,
    CONDITIONS,
    LOCAL,
    LOOSE,
    PRONOUNS,
    Statement,
    Token,
    root,
    statement_of,
)
from tools.text.clean import word_set
from tools.text.expressions import same_word, words

_SHOWN = word_set("by for from with")
"""Words that marks stand for on a screen."""
_ASKED = word_set("whether why how what who where")
_PHRASE = 4
"""Words of what a pronoun stands for, at most."""
_ANYBODY = word_set("it they you")
"""What a claim may call those who are told to do something, or told of before."""
_LONGEST = 24
"""Words of a claim, at most, of which a phrase may have moved."""

_parsed = lru_cache(maxsize=1024)(statement_of)  # a claim meets many sources, and is only read here


def states(source: Sequence[Statement], claim: str, speaker: str, asks: bool) -> bool:
    """True if one sentence of a source states a claim, or asks it where the claim says so.

    `speaker` is who says the source.
    """
    wanted = _parsed(claim)
    own = set(words(speaker)) | word_set("speaker narrator presenter host")
    first = {**dict.fromkeys(own, "i"), **{f"{word}s": "my" for word in own}}
    named: list[Token] = []
    for token in wanted.tokens:
        if named and named[-1].word == "i" and token.word in first:
            named.pop()  # a name of several words
        named.append(Token(first.get(token.word, token.word), token.passive))
    kept = {root(token.word) for token in wanted.tokens}
    kept |= {"?"} if asks else set()
    return any(
        _holds(one, content, kept) or _answers(one, content, kept)
        for one in source
        for content in ([wanted.tokens] if named == wanted.tokens else [wanted.tokens, named])
        if content and not one.is_denied
    )


def _answers(source: Statement, claim: list[Token], kept: set[str]) -> bool:
    """True if the claim is what a source says of questions before it: "nobody knows whether"."""
    at = next((n for n, token in enumerate(claim) if n and token.word in _ASKED), 0)
    asked, tail = source.before, claim[at + (claim[at].word == "whether") :]
    while at and asked and asked.asked == 0:
        if _holds(asked, tail, kept | {"?"}):
            return _holds(source, claim[:at], kept)
        asked = asked.before
    return False


def _holds(source: Statement, claim: list[Token], kept: set[str]) -> bool:
    """True if the claim stands in a source, from where a clause begins, with its qualifiers."""
    there = [t.word for t in source.tokens]
    there += [t.word for t in source.before.tokens] if source.before else []
    free = PRONOUNS.keys() | LOOSE | _SHOWN
    if not all(any(same_word(t.word, w) for w in there) for t in claim if t.word not in free):
        return False
    starts = source.starts()
    if claim[0].word in _ANYBODY:
        starts |= source.joins
    return any(
        source.qualifiers(start, end) <= kept
        for start in starts
        if start < len(source.tokens)
        for order in _orders(claim, source.tokens[start].word)
        for end in _ends(source, start, claim, *order)
    )


def _orders(claim: list[Token], first: str) -> Iterator[tuple[int, int, int]]:
    """Places of a phrase that has moved: what stands from `b` to `c` stood at `a` in the source.

    `first` is the source's first word.
    """
    yield 0, 0, 0
    if len(claim) > _LONGEST:
        return
    for a, b, c in combinations(range(len(claim) + 1), 3):
        if first in PRONOUNS or same_word(claim[0 if a else b].word, first):
            yield a, b, c


def _ends(source: Statement, start: int, claim: list[Token], a: int, b: int, c: int) -> set[int]:
    """Indexes at which a claim ends that stands in a source from `start` on."""
    tokens, stops = source.tokens, {*source.blocks, *source.clauses, len(source.tokens)}
    moved, close = c > 0, a + c - b
    claim = [*claim[:a], *claim[b:c], *claim[a:b], *claim[c:]] if moved else claim

    light = claim[0].passive or claim[0].word in LOCAL or claim[0].word.endswith("ly")

    @cache
    def ends(i: int, j: int) -> frozenset[int]:
        if moved and not a and i == close == 1 and not light:
            return frozenset()  # slippery steps: the steps are slippery
        orders = moved and close == a + 1 and claim[a].passive  # shut it: it is to be shut
        if moved and a and j not in source.blocks and (i == a or (i == close and not orders)):
            return frozenset()  # a phrase moves from the beginning, or from between marks
        if i == len(claim):
            return frozenset({j}) if not moved or j in stops else frozenset()
        if j == len(tokens):
            return ends(i + 1, j) if claim[i].word in LOOSE and not moved else frozenset()
        (wanted, passive), (word, was_passive) = claim[i], tokens[j]
        found: set[int] = set()
        if word not in PRONOUNS:
            told_you = j > 0 and tokens[j - 1].word == "you"
            voice = passive == was_passive or told_you or (orders and i == a) or not source.is_heard
            if voice and same_word(wanted, word):
                found |= ends(i + 1, j + 1)
        elif _refers(wanted, word):
            found |= ends(i + 1, j + 1)
        elif not moved and PRONOUNS[word] in ("it", "its", "they", "their"):
            for size in range(1, min(_PHRASE, len(claim) - 1, len(claim) - i) + 1):
                if _is_before(source, j, claim[i : i + size]):
                    found |= ends(i + size, j + 1)
        again = i and word == "i" and j in source.clauses
        if (word in LOOSE and not moved) or word in ("it", "you") or again:
            found |= ends(i, j + 1)
        if not moved and (wanted in LOOSE or (not i and wanted in _ANYBODY)):
            found |= ends(i + 1, j)
        if not moved and i and j in stops:
            found |= ends(i, j + source.aside(j)) if source.aside(j) else set()
            if not source.is_heard and wanted in _SHOWN:
                found |= ends(i + 1, j)
        if not moved and i and j > start:
            inner = source.after(source.joins | {*source.parts}, j + 1)
            whole = BEYOND.isdisjoint(source.stems[start:j])  # if it rains and freezes
            found |= ends(i, inner) if whole and inner in source.joins else set()
        return frozenset(found)

    return set(ends(0, start))


def _refers(wanted: str, pronoun: str) -> bool:
    """True if a claim may say `wanted` where its source says a pronoun."""
    mine, theirs = PRONOUNS.get(wanted), PRONOUNS[pronoun]
    if theirs in ("my", "your"):
        return mine in ("my", "his", "her", "their", "its")
    return mine == theirs or (theirs in ("i", "you") and mine in ("he", "she", "they", "her"))


def _is_before(source: Statement, at: int, phrase: Sequence[Token]) -> bool:
    """True if a phrase stands before a pronoun in its place: a subject, or else the last one."""
    clause = max(start for start in source.clauses if start <= at)
    earlier = source.tokens[:clause] or (source.before.tokens if source.before else [])
    size = len(phrase)
    place = earlier[:size] if at == clause else earlier[-size:]
    return len(place) == size and all(
        same_word(one.word, other.word) for one, other in zip(place, phrase, strict=True)
    )


def is_qualified(source: Sequence[Statement], quote: str, around: str) -> bool:
    """True if a condition or a report stands before a quotation, wherever it stands.

    What is said around the quotation may tell of it.
    """
    quoted = [token.word for token in _parsed(quote).tokens]
    kept = {root(token.word) for token in _parsed(around).tokens}
    qualified = False
    for one in source:
        for at in range(len(one.tokens)):
            if quoted and [t.word for t in one.tokens[at : at + len(quoted)]] == quoted:
                block, part = (max(p for p in all if p <= at) for all in (one.blocks, one.parts))
                before, near = one.stems[part:at], one.stems[block:at]
                told = not kept.isdisjoint(before)
                if told or (BEYOND.isdisjoint(near) and CONDITIONS.isdisjoint(before)):
                    return False
                qualified = True
    return qualified
