"""The state of one question: what it may use, and what it has taken so far."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.grounding.evidence import Measures
from agent.grounding.review import Review
from agent.llm.images import Pictures
from agent.llm.limits import Limits, Meter
from agent.llm.provider import broke_off, refuses_pictures
from agent.toolbelt import Toolbelt
from tools.errors import Interrupted
from tools.media import Coverage, Evidence
from tools.sandbox import DEADLINE


@dataclass
class Turn:
    """The state of one question that no checkpoint holds."""

    question: str
    videos: tuple[str, ...]
    """Ids of the videos it is about; all of them where empty."""
    coverage: tuple[Coverage, ...]
    """What there was to answer from when it was asked; what came later was not searched."""
    deadline: float
    limits: Limits = Limits()  # noqa: RUF009 (frozen)
    meter: Meter | None = None
    """Of a language model; the extractive one costs nothing."""
    pictures: Pictures | None = None
    """What a model that sees is shown."""
    measured: Measures | None = None
    """By what a language model's statements about pictures are tested."""
    model_calls: int = 0
    tool_calls: int = 0
    found: list[str] = field(default_factory=list[str])
    """Evidence that tools returned, in their order."""
    stopped: str = ""
    """Why there is no answer of the model's, as the end of a sentence."""
    cut: str = ""
    """Why its answer may be incomplete."""
    key: str = ""
    """Under which the answer is kept, for who asks the same again."""
    retried: bool = False
    draft: str = ""
    """An answer whose faults the model was told of; what it says next goes before it."""
    streamed: str = ""
    quiet: bool = False
    """Nothing more is streamed: what was, is no beginning of the answer to come."""
    records: dict[str, Evidence | None] = field(default_factory=dict[str, Evidence | None])
    titles: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def over(self) -> str:
        """The limit that leaves one last call without tools; empty while there is none."""
        if self.model_calls >= self.limits.model_calls - 1:
            return f"the limit of {self.limits.model_calls} model calls was reached"
        if self.tool_calls >= self.limits.tool_calls:
            return f"the limit of {self.limits.tool_calls} tool calls was reached"
        return self.meter.short(2 * self.meter.last) if self.meter and self.meter.last else ""

    @property
    def tokens(self) -> tuple[int, int]:
        """Given to a language model, and written by it."""
        return self.meter.tokens if self.meter else (0, 0)

    @property
    def settled(self) -> bool:
        """Whether all is indexed: an answer from less is not kept for who asks again."""
        return all(share >= 1 for one in self.coverage for share in one.ready.values())

    @property
    def may_repair(self) -> bool:
        """Whether a language model may be told of its faults: once, while there is room for it."""
        stopped = self.stopped or self.cut or self.draft or self.over
        return self.meter is not None and not stopped

    def again(self, error: Exception) -> bool:
        """Whether a call that failed is made once more: in words alone, or on a new line."""
        if self.retried or self.over:
            return False
        self.retried = True
        self.quiet |= bool(self.streamed)
        if self.pictures and self.pictures.shown and refuses_pictures(error):
            self.pictures.refused()
            self.pictures = None
            return True
        return broke_off(error)

    @property
    def model_wait(self) -> float | None:
        """Seconds that the model may be silent; one that runs here is not talked with."""
        return self.limits.model_wait if self.meter else None

    @property
    def silenced(self) -> str:
        """What is said when the model said nothing, and nothing again."""
        return (
            f"the model said nothing for {self.limits.model_wait:g} seconds (CUEPOINT_MODEL_WAIT)"
        )

    @property
    def timed_out(self) -> str:
        """What is said when the time is over."""
        return f"the limit of {self.limits.question_seconds:g} seconds was reached"

    @asynccontextmanager
    async def timed(self) -> AsyncIterator[None]:
        """End what is done inside when the question's time is over, and say so in `stopped`."""
        loop = asyncio.get_running_loop()
        token = DEADLINE.set(time.monotonic() + self.deadline - loop.time())
        timer = asyncio.timeout_at(self.deadline)
        try:
            async with timer:
                yield
        except (TimeoutError, Interrupted):  # of the timer, or of a thread that looks at DEADLINE
            if not timer.expired() and loop.time() < self.deadline:
                raise
            self.stopped = self.timed_out
        finally:
            DEADLINE.reset(token)

    def learn(self, belt: Toolbelt, ids: Sequence[str]) -> None:
        """Look up evidence and titles that are not known yet; what tools returned is."""
        self.records |= belt.resolve(id for id in ids if id not in self.records)
        videos = {record.video for id in ids if (record := self.records.get(id))}
        self.titles |= belt.titles(videos - self.titles.keys())

    def review(self, seen: Sequence[str], handles: Sequence[str]) -> Review:
        """A test of claims against what this question may cite."""
        return Review(seen, handles, self.records, self.titles, self.videos, self.measured)
