import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.errors import UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.sandbox import Child, Event
from tools.store.frames import decode

ROOT = Path(__file__).parents[2]
LEAVES_A_MARK = "from pathlib import Path; Path(__file__).with_name('ran').touch()"


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


@pytest.mark.parametrize(
    ("name", "code"),
    [("json.py", LEAVES_A_MARK), ("tools/__init__.py", "raise SystemExit('not ours')")],
)
def test_code_beside_a_video_is_not_run_by_its_index(
    shots: Path, tmp_path: Path, name: str, code: str
) -> None:
    folder = tmp_path / "downloads"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text(code)
    shutil.copy(shots, folder / "clip.mp4")
    without = dict.fromkeys(("CUEPOINT_TEXT_READER", "CUEPOINT_TRANSCRIBER"), "none")
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from ui.cli.main import main; main()", "index", "clip.mp4"],
        cwd=folder,
        env={**os.environ, **without, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "ran").exists()


def test_no_path_of_the_caller_leads_a_child_to_the_folder_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text(LEAVES_A_MARK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(tmp_path), ".", str(ROOT), ""]))
    with Child() as child:
        assert list(child.call("tools.video.container:versions"))
    assert not (tmp_path / "ran").exists()


Attempt = Callable[..., str]


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """`attempt(code, writes)` runs code in a child of its own; the answer or the refusal."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "trial.py").write_text(
        "import os, socket, subprocess\n"
        "from concurrent import futures\n"
        "def run(code):\n"
        "    found = dict(globals())\n"
        "    exec(code, found)\n"
        "    yield found.get('answer', 'done')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "own"))

    def run(code: str, writes: Path | None = None, port: int | None = None) -> str:
        with Child(writes=writes, port=port) as child:
            try:
                (answer,) = child.call("trial:run", code=code)
            except UnreadableMedia as error:
                return str(error)
        return answer

    return run


def _refusal(what: str, said: str, port: int | None = None) -> str:
    """The answer to what a child may not do: `done` where the child says that it is not bound."""
    with Child(port=port) as child:
        (state,) = child.call("tools.sandbox.confinement:state")
    assert what in state["held"] or state["missing"]
    return f"the decoder said: {said}" if what in state["held"] else "done"


@pytest.mark.parametrize("family", ["INET", "INET6", "UNIX", "NETLINK"])
def test_a_child_gets_no_socket(attempt: Attempt, family: str) -> None:
    refusal = _refusal("no network", "Operation not permitted")
    assert attempt(f"socket.socket(socket.AF_{family}, socket.SOCK_DGRAM)") == refusal


def test_a_child_connects_to_nobody(attempt: Attempt) -> None:
    refusal = _refusal("no network", "Operation not permitted")
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"socket.create_connection({server.getsockname()})"
        assert attempt(code) == refusal
        server.setblocking(False)
        if refusal != "done":
            with pytest.raises(BlockingIOError):
                server.accept()


RAW = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
def said(result):
    answer = 'done' if result >= 0 else os.strerror(ctypes.get_errno())
    return answer
def opened(family, kind, protocol):
    return libc.socket(family, kind, protocol)
def name(port):
    return struct.pack('=H', 2) + struct.pack('!H', port) + bytes([127, 0, 0, 1]) + bytes(8)
def connected(port):
    return libc.connect(opened(2, 1, 0), name(port), 16)
def sent(port):
    to = name(port)
    return libc.sendto(opened(2, 1, 0), b'x', 1, 0x20000000, to, 16)
"""
"""Calls that go past Python, as those of a library that was taken over."""


def test_a_child_with_a_port_connects_to_that_alone(attempt: Attempt) -> None:
    """Python is held to it on every system, and what goes past Python where the kernel can."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        port, closed = server.getsockname()[1], other.getsockname()[1]
        held = [
            _refusal(what, "", port) != "done"
            for what in ("connects to one port of this machine only", "no network but TCP")
        ]
        assert attempt(f"socket.create_connection(('127.0.0.1', {port}))", port=port) == "done"
        assert attempt(f"{RAW}answer = said(connected({port}))", port=port) == "done"
        refusal = "the decoder said: Operation not permitted"
        for code in (
            f"socket.create_connection(('127.0.0.1', {closed}))",
            f"socket.create_connection(('localhost', {port}))",
            f"socket.create_connection(('127.0.0.2', {port}))",
            "socket.getaddrinfo('films.example', 443)",
            "socket.gethostbyname('films.example')",
            f"socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {closed}))",
            "subprocess.check_output(['true'])",
            "os.system('true')",
        ):
            assert attempt(code, port=port) == refusal
        if all(held):
            for code, answer in {
                f"connected({closed})": "Permission denied",
                f"sent({closed})": "Operation not permitted",
                "opened(2, 2, 0)": "Operation not permitted",  # datagrams
                "opened(10, 1, 0)": "Operation not permitted",  # IPv6
                "opened(1, 1, 0)": "Operation not permitted",  # a socket file
                "opened(2, 1, 262)": "Operation not permitted",  # multipath TCP
                "libc.listen(opened(2, 1, 6), 1)": "Operation not permitted",
            }.items():
                assert attempt(f"{RAW}answer = said({code})", port=port) == answer
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.check_output(['true'])",
        "os.fork() or os._exit(0)",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "os.chmod(os.devnull, 0o666)",
        "os.utime(os.devnull)",
    ],
)
def test_a_child_reaches_no_other_program_and_no_owner_mode_or_time_of_a_file(
    attempt: Attempt, code: str
) -> None:
    refusal = _refusal("no network", "Operation not permitted")
    if refusal != "done":  # and harm is done
        assert attempt(code) == refusal


def test_a_child_knows_no_call_that_the_filter_cannot_look_into_or_does_not_know(
    attempt: Attempt,
) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
answer = [os.strerror(libc.syscall(call, 0, 0) and ctypes.get_errno()) for call in (435, 463)]
"""
    if _refusal("no network", "") != "done":
        assert attempt(code) == ["Function not implemented"] * 2  # clone3, setxattrat


def test_a_child_writes_in_its_folder_only(attempt: Attempt, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.write_text("kept")
    own = f"""
os.mkdir({str(inside / "deep")!r})
open({str(inside / "deep/first")!r}, "w").write("first")
os.replace({str(inside / "deep/first")!r}, {str(inside / "deep/second")!r})
answer = open({str(inside / "deep/second")!r}, "r+").read()
"""
    assert attempt(own, inside) == "first"
    foreign = [
        f"open({str(outside)!r}, 'w')",
        f"os.truncate({str(outside)!r}, 0)",
        f"os.unlink({str(outside)!r})",
        f"futures.ThreadPoolExecutor().submit(open, {str(outside)!r}, 'w').result()",
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"os.mkdir({str(tmp_path / 'new')!r})",
        f"os.symlink({str(outside)!r}, {str(inside / 'link')!r})",
    ]
    refusal = _refusal("writes only in its folder", "Permission denied")
    if refusal != "done":
        assert [attempt(code, inside) for code in foreign] == [refusal] * len(foreign)
        assert attempt(f"open({str(inside / 'new')!r}, 'w')") == refusal
        taken = attempt(f"os.replace({str(outside)!r}, {str(inside / 'mine')!r})", inside)
        assert taken.startswith("the decoder said")
    assert outside.read_text() == "kept" and os.listdir(inside) == ["deep"]


def test_no_name_that_a_decoder_gives_moves_a_file_from_elsewhere(
    inside: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was taken over may not write through us, either."""
    outside, call = tmp_path / "outside.jpg", Child.call
    outside.write_text("kept")

    def taken_over(self: Child, function: str, **arguments: Any) -> Iterator[Event]:
        for event in call(self, function, **arguments):
            if "frame" in event:
                event["frame"]["name"] = str(outside)
            yield event

    monkeypatch.setattr(Child, "call", taken_over)
    with pytest.raises(UnreadableMedia, match="wrong name"):
        decode(inside.library, inside.video, [1.0])
    with pytest.raises(UnreadableMedia, match="wrong name"):
        ingest(Library(tmp_path / "other"), inside.file, providers=BARE)
    assert outside.read_text() == "kept"


def test_nothing_that_a_child_imports_first_starts_a_thread() -> None:
    """It would not be bound."""
    names = ("audio", "container", "decode", "jpeg", "proxy", "tracks")
    modules = [*(f"tools.video.{name}" for name in names), "tools.vision.user_image"]
    code = "; ".join(f"import {name}" for name in [*modules, "tools.transcript.diarization"])
    code += "; import os; print(len(os.listdir('/proc/self/task')))"
    if sys.platform == "linux":
        environment = {**os.environ, **Child.environment}
        assert subprocess.check_output([sys.executable, "-c", code], env=environment) == b"1\n"


def test_opencv_fits_into_a_child_and_has_one_thread(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "threads.py").write_text("def told():\n import cv2\n yield cv2.getNumThreads()\n")
    paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    with Child() as child:
        assert list(child.call("threads:told")) == [1]
