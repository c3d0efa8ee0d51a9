"""Indexing of one video, stage by stage; each is written whole or not at all, the manifest last.

A killed run resumes at the first unfinished stage; a changed setting redoes only its stages.
Decoding happens in the sandbox, in a folder of its own; only the holder of the lock renames.
"""

import contextlib
import copy
import shutil
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.errors import Damaged, Interrupted, RefusedRequest, UnknownVideo, VideoError
from tools.files import durable as files
from tools.files.disk import check_space, disk_error
from tools.files.durable import digest, lock
from tools.ingest import stages
from tools.ingest.run import IngestRun, OnProgress, catalogued, removal
from tools.library import Library
from tools.media import Video
from tools.models.device import check_device
from tools.models.providers import Providers
from tools.sandbox import Child
from tools.store.frames import files_intact
from tools.store.manifest import SCHEMA, Manifest, write_manifest
from tools.store.original import Original
from tools.store.recovery import ABOUT, ORIGINAL, RECORD, known
from tools.store.store import STAGES
from tools.text.clean import clean_title
from tools.transcript import given
from tools.vision.sampling import MAX_GAP, STRATEGIES, Strategy

NEEDED = ("probe", "subtitles", "keyframes", "pass")
"""Stages that every other one needs; most of the others stand alone."""
DEPENDENCIES = {
    "audio_events": ("sound",), "speech": ("sound",), "speakers": ("sound", "speech"),
    "crops": ("sightings",),
}  # fmt: skip
"""Other stages that a stage needs."""
LEAST_GAP, MOST_GAP = 0.5, 3600.0
"""Bounds of `max_gap`, in seconds."""


def ingest(
    library: Library,
    path: Path,
    *,
    title: str | None = None,
    take: bool = False,
    sampling: Strategy = "adaptive",
    max_gap: float = MAX_GAP,
    recorded_at: datetime | None = None,
    subtitles: Path | Sequence[Path] = (),
    only: tuple[str, ...] = (),
    providers: Providers | None = None,
    on_progress: OnProgress | None = None,
    finish: bool = True,
) -> Video:
    """Index a file and return its video; at once if it is already indexed.

    A stage that left something out goes on where it stopped, unless `finish` is false.

    `take` moves the file into the library, otherwise it stays where it is and is linked. `only`
    names the stages to run, with those that they need. `subtitles` are files that are kept with
    the video, and read like one beside it. No two kept frames are more than `max_gap` seconds
    apart, where the file has one in between. Raises UnreadableMedia for what is no video,
    Interrupted after an error of the disk, a removal, or a change of the file.
    """
    for what, names, allowed in (("sampling", (sampling,), STRATEGIES), ("stage", only, STAGES)):
        if unknown := [name for name in names if name not in allowed]:
            raise RefusedRequest(f"no {what} {unknown[0]!r}; one of: {', '.join(allowed)}")
    if not LEAST_GAP <= max_gap <= MOST_GAP:
        raise RefusedRequest(f"the longest gap is {LEAST_GAP:g} to {MOST_GAP:g} s")
    providers = providers or Providers()
    check_device(providers.device)
    with _disk_errors(path):
        library.root.mkdir(parents=True, exist_ok=True)
        delete_unlisted(library)
        original = Original.identify(path, library.root)
        video = original.checksum[:16]
        folder = library.folder(video).absolute()
        with lock(folder / "lock") as holds_lock, Child(writes=folder / "scratch") as child:
            is_new = not any((folder / name).exists() for name in (RECORD, ORIGINAL))
            within = original.path.parent == folder
            manifest = _open_manifest(library, original, title)
            run = IngestRun(
                library, video, original, manifest, holds_lock, child, sampling, max_gap,
                providers, on_progress,
            )  # fmt: skip
            try:
                _keep_original(run, take)
                if recorded_at and manifest["recorded_at"] != recorded_at.isoformat():
                    manifest["recorded_at"] = recorded_at.isoformat()
                    if manifest["stages"]:
                        run.save()
                for one in [subtitles] if isinstance(subtitles, Path) else subtitles:
                    _keep_subtitles(run, one)
                manifest["options"] = {
                    "sampling": sampling,
                    "max_gap": max_gap,
                    **asdict(providers),
                }
                _run_stages(run, only, finish)
            except (VideoError, OSError) as error:
                if not holds_lock():
                    raise removal(path) from error
                unread = "probe" not in manifest["stages"] or original.changed
                if is_new and not within and unread:
                    files.remove_folder(folder, library.trash)  # nothing of it is worth keeping
                raise
        return library.get(video)


def recorded_options(manifest: Manifest) -> dict[str, Any]:
    """Arguments with which a video was indexed, so that the same comes out again."""
    options: dict[str, Any] = dict(manifest.get("options") or {})
    if not options:
        # The first release kept only the fingerprints of its stages.
        where = {"sampling": ("pass", 1), "text_reader": ("screen", 1), "embedder": ("vectors", 0)}
        stages = manifest.get("stages", {})
        for name, (stage, at) in where.items():
            if stage in stages:
                options[name] = stages[stage]["from"][at]
    named = {field.name for field in fields(Providers)} & options.keys()
    providers = Providers(**{name: options[name] for name in named})
    options = {"sampling": "adaptive", "max_gap": MAX_GAP} | options
    return {"sampling": options["sampling"], "max_gap": options["max_gap"], "providers": providers}


def record_crash(library: Library, video: str, stage: str, note: str) -> None:
    """Record in the manifest that a stage ended the process that ran it.

    Its checkpoint and the results of an earlier run stay; the next run tries again.
    """
    with contextlib.suppress(UnknownVideo, Damaged, BlockingIOError):
        library.manifest(video)  # a lock would make the folder of a removed video anew
        with lock(library.folder(video) / "lock", wait=False):
            manifest = copy.deepcopy(library.manifest(video))
            entry = manifest["stages"].get(stage, {})
            if entry.get("state") not in ("done", "skipped"):
                manifest["stages"][stage] = _failed(entry, None, note)
                with catalogued(library, video):
                    write_manifest(library.folder(video), manifest)


def _failed(entry: Manifest, fingerprint: Any, note: str) -> Manifest:
    return {"files": {}, "from": fingerprint, **entry, "state": "failed", "note": note}


def unlisted_originals(library: Library) -> list[Path]:
    """Originals in the library without a manifest: moved in, and then never indexed."""
    originals = library.root.absolute().glob("videos/*/original")
    return [path for path in originals if not (path.parent / "manifest.json").exists()]


def delete_unlisted(library: Library) -> None:
    """Delete folders of killed runs without a manifest, but never the only copy of an original."""
    shutil.rmtree(library.trash, ignore_errors=True)
    for folder in library.root.glob("videos/*"):
        if _unlisted(folder):
            with contextlib.suppress(BlockingIOError), lock(folder / "lock", wait=False):
                if _unlisted(folder):
                    files.remove_folder(folder, library.trash)


def _unlisted(folder: Path) -> bool:
    original = folder / "original"
    alone = original.exists() and original.stat().st_nlink == 1
    # A video whose manifest is lost can be indexed anew from its recovery record.
    known = any((folder / name).exists() for name in (RECORD, ABOUT))
    return folder.is_dir() and not known and not alone


@contextmanager
def _disk_errors(path: Path) -> Generator[None]:
    """Raise Interrupted for an error of the disk; any other is a bug."""
    try:
        yield
    except OSError as error:
        interrupted = disk_error(error)
        if not interrupted and error.filename and isinstance(error, FileNotFoundError):
            gone = Path(str(error.filename))
            if gone.parent == path.absolute().parent:  # the file, or subtitles beside it
                interrupted = Interrupted(f"{gone.name!r} went away: index {path.name!r} again")
        if not interrupted:
            raise
        raise interrupted from error


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


def _keep_original(run: IngestRun, take: bool) -> None:
    """Record the path of the file, or move it in; an original that is inside already stays."""
    source = run.manifest.get("source")
    given, inside = run.path, run.folder / ORIGINAL
    if inside.exists() and not (source and source["linked"]):
        if given != inside and digest(inside) != run.original.checksum:
            whole = run.folder / ".original.tmp"
            shutil.copyfile(given, whole)  # the same video, and this one is whole
            files.move_into_place(whole, inside)
            source = None
        run.original.use(inside)
        if source:
            if take and given != inside:
                given.unlink()
            return
        given, take = given if take else inside, True  # known to nobody yet: listed first
    if take:
        run.original.link_into(inside)
        run.upload = given if given != inside else None
    stat = run.path.stat()
    entry = {
        "path": "original" if take else str(run.path),
        "linked": not take,
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "inode": stat.st_ino,
    }
    run.manifest["source"] = entry
    if source != entry and run.manifest["stages"]:
        run.save()


def _keep_subtitles(run: IngestRun, path: Path) -> None:
    given.check(path, run.manifest["title"])
    check_space(run.folder)
    known = run.manifest.get(given.GIVEN, {})
    kept = {**known, **given.keep(path, run.folder)}
    if kept != known:
        run.manifest[given.GIVEN] = kept
        if run.manifest["stages"]:
            run.save()


def _run_stages(run: IngestRun, only: tuple[str, ...], finish: bool) -> None:
    last = max((STAGES.index(name) for name in only), default=len(STAGES) - 1)
    wanted = {*NEEDED, *only, *(need for name in only for need in DEPENDENCIES.get(name, ()))}
    shutil.rmtree(run.scratch, ignore_errors=True)
    run.delete_unlisted()
    for pattern in (".*.tmp", "look-*", "copy-*"):
        files.delete_unlocked(run.folder, pattern)
    failed: list[VideoError] = []
    try:
        for name in STAGES[: last + 1]:
            if only and name not in wanted:
                continue
            try:
                _run_stage(run, name, finish)
            except VideoError as error:
                if name in NEEDED or isinstance(error, Interrupted):
                    raise
                failed.append(error)
    finally:
        if run.holds_lock():
            shutil.rmtree(run.scratch, ignore_errors=True)
            (run.folder / "progress.json").unlink(missing_ok=True)
    if failed:
        raise failed[0]


def _run_stage(run: IngestRun, name: str, finish: bool) -> None:
    stage = stages.STAGE[name]
    run.stage, run.fingerprint, run.checkpoint_due = name, stage.fingerprint(run), 0.0
    before = run.entry
    done = _is_valid(run, before) and before["state"] in ("done", "skipped")
    run.finishing = done and finish and before.get("unread", 0) > 0
    if done and not run.finishing:
        return
    checkpoint = before.get("redo", before)
    resumable = (run.finishing or "progress" in checkpoint) and _is_valid(run, checkpoint)
    run.resumed = checkpoint if resumable else {}
    run.scratch.mkdir(exist_ok=True)
    check_space(run.folder)
    run.report(0.0)
    started = time.monotonic()
    with _record_failure(run):
        result = stage.run(run)
        run.original.check()
        names = result.files
        if stage.words and result.state == "skipped" and not names:
            names = run.write_words(*((file, ()) for file in stage.words))
        checksums = {file: digest(run.folder / file) for file in names}
    run.manifest["stages"][name] = {
        "state": result.state,
        "provider": result.provider,
        "seconds": round(time.monotonic() - started, 3),
        "note": result.note,
        "partial": result.partial,
        "from": run.fingerprint,
        "files": checksums,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **result.facts,
    }
    run.manifest["notes"] = list(dict.fromkeys(run.manifest["notes"]))
    run.save()
    run.delete_unlisted()
    run.report(1.0, result.state)


def _is_valid(run: IngestRun, entry: Manifest) -> bool:
    """True if the entry of a stage has these settings, and its files are intact."""
    same = bool(entry) and entry["from"] == run.fingerprint
    return same and files_intact(run.library, run.video, entry.get("files", {}))


@contextmanager
def _record_failure(run: IngestRun) -> Generator[None]:
    """Record the failure of a stage in the manifest, and undo its other changes there.

    The results of an earlier run stay if their files were not touched, and so does the last
    checkpoint of this one.
    """
    before = copy.deepcopy(run.manifest)
    try:
        yield
    except VideoError as error:
        entry = run.entry
        done = entry.get("state") in ("done", "skipped")
        generation = run.manifest.get("generation", 0)
        run.manifest.clear()
        run.manifest.update(before, generation=generation)
        run.manifest["stages"].pop(run.stage, None)
        if entry:
            run.manifest["stages"][run.stage] = entry
        blamed = not isinstance(error, Interrupted) and not done
        if blamed and "probe" in run.manifest["stages"]:
            run.manifest["stages"][run.stage] = _failed(entry, run.fingerprint, str(error))
            run.save()
        raise
