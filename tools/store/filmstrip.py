"""Filmstrip: a span of a video as one picture, its frames side by side by time.

A strip is made from the kept frames when it is first shown. It may be deleted at any time.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

from tools.errors import UnknownVideo
from tools.files.checksums import add_picture_checksum, is_intact_picture
from tools.files.disk import best_effort
from tools.files.durable import write_bytes
from tools.media import Frame, clock, spread
from tools.store import frames
from tools.store.store import Store
from tools.vision.contact_sheet import Tile, contact_sheet

FRAMES = 5
"""Frames in a strip, at most."""
WIDTH = 1280
"""Pixels."""
_NAME = re.compile(r"videos/(\w+)/strips/(\d+)-(\d+)\.jpg")


def strip_name(video: str, start: float, end: float) -> str:
    """Path of a strip in the library."""
    return f"videos/{video}/strips/{round(start * 1000):09d}-{round(end * 1000):09d}.jpg"


def is_strip(image: str) -> bool:
    """True if a picture of the library is a strip."""
    return _NAME.fullmatch(image) is not None


def frames_inside(frames: Sequence[Frame], start: float, end: float) -> Sequence[Frame]:
    """Frames in [start, end), compared in whole milliseconds as in ids; given by time."""
    first, last = (
        bisect_left(frames, round(at * 1000), key=lambda one: round(one.seconds * 1000))
        for at in (start, end)
    )
    return frames[first:last]


def picture_file(store: Store, image: str) -> Path:
    """File of a frame's picture or of a strip; made again if missing or damaged.

    A frame of the strip if the disk takes no strip; UnknownVideo if no frame is kept in its span.
    """
    match = _NAME.fullmatch(image)
    if match is None:
        return frames.picture_file(store, image)
    path = store.image_path(image)
    if is_intact_picture(path):
        return path
    video, start, end = match[1], int(match[2]) / 1000, int(match[3]) / 1000
    shown = spread(frames_inside(store.frames(video), start, end), FRAMES)
    if not shown:
        raise UnknownVideo(f"no frame of {video} is kept in that span")
    tiles = [Tile(frames.picture_file(store, f.image), clock(f.seconds)) for f in shown]
    sheet = contact_sheet(tiles, WIDTH, columns=len(tiles))
    with best_effort("strips"):
        path.parent.mkdir(exist_ok=True)
        write_bytes(path, add_picture_checksum(path.name, sheet.jpeg))
        return path
    return tiles[len(tiles) // 2].image


def image_of(frames: Sequence[Frame], start: float, end: float) -> str | None:
    """Picture of a span: a strip of its frames, its only frame, or else the last one before it."""
    kept = frames_inside(frames, start, end)
    if len(kept) > 1:
        return strip_name(kept[0].video, start, end)
    if kept or not frames:
        return kept[0].image if kept else None
    before = bisect_right(frames, start + 1e-3, key=lambda frame: frame.seconds)
    return frames[max(before - 1, 0)].image
