"""Manifests of a library, and verified reads of the files that they list."""

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

import numpy as np

from tools.errors import Damaged, NotIndexed, RefusedRequest, UnknownVideo
from tools.files.checksums import CHECK, dump_checked, load_checked
from tools.files.durable import is_locked, write_bytes
from tools.store import recovery

Manifest = dict[str, Any]
SCHEMA = 1
"""Version of the manifests that this release writes, and the newest that it reads."""
REPAIR = "cuepoint library verify --repair"
_UNREAD = "the time budget allowed to read "
RETRY_SECONDS, RETRIES = 0.05, 40
"""Delay and number of retries while a stage has replaced its files but not yet the manifest."""


class Manifests:
    """Reader of the manifests in a folder of videos. Safe for many threads."""

    def __init__(self, videos: Path) -> None:
        self._videos = videos
        self._parsed: dict[str, tuple[tuple[int, int], Manifest]] = {}
        self._guard = threading.Lock()

    def get(self, video: str) -> Manifest:
        """Manifest of a video; UnknownVideo without one, Damaged if it cannot be read."""
        return self._stamped(video)[1]

    def stamp(self, video: str) -> tuple[int, int]:
        """Time and inode of a manifest; unlike its generation, new for a video indexed anew."""
        return self._stamped(video)[0]

    def _stamped(self, video: str) -> tuple[tuple[int, int], Manifest]:
        path = self._videos / video / recovery.RECORD
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            with self._guard:
                cached = self._parsed.get(video)
            if cached is None or cached[0] != stamp:
                cached = (stamp, _manifest(path.read_bytes()))
                with self._guard:
                    self._parsed[video] = cached
        except (FileNotFoundError, NotADirectoryError) as error:
            if path.with_name(recovery.ABOUT).exists():
                raise Damaged(f"the manifest of {video} is missing: run `{REPAIR}`") from error
            raise UnknownVideo(f"no video {video!r} in the library") from error
        except ValueError as error:
            raise Damaged(f"the manifest of {video} is damaged: run `{REPAIR}`") from error
        if cached[1].get("schema", SCHEMA) > SCHEMA:
            raise RefusedRequest(
                f"{video} was indexed by a newer release of Cuepoint: update this one"
            )
        return cached

    def files(self, video: str) -> dict[str, str]:
        """Checksums of the files that the manifest lists, by file name."""
        stages = self.get(video)["stages"].values()
        return {name: check for s in stages for name, check in s.get("files", {}).items()}

    def read(self, video: str, name: str) -> bytes:
        """Read a stage's file; Damaged unless it is what the stage wrote."""
        path, data = self._videos / video / name, None
        for _ in range(RETRIES):
            before, known = self.get(video)["generation"], self.files(video).get(name)
            if known is None:
                raise NotIndexed(f"{name} of {video} is being made again: ask again in a moment")
            data = None
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                data = path.read_bytes()
            if data is not None and hashlib.sha256(data).hexdigest() == known:
                return data
            if is_locked(path.with_name("lock")):  # a stage is being done again
                time.sleep(RETRY_SECONDS)
            elif before == self.get(video)["generation"]:
                break
        state = "missing" if data is None else "damaged"
        raise Damaged(f"{name} of {video} is {state}: run `{REPAIR}`")

    def array(self, video: str, name: str) -> Any:
        """Load the array of a stage's file; a mapped file that is cut would end the process."""
        return np.load(io.BytesIO(self.read(video, name)), allow_pickle=False)

    def lines(self, video: str, name: str) -> list[dict[str, Any]]:
        """Rows of a stage's file, or of its partial ones; none if there are none."""
        while True:
            listed, before = self.files(video), self.get(video)["generation"]
            names = [name] if name in listed else [f for f in listed if is_partial(f, name)]
            try:
                rows = (row for file in names for row in self.read(video, file).splitlines())
                # At once, which is faster than one by one.
                return json.loads(b"[" + b",".join(rows) + b"]")
            except NotIndexed:  # unless it was just replaced by more
                if self.get(video)["generation"] == before:
                    raise


def partial_name(name: str, number: int) -> str:
    """Name of a file while its stage is at work: `speech.jsonl` is `speech.3.jsonl`."""
    return name.replace(".", f".{number}.", 1)


def is_partial(file: str, name: str) -> bool:
    """True if a file holds a partial result of the file of that name."""
    stem, _, ending = name.partition(".")
    return re.fullmatch(rf"{re.escape(stem)}\.\d+\.{re.escape(ending)}", file) is not None


def unlisted_files(folder: Path, manifest: Manifest) -> list[Path]:
    """Files of stages that the manifest does not list, or no longer."""
    stages = manifest["stages"].values()
    entries = (*stages, *(stage.get("redo", {}) for stage in stages))
    listed = {file for entry in entries for file in entry.get("files", {})}
    paths = (path for ending in ("jsonl", "npy") for path in folder.glob(f"[!.]*.{ending}"))
    return sorted(path for path in paths if path.name not in listed)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest, which makes its files visible. Only for the holder of the video's lock."""
    manifest["generation"] = int(manifest.get("generation", 0)) + 1
    write_bytes(folder / recovery.RECORD, dump_checked(manifest))
    os.utime(folder.parent)  # one time tells readers of all videos that something changed
    recovery.save(folder, manifest)


def _manifest(data: bytes) -> Manifest:
    try:
        manifest: Manifest = load_checked(data)
    except ValueError:
        parsed: Any = json.loads(data)
        # The first release wrote no checksum into its manifests.
        if not isinstance(parsed, dict) or CHECK in parsed or "stages" not in parsed:
            raise
        manifest = cast(Manifest, parsed)
    for stage in manifest["stages"].values():
        # Earlier releases said in the note alone that pictures were left unread.
        stage.setdefault("partial", _UNREAD in stage.get("note", ""))
    return manifest
