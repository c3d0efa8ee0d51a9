"""Index one video, stage by stage: each is written whole or not at all, the manifest last.

A killed run goes on at the first unfinished stage; a changed setting redoes only its stages.
Decoding happens in the sandbox, in a folder of its own; only the holder of the lock renames.
"""

import contextlib
import copy
import json
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools import stages
from tools.about import ABOUT, ORIGINAL, RECORD, clean_title, known
from tools.disk import check_space, refusal
from tools.errors import Damaged, Interrupted, RefusedRequest, UnknownVideo, VideoError
from tools.files import adopt, digest, discard, lock, sweep, sweep_temporary
from tools.frames import intact
from tools.library import STAGES, Library, Manifest, save_manifest
from tools.manifests import SCHEMA
from tools.media import StageState, Video
from tools.original import Original
from tools.sampling import STRATEGIES, Strategy
from tools.sandbox import Child

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
    original: Original
    manifest: Manifest
    ours: Callable[[], bool]
    child: Child
    sampling: Strategy
    text_reader: str
    embedder: str
    on_progress: OnProgress | None
    stage: str = ""
    taken: Path | None = None
    started: float = field(default_factory=time.monotonic)
    said: float = 0.0

    @property
    def path(self) -> Path:
        """Where the media file lies."""
        return self.original.path

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
            with contextlib.suppress(OSError):  # for show only
                (self.folder / "progress.json").write_text(json.dumps(note))
        if self.on_progress:
            self.on_progress(Progress(self.video, stage, state, fraction, remaining))

    def take_back(self) -> None:
        """What the manifest says of the running stage no longer holds: its files change now.

        Without this, a kill between a new file and the manifest leaves an old stage with it.
        """
        if self.manifest["stages"].pop(self.stage, None):
            self.save()

    def save(self) -> None:
        """Make the manifest visible, unless the video was removed meanwhile."""
        if not self.ours():
            raise _removed(self.path)
        save_manifest(self.library, self.video, self.manifest)
        if self.taken:
            self.taken.unlink(missing_ok=True)
            self.taken = None


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
    the stages to run, with what they need before them. Raises UnreadableMedia for what is no video,
    Interrupted where the disk, a removal or another writer of the file was in the way.
    """
    _check_names(sampling, only)
    with _disk_told(path):
        library.root.mkdir(parents=True, exist_ok=True)
        sweep_unlisted(library)
        original = Original.identify(path, library.root)
        video = original.checksum[:16]
        folder = library.folder(video).absolute()
        with lock(folder / "lock") as ours, Child() as child:
            fresh = not any((folder / name).exists() for name in (RECORD, ORIGINAL))
            within = original.path.parent == folder
            manifest = _open_manifest(library, original, title)
            work = Work(
                library,
                video,
                original,
                manifest,
                ours,
                child,
                sampling,
                text_reader,
                embedder,
                on_progress,
            )
            try:
                _keep_original(work, take)
                _keep_time(work, recorded_at)
                manifest["options"] = {
                    "sampling": sampling, "text_reader": text_reader, "embedder": embedder
                }  # fmt: skip
                _run(work, only)
            except (VideoError, OSError) as error:
                if not ours():
                    raise _removed(path) from error
                if fresh and not within and ("probe" not in manifest["stages"] or original.changed):
                    discard(folder, library.trash)  # nothing of it is worth keeping
                raise
        return library.get(video)


def unlisted_originals(library: Library) -> list[Path]:
    """Files in the library that no manifest lists: taken in, and then never indexed."""
    found = library.root.absolute().glob("videos/*/original")
    return [path for path in found if not (path.parent / "manifest.json").exists()]


def sweep_unlisted(library: Library) -> None:
    """Delete what killed runs left of videos that no manifest lists, but never an only original."""
    shutil.rmtree(library.trash, ignore_errors=True)
    for folder in library.root.glob("videos/*"):
        if _unlisted(folder):
            with contextlib.suppress(BlockingIOError), lock(folder / "lock", wait=False):
                if _unlisted(folder):
                    discard(folder, library.trash)


def _unlisted(folder: Path) -> bool:
    original = folder / "original"
    alone = original.exists() and original.stat().st_nlink == 1
    # What is known of a video outlives its manifest: who lost that one can have it made again.
    known = any((folder / name).exists() for name in (RECORD, ABOUT))
    return folder.is_dir() and not known and not alone


@contextmanager
def _disk_told(path: Path) -> Generator[None]:
    """What the disk does is one line; any other error is ours."""
    try:
        yield
    except OSError as error:
        told = refusal(error)
        if told is None and error.filename and isinstance(error, FileNotFoundError):
            gone = Path(str(error.filename))
            if gone.parent == path.absolute().parent:  # the file, or subtitles beside it
                told = Interrupted(f"{gone.name!r} went away: index {path.name!r} again")
        if told is None:
            raise
        raise told from error


def _removed(path: Path) -> Interrupted:
    return Interrupted(f"{path.name!r} was removed while it was being indexed: index it again")


def _check_names(sampling: str, only: tuple[str, ...]) -> None:
    if sampling not in STRATEGIES:
        raise RefusedRequest(f"no sampling {sampling!r}; one of: {', '.join(STRATEGIES)}")
    for name in only:
        if name not in STAGES:
            raise RefusedRequest(f"no stage {name!r}; one of: {', '.join(STAGES)}")


def _open_manifest(library: Library, original: Original, title: str | None) -> Manifest:
    manifest: Manifest = {}
    checksum, video = original.checksum, original.checksum[:16]
    with contextlib.suppress(UnknownVideo, Damaged):
        manifest = library.manifest(video)
    if manifest and manifest.get("sha256") != checksum:
        raise RefusedRequest(
            f"{original.path.name!r} has the id {video} of another video: rename neither"
        )
    if manifest.get("schema") != SCHEMA:
        facts = known(library.folder(video))
        manifest = {
            "schema": SCHEMA,
            "id": video,
            "sha256": checksum,
            "title": clean_title(facts.get("title") or title or original.path.stem),
            "notes": [],
            "stages": {},
            "recorded_at": facts.get("recorded_at"),
        }
    return copy.deepcopy(manifest)


def _keep_original(work: Work, take: bool) -> None:
    """Remember where the file lies, or move it in; an original that is in already stays."""
    source = work.manifest.get("source")
    given, inside = work.path, work.folder / ORIGINAL
    if inside.exists() and not (source and source["linked"]):
        if given != inside and digest(inside) != work.original.checksum:
            whole = work.folder / ".original.tmp"
            shutil.copyfile(given, whole)  # the same video, and this one is whole
            adopt(whole, inside)
            source = None
        work.original.use(inside)
        if source:
            if take and given != inside:
                given.unlink()
            return
        given, take = given if take else inside, True  # known to nobody yet: listed first
    if take:
        work.original.bring_in(inside)
        work.taken = given if given != inside else None
    stat = work.path.stat()
    entry = {
        "path": "original" if take else str(work.path),
        "linked": not take,
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "inode": stat.st_ino,
    }
    work.manifest["source"] = entry
    if source != entry and work.manifest["stages"]:
        work.save()


def _keep_time(work: Work, recorded_at: datetime | None) -> None:
    if recorded_at is not None and work.manifest["recorded_at"] != recorded_at.isoformat():
        work.manifest["recorded_at"] = recorded_at.isoformat()
        if work.manifest["stages"]:
            work.save()


def _run(work: Work, only: tuple[str, ...]) -> None:
    last = max((STAGES.index(name) for name in only), default=len(STAGES) - 1)
    shutil.rmtree(work.scratch, ignore_errors=True)
    sweep_temporary(work.folder)
    for pattern in ("look-*", "copy-*"):
        sweep(work.folder, pattern)
    try:
        for name in STAGES[: last + 1]:
            _run_stage(work, name)
    finally:
        if work.ours():
            shutil.rmtree(work.scratch, ignore_errors=True)
            (work.folder / "progress.json").unlink(missing_ok=True)


def _run_stage(work: Work, name: str) -> None:
    stage = stages.STAGE[name]
    fingerprint = stage.fingerprint(work)
    before = work.manifest["stages"].get(name, {})
    kept = before.get("state") in ("done", "skipped") and before["from"] == fingerprint
    if kept and intact(work.library, work.video, before.get("files", {})):
        return
    work.stage = name
    work.scratch.mkdir(exist_ok=True)
    check_space(work.folder)
    work.say(name, "running", 0.0)
    started = time.monotonic()
    with _failure_recorded(work, fingerprint):
        result = stage.run(work)
        work.original.check()
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
    work.manifest["notes"] = list(dict.fromkeys(work.manifest["notes"]))
    work.save()
    work.say(name, result.state, 1.0)


@contextmanager
def _failure_recorded(work: Work, fingerprint: Any) -> Generator[None]:
    """A stage that fails is told by the manifest, which knows nothing else of its attempt.

    What an earlier run of the stage left stays where its files were not touched.
    """
    before = copy.deepcopy(work.manifest)
    try:
        yield
    except VideoError as error:
        done = work.manifest["stages"].get(work.stage, {}).get("state") in ("done", "skipped")
        untouched = work.stage in work.manifest["stages"] or work.stage not in before["stages"]
        generation = work.manifest.get("generation", 0)
        work.manifest.clear()
        work.manifest.update(before, generation=generation)
        if not untouched:
            work.manifest["stages"].pop(work.stage)
        blamed = not isinstance(error, Interrupted) and not done
        if blamed and "probe" in work.manifest["stages"]:
            failed: Manifest = {
                "state": "failed",
                "note": str(error),
                "from": fingerprint,
                "files": {},
            }
            work.manifest["stages"][work.stage] = failed
            work.save()
        raise
