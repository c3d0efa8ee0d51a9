"""Pictures of results: one contact sheet for all of them, small ones for the app."""

import base64
from collections.abc import Sequence
from contextlib import suppress

from tools.errors import VideoError
from tools.library import Library
from tools.media import Evidence, timestamp
from tools.store.filmstrip import is_strip
from tools.vision.contact_sheet import Tile, contact_sheet, thumbnail

SIZES = ((1024, 12), (768, 12), (640, 9), (512, 6), (384, 2), (256, 1))
"""Width in pixels and number of tiles of a sheet, from the best to the smallest."""
MOST_BYTES = 149_000
"""Bytes of a sheet: in base64, as it travels, it stays below 200,000."""
SMALL = 480
"""Width in pixels of a picture of the app."""
Tiles = Sequence[tuple[int, Evidence, str]]
"""Evidence with the number under which the text tells of it, and a frame of it."""


def pictured(
    library: Library, evidence: Sequence[Evidence], numbers: Sequence[int]
) -> list[tuple[int, Evidence, str]]:
    """Evidence with a frame, the first of each frame; as many as a sheet holds."""
    first: dict[str, tuple[int, Evidence, str]] = {}
    for number, one in zip(numbers, evidence, strict=True):
        image = one.image
        if image and is_strip(image):  # several frames: too small beside others
            image = library.image_at(one.video, one.start, one.end)
        if image:
            first.setdefault(image, (number, one, image))
    return list(first.values())[: SIZES[0][1]]


def sheet_of(library: Library, tiles: Tiles) -> tuple[bytes | None, Tiles]:
    """Contact sheet of some pictures, the largest that has room, and which of them it shows."""
    files: list[tuple[Tile, tuple[int, Evidence, str]]] = []
    for tile in tiles:
        with suppress(VideoError):  # its text says what it shows
            number, one, image = tile
            label = f"{number}  {timestamp(one.start)}"
            files.append((Tile(library.picture(image), label), tile))
    for width, count in SIZES:
        shown = files[:count]
        with suppress(VideoError):
            if not shown:
                break
            jpeg = contact_sheet([tile for tile, _ in shown], width).jpeg
            if len(jpeg) <= MOST_BYTES:
                return jpeg, [one for _, one in shown]
    return None, ()


def data_address(library: Library, image: str) -> str:
    """Picture as a data address, small; empty if it is gone."""
    with suppress(VideoError):
        jpeg = base64.b64encode(thumbnail(library.picture(image), SMALL)).decode()
        return f"data:image/jpeg;base64,{jpeg}"
    return ""
