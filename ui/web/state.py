"""Application state that the chat and the routes share."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from agent.settings import Settings
from tools.ingest.finishing import Finisher
from tools.library import Library
from ui.web.downloads import Downloads
from ui.web.exports import Exports
from ui.web.jobs import Job, JobQueue
from ui.web.proxies import Proxies
from ui.web.uploads import Upload, Uploads


@dataclass
class AppState:
    """One library, open for the browser. agent is set while the application runs."""

    settings: Settings
    library: Library
    uploads: Uploads
    proxies: Proxies
    jobs: JobQueue
    downloads: Downloads
    exports: Exports
    agent: Any = None
    can_decode: bool = False
    finisher: Finisher | None = None
    """Reads in the background what an index left out, unless that is switched off."""

    def answering(self) -> AbstractContextManager[None]:
        """Keep the background still while a question is answered."""
        return self.finisher.resting() if self.finisher else nullcontext()

    def index_upload(self, upload: Upload) -> Job:
        """Index an upload, with the subtitles sent with it, and move it into the library."""
        return self.jobs.start(
            upload.path,
            upload.title,
            take=True,
            subtitles=upload.subtitles,
            after=partial(self.uploads.forget, upload),
            keep=partial(self.uploads.accept, upload.id),
        )

    def hand_over(self, job: Job, upload: Upload) -> None:
        """Let a job that fetched its file go on as that of an upload."""
        job.path, job.take = upload.path, True
        job.after = partial(self.uploads.forget, upload)
        job.keep = partial(self.uploads.accept, upload.id)

    async def add_subtitles(self, video: str, subtitles: Upload) -> Job:
        """Read subtitles for a video that is there; the index of the rest stays."""
        after = partial(self.uploads.forget, subtitles)
        return await self.jobs.start_again(video, subtitles=subtitles.subtitles, after=after)
