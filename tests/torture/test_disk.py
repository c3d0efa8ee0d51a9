"""Disks that are full, shut, gone, copied or of another time: one line, or an equal result."""

import json
import os
import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tools.files.checksums import dump_checked
from tools.store.store import STAGES
from ui.web.uploads import UploadRefused, Uploads

Times = Callable[[int], int]

AT_STAGE = """
import dataclasses, os, shutil
from pathlib import Path
from tools.ingest import pipeline, stages
pipeline.check_space = lambda folder: None
def early(step):
    def run(work):
        meanwhile(work)
        return step.run(work)
    return dataclasses.replace(step, run=run)
def meanwhile(work):
{meanwhile}
stages.STAGE[{stage!r}] = early(stages.STAGE[{stage!r}])
"""
FILL = """
    with open({filler!r}, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        file.truncate(max(file.tell() - {leave}, 0))
"""


UNSEEN = "from tools.ingest import pipeline\npipeline.check_space = lambda folder: None"
"""Setup without the look at the free space, for which the volume is too small."""


def during(stage: str, meanwhile: str) -> str:
    """Setup that does something when a stage begins; the free space is not looked at before."""
    return AT_STAGE.format(stage=stage, meanwhile=meanwhile)


def one_line(ended: Any) -> bool:
    """Status 1 and a message for a person."""
    said = [line for line in ended.err.splitlines() if line.startswith("cuepoint: ")]
    return ended.status == 1 and len(said) == 1 and "Traceback" not in ended.err


def test_a_disk_that_is_too_full_is_refused_before_a_stage(
    ground: Any, volume: Path, tmp_path: Path, row: Any
) -> None:
    for number in range(len(STAGES)):
        home = volume / str(number)
        only = ",".join(STAGES[: max(number, 1)])
        done = ground.job(home, "index", ground.video, "--only", only, setup=UNSEEN)
        if number:
            assert ground.run(done)[0].status == 0
        ended = ground.index(home)
        assert one_line(ended) and "free 500 MB" in ended.err, ended.err
        assert set().union(*ground.check(home).values()) == set(STAGES[:number])
    row("D6", "too little room before each stage", len(STAGES), len(STAGES), "")


def test_a_disk_that_fills_up_during_a_stage_loses_nothing(
    ground: Any, volume: Path, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    expected, _ = ground.undisturbed(tmp_path / "undisturbed", generations=False)
    filler, n, refused = volume / "filler", times(30), 0
    chosen = (STAGES * n)[:n] if n >= len(STAGES) else STAGES
    for stage in chosen:
        home = volume / "home"
        leave = chance.choice((0, 1 << 12, 1 << 13, 1 << 14, 1 << 15))
        setup = during(stage, FILL.format(filler=str(filler), leave=leave))
        ended = ground.index(home, setup=setup)
        assert ended.status == 0 or (one_line(ended) and "free 500 MB" in ended.err), ended.err
        refused += ended.status
        ground.check(home)
        ended = ground.index(home, setup=UNSEEN)
        assert ended.status == 0 or (one_line(ended) and "free 500 MB" in ended.err), ended.err
        ground.check(home)
        filler.unlink()
        ground.goes_on(home, expected, generations=False, setup=UNSEEN)
        shutil.rmtree(home)
    assert refused
    figure = f"{refused} did not fit, 24 MB volume"
    row("D6", "a disk that fills up during a stage", len(chosen), len(chosen), figure)


def test_a_full_disk_still_answers(ground: Any, volume: Path, row: Any) -> None:
    home = volume / "home"
    assert ground.index(home, setup=UNSEEN).status == 0
    code = FILL.format(filler=str(volume / "filler"), leave=0).replace("\n    ", "\n")
    exec(code, {})
    for words in (("library", "list"), ("search", "kettle"), ("scenes", "kettle")):
        (ended,) = ground.run(ground.job(home, *words))
        assert ended.status == 0 and ended.out, ended.err
    asked, moment = ground.run(
        ground.job(home, "ask", "What is said about the kettle?"),
        ground.job(home, "frames", "kettle", "--strategy", "dense"),
    )
    assert asked.status == 0 and "not kept in the history" in asked.err, asked.err
    assert moment.status == 0 or one_line(moment), moment.err
    ground.check(home)
    row("D6", "a full disk is read: list, search, scenes, ask, frames", 5, 5, "")


async def test_an_upload_that_does_not_fit_leaves_nothing(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(30):
            yield bytes(1 << 20)

    monkeypatch.setattr("ui.web.uploads.SPARE", -(1 << 30))
    uploads = Uploads(volume / "uploads", 1 << 30)
    with pytest.raises(UploadRefused, match="no room"):
        await uploads.receive(endless(), "multipart/form-data; boundary=b", None)
    assert list((volume / "uploads").iterdir()) == []


def test_a_library_that_cannot_be_written_says_so_and_still_answers(
    ground: Any, volume: Path, tmp_path: Path, row: Any
) -> None:
    home = volume / "home"
    assert ground.index(home, setup=UNSEEN).status == 0
    # The kernel lets go of a decoder's folder a moment after its end.
    command = ["mount", "-o", "remount,ro", str(volume)]
    assert 0 in (subprocess.run(command, capture_output=True).returncode for _ in range(200))
    refused = [("index", ground.other(1)), ("library", "remove", "kettle")]
    refused += [("frames", "kettle", "--strategy", "dense")]
    for words in refused:
        (ended,) = ground.run(ground.job(home, *words))
        assert one_line(ended) and "cannot be written" in ended.err, ended.err
    for words in (("library", "list"), ("search", "kettle"), ("scenes", "kettle")):
        (ended,) = ground.run(ground.job(home, *words))
        assert ended.status == 0 and ended.out, ended.err
    (asked,) = ground.run(ground.job(home, "ask", "What is said about the kettle?"))
    assert asked.status == 0 and "not kept in the history" in asked.err, asked.err
    ground.check(home)
    row("D7", "a read-only library: index, remove, frames, list, search, scenes, ask", 7, 7, "")


def test_a_library_that_goes_away_during_an_index_is_one_line(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    expected, _ = ground.undisturbed(tmp_path / "undisturbed", generations=False)
    n = times(20)
    for number in range(n):
        home, stage = tmp_path / "home", STAGES[number % len(STAGES)]
        gone = home if number % 2 else home / "libraries/local/videos"
        ended = ground.index(home, setup=during(stage, f"    shutil.rmtree({str(gone)!r})"))
        assert one_line(ended) and "removed" in ended.err, ended.err
        assert ground.check(home) == {}
        ground.goes_on(home, expected, generations=False)
        shutil.rmtree(home)
    row("D7", "the library is deleted during an index", n, n, "")


def test_a_file_that_goes_away_during_an_index_is_one_line(
    ground: Any, tmp_path: Path, times: Times, row: Any
) -> None:
    n = max(times(20), 2)
    for number in range(n):
        home, stage = tmp_path / "home", STAGES[number % len(STAGES)]
        video, away = tmp_path / ground.video.name, tmp_path / "away.mp4"
        for suffix in (".mp4", ".srt"):
            shutil.copy(ground.video.with_suffix(suffix), video.with_suffix(suffix))
        expected, _ = ground.undisturbed(tmp_path / "undisturbed", video, generations=False)
        meanwhile = f"    Path({str(video)!r}).rename({str(away)!r})"
        (ended,) = ground.run(ground.job(home, "index", video, setup=during(stage, meanwhile)))
        assert one_line(ended) and video.name in ended.err, ended.err
        away.rename(video)
        ground.goes_on(home, expected, video, generations=False)
        shutil.rmtree(home)
        shutil.rmtree(tmp_path / "undisturbed")
    row("D7", "the file is moved away during an index", n, n, "")


def test_times_that_lie_in_the_future_change_nothing(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """A clock that was wrong: the file's time, the manifest's, and those of all other files."""
    n = max(times(20), 2)
    for number in range(n):
        home = tmp_path / "home"
        video = tmp_path / ground.video.name
        for suffix in (".mp4", ".srt"):
            shutil.copy(ground.video.with_suffix(suffix), video.with_suffix(suffix))
            future = chance.uniform(4e9, 8e9)
            os.utime(video.with_suffix(suffix), (future, future))
        after = None if number % 2 else chance.uniform(0, 0.2)
        ground.run(ground.job(home, "index", video, after=after))
        for path in home.rglob("*"):
            os.utime(path, (future, future))
        for path in home.rglob("manifest.json"):
            late = path.read_text().replace('"at": "20', '"at": "29')
            path.write_bytes(dump_checked(json.loads(late)))
        ground.check(home)
        (ended,) = ground.run(ground.job(home, "index", video))
        assert ended.status == 0, ended.err
        (state,) = ground.check(home).values()
        assert state == set(STAGES)
        (again,) = ground.run(ground.job(home, "index", video))
        assert again.status == 0 and "done" not in again.err
        shutil.rmtree(home)
    row("D7", "file and manifest times in the future", n, n, "")


def test_a_library_copied_during_an_index_is_whole_or_goes_on(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """The copy is made file by file while a stage begins, in two parts with a stage between."""
    expected, _ = ground.undisturbed(tmp_path / "undisturbed", generations=False)
    n = max(times(20), 2)
    for number in range(n):
        home, copy = tmp_path / "home", tmp_path / "copy"
        stage = STAGES[number % len(STAGES)]
        halves = (
            f"    files = sorted(p for p in Path({str(home)!r}).rglob('*') if p.is_file())\n"
            f"    for path in files[::2] if number[0] % 2 else files[1::2]:\n"
            f"        to = Path({str(copy)!r}) / path.relative_to({str(home)!r})\n"
            f"        to.parent.mkdir(parents=True, exist_ok=True)\n"
            f"        shutil.copy2(path, to)\n"
            f"    number[0] += 1\n"
        )
        later = STAGES[min(number % len(STAGES) + 1, len(STAGES) - 1)]
        setup = f"number = [{chance.randint(0, 1)}]\n" + during(stage, halves)
        setup += f"stages.STAGE[{later!r}] = early(stages.STAGE[{later!r}])\n"
        assert ground.index(home, setup=setup).status == 0
        ground.goes_on(copy, expected, generations=False)
        shutil.rmtree(home)
        shutil.rmtree(copy)
    row("D7", "a library copied in two parts during an index", n, n, "")
