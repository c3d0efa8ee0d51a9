"""Jobs as callers see them."""

from dataclasses import dataclass
from typing import Literal

from ui.render import STAGE_NAMES
from ui.web.jobs import Job

JobState = Literal[
    "queued", "fetching", "indexing", "askable", "ready", "paused", "stopped", "failed"
]


@dataclass(frozen=True)
class JobStatus:
    """State of a video on its way into the library, as JSON tells it."""

    id: str
    title: str
    state: JobState
    progress: float
    stage: str
    seconds_left: float | None
    video: str | None
    error: str | None


def job_state(job: Job) -> JobStatus:
    """State of a job as data."""
    state: JobState = "queued"
    if job.trouble:
        state = "failed"
    elif job.done:
        state = "ready"
    elif job.stopped:
        state = "stopped"
    elif job.paused:
        state = "paused"
    elif job.usable:
        state = "askable"
    elif job.progress:
        state = "indexing"
    elif job.fetch:
        state = "fetching"
    usable = job.done or job.usable
    stage = job.progress.stage if job.progress and not job.over else ""
    return JobStatus(
        id=job.id,
        title=job.title,
        state=state,
        progress=round(job.fraction, 3),
        stage=STAGE_NAMES.get(stage, stage),
        seconds_left=None if job.remaining is None else round(job.remaining, 1),
        video=usable.id if usable else None,
        error=job.trouble,
    )
