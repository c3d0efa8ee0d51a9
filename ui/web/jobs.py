"""Indexing jobs of the browser: run in other processes, followed from here."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agent.settings import Settings
from tools.errors import (
    Damaged,
    DiskFull,
    UnknownVideo,
    UnreadableMedia,
    VideoError,
)
from tools.files.disk import SPARE_BYTES, free_bytes
from tools.ingest.run import Progress, work_done
from tools.ingest.workers import Pool
from tools.library import Library
from tools.media import Video

DISK_CHECK = 10.0
"""Seconds between two checks of a disk that is full."""
PAUSES = 5
"""Times that a full disk may stop one video; some are full whatever they say is free."""
_log = logging.getLogger(__name__)


@dataclass
class Job:
    """One video on its way into the library. Only the event loop changes it."""

    path: Path
    title: str
    take: bool = False
    """True moves the file into the library; else it is linked."""
    after: Callable[[], None] | None = None
    """Called once the file is in the library, or cannot be read."""
    progress: Progress | None = None
    usable: Video | None = None
    done: Video | None = None
    trouble: str | None = None
    paused: bool = False
    """True while the disk is full: it goes on once there is room."""
    pauses: int = 0
    task: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Indexed, or given up."""
        return self.done is not None or self.trouble is not None

    @property
    def fraction(self) -> float:
        """Share of the work of all stages, 0 to 1."""
        if self.done or self.progress is None:
            return float(self.done is not None)
        return work_done(self.progress.stage, self.progress.fraction)

    def update(self, **values: Any) -> None:
        """Set fields, and wake who follows the job."""
        for name, value in values.items():
            setattr(self, name, value)
        self._changed.set()

    async def changes(self, pause: float) -> AsyncIterator[None]:
        """Yield at each change, but no sooner than every `pause` seconds; last once it is over."""
        while True:
            if not self.over:
                await self._changed.wait()
            self._changed.clear()
            last = self.over  # before the caller takes its time, in which it may come to an end
            yield
            if last:
                return
            await asyncio.sleep(0 if self.over else pause)

    async def until_usable(self) -> Video | None:
        """The video as soon as it can be asked about; None when it can't be read, or is paused."""
        while self.usable is None and not self.over and not self.paused:
            await asyncio.sleep(0.1)
        return self.usable or self.done


class JobQueue:
    """Indexes files in other processes, in the order in which they came."""

    def __init__(
        self,
        library: Library,
        settings: Settings,
        free_bytes: Callable[[Path], int] = free_bytes,
        wait: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(DISK_CHECK),
    ) -> None:
        self._library = library
        self._free, self._wait = free_bytes, wait
        self._providers = settings.providers
        self.on_indexed: Callable[[list[str]], None] = lambda _: None
        """Called with the id of a video whose files changed."""
        self._pool = Pool(settings.workers or max(1, (os.cpu_count() or 1) // 2))

    def close(self) -> None:
        """End what runs; it is resumed at the next start."""
        self._pool.close()

    def start(self, path: Path, title: str, **options: Any) -> Job:
        """Index a file; options are those of Job."""
        job = Job(path, title, **options)
        job.task = asyncio.create_task(self._run(job))
        return job

    def _report(self, loop: asyncio.AbstractEventLoop, job: Job, progress: Progress) -> None:
        """Pass progress on from a thread of the pool."""
        usable = None if job.usable else self._usable(progress.video)
        loop.call_soon_threadsafe(
            lambda: job.update(progress=progress, usable=job.usable or usable)
        )

    async def _run(self, job: Job) -> None:
        report = partial(self._report, asyncio.get_running_loop(), job)
        done: Video | None = None
        trouble: str | None = None
        unreadable = False
        try:
            running = self._pool.index(
                self._library, job.path, self._providers, report, title=job.title, take=job.take
            )
            done = await asyncio.wrap_future(running)
            self.on_indexed([done.id])
        except asyncio.CancelledError:
            trouble = "Cuepoint is stopping"
        except DiskFull as error:
            if job.pauses < PAUSES:
                await self._pause(job)
                return await self._run(job)
            trouble = f"{error}. It goes on when Cuepoint is started again"
        except VideoError as error:
            # Its words name the file by the path that it has here.
            trouble = str(error).replace(str(job.path), job.title)
            trouble = trouble.replace(job.path.name, job.title)
            unreadable = isinstance(error, UnreadableMedia)
        except Exception:
            _log.exception("indexing %s", job.path)
            trouble = "something went wrong while indexing; the log of the server says what"
        if job.after and (done or unreadable):
            await asyncio.to_thread(job.after)
        job.update(done=done, trouble=trouble)

    async def _pause(self, job: Job) -> None:
        """Wait until there is room for a stage, and find the file that was taken in meanwhile."""
        job.update(paused=True, pauses=job.pauses + 1)
        await self._wait()
        while await asyncio.to_thread(self._free, self._library.root) < SPARE_BYTES:
            await self._wait()
        job.update(paused=False)
        if job.progress and not job.path.exists():
            with suppress(VideoError):
                job.path = self._library.original(job.progress.video)

    def _usable(self, video: str) -> Video | None:
        """The video, if there is enough of it to ask about, whichever run made that."""
        with suppress(UnknownVideo, Damaged):
            known = self._library.get(video)
            if known.stages["keyframes"].state in ("done", "skipped"):
                return known
        return None
