"""Clips: whole or not there, named for people, kept in bounds."""

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import tools.export.clips
import tools.export.files
from agent.toolbelt import Toolbelt
from tests.conftest import Shelf
from tools.errors import RefusedRequest
from tools.export.clips import Clip, clip_name, cut_clip, keep_clip, span_of
from tools.export.files import UNFINISHED, file_name, new_file
from tools.ingest.pipeline import ingest
from tools.integrity.verify import verify
from tools.library import Library
from tools.media import Video
from tools.models.providers import BARE
from tools.sandbox import Child
from tools.toolbox import Toolbox


@pytest.fixture
def video(shelf: Shelf) -> Video:
    return shelf.library.get(shelf.video)


def colours(path: Path) -> list[str]:
    """The shot that each picture is of: red, blue, dark or white."""
    with av.open(str(path)) as container:
        means = [f.to_ndarray(format="rgb24").mean((0, 1)) for f in container.decode(video=0)]
    return [
        "white" if min(mean) > 120 else "dark" if max(mean) < 40 else "rgb"[int(np.argmax(mean))]
        for mean in means
    ]


def test_a_clip_shows_what_its_span_shows(shelf: Shelf, video: Video, tmp_path: Path) -> None:
    seen: list[float] = []
    target = tmp_path / "clip.mp4"
    clip = cut_clip(shelf.library, video, 2.5, 6.5, target, on_progress=seen.append)
    assert clip == Clip(str(target), 2.5, 6.5) and seen[-1] == 1.0
    assert colours(target) == ["r"] * 5 + ["b"] * 30 + ["dark"] * 5
    assert os.listdir(tmp_path) == ["clip.mp4"]


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (6.0, 3.0, "the end (0:03) is not after the start (0:06)"),
        (3.0, 3.0, "is not after the start"),
        (3.0, 11.0, "'kettle!' ends at 0:10"),
        (12.0, 13.0, "'kettle!' ends at 0:10"),
        (-1.0, 3.0, "zero or more"),
        (float("nan"), 3.0, "are seconds"),
        (0.0, float("inf"), "are seconds"),
    ],
)
def test_a_span_that_is_none_is_told(video: Video, start: float, end: float, told: str) -> None:
    with pytest.raises(RefusedRequest, match=told.replace("(", r"\(").replace(")", r"\)")):
        span_of(video, start, end)


def test_an_end_that_was_rounded_up_is_the_end(video: Video) -> None:
    assert span_of(video, 9.0, video.duration + 0.04) == (9.0, video.duration)


def test_nothing_is_written_over(shelf: Shelf, video: Video, tmp_path: Path) -> None:
    (tmp_path / "mine.mp4").write_text("mine")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "nowhere")
    for name in ("mine.mp4", "link.mp4"):
        with pytest.raises(RefusedRequest, match="is there already"):
            cut_clip(shelf.library, video, 0.0, 1.0, tmp_path / name)
    assert (tmp_path / "mine.mp4").read_text() == "mine"
    with pytest.raises(RefusedRequest, match="is a folder"):
        cut_clip(shelf.library, video, 0.0, 1.0, tmp_path)
    with pytest.raises(RefusedRequest, match="there is no folder"):
        cut_clip(shelf.library, video, 0.0, 1.0, tmp_path / "none" / "x.mp4")


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "x.mp4"
    with pytest.raises(RefusedRequest, match="is there already"), new_file(target) as part:
        part.write_text("ours")
        target.write_text("theirs")
    assert target.read_text() == "theirs" and os.listdir(tmp_path) == ["x.mp4"]


def test_a_folder_that_takes_nothing_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tools.export.files, "temporary_folder", refused)
    with (
        pytest.raises(RefusedRequest, match=r"takes no new file \(Permission denied\)"),
        new_file(tmp_path / "x.mp4"),
    ):
        pass


def test_a_cut_that_ends_in_the_middle_leaves_nothing(
    shelf: Shelf, video: Video, tmp_path: Path
) -> None:
    child = Child()
    with pytest.raises(Exception, match="ended from outside"):
        cut_clip(shelf.library, video, 0.0, 9.0, tmp_path / "x.mp4", child, lambda _: child.kill())
    assert os.listdir(tmp_path) == []


KILLED = """
import sys
from pathlib import Path
from tools.export.clips import cut_clip
from tools.library import Library
library = Library(Path(sys.argv[1]))
def held(fraction):
    print("begun", flush=True)
    sys.stdin.read()
cut_clip(library, library.get(sys.argv[2]), 0.0, 9.0, Path(sys.argv[3]), on_progress=held)
"""


def test_a_killed_cut_leaves_no_file_and_the_next_one_tidies_up(
    shelf: Shelf, video: Video, tmp_path: Path
) -> None:
    target = tmp_path / "x.mp4"
    arguments = (str(shelf.library.home), shelf.video, str(target))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert select.select([process.stdout], [], [], 60)[0]
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.wait()
    assert [name[: len(UNFINISHED)] for name in os.listdir(tmp_path)] == [UNFINISHED]
    cut_clip(shelf.library, video, 0.0, 1.0, target)
    assert os.listdir(tmp_path) == ["x.mp4"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('He said "cut"\nand/or: left', "He said cut and or left 0.03-0.06.mp4"),
        ("../../etc/passwd", "etc passwd 0.03-0.06.mp4"),
        ("-rf ~", "rf ~ 0.03-0.06.mp4"),
        (".hidden", "hidden 0.03-0.06.mp4"),
        ("\u202egpj.exe", "gpj.exe 0.03-0.06.mp4"),
        ("/", "video 0.03-0.06.mp4"),
        ("Цукор", "Цукор 0.03-0.06.mp4"),
    ],
)
def test_names_are_taken_by_every_file_system(title: str, name: str) -> None:
    assert file_name(title, ".mp4", (3.0, 6.0)) == name


def test_a_long_name_fits_a_file_system(tmp_path: Path) -> None:
    name = file_name("\N{CJK UNIFIED IDEOGRAPH-4E00}" * 300, ".mp4", (3.0, 6.5))
    (tmp_path / name).touch()
    assert len(name.encode()) < 143 and name.endswith(" 0.03-0.06.5.mp4")


def test_a_clip_of_sound_alone_is_called_so(tmp_path: Path, media: Path) -> None:
    library = Library(tmp_path / "home")
    video = ingest(library, media / "odd" / "mb_multi_aac.mp4", providers=BARE)
    target = tmp_path / clip_name(video, 1.0, 2.0)
    assert target.suffix == ".m4a"
    cut_clip(library, video, 1.0, 2.0, target)
    with av.open(str(target)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]


def test_the_capability_keeps_a_clip_once_and_it_goes_with_its_video(inside: Shelf) -> None:
    box = Toolbox(inside.library)
    assert box.make_clip in box.tools()
    clip = box.make_clip("holiday", 3.0, 6.0)
    path = Path(clip.path)
    assert (clip.start, clip.end) == (3.0, 6.0) and set(colours(path)) == {"b"}
    assert path.is_relative_to(inside.folder)
    written = path.stat().st_mtime_ns
    assert box.make_clip(inside.video, 3.0, 6.0) == clip
    assert path.stat().st_mtime_ns == written and os.listdir(path.parent) == [path.name]
    assert verify(inside.library) == []
    inside.library.remove(inside.video)
    assert not path.exists()


def test_clips_that_are_kept_have_bounds(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    video = shelf.library.get(shelf.video)
    monkeypatch.setattr(tools.export.clips, "LONGEST", 2.0)
    with pytest.raises(RefusedRequest, match="minutes at most"):
        keep_clip(shelf.library, video, 0.0, 3.0)
    clip = keep_clip(shelf.library, video, 0.0, 1.0)
    monkeypatch.setattr(tools.export.clips, "ROOM", Path(clip.path).stat().st_size)
    with pytest.raises(RefusedRequest, match="is the most: delete some first"):
        keep_clip(shelf.library, video, 1.0, 2.0)
    assert keep_clip(shelf.library, video, 0.0, 1.0) == clip


def test_no_model_is_given_what_makes_files(shelf: Shelf) -> None:
    box = Toolbox(shelf.library)
    assert "make_clip" not in {tool.name for tool in Toolbelt(box).tools}
    with pytest.raises(RefusedRequest, match="no tool 'make_clip'"):
        Toolbelt(box).validate("make_clip", {"video": shelf.video, "start": 0, "end": 1}, ())


def test_two_at_once_cut_the_same_clip_once(
    shelf: Shelf, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tools.export.clips.new_file

    def late(target: Path) -> Any:
        shutil.copy(shelf.file, target)  # as another one that was faster
        return whole(target)

    monkeypatch.setattr(tools.export.clips, "new_file", late)
    clip = keep_clip(shelf.library, video, 0.0, 1.0)
    assert Path(clip.path).read_bytes() == shelf.file.read_bytes()
