"""Indexing jobs of the browser: run in other processes, followed from here."""

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from agent.settings import Settings
from tools.errors import (
    Damaged,
    DiskFull,
    Interrupted,
    UnknownVideo,
    UnreadableMedia,
    VideoError,
    place_of,
)
from tools.files.disk import SPARE_BYTES, free_bytes
from tools.ingest.pipeline import recorded_options
from tools.ingest.run import Progress, work_done
from tools.ingest.workers import Pool
from tools.library import Library
from tools.media import Video
from tools.store.recovery import ORIGINAL
from tools.store.store import STAGES
from ui.progress import Countdown

DISK_CHECK = 10.0
"""Seconds between two checks of a disk that is full."""
REMEMBERED = 1000
"""Jobs that have ended and are known by their ids."""
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
    sampling: str = "adaptive"
    language: str = ""
    """Language that is spoken in it; empty for what is set up."""
    subtitles: Sequence[Path] = ()
    """Subtitle files that are kept with the video."""
    known: str = ""
    """Id of a video of the library that is indexed again; its own settings are kept."""
    after: Callable[[], None] | None = None
    """Called once the file is in the library, or cannot be read."""
    keep: Callable[[bool], object] | None = None
    """Called with False when it is cancelled, as its file only waits then, and True when it is
    started again."""
    fetch: Callable[["Job"], Awaitable[None]] | None = None
    """Brings the file here first, and sets its path, `after` and `keep`; None once it is here."""
    fetched: tuple[int, int | None] = (0, None)
    """Bytes of it that are here, and of the whole where that is known."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    progress: Progress | None = None
    remaining: float | None = None
    """Seconds left, told only while they fall."""
    usable: Video | None = None
    done: Video | None = None
    trouble: str | None = None
    paused: bool = False
    """True while the disk is full: it goes on once there is room."""
    stopped: Literal["", "held", "cancelled"] = ""
    """Held or cancelled by a person, who may start it again."""
    pauses: int = 0
    was_whole: bool | None = None
    """True if the video was in the library before, to the end: cancelling does not remove it."""
    task: asyncio.Task[None] | None = None
    running: "Future[Video] | None" = None
    wish: Literal["", "held", "cancelled"] = ""
    """How a person wants it to stop."""
    _countdown: Countdown = field(default_factory=lambda: Countdown())
    _version: int = 0
    """Number of changes so far."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the next change; each has an event of its own, as several may follow."""

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
        self._version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def advance(self, progress: Progress, usable: Video | None) -> None:
        """Take in how far the video is."""
        remaining = self._countdown(progress.remaining)
        self.update(progress=progress, remaining=remaining, usable=self.usable or usable)

    async def changes(self, pause: float) -> AsyncIterator[None]:
        """Yield at each change, but no sooner than every `pause` seconds; last once it is over."""
        seen = 0
        while True:
            if seen == self._version and not self.over:
                await self._changed.wait()
            # Before the caller takes its time, in which the job may change or come to an end.
            seen, last = self._version, self.over
            yield
            if last:
                return
            await asyncio.sleep(0 if self.over else pause)

    async def until_usable(self) -> Video | None:
        """The video as soon as it can be asked about; None if it can't be read, or is stopped."""
        while not (self.usable or self.over or self.paused or self.stopped):
            await asyncio.sleep(0.1)
        return self.usable or self.done


def make_pool(settings: Settings) -> Pool:
    """Processes that index, for all queues of a server."""
    return Pool(settings.workers or max(1, (os.cpu_count() or 1) // 2))


class JobQueue:
    """Indexes files in other processes, in the order in which they came."""

    def __init__(
        self,
        library: Library,
        settings: Settings,
        free_bytes: Callable[[Path], int] = free_bytes,
        wait: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(DISK_CHECK),
        pool: Pool | None = None,
    ) -> None:
        self._library = library
        self._free, self._wait = free_bytes, wait
        self._providers = settings.providers
        self.on_indexed: Callable[[list[str]], None] = lambda _: None
        """Called with the id of a video whose files changed."""
        self.listed: dict[str, Job] = {}
        """Jobs by id, until they are done, or what stopped them was seen."""
        self.ended: dict[str, Job] = {}
        """The last jobs that are not listed any more, for who asks about them later."""
        self._is_shared = pool is not None
        self._pool = pool or make_pool(settings)

    def close(self) -> None:
        """End what runs, unless others share the pool; it is resumed at the next start."""
        if not self._is_shared:
            self._pool.close()

    def start(self, path: Path, title: str, **options: Any) -> Job:
        """Index a file; options are those of Job."""
        job = Job(path, title, **options)
        self.listed[job.id] = job
        job.task = asyncio.create_task(self._run(job))
        return job

    async def start_again(self, video: str, **options: Any) -> Job:
        """Index a video of the library again, with its settings: what came since is added."""
        path = await asyncio.to_thread(self._library.original, video)
        title = (await asyncio.to_thread(self._library.get, video)).title
        return self.start(path, title, known=video, **options)

    def hold(self, job: Job) -> None:
        """Stop a job; what is done of it stays, and `resume` goes on from there."""
        self._stop(job, "held")

    def cancel(self, job: Job) -> None:
        """Stop a job and remove what was begun; its file waits until the job is dismissed."""
        self._stop(job, "cancelled")

    def resume(self, job: Job) -> None:
        """Start a job that was held or cancelled."""
        if job.stopped and job.task and job.task.done():
            if job.keep and job.stopped == "cancelled":
                job.keep(True)
            job.update(stopped="", wish="", _countdown=Countdown())
            job.task = asyncio.create_task(self._run(job))

    def dismiss(self, job: Job) -> None:
        """Take a job that has come to nothing off the list."""
        if job.stopped == "cancelled":
            if job.after:
                job.after()
            job.update(trouble="it was cancelled")
        if job.over:
            self._unlist(job)

    def _unlist(self, job: Job) -> None:
        if self.listed.pop(job.id, None):
            self.ended[job.id] = job
        while len(self.ended) > REMEMBERED:
            self.ended.pop(next(iter(self.ended)))

    def _stop(self, job: Job, wish: Literal["held", "cancelled"]) -> None:
        if job.over or job.stopped == "cancelled" or job.task is None:
            return
        if job.task.done():  # held before
            job.task = asyncio.create_task(self._end(job, wish))
            return
        job.update(wish=wish)
        if job.running is None:
            job.task.cancel()
        else:
            self._pool.stop(job.running)

    async def _run(self, job: Job) -> None:
        try:
            if job.fetch is None or await self._fetch(job, job.fetch):
                await self._index(job)
        except asyncio.CancelledError:
            if not job.wish:
                job.update(trouble="Cuepoint is stopping")
        if job.wish and not job.over:
            await self._end(job, job.wish)
        elif job.done:
            self._unlist(job)

    async def _end(self, job: Job, wish: Literal["held", "cancelled"]) -> None:
        if wish == "cancelled":
            await asyncio.to_thread(self._undo, job)
        progress = job.progress if wish == "held" else None
        job.update(stopped=wish, progress=progress, remaining=None, paused=False)

    def _undo(self, job: Job) -> None:
        """Remove what there is of a video that was begun, but not the file that it was made of."""
        video = job.progress.video if job.progress else ""
        if video and not job.known and self._is_alone(job, video):
            inside = self._library.folder(video) / ORIGINAL
            if job.take and not job.path.exists():
                with suppress(FileNotFoundError):
                    os.link(inside, job.path)
            with suppress(UnknownVideo, Damaged):
                self._library.remove(video)
        job.usable = None
        if job.keep:
            job.keep(False)

    def _is_alone(self, job: Job, video: str) -> bool:
        """True if a video is there by this job alone."""
        others = (one for one in list(self.listed.values()) if one is not job and not one.over)
        same = any(one.progress and one.progress.video == video for one in others)
        return not (job.was_whole or same)

    def _report(self, loop: asyncio.AbstractEventLoop, job: Job, progress: Progress) -> None:
        """Pass progress on from a thread of the pool."""
        if job.was_whole is None:
            job.was_whole = False
            with suppress(UnknownVideo, Damaged):
                job.was_whole = STAGES[-1] in self._library.manifest(progress.video)["stages"]
        usable = None if job.usable else self._usable(progress.video)
        loop.call_soon_threadsafe(job.advance, progress, usable)

    async def _fetch(self, job: Job, fetch: Callable[[Job], Awaitable[None]]) -> bool:
        """Bring the file of a job here; False where it does not come."""
        trouble = "something went wrong while fetching it; the log of the server says what"
        try:
            await fetch(job)
            job.update(fetch=None)
            return True
        except VideoError as error:
            trouble = str(error)
        except Exception as error:  # its words and its frames may hold the whole address
            _log.error("fetching: %s", place_of(error))
        job.update(trouble=trouble)
        return False

    async def _index(self, job: Job) -> None:
        report = partial(self._report, asyncio.get_running_loop(), job)
        done: Video | None = None
        trouble: str | None = None
        unreadable = False
        path = await asyncio.to_thread(self._source, job) if job.progress else job.path
        try:
            options: dict[str, Any] = {"title": job.title, "take": job.take}
            options["sampling"] = job.sampling
            if job.known:
                manifest = await asyncio.to_thread(self._library.manifest, job.known)
                options = recorded_options(manifest)
            chosen = {"speech_language": job.language} if job.language else {}
            providers = options.pop("providers", replace(self._providers, **chosen))
            job.running = self._pool.index(
                self._library, path, providers, report, subtitles=job.subtitles, **options
            )
            done = await asyncio.wrap_future(job.running)
            self.on_indexed([done.id])
        except DiskFull as error:
            job.running = None
            if job.pauses < PAUSES:
                await self._pause(job)
                return await self._index(job)
            trouble = f"{error}. It goes on when Cuepoint is started again"
        except VideoError as error:
            if job.wish and isinstance(error, Interrupted):
                return
            # Its words name the file by the path that it has here.
            trouble = str(error).replace(str(path), job.title).replace(path.name, job.title)
            unreadable = isinstance(error, UnreadableMedia)
        except Exception:
            _log.exception("indexing %s", path)
            trouble = "something went wrong while indexing; the log of the server says what"
        finally:
            job.running = None
        if job.after and (done or unreadable):
            await asyncio.to_thread(job.after)
        job.update(done=done, trouble=trouble)

    def _source(self, job: Job) -> Path:
        """File of a job that has begun: the one inside the library, once that has taken it in."""
        if not job.path.exists() and job.progress:
            with suppress(VideoError):
                return self._library.original(job.progress.video)
        return job.path

    async def _pause(self, job: Job) -> None:
        """Wait until there is room for a stage."""
        job.update(paused=True, pauses=job.pauses + 1)
        await self._wait()
        while await asyncio.to_thread(self._free, self._library.root) < SPARE_BYTES:
            await self._wait()
        job.update(paused=False)

    def _usable(self, video: str) -> Video | None:
        """The video, if there is enough of it to ask about, whichever run made that."""
        with suppress(UnknownVideo, Damaged):
            known = self._library.get(video)
            if known.stages["keyframes"].state in ("done", "skipped"):
                return known
        return None
