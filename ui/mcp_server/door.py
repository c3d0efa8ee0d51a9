"""Door: one library as a caller sees it, and what the caller may do there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from tools.errors import (
    Damaged,
    Interrupted,
    NotIndexed,
    ProviderUnavailable,
    UnknownVideo,
    VideoError,
)
from ui.render import Json, printable, without_paths

if TYPE_CHECKING:
    from agent.agent import Agent
    from tools.library import Library
    from tools.media import Evidence
    from ui.web.state import AppState

MOST_TOLD = 2000
"""Characters of an error."""
_NEXT: dict[type[VideoError], str] = {
    UnknownVideo: "list_videos tells the ids that are there.",
    NotIndexed: "add_video adds a video; job_status tells when it can be asked about.",
    Damaged: "The person who keeps the library can run `cuepoint library verify --repair`.",
    ProviderUnavailable: "Ask for something else, or tell the person what is missing.",
    Interrupted: "Nothing is lost: call again in a moment, or ask for less.",
}
"""Advice to a caller, by the error."""


@dataclass(frozen=True)
class Door:
    """An open library. `address` is that of the web server, empty where there is none.

    `local` is true for a caller who is the user of this machine: files of theirs may be named.
    `may_write` is false for one who may ask, but add nothing.
    """

    state: AppState
    address: str = ""
    local: bool = False
    may_write: bool = True

    @property
    def library(self) -> Library:
        """The library."""
        return self.state.library

    @property
    def agent(self) -> Agent:
        """The agent that answers."""
        return self.state.agent

    @cached_property
    def json(self) -> Json:
        """The contract's JSON, with resources for addresses."""
        return Json(self.library, "mcp")

    def is_indexing(self, video: str) -> bool:
        """True if a job of this process reads a video."""
        jobs = [job for job in list(self.state.jobs.listed.values()) if not job.over]
        return any(job.progress and job.progress.video == video for job in jobs)

    def moment(self, evidence: Evidence) -> str:
        """Address of the page that plays evidence."""
        return f"{self.address}/v/{quote(evidence.video)}?t={evidence.start:.1f}"

    def told(self, error: VideoError) -> str:
        """Error in one line, with what to do next; to others without the paths of this machine."""
        text = str(error) if self.local else without_paths(self.library, str(error))
        advice = next((words for kind, words in _NEXT.items() if isinstance(error, kind)), "")
        text = printable(" ".join(text.split()))[:MOST_TOLD].rstrip(".")
        return f"{text}. {advice}".rstrip()
