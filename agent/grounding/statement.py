"""Statements of a text: its sentences, in the words and the order that their meaning hangs on.

A statement is one sentence: words, pronouns, names, numbers with their units, the voice of its
verbs, and the words that qualify it: negation, hedge, condition, report, wish, question.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from tools.text.clean import word_set
from tools.text.expressions import NEGATORS, measured, words
from tools.text.tokens import stem


def root(word: str) -> str:
    """Stem of a word; an adverb keeps its own, as "likely" is none of "like"."""
    return word if word.endswith("ly") else stem(word)


_FILLERS = word_set("""
    a an the am has have had having do does did that this these those there here himself herself
    itself themselves myself ourselves very really just quite actually well oh please also too now
    um uh er""")
"""Words that a claim may add or leave out: articles, auxiliaries, fillers."""
_BE = word_set("is are was were be been being get gets got")
LOOSE = word_set("of in on at so then whether my your his her our their its")
"""Words that a claim may leave out, but where a phrase has moved."""
PRONOUNS = {
    form: forms.split()[0]
    for forms in (
        "i me we us ive ill im id weve", "my mine our ours", "you your yours", "he him hes",
        "his", "she shes", "her hers", "it", "its", "they them theyre theyve", "their theirs",
    )
    for form in forms.split()
}  # fmt: skip
_NEGATION = NEGATORS | word_set("except without unlike unless nor")
LOCAL = _NEGATION | word_set("""
    may might can could will would shall should must ought going gonna about around roughly
    approximately only even least most up almost nearly hardly used or""")
"""Words that qualify their own clause."""
BEYOND = frozenset(
    map(
        stem,
        word_set("""
    maybe perhaps possibly probably likely unlikely apparently allegedly supposedly reportedly seem
    seemingly appear if unless provided providing assuming suppose otherwise until once when
    whenever whether sometimes often usually rarely mostly generally normally except say said tell
    told claim believe think thought guess reckon remember recall feel argue assume imagine pretend
    suggest insist swear swore hear heard according rumour myth lie joke kidding dream dreamt hope
    wish want plan try intend meant expect promise predict wonder ask doubt afraid fear consider
    offer order decide refuse forget forgot suspect fancy impression view opinion theory"""),
    )
)
"""Roots of words that qualify all that their sentence says in one breath: it may not be so, or not
always, or somebody else says it."""
CONDITIONS = frozenset(map(root, word_set("if unless provided suppose whenever")))
_ADVERBIALS = word_set("""
    first firstly second secondly next finally later afterwards meanwhile today yesterday tomorrow
    again fact course basically obviously eventually suddenly luckily sadly instead then so well""")
"""Words before a clause that do not change what it says."""
_CLAUSE = word_set("then because while where since though although")
"""Words after which a clause may begin."""
_LEADING = word_set("""
    if unless when whenever once until whether while because since as after before in on at by for
    from with without to during according given despite although though like under over out per
    among between through across regardless depending provided assuming supposing suppose""")
"""Words with which a phrase begins that stands before a main clause."""
_ONLY_IF = re.compile(
    r"\W*(?:and|but|or)(?: only| even| just)? (?:if|when|once|unless|until)\b", re.IGNORECASE
)
"""A condition that belongs to the clause before it."""
_CONCESSIVE = word_set("whatever however whoever though although")
"""Words before what changes nothing."""
_OPENS = re.compile(r"([,;:](?=\s|$)|[(\u2013\u2014\u00b7])")
_MAIN = re.compile(
    r"^\s*(?:i|you|he|she|it|we|they|there|the|an?|my|your|his|her|our|their|this|these|those|some"
    r"|both|all|no|not one|every|each|people|(?-i:[A-Z])[\w'\u2019]*)\b",
    re.IGNORECASE,
)
"""Beginning of a main clause: a subject."""
_QUESTION = re.compile(
    r"^(?:and |but |so |well |or )*(?:(?:who|what|why|how|where|when|which|whose)\b.{0,40}?\b)?"
    r"(?:is|are|was|were|does|did|do(?! not|nt)|can|could|should|would|will|has|have|had|am)"
    r" (?:it|he|she|they|we|you|i|the|a|an|this|that|there|your|my|our|his|her|their|any\w*)\b",
    re.IGNORECASE,
)
_INVERTED = re.compile(r"^(?:had|should|were) (?=(?:[\w'\u2019]+ ){2,}[^?]*,)", re.IGNORECASE)
"""Beginning of a condition without an if: had we known, we would have gone."""
ASKS = re.compile(r"\b(?:ask|wonder|question)\w*\b|\bwhether\b|\?", re.IGNORECASE)
_RETRACTION = re.compile(
    r"^\W*(?:no\b|nope|wrong\b|false\b|just kidding|kidding|not (?:really|true|at all)|just a joke"
    r"|(?:that|this|it|which)(?:['\u2019]s| is| was) (?:all )?"
    r"(?:not true|a lie|lies|wrong|false|untrue|nonsense|a joke|a myth))",
    re.IGNORECASE,
)
TELLS = (
    r"(?:(?:also|then|clearly|again|once) )?(?:(?:say|explain|mention|tell|state|note|add|describe"
    r"|read|write|show|announce|report|remark|warn|recall|recount|answer|confirm|admit|counter|advise|ask"
    r"|argue|insist|claim|joke|concede|complain|estimate|recommend|suggest|predict|wonder|observe"
    r"|stress|believe|think|reckon|guess|figure|describe)(?:s|d|ed)?|said|told|wrote|repl(?:y|ies|ied)"
    r"|admitted|thought|points? out|pointed out)"
)
_NAMED = r"(?:the |a |an |one of the )?[\w.'\u2019-]+(?: [\w.'\u2019-]+){0,2}?"
_FRAME = re.compile(
    r"^\W*(?:(?:it|this) (?:is|was) (?:also )?(?:said|mentioned|explained|stated|written|noted|told"
    r"|shown|announced)(?: (?:on|in|by) (?:the )?\w+)?(?: that\b)?"
    rf"|(?P<who>{_NAMED}),? {TELLS}"
    r"(?: (?:us|viewers|everyone|(?:the|a) \w+)(?= that| whether| to|[:,]))?"
    rf"(?: (?:that|whether|to)\b|[:,]|(?=\W|$))|according to (?P<source>{_NAMED}),)\s*",
    re.IGNORECASE,
)
"""What a claim says of its source, before what the source states."""
_LATER_FRAME = re.compile(
    rf",? according to (?P<source>{_NAMED})\W*$|, (?P<who>{_NAMED}) {TELLS}\W*$"
    rf"|, {TELLS} (?P<name>{_NAMED})\W*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])(?<!\b[a-z]\.)\s+|\n")
_CONTRACTIONS = (
    (re.compile(r"\bcan['\u2019]?t\b|\bcannot\b", re.I), "can not"),
    (re.compile(r"\bwon['\u2019]t\b", re.I), "will not"),
    (re.compile(r"n['\u2019]t\b", re.I), " not"),
    (re.compile(r"['\u2019]ll\b", re.I), " will"),
    (re.compile(r"['\u2019]d(?= (?:\w+ed|\w+en|\w+wn|better|had)\b)", re.I), " had"),
    (re.compile(r"['\u2019]d\b", re.I), " would"),
    (re.compile(r"['\u2019](?:re|m)\b", re.I), " are"),
    (re.compile(r"\b(it|s?he|there|here|that|what|who)['\u2019]s\b", re.I), r"\1 is"),
    (re.compile(r"['\u2019]ve\b", re.I), " "),
    (re.compile(r"\b(?:is|are) to be\b", re.I), "are"),
    (re.compile(r"\b(?:as|so) (?:long|soon) as\b", re.I), "if"),
    (re.compile(r"\b(?:in fact|of course)\b", re.I), "well"),
    (re.compile(r"\bas (?:though|if)\b", re.I), "seemingly"),
)
_PARTICIPLE = re.compile(r"(?:ed|en|wn|ught|ilt|ept|elt|ost|old|ade|aid|ung|uck|und|eld|ut|et)$")
_COMMENT = 2
"""Words of "I suspect", at most."""


class Token(NamedTuple):
    """A word, and whether it is a participle after a form of "be"."""

    word: str
    passive: bool


@dataclass
class Statement:
    """Words of a sentence in order; parts, clauses and blocks are indexes at which they begin."""

    tokens: list[Token] = field(default_factory=list[Token])
    blocks: list[int] = field(default_factory=list[int])
    """Between two marks."""
    commas: set[int] = field(default_factory=set[int])
    """Blocks that a comma opens."""
    parts: list[int] = field(default_factory=list[int])
    """Main clauses, with what stands before them."""
    linked: set[int] = field(default_factory=set[int])
    """Parts said in one breath with the one before, without an "and"."""
    clauses: set[int] = field(default_factory=set[int])
    joins: set[int] = field(default_factory=set[int])
    """What an "and" joins to what stands before: a further verb or object."""
    asked: int = sys.maxsize
    """Where a question begins."""
    is_denied: bool = False
    """True if the next sentence takes it back."""
    is_heard: bool = True
    """False for what stands on a screen, where verbs are left out."""
    before: "Statement | None" = None

    @cached_property
    def stems(self) -> list[str]:
        """Roots of its words."""
        return [root(token.word) for token in self.tokens]

    def after(self, begins: Iterable[int], at: int) -> int:
        """The first of some beginnings from a place on, or the end."""
        return min((one for one in begins if one >= at), default=len(self.tokens))

    def starts(self) -> set[int]:
        """Indexes at which a claim may begin."""
        starts = set(self.clauses)
        if not self.is_heard:  # a time or number is a label there
            starts |= {n + 1 for n, one in enumerate(self.tokens) if one.word[0].isdigit()}
        for start in sorted(starts):
            while start < len(self.tokens) and self.tokens[start].word in _ADVERBIALS:
                start += 1
                starts.add(start)
        return starts

    def aside(self, at: int) -> int:
        """Number of words of a block that a claim may leave out: between commas, or an adverb."""
        end = self.after(self.blocks, at + 1)
        between = {at, end} <= self.commas
        said = {token.word for token in self.tokens[at:end]}
        return end - at if between or _ADVERBIALS.issuperset(said) else 0

    def qualifiers(self, start: int, end: int) -> set[str]:
        """Roots of what qualifies a part of it: in its clauses, and beyond them."""
        clause = max(one for one in self.clauses if one <= start)
        # What is denied after a comma, "not his brother", is another thing.
        close = self.after([*self.clauses, *self.blocks, *self.joins], end)
        begin, until = max(one for one in self.parts if one <= start), self.after(self.parts, end)
        while begin in self.linked:
            begin = max(one for one in self.parts if one < begin)
        while until in self.linked and self._comments(until):
            until = self.after(self.parts, until + 1)
        found = {root(one.word) for one in self.tokens[clause:close] if one.word in LOCAL}
        for block, after in pairwise([*self.blocks, len(self.tokens)]):
            if block < after and self.tokens[block].word not in _CONCESSIVE:
                found |= BEYOND.intersection(self.stems[max(block, begin) : min(after, until)])
        return found | ({"?"} if end > self.asked else set())

    def _comments(self, part: int) -> bool:
        """True if a part tells who says the rest: I suspect, so they would have us believe."""
        end = self.after(self.parts, part + 1)
        said = [root(one.word) for one in self.tokens[part:end] if one.word not in PRONOUNS]
        return end - part <= _COMMENT or not said or said[-1] in BEYOND


def statements(text: str, is_heard: bool = True) -> list[Statement]:
    """The statements of a text, one a sentence."""
    sentences = [one for one in _SENTENCE.split(text) if one.strip()]
    found: list[Statement] = []
    for sentence, after in pairwise([*sentences, ""]):
        one = statement_of(sentence)
        one.is_denied = bool(_RETRACTION.match(after))
        one.before = found[-1] if found else None
        one.is_heard = is_heard
        found.append(one)
    return found


def statement_of(sentence: str) -> Statement:
    """The statement of one sentence."""
    for pattern, plain in _CONTRACTIONS:
        sentence = pattern.sub(plain, sentence)
    asks = bool(re.search(r"\?\W*$", sentence))
    if not asks:
        sentence = _INVERTED.sub("if ", sentence.lstrip())
    one, leads = Statement(), False
    pieces = ["", *_OPENS.split(sentence)]
    for mark, block in zip(pieces[::2], pieces[1::2], strict=True):
        at, found = len(one.tokens), words(block)
        lead = found[0] if found else ""
        main = bool(_MAIN.match(re.sub(r"^\s*(?:(?:and|but|so|or) )+", "", block)))
        joined = lead in ("and", "but", "so", "or") and not _ONLY_IF.match(block)
        one.blocks.append(at)
        if mark == ",":
            one.commas.add(at)
        if not one.parts or (mark not in ("", ",") and not leads) or joined or (main and not leads):
            one.parts += [] if at in one.parts else [at]
            if at and mark != ":" and (not joined or (main and lead in ("so", "or"))):
                one.linked.add(at)
            leads = not found or lead in _LEADING
        elif main:
            leads = False
        if joined and mark == "," and not main:
            one.joins.add(at)
        if _QUESTION.match(block.lstrip()) and (asks or not at):
            one.asked = min(one.asked, at)
        _add(one, found)
    if asks and one.asked > len(one.tokens):
        one.asked = 0
    one.clauses |= {*one.parts}
    return one


def _add(one: Statement, found: Sequence[str]) -> None:
    """Add the words of a block."""
    being = False
    found = measured(found)
    for at, word in enumerate(found):
        if word in ("and", "but"):
            if found[at + 1 : at + 2] and found[at + 1] in PRONOUNS:
                one.clauses.add(len(one.tokens))
            one.joins |= {len(one.tokens)} - {*one.parts}
        elif word in _CLAUSE:
            one.clauses.add(len(one.tokens) + 1)
        if word in _BE:
            being = True
        elif word not in _FILLERS and word not in ("and", "but", "as") and (at or word != "or"):
            passive = being and _PARTICIPLE.search(word) is not None
            one.tokens.append(Token(word, passive))
            being = being and (word in NEGATORS or word.endswith("ly"))


def without_frame(claim: str) -> tuple[str, str]:
    """A claim without what it says of its source, and the source that it names, if any."""
    if match := _LATER_FRAME.search(claim):
        return claim[: match.start()], match["who"] or match["source"] or match["name"]
    match = _FRAME.match(claim)
    if match is None or NEGATORS.intersection(words(match[0])):
        return claim, ""
    return claim[match.end() :], match["who"] or match["source"] or ""


def parts(claim: str) -> Iterator[str]:
    """Coordinate parts of a claim, which several pieces of evidence may state."""
    yield from (part for part in re.split(r",? (?:and|but) |; ", claim) if words(part))
