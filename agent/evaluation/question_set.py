"""Question set of an evaluation: a balanced sample of what can be asked of the films."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.evaluation.ground_truth import Film, Question
from agent.evaluation.question_generator import Conversation, QuestionGenerator

KINDS = ("said", "written", "time", "seen", "order", "count", "about", "sound", "whole")
COUNT = 240
SHARES = {"absent": 0.15, "adjacent": 0.10, "outside": 0.04, "cannot": 0.03}
"""Shares of the questions that the films do not answer."""
FOLLOW_UP_SHARE, WHOLE_SHARE = 0.25, 0.0625


def question_set(films: Sequence[Film], seed: int, count: int = COUNT) -> list[Question]:
    """Sample `count` questions about the films, as evenly over the kinds as the films allow."""
    rng = random.Random(f"questions {seed}")
    pool = [c for film in films for c in QuestionGenerator(film, films, rng).conversations()]
    rng.shuffle(pool)
    single = [c for c in pool if len(c) == 1]
    chosen: list[Conversation] = []
    for expect, share in SHARES.items():
        chosen += _balanced((c for c in single if c[0].expect == expect), count * share)
    chosen += _balanced((c for c in pool if len(c) > 1), count * FOLLOW_UP_SHARE)
    chosen += _balanced((c for c in single if c[0].kind == "whole"), count * WHOLE_SHARE)
    asked = {question.text for conversation in chosen for question in conversation}
    found = [c for c in single if c[0].expect == "found" and c[0].text not in asked]
    moments = (c for c in found if c[0].kind != "whole")
    chosen += _balanced(moments, count - sum(map(len, chosen)))
    typed = films[0].hand.typed
    return [
        replace(one, text=typed(one.text, rng), conversation=f"{number:03}", follows_up=place > 0)
        for number, conversation in enumerate(chosen)
        for place, one in enumerate(conversation)
    ]


def _balanced(conversations: Iterable[Conversation], count: float) -> list[Conversation]:
    """Sample `count` conversations, taking turns among the kinds of their last questions."""
    by_kind: dict[str, list[Conversation]] = defaultdict(list)
    for conversation in conversations:
        by_kind[conversation[-1].kind].append(conversation)
    chosen: list[Conversation] = []
    count = round(count)
    while len(chosen) < count and any(by_kind.values()):
        for kind in KINDS:
            if by_kind[kind] and len(chosen) < count:
                chosen.append(by_kind[kind].pop())
    return chosen
