"""Statements of a text, and the test whether they state a claim (textual entailment, narrowly).

A statement is one sentence in order: words, pronouns, names, numbers with their units, the voice
of its verbs, and the words that qualify it: negation, hedge, condition, report, wish, question. A
claim is stated where its words stand in a sentence from the beginning of a main clause on, with
what stands before that clause, and nothing that qualifies the sentence is left out. One phrase may
have moved: "ten minutes in, he passed". Prepositions and pronouns are kept where that is judged,
since they say who does what. What is worded otherwise may be true, and is not proved.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from tools.text.clean import word_set
from tools.text.expressions import NEGATORS, measured, same_word, words
from tools.text.tokens import stem

_FILLERS = word_set("""
    a an the am has have had having do does did that this these those there here himself herself
    itself themselves myself ourselves very really just quite actually well oh please also too now
    um uh er""")
"""Words that a claim may add or leave out: articles, auxiliaries, fillers."""
_BE = word_set("is are was were be been being get gets got")
_LOOSE = word_set("of in on at so then whether my your his her our their its")
"""Words that a claim may leave out, but where a phrase has moved."""
_PRONOUNS = {
    form: forms.split()[0]
    for forms in (
        "i me we us ive ill im id weve", "my mine our ours", "you your yours", "he him hes",
        "his", "she shes", "her hers", "it", "its", "they them theyre theyve", "their theirs",
    )
    for form in forms.split()
}  # fmt: skip
_NEGATION = NEGATORS | word_set("except without unlike unless nor")
_LOCAL = _NEGATION | word_set("""
    may might can could will would shall should must ought going gonna about around roughly
    approximately only even least most up almost nearly hardly used or""")
"""Words that qualify their own clause."""
_BEYOND = frozenset(map(stem, word_set("""
    maybe perhaps possibly probably likely unlikely apparently allegedly supposedly reportedly seem
    seemingly appear if unless provided providing assuming suppose otherwise until once when
    whenever whether sometimes often usually rarely mostly generally normally except say said tell
    told claim believe think thought guess reckon remember recall feel argue assume imagine pretend
    suggest insist swear swore hear heard according rumour myth lie joke kidding dream dreamt hope
    wish want plan try intend meant expect promise predict wonder ask doubt afraid fear consider
    offer order decide refuse forget forgot suspect fancy impression view opinion theory""")))
"""Stems of words that qualify all that their sentence says in one breath: it may not be so, or not
always, or somebody else says it."""
_IF = frozenset(map(stem, word_set("if unless provided suppose whenever")))
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
_ONLY_IF = re.compile(r"\W*(?:and|but|or)(?: only| even| just)? (?:if|when|once|unless|until)\b", re.I)
_CONCESSIVE = word_set("whatever however whoever though although")
_ASKED = word_set("whether why how what who where")
_SHOWN = word_set("by for from with")
"""Words that marks stand for on a screen."""
_ASIDE = word_set("who which whose a an the those these")
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
    rf"|(?P<who>{_NAMED}),? {TELLS}(?: (?:us|viewers|everyone|(?:the|a) \w+)(?= that| whether| to|[:,]))?"
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
_PHRASE = 4
"""Words of what a pronoun stands for, at most."""


class _Token(NamedTuple):
    word: str
    passive: bool


@dataclass
class Statement:
    """Words of a sentence in order; parts, clauses and blocks are indexes at which they begin."""

    tokens: list[_Token] = field(default_factory=list[_Token])
    blocks: list[int] = field(default_factory=list[int])
    """Between two marks."""
    parts: list[int] = field(default_factory=list[int])
    """Main clauses, with what stands before them."""
    linked: set[int] = field(default_factory=set[int])
    """Parts that a bare comma joins to the one before."""
    clauses: set[int] = field(default_factory=set[int])
    joins: set[int] = field(default_factory=set[int])
    """What an "and" joins to what stands before: a further verb or object."""
    asked: int = 1000
    """Where a question begins."""
    is_denied: bool = False
    """True if the next sentence takes it back."""
    before: "Statement | None" = None
    is_heard: bool = True
    """False for what stands on a screen, where verbs are left out."""
    asides: set[int] = field(default_factory=set[int])
    """Blocks that tell more of what was named."""

    def aside(self, at: int) -> int:
        """Number of words of a block that a claim may leave out: an adverb, a relative clause."""
        end = min((block for block in self.blocks if block > at), default=len(self.tokens))
        block = [token.word for token in self.tokens[at:end]]
        adverb = len(block) == 1 and block[0].endswith("ly") and stem(block[0]) not in _BEYOND
        return end - at if at in self.asides or adverb or _ADVERBIALS.issuperset(block) else 0


def statements(text: str, is_heard: bool = True) -> list[Statement]:
    """The statements of a text, one a sentence."""
    sentences = [one for one in _SENTENCE.split(text) if one.strip()]
    found: list[Statement] = []
    for sentence, after in pairwise([*sentences, ""]):
        one = _statement(sentence)
        one.is_denied = bool(_RETRACTION.match(after))
        one.before = found[-1] if found else None
        one.is_heard = is_heard
        found.append(one)
    return found


def _statement(sentence: str) -> Statement:
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
        if mark == "," and lead in _ASIDE:
            one.asides.add(at)
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
    for at, word in enumerate(measured(found)):
        if word in ("and", "but"):
            one.clauses.add(len(one.tokens))
            one.joins |= {len(one.tokens)} - {*one.parts}
        elif word in _CLAUSE:
            one.clauses.add(len(one.tokens) + 1)
        if word in _BE:
            being = True
        elif word not in _FILLERS and word not in ("and", "but", "as") and (at or word != "or"):
            passive = being and _PARTICIPLE.search(word) is not None
            one.tokens.append(_Token(word, passive))
            being = being and (word in NEGATORS or word.endswith("ly"))


def without_frame(claim: str) -> tuple[str, str]:
    """A claim without what it says of its source, and the source that it names, if any."""
    if match := _LATER_FRAME.search(claim):
        return claim[: match.start()], match["who"] or match["source"] or match["name"]
    match = _FRAME.match(claim)
    if match is None or NEGATORS.intersection(words(match[0])):
        return claim, ""
    return claim[match.end() :], match["who"] or match["source"] or ""


def states(source: Sequence[Statement], claim: str, speaker: str, asks: bool) -> bool:
    """True if one sentence of a source states a claim, or asks it where the claim says so.

    `speaker` is who says the source.
    """
    wanted = _statement(claim)
    own = set(words(speaker)) | word_set("speaker narrator presenter host")
    first = {**dict.fromkeys(own, "i"), **{f"{word}s": "my" for word in own}}
    named: list[_Token] = []
    for token in wanted.tokens:
        if named and named[-1].word == "i" and token.word in first:
            named.pop()  # a name of several words
        named.append(_Token(first.get(token.word, token.word), token.passive))
    kept = {stem(token.word) for token in wanted.tokens}
    kept |= {"?"} if asks else set()
    return any(
        _holds(one, content, kept) or _answers(one, content, kept)
        for one in source
        for content in ([wanted.tokens] if named == wanted.tokens else [wanted.tokens, named])
        if content and not one.is_denied
    )


def _answers(source: Statement, claim: list[_Token], kept: set[str]) -> bool:
    """True if the claim is what a source says of the questions before it: "nobody knows whether"."""
    at = next((n for n, token in enumerate(claim) if n and token.word in _ASKED), 0)
    asked, tail = source.before, claim[at + (claim[at].word == "whether") :]
    while at and asked and asked.asked == 0:
        if _holds(asked, tail, kept | {"?"}):
            return _holds(source, claim[:at], kept)
        asked = asked.before
    return False


def _holds(source: Statement, claim: list[_Token], kept: set[str]) -> bool:
    """True if the claim stands in a source, from where a clause begins, with its qualifiers."""
    there = [t.word for t in source.tokens]
    there += [t.word for t in source.before.tokens] if source.before else []
    free = _PRONOUNS.keys() | _LOOSE | _SHOWN
    if not all(any(same_word(t.word, w) for w in there) for t in claim if t.word not in free):
        return False
    starts = set(source.clauses)
    if not source.is_heard:  # a time or number is a label there
        starts |= {n + 1 for n, one in enumerate(source.tokens) if one.word[0].isdigit()}
    for start in sorted(starts):
        while start < len(source.tokens) and source.tokens[start].word in _ADVERBIALS:
            start += 1
            starts.add(start)
    return any(
        _qualifiers(source, start, end) <= kept
        for start in starts
        for order in _orders(len(claim))
        for end in _ends(source, start, claim, *order)
    )


def _orders(size: int) -> Iterator[tuple[int, int, int]]:
    """Places of a phrase that has moved: what stands from `b` to `c` stood at `a` in the source."""
    yield 0, 0, 0
    yield from (
        (a, b, c) for a in range(size) for b in range(a + 1, size) for c in range(b + 1, size + 1)
    )


def _ends(source: Statement, start: int, claim: list[_Token], a: int, b: int, c: int) -> set[int]:
    """Indexes at which a claim ends that stands in a source from `start` on."""
    tokens, stops = source.tokens, {*source.blocks, *source.clauses, len(source.tokens)}
    moved, close = c > 0, a + c - b
    claim = [*claim[:a], *claim[b:c], *claim[a:b], *claim[c:]] if moved else claim

    @cache
    def ends(i: int, j: int) -> frozenset[int]:
        if moved and not a and i == close == 1 and not claim[0].passive:
            if claim[0].word not in _LOCAL and not claim[0].word.endswith("ly"):
                return frozenset()  # slippery steps: the steps are slippery
        orders = moved and close == a + 1 and claim[a].passive  # shut it: it is to be shut
        if moved and a and j not in source.blocks and (i == a or (i == close and not orders)):
            return frozenset()  # a phrase moves from the beginning, or from between marks
        if i == len(claim):
            return frozenset({j}) if not moved or j in stops else frozenset()
        if j == len(tokens):
            return ends(i + 1, j) if claim[i].word in _LOOSE and not moved else frozenset()
        (wanted, passive), (word, was_passive) = claim[i], tokens[j]
        found: set[int] = set()
        if word not in _PRONOUNS:
            told_you = j > 0 and tokens[j - 1].word == "you"
            voice = passive == was_passive or told_you or (orders and i == a) or not source.is_heard
            if voice and same_word(wanted, word):
                found |= ends(i + 1, j + 1)
        elif _refers(wanted, word):
            found |= ends(i + 1, j + 1)
        elif not moved and _PRONOUNS[word] in ("it", "its", "they", "their"):
            for size in range(1, min(_PHRASE, len(claim) - 1, len(claim) - i) + 1):
                if _is_before(source, j, claim[i : i + size]):
                    found |= ends(i + size, j + 1)
        again = i and word == "i" and j in source.clauses
        if (word in _LOOSE and not moved) or word in ("it", "you") or again:
            found |= ends(i, j + 1)
        if not moved and (wanted in _LOOSE or (wanted, i) == ("it", 0)):
            found |= ends(i + 1, j)
        if not moved and i and j in stops:
            found |= ends(i, j + source.aside(j)) if source.aside(j) else set()
            if not source.is_heard and wanted in _SHOWN:
                found |= ends(i + 1, j)
        if not moved and i and j > start:
            inner = min((at for at in source.joins | {*source.parts} if at > j), default=0)
            found |= ends(i, inner) if inner in source.joins else set()
        return frozenset(found)

    return set(ends(0, start))


def _refers(wanted: str, pronoun: str) -> bool:
    """True if a claim may say `wanted` where its source says a pronoun."""
    mine, theirs = _PRONOUNS.get(wanted), _PRONOUNS[pronoun]
    if theirs in ("my", "your"):
        return mine in ("my", "his", "her", "their", "its")
    return mine == theirs or (theirs in ("i", "you") and mine in ("he", "she", "they", "her"))


def _is_before(source: Statement, at: int, phrase: Sequence[_Token]) -> bool:
    """True if a phrase stands before a pronoun in its place: a subject, or else the last one."""
    clause = max(start for start in source.clauses if start <= at)
    earlier = source.tokens[:clause] or (source.before.tokens if source.before else [])
    size = len(phrase)
    place = earlier[:size] if at == clause else earlier[-size:]
    return len(place) == size and all(
        same_word(one.word, other.word) for one, other in zip(place, phrase, strict=True)
    )


def _qualifiers(source: Statement, start: int, end: int) -> set[str]:
    """What qualifies a part of a statement: in its clauses, and beyond them."""
    size = len(source.tokens)
    first = max(part for part in source.parts if part <= start)
    last = min((part for part in source.parts if part >= end), default=size)
    clause = max(c for c in source.clauses if c <= start)
    # What is denied after a comma, "not his brother", is another thing.
    close = min((c for c in [*source.clauses, *source.blocks] if c >= end), default=size)
    breath, until = first, last
    while breath in source.linked:
        breath = max(part for part in source.parts if part < breath)
    while until in source.linked and _comments(source, until):
        until = min((part for part in source.parts if part > until), default=size)
    stems = [stem(token.word) for token in source.tokens]
    found: set[str] = set()
    for begin, after in pairwise([*source.blocks, size]):
        if source.tokens[begin:] and source.tokens[begin].word not in _CONCESSIVE:
            found |= _BEYOND.intersection(stems[max(begin, breath) : min(after, until)])
    found |= {s for s, t in zip(stems, source.tokens, strict=True) if t.word in _LOCAL} & {
        *stems[clause:close]
    }
    return found | ({"?"} if start >= source.asked or end > source.asked else set())


def is_qualified(source: Sequence[Statement], quote: str, around: str) -> bool:
    """True if a condition or a report stands before a quotation, wherever it stands, of which what
    is said around the quotation tells nothing."""
    quoted = [token.word for token in _statement(quote).tokens]
    kept = {stem(token.word) for token in _statement(around).tokens}
    qualified = False
    for one in source:
        stems = [stem(token.word) for token in one.tokens]
        for at in range(len(stems)):
            if quoted and [t.word for t in one.tokens[at : at + len(quoted)]] == quoted:
                block, part = (max(p for p in begins if p <= at) for begins in (one.blocks, one.parts))
                before = _BEYOND.intersection(stems[block:at]) | _IF.intersection(stems[part:at])
                if not before or kept.intersection(stems[part:at]):
                    return False
                qualified = True
    return qualified


def _comments(source: Statement, part: int) -> bool:
    """True if a part tells who says the rest: I suspect, so they would have us believe."""
    end = min((one for one in source.parts if one > part), default=len(source.tokens))
    said = [stem(t.word) for t in source.tokens[part:end] if t.word not in _PRONOUNS]
    return end - part <= _COMMENT or said[-1:] == [] or said[-1] in _BEYOND


def parts(claim: str) -> Iterator[str]:
    """Coordinate parts of a claim, which several pieces of evidence may state."""
    yield from (part for part in re.split(r",? (?:and|but) |; ", claim) if words(part))
