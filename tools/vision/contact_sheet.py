"""Contact sheets: many pictures in one, each below the label by which it is cited.

Their comment is left blank for a checksum: `tools.files.checksums` puts it there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tools.errors import UnreadableMedia
from tools.files.checksums import BLANK

if TYPE_CHECKING:
    from PIL import Image

WIDTH, BAR, GAP = 1024, 22, 4
"""Pixels: of a sheet's width, of a label's height, and between tiles."""
QUALITY = 82


class Tile(NamedTuple):
    """A picture's file and the label above it."""

    image: Path
    label: str


class Sheet(NamedTuple):
    """A JPEG, with its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def contact_sheet(tiles: Sequence[Tile], width: int = WIDTH, columns: int = 0) -> Sheet:
    """Lay out a tile or more, at most `width` pixels wide; UnreadableMedia names a broken file.

    They stand in rows; there are about as many columns as rows where `columns` is 0.
    """
    from PIL import Image, ImageDraw, ImageFont

    columns = columns or math.ceil(math.sqrt(len(tiles)))
    wide = (width - GAP * (columns - 1)) // columns
    pictures = [scaled(tile.image, wide) for tile in tiles]
    high = max(picture.height for picture in pictures) + BAR
    rows = math.ceil(len(tiles) / columns)
    size = columns * (wide + GAP) - GAP, rows * (high + GAP) - GAP
    sheet = Image.new("RGB", size, "black")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(BAR - 8)
    for place, (tile, picture) in enumerate(zip(tiles, pictures, strict=True)):
        row, column = divmod(place, columns)
        left, top = column * (wide + GAP), row * (high + GAP)
        sheet.paste(picture, (left, top + BAR))
        draw.text((left + 2, top + 2), tile.label, "white", font)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=QUALITY, comment=BLANK)
    return Sheet(out.getvalue(), *size)


def thumbnail(image: Path, width: int) -> bytes:
    """Encode a picture as a JPEG at most `width` pixels wide; UnreadableMedia if it is broken."""
    out = io.BytesIO()
    scaled(image, width).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def scaled(image: Path, wide: int) -> Image.Image:
    """Open a picture, made smaller to at most `wide` pixels; UnreadableMedia if it is broken."""
    from PIL import Image

    try:
        with Image.open(image, formats=("JPEG", "PNG", "WEBP")) as opened:
            opened.draft("RGB", (wide, 1))  # a JPEG is decoded not much larger than that
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableMedia(f"{image} is no picture that can be read: {error}") from error
    if picture.width <= wide:
        return picture  # a small picture does not gain by being blown up
    high = max(1, round(picture.height * wide / picture.width))
    # LANCZOS looks the same (43 dB between them) and takes three times as long.
    return picture.resize((wide, high), Image.Resampling.HAMMING)
