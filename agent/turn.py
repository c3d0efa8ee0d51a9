"""State of one question: its limits, and what it has used and retrieved so far."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from agent.grounding.pixels import PixelCheck
from agent.grounding.review import CheckedAnswer, Review
from agent.llm.images import ContactSheets
from agent.llm.limits import Limits, Meter
from agent.llm.provider import connection_lost, may_refuse_images
from agent.toolbelt import Toolbelt
from tools.errors import Interrupted
from tools.generate.job import GenerationJob
from tools.media import Coverage, Evidence
from tools.sandbox import DEADLINE

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

RULES_SECONDS = 10.0
"""Seconds for the rules to answer in where a language model has used up the question's."""


@dataclass
class Turn:
    """The state of one question that is not checkpointed."""

    question: str
    videos: tuple[str, ...]
    """Ids of the videos it is about; empty for all of them."""
    coverage: tuple[Coverage, ...]
    """Of the videos that are asked about by name, or of a small library."""
    coverage_total: Mapping[str, int]
    fully_indexed: bool
    """True if all videos are indexed: an answer from less is not cached."""
    """Coverage when the question was asked; what was indexed later was not searched."""
    deadline: float
    """Time of the event loop, in seconds."""
    limits: Limits
    belt: Toolbelt
    on_token: Callable[[str], None]
    """Callback for the next piece of the answer."""
    on_tool: Callable[[str, Mapping[str, Any]], None]
    """Callback for a tool call that starts, with its arguments."""
    meter: Meter | None = None
    """Token usage of a language model; None for the extractive one, which costs nothing."""
    sheets: ContactSheets | None = None
    """Contact sheets for a model that accepts images."""
    pixels: PixelCheck | None = None
    """Measures pictures to verify the claims of a language model."""
    way: Literal["agent", "reader"] = "agent"
    """Whether the language model calls the tools, or reads once what the rules retrieved."""
    by_rule: AIMessage | None = None
    """Answer of the rules to a question that is read: the fallback."""
    learn: Callable[[], None] = field(default=lambda: None)
    """Callback for a model that turns out not to call tools."""
    model_calls: int = 0
    tool_calls: int = 0
    proposed: bool = False
    """True once a tool has begun to propose a job."""
    jobs: list[GenerationJob] = field(default_factory=list[GenerationJob])
    """Jobs that tools proposed."""
    retrieved: list[str] = field(default_factory=list[str])
    """Ids of the evidence that tools returned, in their order."""
    stopped: str = ""
    """The reason that the model gave no answer, as the end of a sentence."""
    incomplete: str = ""
    """The reason that its answer may be incomplete."""
    is_spent: bool = False
    """True if no further model call fits: it was silent, or a limit was reached."""
    failed: str = ""
    """The reason that no answer of a language model holds; the rules answer then."""
    cache_key: str = ""
    """The key to store the answer under; empty if it is not to be cached."""
    recalls: bool = True
    """False for a model that is to answer again: its answer is not taken from the cache."""
    retried: bool = False
    draft: str = ""
    """First answer that failed verification: kept as the fallback for the second one."""
    streamed: str = ""
    """Text sent so far."""
    muted: bool = False
    """True if streaming stopped: the text sent is not a prefix of the answer to come."""
    records: dict[str, Evidence | None] = field(default_factory=dict[str, Evidence | None])
    """Evidence by id; None for what is gone with its video."""
    titles: dict[str, str] = field(default_factory=dict[str, str])
    answer: CheckedAnswer | None = None
    """The answer, once it is checked."""
    number: int = 0
    """Turns of the conversation before this one, once it is answered."""

    @property
    def limit_reached(self) -> str:
        """The limit that leaves one last model call without tools; empty while there is none."""
        if self.model_calls >= self.limits.model_calls - 1:
            return f"the limit of {self.limits.model_calls} model calls was reached"
        if self.tool_calls >= self.limits.tool_calls:
            return f"the limit of {self.limits.tool_calls} tool calls was reached"
        return self.meter.exceeded(2 * self.meter.last) if self.meter and self.meter.last else ""

    @property
    def tokens(self) -> tuple[int, int]:
        """Input and output tokens of a language model."""
        return self.meter.tokens if self.meter else (0, 0)

    @property
    def may_repair(self) -> bool:
        """True if a language model may correct its unsupported claims: once, within its limits."""
        stopped = self.stopped or self.incomplete or self.draft or self.limit_reached
        return self.meter is not None and self.way == "agent" and not stopped

    @property
    def retrieves_by_rule(self) -> bool:
        """True while the rules look for what a model is to read."""
        return self.way == "reader" and self.by_rule is None

    def read_instead(self) -> None:
        """Begin anew: the rules retrieve, and the model reads unless it has been silent."""
        self.failed, self.way = self.stopped or "the model cited nothing that holds", "reader"
        self.muted |= bool(self.streamed)
        self.stopped = self.incomplete = self.draft = ""
        self.tool_calls, self.retrieved = 0, []
        now = asyncio.get_running_loop().time()
        self.deadline = max(self.deadline, now + RULES_SECONDS)

    def retry(self, error: Exception) -> bool:
        """True if a failed call is to be repeated: without images, or on a new connection."""
        if self.retried or self.limit_reached:
            return False
        self.retried = True
        self.muted |= bool(self.streamed)
        if self.sheets and self.sheets.shown and may_refuse_images(error):
            self.sheets.refused()
            self.sheets = None
            return True
        return connection_lost(error)

    @asynccontextmanager
    async def time_limit(self) -> AsyncIterator[None]:
        """Cancel the body at the deadline, and say so in `stopped`."""
        loop = asyncio.get_running_loop()
        token = DEADLINE.set(time.monotonic() + self.deadline - loop.time())
        timer = asyncio.timeout_at(self.deadline)
        try:
            async with timer:
                yield
        except (TimeoutError, Interrupted):  # of the timer, or of a thread that looks at DEADLINE
            if not timer.expired() and loop.time() < self.deadline:
                raise
            self.stopped = f"the limit of {self.limits.question_seconds:g} seconds was reached"
            self.is_spent = True
        finally:
            DEADLINE.reset(token)

    def stream(self, text: str) -> None:
        """Send the next piece of the answer."""
        if text:
            self.streamed += text
            self.on_token(text)

    def load(self, ids: Sequence[str]) -> None:
        """Look up evidence that is not in `records` yet, and its titles."""
        self.records |= self.belt.resolve(id for id in ids if id not in self.records)
        videos = {record.video for id in ids if (record := self.records.get(id))}
        self.titles |= {id: self.belt.title(id) for id in videos - self.titles.keys()}

    def review(self, seen: Sequence[str], handles: Sequence[str]) -> Review:
        """A review of claims against what this question may cite."""
        given = self.records, self.titles, self.videos, self.pixels, self.belt.wall_clock
        return Review(seen, handles, *given)
