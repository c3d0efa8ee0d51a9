"""A span of a video as one picture: its frames side by side, in the order of time.

A strip is made from the kept frames when it is first shown. It is a copy of what is there: who
loses it loses nothing, and it is made again.
"""

from __future__ import annotations

import re
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


def frames_of(store: Store, video: str, start: float, end: float) -> list[Frame]:
    """The kept frames that a strip of a span shows, evenly spread over those inside it."""
    first, last = round(start * 1000), round(end * 1000)  # as the span's id has them
    inside = [one for one in store.frames(video) if first <= round(one.seconds * 1000) < last]
    return spread(inside, FRAMES)


def strip(store: Store, image: str) -> Path:
    """The file of a strip, or of a frame in it where the disk takes no strip.

    UnknownVideo where no frame is kept in its span.
    """
    match = _NAME.fullmatch(image)
    path = store.image_path(image)
    if match is None:
        raise UnknownVideo(f"{image!r} is not a picture of the library")
    if not is_sealed_picture(path):
        inside = frames_of(store, match[1], int(match[2]) / 1000, int(match[3]) / 1000)
        if not inside:
            raise UnknownVideo(f"no frame of {match[1]} is kept in that span")
        tiles = [Tile(frames.picture(store, one.image), clock(one.seconds)) for one in inside]
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


def image_of(store: Store, video: str, start: float, end: float) -> str | None:
    """The picture of a span: a strip where several frames are kept in it, else the best one."""
    if len(frames_of(store, video, start, end)) > 1:
        return strip_name(video, start, end)
    return store.image_at(video, start, end)
