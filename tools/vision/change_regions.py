"""Regions that differ between two pictures: the parts whose text is worth reading again."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

SIDE = 320
BLOCK = 8
CHANGED = 8.0
"""Mean difference of a block, 0 to 255, from which it counts as changed; JPEG noise is below 3."""
TOUCHED = 4.0
"""The same for a block whose earlier text may be used again: stricter, as small steps add up."""
GAP_ROWS, GAP_COLUMNS = 1, 5
"""Blocks between two changes that belong together: words of a line stand this far apart, lines
may stand closer than words."""


def load_grey(path: Path) -> Grey:
    """Load a picture in grey, 320 pixels at its longer side, in whole blocks; OSError if none."""
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
    if before.shape != after.shape:
        return [WHOLE]
    mask = _blocks(before, after) > TOUCHED
    rows, columns = mask.shape
    return [
        (
            max(left - 1, 0) / columns,
            max(top - 1, 0) / rows,
            min(right + 1, columns) / columns,
            min(bottom + 1, rows) / rows,
        )
        for left, top, right, bottom in _boxes(mask)
    ]


def merged(parts: list[Box], things: list[Box]) -> list[Box]:
    """Merge parts that overlap, and grow them until none cuts through one of the things."""
    todo, done = list(parts), list[Box]()
    while todo:
        part = todo.pop()
        cut = [box for box in things if meet(box, part) and not _in(box, part)]
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


def _in(inner: Box, outer: Box) -> bool:
    return _around([outer, inner]) == outer


def _around(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _blocks(before: Grey, after: Grey) -> NDArray[np.float32]:
    """Mean difference of each block, 0 to 255."""
    import cv2

    height, width = after.shape
    apart = cv2.absdiff(before, after).astype(np.float32)
    mean = cv2.resize(apart, (width // BLOCK, height // BLOCK), interpolation=cv2.INTER_AREA)
    return np.asarray(mean, np.float32)


def _boxes(mask: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Bounding boxes, in blocks, of what is set and no further apart than the gaps."""
    import cv2

    cells = mask.astype(np.uint8)
    joined = cv2.dilate(cells, np.ones((1 + GAP_ROWS, 1 + GAP_COLUMNS), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    boxes = (cv2.boundingRect(cells * (labels == part)) for part in range(1, count))
    return [(left, top, left + width, top + height) for left, top, width, height in boxes]
