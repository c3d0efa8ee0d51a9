"""Index one video, stage by stage: each is written whole or not at all, the manifest last.

A killed run goes on at the first unfinished stage; a changed setting redoes only its stages.
Decoding happens in the sandbox, in a folder of its own; only the holder of the lock renames.
"""

import contextlib
import copy
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tools.errors import Damaged, Interrupted, RefusedRequest, UnknownVideo, VideoError
from tools.files.disk import check_space, refusal
from tools.files.durable import adopt, digest, discard, lock, sweep, sweep_temporary
from tools.ingest import stages
from tools.ingest.run import OnProgress, Work, removed
from tools.library import Library
from tools.media import Video
from tools.models.device import check_device
from tools.models.providers import Providers
from tools.sandbox import Child
from tools.store.frames import intact
from tools.store.manifest import SCHEMA, Manifest, unnamed
from tools.store.original import Original
from tools.store.recovery import ABOUT, ORIGINAL, RECORD, known
from tools.store.store import STAGES, save_manifest
from tools.text.clean import clean_title
from tools.vision.sampling import STRATEGIES, Strategy

NEEDED = ("probe", "subtitles", "keyframes", "pass")
"""Without these the stages after them have nothing to go by; most of the others stand alone."""
RESTS = {"speech": ("sound",), "speakers": ("sound", "speech")}
"""What of the others a stage cannot do without."""


def ingest(
    library: Library,
    path: Path,
    *,
    title: str | None = None,
    take: bool = False,
    sampling: Strategy = "adaptive",
    recorded_at: datetime | None = None,
    only: tuple[str, ...] = (),
    providers: Providers | None = None,
    on_progress: OnProgress | None = None,
) -> Video:
    """Index a file and return its video; at once for what is already indexed.

    take moves the file into the library, otherwise it stays where it is and is linked. only names
    the stages to run, with what they need before them and no others. Raises
    UnreadableMedia for what is no video, Interrupted where the disk, a removal or another writer of
    the file was in the way.
    """
    _check_names(sampling, only)
    providers = providers or Providers()
    check_device(providers.device)
    with _disk_told(path):
        library.root.mkdir(parents=True, exist_ok=True)
        sweep_unlisted(library)
        original = Original.identify(path, library.root)
        video = original.checksum[:16]
        folder = library.folder(video).absolute()
        with lock(folder / "lock") as ours, Child(writes=folder / "scratch") as child:
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
                providers,
                on_progress,
            )
            try:
                _keep_original(work, take)
                _keep_time(work, recorded_at)
                manifest["options"] = {"sampling": sampling, **asdict(providers)}
                _run(work, only)
            except (VideoError, OSError) as error:
                if not ours():
                    raise removed(path) from error
                if fresh and not within and ("probe" not in manifest["stages"] or original.changed):
                    discard(folder, library.trash)  # nothing of it is worth keeping
                raise
        return library.get(video)


def record_death(library: Library, video: str, stage: str, note: str) -> None:
    """Tell by the manifest that a stage ended the process that ran it.

    What it found so far stays, and so does what an earlier run did; the next index tries again.
    """
    with contextlib.suppress(UnknownVideo, Damaged, BlockingIOError):
        library.manifest(video)  # a lock would make the folder of a removed video anew
        with lock(library.folder(video) / "lock", wait=False):
            manifest = copy.deepcopy(library.manifest(video))
            entry = manifest["stages"].get(stage, {})
            if entry.get("state") not in ("done", "skipped"):
                failed: Manifest = {"files": {}, "from": None, **entry, "state": "failed"}
                manifest["stages"][stage] = {**failed, "note": note}
                save_manifest(library, video, manifest)


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
    wanted = {*NEEDED, *only, *(below for name in only for below in RESTS.get(name, ()))}
    shutil.rmtree(work.scratch, ignore_errors=True)
    sweep_temporary(work.folder)
    for path in unnamed(work.folder, work.manifest):
        path.unlink()
    for pattern in ("look-*", "copy-*"):
        sweep(work.folder, pattern)
    failed: list[VideoError] = []
    try:
        for name in STAGES[: last + 1]:
            if only and name not in wanted:
                continue
            try:
                _run_stage(work, name)
            except Interrupted:
                raise
            except VideoError as error:
                if name in NEEDED:
                    raise
                failed.append(error)
    finally:
        if work.ours():
            shutil.rmtree(work.scratch, ignore_errors=True)
            (work.folder / "progress.json").unlink(missing_ok=True)
    if failed:
        raise failed[0]


def _run_stage(work: Work, name: str) -> None:
    stage = stages.STAGE[name]
    work.stage, work.fingerprint, work.kept = name, stage.fingerprint(work), 0.0
    before = work.entry
    if _holds(work, before) and before["state"] in ("done", "skipped"):
        return
    partial = before.get("redo", before)
    work.partial = partial if "progress" in partial and _holds(work, partial) else {}
    work.scratch.mkdir(exist_ok=True)
    check_space(work.folder)
    work.say(name, "running", 0.0)
    started = time.monotonic()
    with _failure_recorded(work):
        result = stage.run(work)
        work.original.check()
        names = result.files
        if stage.words and result.state == "skipped":
            names = work.finish(stage.words, ())
        files = {file: digest(work.folder / file) for file in names}
    work.manifest["stages"][name] = {
        "state": result.state,
        "provider": result.provider,
        "seconds": round(time.monotonic() - started, 3),
        "note": result.note,
        "partial": result.partial,
        "from": work.fingerprint,
        "files": files,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **result.facts,
    }
    work.manifest["notes"] = list(dict.fromkeys(work.manifest["notes"]))
    work.save()
    for path in unnamed(work.folder, work.manifest):
        path.unlink()
    for file in before.get("files", {}).keys() - files:
        (work.folder / file).unlink(missing_ok=True)
    work.say(name, result.state, 1.0)


def _holds(work: Work, entry: Manifest) -> bool:
    """Whether what is told of the stage is of these settings, and its files are what it wrote."""
    same = bool(entry) and entry["from"] == work.fingerprint
    return same and intact(work.library, work.video, entry.get("files", {}))


@contextmanager
def _failure_recorded(work: Work) -> Generator[None]:
    """A stage that fails is told by the manifest, which knows nothing else of its attempt.

    What an earlier run of the stage left stays where its files were not touched, and so does what
    this one made visible before it failed.
    """
    before = copy.deepcopy(work.manifest)
    try:
        yield
    except VideoError as error:
        entry = work.entry
        done = entry.get("state") in ("done", "skipped")
        generation = work.manifest.get("generation", 0)
        work.manifest.clear()
        work.manifest.update(before, generation=generation)
        work.manifest["stages"].pop(work.stage, None)
        if entry:
            work.manifest["stages"][work.stage] = entry
        blamed = not isinstance(error, Interrupted) and not done
        if blamed and "probe" in work.manifest["stages"]:
            failed: Manifest = {"state": "failed", "note": str(error)}
            known: Manifest = {"files": {}, "from": work.fingerprint, **entry}
            work.manifest["stages"][work.stage] = {**known, **failed}
            work.save()
        raise
