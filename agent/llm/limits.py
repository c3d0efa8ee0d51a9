"""Limits of a question and of a day, and what a language model has taken of them so far."""

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from agent.llm.catalog import Facts
from tools.errors import RefusedRequest
from tools.files.disk import best_effort
from tools.files.durable import lock, write_json

REPLY = 2_000
"""Tokens that are kept free for what a model writes."""


@dataclass(frozen=True)
class Limits:
    """The most that one question, and all questions of one day, may take."""

    model_calls: int = 8
    model_wait: float = 60.0
    """Seconds that a language model may be silent, before its first word or between two."""
    tool_calls: int = 12
    question_seconds: float = 90.0
    question_tokens: int = 100_000
    """Of a language model, given and written."""
    question_usd: float = 1.0
    """Counted where the price of the model is known."""
    day_tokens: int = 5_000_000
    day_usd: float = 20.0


@dataclass
class Meter:
    """What a question has taken of a language model's tokens so far, and what it may still take."""

    limits: Limits
    facts: Facts
    tokens: tuple[int, int] = (0, 0)
    """As the server counted them."""
    cached: int = 0
    used: int = 0
    """The same, estimated where a server does not count."""
    last: int = 0
    """What the last call was given: the next one takes more."""

    @property
    def usd(self) -> float | None:
        """The price so far; None where it is not known."""
        given, written = self.tokens
        return self.facts.price(given, written, self.cached)

    def add(self, usage: Any, estimated: int) -> None:
        """Count a call by what the server says of it, else by the estimate."""
        if not usage:
            self.last = estimated
            self.used += estimated
            return
        given, written = self.tokens
        self.last = usage["input_tokens"]
        self.tokens = given + self.last, written + usage["output_tokens"]
        self.cached += (usage.get("input_token_details") or {}).get("cache_read") or 0
        self.used += self.last + usage["output_tokens"]

    def short(self, given: int) -> str:
        """The limit that a call with so many tokens would break; empty where it may be made."""
        if self.used + given + REPLY > self.limits.question_tokens:
            return f"the limit of {self.limits.question_tokens:,} tokens was reached"
        if (self.usd or 0.0) + (self.facts.price(given, REPLY) or 0.0) > self.limits.question_usd:
            return f"the limit of {self.limits.question_usd:g} USD was reached"
        return ""

    @property
    def room(self) -> int:
        """The most that one call may be given; the model's context bounds it too."""
        left = self.limits.question_tokens - self.used
        return (min(left, self.facts.context) if self.facts.context else left) - REPLY


class Spending:
    """Tokens and USD of today, in a file that several processes add to.

    Blocks: call it in a thread.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._guard = threading.Lock()
        self._unwritten: tuple[str, int, float] = ("", 0, 0.0)
        """The day, and what of it the disk did not take: it counts all the same."""

    def check(self) -> None:
        """RefusedRequest where the day's limit is reached."""
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
        found: Any = {}
        today = date.today().isoformat()
        day, tokens, usd = self._unwritten
        if day != today:
            tokens, usd = 0, 0.0
        with suppress(OSError, ValueError):
            found = json.loads(self._path.read_text("utf-8"))
        if not isinstance(found, dict) or found.get("date") != today:
            return tokens, usd
        try:
            return tokens + int(found["tokens"]), usd + float(found["usd"])
        except (KeyError, TypeError, ValueError):
            return tokens, usd

    def add(self, tokens: int, usd: float | None) -> None:
        """Add what one question took; a price that is not known adds none."""
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
