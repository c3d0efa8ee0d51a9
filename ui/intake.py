"""Videos that are being indexed for the browser: in threads, followed from the event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from agent.settings import Settings
from tools.errors import UnreadableMedia, VideoError
from tools.ingest import ingest
from tools.library import Library
from tools.media import Video
from tools.work import WEIGHTS, Progress

AT_ONCE = 2
"""Videos indexed at the same time; further ones wait."""
_log = logging.getLogger(__name__)


@dataclass
class Job:
    """One video on its way into the library. Only the event loop changes it."""

    title: str
    progress: Progress | None = None
    usable: Video | None = None
    done: Video | None = None
    trouble: str | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Indexed, or given up."""
        return self.done is not None or self.trouble is not None

    @property
    def fraction(self) -> float:
        """0 to 1 over all stages."""
        if self.done:
            return 1.0
        if self.progress is None:
            return 0.0
        names = list(WEIGHTS)
        before = sum(WEIGHTS[name] for name in names[: names.index(self.progress.stage)])
        now = WEIGHTS[self.progress.stage] * self.progress.fraction
        return (before + now) / sum(WEIGHTS.values())

    async def changes(self, pause: float) -> AsyncIterator[None]:
        """Once for each change, but no sooner than every `pause` seconds; ends with the job."""
        while not self.over:
            await self._changed.wait()
            self._changed.clear()
            yield
            if not self.over:
                await asyncio.sleep(pause)

    async def until_usable(self) -> Video | None:
        """The video as soon as it can be asked about; None when it cannot be read."""
        while self.usable is None and not self.over:
            await asyncio.sleep(0.1)
        return self.usable or self.done

    def _tell(self) -> None:
        self._changed.set()


class Intake:
    """Indexes files one after the other and lets the chat watch."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ingest")

    def close(self) -> None:
        """Start nothing more; what runs is resumed by the next ingest of that file."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(
        self,
        path: Path,
        title: str,
        *,
        take: bool = False,
        after: Callable[[], None] | None = None,
    ) -> Job:
        """Index a file; take moves it in; after runs once it is in, or cannot be read."""
        job = Job(title)
        loop = asyncio.get_running_loop()

        def note(progress: Progress) -> None:
            usable = None
            if progress.stage == "keyframes" and progress.state in ("done", "skipped"):
                usable = self._library.get(progress.video)
            loop.call_soon_threadsafe(_advance, job, progress, usable)

        def work() -> None:
            done: Video | None = None
            trouble: str | None = None
            unreadable = False
            try:
                done = ingest(
                    self._library,
                    path,
                    title=title,
                    take=take,
                    providers=self._settings.providers,
                    on_progress=note,
                )
            except VideoError as error:
                # Its words name the file by the path that it has here.
                trouble = str(error).replace(str(path), title).replace(path.name, title)
                unreadable = isinstance(error, UnreadableMedia)
            except Exception:
                _log.exception("indexing %s", path)
                trouble = "something went wrong while indexing; the log of the server says what"
            if after and (done or unreadable):
                after()
            loop.call_soon_threadsafe(_finish, job, done, trouble)

        self._pool.submit(work)
        return job


def _advance(job: Job, progress: Progress, usable: Video | None) -> None:
    job.progress = progress
    job.usable = job.usable or usable
    job._tell()  # pyright: ignore[reportPrivateUsage]


def _finish(job: Job, done: Video | None, trouble: str | None) -> None:
    job.done, job.trouble = done, trouble
    job._tell()  # pyright: ignore[reportPrivateUsage]
