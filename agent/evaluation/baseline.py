"""What is answered without understanding: sixteen uniform frames, and a guess by position.

It takes the frame whose moment has most of the question's words, written or said, quotes that and
cites the frame. Where no frame has any, it guesses the place from the question: "first" is the
beginning, "last" the end, and everything else the middle. It always answers, and remembers nothing.
"""

import re
import time
from collections.abc import Mapping

from agent.evaluation.scoring import Reply
from agent.evaluation.truth import Question, Span
from tools.library import Library

FRAMES = 16
BEGINNING = {"first", "begin", "begins", "beginning", "start", "starts", "before"}
END = {"last", "end", "ends", "ending", "final", "after", "later"}


def guess(library: Library, question: Question, ids: Mapping[str, str]) -> Reply:
    """The answer of the baseline; ids are those of the videos by name."""
    begun = time.monotonic()
    moments = [
        (name, at, _text(library, ids[name], at))
        for name in question.videos
        for at in _uniform(library.get(ids[name]).duration)
    ]
    words = _words(question.text)
    name, at, text = max(moments, key=lambda moment: len(words & _words(moment[2])))
    if not words & _words(text):
        place = 0 if words & BEGINNING else -1 if words & END else len(moments) // 2
        name, at, text = moments[place]
    span = Span(name, at, at)
    return Reply(text, True, (span,), time.monotonic() - begun, window=span)


def _uniform(duration: float) -> list[float]:
    """The middles of as many equal parts."""
    return [(number + 0.5) * duration / FRAMES for number in range(FRAMES)]


def _text(library: Library, video: str, at: float) -> str:
    heard, read = library.utterances(video), library.screen_text(video)
    return " ".join(one.text for one in (*heard, *read) if one.start <= at < one.end)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
