"""Regions that differ between two pictures: the parts whose text is worth reading again."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

SIDE, BLOCK = 320, 8
"""Pixels: of a picture's longer side, and of a block's side."""
CHANGED = 8.0
"""Mean difference of a block, 0 to 255, from which it counts as changed; JPEG noise is below 3."""
TOUCHED = 4.0
"""The mean below which a block's earlier text is used again: stricter, as small steps add up."""
GAP_ROWS, GAP_COLUMNS = 1, 5
"""Blocks between two changes that belong together: words of a line stand this far apart, lines
may stand closer than words."""


def load_grey(path: Path) -> Grey:
    """Load a picture in grey, SIDE pixels at its longer side, in whole blocks; OSError if none."""
    from PIL import Image

    with Image.open(path) as image:
        image.draft("L", (SIDE, SIDE))  # decodes an eighth to a quarter of the JPEG's numbers
        width, height = image.size
        scale = SIDE / max(width, height)
        width, height = (max(BLOCK, round(s * scale) // BLOCK * BLOCK) for s in (width, height))
        grey = image.convert("L").resize((width, height), Image.Resampling.BOX)
        return np.asarray(grey)


def largest_change(before: Grey, after: Grey) -> float:
    """Largest mean difference of a block, 0 to 255: a changed line is a small share of a slide."""
    return float(_blocks(before, after).max()) if before.shape == after.shape else 255.0


def changed_parts(before: Grey, after: Grey) -> list[Box]:
    """Boxes around every change, each with a margin of one block."""
    import cv2

    if before.shape != after.shape:
        return [WHOLE]
    changed = (_blocks(before, after) > TOUCHED).astype(np.uint8)
    joined = cv2.dilate(changed, np.ones((1 + GAP_ROWS, 1 + GAP_COLUMNS), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    rows, columns = changed.shape
    parts: list[Box] = []
    for part in range(1, count):
        left, top, width, height = cv2.boundingRect(changed * (labels == part))
        right, bottom = min(left + width + 1, columns), min(top + height + 1, rows)
        left, top = max(left - 1, 0), max(top - 1, 0)
        parts.append((left / columns, top / rows, right / columns, bottom / rows))
    return parts


def merged(parts: list[Box], lines: list[Box]) -> list[Box]:
    """Merge parts that overlap, and grow them until none cuts through a line of text."""
    todo, done = list(parts), list[Box]()
    while todo:
        part = todo.pop()
        cut = [box for box in lines if meet(box, part) and _around([part, box]) != part]
        cut += [box for box in (*todo, *done) if meet(box, part)]
        if cut:
            todo = [box for box in todo if box not in cut]
            done = [box for box in done if box not in cut]
            todo.append(_around([part, *cut]))
        else:
            done.append(part)
    return done


def meet(one: Box, other: Box) -> bool:
    """True if two boxes share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def area(box: Box) -> float:
    """Area of a box as a share of the picture."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _around(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _blocks(before: Grey, after: Grey) -> Floats:
    """Mean difference of each block, 0 to 255."""
    return block_means(np.abs(before.astype(np.float32) - after))


def block_means(values: Floats) -> Floats:
    """Mean of each block of values."""
    import cv2

    height, width = values.shape
    size = width // BLOCK, height // BLOCK
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
