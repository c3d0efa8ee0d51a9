import os
import signal
import sys
from pathlib import Path

import pytest

from tools.errors import UnreadableMedia
from tools.sandbox import Child


def test_events_of_several_calls_come_back(shots: Path) -> None:
    with Child() as child:
        for _ in range(2):
            (facts,) = child.call("tools.video.container:probe", path=str(shots))
            assert (facts["video"]["width"], facts["video"]["height"]) == (320, 180)


def test_a_video_error_crosses_the_process(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no video")
    with Child() as child, pytest.raises(UnreadableMedia, match=r"words\.mp4"):
        list(child.call("tools.video.container:probe", path=str(tmp_path / "words.mp4")))


def test_a_bug_is_not_dressed_up_as_a_bad_file() -> None:
    with Child() as child, pytest.raises(RuntimeError, match="ModuleNotFoundError"):
        list(child.call("no.such:thing"))


def test_a_child_that_dies_is_an_error_and_the_next_call_gets_a_new_one(shots: Path) -> None:
    with Child() as child:
        with pytest.raises(UnreadableMedia, match="stopped"):
            list(child.call("os:abort"))
        assert list(child.call("tools.video.container:probe", path=str(shots)))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_memory_is_bounded() -> None:
    with (
        Child() as child,
        pytest.raises((UnreadableMedia, RuntimeError), match=r"MemoryError|stop"),
    ):
        list(child.call("builtins:bytes", source=4 << 30))


def test_a_caller_that_stops_listening_ends_the_child(shots: Path) -> None:
    child = Child()
    events = child.call("itertools:repeat", object="again")
    assert next(events) == "again"
    process = child._process
    assert process
    events.close()
    assert process.returncode == -signal.SIGKILL


def test_a_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    with Child() as child:
        names = (
            list(child.call("os:listdir", path="/proc/self/fd"))
            if os.path.exists("/proc/self")
            else []
        )
        assert isinstance(names, list)
        process = child._process
        if process and os.path.exists(f"/proc/{process.pid}/environ"):
            assert b"canary" not in Path(f"/proc/{process.pid}/environ").read_bytes()


def test_opencv_fits_into_a_child_and_has_one_thread(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "threads.py").write_text("def told():\n import cv2\n yield cv2.getNumThreads()\n")
    paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    with Child() as child:
        assert list(child.call("threads:told")) == [1]
