"""Several processes on one library: they add, ask and remove at the same time."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.library import Library

Times = Callable[[int], int]

ASK = ("ask", "What is said about the kettle?")
READS = """
import builtins, io, os
seen = [0]
def watched(call):
    def wrapped(path, *given, **named):
        if isinstance(path, (str, os.PathLike)) and "/videos/" in os.fspath(path):
            seen[0] += 1
            if seen[0] == {number}:
                meanwhile()
            elif not {number}:
                os.write(count, os.fspath(path).encode() + b"\\n")
        return call(path, *given, **named)
    return wrapped
count = os.open({count!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for module, name in ((os, "stat"), (io, "open")):
    setattr(module, name, watched(getattr(module, name)))
def meanwhile():
    {meanwhile}
"""
REMOVE = """
    from pathlib import Path
    from tools.library import Library
    Library(Path({home!r})).remove({video!r})
"""


def one_line(text: str) -> bool:
    """A message for a person, and nothing else."""
    said = [line for line in text.splitlines() if line.startswith("cuepoint: ")]
    return len(said) == 1 and "Traceback" not in text


def shown(out: str) -> list[Path]:
    """The pictures that an answer names."""
    return [Path(line.strip()) for line in out.splitlines() if line.strip().startswith("/")]


def test_eight_that_add_the_same_video_make_one_index(
    ground: Any, tmp_path: Path, times: Times, row: Any
) -> None:
    expected, _ = ground.undisturbed(tmp_path / "undisturbed")
    n = times(50)
    for number in range(n):
        home = tmp_path / str(number)
        ended = ground.run(*(ground.job(home, "index", ground.video) for _ in range(8)))
        assert [one.status for one in ended] == [0] * 8, [one.err for one in ended]
        assert len({one.out for one in ended}) == 1
        assert sum("done" in one.err for one in ended) == 1, "more than one did the work"
        assert ground.snapshot(home) == expected
        shutil.rmtree(home)
    row("D4", "8 processes add the same video at once", n, n, "7 of 8 did no work")


def test_four_add_videos_while_two_ask(ground: Any, tmp_path: Path, times: Times, row: Any) -> None:
    n = times(50)
    videos = [ground.other(number) for number in range(4)]
    expected, _ = ground.undisturbed(tmp_path / "undisturbed", ground.video, *videos)
    for number in range(n):
        home = tmp_path / str(number)
        assert ground.index(home).status == 0
        adding = [ground.job(home, "index", video) for video in videos]
        ended = ground.run(*adding, *(ground.job(home, *ASK) for _ in range(2)))
        assert [one.status for one in ended] == [0] * 6, [one.err for one in ended]
        for answer in ended[4:]:
            assert "The red kettle sings." in answer.out and "Traceback" not in answer.err
            assert shown(answer.out) and all(path.exists() for path in shown(answer.out))
        ground.check(home)
        assert ground.snapshot(home) == expected
        shutil.rmtree(home)
    row("D5", "4 processes add 4 videos while 2 ask", n, n, "no error in the askers")


@pytest.mark.parametrize("scope", ["one video", "all videos", "pictures", "the list"])
def test_a_removal_during_a_question_leaves_no_dangling_picture(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any, scope: str
) -> None:
    """The video goes right before the question reads one of its files."""
    library, count = tmp_path / "library", tmp_path / "count"
    assert ground.index(library, ground.video, ground.other(1)).status == 0
    ids = sorted(ground.check(library))
    video = ids[0]
    asked = (*ASK, video) if scope == "one video" else ASK
    asked = ("frames", video, "--strategy", "dense") if scope == "pictures" else asked
    asked = ("library", "list") if scope == "the list" else asked
    setup = READS.format(number=0, count=str(count), meanwhile="pass")
    os.utime(library / "libraries/local/videos", (1e9, 1e9))  # what just changed is read more often
    shutil.copytree(library, tmp_path / "counted")
    (ended,) = ground.run(ground.job(tmp_path / "counted", *asked, setup=setup))
    assert ended.status == 0, ended.err
    reads = count.read_text().splitlines()
    last = {path: number for number, path in enumerate(reads, 1)}
    first = {path: number for number, path in reversed([*enumerate(reads, 1)])}
    moments = sorted({*first.values(), *last.values()})
    n, answered = min(times(80), len(moments)), 0
    for number in sorted(chance.sample(moments, n)):
        home = tmp_path / "home"
        shutil.copytree(library, home)
        meanwhile = REMOVE.format(home=str(home), video=video)
        setup = READS.format(number=number, count=str(count), meanwhile=meanwhile)
        (ended,) = ground.run(ground.job(home, *asked, setup=setup))
        answered += ended.status == 0
        assert ended.status == 0 or (ended.status == 1 and one_line(ended.err)), ended.err
        assert scope != "the list" or ended.status == 0, ended.err
        if number <= max(last[path] for path in last if video in path):  # it could see it go
            assert all(path.exists() for path in shown(ended.out)), (number, ended.out)
        if set(ground.check(home)) == {*ids}:  # fewer reads than before: two threads share them
            Library(home).remove(video)
        assert set(ground.check(home)) == {ids[1]}
        shutil.rmtree(home)
    row("D10", f"a video removed while it is asked about: {scope}", n, n, f"{answered} answered")


def test_a_question_during_a_removal_is_answered_or_refused_in_a_line(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """Two processes: the question tells the other when to begin, and neither waits."""
    library, count, gate = tmp_path / "library", tmp_path / "count", tmp_path / "gate"
    assert ground.index(library, ground.video, ground.other(1)).status == 0
    video, other = sorted(ground.check(library))
    os.mkfifo(gate)
    setup = READS.format(number=0, count=str(count), meanwhile="pass")
    ground.run(ground.job(library, *ASK, setup=setup))
    reads = len(count.read_text().splitlines())
    n, answered = times(40), 0
    for _ in range(n):
        home = tmp_path / "home"
        shutil.copytree(library, home)
        number = chance.randint(1, reads)
        tell = f"os.close(os.open({str(gate)!r}, os.O_WRONLY))"
        setup = READS.format(number=number, count=str(count), meanwhile=tell)
        wait = f"open({str(gate)!r}).read()"
        asker, remover = ground.run(
            ground.job(home, *ASK, setup=setup),
            ground.job(home, "library", "remove", video, setup=wait),
        )
        assert remover.status == 0, remover.err
        answered += asker.status == 0
        assert asker.status == 0 or (asker.status == 1 and one_line(asker.err)), asker.err
        assert set(ground.check(home)) == {other}
        assert not (home / "libraries/local/removed").exists()
        shutil.rmtree(home)
    row("D10", "a question while another process removes", n, n, f"{answered} answered")


def test_a_removal_during_an_index_wins(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """The index ends in one line, or did not notice; nothing of the video comes back."""
    expected, _ = ground.undisturbed(tmp_path / "undisturbed")
    (video,) = ground.check(tmp_path / "undisturbed")
    n, stages = times(40), ("subtitles", "keyframes", "pass", "sound", "screen", "vectors")
    for number in range(n):
        home, stage = tmp_path / "home", stages[number % len(stages)]
        setup = AT_STAGE.format(
            stage=stage, when=chance.choice(("before", "after")),
            meanwhile=REMOVE.format(home=str(home), video=video),
        )  # fmt: skip
        ended = ground.index(home, setup=setup)
        assert ended.status == 1 and one_line(ended.err) and "removed" in ended.err, ended.err
        assert ground.check(home) == {}
        assert set(ground.snapshot(home)) == {"checksums.json", "checksums.lock"}
        ground.goes_on(home, expected)
        shutil.rmtree(home)
    row("D10", "a video removed while it is indexed", n, n, "")


def test_an_index_during_a_removal_is_whole(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """The video is indexed anew while the files of the old one are being deleted."""
    library = tmp_path / "library"
    expected, _ = ground.undisturbed(library)
    (video,) = ground.check(library)
    files = sum(path.is_file() for path in library.rglob("videos/*/**/*"))
    n = times(20)
    for _ in range(n):
        home = tmp_path / "home"
        shutil.copytree(library, home)
        setup = BETWEEN_FILES.format(
            number=chance.randint(1, files), home=str(home), path=str(ground.video)
        )
        (ended,) = ground.run(ground.job(home, "library", "remove", video, setup=setup))
        assert ended.status == 0, ended.err
        assert ground.check(home).keys() == {video}
        assert ground.snapshot(home) == expected
        shutil.rmtree(home)
    row("D10", "a video indexed anew while it is removed", n, n, "")


BETWEEN_FILES = """
import os
from pathlib import Path
unlink, seen = os.unlink, [0]
def counted(*given, **named):
    seen[0] += 1
    if seen[0] == {number}:
        from tools.ingest.pipeline import ingest
        from tools.models.providers import Providers
        from tools.library import Library
        ingest(Library(Path({home!r})), Path({path!r}), providers=Providers(text_reader="none"))
    return unlink(*given, **named)
os.unlink = counted
"""
AT_STAGE = """
import dataclasses
from tools.ingest import stages
def at(step):
    def run(work):
        if {when!r} == "before":
            meanwhile(work)
        result = step.run(work)
        if {when!r} == "after":
            meanwhile(work)
        return result
    return dataclasses.replace(step, run=run)
def meanwhile(work):
    {meanwhile}
stages.STAGE[{stage!r}] = at(stages.STAGE[{stage!r}])
"""
