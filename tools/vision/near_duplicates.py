"""Kept frames that look the same, so that only one of each is embedded.

Two pictures are compared in grey, at most WIDTH pixels wide, block by block: how much lighter or
darker a block is (tone), and how much its texture differs beyond that. One small character that
changes is above the limits, coding noise is below (1.5 at most, H.264 at CRF 23 and 30). What
moves is never the same: a slide must not be taken for the one before it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Thumbnail = NDArray[np.float32]
WIDTH, BLOCK = 640, 8
TEXTURE, TONE = 1.7, 4.0
"""Luma steps out of 255 that a block of the same picture differs by, at most."""
LOOKED_BACK = 12
"""A frame is compared with so many different pictures, the latest first."""


def thumbnail(path: Path) -> Thumbnail:
    """The picture in grey, 0 to 255, in blocks: rows, pixel rows, columns, pixel columns."""
    with Image.open(path) as picture:
        picture.draft("L", (WIDTH, 1))
        grey = picture.convert("L")
    if grey.width > WIDTH:
        height = max(round(grey.height * WIDTH / grey.width), 1)
        grey = grey.resize((WIDTH, height), Image.Resampling.BOX)
    return blocks_of(np.asarray(grey))


def blocks_of(grey: NDArray[Any]) -> Thumbnail:
    """A picture of grey values in whole blocks; its last row and column are repeated."""
    height, width = grey.shape
    pad = ((0, -height % BLOCK), (0, -width % BLOCK))
    whole = np.pad(grey, pad, mode="edge").astype(np.float32)
    return whole.reshape(whole.shape[0] // BLOCK, BLOCK, whole.shape[1] // BLOCK, BLOCK)


def look_alike(one: Thumbnail, other: Thumbnail) -> bool:
    """Whether no block of the two pictures differs by more than noise."""
    if one.shape != other.shape:
        return False
    apart = one - other
    tone = apart.mean((1, 3), keepdims=True)
    if np.abs(tone).max() > TONE:
        return False
    return bool(np.abs(apart - tone).mean((1, 3)).max() <= TEXTURE)


def numbered(pictures: Iterable[Thumbnail]) -> list[int]:
    """The number of each picture; equal numbers look the same, new ones count up from 0."""
    numbers: list[int] = []
    seen: list[tuple[int, Thumbnail]] = []  # the latest last
    for picture in pictures:
        known = next((one for one in reversed(seen) if look_alike(one[1], picture)), None)
        known = known or (max(numbers, default=-1) + 1, picture)
        seen = [*(one for one in seen if one is not known), known][-LOOKED_BACK:]
        numbers.append(known[0])
    return numbers
