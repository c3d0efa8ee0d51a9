"""The manifests of a library, and the files that they name; nothing is read that does not match."""

import contextlib
import hashlib
import io
import json
import os
import re
import threading
import time
from pathlib import Path
from typing import Any, cast

from tools.errors import Damaged, NotIndexed, RefusedRequest, UnknownVideo
from tools.files.checksums import CHECK, sealed, unsealed
from tools.files.durable import is_locked, write_bytes
from tools.store import recovery as about

Manifest = dict[str, Any]
SCHEMA = 1
"""Of the manifests that this release writes, and the newest that it reads."""
REPAIR = "cuepoint library verify --repair"
_UNREAD = "the time budget allowed to read "
PAUSE, PAUSES = 0.05, 40
"""Seconds, and how often: between a stage's new files and the manifest that names them."""


class Manifests:
    """Reads what the videos in a folder say of themselves; safe for many readers."""

    def __init__(self, videos: Path) -> None:
        self._videos = videos
        self._held: dict[str, tuple[tuple[int, int], Manifest]] = {}
        self._guard = threading.Lock()

    def get(self, video: str) -> Manifest:
        """The manifest as it stands; UnknownVideo where there is none, Damaged where it is."""
        return self._stamped(video)[1]

    def stamp(self, video: str) -> tuple[int, int]:
        """Changes with every manifest; generations begin anew where a video was removed."""
        return self._stamped(video)[0]

    def _stamped(self, video: str) -> tuple[tuple[int, int], Manifest]:
        path = self._videos / video / about.RECORD
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            with self._guard:
                held = self._held.get(video)
            if held is None or held[0] != stamp:
                held = (stamp, _manifest(path.read_bytes()))
                with self._guard:
                    self._held[video] = held
        except (FileNotFoundError, NotADirectoryError) as error:
            if path.with_name(about.ABOUT).exists():
                raise Damaged(f"the manifest of {video} is missing: run `{REPAIR}`") from error
            raise UnknownVideo(f"no video {video!r} in the library") from error
        except ValueError as error:
            raise Damaged(f"the manifest of {video} is damaged: run `{REPAIR}`") from error
        if held[1].get("schema", SCHEMA) > SCHEMA:
            raise RefusedRequest(
                f"{video} was indexed by a newer release of Cuepoint: update this one"
            )
        return held

    def files(self, video: str) -> dict[str, str]:
        """The checksums of what the finished stages wrote, by file name."""
        stages = self.get(video)["stages"].values()
        return {name: check for one in stages for name, check in one.get("files", {}).items()}

    def read(self, video: str, name: str) -> bytes:
        """A stage's file, as the stage wrote it; Damaged where it is not."""
        path, data = self._videos / video / name, None
        for _ in range(PAUSES):
            before, known = self.get(video)["generation"], self.files(video).get(name)
            if known is None:
                raise NotIndexed(f"{name} of {video} is being made again: ask again in a moment")
            data = None
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                data = path.read_bytes()
            if data is not None and hashlib.sha256(data).hexdigest() == known:
                return data
            if is_locked(path.with_name("lock")):  # a stage is being done again
                time.sleep(PAUSE)
            elif before == self.get(video)["generation"]:
                break
        state = "missing" if data is None else "damaged"
        raise Damaged(f"{name} of {video} is {state}: run `{REPAIR}`")

    def array(self, video: str, name: str) -> Any:
        """The array in a stage's file; loaded, as a mapped file that is cut ends the process."""
        import numpy as np

        return np.load(io.BytesIO(self.read(video, name)), allow_pickle=False)

    def lines(self, video: str, name: str) -> list[dict[str, Any]]:
        """The rows of a stage's file, or of what is there of it; none where nothing is."""
        while True:
            there, before = self.files(video), self.get(video)["generation"]
            names = [name] if name in there else [file for file in there if is_part(file, name)]
            try:
                return [
                    json.loads(r) for file in names for r in self.read(video, file).splitlines()
                ]
            except NotIndexed:  # unless it was just replaced by more
                if self.get(video)["generation"] == before:
                    raise


def part_of(name: str, number: int) -> str:
    """What a file is called while its stage is at work: `speech.jsonl` is `speech.3.jsonl`."""
    stem, dot, ending = name.partition(".")
    return f"{stem}.{number}{dot}{ending}"


def is_part(file: str, name: str) -> bool:
    """Whether a file holds what there is so far of the one of that name."""
    stem, _, ending = name.partition(".")
    return re.fullmatch(rf"{re.escape(stem)}\.\d+\.{re.escape(ending)}", file) is not None


def unnamed(folder: Path, manifest: Manifest) -> list[Path]:
    """The files of stages that the manifest no longer names, or never came to name."""
    stages = manifest["stages"].values()
    told = (*stages, *(stage.get("redo", {}) for stage in stages))
    named = {file for one in told for file in one.get("files", {})}
    there = (path for ending in ("jsonl", "npy") for path in folder.glob(f"[!.]*.{ending}"))
    return sorted(path for path in there if path.name not in named)


def write(folder: Path, manifest: Manifest) -> None:
    """Make what is in a manifest visible. Only for the holder of the video's lock."""
    manifest["generation"] = int(manifest.get("generation", 0)) + 1
    write_bytes(folder / about.RECORD, sealed(manifest))
    os.utime(folder.parent)  # readers of all videos see by one look that something changed
    about.keep(folder, manifest)


def _manifest(data: bytes) -> Manifest:
    try:
        manifest: Manifest = unsealed(data)
    except ValueError:
        read: Any = json.loads(data)
        # The first release wrote no checksum into its manifests.
        if not isinstance(read, dict) or CHECK in read or "stages" not in read:
            raise
        manifest = cast(Manifest, read)
    for stage in manifest["stages"].values():
        # Earlier releases told in the note alone that pictures were left unread.
        stage.setdefault("partial", _UNREAD in stage.get("note", ""))
    return manifest
