"""How many tokens a call of a language model takes, told before it is made.

An estimate from above: no tokenizer of a stranger's model is at hand, and one that is too high only
leaves out a picture.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AnyMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

BYTES = 3.0
"""Bytes of UTF-8 to a token: English has four, JSON fewer, a Chinese character is about one."""
ENVELOPE = 8
"""What each message and its role take."""
PATCH, PER_PATCH = 32, 1.7
"""Side of the square of pixels that is one token, and the most that a model charges for it."""


def text_tokens(text: str) -> int:
    """Tokens of a text."""
    return math.ceil(len(text.encode(errors="replace")) / BYTES)


def picture_tokens(width: int, height: int) -> int:
    """Tokens of a picture of so many pixels."""
    return math.ceil(math.ceil(width / PATCH) * math.ceil(height / PATCH) * PER_PATCH)


def tool_tokens(tools: Sequence[Any]) -> int:
    """Tokens of the schemas of tools."""
    return text_tokens(json.dumps([convert_to_openai_tool(tool) for tool in tools]))


def tokens(messages: Sequence[AnyMessage]) -> int:
    """Tokens of the words of messages, tool calls with them; pictures are counted apart."""
    total = 0
    for message in messages:
        calls = getattr(message, "tool_calls", None)
        total += ENVELOPE + text_tokens(message.text)
        total += text_tokens(json.dumps(calls)) if calls else 0
    return total
