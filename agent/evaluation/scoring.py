"""What an answer is worth, beside the truth.

A citation is right when its middle lies in the truth, half a second more or less, and it is no
longer than ten seconds or twice the truth. An answer is right when it tells an accepted value and
has a citation that is right; where nothing can be told, when it says that nothing was found.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from agent.evaluation.truth import ABSENT, ADJACENT, FOUND, Question, Span

SLACK, LONGEST = 0.5, 10.0
COUNTED = ("count", "sound")
"""Kinds whose value is a number: one inside a quotation or a time is not the answer."""
HANDLE, CLOCK = r"\[\d+\]", r"\b\d+:\d\d(?::\d\d)?(?:\.\d+)?"
QUOTED = r"\"[^\"]*\"|\u201c[^\u201d]*\u201d"


@dataclass(frozen=True)
class Reply:
    """An answer, in what is measured of it.

    `first` is the seconds until its first words, `cost` in US dollars and None where it is not
    known, `unresolved` counts citations that stand for nothing in the library. `window` is what it
    retrieves: the span that it points at first.
    """

    text: str
    found: bool
    citations: tuple[Span, ...]
    first: float
    cost: float | None = 0.0
    unresolved: int = 0
    window: Span | None = None


@dataclass(frozen=True)
class Score:
    """The figures of a run. A share is None where nothing was asked that it could be of."""

    cases: int
    accuracy: float | None
    citation_precision: float | None
    false_absent: float | None
    false_adjacent: float | None
    follow_up_accuracy: float | None
    first_answer_s: float | None
    cost_usd: float | None
    unresolved: int
    kinds: dict[str, float] = field(default_factory=dict[str, float])
    retrieval: dict[str, float] = field(default_factory=dict[str, float])

    def json(self) -> dict[str, Any]:
        """As the contract has it; moment retrieval only where there was any."""
        return {**{k: v for k, v in vars(self).items() if k != "retrieval"}, **self.retrieval}


def is_true(citation: Span, truth: Iterable[Span]) -> bool:
    """Whether a citation points at the truth, and not at much else."""
    middle, length = (citation.start + citation.end) / 2, citation.end - citation.start
    return any(
        one.video == citation.video
        and one.start - SLACK <= middle <= one.end + SLACK
        and length <= max(LONGEST, 2 * (one.end - one.start)) + 1e-6
        for one in truth
    )


def tells(question: Question, text: str) -> bool:
    """Whether a text has an accepted value, before any of another; always where none is asked."""
    text = re.sub(HANDLE, " ", text)
    if question.kind in COUNTED:
        text = re.sub(f"{QUOTED}|{CLOCK}", " ", text)
    place = _place(text, question.accepted)
    other = _place(text, question.instead)
    return not question.accepted or (place is not None and (other is None or place < other))


def _place(text: str, values: Iterable[str]) -> int | None:
    """Where the first of these stands as words of its own; spaces may be missing, as in OCR."""
    places: list[int] = []
    for value in values:
        spaced = r"\s*".join(map(re.escape, value.split()))
        match = re.search(rf"(?<![\w:.]){spaced}(?!\w|[.,:]\d)", text, re.IGNORECASE)
        places += [match.start()] if match else []
    return min(places, default=None)


def is_right(question: Question, reply: Reply) -> bool:
    """The rule at the top of this file."""
    if question.expect != FOUND:
        return not reply.found
    cited = any(is_true(one, question.truth) for one in reply.citations)
    return reply.found and cited and tells(question, reply.text)


def score(questions: Sequence[Question], replies: Sequence[Reply]) -> Score:
    """The figures over a run."""
    asked = list(zip(questions, replies, strict=True))

    def share(of: Callable[[Question], bool], right: Callable[[Question, Reply], bool]) -> Any:
        return _mean(right(question, reply) for question, reply in asked if of(question))

    def invents(question: Question, reply: Reply) -> bool:
        return reply.found

    costs = [reply.cost for reply in replies]
    kinds = dict.fromkeys(question.kind for question in questions)
    return Score(
        cases=len(asked),
        accuracy=share(lambda _: True, is_right),
        citation_precision=_mean(
            is_true(citation, question.truth)
            for question, reply in asked
            if question.expect == FOUND
            for citation in reply.citations
        ),
        false_absent=share(lambda question: question.expect == ABSENT, invents),
        false_adjacent=share(lambda question: question.expect == ADJACENT, invents),
        follow_up_accuracy=share(lambda question: question.follows_up, is_right),
        first_answer_s=round(median(reply.first for reply in replies), 4) if replies else None,
        cost_usd=None if None in costs else round(sum(cost or 0.0 for cost in costs), 6),
        unresolved=sum(reply.unresolved for reply in replies),
        kinds={kind: share(lambda question: question.kind == kind, is_right) for kind in kinds},  # noqa: B023
        retrieval=_retrieval(asked),
    )


def _retrieval(asked: Sequence[tuple[Question, Reply]]) -> dict[str, float]:
    """R1@0.5 and R1@0.7 as in QVHighlights: how often the first window overlaps a true one so much.

    Overlap is intersection over union, of the true window that fits best.
    """
    best = [
        max((overlap(reply.window, one) for one in question.truth), default=0.0)
        for question, reply in asked
        if question.kind == "retrieval"
    ]
    return {f"R1@{least}": _mean(one >= least for one in best) for least in (0.5, 0.7) if best}


def overlap(one: Span | None, other: Span) -> float:
    """Intersection over union of two spans, 0 to 1."""
    if one is None or one.video != other.video:
        return 0.0
    both = min(one.end, other.end) - max(one.start, other.start)
    either = max(one.end, other.end) - min(one.start, other.start)
    return max(both / either, 0.0) if either else 0.0


def _mean(values: Iterable[bool]) -> Any:
    found = list(values)
    return round(sum(found) / len(found), 4) if found else None
