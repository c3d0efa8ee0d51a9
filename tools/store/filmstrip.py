"""A span of a video as one picture: its frames side by side, in the order of time.

A strip is made from the kept frames when it is first shown. It is a copy of what is there: who
loses it loses nothing, and it is made again.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import UnknownVideo
from tools.files.checksums import is_sealed_picture, sealed_picture
from tools.files.disk import keep
from tools.files.durable import write_bytes
from tools.media import clock, spread
from tools.store import frames
from tools.vision.contact_sheet import Tile, contact_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.media import Frame
    from tools.store.store import Store

FRAMES = 5
"""Pictures in a strip, at most."""
WIDTH = 1280
_NAME = re.compile(r"videos/(\w+)/strips/(\d+)-(\d+)\.jpg")


def strip_name(video: str, start: float, end: float) -> str:
    """The path of a strip in the store."""
    return f"videos/{video}/strips/{round(start * 1000):09d}-{round(end * 1000):09d}.jpg"


def is_strip(image: str) -> bool:
    """Whether a picture of the library is a strip."""
    return _NAME.fullmatch(image) is not None


def inside(frames: Sequence[Frame], start: float, end: float) -> Sequence[Frame]:
    """The frames in [start, end), in whole milliseconds as ids have them; they come by time."""
    first, last = (
        bisect_left(frames, round(at * 1000), key=lambda one: round(one.seconds * 1000))
        for at in (start, end)
    )
    return frames[first:last]


def strip(store: Store, image: str) -> Path:
    """The file of a strip, or of a frame in it where the disk takes no strip.

    UnknownVideo where no frame is kept in its span.
    """
    match = _NAME.fullmatch(image)
    path = store.image_path(image)
    if match is None:
        raise UnknownVideo(f"{image!r} is not a picture of the library")
    if not is_sealed_picture(path):
        shown = inside(store.frames(match[1]), int(match[2]) / 1000, int(match[3]) / 1000)
        if not shown:
            raise UnknownVideo(f"no frame of {match[1]} is kept in that span")
        shown = spread(shown, FRAMES)
        tiles = [Tile(frames.picture(store, one.image), clock(one.seconds)) for one in shown]
        made = contact_sheet(tiles, WIDTH, columns=len(tiles))
        kept = False
        with keep("strips"):
            path.parent.mkdir(exist_ok=True)
            write_bytes(path, sealed_picture(path.name, made.jpeg))
            kept = True
        if not kept:
            return tiles[len(tiles) // 2].image
    return path


def picture(store: Store, image: str) -> Path:
    """The file of a frame's picture or of a strip; made again if it is missing or damaged."""
    return strip(store, image) if is_strip(image) else frames.picture(store, image)


def image_of(frames: Sequence[Frame], start: float, end: float) -> str | None:
    """The picture of a span: a strip where several frames are kept in it, else the best one."""
    kept = inside(frames, start, end)
    if len(kept) > 1:
        return strip_name(kept[0].video, start, end)
    if not frames or kept:
        return kept[0].image if kept else None
    before = bisect_right(frames, start + 1e-3, key=lambda one: one.seconds)
    return frames[max(before - 1, 0)].image
