"""Metrics: responses compared with the ground truth.

A citation is right when its middle lies in the truth, half a second more or less, and it is no
longer than ten seconds or twice the truth. An answer is right when it states an accepted value and
has a citation that is right; where the video has no answer, when it says that nothing was found.
A question about the whole asks for three of the facts that the maker of the video would tell.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from agent.evaluation.ground_truth import Question, VideoSpan

Score = dict[str, Any]
"""Metrics by name, those of the JSON output. A share of no questions at all is None."""
SLACK, SHOWN_SLACK, LONGEST = 0.5, 1.0, 10.0
SHOWN, FACTS = 3, 3
"""Moments of which one must be right, and facts that an answer about the whole must tell."""
WHOLE = ("about", "whole")
"""Kinds that ask for no moment."""
COUNTED = ("count", "sound")
"""Kinds whose value is a number: one inside a quotation or a time is not the answer."""
HANDLE, CLOCK = r"\[\d+\]", r"\b\d+:\d\d(?::\d\d)?(?:\.\d+)?"
QUOTED = r"\"[^\"]*\"|\u201c[^\u201d]*\u201d"
DENIED = r"(?i)\b(?:no|not|never|nothing|nowhere|none|neither)\b|n't\b"


@dataclass(frozen=True)
class Response:
    """The measured parts of an answer.

    `first` is the seconds until its first words, `cost` in US dollars, None if unknown,
    `unresolved` the number of citations without evidence in the library, `window` the retrieved
    span of moment retrieval, `nearest` what came closest where nothing was found, `reason` why.
    """

    text: str
    found: bool
    citations: tuple[VideoSpan, ...]
    first: float
    cost: float | None = 0.0
    unresolved: int = 0
    window: VideoSpan | None = None
    nearest: tuple[VideoSpan, ...] = ()
    reason: str | None = None
    false_sentences: int = 0


def is_correct_citation(
    citation: VideoSpan, truth: Iterable[VideoSpan], slack: float = SLACK, times: float = 2
) -> bool:
    """True if a citation lies in the truth and is short enough: the rule at the top of the file."""
    middle, length = (citation.start + citation.end) / 2, citation.end - citation.start
    return any(
        span.video == citation.video
        and span.start - slack <= middle <= span.end + slack
        and length <= max(LONGEST, times * (span.end - span.start)) + 1e-6
        for span in truth
    )


def states_value(question: Question, text: str) -> bool:
    """True if a text has an accepted value before any rejected one, or if none is needed."""
    text = re.sub(HANDLE, " ", text)
    if question.facts:
        needed = ([part for part in (fact[:1], fact[1:]) if part] for fact in question.facts)
        return sum(None not in (_position(text, part) for part in fact) for fact in needed) >= FACTS
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
    if question.expect != "found":
        return not response.found
    return asserts_right(question, response) and states_value(question, response.text)


def asserts_right(question: Question, response: Response) -> bool:
    """True if something is found, with a citation that is right."""
    cited = any(is_correct_citation(span, question.truth) for span in response.citations)
    return response.found and cited


def shows(question: Question, response: Response) -> bool:
    """True if one of the first moments, cited or nearest, has its middle in the truth."""
    moments = (response.citations if response.found else response.nearest)[:SHOWN]
    return any(is_correct_citation(moment, question.truth, SHOWN_SLACK, 0) for moment in moments)


def false_sentences(text: str, held: str, known: str) -> int:
    """Number of sentences that deny a quotation that is `held`, or cite one that is not `known`.

    `held` is all that is said and written in the videos, `known` also what else can be quoted.
    """
    quotations = iter(re.findall(QUOTED, text))
    false = 0
    for sentence in re.split(r"(?<=[.!?])\s+", re.sub(QUOTED, '""', text)):
        quoted = [next(quotations)[1:-1] for _ in range(sentence.count('""'))]
        if re.search(DENIED, sentence):
            false += any(_position(held, [one]) is not None for one in quoted if one.strip())
        elif re.search(HANDLE, sentence):
            parts = (part for one in quoted for part in re.split(r"…|\.\.\.", one))
            false += any(_letters(part) not in _letters(known) for part in parts)
    return false


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def score(questions: Sequence[Question], responses: Sequence[Response]) -> Score:
    """The metrics of an evaluation."""
    pairs = list(zip(questions, responses, strict=True))
    found = [(q, r) for q, r in pairs if q.expect == "found"]
    costs = [response.cost for response in responses]
    absent = [q.expect == "found" and r.reason == "absent" for q, r in pairs]
    return {
        "cases": len(pairs),
        "accuracy": _mean(is_correct(q, r) for q, r in pairs),
        "citation_precision": _mean(
            is_correct_citation(span, q.truth) for q, r in found for span in r.citations
        ),
        "false_absent": _mean(r.found for q, r in pairs if q.expect == "absent"),
        "false_adjacent": _mean(r.found for q, r in pairs if q.expect == "adjacent"),
        "follow_up_accuracy": _mean(is_correct(q, r) for q, r in pairs if q.follows_up),
        "first_answer_s": round(median(r.first for r in responses), 4) if responses else None,
        "cost_usd": None if None in costs else round(sum(cost or 0.0 for cost in costs), 6),
        "unresolved": sum(response.unresolved for response in responses),
        "shown": _mean(shows(q, r) for q, r in found if q.kind not in WHOLE),
        "asserted_right": _mean(asserts_right(q, r) for q, r in found),
        "asserted_wrongly": _mean(r.found for q, r in pairs if q.expect != "found"),
        "false_sentences": sum(absent) + sum(response.false_sentences for response in responses),
        "useful": _mean(states_value(q, r.text) for q, r in found if q.facts),
        "reason_right": _mean(
            r.reason == q.expect for q, r in pairs if q.expect not in ("found", "adjacent")
        ),
        "kinds": {
            kind: _mean(is_correct(q, r) for q, r in pairs if q.kind == kind)
            for kind in dict.fromkeys(question.kind for question in questions)
        },
        **_retrieval(pairs),
    }


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
