"""Generation jobs: one request on its way from a proposal to files that are signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tools.generate.refusals import told
from tools.generate.request import Aspect, GenerationRequest

State = Literal[
    "proposed", "refused", "approved", "running", "unknown", "checking", "done", "failed",
    "cancelled",
]  # fmt: skip
OVER: frozenset[State] = frozenset({"refused", "done", "failed", "cancelled"})
"""States that nothing follows."""
UNDER_WAY: frozenset[State] = frozenset({"approved", "running", "checking"})
"""States that a runner goes on with, also after a stop."""


@dataclass(frozen=True)
class Verdict:
    """Verdict of moderation; reasons are codes, `cleared` is the digest of what was judged."""

    verdict: Literal["passed", "refused"]
    reasons: tuple[str, ...] = ()
    by: str = "rules"
    """Who judged: `rules`, or the rules and a moderation service."""
    cleared: str = ""

    def told(self, language: str = "en") -> list[str]:
        """Its reasons in words."""
        return [told(reason, language) for reason in self.reasons]


@dataclass(frozen=True)
class Output:
    """A file that was made; path is absolute."""

    path: str
    aspect: Aspect
    duration: float
    sheet: tuple[Mapping[str, Any], ...] = ()
    """The source of every shot, and which are synthetic."""


@dataclass(frozen=True)
class Step:
    """A change of a job's state; at is UTC, by names a person where one decided."""

    state: State
    at: str
    by: str = ""


@dataclass(frozen=True)
class GenerationJob:
    """A job's receipt: what was asked, judged, priced, approved, sent, paid and made.

    `intended_at` is written before it is sent, `provider_id` at once after. A job that has the one
    and not the other may have been sent.
    """

    id: str
    state: State
    request: GenerationRequest
    provider: str
    model: str = ""
    price_usd: float | None = None
    """Price as proposed; None if it is unknown."""
    cost_usd: float | None = None
    """Price as the provider told it at the end."""
    leaves_machine: tuple[str, ...] = ()
    moderation: Verdict = Verdict("passed")
    notes: tuple[str, ...] = ()
    """What a person should know before approving."""
    asked_by: str = ""
    approved_by: str = ""
    approved_at: str = ""
    intended_at: str = ""
    provider_id: str = ""
    progress: float = 0.0
    outputs: tuple[Output, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])
    checks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    error: str | None = None
    history: tuple[Step, ...] = ()
    thread: str = ""
    """Conversation in which it was asked for."""

    @property
    def payload(self) -> int:
        """32 bits of its watermark, which look up this receipt."""
        return int(self.id[:8], 16)

    @property
    def over(self) -> bool:
        """True if nothing follows."""
        return self.state in OVER

    @property
    def path(self) -> str | None:
        """Path of the first file that was made."""
        return self.outputs[0].path if self.outputs else None
