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
CELLS = 80
"""Cells along a picture's longer side: lines of code stand closer than a block is high."""
SAME, SMOOTH = 2.0, 3
"""Mean difference of a cell, 0 to 255, up to which it is the same, of pictures that are smoothed
over so many pixels: the noise of JPEG is up to 1.2 then, another digit of 13 pixels at least 2.7
(8.3 and 4.9 without smoothing)."""
GRAIN = 4.0
"""Times the median of the cells up to which a cell of a grainy picture is the same."""
FILLED = 12
"""Step of light between neighbouring pixels, 0 to 255, from which on a cell is not empty; JPEG
noise on an even surface is less."""
GAP_ROWS, GAP_COLUMNS = 2, 10
"""Cells between two changes that belong together: words of a line stand this far apart, lines may
stand closer than words."""


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
    if before.shape != after.shape:
        return 255.0
    return float(block_means(np.abs(before.astype(np.float32) - after)).max())


def load_native(path: Path) -> Grey:
    """Load a picture in grey and in its own size; OSError if none."""
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def same_cells(before: Grey, after: Grey, down: int = 0) -> NDArray[np.bool_]:
    """Cells of a picture that are those of another of its size, moved down by so many pixels.

    CELLS to the longer side. A letter is smaller than a block, so each pixel counts, smoothed.
    """
    import cv2

    height = len(after)
    difference = np.full(after.shape, 255, np.float32)
    new, old = slice(max(down, 0), height + down), slice(max(-down, 0), height - down)
    np.subtract(after[new], before[old], out=difference[new], dtype=np.float32)
    difference = np.abs(cv2.blur(difference, (SMOOTH, SMOOTH)))
    rows, columns = grid(after)
    cells = np.asarray(cv2.resize(difference, (columns, rows), interpolation=cv2.INTER_AREA))
    return cells <= min(max(SAME, GRAIN * float(np.median(cells))), CHANGED)


def filled_cells(picture: Grey) -> NDArray[np.bool_]:
    """Cells of a picture, CELLS to the longer side, in which there is anything to be seen."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    steps = np.subtract(cv2.dilate(picture, square), cv2.erode(picture, square))
    for axis, count in enumerate(grid(picture)):
        firsts = np.arange(count) * steps.shape[axis] // count
        steps = np.maximum.reduceat(steps, firsts, axis=axis)
    return steps >= FILLED


def grid(picture: Grey) -> tuple[int, int]:
    """Rows and columns of cells of a picture."""
    height, width = picture.shape
    scale = CELLS / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def parts(changed: NDArray[np.bool_], margin: int = 1) -> list[Box]:
    """Boxes around the cells that are true, with a margin of so many cells, at the sides of two."""
    import cv2

    near = np.ones((1 + GAP_ROWS, 1 + GAP_COLUMNS), np.uint8)
    cells = changed.astype(np.uint8)
    count, labels = cv2.connectedComponents(cv2.dilate(cells, near))
    rows, columns = changed.shape
    found: list[Box] = []
    for part in range(1, count):
        left, top, width, height = cv2.boundingRect(cells * (labels == part))
        aside = max(2, margin)
        right, bottom = min(left + width + aside, columns), min(top + height + margin, rows)
        left, top = max(left - aside, 0), max(top - margin, 0)
        found.append((left / columns, top / rows, right / columns, bottom / rows))
    return found


def merged(parts: list[Box], lines: list[Box], edge: float = 0.0) -> list[Box]:
    """Merge parts that overlap, and grow them until none cuts through a line of text.

    A share `edge` of a line's height, above and below, may be cut off: see `core`.
    """
    todo, done = list(parts), list[Box]()
    while todo:
        part = todo.pop()
        cut = [b for b in lines if meet(core(b, edge), part) and _around([part, b]) != part]
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


def core(box: Box, edge: float) -> Box:
    """Box without a share of its height above and below, which may lie in the next line's box."""
    left, top, right, bottom = box
    return left, top + edge * (bottom - top), right, bottom - edge * (bottom - top)


def area(box: Box) -> float:
    """Area of a box as a share of the picture."""
    return (box[2] - box[0]) * (box[3] - box[1])


def shared(one: Box, other: Box) -> float:
    """Area that two boxes share, as a share of the picture."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0


def turned(box: Box, quarters: int) -> Box:
    """Box in a picture that was turned counter-clockwise by so many quarters of a circle."""
    for _ in range(quarters):
        left, top, right, bottom = box
        box = top, 1 - right, bottom, 1 - left
    return box


def _around(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def block_means(values: Floats) -> Floats:
    """Mean of each block of values."""
    import cv2

    height, width = values.shape
    size = width // BLOCK, height // BLOCK
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
