"""Providers of generated video, one file each, behind the protocol `Generator`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from tools.errors import VideoError
from tools.generate.request import Aspect, GenerationRequest, Kind

State = Literal["running", "done", "refused", "failed"]


class Ambiguous(VideoError):
    """A submission of which it is not known whether it arrived: nobody may send it again unseen."""


class Refused(VideoError):
    """A submission that the provider's own moderation refused: final, never sent again."""


@dataclass(frozen=True)
class Progress:
    """State of a job at its provider; fraction is 0 to 1, reason says why it ended otherwise."""

    state: State
    fraction: float = 0.0
    reason: str = ""
    cost_usd: float | None = None


@dataclass(frozen=True)
class Piece:
    """A file that a provider made; `sheet` names the source of every shot, `scores` the checks."""

    path: Path
    aspect: Aspect
    duration: float
    watermarked: bool = False
    sheet: Sequence[dict[str, Any]] = ()
    scores: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Work:
    """A job as its provider sees it: the request, and the folder that holds its inputs.

    `key` is the job's own id, which is sent along where the provider takes one; `payload` are the
    32 bits of the watermark that look up the receipt.
    """

    key: str
    request: GenerationRequest
    inputs: Path
    payload: int
    cleared: str = ""
    """Digest of what moderation let pass, right before it is sent."""


class Generator(Protocol):
    """A maker of video. Every method blocks; none of them tries a submission twice."""

    name: str
    model: str
    local: bool
    """True if nothing leaves this machine; such a job can be run again after a kill."""
    kinds: frozenset[Kind]

    def price(self, request: GenerationRequest) -> float | None:
        """Price in US dollars; 0 if it is free, None if it is unknown."""
        ...

    def leaves(self, request: GenerationRequest) -> list[str]:
        """List what leaves this machine, a line each, with the place it goes to."""
        ...

    def submit(self, work: Work) -> str:
        """Send a job once; return the provider's id.

        Refused if it is refused, Ambiguous if it may have arrived, VideoError if it did not.
        """
        ...

    def find(self, work: Work, since: float) -> str | None:
        """Id of a job that was sent after `since` (seconds of the epoch) and never acknowledged.

        None if none was sent; Ambiguous where the provider can't tell.
        """
        ...

    def poll(self, id: str) -> Progress:
        """Say how far a job is."""
        ...

    def fetch(
        self, id: str, work: Work, folder: Path, on_progress: Callable[[float], object]
    ) -> list[Piece]:
        """Put what was made into an empty folder, every file whole."""
        ...

    def cancel(self, id: str) -> None:
        """Stop a job, where the provider can."""
        ...
