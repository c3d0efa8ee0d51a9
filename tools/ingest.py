"""Index one video, stage by stage: each is written whole or not at all, the manifest last.

A killed run goes on at the first unfinished stage; a changed setting redoes only its stages.
Decoding happens in the sandbox, in a folder of its own; only the holder of the lock renames.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools import stages
from tools.errors import RefusedRequest, UnreadableMedia, VideoError
from tools.files import digest, lock, write_json
from tools.library import SCHEMA, STAGES, Library, Manifest, clean_title, save_manifest
from tools.media import StageState, Video
from tools.sampling import STRATEGIES, Strategy
from tools.sandbox import Child

SPARE_BYTES = 500 << 20
"""Free space that must be left before a stage starts."""
WEIGHTS = {"probe": 1, "subtitles": 2, "keyframes": 6, "pass": 40, "screen": 45, "vectors": 6}
"""Share of the time that each stage takes, for the estimate of what remains."""


@dataclass(frozen=True)
class Progress:
    """One sign of life. fraction is of the stage, 0 to 1; remaining is seconds for the video."""

    video: str
    stage: str
    state: StageState
    fraction: float
    remaining: float | None


OnProgress = Callable[[Progress], None]


@dataclass
class Work:
    """What the stages of one run share."""

    library: Library
    video: str
    path: Path
    manifest: Manifest
    child: Child
    sampling: Strategy
    text_reader: str
    embedder: str
    on_progress: OnProgress | None
    started: float = field(default_factory=time.monotonic)
    said: float = 0.0

    @property
    def folder(self) -> Path:
        """Where the video's files lie."""
        return self.library.folder(self.video)

    @property
    def scratch(self) -> Path:
        """Where a stage writes before it is done; emptied at the start of each run."""
        return self.folder / "scratch"

    def say(self, stage: str, state: StageState, fraction: float) -> None:
        """Tell the caller, and whoever reads the library, how far a stage is."""
        names = list(WEIGHTS)
        before = sum(WEIGHTS[name] for name in names[: names.index(stage)])
        done = (before + WEIGHTS[stage] * fraction) / sum(WEIGHTS.values())
        now = time.monotonic()
        spent = now - self.started
        remaining = spent * (1 - done) / done if done > 0.03 and spent > 1 else None
        if state == "running" and now - self.said >= 0.5:
            self.said = now
            note = {"stage": stage, "fraction": round(fraction, 3)}
            (self.folder / "progress.json").write_text(json.dumps(note))
        if self.on_progress:
            self.on_progress(Progress(self.video, stage, state, fraction, remaining))


def ingest(
    library: Library,
    path: Path,
    *,
    title: str | None = None,
    take: bool = False,
    sampling: Strategy = "adaptive",
    recorded_at: datetime | None = None,
    only: tuple[str, ...] = (),
    text_reader: str = "auto",
    embedder: str = "auto",
    on_progress: OnProgress | None = None,
) -> Video:
    """Index a file and return its video; at once for what is already indexed.

    take moves the file into the library, otherwise it stays where it is and is linked. only names
    the stages to run, with what they need before them. Raises UnreadableMedia for what is no video.
    """
    _check_names(sampling, only)
    path = path.absolute()
    _check_file(path)
    library.root.mkdir(parents=True, exist_ok=True)
    checksum = identify(library, path)
    video = checksum[:16]
    folder = library.folder(video)
    for _ in range(2):
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder / "lock"), Child() as child:
            if not (folder / "lock").exists():
                continue  # removed while we waited for it
            fresh = not (folder / "manifest.json").exists()
            manifest = _open_manifest(library, video, checksum, path, title)
            work = Work(
                library, video, path, manifest, child, sampling, text_reader, embedder, on_progress
            )
            try:
                _keep_original(work, take)
                if recorded_at is not None:
                    manifest["recorded_at"] = recorded_at.isoformat()
                _run(work, only)
            except VideoError:
                if fresh and "probe" not in manifest["stages"]:
                    shutil.rmtree(folder, ignore_errors=True)  # nothing of it is worth keeping
                raise
        return library.get(video)
    raise RefusedRequest(f"{path.name!r} was removed while it was being indexed: index it again")


def _check_names(sampling: str, only: tuple[str, ...]) -> None:
    if sampling not in STRATEGIES:
        raise RefusedRequest(f"no sampling {sampling!r}; one of: {', '.join(STRATEGIES)}")
    for name in only:
        if name not in STAGES:
            raise RefusedRequest(f"no stage {name!r}; one of: {', '.join(STAGES)}")


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UnreadableMedia(f"there is no file {str(path)!r}")
    if path.is_dir():
        raise UnreadableMedia(f"{str(path)!r} is a folder: name the videos in it")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise UnreadableMedia(f"{str(path)!r} is not a file that can be read")
    if path.stat().st_size == 0:
        raise UnreadableMedia(f"{path.name!r} is empty")


def identify(library: Library, path: Path) -> str:
    """SHA-256 of the content, remembered by path, size, time and inode."""
    stat = path.stat()
    key = f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ino}"
    memory = library.root / "checksums.json"
    try:
        known: dict[str, str] = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        known = {}
    if key not in known:
        known[key] = digest(path)
        recent = dict(list(known.items())[-5000:])
        write_json(memory, recent)
    return known[key]


def _open_manifest(
    library: Library, video: str, checksum: str, path: Path, title: str | None
) -> Manifest:
    manifest: Manifest = {}
    with contextlib.suppress(VideoError):
        manifest = library.manifest(video)
    if manifest and manifest.get("sha256") != checksum:
        raise RefusedRequest(f"{path.name!r} has the id {video} of another video: rename neither")
    if manifest.get("schema") != SCHEMA:
        manifest = {
            "schema": SCHEMA,
            "id": video,
            "sha256": checksum,
            "title": clean_title(title or path.stem),
            "notes": [],
            "stages": {},
            "recorded_at": None,
        }
    return json.loads(json.dumps(manifest))


def _keep_original(work: Work, take: bool) -> None:
    """Remember where the file lies, or move it in; an original that is in already stays."""
    source = work.manifest.get("source")
    if source and not source["linked"] and (work.folder / source["path"]).exists():
        work.path = work.folder / source["path"]
        return
    stat = work.path.stat()
    if take:
        inside = work.folder / "original"
        shutil.move(work.path, inside)
        work.path = inside
    entry = {
        "path": "original" if take else str(work.path),
        "linked": not take,
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "inode": stat.st_ino,
    }
    if source != entry and work.manifest["stages"]:
        work.manifest["source"] = entry
        save_manifest(work.library, work.video, work.manifest)
    work.manifest["source"] = entry


def _run(work: Work, only: tuple[str, ...]) -> None:
    last = max((STAGES.index(name) for name in only), default=len(STAGES) - 1)
    shutil.rmtree(work.scratch, ignore_errors=True)
    try:
        for name in STAGES[: last + 1]:
            stage = stages.STAGE[name]
            fingerprint = stage.fingerprint(work)
            before = work.manifest["stages"].get(name, {})
            kept = before.get("state") in ("done", "skipped") and before["from"] == fingerprint
            if kept and all((work.folder / file).exists() for file in before.get("files", ())):
                continue
            work.scratch.mkdir(exist_ok=True)
            _check_space(work)
            work.say(name, "running", 0.0)
            started = time.monotonic()
            with _failure_recorded(work, name, fingerprint):
                result = stage.run(work)
            files = {file: digest(work.folder / file) for file in result.files}
            work.manifest["stages"][name] = {
                "state": result.state,
                "provider": result.provider,
                "seconds": round(time.monotonic() - started, 3),
                "note": result.note,
                "from": fingerprint,
                "files": files,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            save_manifest(work.library, work.video, work.manifest)
            work.say(name, result.state, 1.0)
    finally:
        shutil.rmtree(work.scratch, ignore_errors=True)
        (work.folder / "progress.json").unlink(missing_ok=True)


@contextmanager
def _failure_recorded(work: Work, name: str, fingerprint: Any) -> Generator[None]:
    try:
        yield
    except VideoError as error:
        if "probe" in work.manifest["stages"]:
            failed: Manifest = {
                "state": "failed",
                "note": str(error),
                "from": fingerprint,
                "files": {},
            }
            work.manifest["stages"][name] = failed
            save_manifest(work.library, work.video, work.manifest)
        raise


def _check_space(work: Work) -> None:
    free = shutil.disk_usage(work.folder).free
    if free < SPARE_BYTES:
        raise RefusedRequest(
            f"only {free >> 20} MB are free where the library lies; free {SPARE_BYTES >> 20} MB"
        )
