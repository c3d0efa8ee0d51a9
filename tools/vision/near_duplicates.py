"""Near-duplicate detection among kept frames, so that only one of each group is embedded.

Two pictures are compared in grey, at most WIDTH pixels wide, block by block: how much lighter or
darker a block is (tone), and how much its texture differs beyond that. One small character that
changes is above the limits, coding noise is below (1.5 at most, H.264 at CRF 23 and 30). What
moves is never the same: a slide must not be taken for the one before it.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Thumbnail = NDArray[np.uint8]
"""Grey values, height and width in whole blocks."""
WIDTH, BLOCK = 640, 8
"""Pixels: of a thumbnail, and of a block's side."""
TEXTURE, TONE = 1.7, 4.0
"""Luma steps out of 255 that a block of the same picture differs by, at most."""
LOOKED_BACK = 12
"""Different pictures that a frame is compared with, the latest first."""


def thumbnail(path: Path) -> Thumbnail:
    """Load a picture for comparison; OSError if it is none."""
    with Image.open(path) as picture:
        picture.draft("L", (WIDTH, 1))
        grey = picture.convert("L")
    if grey.width > WIDTH:
        height = max(round(grey.height * WIDTH / grey.width), 1)
        grey = grey.resize((WIDTH, height), Image.Resampling.BOX)
    return whole_blocks(np.asarray(grey))


def whole_blocks(grey: Thumbnail) -> Thumbnail:
    """Pad a picture to whole blocks by repeating its last row and column."""
    height, width = grey.shape
    return np.pad(grey, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")


def is_near_duplicate(one: Thumbnail, other: Thumbnail) -> bool:
    """True if no block of the two pictures differs by more than noise."""
    import cv2

    if one.shape != other.shape:
        return False
    apart = one.astype(np.float32) - other
    full = apart.shape[::-1]
    blocks = full[0] // BLOCK, full[1] // BLOCK
    tone = cv2.resize(apart, blocks, interpolation=cv2.INTER_AREA)  # the mean of each block
    if np.abs(tone).max() > TONE:
        return False
    texture = np.abs(apart - cv2.resize(tone, full, interpolation=cv2.INTER_NEAREST))
    return bool(cv2.resize(texture, blocks, interpolation=cv2.INTER_AREA).max() <= TEXTURE)


def duplicate_groups(pictures: Iterable[Thumbnail]) -> list[int]:
    """The group of each picture, counted from 0; near-duplicates share one."""
    groups: list[int] = []
    seen: list[tuple[int, Thumbnail]] = []  # the latest last
    for picture in pictures:
        known = next((one for one in reversed(seen) if is_near_duplicate(one[1], picture)), None)
        known = known or (max(groups, default=-1) + 1, picture)
        seen = [*(one for one in seen if one is not known), known][-LOOKED_BACK:]
        groups.append(known[0])
    return groups
