"""Proxies: copies of the asked spans of videos that a browser cannot decode."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tools.errors import RefusedRequest
from tools.files.durable import temporary_folder
from tools.library import Library
from tools.media import Video
from tools.sandbox import Child

WHOLE = 60.0
"""Seconds up to which a video is copied whole."""
LONGEST = 120.0
"""Seconds of one copy."""
COPY_THREADS = 2
"""Copies that are made at the same time."""
READ_THREADS = 4
"""Files of videos that are read at the same time."""
MOST_COPIES = 24
"""Copies kept of one video; the least recently made go first."""

_CODECS = {
    "mp4": ({"h264", "av1", "libdav1d", "vp9", "libvpx-vp9"},
            {"aac", "mp3", "mp3float", "opus", "libopus", "flac"}),
    "webm": ({"vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9"},
             {"opus", "libopus", "vorbis", "libvorbis"}),
}  # fmt: skip
"""By container: the codecs of pictures and of sound that every browser plays."""
_FORMATS = {"yuv420p", "yuvj420p", "yuva420p"}
_T = TypeVar("_T")
_SOUND_FILES = {"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg"}


def browser_type(facts: dict[str, Any], head: bytes) -> str | None:
    """Media type under which every browser plays a file; None where one may not.

    facts are those of `probe`, head the first bytes of the file: WebM is a Matroska that says so.
    """
    container, picture = facts["format"], facts["video"]
    codecs = {sound["codec"] for sound in facts["audio"][:1]}
    if container in _SOUND_FILES and not picture:
        return _SOUND_FILES[container]
    subtype = next((name for name in _CODECS if name in container.split(",")), "")
    if not subtype or (subtype == "webm" and b"webm" not in head):
        return None
    pictures, sounds = _CODECS[subtype]
    if not codecs <= sounds:
        return None
    if picture and (picture["codec"] not in pictures or picture["pixel_format"] not in _FORMATS):
        return None
    return f"{'video' if picture else 'audio'}/{subtype}"


@dataclass
class _Copy:
    """One copy in the making, and how many wait for it. Only the event loop counts them."""

    child: Child
    done: "asyncio.Future[None]"
    waiting: int = 0


class Proxies:
    """Copies of spans, each made once for all requests, kept beside the video."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._pool = ThreadPoolExecutor(COPY_THREADS, thread_name_prefix="proxy")
        self._reading = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="file")
        self._making: dict[Path, _Copy] = {}

    def close(self) -> None:
        """Start no more copies, and end those in the making."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._reading.shutdown(wait=False, cancel_futures=True)
        for copy in self._making.values():
            copy.child.kill()

    async def read(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Run slow reads: a lost picture is decoded, a changed file is read to its end."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, work, *arguments)

    def direct_type(self, video: str) -> str | None:
        """Media type of the original where browsers play it, else None."""
        with self._library.original(video).open("rb") as file:
            return browser_type(self._library.manifest(video)["probe"], file.read(4096))

    async def playable(self, video: Video, start: float, end: float) -> tuple[Path, str]:
        """File and media type for a span: the original, or a copy that is made if it is missing.

        A copy that nobody waits for any more is given up, and its decoder ended.
        """
        if media_type := await self.read(self.direct_type, video.id):
            return await self.read(self._library.original, video.id), media_type
        return await self.copy(video, *copied_span(start, end, video.duration))

    async def copy(self, video: Video, begin: int, stop: int) -> tuple[Path, str]:
        """File and media type of a copy of some whole seconds, made if it is missing."""
        target = self._library.folder(video.id) / "proxies" / f"{begin}-{stop}.mp4"
        if not target.exists():
            await self._copied(video, begin, stop, target)
        return target, "video/mp4" if video.width else "audio/mp4"

    async def _copied(self, video: Video, begin: int, stop: int, target: Path) -> None:
        copy = self._making.get(target)
        if copy is None:
            child = Child()
            job = self._pool.submit(self._make, child, video, begin, stop, target)
            copy = self._making[target] = _Copy(child, asyncio.wrap_future(job))
        copy.waiting += 1
        try:
            await asyncio.shield(copy.done)
        finally:
            copy.waiting -= 1
            if not copy.waiting:
                del self._making[target]
                copy.done.cancel()  # ends a copy that has not begun
                copy.child.kill()

    def _make(self, child: Child, video: Video, start: int, end: int, target: Path) -> None:
        folder = target.parent
        folder.mkdir(exist_ok=True)
        with temporary_folder(folder.parent, "copy-") as place, child:
            child.writes, part = place, place / target.name
            for _ in child.call(
                "tools.video.proxy:write_proxy",
                source=str(self._library.original(video.id)),
                target=str(part),
                start=start,
                end=min(float(end), video.duration),
                duration=video.duration,
            ):
                pass
            part.replace(target)
        copies = sorted(folder.glob("*-*.mp4"), key=_made_at)
        for old in copies[:-MOST_COPIES]:
            old.unlink(missing_ok=True)


def _made_at(path: Path) -> float:
    with suppress(FileNotFoundError):  # another copy of the same video ends just now
        return path.stat().st_mtime
    return 0.0


def copied_span(start: float, end: float, duration: float) -> tuple[int, int]:
    """Whole seconds around the asked span, so that neighbours share a copy."""
    if not (math.isfinite(start) and math.isfinite(end)) or start < 0 or end <= start:
        raise RefusedRequest("from and to are seconds, and to is the later one")
    if start >= duration:
        raise RefusedRequest("the video ends before that")
    if duration <= WHOLE:
        return 0, math.ceil(duration)
    begin = math.floor(start)
    return begin, min(math.ceil(min(end, begin + LONGEST)), math.ceil(duration))
