"""Where one picture differs from another: what makes a text worth reading again, and which part."""

from collections.abc import Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.int16]
Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

SIDE = 320
BLOCK = 8
CHANGED = 8.0
"""Mean difference of a block, of 255, from which it counts as changed; JPEG noise stays below 3."""
TOUCHED = 4.0
"""The same for a block whose earlier text may be used again: stricter, as small steps add up."""


def small(path: Path) -> Grey:
    """The picture in grey, its longer side 320 pixels, in whole blocks. OSError if it is none."""
    from PIL import Image

    with Image.open(path) as image:
        image.draft("L", (SIDE, SIDE))  # decodes an eighth to a quarter of the JPEG's numbers
        width, height = image.size
        scale = SIDE / max(width, height)
        width, height = (max(BLOCK, round(s * scale) // BLOCK * BLOCK) for s in (width, height))
        grey = image.convert("L").resize((width, height), Image.Resampling.BOX)
        return np.asarray(grey).astype(np.int16)


def change(before: Grey, after: Grey) -> float:
    """The largest mean difference of a block: a line that changed on a slide is a small share."""
    return float(_blocks(before, after).max()) if before.shape == after.shape else 255.0


def changed(before: Grey, after: Grey) -> list[Box]:
    """The parts that differ, each with a margin of one block; together they hold every change."""
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
        for left, top, right, bottom in _parts(mask)
    ]


def whole(parts: list[Box], things: list[Box]) -> list[Box]:
    """The parts, grown until none of the things is cut by one and none of the parts meet."""
    todo, done = list(parts), list[Box]()
    while todo:
        part = todo.pop()
        cut = [box for box in (*things, *todo, *done) if meet(box, part) and not _in(box, part)]
        if cut:
            todo = [box for box in todo if box not in cut]
            done = [box for box in done if box not in cut]
            todo.append(_around([part, *cut]))
        else:
            done.append(part)
    return done


def meet(one: Box, other: Box) -> bool:
    """They share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def area(box: Box) -> float:
    """As a share of the picture."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _in(inner: Box, outer: Box) -> bool:
    return _around([outer, inner]) == outer


def _around(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _blocks(before: Grey, after: Grey) -> NDArray[np.float64]:
    height, width = after.shape
    blocks = np.abs(after - before).reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return blocks.mean(axis=(1, 3))


def _parts(
    mask: Mask, left: int = 0, top: int = 0, across: bool = True
) -> Generator[tuple[int, int, int, int]]:
    """Rectangles around what is set, split at gaps: the recursive X-Y cut of Nagy and Seth, 1984.

    The gap between two words of a line is no wider than five blocks; lines may be two apart.
    """
    for _ in range(2):
        bands = _bands(np.asarray(mask.any(axis=1 if across else 0)), 2 if across else 6)
        if len(bands) != 1 or bands[0] != (0, mask.shape[0 if across else 1]):
            for start, end in bands:
                part = mask[start:end] if across else mask[:, start:end]
                x, y = (left, top + start) if across else (left + start, top)
                yield from _parts(part, x, y, not across)
            return
        across = not across
    yield left, top, left + mask.shape[1], top + mask.shape[0]


def _bands(line: Mask, gap: int) -> list[tuple[int, int]]:
    bands: list[tuple[int, int]] = []
    for at in np.flatnonzero(line).tolist():
        if bands and at - bands[-1][1] < gap:
            bands[-1] = (bands[-1][0], at + 1)
        else:
            bands.append((at, at + 1))
    return bands
