"""Answers that people rated, as cases for `cuepoint eval --cases`.

A helpful answer gives its moments, or the reason that there are none. Of one that was not helpful
the truth is only known where the comment names a time: that is the moment then.
"""

import re
from dataclasses import dataclass
from typing import Any

from agent.agent import Agent
from agent.history import PastTurn, Rating, conversations, ratings, turns
from tools.errors import VideoError

AROUND = 5.0
"""Seconds around a time that a comment names."""
_TIME = re.compile(r"(?<![\d:.])(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?![\d:])")
_WHY = {"adjacent": "adjacent", "unsure": "adjacent", "outside": "outside", "cannot": "cannot"}
"""Kind of case by the reason that nothing answers."""
_PAGE = 100


@dataclass(frozen=True)
class LeftOut:
    """A rated answer that makes no case, and why."""

    question: str
    comment: str
    why: str


async def rated_cases(agent: Agent, prefix: str = "") -> tuple[list[dict[str, Any]], list[LeftOut]]:
    """Cases of all rated answers, oldest conversation first, and those that make none."""
    cases, left, after = list[dict[str, Any]](), list[LeftOut](), ""
    threads: list[str] = []
    while page := await conversations(agent, prefix, _PAGE, after):
        threads += [one.thread for one in page]
        after = page[-1].thread
    for thread in reversed(threads):
        if given := await ratings(agent, thread):
            found, others = _of_thread(agent, thread, await turns(agent, thread), given)
            cases += found
            left += others
    return cases, left


def _of_thread(
    agent: Agent, thread: str, past: list[PastTurn], given: dict[int, Rating]
) -> tuple[list[dict[str, Any]], list[LeftOut]]:
    cases, left = list[dict[str, Any]](), list[LeftOut]()
    for turn, rating in given.items():
        if turn >= len(past):
            continue
        asked = past[turn]
        case = _case(agent, asked, rating)
        if not isinstance(case, str) and turn and len(cases) < turn:
            case = "it goes on from a question that makes no case"
        if isinstance(case, str):
            left.append(LeftOut(asked.answer.question, rating.comment, case))
        else:
            cases.append(case | {"conversation": thread})
    return cases, left


def _case(agent: Agent, asked: PastTurn, rating: Rating) -> dict[str, Any] | str:
    """One case, or why there is none."""
    answer, times = asked.answer, _times(rating.comment)
    videos = list(dict.fromkeys(one.evidence.video for one in answer.evidence)) or [*asked.videos]
    if not videos and len(few := agent.library.catalog.entries(2)) == 1:
        videos = [few[0].id]
    if len(videos) != 1:
        return "it is not about one video"
    try:
        path = agent.library.original(videos[0])
    except VideoError:
        return "its video is gone"
    case: dict[str, Any] = {"video": str(path), "question": answer.question}
    if times:
        return case | {"truth": [[max(at - AROUND, 0.0), at + AROUND] for at in times]}
    if not rating.helpful:
        return "the comment names no time, so the truth is not known"
    if answer.found:
        spans = [(one.evidence.start, one.evidence.end) for one in answer.evidence]
        return case | {"truth": [[round(start, 3), round(end, 3)] for start, end in spans]}
    return case | {"kind": _WHY.get(answer.reason or "", "absent"), "truth": []}


def _times(comment: str) -> list[float]:
    """Times that a comment names, written like a clock."""
    return [
        float(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds))
        for hours, minutes, seconds in _TIME.findall(comment)
    ]
