"""Moving blobs before a fixed camera: what differs from the background, without any model.

The background is a mixture of Gaussians a pixel (Zivkovic, "Improved adaptive Gaussian mixture
model for background subtraction", 2004), as OpenCV has it. A camera that adapts its exposure dims
the whole picture when something bright comes into view: each picture is brought to the light of
the background first. Runs in the sandbox, beside the decoder.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows
from tools.vision.signals import COLUMNS, LINES

Pixels = NDArray[np.uint8]
"""A picture as OpenCV holds it (height x width x 3, blue first), or a mask of it, 0 and 255."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture, 0 to 1."""

LONGEST_SIDE = 400
"""Pixels of the longer side of the picture in which blobs are found."""
MEMORY, FIRST, VARIANCE = 1200, 8, 30.0
"""Pictures that the background remembers: what stands still is of it after a ninth of them; those
that it is begun with; and squared standard deviations that are still of it."""
COARSE = 6
"""Pixels between two samples of the light."""
MOVING = 2.5 / (LINES * COLUMNS)
"""Share of the picture that differs from 0.6 s ago, from which on something moves."""
LEAST_AREA = 0.0008
"""Share of the picture that a blob covers at least."""
PART, BESIDE = 0.3, 0.03
"""Share of a blob up to which another one near it is a part of it, and shares of the height that
they may be apart."""
CHANGED = 0.7
"""Share of the picture from which on the light has changed, and nothing has moved."""
GAINS = 0.4, 2.5
"""Bounds of the change of exposure that is taken back."""


class Blob(NamedTuple):
    """A moving blob; `filled` is the share of its box that moves."""

    box: Box
    filled: float


class Foreground:
    """Background of a fixed camera, learned from one picture to the next."""

    def __init__(self) -> None:
        import cv2

        self._model: Any = cv2.createBackgroundSubtractorMOG2(MEMORY, VARIANCE, True)
        self._count = 0
        self._usual: NDArray[np.float32] | None = None
        """Light of the background, a sample for each COARSE x COARSE pixels."""

    def mask(self, picture: Pixels) -> Pixels:
        """Mask of what moves in the next picture; empty where the light changed as a whole."""
        import cv2

        light: NDArray[np.float32] = picture[::COARSE, ::COARSE].mean(axis=2, dtype=np.float32)
        usual = light if self._usual is None else self._usual
        gain = float(np.clip(np.median((usual + 4) / (light + 4)), *GAINS))
        if abs(gain - 1) >= 0.03:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)
        rate = 1.0 / (self._count + 1) if self._count < FIRST else 1.0 / MEMORY
        self._count += 1
        apart: Any = self._model.apply(cv2.blur(picture, (3, 3)), learningRate=rate)
        moving = (np.asarray(apart, np.uint8) > 200).astype(np.uint8) * 255  # a shadow is 127
        opened = cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = np.asarray(opened, np.uint8)
        if np.count_nonzero(mask) > CHANGED * mask.size:
            self._model.apply(picture, learningRate=1.0)
            self._count, self._usual = 1, light
            return np.zeros_like(mask)
        behind = mask[::COARSE, ::COARSE] == 0
        self._usual = (usual + behind * rate * (light * gain - usual)).astype(np.float32)
        high = max(mask.shape[0] // 18, 3)  # a person in parts is taller than wide
        near = np.ones((high, max(high // 2, 3)), np.uint8)
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, near), np.uint8)


def blobs(mask: Pixels) -> list[Blob]:
    """The blobs of a mask, the largest first; small ones beside a large one are parts of it."""
    import cv2

    height, width = mask.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    found: list[tuple[int, list[int]]] = []
    for left, top, across, down, area in sorted(stats[1:].tolist(), key=lambda one: -one[4]):
        for place, (whole, (x, y, right, bottom)) in enumerate(found):
            beside = max(x - left - across, left - right, y - top - down, top - bottom)
            if area < PART * whole and beside <= BESIDE * height:
                grown = [min(x, left), min(y, top), max(right, left + across)]
                found[place] = whole + area, [*grown, max(bottom, top + down)]
                break
        else:
            if area >= LEAST_AREA * mask.size:
                found.append((area, [left, top, left + across, top + down]))
    return [
        Blob(
            (x / width, y / height, right / width, bottom / height),
            area / ((right - x) * (bottom - y)),
        )
        for area, (x, y, right, bottom) in found
    ]


def reduced(picture: Pixels) -> Pixels:
    """A picture of at most LONGEST_SIDE."""
    import cv2

    height, width = picture.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return picture
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def moving_spans(rows: Rows, before: float = 2.0, after: float = 3.0) -> list[tuple[float, float]]:
    """Spans in seconds in which anything changes, with some time around: the rest stands still.

    Two samples of the grid that differ from 0.6 s ago are enough: a person far away is that small.
    """
    seconds = rows["seconds"].astype(np.float64)
    spans: list[tuple[float, float]] = []
    for at in seconds[rows["spread"] >= MOVING].tolist():
        if spans and at - before <= spans[-1][1]:
            spans[-1] = spans[-1][0], at + after
        else:
            spans.append((max(at - before, 0.0), at + after))
    return spans


def encode(picture: Pixels, mask: Pixels) -> bytes:
    """A picture and, below it, the mask of what moves, as one JPEG file."""
    import cv2

    size = picture.shape[1], picture.shape[0]
    grey = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    both = np.vstack([picture, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)])
    return cv2.imencode(".jpg", both, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def decode(data: bytes) -> tuple[Pixels, NDArray[np.bool_]]:
    """The picture of such a file, and where it moves; ValueError where it is none."""
    import cv2

    both: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if both is None or len(both) < 2:
        raise ValueError("no picture")
    half = len(both) // 2
    return both[:half], both[half : 2 * half, :, 0] > 127
