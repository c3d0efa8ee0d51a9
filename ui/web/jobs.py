"""Videos that are being indexed for the browser: in other processes, followed from here."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent.settings import Settings
from tools.errors import (
    Damaged,
    DiskFull,
    Interrupted,
    RefusedRequest,
    UnknownVideo,
    UnreadableMedia,
    VideoError,
)
from tools.files.disk import SPARE_BYTES, free_bytes
from tools.ingest.run import WEIGHTS, Progress
from tools.ingest.workers import Pool
from tools.library import Library
from tools.media import Video

LOOK = 10.0
"""Seconds between two looks at a disk that is full."""
PAUSES = 5
"""Times that a full disk may stop one video; some are full whatever they say is free."""
_log = logging.getLogger(__name__)


@dataclass
class Job:
    """One video on its way into the library. Only the event loop changes it."""

    title: str
    progress: Progress | None = None
    usable: Video | None = None
    done: Video | None = None
    trouble: str | None = None
    watch: asyncio.Task[None] | None = None
    paused: bool = False
    """The disk is full: it goes on once there is room."""
    pauses: int = 0
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
        """The video as soon as it can be asked about; None when it can't be read, or is paused."""
        while self.usable is None and not self.over and not self.paused:
            await asyncio.sleep(0.1)
        return self.usable or self.done

    def _tell(self) -> None:
        self._changed.set()


class Intake:
    """Indexes files in other processes and lets the chat watch."""

    def __init__(
        self,
        library: Library,
        settings: Settings,
        free_bytes: Callable[[Path], int] = free_bytes,
        look: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(LOOK),
    ) -> None:
        self._library = library
        self._free, self._look = free_bytes, look
        self._providers = settings.providers
        self._pool = Pool(settings.workers or max(1, (os.cpu_count() or 1) // 2))
        self._waiting: deque[Callable[[], None]] = deque()

    def close(self) -> None:
        """End what runs; it is taken up at the next start."""
        self._waiting.clear()
        self._pool.close()

    def start(
        self,
        path: Path,
        title: str,
        *,
        take: bool = False,
        after: Callable[[], None] | None = None,
    ) -> Job:
        """Index a file; take moves it in; after runs once it is in, or cannot be read.

        Where the pool is full, it waits here for another to end: what was accepted is not lost.
        """
        job, source = Job(title), path
        loop = asyncio.get_running_loop()

        def note(progress: Progress) -> None:
            usable = None if job.usable else self._usable(progress.video)
            loop.call_soon_threadsafe(_advance, job, progress, usable)

        async def watch(running: "asyncio.Future[Video]") -> None:
            done: Video | None = None
            trouble: str | None = None
            unreadable = False
            try:
                done = await running
            except asyncio.CancelledError:
                trouble = "Cuepoint is stopping"
            except DiskFull as error:
                if job.pauses < PAUSES:
                    self._go_on()
                    await self._room_again(job)
                    locate()
                    self._waiting.append(begin)
                    self._go_on()
                    return
                trouble = f"{error}. It goes on when Cuepoint is started again"
            except VideoError as error:
                # Its words name the file by the path that it has here.
                trouble = str(error).replace(str(source), title).replace(source.name, title)
                unreadable = isinstance(error, UnreadableMedia)
            except Exception:
                _log.exception("indexing %s", path)
                trouble = "something went wrong while indexing; the log of the server says what"
            if after and (done or unreadable):
                await asyncio.to_thread(after)
            _finish(job, done, trouble)
            self._go_on()

        def locate() -> None:
            nonlocal source
            if job.progress and not source.exists():  # it was taken in before the disk was full
                with suppress(VideoError):
                    source = self._library.original(job.progress.video)

        def begin() -> None:
            started = self._pool.index(
                self._library, source, self._providers, note, title=title, take=take
            )
            job.watch = loop.create_task(watch(asyncio.wrap_future(started)))

        self._waiting.append(begin)
        self._go_on()
        return job

    async def _room_again(self, job: Job) -> None:
        """Wait until a stage could start."""
        job.pauses += 1
        _pause(job, True)
        await self._look()
        while await asyncio.to_thread(self._free, self._library.root) < SPARE_BYTES:
            await self._look()
        _pause(job, False)

    def _usable(self, video: str) -> Video | None:
        """The video, if there is enough of it to ask about, whichever run made that."""
        with suppress(UnknownVideo, Damaged):
            found = self._library.get(video)
            if found.stages["keyframes"].state in ("done", "skipped"):
                return found
        return None

    def _go_on(self) -> None:
        """Give the pool what waits, in its order, as far as there is room; nothing at the end."""
        with suppress(RefusedRequest, Interrupted):
            while self._waiting:
                self._waiting[0]()
                self._waiting.popleft()


def _advance(job: Job, progress: Progress, usable: Video | None) -> None:
    job.progress = progress
    job.usable = job.usable or usable
    job._tell()  # pyright: ignore[reportPrivateUsage]


def _pause(job: Job, paused: bool) -> None:
    job.paused = paused
    job._tell()  # pyright: ignore[reportPrivateUsage]


def _finish(job: Job, done: Video | None, trouble: str | None) -> None:
    job.done, job.trouble = done, trouble
    job._tell()  # pyright: ignore[reportPrivateUsage]
