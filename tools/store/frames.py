"""Frames of a video by a sampling strategy; pictures that are missing are decoded and kept."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.errors import Damaged, Interrupted, UnreadableMedia
from tools.files.durable import digest, read_lines, sync_folder, workplace
from tools.library import Library
from tools.media import Frame
from tools.sandbox import UNTIL, Child
from tools.store.manifest import REPAIR
from tools.vision.sampling import Skipped, Strategy, choose, skipped

NEAR = 0.5
"""Seconds within which a kept frame shows a moment well enough."""
PICTURED = ("keyframes.jsonl", "frames.jsonl")
"""The files whose rows name pictures."""


def sample(
    library: Library,
    video: str,
    strategy: Strategy,
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> list[Frame]:
    """The frames that a strategy keeps within [start, end), by time, each with its reason."""
    if library.get(video).width is None:
        return []
    scenes = [(scene.start, scene.end) for scene in library.scenes(video)]
    chosen = choose(
        strategy,
        library.signals(video),
        scenes,
        count=count,
        start=start,
        end=float("inf") if end is None else end,
    )
    frames = [Frame(video, round(at, 6), _image(video, at), reason) for at, reason in chosen]
    missing = [frame for frame in frames if not library.has_picture(frame.image)]
    if missing:
        decode(library, video, [frame.seconds for frame in missing])
        _mark(library, missing)
    return [frame for frame in frames if library.has_picture(frame.image)]


def left_out(
    library: Library,
    video: str,
    strategy: Strategy,
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> list[Skipped]:
    """What `sample` does not keep, given the same arguments, and why."""
    if library.get(video).width is None:
        return []
    return skipped(
        strategy,
        library.signals(video),
        [(scene.start, scene.end) for scene in library.scenes(video)],
        count=count,
        start=start,
        end=float("inf") if end is None else end,
    )


def at(library: Library, video: str, seconds: float) -> Frame | None:
    """The picture on screen at a moment, decoded now if it was not kept; None without a picture."""
    one = library.get(video)
    if one.width is None:
        return None
    seconds = min(max(seconds, 0.0), max(one.duration - 0.04, 0.0))
    near = [f for f in library.frames(video) if abs(f.seconds - seconds) <= NEAR]
    if near:
        return min(near, key=lambda frame: abs(frame.seconds - seconds))
    frame = Frame(video, round(seconds, 3), _image(video, seconds), "asked for")
    if not library.has_picture(frame.image):
        decode(library, video, [frame.seconds])
        _mark(library, [frame])
    return frame if library.has_picture(frame.image) else None


def at_times(library: Library, video: str, times: Sequence[float]) -> list[Frame]:
    """The pictures on screen at some times, decoded now as far as there is time for it."""
    wanted = [Frame(video, round(at, 3), _image(video, at), "looked closer") for at in times]
    missing = [frame for frame in wanted if not library.has_picture(frame.image)]
    if missing:
        try:
            decode(library, video, [frame.seconds for frame in missing])
        except Interrupted:
            if time.monotonic() < UNTIL.get():
                raise
        _mark(library, missing)
    return [frame for frame in wanted if library.has_picture(frame.image)]


def intact(library: Library, video: str, files: Mapping[str, str]) -> bool:
    """Whether a stage's files are what it wrote; a broken picture is decoded again first."""
    folder = library.folder(video)
    for name, checksum in files.items():
        if not (folder / name).is_file() or digest(folder / name) != checksum:
            return False
    rows = [row for name in PICTURED if name in files for row in read_lines(folder / name)]
    broken = [row for row in rows if not library.has_picture(row["image"])]
    if broken:
        with suppress(UnreadableMedia):
            decode(library, video, [row["seconds"] for row in broken])
    return all(library.has_picture(row["image"]) for row in broken)


def decode(library: Library, video: str, seconds: list[float]) -> None:
    """Decode the frames on screen at these times into the video's folder of pictures.

    Without the lock, so that a question need not wait for an index: a picture's name says all that
    decides its content, so whoever renames it last changes nothing.
    """
    folder = library.folder(video)
    source = library.original(video)
    if (folder / "frames").is_symlink():  # nothing is written where a link leads
        raise Damaged(f"the pictures of {video} lie outside the library: run `{REPAIR}`")
    try:
        (folder / "frames").mkdir(exist_ok=True)
        with Child() as child, workplace(folder, "look-") as scratch:
            for event in child.call(
                "tools.video.jpeg:pictures",
                path=str(source),
                target=str(scratch),
                seconds=seconds,
            ):
                if "frame" in event:
                    picture = scratch / event["frame"]["name"]
                    picture.replace(folder / "frames" / picture.name)
            sync_folder(folder / "frames")
    except (FileNotFoundError, FileExistsError, UnreadableMedia):
        library.manifest(video)  # UnknownVideo where it was removed meanwhile
        raise


def _mark(library: Library, asked: list[Frame]) -> None:
    """Leave a sign that these should be there: one that goes missing is missed."""
    named = library.pictures(asked[0].video)
    for frame in asked:
        if frame.image not in named and library.image_path(frame.image).exists():
            library.asked(frame.image).touch()


def _image(video: str, seconds: float) -> str:
    return str(Path("videos", video, "frames", f"{round(seconds * 1000):09d}.jpg"))
