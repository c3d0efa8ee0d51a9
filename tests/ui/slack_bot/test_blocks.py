"""Blocks stay inside Slack's limits, and doubt stands first."""

import re

from agent.ask import Answer
from ui.slack_bot.blocks import BLOCKS, SECTION, answer_blocks, messages, pieces
from ui.slack_bot.words import escaped


def answer(text: str, reason: str | None = None) -> Answer:
    return Answer("?", text, reason is None, (), (), model="extractive", reason=reason)  # type: ignore[arg-type]


def test_an_unsure_answer_begins_with_its_doubt() -> None:
    first = answer_blocks(answer("At 0:05.", "unsure"), lambda _: None, {}, {})[0]
    assert first["text"]["text"] == "Closest moments, not confirmed:\nAt 0:05."
    sure = answer_blocks(answer("At 0:05."), lambda _: None, {}, {})[0]
    assert sure["text"] == {"type": "mrkdwn", "text": "At 0:05.", "verbatim": True}


def test_a_long_answer_is_cut_between_words_and_loses_none() -> None:
    text = escaped(" ".join(f"word{n}&<!here>" for n in range(30_000)))
    parts = pieces(text, SECTION)
    assert max(map(len, parts)) <= SECTION and " ".join(parts) == text
    solid = escaped("<&>" * 4000)
    cut = pieces(solid, SECTION)
    assert "".join(cut) == solid and all(re.fullmatch(r"(&(lt|gt|amp);)+", one) for one in cut)
    blocks = answer_blocks(answer(text), lambda _: None, {}, {})
    assert len(next(iter(messages(blocks)))) == BLOCKS < len(blocks)
