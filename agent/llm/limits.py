"""Token and cost limits of a question and of a day, and their use so far."""

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from agent.llm.catalog import ModelInfo
from tools.errors import RefusedRequest
from tools.files.disk import best_effort
from tools.files.durable import lock, write_json

REPLY_TOKENS = 2_000
"""Tokens reserved for the reply of a model."""


@dataclass(frozen=True)
class Limits:
    """Limits of one question, and of all questions of one day."""

    model_calls: int = 8
    model_wait: float = 60.0
    """Seconds a language model may be silent, before its first word or between two."""
    tool_calls: int = 12
    question_seconds: float = 90.0
    question_tokens: int = 100_000
    """Input and output tokens of a language model."""
    question_usd: float = 1.0
    """Enforced only where the price of the model is known."""
    day_tokens: int = 5_000_000
    day_usd: float = 20.0


@dataclass
class Meter:
    """Token usage of one question."""

    limits: Limits
    model: ModelInfo
    tokens: tuple[int, int] = (0, 0)
    """Input and output tokens as counted by the server."""
    cached: int = 0
    """Input tokens that the server read from its cache."""
    used: int = 0
    """All tokens, estimated where the server does not count."""
    last: int = 0
    """Input tokens of the last call; the next call has more."""

    @property
    def usd(self) -> float | None:
        """Cost so far; None if the price is unknown."""
        given, written = self.tokens
        return self.model.price(given, written, self.cached)

    def add(self, usage: Any, estimated: int) -> None:
        """Add a call, by the server's usage report or else by the estimate."""
        if not usage:
            self.last = estimated
            self.used += estimated
            return
        given, written = self.tokens
        self.last = usage["input_tokens"]
        self.tokens = given + self.last, written + usage["output_tokens"]
        self.cached += (usage.get("input_token_details") or {}).get("cache_read") or 0
        self.used += self.last + usage["output_tokens"]

    def exceeded(self, given: int) -> str:
        """The limit that a call with `given` input tokens would exceed; empty if it fits."""
        if self.used + given + REPLY_TOKENS > self.limits.question_tokens:
            return f"the limit of {self.limits.question_tokens:,} tokens was reached"
        cost = (self.usd or 0.0) + (self.model.price(given, REPLY_TOKENS) or 0.0)
        if cost > self.limits.question_usd:
            return f"the limit of {self.limits.question_usd:g} USD was reached"
        return ""

    @property
    def room(self) -> int:
        """Input tokens left for one call, also bounded by the model's context window."""
        left = self.limits.question_tokens - self.used
        return (min(left, self.model.context) if self.model.context else left) - REPLY_TOKENS


class Spending:
    """Tokens and USD of today, in a file shared by processes. Blocks: call it in a thread."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._guard = threading.Lock()
        self._unwritten: tuple[str, int, float] = ("", 0, 0.0)
        """Date, tokens and USD that the disk refused to store; they count all the same."""

    def check(self) -> None:
        """Raise RefusedRequest if the day's limit is reached."""
        limits, (tokens, usd) = self._limits, self.today()
        spent = ""
        if tokens >= limits.day_tokens:
            spent = f"{limits.day_tokens:,} tokens a day is reached (CUEPOINT_DAY_TOKENS)"
        elif usd >= limits.day_usd:
            spent = f"{limits.day_usd:g} USD a day is reached (CUEPOINT_DAY_USD)"
        if spent:
            raise RefusedRequest(
                f"the limit of {spent}: raise it, ask tomorrow, or set CUEPOINT_MODEL=extractive"
            )

    def today(self) -> tuple[int, float]:
        """Tokens and USD of today."""
        today = date.today().isoformat()
        tokens, usd = self._unwritten[1:] if self._unwritten[0] == today else (0, 0.0)
        with suppress(OSError, ValueError, TypeError, KeyError):
            data = json.loads(self._path.read_text("utf-8"))
            if data["date"] == today:
                return tokens + int(data["tokens"]), usd + float(data["usd"])
        return tokens, usd

    def add(self, tokens: int, usd: float | None) -> None:
        """Add the usage of one question; an unknown price adds no cost."""
        if not tokens:
            return
        today = date.today().isoformat()
        with self._guard:
            day, before, paid = self._unwritten
            before, paid = (before, paid) if day == today else (0, 0.0)
            self._unwritten = today, before + tokens, paid + (usd or 0.0)
            with best_effort("spending"), lock(self._path.with_suffix(".lock")):
                tokens, usd = self.today()
                write_json(self._path, {"date": today, "tokens": tokens, "usd": round(usd, 6)})
                self._unwritten = today, 0, 0.0
