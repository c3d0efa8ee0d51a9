"""Metrics: responses compared with the ground truth.

A citation is right when its middle lies in the truth, half a second more or less, and it is no
longer than ten seconds or twice the truth. An answer is right when it states an accepted value and
has a citation that is right; where the video has no answer, when it says that nothing was found.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from agent.evaluation.ground_truth import ABSENT, ADJACENT, FOUND, Question, VideoSpan

SLACK, LONGEST = 0.5, 10.0
COUNTED = ("count", "sound")
"""Kinds whose value is a number: one inside a quotation or a time is not the answer."""
HANDLE, CLOCK = r"\[\d+\]", r"\b\d+:\d\d(?::\d\d)?(?:\.\d+)?"
QUOTED = r"\"[^\"]*\"|\u201c[^\u201d]*\u201d"


@dataclass(frozen=True)
class Response:
    """The measured parts of an answer.

    `first` is the seconds until its first words, `cost` in US dollars, None if unknown,
    `unresolved` the number of citations without evidence in the library, `window` the retrieved
    span of moment retrieval.
    """

    text: str
    found: bool
    citations: tuple[VideoSpan, ...]
    first: float
    cost: float | None = 0.0
    unresolved: int = 0
    window: VideoSpan | None = None


@dataclass(frozen=True)
class Score:
    """Metrics of an evaluation. A share of no questions at all is None."""

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
        """Fields of the JSON output; moment retrieval only where there was any."""
        return {**{k: v for k, v in vars(self).items() if k != "retrieval"}, **self.retrieval}


def is_correct_citation(citation: VideoSpan, truth: Iterable[VideoSpan]) -> bool:
    """True if a citation lies in the truth and is short enough: the rule at the top of the file."""
    middle, length = (citation.start + citation.end) / 2, citation.end - citation.start
    return any(
        span.video == citation.video
        and span.start - SLACK <= middle <= span.end + SLACK
        and length <= max(LONGEST, 2 * (span.end - span.start)) + 1e-6
        for span in truth
    )


def states_value(question: Question, text: str) -> bool:
    """True if a text has an accepted value before any rejected one, or if none is needed."""
    text = re.sub(HANDLE, " ", text)
    if question.kind in COUNTED:
        text = re.sub(f"{QUOTED}|{CLOCK}", " ", text)
    accepted, rejected = _position(text, question.accepted), _position(text, question.rejected)
    if accepted is None:
        return not question.accepted
    return rejected is None or accepted < rejected


def _position(text: str, values: Iterable[str]) -> int | None:
    """Position of the first value that stands as whole words; OCR may have lost their spaces."""
    spaced = (r"\s*".join(map(re.escape, value.split())) for value in values)
    patterns = [rf"(?<![\w:.]){value}(?!\w|[.,:]\d)" for value in spaced]
    matches = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return min((match.start() for match in matches if match), default=None)


def is_correct(question: Question, response: Response) -> bool:
    """True if an answer is right: the rule at the top of the file."""
    if question.expect != FOUND:
        return not response.found
    cited = any(is_correct_citation(span, question.truth) for span in response.citations)
    return response.found and cited and states_value(question, response.text)


def score(questions: Sequence[Question], responses: Sequence[Response]) -> Score:
    """The metrics of an evaluation."""
    pairs = list(zip(questions, responses, strict=True))
    correct = [(question, is_correct(question, response)) for question, response in pairs]

    def accuracy(counts: Callable[[Question], bool]) -> Any:
        return _mean(right for question, right in correct if counts(question))

    def found(expect: str) -> Any:
        return _mean(response.found for question, response in pairs if question.expect == expect)

    costs = [response.cost for response in responses]
    return Score(
        cases=len(pairs),
        accuracy=accuracy(lambda _: True),
        citation_precision=_mean(
            is_correct_citation(citation, question.truth)
            for question, response in pairs
            if question.expect == FOUND
            for citation in response.citations
        ),
        false_absent=found(ABSENT),
        false_adjacent=found(ADJACENT),
        follow_up_accuracy=accuracy(lambda question: question.follows_up),
        first_answer_s=round(median(r.first for r in responses), 4) if responses else None,
        cost_usd=None if None in costs else round(sum(cost or 0.0 for cost in costs), 6),
        unresolved=sum(response.unresolved for response in responses),
        kinds={
            kind: _mean(right for question, right in correct if question.kind == kind)
            for kind in dict.fromkeys(question.kind for question in questions)
        },
        retrieval=_retrieval(pairs),
    )


def _retrieval(pairs: Sequence[tuple[Question, Response]]) -> dict[str, float]:
    """R1@0.5 and R1@0.7 as in QVHighlights: the share of windows with so much overlap.

    Overlap is intersection over union with the true window that fits best.
    """
    best = [
        max((temporal_iou(response.window, span) for span in question.truth), default=0.0)
        for question, response in pairs
        if question.kind == "retrieval"
    ]
    return {f"R1@{least}": _mean(iou >= least for iou in best) for least in (0.5, 0.7) if best}


def temporal_iou(window: VideoSpan | None, truth: VideoSpan) -> float:
    """Intersection over union of two spans, 0 to 1."""
    if window is None or window.video != truth.video:
        return 0.0
    both = min(window.end, truth.end) - max(window.start, truth.start)
    either = max(window.end, truth.end) - min(window.start, truth.start)
    return max(both / either, 0.0) if either else 0.0


def _mean(values: Iterable[bool]) -> Any:
    counted = list(values)
    return round(sum(counted) / len(counted), 4) if counted else None
