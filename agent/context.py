"""The prompt of a model call: rules, earlier turns, the question with its data, this turn."""

from collections.abc import Sequence
from itertools import pairwise

from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage

from agent.llm.tokens import message_tokens
from agent.messages import KEY, metadata
from agent.toolbelt import fence
from agent.turn import Turn
from prompts import render

HISTORY = 12
"""Earlier turns that are repeated in full; of those before them a line each."""
EARLIER_LINES, LINE_LENGTH = 40, 160
"""Number of such lines, and characters of a question or answer in them."""


def prompt(
    turn: Turn, messages: list[AnyMessage], seen: list[str], handles: list[str]
) -> tuple[list[AnyMessage], int]:
    """The messages of a model call, and their tokens.

    Where there is no room for all, images get smaller and fewer, then earlier turns are left out.
    """
    at, limits, belt = question_index(messages), turn.limits, turn.belt
    is_last = turn.limit_reached and not turn.retrieves_by_rule
    calls = 0 if is_last else limits.tool_calls - turn.tool_calls
    rules = render("system", model_calls=limits.model_calls, tool_calls=limits.tool_calls)
    turn.load(handles)
    before = finished_turns(messages[:at])
    earlier, before = before[: -2 * HISTORY], before[-2 * HISTORY :]
    meter = None if turn.retrieves_by_rule else turn.meter
    asked = turn.question
    if meter:  # the rules read what goes with it
        asked = render(
            "question",
            videos=belt.video_lines(turn.videos),
            shown=belt.shown_lines(handles, turn.records),
            earlier="\n".join(_earlier_lines(earlier)) or "(none)",
            calls=calls,
            question=turn.question,
        )
    data = {"question": turn.question, "videos": list(turn.videos), "calls": calls}
    data |= {"seen": seen, "handles": handles}
    head = SystemMessage(content=rules)
    question = HumanMessage(content=asked, additional_kwargs={KEY: data})
    current = messages[at + 1 :]
    if meter is None:
        return [head, *before, question, *current], 0
    taken = belt.tokens + message_tokens([head, question, *current])
    while before and taken + message_tokens(before) > meter.room:
        before = before[2:]
    taken += message_tokens(before)
    if turn.sheets:
        room = meter.room - taken
        current, shown = turn.sheets.insert(current, seen, turn.records, room)
        taken += shown
    return [head, *before, question, *current], taken


def _earlier_lines(earlier: Sequence[AnyMessage]) -> list[str]:
    """Turns as a line each, the latest last: the question, and how the answer began."""
    texts = [fence(" ".join(message.text.split())[:LINE_LENGTH]) for message in earlier]
    return [" · ".join(turn) for turn in zip(texts[::2], texts[1::2], strict=True)][-EARLIER_LINES:]


def finished_turns(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Answered questions with their answers: a turn that broke off never happened."""
    return [
        message
        for question, answer in pairwise(messages)
        if question.type == "human" and "claims" in metadata(answer)
        for message in (question, answer)
    ]


def question_index(messages: Sequence[AnyMessage]) -> int:
    """Index of this turn's question; a list of unsupported claims is none."""
    return max(
        index
        for index, message in enumerate(messages)
        if message.type == "human" and "faults" not in metadata(message)
    )
