"""Statements of a text, and the test whether they state a claim (textual entailment, narrowly).

A statement is the content of one sentence in order: its words as stems, names, numbers with their
units, and the words that qualify it: negation, hedge, condition, report, wish, quantity. A claim is
stated where its content stands in the source in the same order, from the beginning of a clause on,
without a gap, and nothing that qualifies the source is left out. What is worded otherwise is not
decided here: it may be true, and is not proved.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tools.text.clean import word_set
from tools.text.expressions import NEGATORS, same_word, words
from tools.text.tokens import stem

_FUNCTION_WORDS = word_set("""
    a an the of in on at and is are was were be been being am has have had having do does did that
    this these those there here it its he him his she her hers they them their theirs i me my mine
    we us our ours you your yours who whom which himself herself itself themselves myself ourselves
    ill ive im id hes shes theyre theyve weve youre youve its thats theres whos
    very really just quite actually well oh please also too so then now um uh er""")
"""Words that a claim may add or leave out: articles, auxiliaries, pronouns, fillers."""
_NEGATION = NEGATORS | word_set("except without unlike unless nor")
_HEDGES = word_set("""
    maybe perhaps possibly probably likely unlikely apparently allegedly supposedly reportedly seem
    seems seemed seemingly appear appears appeared might may could would should must ought can will
    shall going gonna almost nearly hardly if unless whether provided providing assuming suppose
    supposing supposed otherwise until once when whenever sometimes often usually rarely mostly
    generally normally say says said saying tell tells told claim claims claimed believe believes
    believed believing think thinks thought thinking guess guesses guessed reckon reckons remember
    remembers remembered recall recalls feel feels argue argues argued assume assumes assumed
    imagine imagined pretend pretends pretended suggest suggests suggested insist insists insisted
    swear swore hear heard according rumour rumor myth lie lies joke joking kidding dream dreamt
    dreamed hope hopes hoped hoping wish wishes wished want wants wanted wanting plan plans planned
    planning try tries tried trying intend intends intended meant expect expects expected promise
    promises promised predict predicts predicted wonder wonders wondered ask asks asked doubt afraid
    fear used consider considered about around roughly approximately only even least most up offer
    offered order ordered decide decided decides refuse refused forgot forget forgets""")
"""Words that qualify what their sentence says: it may not be so, or not always, or somebody else
says it."""
FRAME_WORDS = 3
"""Content words, at most, of a part that qualifies what follows it: "the way I remember it"."""
_ADVERBIALS = word_set("""
    first firstly second secondly next finally later afterwards meanwhile today yesterday tomorrow
    again fact course basically obviously eventually suddenly luckily sadly""")
"""Words before a clause that do not change what it says."""
_ABOUT_ALL = word_set("""
    if unless when whenever once until whether provided providing assuming suppose supposing
    otherwise except lie lies myth false wrong untrue joke joking kidding nonsense allegedly
    supposedly reportedly apparently""")
"""Words that qualify what their whole sentence says, however many parts it has."""
_CLAUSE = word_set("and but so then because that which while where as or since though although")
"""Words after which a clause, or a further subject, may begin."""
_OPENS = re.compile(r"[,;:](?=\s|$)|[(\u2013\u2014]")
_MAIN = re.compile(
    r"\s+(?:(?:and|but|so|or) )?(?:i|you|he|she|it|we|they|the|a|an|my|your|his|her|our|their"
    r"|(?-i:[A-Z])\w*)\b",
    re.IGNORECASE,
)
"""Beginning of a main clause after a comma."""
_QUESTION = re.compile(
    r"^(?:and |but |so |well |or )*(?:(?:who|what|why|how|where|when|which|whose)\b.{0,40}?\b)?"
    r"(?:is|are|was|were|does|did|do(?! not|nt)|can|could|should|would|will|has|have|had|am)"
    r" (?:it|he|she|they|we|you|i|the|a|an|this|that|there|your|my|our|his|her|their|any\w*)\b",
    re.IGNORECASE,
)
_RETRACTION = re.compile(
    r"^\W*(?:no\b|nope|wrong\b|false\b|just kidding|kidding|not (?:really|true|at all)|just a joke"
    r"|(?:that|this|it|which)(?:['\u2019]s| is| was) (?:all )?"
    r"(?:not true|a lie|lies|wrong|false|untrue|nonsense|a joke|a myth))",
    re.IGNORECASE,
)
_FIRST_PERSON = word_set("i me my mine we us our ours im ive ill id weve")
_TELLS = (
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
    rf"|(?P<who>{_NAMED}),? {_TELLS}(?: (?:us|viewers|the audience|people|everyone))?"
    rf"(?: that\b|[:,]|(?=\W|$))|according to (?P<source>{_NAMED}),)\s*",
    re.IGNORECASE,
)
"""What a claim says of its source, before what the source states."""
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+|\n")
_CONTRACTIONS = (
    (re.compile(r"\bcan['\u2019]?t\b|\bcannot\b", re.I), "can not"),
    (re.compile(r"\bwon['\u2019]t\b", re.I), "will not"),
    (re.compile(r"n['\u2019]t\b", re.I), " not"),
    (re.compile(r"['\u2019]ll\b", re.I), " will"),
    (re.compile(r"['\u2019]d\b", re.I), " would"),
    (re.compile(r"['\u2019](?:re|ve|m)\b", re.I), " "),
)


@dataclass(frozen=True)
class Statement:
    """Content words of a sentence in order; `starts` are the indexes at which a clause begins.

    A question, or what the next sentence takes back,
    states nothing: `is_asserted` is false.
    """

    content: tuple[str, ...]
    starts: frozenset[int]
    parts: tuple[int, ...]
    """Indexes at which coordinate parts begin: main clauses of their own."""
    commas: tuple[int, ...]
    """Indexes of the words after a comma."""
    is_asserted: bool = True
    is_own: bool = False
    """True if it tells of its speaker: I, we."""


def statements(text: str) -> list[Statement]:
    """The statements of a text, one a sentence."""
    sentences = [one for one in _SENTENCE.split(text) if one.strip()]
    found: list[Statement] = []
    for sentence, after in pairwise([*sentences, ""]):
        asks = re.search(r"\?\W*$", sentence) or _QUESTION.match(sentence)
        found.append(_statement(sentence, not asks and not _RETRACTION.match(after)))
    return found


def _statement(sentence: str, is_asserted: bool = True) -> Statement:
    for pattern, plain in _CONTRACTIONS:
        sentence = pattern.sub(plain, sentence)
    content: list[str] = []
    starts, coordinate, commas = {0}, [0], [0]
    own = False
    for part in _OPENS.split(sentence):
        starts.add(len(content))
        commas.append(len(content))
        if _MAIN.match(part):
            coordinate.append(len(content))
        for word in words(part):
            own = own or word in _FIRST_PERSON
            if word in ("but", "so") and len(content) in starts:
                coordinate.append(len(content))
            if word in _CLAUSE:
                starts.add(len(content) + (word not in _FUNCTION_WORDS and word != "as"))
            if word not in _FUNCTION_WORDS:
                content.append(word)
    for start in sorted(starts):
        while start < len(content) and content[start] in _ADVERBIALS:
            start += 1
            starts.add(start)
    return Statement(
        tuple(content), frozenset(starts), tuple(coordinate), tuple(commas), is_asserted, own
    )


def _qualifiers(statement: Statement, start: int, end: int) -> set[str]:
    """Words that qualify a part of a statement: those beside it, and those about all of it."""
    first = max(part for part in statement.parts if part <= start)
    last = min((part for part in statement.parts if part >= end), default=len(statement.content))
    # What is denied after a comma, "not his brother", is another thing.
    ends = min((comma for comma in statement.commas if comma >= end), default=last)
    beside = {stem(word) for word in statement.content[first:last] if word in _HEDGES}
    for begin, close in pairwise([*(part for part in statement.parts if part <= first), first]):
        if close - begin <= FRAME_WORDS:
            beside |= {stem(word) for word in statement.content[begin:close] if word in _HEDGES}
    beside |= {stem(word) for word in statement.content[first:ends] if word in _NEGATION}
    return beside | {stem(word) for word in statement.content if word in _ABOUT_ALL}


_LATER_FRAME = re.compile(
    rf",? according to (?P<source>{_NAMED})\W*$|, (?P<who>{_NAMED}) {_TELLS}\W*$", re.IGNORECASE
)


def without_frame(claim: str) -> tuple[str, str]:
    """A claim without what it says of its source, and the source that it names, if any."""
    if match := _LATER_FRAME.search(claim):
        return claim[: match.start()], match["who"] or match["source"]
    match = _FRAME.match(claim)
    if match is None:
        return claim, ""
    return claim[match.end() :], match["who"] or match["source"] or ""


def states(source: Sequence[Statement], claim: str, speaker: str = "") -> bool:
    """True if one sentence of a source states a claim; `speaker` is who says the source."""
    wanted = _statement(claim)
    own = set(words(speaker)) | word_set("speaker narrator presenter host")
    named = tuple(word for word in wanted.content if word not in own)
    ways = [wanted.content] if len(named) == len(wanted.content) else [wanted.content, named]
    return any(
        _holds(one, content)
        for one in source
        for content in (ways if one.is_own else ways[:1])
        if content and one.is_asserted
    )


def _holds(source: Statement, content: Sequence[str]) -> bool:
    """True if the content stands in a source, from where a clause begins, with its qualifiers.

    What two clauses have in common stands before the first: Anna sings and dances.
    """
    kept = {stem(word) for word in content}
    for start in source.starts:
        alike = _common(source.content, start, content)
        if alike == len(content) and _qualifiers(source, start, start + alike) <= kept:
            return True
        for size in range(1, alike + 1):
            rest = content[size:]
            for other in source.starts:
                end = other + len(rest)
                ends = end in source.starts or end == len(source.content)
                stands = ends and _common(source.content, other, rest) == len(rest)
                follows = other >= start + size and stands
                if follows and _qualifiers(source, other, end) <= kept:
                    return True
    return False


def _common(source: Sequence[str], start: int, content: Sequence[str]) -> int:
    """Number of first words of the content that stand in a source from a place on."""
    pairs = zip(source[start:], content, strict=False)
    return next(
        (n for n, (a, b) in enumerate(pairs) if not same_word(a, b)),
        min(len(source) - start, len(content)),
    )


def parts(claim: str) -> Iterator[str]:
    """Coordinate parts of a claim, which several pieces of evidence may state."""
    yield from (part for part in re.split(r",? (?:and|but)(?: then)? |; ", claim) if words(part))
