"""Crops: objects cut out of the pictures that show them, as an embedder of pictures takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.embed.embedder import PictureEmbedder
from tools.errors import UnreadableMedia
from tools.vision.appearance import NAME

if TYPE_CHECKING:
    from tools.embed.embedder import Floats

AROUND = 0.1
"""Sizes of an object that are shown around it."""
LEAST = 8
"""Pixels of a side of a crop."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""
Boxes = Sequence[tuple[float, float, float, float, float]]
"""Times, each with the box there."""


def box_at(boxes: Boxes, seconds: float) -> Box:
    """Box of an object at a time; between two boxes it goes straight on."""
    import numpy as np

    times, *sides = zip(*boxes, strict=True)
    left, top, right, bottom = (float(np.interp(seconds, times, side)) for side in sides)
    return left, top, right, bottom


def embedded_crops(
    embedder: PictureEmbedder, shown: Sequence[tuple[Path, Box]], folder: Path
) -> Floats:
    """Embed objects, each given as a picture and its box there, a unit row each.

    The crops lie in a folder meanwhile. UnreadableMedia names what is no picture. Models get them
    as squares: some stretch a picture to one, others cut it. Measured appearance is of them alone.
    """
    paths = [folder / f"crop-{n}.png" for n in range(len(shown))]
    try:
        for path, (picture, box) in zip(paths, shown, strict=True):
            _cut_out(picture, box, embedder.name != NAME, path)
        return embedder.images(paths)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _cut_out(picture: Path, box: Box, square: bool, target: Path) -> None:
    from PIL import Image

    try:
        with Image.open(picture, formats=("JPEG",)) as whole:
            crop: Any = whole.convert("RGB").crop(_pixels(box, whole.size, square))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableMedia(f"{picture.name} is no picture that can be read") from error
    crop.save(target, compress_level=1)


def _pixels(box: Box, size: tuple[int, int], square: bool) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in pixels, inside a picture of this size."""
    sides = [
        ((box[axis] + box[axis + 2]) / 2 * size[axis], (box[axis + 2] - box[axis]) * size[axis])
        for axis in (0, 1)
    ]
    longest = max(length for _, length in sides)
    spans: list[tuple[int, int]] = []
    for (middle, length), whole in zip(sides, size, strict=True):
        wanted = max((longest if square else length) * (1 + 2 * AROUND), LEAST)
        wide = min(round(wanted), whole)
        first = min(max(round(middle - wide / 2), 0), whole - wide)
        spans.append((first, first + wide))
    (left, right), (top, bottom) = spans
    return left, top, right, bottom
