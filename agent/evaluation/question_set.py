"""Question set of an evaluation: a balanced sample of what can be asked of the films."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.evaluation.ground_truth import ABSENT, ADJACENT, FOUND, Film, Question
from agent.evaluation.question_generator import Conversation, QuestionGenerator

KINDS = ("said", "written", "time", "seen", "order", "count", "about", "sound")
COUNT = 240
ABSENT_SHARE, ADJACENT_SHARE, FOLLOW_UP_SHARE = 0.15, 0.10, 0.25
CASUAL = 0.2
"""Share of questions that begin with a small letter and end without a question mark."""


def question_set(films: Sequence[Film], seed: int, count: int = COUNT) -> list[Question]:
    """Sample `count` questions about the films, as evenly over the kinds as the films allow."""
    rng = random.Random(f"questions {seed}")
    pool = [c for film in films for c in QuestionGenerator(film, films, rng).conversations()]
    rng.shuffle(pool)
    absent, adjacent, follow_up = (
        round(count * share) for share in (ABSENT_SHARE, ADJACENT_SHARE, FOLLOW_UP_SHARE)
    )
    chosen = [
        *_balanced((c for c in pool if c[0].expect == ABSENT), absent),
        *_balanced((c for c in pool if c[0].expect == ADJACENT), adjacent),
        *_balanced((c for c in pool if len(c) > 1), follow_up),
    ]
    asked = {question.text for conversation in chosen for question in conversation}
    found = (c for c in pool if len(c) == 1 and c[0].expect == FOUND and c[0].text not in asked)
    chosen += _balanced(found, count - sum(map(len, chosen)))
    named = [
        replace(question, conversation=f"{number:03}", follows_up=place > 0)
        for number, conversation in enumerate(chosen)
        for place, question in enumerate(conversation)
    ]
    return [_casual(question, rng) for question in named]


def _balanced(conversations: Iterable[Conversation], count: int) -> list[Conversation]:
    """Sample `count` conversations, taking turns among the kinds of their last questions."""
    by_kind: dict[str, list[Conversation]] = defaultdict(list)
    for conversation in conversations:
        by_kind[conversation[-1].kind].append(conversation)
    chosen: list[Conversation] = []
    while len(chosen) < count and any(by_kind.values()):
        for kind in KINDS:
            if by_kind[kind] and len(chosen) < count:
                chosen.append(by_kind[kind].pop())
    return chosen


def _casual(question: Question, rng: random.Random) -> Question:
    if rng.random() > CASUAL:
        return question
    text = question.text
    return replace(question, text=text[0].lower() + text[1:].rstrip("?."))
