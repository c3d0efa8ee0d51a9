"""Videos are indexed in processes of their own; the others wait, and a crash is one line."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools.errors import Interrupted, UnreadableMedia
from tools.files.durable import digest, lock
from tools.ingest.run import Progress
from tools.ingest.workers import Pool, Worker
from tools.library import Library
from tools.models.providers import BARE
from tools.sandbox import Child


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(1)
    yield pool
    pool.close()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


def test_a_video_is_indexed_elsewhere_and_told_here(
    pool: Pool, library: Library, shots: Path
) -> None:
    said: list[Progress] = []
    video = pool.index(library, shots, BARE, said.append, title="Four shots").result()
    assert (video.title, video.state) == ("Four shots", "ready")
    assert [one.stage for one in said if one.state == "done"][:3] == ["probe", "keyframes", "pass"]
    again = pool.index(library, shots, BARE, said.append).result()
    assert again.id == video.id


def test_code_in_the_folder_of_the_program_is_not_run(
    pool: Pool, library: Library, shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    assert pool.index(library, shots, BARE, lambda _: None).result().state == "ready"


def test_an_error_comes_back_as_what_it_was(pool: Pool, library: Library, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(UnreadableMedia, match=r"text\.mp4|decoder"):
        pool.index(library, text, BARE, lambda _: None).result()
    assert library.list() == []


def test_a_stage_that_fails_and_is_not_needed_is_a_note(
    pool: Pool, library: Library, shots: Path
) -> None:
    wanted = replace(BARE, picture_embedder="siglip2")
    video = pool.index(library, shots, wanted, lambda _: None).result()
    assert any("cuepoint models pull siglip2" in note for note in video.notes)
    assert library.frames(video.id) and video.stages["pictures"].state == "failed"


def test_any_number_waits_and_each_has_its_turn(pool: Pool, library: Library, shots: Path) -> None:
    begun, go, order = threading.Event(), threading.Event(), list[int]()

    def hold(_: Progress) -> None:
        begun.set()
        assert go.wait(60)

    first = pool.index(library, shots, BARE, hold)
    assert begun.wait(60)
    waiting = [pool.index(library, shots, BARE, lambda _: None) for _ in range(100)]
    for number, one in enumerate(waiting[:3]):
        one.add_done_callback(lambda _, number=number: order.append(number))
    go.set()
    assert {first.result().id} == {one.result().id for one in waiting[:3]}
    assert order == [0, 1, 2]


def test_a_process_that_is_killed_is_one_line_and_the_video_goes_on(
    pool: Pool, library: Library, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    start = Worker._start  # pyright: ignore[reportPrivateUsage]

    def watched(self: Worker) -> object:
        process = start(self)
        started.append(process.pid)
        return process

    monkeypatch.setattr(Worker, "_start", watched)

    def kill(progress: Progress) -> None:
        if progress.stage == "keyframes" and progress.state == "done":
            os.kill(started[-1], signal.SIGKILL)

    with pytest.raises(Interrupted, match="go on"):
        pool.index(library, shots, BARE, kill).result()
    (video,) = library.list()
    assert video.stages["keyframes"].state == "done"
    assert video.state in ("queued", "failed")  # where the next stage had begun, that one failed
    assert pool.index(library, shots, BARE, lambda _: None).result().state == "ready"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_stage_that_ends_its_process_is_told_as_failed_and_tried_again(
    pool: Pool,
    library: Library,
    shots: Path,
    tmp_path: Path,
    cuepoint: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    """As a native library does, or the system where memory runs out."""
    fault = f"""
import os, sys
if "tools.ingest.workers" in sys.orig_argv:
    from dataclasses import replace
    from tools.ingest import stages
    stages.STAGE["sound"] = replace(
        stages.STAGE["sound"], run=lambda work: os.kill(os.getpid(), {number:d})
    )
"""
    (tmp_path / "sitecustomize.py").write_text(fault)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Interrupted, match=f"{number.name}.*go on"):
        pool.index(library, shots, BARE, lambda _: None).result()
    (video,) = Library(library.home).list()
    sound = video.stages["sound"]
    assert (video.state, sound.state) == ("failed", "failed") and number.name in sound.note
    assert video.stages["pass"].state == "done"
    assert [one for one in library.coverage(video.id).notes if number.name in one] == [sound.note]
    status, listed, _ = cuepoint("--library", library.home, "library", "list")
    assert status == 0 and f"sound failed: {sound.note}" in listed.splitlines()[-1]
    monkeypatch.delenv("PYTHONPATH")
    again = pool.index(library, shots, BARE, lambda _: None).result()
    assert (again.state, again.stages["sound"].state) == ("ready", "done")
    assert not any(number.name in note for note in library.coverage(video.id).notes)


def test_closing_ends_what_runs(library: Library, shots: Path) -> None:
    pool, begun = Pool(1), threading.Event()
    running = pool.index(library, shots, BARE, lambda _: begun.set())
    waiting = pool.index(library, shots, BARE, lambda _: None)
    assert begun.wait(60)
    pool.close()
    assert waiting.cancelled()
    if running.exception() is not None:  # unless it was done before
        assert isinstance(running.exception(), Interrupted)


def test_closing_waits_for_no_other_program(
    library: Library, shots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that starts while the pool is closed, and whose video another one holds."""
    pool, starting, go = Pool(1), threading.Event(), threading.Event()
    kill, start = Worker.kill, Child._start  # pyright: ignore[reportPrivateUsage]

    def late(self: Worker) -> object:
        starting.set()
        assert go.wait(60)
        return start(self)

    with lock(library.folder(digest(shots)[:16]) / "lock"):
        monkeypatch.setattr(Child, "_start", late)
        running = pool.index(library, shots, BARE, lambda _: None)
        assert starting.wait(60)
        closing = threading.Thread(target=pool.close, daemon=True)
        monkeypatch.setattr(Worker, "kill", lambda self: (kill(self), go.set()))
        closing.start()
        assert isinstance(running.exception(60), Interrupted)
    closing.join()
    with pytest.raises(Interrupted, match="stopping"):
        pool.index(library, shots, BARE, lambda _: None)
