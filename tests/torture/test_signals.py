"""Ctrl-C and SIGTERM at any moment; decoders that freeze; files that are still being written."""

import http.client
import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tools.errors import Interrupted, UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.sandbox import Child
from ui.web.uploads import Uploads

Times = Callable[[int], int]

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
BARELY = {f"CUEPOINT_{name.upper()}": "none" for name, it in asdict(BARE).items() if it == "none"}
STOPPED = "cuepoint: stopped; run it again to go on where it was\n"
SERVER = """
import os, sys
import uvicorn
from ui.web import uploads
pipe = os.open({pipe!r}, os.O_WRONLY)
def told(word, call):
    def wrapped(*given, **named):
        os.write(pipe, word)
        return call(*given, **named)
    return wrapped
started = uvicorn.Server.startup
async def startup(self, *given, **named):
    await started(self, *given, **named)
    os.write(pipe, b"s")
uvicorn.Server.startup = startup
uploads._UploadForm._on_data = told(b"u", uploads._UploadForm._on_data)
sys.argv = ["cuepoint", *{argv!r}]
from ui.cli.main import main
main()
"""

HELD = """
import os, sys, threading
if "tools.ingest.workers" in sys.orig_argv:
    from tools.ingest import stages
    step = stages.STAGE[{stage!r}]
    def held(work):
        if {done}:
            step.run(work)
        os.write(os.open({pipe!r}, os.O_WRONLY), b"i")
        threading.Event().wait()
    stages.STAGE[{stage!r}] = stages.Step(held, step.fingerprint)
"""
"""What every Python finds as it starts: the process that indexes stops in the middle of a stage."""


def stopped(ended: Any, number: int) -> bool:
    """Its own status and one line, or it was done before the signal came."""
    if ended.status == 0:
        return "Traceback" not in ended.err
    return ended.status == SIGNALS[signal.Signals(number)] and ended.err.endswith(STOPPED) and (
        "Traceback" not in ended.err
    )  # fmt: skip


def test_a_stopped_index_goes_on_as_if_nothing_was(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    expected, seconds = ground.undisturbed(tmp_path / "undisturbed")
    n, early = times(50), 0
    for number in range(n):
        home, name = tmp_path / "home", list(SIGNALS)[number % 2]
        after = chance.uniform(0, seconds) if number else 0.0
        ended = ground.index(home, after=after, signal=name)
        assert stopped(ended, name), ended.err
        early += ended.status != 0
        ground.check(home)
        ground.goes_on(home, expected)
        shutil.rmtree(home)
    assert early
    row("D12", "SIGINT and SIGTERM during an index", n, n, f"{early} before its end")


def test_a_stopped_question_leaves_the_library_as_it_was(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    home = tmp_path / "home"
    expected, _ = ground.undisturbed(home)
    asked = ("ask", "What is said about the kettle?", "--thread", "one")
    (first,) = ground.run(ground.job(home, *asked))
    assert first.status == 0, first.err
    n, early = times(50), 0
    for number in range(n):
        name = list(SIGNALS)[number % 2]
        after = chance.uniform(0, first.seconds) if number else 0.0
        (ended,) = ground.run(ground.job(home, *asked, after=after, signal=name))
        assert stopped(ended, name), ended.err
        early += ended.status != 0
        assert ground.snapshot(home) == expected
    (last,) = ground.run(ground.job(home, *asked))
    assert last.status == 0 and "The red kettle sings." in last.out, last.err
    assert early
    row("D12", "SIGINT and SIGTERM during a question", n, n, f"{early} before its end")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_program_that_was_started_from_nothing_stops_with_one_line(
    ground: Any, tmp_path: Path, number: signal.Signals
) -> None:
    """The program itself, in a group of its own, as a terminal starts it."""
    program = (sys.executable, "-c", "from ui.cli.main import main; main()")
    work = subprocess.Popen(
        [*program, "--library", str(tmp_path / "home"), "index", str(ground.video)],
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert work.stderr and "probe" in work.stderr.readline()
    os.killpg(work.pid, number)
    assert work.stderr.read().endswith(STOPPED)
    work.stderr.close()
    assert work.wait() == SIGNALS[number]
    ground.nothing_decodes(work.pid)
    ground.check(tmp_path / "home")


def _listening() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _half_sent(port: int, content: bytes) -> http.client.HTTPConnection:
    """An upload of which a half is sent."""
    session = str(uuid.uuid4())
    origin = {"Origin": f"http://127.0.0.1:{port}"}
    talk = http.client.HTTPConnection("127.0.0.1", port)

    def say(method: str, query: str, body: str | None = None) -> str:
        address = f"/ws/socket.io/?EIO=4&transport=polling{query}"
        talk.request(method, address, body, {**origin, "Content-Type": "text/plain"})
        return talk.getresponse().read().decode()

    sid = json.loads(say("GET", "")[1:])["sid"]
    auth = {"sessionId": session, "clientType": "webapp", "threadId": "", "userEnv": "{}"}
    say("POST", f"&sid={sid}", "40" + json.dumps(auth))
    assert say("GET", f"&sid={sid}").startswith("40")
    talk.close()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="half.mp4"\r\n\r\n'
    sent = http.client.HTTPConnection("127.0.0.1", port)
    sent.putrequest("POST", f"/project/file?session_id={session}")
    for name, value in origin.items():
        sent.putheader(name, value)
    sent.putheader("Content-Type", "multipart/form-data; boundary=b")
    sent.putheader("Content-Length", str(len(head) + len(content)))
    sent.endheaders()
    sent.send(head + content[: len(content) // 2])
    return sent


def test_a_stopped_server_leaves_nothing_half(
    ground: Any, tmp_path: Path, times: Times, chance: random.Random, row: Any
) -> None:
    """It is stopped in the middle of a stage of one upload, while it receives another one."""
    options = {"take": True, "providers": BARE, "title": "sent"}
    copy = tmp_path / "copy"
    shutil.copy(ground.video, copy)
    ingest(Library(tmp_path / "undisturbed"), copy, **options)
    expected = _without_places(ground.snapshot(tmp_path / "undisturbed", generations=False))
    n = times(50)
    for number in range(n):
        home, name = tmp_path / "home", list(SIGNALS)[number % 2]
        folder = home / "libraries/local/uploads"
        folder.mkdir(parents=True)
        waiting = folder / str(uuid.uuid4())
        shutil.copy(ground.video, waiting)
        waiting.with_suffix(".json").write_text('{"title": "sent"}')
        stage = chance.choice(("probe", "subtitles", "keyframes", "pass", "vectors"))
        done = chance.random() < 0.5
        pipe, customised = str(tmp_path / "pipe"), tmp_path / "custom"
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDWR)  # both ends, so that it opens at once
        customised.mkdir(exist_ok=True)
        held = HELD.format(pipe=pipe, stage=stage, done=done)
        (customised / "sitecustomize.py").write_text(held)
        port = _listening()
        argv = ["--library", str(home), "serve", "--port", str(port)]
        work = subprocess.Popen(
            [sys.executable, "-c", SERVER.format(pipe=pipe, argv=argv)],
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            env={**os.environ, **BARELY, "PYTHONPATH": str(customised)},
        )
        heard = b""
        while not {*b"si"} <= {*heard}:
            heard += _heard(reading, work)
        sending = _half_sent(port, ground.video.read_bytes() * 50)
        while b"u" not in heard:
            heard += _heard(reading, work)
        try:
            work.wait(timeout=chance.uniform(0, 0.3))
        except subprocess.TimeoutExpired:
            os.killpg(work.pid, name)
        said = work.communicate()[1]
        sending.close()
        os.close(reading)
        os.unlink(pipe)
        assert work.returncode == SIGNALS[name], said
        assert "Traceback" not in said and said.endswith(STOPPED), said
        ground.nothing_decodes(work.pid)
        ground.check(home)
        uploads = Uploads(folder, 1 << 30)
        left = uploads.waiting()
        assert {one.path for one in left} <= {waiting} and not list(folder.glob("*.part"))
        for one in left:
            ingest(Library(home), one.path, **options)
            uploads.forget(one)
        for one in Library(home).list():
            ingest(Library(home), Library(home).original(one.id), providers=BARE)
        found = _without_places(ground.snapshot(home, generations=False))
        assert found == expected, (found, expected)
        shutil.rmtree(home)
    row("D12", "SIGINT and SIGTERM of a server that indexes and receives", n, n, "")


def _heard(reading: int, work: "subprocess.Popen[str]") -> bytes:
    while not select.select([reading], [], [], 1.0)[0]:
        assert work.poll() is None, work.communicate()[1]
    return os.read(reading, 1)


def _without_places(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Without what depends on where and when a file was copied, or on the server."""
    own = ("uploads/", "chroma", "conversations", "checksums", "videos/")
    found = {k: v for k, v in snapshot.items() if k.endswith("/manifest.json")}
    for manifest in found.values():
        manifest["source"].pop("mtime_ns")
        manifest["source"].pop("inode")
    kept = {k: v for k, v in snapshot.items() if k.startswith("videos/") and k not in found}
    odd = [k for k in snapshot if not k.startswith(own)]
    return {**found, **{k: v for k, v in kept.items() if not k.endswith("about.json")}, "odd": odd}


# Frozen decoders, growing files


def test_a_decoder_that_freezes_is_ended_and_the_next_call_gets_a_new_one(ground: Any) -> None:
    with Child(patience=0.05) as child, pytest.raises(UnreadableMedia, match="froze"):
        list(child.call("signal:pause"))
    with Child() as child:
        assert list(child.call("tools.video.container:probe", path=str(ground.video)))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_decoder_that_is_ended_from_outside_does_not_blame_the_file(number: int) -> None:
    """What no file does to it: the upload that it was reading must stay."""
    with Child() as child:
        events = child.call("itertools:repeat", object="again")
        next(events)
        assert child._process
        os.kill(child._process.pid, number)
        if number == signal.SIGTERM:  # whoever stops the program stops the parent, too
            assert all(next(events) == "again" for _ in range(30_000))  # more than a pipe holds
            events.close()
        else:
            kind = Interrupted if number == signal.SIGKILL else UnreadableMedia
            with pytest.raises(kind):
                list(events)


@pytest.mark.parametrize("stage", ["probe", "keyframes", "pass", "vectors"])
def test_a_file_that_still_grows_is_said_and_not_kept(
    ground: Any, tmp_path: Path, stage: str
) -> None:
    home, video = tmp_path / "home", tmp_path / "growing.mp4"
    shutil.copy(ground.video, video)
    setup = GROW.format(stage=stage, video=str(video))
    (ended,) = ground.run(ground.job(home, "index", video, setup=setup))
    assert ended.status == 1 and "Traceback" not in ended.err
    assert "cuepoint: 'growing.mp4' is still being written: index it again" in ended.err
    assert Library(home).list() == [] and not list((home / "libraries/local/videos").iterdir())
    (ended,) = ground.run(ground.job(home, "index", video))
    assert ended.status == 0, ended.err
    assert len(ground.check(home)) == 1


def test_a_file_that_is_only_touched_is_indexed(ground: Any, tmp_path: Path) -> None:
    home, video = tmp_path / "home", tmp_path / "touched.mp4"
    shutil.copy(ground.video, video)
    setup = GROW.format(stage="pass", video=str(video)).replace('b"more"', 'b""')
    (ended,) = ground.run(ground.job(home, "index", video, setup=setup))
    assert ended.status == 0, ended.err


def test_a_file_that_grows_while_it_is_read_for_its_checksum_is_said(
    ground: Any, tmp_path: Path
) -> None:
    home, video = tmp_path / "home", tmp_path / "growing.mp4"
    shutil.copy(ground.video, video)
    setup = GROWING_DIGEST.format(video=str(video))
    (ended,) = ground.run(ground.job(home, "index", video, setup=setup))
    assert ended.status == 1 and "is still being written" in ended.err, ended.err
    assert not list(home.rglob("checksums.json"))


GROW = """
import os
from tools.ingest import stages
step = stages.STAGE[{stage!r}]
def run(work):
    result = step.run(work)
    with open({video!r}, "ab") as file:
        file.write(b"more")
    os.utime({video!r})
    return result
stages.STAGE[{stage!r}] = stages.Step(run, step.fingerprint)
"""
GROWING_DIGEST = """
from tools.store import original
digest = original.digest
def growing(path):
    found = digest(path)
    with open({video!r}, "ab") as file:
        file.write(b"more")
    return found
original.digest = growing
"""
