"""Clips: one span of a video as a file of its own."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.errors import RefusedRequest
from tools.export.files import file_name, new_file
from tools.export.signed import sign_export
from tools.files.disk import check_space, size_text
from tools.library import Library
from tools.media import Video, timestamp
from tools.provenance.keys import keys_of
from tools.sandbox import Child
from tools.store.store import Store

FOLDER = "exports"
"""Folder of a video for the clips that are kept in the library: they go when it is removed."""
LONGEST = 600.0
"""Seconds of a clip that is kept in the library, at most."""
ROOM = 2 << 30
"""Bytes of all clips that are kept in the library, at most."""
ROUNDING = 0.05
"""Seconds by which an end may lie behind the video: a length that people see is rounded."""

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Clip:
    """A clip that was cut; path is absolute, start and end are seconds of its video."""

    path: str
    start: float
    end: float


def span_of(video: Video, start: float, end: float) -> tuple[float, float]:
    """A span inside a video; RefusedRequest says why there is none."""
    if not (math.isfinite(start) and math.isfinite(end)) or start < 0:
        raise RefusedRequest("start and end are seconds from the beginning, zero or more")
    if end <= start:
        raise RefusedRequest(
            f"the end ({timestamp(end)}) is not after the start ({timestamp(start)}): "
            "a clip has a length"
        )
    if start >= video.duration or end > video.duration + ROUNDING:
        raise RefusedRequest(
            f"{video.title!r} ends at {timestamp(video.duration)}: name a span inside it"
        )
    return start, min(end, video.duration)


def clip_name(video: Video, start: float, end: float) -> str:
    """Name of the file of a clip."""
    return file_name(video.title, ending(video), (start, end))


def ending(video: Video) -> str:
    """Ending of the name of a clip: sound alone is no video."""
    return ".m4a" if video.width is None else ".mp4"


def cut_clip(
    library: Library,
    video: Video,
    start: float,
    end: float,
    target: Path,
    child: Child | None = None,
    on_progress: Progress = lambda _: None,
) -> Clip:
    """Cut [start, end) of a video into a new file, H.264 and AAC, exact to the frame, signed."""
    start, end = span_of(video, start, end)
    original = library.original(video.id)
    keys = keys_of(library.home, library.signing)  # a key that is not fit is told before the work
    with new_file(target) as part, child or Child() as child:
        child.writes = part.parent
        for event in child.call(
            "tools.video.cut:write_cut",
            sources=[str(original)],
            spans=[[start, end]],
            target=str(part),
        ):
            on_progress(event["fraction"])
        sign_export(library, part, target.name, {video.id: [(start, end)]}, keys)
    return Clip(str(target.absolute()), start, end)


def kept_path(store: Store, video: Video, start: float, end: float) -> Path:
    """Path of a clip that is kept in the library, whether or not it was cut; whole milliseconds."""
    name = f"{round(start * 1000)}-{round(end * 1000)}{ending(video)}"
    return store.folder(video.id) / FOLDER / name


def keep_clip(
    library: Library, video: Video, start: float, end: float, child: Child | None = None
) -> Clip:
    """Cut a clip that is kept in the library; one that is there already is not cut again.

    RefusedRequest beyond LONGEST and ROOM, DiskFull where too little is free.
    """
    start, end = span_of(video, start, end)
    if end - start > LONGEST:
        raise RefusedRequest(
            f"a clip that is kept here has {LONGEST / 60:.0f} minutes at most: `cuepoint clip` "
            "cuts longer ones"
        )
    target = kept_path(library, video, start, end)
    if target.exists():
        return Clip(str(target), start, end)
    taken = sum(path.stat().st_size for path in library.root.glob(f"videos/*/{FOLDER}/*-*.m*"))
    if taken >= ROOM:
        raise RefusedRequest(
            f"the clips that are kept here take {size_text(taken)}, and {size_text(ROOM)} is the "
            "most: delete some first"
        )
    check_space(library.root)
    target.parent.mkdir(exist_ok=True)
    try:
        return cut_clip(library, video, start, end, target, child)
    except RefusedRequest:
        if not target.exists():
            raise
        return Clip(str(target), start, end)  # another one cut the same meanwhile
