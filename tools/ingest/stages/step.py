"""A stage: what it runs, what a change of which redoes it, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.media import StageState

if TYPE_CHECKING:
    from tools.ingest.run import Work


@dataclass(frozen=True)
class Result:
    """What a stage left behind: names of files in the video's folder, and what to tell.

    facts (JSON) join what the manifest says of the stage.
    """

    files: tuple[str, ...] = ()
    state: StageState = "done"
    provider: str = ""
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    partial: bool = False
    """True where something was left out, as the note says."""


@dataclass(frozen=True)
class Step:
    """A stage: what it runs, what a change of which redoes it (JSON), and its file of words.

    Words that it left once can still be cited when it is skipped.
    """

    run: Callable[[Work], Result]
    fingerprint: Callable[[Work], Any]
    words: str = ""
