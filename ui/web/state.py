"""Application state that the chat and the routes share."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from agent.settings import Settings
from tools.ingest.finishing import Finisher
from tools.library import Library
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
    agent: Any = None
    can_decode: bool = False
    finisher: Finisher | None = None
    """Reads in the background what an index left out, unless that is switched off."""

    def answering(self) -> AbstractContextManager[None]:
        """Keep the background still while a question is answered."""
        return self.finisher.resting() if self.finisher else nullcontext()

    def index_upload(self, upload: Upload) -> Job:
        """Index an upload and move it into the library."""
        after = partial(self.uploads.forget, upload)
        return self.jobs.start(upload.path, upload.title, take=True, after=after)
