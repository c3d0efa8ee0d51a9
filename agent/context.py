"""The messages that a model is shown: the rules, earlier turns, the question with its data."""

from collections.abc import Sequence
from itertools import pairwise

from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage

from agent.llm.tokens import tokens
from agent.messages import KEY, beside
from agent.toolbelt import Toolbelt, fence
from agent.turn import Turn
from prompts import render

HISTORY = 12
"""Earlier turns that a model is shown as they were; of those before them a line each."""
DIGEST, DIGEST_LENGTH = 40, 160
"""How many such lines, and their characters."""


def prompt(
    turn: Turn,
    belt: Toolbelt,
    messages: list[AnyMessage],
    seen: list[str],
    handles: list[str],
) -> tuple[list[AnyMessage], int]:
    """What a model is shown: the rules, earlier turns, the question with its data, this turn.

    With it the tokens that it takes. Where there is no room for all, pictures get smaller and
    fewer, then earlier turns are left out.
    """
    at = asked_at(messages)
    limits, left = turn.limits, 0 if turn.over else turn.limits.tool_calls - turn.tool_calls
    rules = render("system", model_calls=limits.model_calls, tool_calls=limits.tool_calls)
    turn.learn(belt, handles)
    before = finished(messages[:at])
    earlier, before = before[: -2 * HISTORY], before[-2 * HISTORY :]
    asked = render(
        "question",
        videos=belt.videos(turn.videos),
        shown=belt.shown(handles, turn.records),
        earlier="\n".join(digest(earlier)) or "(none)",
        calls=left,
        question=turn.question,
    )
    data = {
        "question": turn.question,
        "videos": list(turn.videos),
        "seen": seen,
        "handles": handles,
        "calls": left,
    }
    head = SystemMessage(content=rules)
    question = HumanMessage(content=asked, additional_kwargs={KEY: data})
    now = messages[at + 1 :]
    if turn.meter is None:
        return [head, *before, question, *now], 0
    taken = belt.tokens + tokens([head, question, *now])
    while before and taken + tokens(before) > turn.meter.room:
        before = before[2:]
    taken += tokens(before)
    if turn.pictures:
        now, shown = turn.pictures.beside(now, seen, turn.records, turn.meter.room - taken)
        taken += shown
    return [head, *before, question, *now], taken


def digest(earlier: Sequence[AnyMessage]) -> list[str]:
    """Turns as a line each, the latest last: what was asked, and how the answer began."""
    lines: list[str] = []
    for question, answer in zip(earlier[::2], earlier[1::2], strict=True):
        asked, said = (" ".join(m.text.split())[:DIGEST_LENGTH] for m in (question, answer))
        lines.append(f"{fence(asked)} · {fence(said)}")
    return lines[-DIGEST:]


def finished(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Questions that were answered, with their answers: a turn that broke off never happened."""
    return [
        message
        for question, answer in pairwise(messages)
        if question.type == "human" and "claims" in beside(answer)
        for message in (question, answer)
    ]


def asked_at(messages: Sequence[AnyMessage]) -> int:
    """Where the question of this turn stands; what a model was told of its faults is none."""
    return max(
        place
        for place, message in enumerate(messages)
        if message.type == "human" and "faults" not in beside(message)
    )
