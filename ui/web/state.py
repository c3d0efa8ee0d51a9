"""State of one user's library that the chat and the routes share."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from agent.settings import Settings
from tools.ingest.finishing import Finisher
from tools.library import Library
from ui.web.downloads import Downloads
from ui.web.export_pool import Exports
from ui.web.jobs import Job, JobQueue
from ui.web.proxies import Proxies
from ui.web.uploads import Upload, Uploads


@dataclass
class AppState:
    """One library, open for the browser. agent is set once it is open."""

    settings: Settings
    library: Library
    uploads: Uploads
    proxies: Proxies
    jobs: JobQueue
    downloads: Downloads
    exports: Exports
    agent: Any = None
    making: Any = None
    """Runs the jobs that people approved; set once the agent is open."""
    finisher: Finisher | None = None
    """Reads in the background what an index left out, unless that is switched off."""
    hold: Callable[[], Callable[[], None]] = lambda: lambda: None
    """Keeps the library open until what it returns is called."""

    def answering(self) -> AbstractContextManager[None]:
        """Keep the background still while a question is answered."""
        return self.finisher.resting() if self.finisher else nullcontext()

    def remove(self, video: str) -> None:
        """Remove a video with every trace of it, also from the index that is open here. Blocks."""
        self.library.remove(video)
        self.agent.toolbox.index.remove(video)

    def index_upload(self, upload: Upload, sampling: str = "adaptive", language: str = "") -> Job:
        """Index an upload, with the subtitles sent with it, and move it into the library.

        `language` is spoken in it: `auto`, a short code, or empty for what is set up.
        """
        return self.jobs.start(
            upload.path,
            upload.title,
            sampling=sampling,
            language=language,
            take=True,
            subtitles=upload.subtitles,
            after=partial(self.uploads.forget, upload),
            keep=partial(self.uploads.accept, upload.id),
        )

    def hand_over(self, job: Job, upload: Upload) -> None:
        """Let a job that fetched its file go on as that of an upload."""
        job.path, job.title, job.take = upload.path, upload.title, True
        job.subtitles = upload.subtitles
        job.after = partial(self.uploads.forget, upload)
        job.keep = partial(self.uploads.accept, upload.id)

    async def add_subtitles(self, video: str, subtitles: Upload) -> Job:
        """Read subtitles for a video that is there; the index of the rest stays."""
        after = partial(self.uploads.forget, subtitles)
        return await self.jobs.start_again(video, subtitles=subtitles.subtitles, after=after)
