"""What a question may cost, and what it has taken of a language model so far."""

from dataclasses import dataclass
from typing import Any

from agent.llm.catalog import Facts
from agent.llm.tokens import REPLY


@dataclass(frozen=True)
class Limits:
    """What one question may cost."""

    model_calls: int = 8
    tool_calls: int = 12
    seconds: float = 90.0
    tokens: int = 100_000
    usd: float = 1.0


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
        if self.used + given + REPLY > self.limits.tokens:
            return f"the limit of {self.limits.tokens:,} tokens was reached"
        if (self.usd or 0.0) + (self.facts.price(given, REPLY) or 0.0) > self.limits.usd:
            return f"the limit of {self.limits.usd:g} USD was reached"
        return ""

    @property
    def room(self) -> int:
        """The most that one call may be given; the model's context bounds it too."""
        left = self.limits.tokens - self.used
        return (min(left, self.facts.context) if self.facts.context else left) - REPLY
