"""Likeness of a product in a finished film to its picture: by structure and by colour.

The shot's map says where the product should be; what is seen there is brought back to the picture's
own size, small, so that the encoder's loss and the grain don't count.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.generate.animatic.layers import Matrix, Pixels
from tools.generate.animatic.product import Product

SIDE = 120
"""Pixels of the longer side in which both are compared."""
LEAST = 0.6
"""Score below which a product is not the one in the picture. Made films have 0.9 and more, with
another product's picture 0.5 and less."""
_FAR = 45.0
"""Distance in Lab, in mean, at which colours have nothing in common."""
_SEEN = 0.35
"""Share of a product that a shot shows, at least."""


class Likeness(NamedTuple):
    """Scores of 0 to 1, and the share of the product that is in the picture."""

    structure: float
    colour: float
    seen: float

    @property
    def score(self) -> float:
        """The weaker of both; nothing where too little is seen."""
        return min(self.structure, self.colour) if self.seen >= _SEEN else 0.0


def likeness(frame: Pixels, matrix: Matrix, shown: tuple[int, int], product: Product) -> Likeness:
    """Compare a product with what a frame shows at its place.

    `matrix` maps pixels of the picture that was drawn, whose width and height are `shown`.
    """
    scale = SIDE / max(shown)
    size = max(round(shown[0] * scale), 4), max(round(shown[1] * scale), 4)
    small = np.array([[size[0] / shown[0], 0, 0], [0, size[1] / shown[1], 0], [0, 0, 1]])
    whole = np.vstack([matrix, [0, 0, 1]])
    back = (small @ np.linalg.inv(whole))[:2]
    blur = max(0.5 / max(float(np.hypot(*back[0, :2])), 1e-3), 0.5)
    there = _warped(cv2.GaussianBlur(frame, (0, 0), blur), back, size)
    inside = _warped(np.full(frame.shape[:2], 255, np.uint8), back, size) > 250
    rgb = cv2.resize(product.rgb, size, interpolation=cv2.INTER_AREA)
    own = cv2.resize(product.mask, size, interpolation=cv2.INTER_AREA) > 240
    mask = inside & own
    seen = float(mask.sum() / max(own.sum(), 1))
    if mask.sum() < 30:
        return Likeness(0.0, 0.0, seen)
    first, second = (_lab(one)[mask] for one in (np.asarray(rgb), there))
    apart = float(np.linalg.norm(first - second, axis=1).mean())
    return Likeness(_alike(first, second), max(1 - apart / _FAR, 0.0), seen)


def _lab(rgb: Any) -> NDArray[np.float64]:
    """L from 0 to 100, a and b around 0."""
    lab = cv2.cvtColor(np.asarray(rgb, np.uint8), cv2.COLOR_RGB2LAB).astype(np.float64)
    return lab * (100 / 255, 1, 1) - (0, 128, 128)


def _alike(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Correlation over all three channels, each about its own mean.

    Of a product of one plain colour there is nothing to correlate; then the other must be plain.
    """
    first, second = (one - one.mean(axis=0) for one in (first, second))
    spread, other = float(np.sqrt((first**2).mean())), float(np.sqrt((second**2).mean()))
    if spread < 2.0:
        return 1.0 if other < 4.0 else 0.0
    share = float((first * second).mean()) / max(spread * other, 1e-6)
    return max(share, 0.0)


def _warped(picture: Any, matrix: Matrix, size: tuple[int, int]) -> Pixels:
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
