"""What the tests share: no foreign traffic, a home of their own, small media with known truth."""

import importlib.util
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import ui.cli.app
from agent.settings import MODEL_PORTS
from tests.road import SECONDS, road
from tools.files.durable import lock
from tools.ingest.pipeline import ingest
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.models.providers import BARE
from tools.store.manifest import REPAIR

ROOT = Path(__file__).parents[1]
LANGUAGE_MODEL = {"OPENAI_API_KEY", "OPENAI_BASE_URL", "CUEPOINT_MODEL", "CUEPOINT_MODEL_SEES"}
Colour = tuple[int, int, int]
TWO_SPEAKERS = """1
00:00:00,500 --> 00:00:02,500
SPEAKER_1: The kettle is red.

2
00:00:03,500 --> 00:00:05,500
SPEAKER_2: No, it is blue.

3
00:00:06,200 --> 00:00:07,800
SPEAKER_1: Now it is dark.

4
00:00:08,200 --> 00:00:09,800
SPEAKER_2: And white.
"""
"""Subtitles (SubRip) for `shots`, in which two people speak in turn."""
LONGEST = (
    "torture/test_kill.py", "test_questions.py", "test_media_folder.py", "ui/chat/test_chat.py",
    "torture/test_signals.py", "torture/test_damage.py", "test_growing.py",
    "ui/chat/test_playing_answers.py", "ui/chat/test_accessible.py", "ui/chat/test_arrival.py",
    "torture/test_disk.py", "torture/test_neighbours.py", "torture/test_poisoned.py",
    "torture/test_forged.py", "tools/ingest/test_pipeline.py",
)  # fmt: skip
"""Files that take longest. They go first, or one process would be alone with them at the end."""
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # who was started in the background inherits
    signal.signal(signal.SIGINT, signal.default_int_handler)  # that, and every child would, too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A connection to any other machine is an error; a live test is asked for by its settings.

    At the usual ports of model servers there is nobody, whatever runs on this machine.
    """
    if request.node.get_closest_marker("live"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if not (host.startswith("127.") or host in ("::1", "localhost")):
                raise AssertionError(f"a test reached out to {host}")
            if address[1] in MODEL_PORTS:
                raise ConnectionRefusedError
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def settings_of_the_person(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """Taken out of the environment first of all: no test, fixture or server of one sees a key.

    The cache of the person is not touched either, nor are servers of models on this machine.
    """
    keep = ("CUEPOINT_MEDIA", "CUEPOINT_MODELS", "CUEPOINT_CHROMIUM")
    taken = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("CUEPOINT_", "OPENAI_", "CHAINLIT_")) and name not in keep
    }
    for name in taken:
        del os.environ[name]
    cache = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["CUEPOINT_MODEL_PORTS"] = "off"
    yield taken
    del os.environ["CUEPOINT_MODEL_PORTS"]
    os.environ |= taken
    del os.environ["XDG_CACHE_HOME"]
    if cache is not None:
        os.environ["XDG_CACHE_HOME"] = cache


@pytest.fixture(autouse=True)
def own_environment(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    settings_of_the_person: dict[str, str],
) -> None:
    """A new library, and nothing is downloaded; who asks for live tests gives the model back."""
    if request.node.get_closest_marker("live") and "live" in request.config.option.markexpr:
        for name in LANGUAGE_MODEL & settings_of_the_person.keys():
            monkeypatch.setenv(name, settings_of_the_person[name])
    monkeypatch.setenv("CUEPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CUEPOINT_HUB", "off")


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What is logged as an error is one."""
    yield
    errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not errors, [r.getMessage() for r in errors]


@pytest.fixture
def cuepoint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """`cuepoint(*arguments)` runs the program in this process: status, output, errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cuepoint", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            ui.cli.app.main()
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return run


@pytest.fixture(scope="session")
def media_if_any() -> Path | None:
    """The folder of real videos with known truth, where there is one."""
    folder = Path(os.environ.get("CUEPOINT_MEDIA", ROOT.parent / "shared" / "media"))
    return folder if (folder / "MANIFEST.md").exists() else None


@pytest.fixture(scope="session")
def media(media_if_any: Path | None) -> Path:
    """The same; tests that need it skip where it is absent."""
    return media_if_any or pytest.skip("no folder of real videos (CUEPOINT_MEDIA)")


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample video of the repository."""
    return ROOT / "samples" / "lighthouse.mp4"


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def indexed_sample(whole_run: Path) -> tuple[Path, str]:
    """The home in which the README's first command was run, once a run, and what it printed.

    It is copied and never opened, as several processes do that.
    """
    from tests.test_docs import INDEX, run

    home, said = whole_run / "read sample", whole_run / "read sample.txt"
    with lock(whole_run / "read sample.lock"):
        if not said.exists():
            home.mkdir(exist_ok=True)
            said.write_text(run(INDEX, home), "utf-8")
    return home, said.read_text("utf-8")


@pytest.fixture(scope="session")
def read_sample(
    indexed_sample: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Library:
    """A library of the sample with the text on its screen, for tests that only ask."""
    home = tmp_path_factory.mktemp("sample") / "home"
    shutil.copytree(indexed_sample[0] / "library", home)
    return Library(home)


@pytest.fixture(scope="session")
def with_sample(sample: Path, whole_run: Path) -> Callable[[Path], Library]:
    """`with_sample(home)` makes a library that holds the sample, which is indexed once a run."""
    made = whole_run / "bare sample"

    def copy(home: Path) -> Library:
        with lock(whole_run / "bare sample.lock"):
            if not made.exists():
                ingest(Library(made.with_suffix(".part")), sample, providers=BARE)
                made.with_suffix(".part").rename(made)
        shutil.copytree(made, home, dirs_exist_ok=True)
        return Library(home)

    return copy


@pytest.fixture(scope="session")
def tiny() -> Any:
    """Makes models of a few kilobytes that behave like the real ones: see tiny_models.py."""
    spec = importlib.util.spec_from_file_location(
        "tiny_models", Path(__file__).with_name("tiny_models.py")
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Paint = Callable[[float], np.ndarray]


def write_video(
    path: Path,
    paint: Paint,
    duration: float,
    *,
    fps: int = 10,
    codec: str = "libx264",
    tone: bool = False,
    gop: int = 10,
    pts: Callable[[int], int] | None = None,
    starts: float = 0.0,
    in_turn: bool = False,
) -> Path:
    """Encode what paint(seconds) draws, an RGB array; sizes and times are exact.

    The tone begins at `starts` seconds; the picture where `pts` says. They are written one after
    the other, or `in_turn`, as a camera does.
    """
    height, width = paint(0.0).shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        if codec == "libx264":
            stream.options = {"bf": "0", "crf": "12"}
        sound: Any = container.add_stream("aac", rate=16000) if tone else None
        packets: list[Any] = []
        for number in range(round(duration * fps)):
            frame = av.VideoFrame.from_ndarray(paint(number / fps), format="rgb24")
            frame.pts = pts(number) if pts else number
            frame.time_base = Fraction(1, fps)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        if sound:
            for start in range(0, round(duration * 16000), 1024):
                wave = np.sin(np.arange(start, start + 1024) * 440 * 2 * np.pi / 16000)
                samples = (wave * 8000).astype(np.int16)[None, :]
                piece = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
                piece.sample_rate, piece.pts = 16000, start + round(starts * 16000)
                packets += sound.encode(piece)
            packets += sound.encode(None)
        if in_turn:
            packets.sort(key=lambda one: float((one.dts or 0) * one.time_base))
        container.mux(packets)
    return path


@pytest.fixture(scope="session")
def encode() -> Callable[..., Path]:
    """`encode(path, paint, duration, ...)` writes a video whose every picture is known."""
    return write_video


@pytest.fixture(scope="session")
def road_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three things cross a road before a fixed camera: see `tests/road.py`."""
    return write_video(tmp_path_factory.mktemp("road") / "road.mp4", road, SECONDS, fps=12)


def flat(colour: Colour, width: int = 320, height: int = 180) -> np.ndarray:
    """One colour, with a texture so that it is a picture and not a blank."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = colour
    picture[::8] = np.array(colour, np.uint8) // 2
    return picture


SHOTS: list[tuple[float, Colour]] = [
    (0.0, (200, 30, 30)),
    (3.0, (30, 60, 220)),
    (6.0, (10, 10, 12)),
    (8.0, (240, 240, 240)),
]


def paint_shots(seconds: float) -> np.ndarray:
    """Red until 3 s, blue until 6 s, near black until 8 s, then white."""
    colour = next(c for start, c in reversed(SHOTS) if seconds >= start - 1e-6)
    return flat(colour)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of four still shots with cuts at 3, 6 and 8 s, and a tone."""
    path = tmp_path_factory.mktemp("made") / "four shots.mp4"
    return write_video(path, paint_shots, 10.0, tone=True)


@dataclass(frozen=True)
class Shelf:
    """A library of one video, and where its file or a copy of it lies; for damaging."""

    library: Library
    video: str
    file: Path

    @property
    def folder(self) -> Path:
        return self.library.folder(self.video)

    def found(self) -> list[str]:
        """What `verify` says, each with the command that repairs all of it."""
        problems = verify(self.library)
        assert all(one.fix == REPAIR for one in problems), problems
        return [one.what for one in problems]

    def mend(self) -> list[str]:
        """Repair all of it; what was mended."""
        done = repair(self.library)
        assert done.left == [] and verify(self.library) == []
        return [one.what for one in done.mended]


@pytest.fixture(scope="session")
def _shelf(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shelf, Path]:
    folder = tmp_path_factory.mktemp("shelf")
    path = folder / "work" / "kettle.mp4"
    path.parent.mkdir()
    shutil.copy(shots, path)
    path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red.\n")
    library = Library(path.parent / "home")
    at = datetime(2026, 5, 14, 5, 40, tzinfo=UTC)
    chosen: dict[str, Any] = {"providers": BARE, "sampling": "uniform", "title": "kettle!"}
    video = ingest(library, path, recorded_at=at, **chosen)
    shutil.copytree(path.parent, folder / "whole")
    return Shelf(library, video.id, path), folder / "whole"


@pytest.fixture
def shelf(_shelf: tuple[Shelf, Path]) -> Shelf:
    """A linked video, whole again: always in the same place, for its link's sake."""
    made, whole = _shelf
    shutil.rmtree(made.file.parent)
    shutil.copytree(whole, made.file.parent)
    return Shelf(Library(made.library.home), made.video, made.file)


@pytest.fixture
def inside(shots: Path, tmp_path: Path) -> Shelf:
    """A video that was moved in, and a copy of its file."""
    file, upload = tmp_path / "copy.mp4", tmp_path / "upload"
    for path in (file, upload):
        shutil.copy(shots, path)
    library = Library(tmp_path / "home")
    video = ingest(library, upload, title="holiday", take=True, providers=BARE)
    return Shelf(library, video.id, file)


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, str]:
    """A library with one lecture of four minutes whose chapters are known: see lecture.py."""
    from tests import lecture

    folder = tmp_path_factory.mktemp("talk")
    path = write_video(folder / "lecture.mp4", lambda _: flat((90, 90, 90)), 240.0, fps=1)
    path.with_suffix(".srt").write_text(lecture.srt())
    library = Library(folder / "home")
    return library, ingest(library, path, providers=BARE).id
