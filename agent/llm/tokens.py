"""Token estimates of a language-model call, made before the call.

Upper bounds: the tokenizer of an arbitrary model is not available, and too high an estimate only
leaves out an image.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AnyMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

BYTES = 3.0
"""Bytes of UTF-8 per token: English has four, JSON fewer, a Chinese character is about one."""
ENVELOPE = 8
"""Tokens of each message's role and framing."""
PATCH, PER_PATCH = 32, 1.7
"""Side in pixels of an image patch, and the most tokens that a model charges for one."""


def text_tokens(text: str) -> int:
    """Tokens of a text."""
    return math.ceil(len(text.encode(errors="replace")) / BYTES)


def image_tokens(width: int, height: int) -> int:
    """Tokens of an image, by its size in pixels."""
    return math.ceil(math.ceil(width / PATCH) * math.ceil(height / PATCH) * PER_PATCH)


def tool_tokens(tools: Sequence[Any]) -> int:
    """Tokens of the schemas of tools."""
    return text_tokens(json.dumps([convert_to_openai_tool(tool) for tool in tools]))


def message_tokens(messages: Sequence[AnyMessage]) -> int:
    """Tokens of messages and their tool calls, without images."""
    total = 0
    for message in messages:
        calls = getattr(message, "tool_calls", None)
        total += ENVELOPE + text_tokens(message.text)
        total += text_tokens(json.dumps(calls)) if calls else 0
    return total
