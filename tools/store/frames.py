"""Frames of a video by a sampling strategy; pictures that are missing are decoded and kept."""

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.errors import Damaged, Interrupted, UnreadableMedia, VideoError
from tools.files.durable import digest, read_lines, sync_folder, workplace
from tools.media import Attributes, Frame
from tools.sandbox import UNTIL, Child
from tools.store.manifest import REPAIR
from tools.store.records import frame_image, seconds_of
from tools.store.store import Store
from tools.vision.colour import measure_picture
from tools.vision.sampling import Skipped, Strategy, choose, skipped

NEAR = 0.5
"""Seconds within which a kept frame shows a moment well enough."""
PICTURED = ("keyframes.jsonl", "frames.jsonl")
"""The files whose rows name pictures."""


def sample(
    store: Store,
    video: str,
    strategy: Strategy,
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> list[Frame]:
    """The frames that a strategy keeps within [start, end), by time, each with its reason."""
    if store.get(video).width is None:
        return []
    scenes = [(scene.start, scene.end) for scene in store.scenes(video)]
    chosen = choose(
        strategy,
        store.signals(video),
        scenes,
        count=count,
        start=start,
        end=float("inf") if end is None else end,
    )
    frames = [Frame(video, round(at, 6), frame_image(video, at), reason) for at, reason in chosen]
    missing = [frame for frame in frames if not store.has_picture(frame.image)]
    if missing:
        decode(store, video, [frame.seconds for frame in missing])
        _mark(store, missing)
    return [frame for frame in frames if store.has_picture(frame.image)]


def left_out(
    store: Store,
    video: str,
    strategy: Strategy,
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> list[Skipped]:
    """What `sample` does not keep, given the same arguments, and why."""
    if store.get(video).width is None:
        return []
    return skipped(
        strategy,
        store.signals(video),
        [(scene.start, scene.end) for scene in store.scenes(video)],
        count=count,
        start=start,
        end=float("inf") if end is None else end,
    )


def at(store: Store, video: str, seconds: float) -> Frame | None:
    """The picture on screen at a moment, decoded now if it was not kept; None without a picture."""
    one = store.get(video)
    if one.width is None:
        return None
    seconds = min(max(seconds, 0.0), max(one.duration - 0.04, 0.0))
    near = [f for f in store.frames(video) if abs(f.seconds - seconds) <= NEAR]
    if near:
        return min(near, key=lambda frame: abs(frame.seconds - seconds))
    frame = Frame(video, round(seconds, 3), frame_image(video, seconds), "asked for")
    if not store.has_picture(frame.image):
        decode(store, video, [frame.seconds])
        _mark(store, [frame])
    return frame if store.has_picture(frame.image) else None


def at_times(store: Store, video: str, times: Sequence[float]) -> list[Frame]:
    """The pictures on screen at some times, decoded now as far as there is time for it."""
    wanted = [Frame(video, round(at, 3), frame_image(video, at), "looked closer") for at in times]
    missing = [frame for frame in wanted if not store.has_picture(frame.image)]
    if missing:
        try:
            decode(store, video, [frame.seconds for frame in missing])
        except Interrupted:
            if time.monotonic() < UNTIL.get():
                raise
        _mark(store, missing)
    return [frame for frame in wanted if store.has_picture(frame.image)]


def intact(store: Store, video: str, files: Mapping[str, str]) -> bool:
    """Whether a stage's files are what it wrote; a broken picture is decoded again first."""
    folder = store.folder(video)
    for name, checksum in files.items():
        if not (folder / name).is_file() or digest(folder / name) != checksum:
            return False
    rows = [row for name in PICTURED if name in files for row in read_lines(folder / name)]
    broken = [row for row in rows if not store.has_picture(row["image"])]
    if broken:
        with suppress(UnreadableMedia):
            decode(store, video, [row["seconds"] for row in broken])
    return all(store.has_picture(row["image"]) for row in broken)


def decode(store: Store, video: str, seconds: list[float]) -> None:
    """Decode the frames on screen at these times into the video's folder of pictures.

    Without the lock, so that a question need not wait for an index: a picture's name says all that
    decides its content, so whoever renames it last changes nothing.
    """
    folder = store.folder(video)
    source = store.original(video)
    if (folder / "frames").is_symlink():  # nothing is written where a link leads
        raise Damaged(f"the pictures of {video} lie outside the library: run `{REPAIR}`")
    try:
        (folder / "frames").mkdir(exist_ok=True)
        with workplace(folder, "look-") as scratch, Child(writes=scratch) as child:
            for event in child.call(
                "tools.video.jpeg:pictures",
                path=str(source),
                target=str(scratch),
                seconds=seconds,
            ):
                if "frame" in event:
                    take_picture(event["frame"]["name"], scratch, folder / "frames")
            sync_folder(folder / "frames")
    except (FileNotFoundError, FileExistsError, UnreadableMedia):
        store.manifest(video)  # UnknownVideo where it was removed meanwhile
        raise


def take_picture(name: str, scratch: Path, pictures: Path) -> None:
    """Move a picture of the decoder's to the others; its name may lead nowhere else."""
    if not re.fullmatch(r"\d+\.jpg", name):
        raise UnreadableMedia(f"the decoder gave a picture a wrong name: {name[:40]!r}")
    (scratch / name).replace(pictures / name)


def _mark(store: Store, asked: list[Frame]) -> None:
    """Leave a sign that these should be there: one that goes missing is missed."""
    named = store.pictures(asked[0].video)
    for frame in asked:
        if frame.image not in named and store.image_path(frame.image).exists():
            store.asked(frame.image).touch()


def picture(store: Store, image: str) -> Path:
    """The file of a frame's picture, decoded again if it is missing or damaged; else Damaged."""
    path = store.image_path(image)
    if not store.has_picture(image):
        try:
            decode(store, path.parent.parent.name, [seconds_of(image)])
            trouble = f"run `{REPAIR}`"
        except VideoError as error:
            trouble = f"{error}, then run `{REPAIR}`"
        if not store.has_picture(image):
            raise Damaged(f"the picture {image} is damaged: {trouble}")
    return path


def attributes_at(store: Store, video: str, seconds: float) -> Attributes | None:
    """Colours and light of the picture at a time: its own, else of the kept frame nearest."""
    best = store.nearest_attributes(video, seconds)
    image = frame_image(video, seconds)
    if (best and abs(best.seconds - seconds) < 1e-3) or not store.is_kept(image):
        return best
    return measure_picture(video, seconds, picture(store, image))


def attributes_of(store: Store, video: str, start: float, end: float) -> Attributes | None:
    """Colours and light of the kept frame nearest to the middle of a span."""
    return attributes_at(store, video, (start + end) / 2)
