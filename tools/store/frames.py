"""Frames of a video by a sampling strategy; pictures that are missing are decoded and kept."""

import re
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from operator import mul
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

from tools.errors import Damaged, Interrupted, UnreadableMedia, VideoError
from tools.files.durable import digest, read_lines, sync_folder, temporary_folder
from tools.media import Attributes, Frame
from tools.sandbox import DEADLINE, Child
from tools.store.manifest import REPAIR
from tools.store.records import SIGHTINGS, frame_image, seconds_of
from tools.store.store import Store
from tools.vision.colour import measure_picture
from tools.vision.sampling import Skipped, Strategy, choose, skipped

NEAR = 0.5
"""Seconds within which a kept frame shows a moment well enough."""
PICTURED = ("keyframes.jsonl", "frames.jsonl", SIGHTINGS)
"""Files whose rows name pictures."""
_T = TypeVar("_T")


class Bounds(TypedDict, total=False):
    """Number of frames, and the span in seconds; without an end, until that of the video."""

    count: int | None
    start: float
    end: float | None


def sample_frames(
    store: Store, video: str, strategy: Strategy, **bounds: Unpack[Bounds]
) -> list[Frame]:
    """Sample the frames that a strategy keeps in a span, by time, each with its reason."""
    chosen = _choose(choose, store, video, strategy, bounds)
    times = [(round(at, 6), frame_image(video, at), reason) for at, reason in chosen]
    return _with_pictures(store, [Frame(video, *time_and_image) for time_and_image in times])


def skipped_frames(
    store: Store, video: str, strategy: Strategy, **bounds: Unpack[Bounds]
) -> list[Skipped]:
    """Frames that `sample_frames` does not keep, given the same arguments, and why."""
    return _choose(skipped, store, video, strategy, bounds)


def _choose(
    rule: Callable[..., list[_T]], store: Store, video: str, strategy: Strategy, bounds: Bounds
) -> list[_T]:
    if store.get(video).width is None:
        return []
    scenes = [(scene.start, scene.end) for scene in store.scenes(video)]
    given: dict[str, Any] = {name: value for name, value in bounds.items() if value is not None}
    return rule(strategy, store.signals(video), scenes, **given)


def frame_near(store: Store, video: str, seconds: float) -> Frame | None:
    """Frame on screen at a moment, decoded now if none is kept near; None without a picture."""
    metadata = store.get(video)
    if metadata.width is None:
        return None
    seconds = min(max(seconds, 0.0), max(metadata.duration - 0.04, 0.0))
    near = [f for f in store.frames(video) if abs(f.seconds - seconds) <= NEAR]
    if near:
        return min(near, key=lambda frame: abs(frame.seconds - seconds))
    wanted = Frame(video, round(seconds, 3), frame_image(video, seconds), "asked for")
    return next(iter(_with_pictures(store, [wanted])), None)


def frames_at(store: Store, video: str, times: Sequence[float]) -> list[Frame]:
    """Frames on screen at some times, decoded now as far as there is time for it."""
    wanted = [Frame(video, round(at, 3), frame_image(video, at), "looked closer") for at in times]
    return _with_pictures(store, wanted, until_deadline=True)


def _with_pictures(
    store: Store, frames: list[Frame], *, until_deadline: bool = False
) -> list[Frame]:
    """Decode the pictures that are missing, and return the frames that have one.

    Decoded pictures get a marker file, so that one that goes missing is noticed. At the deadline,
    `until_deadline` returns what is there; otherwise Interrupted is raised.
    """
    missing = [frame for frame in frames if not store.has_picture(frame.image)]
    if missing:
        video = missing[0].video
        try:
            decode(store, video, [frame.seconds for frame in missing])
        except Interrupted:
            if not until_deadline or time.monotonic() < DEADLINE.get():
                raise
        named = store.pictures(video)
        for frame in missing:
            if frame.image not in named and store.image_path(frame.image).exists():
                store.on_demand_marker(frame.image).touch()
    return [frame for frame in frames if store.has_picture(frame.image)]


def files_intact(store: Store, video: str, files: Mapping[str, str]) -> bool:
    """True if a stage's files are what it wrote; broken pictures are decoded again first."""
    folder = store.folder(video)
    paths = {folder / name: checksum for name, checksum in files.items()}
    if any(not path.is_file() or digest(path) != check for path, check in paths.items()):
        return False
    rows = [row for name in PICTURED if name in files for row in read_lines(folder / name)]
    broken = [row for row in rows if row["image"] and not store.has_picture(row["image"])]
    if broken:
        with suppress(UnreadableMedia):
            decode(store, video, [row["seconds"] for row in broken])
    return all(store.has_picture(row["image"]) for row in broken)


def decode(store: Store, video: str, seconds: list[float]) -> None:
    """Decode the frames on screen at these times into the video's folder of pictures.

    Without the lock, so that a question need not wait for indexing: a picture's name says all that
    decides its content, so whoever renames it last changes nothing.
    """
    folder = store.folder(video)
    source = store.original(video)
    if (folder / "frames").is_symlink():  # nothing is written where a link leads
        raise Damaged(f"the pictures of {video} lie outside the library: run `{REPAIR}`")
    try:
        (folder / "frames").mkdir(exist_ok=True)
        with temporary_folder(folder, "look-") as scratch, Child(writes=scratch) as child:
            given = {"path": str(source), "target": str(scratch), "seconds": seconds}
            for event in child.call("tools.video.jpeg:pictures", **given):
                if "frame" in event:
                    move_picture(event["frame"]["name"], scratch, folder / "frames")
            sync_folder(folder / "frames")
    except (FileNotFoundError, FileExistsError, UnreadableMedia):
        store.manifest(video)  # UnknownVideo where it was removed meanwhile
        raise


def move_picture(name: str, scratch: Path, pictures: Path) -> None:
    """Move a picture from the decoder's folder to the video's; a name with a path is refused."""
    if not re.fullmatch(r"\d+\.jpg", name):
        raise UnreadableMedia(f"the decoder gave a picture a wrong name: {name[:40]!r}")
    (scratch / name).replace(pictures / name)


def picture_file(store: Store, image: str) -> Path:
    """File of a frame's picture, decoded again if missing or damaged; Damaged if that fails."""
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
    """Colours and light of the frame at a time; of the nearest kept frame if there is none."""
    measured = store.attributes(video)
    after = bisect_left(measured, seconds, key=lambda frame: frame.seconds)
    near = measured[max(after - 1, 0) : after + 1]
    best = min(near, key=lambda frame: abs(frame.seconds - seconds), default=None)
    image = frame_image(video, seconds)
    if (best and abs(best.seconds - seconds) < 1e-3) or not store.is_kept(image):
        return best
    return measure_picture(video, seconds, picture_file(store, image))


def attributes_of(store: Store, video: str, start: float, end: float) -> Attributes | None:
    """Colours and light of a span: the mean of its kept frames, each for as long as it stands.

    Of a span without any they are those of the frame nearest to its middle.
    """
    measured = store.attributes(video)
    first, last = (
        bisect_left(measured, at, key=lambda frame: frame.seconds) for at in (start, end)
    )
    inside = measured[first:last]
    if not inside:
        return attributes_at(store, video, (start + end) / 2)
    begins = [start, *(frame.seconds for frame in inside[1:])]
    stands = [after - at for at, after in pairwise([*begins, end])]

    def mean(levels: Iterable[float]) -> float:
        return round(sum(map(mul, levels, stands)) / (end - start), 4)

    names = dict.fromkeys(name for frame in inside for name in frame.colours)
    colours = {name: mean(one.colours.get(name, 0.0) for one in inside) for name in names}
    light = mean(one.brightness for one in inside)
    saturation, motion = mean(one.saturation for one in inside), mean(one.motion for one in inside)
    return Attributes(video, inside[0].seconds, colours, light, saturation, motion)
