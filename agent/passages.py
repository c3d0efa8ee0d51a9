"""Answers from long talks: the passage that a question is about, quoted in a few cues that follow.

People ask about a long talk in their own words, and an answer often stands in the sentences after
those that share words with the question.
"""

import re
from typing import Any

from agent.followups import Referring
from agent.kinds import adds_kind, heads, sought
from agent.phrasing import is_phrasing
from agent.quoting import AT_MOST, Found, Groups, Reply, sentence
from agent.relevance import ENOUGH_WITHOUT_HEAD, Relevance
from agent.wording import continues
from tools.stemming import stem, stems

ENOUGH_KNOWN, ENOUGH_TYPED, ENOUGH_STRANGE = 0.4, 0.5, 0.6
"""Share of a question's weight in the passage that answers it: the others where one of its words
never occurs, and where besides the passage holds a name, time or number that is asked for."""
CANDIDATES = 3
FOLLOWING = 12.0
"""Seconds after a cue within which the answer may stand."""
PAUSE = 2.0
_TWO = re.compile(r"\band (?:\w+ )?(?:how|what|when|where|which|who|why)\b")
"""Two things are asked for, so one cue hardly says both."""
OFTEN, LASTING = 2, 180.0
"""A line that is on screen more often or longer, in seconds, is a heading of them all."""


def passage(asked: Referring, groups: Groups, relevance: Relevance) -> Reply | None:
    """The cues of the best passage, or the line on screen, if it holds what was asked for."""
    plan, words = asked.plan, sought(asked.plan)
    lost = [word for word in relevance.missing(words) if not is_phrasing(word)]
    enough = ENOUGH_STRANGE if lost else ENOUGH_KNOWN
    named = {stem(word) for word in heads(plan.question).intersection(words)}
    spoken, read = [*groups, [], []][:2]
    chosen: list[tuple[float, Found]] = []
    for rank, found in [*enumerate(spoken[:CANDIDATES]), *enumerate(read[:CANDIDATES])]:
        own, around = relevance.share(words, found.one), relevance.passage(words, found.one)
        if found.one.kind == "screen" and (own < enough or not _says_more(asked, found, relevance)):
            continue
        text = " ".join(one.text for one in _told(found, relevance)[:AT_MOST])
        typed = adds_kind(plan.question, text)
        least = min(enough, ENOUGH_TYPED) if typed else enough
        if named and not named.intersection(stems(text)):
            least = 1.0 if typed else ENOUGH_WITHOUT_HEAD
        if typed is not False and around >= least:
            chosen.append((around + own - 0.2 * rank, found))
    if not chosen:
        return None
    _, best = max(chosen, key=lambda pair: pair[0])
    told = {one.id for one in _answering(plan.question, _told(best, relevance))}
    known = {f.one.id: f for group in groups for f in group if f.one.id in told}
    wants = (best.one.video, best.one.start, best.one.end + FOLLOWING)
    cited = sorted(known.values(), key=lambda f: f.one.start)
    return Reply(tuple(sentence(f) for f in cited), wants=wants)


def _answering(question: str, told: list[Any]) -> list[Any]:
    """Of the cues of a passage those that answer: what holds the kind asked for, or what follows
    a question in it."""
    for at, one in enumerate(told):
        if adds_kind(question, one.text):
            first = at - 1 if at and continues(one.text) else at
            more = at + 1 < len(told) and (_TWO.search(question) or continues(told[at + 1].text))
            return told[first : at + 2 if more else at + 1]
    asked = [at for at, one in enumerate(told[:-1]) if "?" in one.text]
    return told[asked[-1] + 1 :] if asked else told[:AT_MOST]


def _says_more(asked: Referring, found: Found, relevance: Relevance) -> bool:
    """Whether a line on screen says more than the question, and is no heading of many slides."""
    one = found.one
    if relevance.shown(one.text) > OFTEN or one.end - one.start > LASTING:
        return False
    typed = adds_kind(asked.plan.question, one.text)
    more = set(stems(one.text)) - set(stems(asked.plan.question))
    return bool(more) and (asked.plan.modality == "screen" if typed is None else typed)


def _told(found: Found, relevance: Relevance) -> list[Any]:
    """A cue with those that follow it, or a line on screen."""
    if found.one.kind == "screen":
        return [found.one]
    return relevance.going_on(found.one, FOLLOWING, PAUSE)[: AT_MOST + 1]
