"""D8: any file of a library damaged. D9: Chroma's folder damaged or taken from a killed writer."""

import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.made_library import PICTURE, add_video, directions, video_id
from tools.ingest.pipeline import ingest
from tools.integrity.repair import repair
from tools.integrity.verify import verify
from tools.library import Library
from tools.search import chroma
from tools.search.chroma import open_index
from tools.search.chroma_index import ChromaIndex
from tools.search.vector_index import ExactIndex
from tools.store.embeddings import VECTOR_KINDS
from tools.store.frames import sample_frames
from tools.vision import ocr
from tools.vision.ocr import Line

Row = Callable[[str, str, int, int, str], None]
Times = Callable[[int], int]
Cuepoint = Callable[..., tuple[int, str, str]]
SAID = """1
00:00:00,500 --> 00:00:02,500
The red kettle boils.

2
00:00:03,200 --> 00:00:05,800
Blue paint dries slowly on the kettle.
"""
FAULTS = ("byte", "cut", "empty", "missing")
STAGE_FILES = (
    "attributes.jsonl", "frames.jsonl", "keyframe_attributes.jsonl", "keyframes.jsonl",
    "region_changes.jsonl", "scenes.jsonl", "screen.jsonl", "signals.npy", "speech.jsonl",
    "vectors.jsonl", "vectors.npy",
)  # fmt: skip
KINDS = (
    *STAGE_FILES, "manifest.json", "about.json", "checksums.json", "a picture that was kept",
    "a picture that was asked for", "the linked original", "the original inside", "chroma",
)  # fmt: skip


BY_INDEX = (*STAGE_FILES, "manifest.json", "a picture that was kept")
"""What indexing the same file again mends."""


class Reader:
    """Reads a word in every picture that is not dark, at once and always the same."""

    name = "test"

    def read(self, image: Any, part: Any = None) -> list[Line]:
        from PIL import Image

        pixels = image if isinstance(image, np.ndarray) else np.asarray(Image.open(image))
        red, _, blue = pixels[:, :, :3].reshape(-1, 3).mean(axis=0)
        word = "HARBOUR" if red > blue + 20 else "WHARF" if blue > red + 20 else ""
        return [Line(word, 0.99, (0.1, 0.1, 0.5, 0.3))] if word else []


@dataclass(frozen=True)
class Place:
    """A library with two videos, one linked and one inside, as it was and as it is worked on."""

    whole: Path
    work: Path
    linked: str
    inside: str
    asked: tuple[str, ...]

    @property
    def library(self) -> Library:
        return Library(self.work / "home")

    def restore(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.whole, self.work)


@pytest.fixture(scope="module")
def place(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("damage")
    work = folder / "work"
    work.mkdir()
    for name in ("kettle", "upload"):
        shutil.copy(shots, work / f"{name}.mp4")
    with (work / "upload.mp4").open("ab") as file:
        file.write(b"\0\0\0\x08free")  # another content, the same pictures
    (work / "kettle.srt").write_text(SAID)
    library = Library(work / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocr, "load_text_reader", lambda *_: Reader())
        linked = ingest(library, work / "kettle.mp4")
        inside = ingest(library, work / "upload.mp4", take=True, title="harbour")
        asked = sample_frames(library, linked.id, "uniform", count=7)
        kept = library.pictures(linked.id)
        chroma.rebuild(library.catalog)
        assert verify(library) == []
        shutil.copytree(work, folder / "whole")
        images = tuple(frame.image for frame in asked if frame.image not in kept)
        yield Place(folder / "whole", work, linked.id, inside.id, images)


def target(place: Place, kind: str, chance: random.Random) -> Path:
    """A file of that kind."""
    library = place.library
    folder = library.folder(place.linked)
    if kind == "checksums.json":
        return library.root / kind
    if kind == "chroma":
        files = [path for path in (library.root / "chroma").rglob("*") if path.is_file()]
        return chance.choice([library.root / "chroma", *sorted(files)])
    if kind == "a picture that was kept":
        return library.image_path(chance.choice(sorted(library.pictures(place.linked))))
    if kind == "a picture that was asked for":
        return library.image_path(chance.choice(place.asked))
    if kind == "the linked original":
        return place.work / "kettle.mp4"
    if kind == "the original inside":
        return library.folder(place.inside) / "original"
    return folder / kind


def damage(path: Path, fault: str, chance: random.Random) -> str:
    """Do it; half of the time behind the back of the clock, as a disk does. Returns the fault."""
    if path.is_dir() or fault == "missing":
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return "missing"
    before, data = path.stat(), bytearray(path.read_bytes())
    if not data:
        fault = "byte"
    if fault == "byte":
        data = data or bytearray(1)
        at = chance.randrange(len(data))
        data[at] ^= chance.randrange(1, 256)
    else:
        del data[chance.randrange(1, len(data)) if fault == "cut" else 0 :]
    path.write_bytes(data)
    if chance.random() < 0.5:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return fault


@pytest.fixture
def cuepoint(place: Place, cuepoint: Cuepoint) -> Cuepoint:
    """Run a command on the library; anything but an exit is an error here."""
    return lambda *words: cuepoint("--library", place.work / "home", *words, "--json")


COMMANDS = (
    ("search", "blue paint", "--kind", "speech,screen,frame,scene"),
    ("search", "mostly red"),
    ("frames", "kettle", "--strategy", "uniform", "--count", "7"),
    ("frames", "kettle"),
    ("scenes", "kettle"),
    ("ask", "What is said about paint?"),
    ("ask", "What is on screen at 0:04?", "kettle"),
)


def answers(place: Place, cuepoint: Cuepoint, command: tuple[str, ...]) -> Any:
    """What a command says, without what differs each time; None where it says what to mend.

    The pictures that it names are those of before, to the byte.
    """
    status, out, err = cuepoint(*command)
    assert "Traceback" not in err + out
    if status:
        (line,) = err.splitlines()
        assert status == 1 and out == "" and line.startswith("cuepoint: ")
        assert "library verify --repair" in line or "cuepoint index" in line, line
        return None
    said = json.loads(out)
    for image in re.findall(r'"image": "([^"]+)"', out):
        whole = place.whole / Path(image).relative_to(place.work)
        assert Path(image).read_bytes() == whole.read_bytes(), f"{image} is another picture"
    if command[0] == "ask":
        for name in ("seconds", "thread"):
            del said[name]
    return said


def contents(place: Place, at: Path) -> dict[str, bytes]:
    """Every stage file and picture, by its path in the library."""
    videos = at / "home" / "libraries" / "local" / "videos"
    found = [p for p in videos.rglob("*") if p.suffix in (".jsonl", ".npy", ".jpg")]
    return {str(path.relative_to(videos)): path.read_bytes() for path in found}


def test_any_damage_is_found_and_mended(
    place: Place, cuepoint: Cuepoint, times: Times, chance: random.Random, row: Row
) -> None:
    place.restore()
    truth = {command: answers(place, cuepoint, command) for command in COMMANDS}
    assert None not in truth.values()
    before = contents(place, place.whole)
    told = [(one.title, one.recorded_at, one.path) for one in place.library.list()]
    n, named, seconds = times(400), 0, list[float]()
    failed: list[str] = []
    for turn in range(n):
        place.restore()
        kind = chance.choice(KINDS)
        path = target(place, kind, chance)
        fault = damage(path, chance.choice(FAULTS), chance)
        left = path.read_bytes() if path.is_file() else None
        run = f"{turn}: {path.relative_to(place.work)}, {fault}"
        called = "chroma" if kind == "chroma" else path.name
        try:
            found = [one.what for one in verify(place.library)]
            assert any(called in what for what in found), f"not found: {found}"
            for name in dict.fromkeys(command[0] for command in COMMANDS):
                one = chance.choice([command for command in COMMANDS if command[0] == name])
                said = answers(place, cuepoint, one)
                assert said is None or said == truth[one], f"{one} said something else"
            if kind in BY_INDEX and chance.random() < 0.5:
                status, _, err = cuepoint("index", str(place.work / "kettle.mp4"))
                assert status == 0 and verify(place.library) == [], f"not by index: {err}"
            begun = time.perf_counter()
            done = repair(place.library)
            seconds.append(time.perf_counter() - begun)
            if "original" in kind:
                assert [one.what for one in done.left] == found, "the original was not named"
                assert (path.read_bytes() if path.is_file() else None) == left, "it was touched"
                named += 1
            else:
                assert done.left == [] == verify(place.library)
                now = [(one.title, one.recorded_at, one.path) for one in place.library.list()]
                assert now == told, now
            assert contents(place, place.work) == before, "other content than before"
        except (Exception, pytest.fail.Exception) as error:
            failed.append(f"{run}: {type(error).__name__}: {error}")
    figure = (
        f"{n - named - len(failed)} rebuilt to the byte, {named} originals named and kept; "
        f"repair {statistics.median(seconds or [0.0]):.1f} s in the median"
    )
    row("D8", "one file damaged: a byte, cut, empty or missing", n, n - len(failed), figure)
    assert not failed, "\n".join(failed)


# Chroma

WRITER = """
import os, sys
from pathlib import Path
from made_library import add_video, video_id
from tools.library import Library
from tools.search.chroma import open_index
library = Library(Path(sys.argv[1]))
index = open_index(library.catalog)
assert index.name == "chroma", index.note
os.write(1, b".")
for n in range(10**6):
    index.refresh(add_video(library, video_id(0), n, cues=300))
    os.write(1, b".")
"""


def killed_writer(home: Path, after: int) -> None:
    """Leave a library as a writer does that is killed in the middle of a filling."""
    paths = [str(Path(__file__).parents[1]), *sys.path]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert writer.stdout
    for _ in range(after):
        assert writer.stdout.read(1) == b"."
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()


def test_whatever_happens_to_chroma_the_answers_are_those_of_the_files(
    times: Times, chance: random.Random, row: Row, tmp_path: Path
) -> None:
    library = Library(tmp_path / "home")
    videos = [add_video(library, video_id(n), n, cues=300) for n in range(3)]
    folder, whole = chroma.folder_of(library.root), tmp_path / "whole"
    chroma.rebuild(library.catalog)
    assert chroma.inspect(library.catalog) == ""
    shutil.copytree(folder, whole)
    left = [tmp_path / f"killed{n}" for n in range(2)]
    for number, home in enumerate(left):
        shutil.copytree(library.home, home)
        killed_writer(home, number + 2)
    n, rates, exact = times(50), list[float](), ExactIndex(library.catalog)
    failed: list[str] = []
    for turn in range(n):
        shutil.rmtree(folder, ignore_errors=True)
        what = ("deleted", "byte", "cut", "empty", "missing", "swapped")[turn % 6]
        if what == "swapped":
            shutil.copytree(chroma.folder_of(Library(chance.choice(left)).root), folder)
        elif what != "deleted":
            shutil.copytree(whole, folder)
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            what = damage(path := chance.choice(files), what, chance) + f" {path.name}"
        begun, opened = time.perf_counter(), open_index(library.catalog)
        try:
            assert isinstance(opened, ChromaIndex), opened.note
            for filled in (False, True):
                if filled:
                    for video in videos:
                        opened.refresh(video)
                    rates += [time.perf_counter() - begun] if what == "deleted" else []
                for _ in range(5):
                    query, limit = (
                        directions(1, 32, chance.randrange(10**6))[0],
                        chance.choice((1, 10, 64)),
                    )
                    for video in videos:
                        for kind in VECTOR_KINDS:
                            same = exact.nearest(video, kind, query, limit)
                            assert opened.nearest(video, kind, query, limit) == same
                    wide = exact.nearest_in_library("scenes", PICTURE, query, limit)
                    assert opened.nearest_in_library("scenes", PICTURE, query, limit) == wide
        except (AssertionError, OSError, RuntimeError, ValueError) as error:
            failed.append(f"{turn}: {what}: {type(error).__name__}: {error}")
        finally:
            opened.close()
        if found := chroma.inspect(library.catalog):
            chroma.rebuild(library.catalog)  # a byte that no question and no opening reads
            if chroma.inspect(library.catalog):
                failed.append(f"{turn}: {what}: {found}, also after a repair")
    seconds = statistics.median(rates)
    figure = f"answered, and filled again in {seconds:.2f} s for 1,200 vectors in the median"
    row("D9", "Chroma's folder deleted, damaged or a killed writer's", n, n - len(failed), figure)
    assert not failed, "\n".join(failed)
