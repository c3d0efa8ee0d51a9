"""Near-duplicate detection: frames of which one of each group is embedded, and copies of a picture.

Two pictures are compared in grey, at most WIDTH pixels wide, block by block: how much lighter or
darker a block is (tone), and how much its texture differs beyond that. One small character that
changes is above the limits, coding noise is below (1.5 at most, H.264 at CRF 23 and 30). What
moves is never the same: a slide must not be taken for the one before it.

A copy of another size, coded again or a little lighter, is compared when both are small and alike
in light; what changed in a small part of it goes unnoticed there, so it is told as almost the same.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tools.vision.change_regions import BLOCK, Floats, Grey, block_means

WIDTH = 640
"""Pixels of a thumbnail, at most."""
TEXTURE, TONE = 1.7, 4.0
"""Luma steps out of 255 that a block of the same picture differs by, at most."""
LOOKED_BACK = 12
"""Different pictures that a frame is compared with, the latest first."""
SMALL = 160, 96
"""Pixels of both where a picture may be a copy."""
COPIED = 4.0
"""Luma steps, in tone and in texture, that a block of a copy differs by at most."""
ASPECT = 0.02
"""Difference of their proportions, at most."""
LIGHTER = 1.25
"""How much more contrast a copy may have, or how much less."""


def thumbnail(path: Path) -> Grey:
    """Load a picture for comparison; OSError if the file is none."""
    import cv2

    with Image.open(path) as picture:
        picture.draft("L", (WIDTH, 1))
        grey = np.asarray(picture.convert("L"))
    height, width = grey.shape
    if width <= WIDTH:
        return grey
    # Exact shares of pixels, where a box filter takes whole ones: a copy is scaled by any factor.
    size = WIDTH, max(round(height * WIDTH / width), 1)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def is_near_duplicate(one: Grey, other: Grey) -> bool:
    """True if no block of the two pictures differs by more than noise."""
    if one.shape != other.shape:
        return False
    tone, texture = _differences(one.astype(np.float32), other.astype(np.float32))
    return tone <= TONE and texture <= TEXTURE


def is_copy(one: Grey, other: Grey) -> bool:
    """True if two pictures, as far as is seen small, differ in size, coding and light alone."""
    import cv2

    if abs(one.shape[1] / one.shape[0] / (other.shape[1] / other.shape[0]) - 1) > ASPECT:
        return False
    small = [
        np.asarray(cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA), np.float32)
        for grey in (one, other)
    ]
    first, second = (grey - grey.mean() for grey in small)
    shared = float((first * second).mean()) / max(float((second * second).mean()), 1e-6)
    gain = min(max(shared, 1 / LIGHTER), LIGHTER)  # by least squares
    tone, texture = _differences(first, gain * second)
    return bool(max(tone, texture) <= COPIED)


def _differences(one: Floats, other: Floats) -> tuple[float, float]:
    """Largest difference in tone of two blocks in one place, and in texture beyond that.

    Pictures are padded to whole blocks by repeating their last row and column.
    """
    height, width = one.shape
    apart = np.pad(one - other, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")
    tone = block_means(apart)
    rows, columns = tone.shape
    texture = np.abs(apart.reshape(rows, BLOCK, columns, BLOCK) - tone[:, None, :, None])
    return float(np.abs(tone).max()), float(block_means(texture.reshape(apart.shape)).max())


def duplicate_groups(pictures: Iterable[Grey]) -> list[int]:
    """The group of each picture, counted from 0; near-duplicates share one."""
    groups: list[int] = []
    recent: list[tuple[int, Grey]] = []  # a group and its picture, the latest last
    for picture in pictures:
        known = next((r for r in reversed(recent) if is_near_duplicate(r[1], picture)), None)
        known = known or (max(groups, default=-1) + 1, picture)
        recent = [*(r for r in recent if r is not known), known][-LOOKED_BACK:]
        groups.append(known[0])
    return groups
