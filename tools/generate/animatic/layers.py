"""Layers: small pictures with premultiplied alpha that are laid on a canvas, fast enough for video.

A canvas is height x width x 3, RGB, uint8. All arithmetic is OpenCV's, in eight bits: laying half a
picture of 720p takes about a millisecond.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Layer:
    """Colours already multiplied by their alpha, and that alpha three times, both h x w x 3."""

    rgb: Pixels
    alpha: Pixels

    @cached_property
    def rgba(self) -> Pixels:
        """Both in four channels, which OpenCV warps five times as fast as three and three."""
        return np.ascontiguousarray(np.dstack([self.rgb, self.alpha[..., :1]]))

    @property
    def width(self) -> int:
        return self.rgb.shape[1]

    @property
    def height(self) -> int:
        return self.rgb.shape[0]


def eased(share: float) -> float:
    """Ease in and out: 0 to 1, slow at both ends."""
    x = min(max(share, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def settled(share: float) -> float:
    """Ease out: 0 to 1, fast first, then slow."""
    return 1 - (1 - min(max(share, 0.0), 1.0)) ** 3


def layer_of(image: Image.Image) -> Layer:
    """Make a layer of a Pillow picture with alpha."""
    return premultiplied(np.asarray(image.convert("RGBA")))


def premultiplied(rgba: Pixels) -> Layer:
    """Make a layer of straight colours with alpha, h x w x 4."""
    alpha = np.repeat(rgba[..., 3:], 3, axis=2)
    return Layer(_array(cv2.multiply(rgba[..., :3], alpha, scale=1 / 255)), alpha)


def plain(mask: Pixels, colour: Colour) -> Layer:
    """Make a layer of one colour, shaped by a mask of h x w."""
    alpha = np.repeat(mask[..., None], 3, axis=2)
    flat = np.empty_like(alpha)
    flat[:] = colour
    return Layer(_array(cv2.multiply(flat, alpha, scale=1 / 255)), alpha)


def paste(canvas: Pixels, layer: Layer, left: float, top: float, opacity: float = 1.0) -> None:
    """Lay a layer on a canvas, at whole pixels; what sticks out is cut off."""
    x, y = round(left), round(top)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + layer.width, canvas.shape[1]), min(y + layer.height, canvas.shape[0])
    if x1 <= x0 or y1 <= y0 or opacity <= 0:
        return
    inside = slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)
    rgb, alpha = layer.rgb[inside], layer.alpha[inside]
    if opacity < 1:
        rgb, alpha = (_array(cv2.convertScaleAbs(one, alpha=opacity)) for one in (rgb, alpha))
    place = canvas[y0:y1, x0:x1]
    kept = cv2.multiply(place, cv2.bitwise_not(alpha), scale=1 / 255)
    canvas[y0:y1, x0:x1] = cv2.add(kept, rgb)


Matrix = NDArray[np.float64]
"""Affine map of points, 2 x 3, from a picture to where it stands on the canvas."""


def placed(layer: Layer, centre: tuple[float, float], scale: float) -> Matrix:
    """Map that shows a layer at a scale, its middle at a point."""
    x, y = centre
    return np.array(
        [
            [scale, 0, x - scale * (layer.width - 1) / 2],
            [0, scale, y - scale * (layer.height - 1) / 2],
        ]
    )


def warp(canvas: Pixels, layer: Layer, matrix: Matrix, opacity: float = 1.0) -> None:
    """Lay a layer where a map says, between pixels too: slow movement does not jump."""
    corners = np.array([[0, layer.width, 0, layer.width], [0, 0, layer.height, layer.height]])
    reached = matrix[:, :2] @ corners + matrix[:, 2:]
    left, top = (max(math.floor(one) - 1, 0) for one in reached.min(axis=1))
    right = min(math.ceil(reached[0].max()) + 1, canvas.shape[1])
    bottom = min(math.ceil(reached[1].max()) + 1, canvas.shape[0])
    if right <= left or bottom <= top:
        return
    moved = matrix.copy()
    moved[:, 2] -= (left, top)
    size = right - left, bottom - top
    found = _array(cv2.warpAffine(layer.rgba, moved, size, flags=cv2.INTER_LINEAR))
    rgb = _array(cv2.cvtColor(found, cv2.COLOR_RGBA2RGB))
    alpha = _array(cv2.cvtColor(np.ascontiguousarray(found[..., 3]), cv2.COLOR_GRAY2RGB))
    paste(canvas, Layer(rgb, alpha), left, top, opacity)


def ellipse(width: int, height: int) -> Pixels:
    """Mask of an ellipse with smooth edges."""
    image = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(image).ellipse((0, 0, width * 4 - 1, height * 4 - 1), fill=255)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def rounded(width: int, height: int, radius: float) -> Pixels:
    """Mask of a rectangle with round corners and smooth edges."""
    image = Image.new("L", (width * 4, height * 4))
    box = (0, 0, width * 4 - 1, height * 4 - 1)
    ImageDraw.Draw(image).rounded_rectangle(box, radius * 4, fill=255)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def blurred(mask: Pixels, sigma: float) -> Pixels:
    """Blur a mask or a picture."""
    return _array(cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.1)))


def padded(layer: Layer, by: int) -> Layer:
    """Surround a layer by transparent pixels, so that its edges stay smooth as it moves."""
    sides = (by, by), (by, by), (0, 0)
    return Layer(np.pad(layer.rgb, sides), np.pad(layer.alpha, sides))


def resized(picture: Pixels, width: int, height: int) -> Pixels:
    """Scale a picture to a size, smoothly both ways."""
    smaller = width < picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return _array(cv2.resize(picture, (max(width, 1), max(height, 1)), interpolation=how))


def covering(picture: Pixels, width: int, height: int) -> Pixels:
    """Scale a picture to fill a size; what sticks out is cut off evenly."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    wide = max(round(picture.shape[1] * scale), width)
    high = max(round(picture.shape[0] * scale), height)
    left, top = (wide - width) // 2, (high - height) // 2
    return resized(picture, wide, high)[top : top + height, left : left + width]


def gradient(width: int, height: int, first: Colour, last: Colour, seed: int) -> Pixels:
    """Canvas from one colour, top left, to another, bottom right, dithered against bands."""
    across = np.linspace(0, 1, width)[None, :, None] * 0.35
    down = np.linspace(0, 1, height)[:, None, None] * 0.65
    share = across + down
    noise = np.random.default_rng(seed).random((height, width, 1)) - 0.5
    canvas = np.array(first) * (1 - share) + np.array(last) * share + noise
    return canvas.round().clip(0, 255).astype(np.uint8)


def mixed(first: Pixels, last: Pixels, share: float) -> Pixels:
    """Cross-fade of two canvases; share is that of the second."""
    return _array(cv2.addWeighted(first, 1 - share, last, share, 0))


def planes(canvas: Pixels) -> Pixels:
    """Convert a canvas to Y, U and V below each other (I420)."""
    return _array(cv2.cvtColor(canvas, cv2.COLOR_RGB2YUV_I420))


def _array(value: Any) -> Pixels:
    return value
