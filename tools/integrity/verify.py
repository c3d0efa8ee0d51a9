"""Verification: compare every file of a library with its checksum, and name the remedy."""

import shlex
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.errors import Damaged, ProviderUnavailable, UnreadableMedia, VideoError
from tools.files.checksums import CHECK, load_checked
from tools.files.durable import digest, is_locked
from tools.library import Library
from tools.models import registry as models
from tools.search import chroma
from tools.store import dense, names, recovery
from tools.store.catalog_file import NAME as CATALOG
from tools.store.manifest import REPAIR, unlisted_files
from tools.store.original import CHECKSUMS
from tools.store.video_collections import FILE as COLLECTIONS
from tools.summary import generated
from tools.transcript.given import GIVEN

STALE = 600
"""Seconds after which a temporary file that no lock covers counts as left over."""


@dataclass(frozen=True)
class Problem:
    """One finding, and the command that mends it; video is empty for one of the whole library."""

    video: str
    what: str
    fix: str


def verify(library: Library, *, thorough: bool = True) -> list[Problem]:
    """Find every problem; without `thorough`, originals, models and Chroma are not compared."""
    problems = check_library(library, thorough)
    for folder in sorted(library.root.glob("videos/*")):
        problems += check_video(library, folder.name, thorough)
    return problems


def check_library(library: Library, thorough: bool = True) -> list[Problem]:
    """Find the problems of what all videos share."""
    problems = [f"{path.name} is left over" for path in temporary(library)]
    checksums = library.root / CHECKSUMS
    try:
        load_checked(checksums.read_bytes())
    except FileNotFoundError:
        if any(library.root.glob("videos/*/manifest.json")):
            problems.append(f"{CHECKSUMS} is missing")
    except ValueError:
        problems.append(f"{CHECKSUMS} is damaged")
    try:
        library.collections.all()
    except Damaged:
        problems.append(f"{COLLECTIONS}, which holds the collections, is damaged")
    if state := chroma.inspect(library.catalog, thorough):
        problems.append(f"the vector index (chroma) {state}")
    found = [Problem("", what, REPAIR) for what in problems]
    found += _catalog(library, thorough)
    return [*found, *(_damaged_models(library) if thorough else [])]


def _catalog(library: Library, thorough: bool) -> list[Problem]:
    """Find rows of the catalog that differ from the files; missing ones are filled first.

    Without `thorough` the times of files are compared, not what they hold.
    """
    with suppress(VideoError):  # of a damaged video, which is told
        library.catalog.sync()
    found = library.catalog.differences() if thorough else library.catalog.stale()
    idle = [video for video in found if video and not is_locked(library.folder(video) / "lock")]
    if "" in found:
        return [Problem("", f"the full-text index ({CATALOG}) is damaged", REPAIR)]
    what = f"{CATALOG} does not hold what the files of {{}} say"
    return [Problem("", what.format(video), REPAIR) for video in idle]


def _damaged_models(library: Library) -> list[Problem]:
    problems: list[Problem] = []
    for name in models.installed(library.home):
        try:
            models.intact_folder(library.home, name, thorough=True)
        except ProviderUnavailable as error:
            what, _, fix = str(error).partition("; run: ")
            problems.append(Problem("", what, fix))
    return problems


def check_video(library: Library, video: str, thorough: bool = True) -> list[Problem]:
    """Find the problems of one video; none while it is being indexed, as its files change."""
    folder = library.folder(video)
    if not folder.is_dir() or is_locked(folder / "lock"):
        return []

    def problems(whats: Iterable[str], fix: str = REPAIR) -> list[Problem]:
        return [Problem(video, what, fix) for what in whats]

    found = problems(f"{path.name} is left over" for path in leftovers(folder))
    try:
        manifest = library.manifest(video)
    except VideoError:
        return [*found, _lost(library, video)]
    found += problems(f"{path.name} is left over" for path in unlisted_files(folder, manifest))
    original = _check_original(library, video, manifest, thorough)
    fix = original.fix if original else REPAIR
    found += [original] if original else []
    if CHECK not in manifest:
        found += problems(["manifest.json has no checksum in it"], fix)
    elif recovery.load(folder) is None:
        found += problems([f"{recovery.ABOUT} is missing or damaged"])
    for stage in manifest["stages"].values():
        for name, checksum in stage.get("files", {}).items():
            if not (folder / name).is_file():
                found += problems([f"{name} is missing"], fix)
            elif digest(folder / name) != checksum:
                found += problems([f"{name} is damaged"], fix)
    for name, checksum in manifest.get(GIVEN, {}).items():
        path = folder / GIVEN / name
        state = "missing" if not path.is_file() else "" if digest(path) == checksum else "damaged"
        if state:
            again = f"cuepoint index {video} --subtitles FILE"
            found += problems([f"{GIVEN}/{name}, which was given for it, is {state}"], again)
    if names.are_damaged(folder):
        found += problems([f"{names.NAMES}, which holds names that were given, is damaged"])
    for path in (*dense.damaged(folder), *generated.damaged(folder)):
        found += problems([f"{path.parent.name}/{path.name} is damaged"])
    for image in broken_pictures(library, video):
        state = "damaged" if (library.root / image).exists() else "missing"
        found += problems([f"the picture {image} is {state}"], fix)
    return found


def _lost(library: Library, video: str) -> Problem:
    """Problem of a video whose manifest cannot be read, by what is left to index it anew."""
    folder = library.folder(video)
    state = "damaged" if (folder / recovery.RECORD).exists() else "missing"
    if state == "missing" and not was_indexed(folder):
        return Problem(video, "a folder without a video is left over", REPAIR)
    path, facts = recovery.recover(library.root, video)
    what = f"manifest.json is {state}"
    if path:
        return Problem(video, what, REPAIR)
    source: dict[str, str] = facts.get("source") or {}
    where = "at " + source.get("path", "a place that nothing names any more")
    if (folder / recovery.ORIGINAL).exists():
        where = "here, and it is damaged"
    what += f"; FILE is its original, which was {where}; without it: cuepoint library remove"
    return Problem(video, f"{what} {video}", "cuepoint index FILE")


def _check_original(
    library: Library, video: str, manifest: dict[str, Any], thorough: bool
) -> Problem | None:
    source, path = manifest["source"], Path(library.get(video).path)
    try:
        library.original(video)
        if not thorough or digest(path) == manifest["sha256"]:
            return None
        state = "damaged"
    except (UnreadableMedia, OSError):
        state = "missing"
        if path.exists():
            state = "damaged" if path.stat().st_size == source["size"] else "another file"
    what, fix = f"the original ({path}) is {state}; ", "cuepoint index FILE"
    if not source["linked"]:
        what += "FILE is a good copy of it"
    elif not path.exists():
        what += "FILE is where it lies now"
    else:
        what += "put it back, or forget it and index what is there"
        fix = f"cuepoint library remove {video} && cuepoint index {shlex.quote(str(path))}"
    return Problem(video, what, fix)


def broken_pictures(library: Library, video: str) -> list[str]:
    """Pictures that are not intact, of those that rows name or that a question decoded."""
    folder = library.folder(video) / "frames"
    names = {path.stem for ending in ("jpg", "asked") for path in folder.glob(f"*.{ending}")}
    images = {f"videos/{video}/frames/{name}.jpg" for name in names}
    with suppress(Damaged):  # the file that names them is a problem of its own
        images |= library.pictures(video)
    return [image for image in sorted(images) if not library.has_picture(image)]


def was_indexed(folder: Path) -> bool:
    """True if a folder without a manifest had one, or holds an original, perhaps the only copy."""
    signs = (recovery.ABOUT, recovery.ORIGINAL, "*.jsonl", "frames/*.jpg")
    return any(path for sign in signs for path in folder.glob(sign))


def leftovers(folder: Path) -> list[Path]:
    """Files of a killed process in the folder of a video that nobody is indexing.

    A folder of pictures that is a link counts too: it leads out of the library.
    """
    paths = [folder / name for name in ("scratch", "progress.json") if (folder / name).exists()]
    paths += [path for path in folder.glob("look-*") if not is_locked(path)]
    paths += [*folder.glob(".*.tmp"), *_old(folder.glob("proxies/*.part"))]
    paths += _old(folder.glob(f"{dense.FOLDER}/.*.tmp"))  # questions write without the lock
    paths += [folder / "frames"] if (folder / "frames").is_symlink() else []
    return sorted(paths)


def temporary(library: Library) -> list[Path]:
    """Files of a killed process in the library's own folder."""
    busy = is_locked(library.root / "checksums.lock")
    return [*([] if busy else sorted(library.root.glob(".*.tmp"))), *_old([library.trash])]


def _old(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > STALE:
                yield path
