"""A stage: its function, the fingerprint that triggers a rerun, and its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.ingest.run import IngestRun
from tools.media import StageState


@dataclass(frozen=True)
class Result:
    """Result of a stage: names of files in the video's folder, and its entry in the manifest.

    `facts` (JSON) are added to the entry. `partial` is true if something was left out, as the note
    says.
    """

    files: tuple[str, ...] = ()
    state: StageState = "done"
    provider: str = ""
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    partial: bool = False


@dataclass(frozen=True)
class Step:
    """A stage: its function, its fingerprint (JSON), and its file of words if it has one.

    Words of an earlier run can still be cited after the stage is skipped.
    """

    run: Callable[[IngestRun], Result]
    fingerprint: Callable[[IngestRun], Any]
    words: str = ""
