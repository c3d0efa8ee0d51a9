"""Near-duplicate detection among kept frames, so that only one of each group is embedded.

Two pictures are compared in grey, at most WIDTH pixels wide, block by block: how much lighter or
darker a block is (tone), and how much its texture differs beyond that. One small character that
changes is above the limits, coding noise is below (1.5 at most, H.264 at CRF 23 and 30). What
moves is never the same: a slide must not be taken for the one before it.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tools.vision.change_regions import BLOCK, Grey, block_means

WIDTH = 640
"""Pixels of a thumbnail, at most."""
TEXTURE, TONE = 1.7, 4.0
"""Luma steps out of 255 that a block of the same picture differs by, at most."""
LOOKED_BACK = 12
"""Different pictures that a frame is compared with, the latest first."""


def thumbnail(path: Path) -> Grey:
    """Load a picture for comparison; OSError if the file is none."""
    with Image.open(path) as picture:
        picture.draft("L", (WIDTH, 1))
        grey = picture.convert("L")
    if grey.width > WIDTH:
        height = max(round(grey.height * WIDTH / grey.width), 1)
        grey = grey.resize((WIDTH, height), Image.Resampling.BOX)
    return whole_blocks(np.asarray(grey))


def whole_blocks(grey: Grey) -> Grey:
    """Pad a picture to whole blocks by repeating its last row and column."""
    height, width = grey.shape
    return np.pad(grey, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")


def is_near_duplicate(one: Grey, other: Grey) -> bool:
    """True if no block of the two pictures differs by more than noise."""
    if one.shape != other.shape:
        return False
    apart = one.astype(np.float32) - other
    tone = block_means(apart)
    if np.abs(tone).max() > TONE:
        return False
    rows, columns = tone.shape
    texture = np.abs(apart.reshape(rows, BLOCK, columns, BLOCK) - tone[:, None, :, None])
    return bool(block_means(texture.reshape(apart.shape)).max() <= TEXTURE)


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
