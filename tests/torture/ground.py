"""What the tests of kills and neighbours share: a small video, runs of it, and what must hold."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools.files.durable import digest, is_locked
from tools.library import Library
from tools.store.filmstrip import is_strip
from tools.toolbox import Toolbox

ROOT = Path(__file__).parents[2]
LINES = ["The red kettle sings.", "The blue boat leaves the harbour."]
TIMES = {"seconds", "at"}


@dataclass(frozen=True)
class Ended:
    """How a run ended: its status (negative for a signal), seconds, and what it printed."""

    status: int
    seconds: float
    process: int
    out: str
    err: str


class Ground:
    """Runs `cuepoint` in forks, and looks at libraries."""

    def __init__(self, folder: Path, encode: Callable[..., Path]) -> None:
        self._folder = folder
        self._made = 0
        self.video = self.make_video(encode, "kettle.mp4")
        own = {k: v for k, v in os.environ.items() if not k.startswith(("CUEPOINT_", "OPENAI_"))}
        self._nursery = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**own, "PYTHONPATH": str(ROOT)},
        )

    def close(self) -> None:
        assert self._nursery.stdin and self._nursery.stdout
        self._nursery.stdin.close()
        self._nursery.wait()
        self._nursery.stdout.close()

    def make_video(self, encode: Callable[..., Path], name: str, seconds: float = 2.0) -> Path:
        """Red, then blue with white letters; two lines are said."""

        def paint(at: float) -> np.ndarray:
            picture = np.zeros((90, 160, 3), np.uint8)
            picture[:] = (200, 30, 30) if at < seconds / 2 else (30, 60, 220)
            picture[::8] //= 2
            return picture

        path = encode(self._folder / name, paint, seconds)
        half = seconds / 2
        path.with_suffix(".srt").write_text(
            "\n".join(
                f"{n}\n{_clock(n * half - half)} --> {_clock(n * half - 0.1)}\n{line}\n"
                for n, line in enumerate(LINES, 1)
            )
        )
        return path

    def other(self, number: int) -> Path:
        """The same pictures and words as another file: other content, other id."""
        path = self._folder / f"kettle {number}.mp4"
        if not path.exists():
            box = f"copy {number}".encode()
            path.write_bytes(self.video.read_bytes() + (8 + len(box)).to_bytes(4) + b"free" + box)
            path.with_suffix(".srt").write_bytes(self.video.with_suffix(".srt").read_bytes())
        return path

    # Runs

    def job(
        self,
        home: Path,
        *argv: object,
        after: float | None = None,
        signal: int = 9,
        setup: str = "",
        reader: str = "none",
    ) -> dict[str, Any]:
        """One run for `run`: `cuepoint --library home ...`, without text recognition."""
        self._made += 1
        return {
            "argv": ["--library", str(home), *map(str, argv)],
            "after": after,
            "signal": signal,
            "setup": setup,
            "env": {"CUEPOINT_TEXT_READER": reader},
            "log": str(self._folder / f"run-{self._made}"),
        }

    def run(self, *jobs: dict[str, Any]) -> list[Ended]:
        """Run them all at once and wait for all."""
        assert self._nursery.stdin and self._nursery.stdout
        self._nursery.stdin.write(json.dumps({"jobs": jobs}) + "\n")
        self._nursery.stdin.flush()
        answer = json.loads(self._nursery.stdout.readline())
        ended: list[Ended] = []
        for job, how in zip(jobs, answer, strict=True):
            files = [Path(f"{job['log']}.{kind}") for kind in ("out", "err")]
            ended.append(Ended(**how, **{f.suffix[1:]: f.read_text() for f in files}))
            for file in files:
                file.unlink()
            self.nothing_decodes(how["process"])
        return ended

    def index(self, home: Path, *videos: Path, **options: Any) -> Ended:
        """Index videos (the small one) to the end."""
        (ended,) = self.run(self.job(home, "index", *(videos or [self.video]), **options))
        return ended

    def undisturbed(
        self, home: Path, *videos: Path, generations: bool = True, **options: Any
    ) -> tuple[dict[str, Any], float]:
        """The library of an index that nothing disturbed, and how long that took."""
        ended = self.index(home, *videos, **options)
        assert ended.status == 0, ended.err
        self.check(home)
        return self.snapshot(home, generations=generations), ended.seconds

    def goes_on(self, home: Path, expected: dict[str, Any], *videos: Path, **options: Any) -> None:
        """Indexing again, with nothing done by hand, makes it as if nothing was."""
        found, _ = self.undisturbed(home, *videos, **options)
        assert found == expected

    def nothing_decodes(self, parent: int) -> None:
        """The decoding child of a process that ended has ended too: at once, not in a while."""
        if not hasattr(os, "pidfd_open"):
            return
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if words[1:5] != [b"-P", b"-m", b"tools.sandbox", str(parent).encode()]:
                    continue
                handle = os.pidfd_open(int(folder.name))
            except (OSError, ProcessLookupError):
                continue
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(10_000), "a decoding child outlived its parent"
            os.close(handle)

    # What must hold

    def snapshot(self, home: Path, *, generations: bool = True) -> dict[str, Any]:
        """Every file of a library by its content; manifests without times."""
        root = home / "libraries" / "local"
        found: dict[str, Any] = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            indexes = ("conversations.", "catalog.", "chroma")  # compared with the files in `check`
            if path.is_dir() or name.startswith(indexes):
                continue
            found[name] = "there" if path.name == "checksums.json" else digest(path)
            if path.name == "manifest.json":
                manifest = json.loads(path.read_bytes())
                manifest.pop("check")
                for stage in manifest["stages"].values():
                    for time in TIMES:
                        stage.pop(time, None)
                if not generations:
                    manifest.pop("generation")
                found[name] = manifest
        return found

    def check(self, home: Path) -> dict[str, set[str]]:
        """What is visible is whole: lists, files, pictures, search. Gives the stages of each."""
        library = Library(home)
        stages: dict[str, set[str]] = {}
        for video in library.list():
            assert video.state in ("queued", "ready"), video.state
            assert not is_locked(library.folder(video.id) / "lock")
            manifest = library.manifest(video.id)
            stages[video.id] = {n for n, s in manifest["stages"].items() if s["state"] != "failed"}
            for stage in manifest["stages"].values():
                for name, checksum in stage["files"].items():
                    assert digest(library.folder(video.id) / name) == checksum, name
            library.coverage(video.id)
            library.original(video.id)
            self.pictures(library, [frame.image for frame in library.frames(video.id)])
            self.pictures(library, [scene.image for scene in library.scenes(video.id)])
        library.catalog.sync()
        assert library.catalog.differences() == []
        if stages:
            toolbox = Toolbox(library)
            found = [*toolbox.search("red kettle"), *toolbox.search("mostly blue")]
            found += [e for v in stages for e in toolbox.read_moment(v, 0.0, 9.0)]
            self.pictures(library, [one.image for one in found])
            assert all(library.evidence(one.id) for one in found)
        return stages

    def pictures(self, library: Library, images: Iterable[str | None]) -> None:
        """Each is there, and whole."""
        for image in filter(None, images):
            strip = is_strip(image)  # which is made of the others when it is first shown
            path = library.picture(image) if strip else library.image_path(image)
            content = path.read_bytes()
            assert content[:2] == b"\xff\xd8" and content[-2:] == b"\xff\xd9", image


def _clock(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", ",")
