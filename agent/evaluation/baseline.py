"""Naive baseline: sixteen uniform frames, and a guess by position.

It takes the frame at whose time most of the question's words are said or shown, quotes them and
cites the frame. Where there are none, it guesses the place from the question: "first" is the
beginning, "last" the end, and everything else the middle. It always answers, without any context.
"""

import re
import time
from collections.abc import Mapping

from agent.evaluation.ground_truth import Question, VideoSpan
from agent.evaluation.scoring import Response
from tools.library import Library

FRAMES = 16
BEGINNING = {"first", "begin", "begins", "beginning", "start", "starts", "before"}
END = {"last", "end", "ends", "ending", "final", "after", "later"}


def baseline_response(library: Library, question: Question, ids: Mapping[str, str]) -> Response:
    """The response of the baseline; `ids` are the video ids by name."""
    begun = time.monotonic()
    moments: list[tuple[str, float, str]] = []
    for name in question.videos:
        duration = library.get(ids[name]).duration
        for at in ((number + 0.5) * duration / FRAMES for number in range(FRAMES)):
            moments.append((name, at, _text(library, ids[name], at)))
    words = _words(question.text)
    name, at, text = max(moments, key=lambda moment: len(words & _words(moment[2])))
    if not words & _words(text):
        place = 0 if words & BEGINNING else -1 if words & END else len(moments) // 2
        name, at, text = moments[place]
    span = VideoSpan(name, at, at)
    return Response(text, True, (span,), time.monotonic() - begun, window=span)


def _text(library: Library, video: str, at: float) -> str:
    texts = (*library.utterances(video), *library.screen_text(video))
    return " ".join(part.text for part in texts if part.start <= at < part.end)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
