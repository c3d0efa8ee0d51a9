"""Videos that come in faster than they can be indexed wait, and each ends as it must."""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Settings
from tools.errors import DiskFull, Interrupted, UnreadableMedia
from tools.files.disk import SPARE_BYTES
from tools.ingest.pipeline import ingest
from tools.ingest.run import OnProgress, Progress
from tools.ingest.workers import Pool
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.store.store import STAGES
from ui.chat.cards import STAGE_NAMES
from ui.web import jobs as job_queue


class Manual:
    """A pool whose videos a test ends by hand."""

    def __init__(self) -> None:
        self.running: list[tuple[str, Future[Video]]] = []
        self.paths: list[Path] = []
        self.told: list[OnProgress] = []

    def index(
        self, library: Library, path: Path, providers: Any, on_progress: OnProgress, **_: Any
    ) -> "Future[Video]":
        self.running.append((path.name, Future()))
        self.paths.append(path)
        self.told.append(on_progress)
        return self.running[-1][1]

    def close(self) -> None:
        pass


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Manual:
    made = Manual()
    monkeypatch.setattr(job_queue, "Pool", lambda _: made)
    return made


async def test_the_end_of_a_job_is_told_though_it_came_while_a_change_was_told() -> None:
    job, told = job_queue.Job(Path("a.mp4"), "a"), list[str | None]()
    job.update(trouble=None)
    async for _ in job.changes(0):
        told.append(job.trouble)
        job.update(trouble="unreadable")
    assert told == [None, "unreadable"]


async def test_each_video_ends_in_its_own_way(tmp_path: Path, pool: Manual) -> None:
    queue = job_queue.JobQueue(Library(tmp_path), Settings(home=tmp_path))
    jobs = [queue.start(tmp_path / name, name) for name in "abc"]
    await asyncio.sleep(0)
    running = pool.running
    assert [name for name, _ in running] == ["a", "b", "c"] and not any(job.over for job in jobs)
    running[0][1].set_exception(Interrupted("ended: index it again"))
    assert await jobs[0].until_usable() is None and jobs[0].trouble
    running[1][1].set_result(Video("0" * 16, "b", "b", 1.0))
    done = await jobs[1].until_usable()
    assert done and done.title == "b" and not jobs[2].over
    queue.close()


async def test_none_is_refused_however_many_come_and_their_order_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed: list[str] = []

    def index(self: Pool, library: Library, request: dict[str, Any], *_: object) -> Video:
        indexed.append(request["options"]["title"])
        return Video("0" * 16, "a", "a", 1.0)

    monkeypatch.setattr(Pool, "_run", index)
    queue = job_queue.JobQueue(Library(tmp_path), Settings(home=tmp_path, workers=1))
    names = [str(number) for number in range(300)]
    jobs = [queue.start(tmp_path / name, name) for name in names]
    await asyncio.wait_for(asyncio.gather(*(job.task for job in jobs if job.task)), 60)
    assert indexed == names and all(job.done for job in jobs)
    queue.close()


async def test_a_resumed_index_can_be_asked_as_soon_as_a_fresh_one(
    tmp_path: Path, pool: Manual, shots: Path
) -> None:
    library = Library(tmp_path)
    video = ingest(library, shots, only=("keyframes",), providers=BARE).id
    queue = job_queue.JobQueue(library, Settings(home=tmp_path))
    job = queue.start(shots, "again")
    await asyncio.sleep(0)
    pool.told[0](Progress(video, "pass", "running", 0.0, None))  # the stages before it are done
    usable = await asyncio.wait_for(job.until_usable(), 60)
    assert usable and usable.id == video and not job.over
    queue.close()


class Disk:
    """A disk that says what a test wants, and lets it decide when it is looked at."""

    def __init__(self) -> None:
        self.left: list[int] = []
        self.looked: asyncio.Queue[None] = asyncio.Queue()
        self.look = self.looked.get

    def free(self, folder: Path) -> int:
        return self.left.pop(0)


async def _until(job: job_queue.Job, holds: Callable[[], bool]) -> None:
    """Follow the job to where that holds."""

    async def follow() -> None:
        changes = job.changes(0)
        while not holds():
            await anext(changes)

    await asyncio.wait_for(follow(), 60)


async def test_a_full_disk_pauses_an_index_which_goes_on_by_itself(
    tmp_path: Path, pool: Manual, shots: Path
) -> None:
    library, disk, upload = Library(tmp_path), Disk(), tmp_path / "upload"
    shutil.copy(shots, upload)
    video = ingest(library, upload, take=True, only=("keyframes",), providers=BARE)
    queue = job_queue.JobQueue(library, Settings(home=tmp_path), disk.free, disk.look)
    job, other = queue.start(upload, "film", take=True), queue.start(tmp_path / "b", "b")
    await asyncio.sleep(0)
    pool.told[0](Progress(video.id, "pass", "running", 0.0, None))
    await _until(job, lambda: job.progress is not None)
    pool.running[0][1].set_exception(DiskFull("free 500 MB"))
    await _until(job, lambda: job.paused)
    assert not job.over
    assert [name for name, _ in pool.running] == ["upload", "b"]  # which another does not wait for
    pool.running[1][1].set_exception(UnreadableMedia("no film"))
    await _until(other, lambda: other.over)
    disk.left += [SPARE_BYTES - 1, SPARE_BYTES]
    for _ in disk.left:
        disk.looked.put_nowait(None)
    await _until(job, lambda: not job.paused)
    while len(pool.paths) < 3:
        await asyncio.sleep(0)
    assert pool.paths[2] == library.original(video.id)
    pool.running[2][1].set_result(video)
    await _until(job, lambda: job.over)
    assert job.done == video and disk.looked.empty()
    queue.close()


async def test_a_disk_that_is_full_whatever_it_says_ends_the_job(
    tmp_path: Path, pool: Manual
) -> None:
    disk = Disk()
    disk.left = [SPARE_BYTES] * job_queue.PAUSES
    queue = job_queue.JobQueue(Library(tmp_path), Settings(home=tmp_path), disk.free, disk.look)
    job = queue.start(tmp_path / "a", "a")
    await asyncio.sleep(0)
    for number in range(job_queue.PAUSES + 1):
        disk.looked.put_nowait(None)
        pool.running[number][1].set_exception(DiskFull("free 500 MB"))
        while len(pool.running) == number + 1 and not job.over:
            await asyncio.sleep(0)
    assert job.trouble and "free 500 MB" in job.trouble and "started again" in job.trouble
    assert len(pool.running) == job_queue.PAUSES + 1
    queue.close()


def test_every_stage_has_words() -> None:
    assert set(STAGE_NAMES) == set(STAGES)
