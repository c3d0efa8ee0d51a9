"""Tasks: each can be held, cancelled and resumed; what is cancelled leaves nothing behind."""

import asyncio
import shutil
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from agent.settings import Settings
from tests.ui import door
from tools.errors import Interrupted, ProviderUnavailable
from tools.ingest.pipeline import ingest
from tools.ingest.run import Progress
from tools.library import Library
from tools.media import Video
from tools.models import download
from tools.models.providers import BARE, Providers
from ui.web import jobs as job_queue
from ui.web.downloads import Downloads
from ui.web.jobs import Job, JobQueue
from ui.web.tasks import left


class Stoppable:
    """A pool whose videos a test begins and ends by hand."""

    def __init__(self) -> None:
        self.running: list[Future[Video]] = []
        self.given: list[dict[str, Any]] = []

    def index(self, *given: Any, **options: Any) -> "Future[Video]":
        self.given.append({"path": given[1], "providers": given[2], "report": given[3]} | options)
        self.running.append(Future())
        self.running[-1].set_running_or_notify_cancel()
        return self.running[-1]

    def stop(self, running: "Future[Video]") -> None:
        running.set_exception(Interrupted("stopped"))

    def close(self) -> None:
        pass


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Stoppable:
    made = Stoppable()
    monkeypatch.setattr(job_queue, "Pool", lambda _: made)
    return made


async def _until(job: Job, **wanted: Any) -> None:
    async with asyncio.timeout(60):
        while any(getattr(job, name) != value for name, value in wanted.items()):
            await asyncio.sleep(0)


async def test_what_is_cancelled_leaves_the_library_and_its_file_waits(
    tmp_path: Path, pool: Stoppable, shots: Path
) -> None:
    library, upload, kept = Library(tmp_path / "home"), tmp_path / "upload", list[bool]()
    shutil.copy(shots, upload)
    video = ingest(library, upload, take=True, only=("keyframes",), providers=BARE)
    queue = JobQueue(library, Settings(home=tmp_path))
    job = queue.start(upload, "film", take=True, keep=kept.append)
    await asyncio.sleep(0)
    assert not upload.exists()  # it was moved in
    pool.given[0]["report"](Progress(video.id, "pass", "running", 0.5, None))
    queue.cancel(job)
    await _until(job, stopped="cancelled")
    assert library.list() == [] and upload.read_bytes() == shots.read_bytes() and kept == [False]
    assert job.fraction == 0 and not job.over
    queue.resume(job)
    await _until(job, stopped="")
    await asyncio.sleep(0)
    assert pool.given[1]["path"] == upload and kept == [False, True]
    pool.running[1].set_result(video)
    await _until(job, done=video)
    assert not queue.listed


async def test_a_video_that_was_there_before_is_not_removed_by_cancelling(
    tmp_path: Path, pool: Stoppable, shots: Path
) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE)
    queue = JobQueue(library, Settings(home=tmp_path))
    jobs = [queue.start(shots, "film"), await queue.start_again(video.id)]
    async with asyncio.timeout(60):
        while len(pool.given) < 2:
            await asyncio.sleep(0)
    for job, given in zip(jobs, pool.given, strict=True):
        given["report"](Progress(video.id, "screen", "running", 0.5, None))
        queue.cancel(job)
        await _until(job, stopped="cancelled")
        queue.dismiss(job)
    assert [one.id for one in library.list()] == [video.id] and not queue.listed
    assert pool.given[1]["providers"] == BARE  # its own settings


async def test_what_is_held_keeps_its_place_and_can_still_be_cancelled(
    tmp_path: Path, pool: Stoppable, shots: Path
) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, shots, only=("keyframes",), providers=BARE)
    queue = JobQueue(library, Settings(home=tmp_path))
    job = queue.start(shots, "film")
    await asyncio.sleep(0)
    pool.given[0]["report"](Progress(video.id, "pass", "running", 0.5, None))
    queue.hold(job)
    await _until(job, stopped="held")
    assert job.fraction > 0 and library.list()
    queue.cancel(job)
    await _until(job, stopped="cancelled")
    assert library.list() == [] and shots.exists()


async def test_an_upload_that_was_held_goes_on_from_the_file_inside(
    tmp_path: Path, pool: Stoppable, shots: Path
) -> None:
    library, upload = Library(tmp_path / "home"), tmp_path / "upload"
    shutil.copy(shots, upload)
    queue = JobQueue(library, Settings(home=tmp_path))
    job = queue.start(upload, "film", take=True)
    await asyncio.sleep(0)
    video = ingest(library, upload, take=True, only=("keyframes",), providers=BARE)
    assert not upload.exists()  # it was moved in
    pool.given[0]["report"](Progress(video.id, "pass", "running", 0.5, None))
    queue.hold(job)
    await _until(job, stopped="held")
    queue.resume(job)
    async with asyncio.timeout(60):
        while len(pool.given) < 2:
            await asyncio.sleep(0)
    assert pool.given[1]["path"] == library.original(video.id)
    queue.cancel(job)
    await _until(job, stopped="cancelled")
    assert library.list() == [] and upload.read_bytes() == shots.read_bytes()


async def test_all_that_follow_a_job_see_how_it_ends(tmp_path: Path) -> None:
    job, seen = Job(tmp_path / "film.mp4", "film"), list[list[str]]()

    async def follow() -> None:
        seen.append(told := [])
        async for _ in job.changes(0):
            told.append(job.stopped or job.trouble or "")

    followers = [asyncio.create_task(follow()) for _ in range(2)]
    await asyncio.sleep(0)
    job.update(stopped="held")
    async with asyncio.timeout(60):
        while [told[-1:] for told in seen] != [["held"]] * 2:
            await asyncio.sleep(0)
    job.update(stopped="", trouble="it is gone")
    await asyncio.wait_for(asyncio.gather(*followers), 60)
    assert [told[-1] for told in seen] == ["it is gone"] * 2


def _tasks(client: TestClient) -> list[dict[str, Any]]:
    return client.get("/tasks").json()["tasks"]


def test_the_list_says_in_plain_words_what_is_on_its_way(
    tmp_path: Path, pool: Stoppable, shots: Path
) -> None:
    settings = Settings(home=tmp_path / "home", port=8000, providers=Providers("none"))
    with door.running(settings) as client, door.chatting(client) as chat:
        id = door.send_file(client, chat.id, "heron.mp4", shots.read_bytes()).json()["id"]
        chat.say("", id)
        chat.until(lambda: "Indexing **heron**" in chat.text)
        (task,) = _tasks(client)
        assert (task["title"], task["text"], task["percent"]) == (
            "heron",
            "waits for its turn",
            None,
        )
        progress = Progress("0" * 16, "speech", "running", 0.5, None)
        pool.given[0]["report"](progress)
        assert client.portal
        client.portal.call(asyncio.sleep, 0)
        (task,) = _tasks(client)
        assert task["text"] == "speech" and 50 < task["percent"] < 100
        assert [one["name"] for one in task["actions"]] == ["pause", "cancel"]
        address = f"/tasks/{task['id']}/"
        assert client.post(address + "cancel").status_code == 204
        chat.until(lambda: "**heron** was cancelled" in chat.text)
        (task,) = _tasks(client)
        assert task["over"] and [one["name"] for one in task["actions"]] == ["resume", "dismiss"]
        assert client.post(address + "dismiss").status_code == 204
        assert _tasks(client) == []
        assert list((settings.home / "libraries/local/uploads").iterdir()) == []
        assert client.post(address + "cancel").status_code == 404
        assert client.post("/tasks/nothing/cancel").status_code == 404


def test_a_page_of_another_site_presses_no_button(tmp_path: Path, pool: Stoppable) -> None:
    with door.running(Settings(home=tmp_path / "home", port=8000)) as client:
        headers = {"origin": "http://evil.example"}
        assert client.post("/tasks/x/cancel", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.2, "about 1 s left"), (89, "about 89 s left"), (130, "about 2 min left")],
)
def test_the_time_left_is_rounded_as_people_say_it(seconds: float | None, words: str) -> None:
    assert left(seconds).removeprefix(" · ") == words


def test_a_download_is_told_and_a_failed_one_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(home: Path, name: str, advance: Any, hub: str) -> Path:
        advance(5, 10)
        raise ProviderUnavailable(f"{hub} does not answer")

    monkeypatch.setattr(download, "pull", pull)
    downloads = Downloads(Settings(home=tmp_path, hub="http://hub.example"))
    one = downloads.start("minilm")
    downloads.close()
    assert (one.so_far, one.total, one.done) == (5, 10, False)
    assert "hub.example does not answer" in one.trouble and list(downloads.listed) == [one.id]
    downloads.stop(one)
    assert not downloads.listed
    assert not Downloads(Settings(home=tmp_path, hub="off")).possible
