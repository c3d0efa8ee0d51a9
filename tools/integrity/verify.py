"""Compares every file of a library with what was written, and names the command that mends it."""

import shlex
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.errors import Damaged, ProviderUnavailable, UnreadableMedia, VideoError
from tools.files.checksums import CHECK, unsealed
from tools.files.durable import digest, is_locked
from tools.library import Library
from tools.models import registry as models
from tools.search import vector_index as index
from tools.store import dense
from tools.store import recovery as about
from tools.store.manifest import REPAIR, unnamed
from tools.store.original import MEMORY
from tools.summary import generated

STALE = 600
"""Seconds after which a temporary file that nobody's lock covers counts as left over."""


@dataclass(frozen=True)
class Problem:
    """One finding, and the command that mends it; video is empty where it is the library's."""

    video: str
    what: str
    fix: str


def verify(library: Library, *, thorough: bool = True) -> list[Problem]:
    """Every problem; without thorough, the content of originals and Chroma are not looked into."""
    found = check_library(library, thorough)
    for folder in sorted(library.root.glob("videos/*")):
        found += check_video(library, folder.name, thorough)
    return found


def check_library(library: Library, thorough: bool = True) -> list[Problem]:
    """The problems of what all videos share."""
    found = [Problem("", f"{path.name} is left over", REPAIR) for path in temporary(library)]
    state = _memory(library)
    if state:
        found.append(Problem("", f"{MEMORY} is {state}", REPAIR))
    if thorough and (state := index.inspect(library.root / "chroma", vectors(library))):
        found.append(Problem("", f"the vector index (chroma) {state}", REPAIR))
    return [*found, *_models(library)] if thorough else found


def _models(library: Library) -> list[Problem]:
    """The models that are there and not, to the byte, what was downloaded."""
    found: list[Problem] = []
    for name in models.installed(library.home):
        try:
            models.intact_folder(library.home, name, thorough=True)
        except ProviderUnavailable as error:
            what, _, fix = str(error).partition("; run: ")
            found.append(Problem("", what, fix))
    return found


def _memory(library: Library) -> str:
    path = library.root / MEMORY
    if not path.exists():
        return "missing" if any(library.root.glob("videos/*/manifest.json")) else ""
    try:
        unsealed(path.read_bytes())
    except ValueError:
        return "damaged"
    return ""


def check_video(library: Library, video: str, thorough: bool = True) -> list[Problem]:
    """The problems of one video; none while it is being indexed, when its files change."""
    folder = library.folder(video)
    if not folder.is_dir() or is_locked(folder / "lock"):
        return []
    found = [Problem(video, f"{path.name} is left over", REPAIR) for path in leftovers(folder)]
    try:
        manifest = library.manifest(video)
    except VideoError:
        return [*found, _lost(library, video)]
    loose = unnamed(folder, manifest)
    found += [Problem(video, f"{path.name} is left over", REPAIR) for path in loose]
    original = _of_original(library, video, manifest, thorough)
    fix = original.fix if original else REPAIR
    found += [original] if original else []
    if CHECK not in manifest:
        found.append(Problem(video, "manifest.json has no checksum in it", fix))
    elif not about.is_whole(folder):
        found.append(Problem(video, f"{about.ABOUT} is missing or damaged", REPAIR))
    for stage in manifest["stages"].values():
        for name, checksum in stage.get("files", {}).items():
            if not (folder / name).is_file():
                found.append(Problem(video, f"{name} is missing", fix))
            elif digest(folder / name) != checksum:
                found.append(Problem(video, f"{name} is damaged", fix))
    for path in (*dense.damaged(folder), *generated.damaged(folder)):
        found.append(Problem(video, f"{path.parent.name}/{path.name} is damaged", REPAIR))
    for image in broken_pictures(library, video):
        state = "damaged" if (library.root / image).exists() else "missing"
        found.append(Problem(video, f"the picture {image} is {state}", fix))
    return found


def _lost(library: Library, video: str) -> Problem:
    """A video whose manifest cannot be read: whether it can be indexed anew from what is left."""
    folder = library.folder(video)
    state = "damaged" if (folder / about.RECORD).exists() else "missing"
    if state == "missing" and not was_indexed(folder):
        return Problem(video, "a folder without a video is left over", REPAIR)
    path, facts = about.recover(library.root, video)
    what = f"manifest.json is {state}"
    if path:
        return Problem(video, what, REPAIR)
    source: dict[str, str] = facts.get("source") or {}
    where = "at " + source.get("path", "a place that nothing names any more")
    if (folder / about.ORIGINAL).exists():
        where = "here, and it is damaged"
    what = f"{what}; FILE is its original, which was {where}; without it: cuepoint library remove"
    return Problem(video, f"{what} {video}", "cuepoint index FILE")


def _of_original(
    library: Library, video: str, manifest: dict[str, Any], thorough: bool
) -> Problem | None:
    linked, path = manifest["source"]["linked"], Path(library.get(video).path)
    try:
        library.original(video)
        if not thorough or digest(path) == manifest["sha256"]:
            return None
        state = "is damaged"
    except (UnreadableMedia, OSError):
        state = "is missing"
        if path.exists():
            same_size = path.stat().st_size == manifest["source"]["size"]
            state = "is damaged" if same_size else "is another file"
    if not linked:
        what = f"the original ({path}) {state}; FILE is a good copy of it"
        return Problem(video, what, "cuepoint index FILE")
    if not path.exists():
        what = f"the original ({path}) {state}; FILE is where it lies now"
        return Problem(video, what, "cuepoint index FILE")
    what = f"the original ({path}) {state}; put it back, or forget it and index what is there"
    fix = f"cuepoint library remove {video} && cuepoint index {shlex.quote(str(path))}"
    return Problem(video, what, fix)


def broken_pictures(library: Library, video: str) -> list[str]:
    """The pictures that are not whole: those that rows name, and those that a question decoded."""
    there = library.folder(video) / "frames"
    names = {path.stem for ending in ("jpg", "asked") for path in there.glob(f"*.{ending}")}
    images = {f"videos/{video}/frames/{name}.jpg" for name in names}
    with suppress(Damaged):  # the file that names them: a finding of its own
        images |= library.pictures(video)
    return [image for image in sorted(images) if not library.has_picture(image)]


def was_indexed(folder: Path) -> bool:
    """Whether a folder without a manifest had one, or holds an original, perhaps the only copy."""
    signs = (about.ABOUT, about.ORIGINAL, "*.jsonl", "frames/*.jpg")
    return any(path for sign in signs for path in folder.glob(sign))


def leftovers(folder: Path) -> list[Path]:
    """What a killed process left in the folder of a video that nobody is indexing.

    And pictures that lie elsewhere: a link in their place leads out of the library.
    """
    found = [folder / name for name in ("scratch", "progress.json") if (folder / name).exists()]
    found += [path for path in folder.glob("look-*") if not is_locked(path)]
    found += [*folder.glob(".*.tmp"), *_old(folder.glob("proxies/*.part"))]
    found += _old(folder.glob(f"{dense.FOLDER}/.*.tmp"))  # questions write without the lock
    found += [folder / "frames"] if (folder / "frames").is_symlink() else []
    return sorted(found)


def temporary(library: Library) -> list[Path]:
    """What a killed process left in the library's own folder."""
    busy = is_locked(library.root / "checksums.lock")
    return [*([] if busy else sorted(library.root.glob(".*.tmp"))), *_old([library.trash])]


def _old(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > STALE:
                yield path


def vectors(library: Library) -> Iterator[index.Entry]:
    """The vectors of every video that can be read, as Chroma should hold them."""
    for path in sorted(library.root.glob("videos/*/manifest.json")):
        video = path.parent.name
        with suppress(VideoError):
            if (one := library.vectors(video)) is not None:
                yield video, library.generation(video), one
