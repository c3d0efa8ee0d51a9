"""Painters of shots that show something made elsewhere: moments of videos, and pictures."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from tools.errors import UnreadableMedia
from tools.generate.animatic.layers import (
    Layer,
    Pixels,
    blurred,
    covering,
    eased,
    gradient,
    placed,
    resized,
    warp,
)
from tools.generate.animatic.look import rgb_of
from tools.generate.animatic.looks import changed
from tools.generate.animatic.plan import FPS, Shot
from tools.generate.animatic.product import Product, read_product
from tools.video.span import pictures_at_rate

CROPPED = 0.22
"""Share of a moment that may be cut off so that it fills the picture; else it stands on a blur."""
_ZOOM, _NEARER = 0.14, 0.06
"""How far a picture is drawn nearer, and how much further what stands before its background."""


class ClipPainter:
    """A moment of a video, frame after frame, filling the picture or on a blur of itself."""

    def __init__(self, size: tuple[int, int], shot: Shot, length: float) -> None:
        """`length` is that of the shot in the film, in seconds."""
        self._size, self._shot = size, shot
        rate = FPS / shot.speed
        span = shot.start, min(shot.end, shot.start + length * shot.speed)
        self._pictures: Iterator[Pixels] = pictures_at_rate(shot.source, *span, rate, size)
        self._before: Pixels | None = None
        self._canvas: Pixels | None = None
        self._mask: Any = None

    def paint(self, t: float, length: float) -> Pixels:
        """Draw the next frame: called once a frame, in order."""
        picture = next(self._pictures, self._before)
        if picture is None:
            raise UnreadableMedia("a moment has no picture to show")
        if picture is not self._before or self._canvas is None:
            self._canvas = changed(self._filled(picture), self._shot.looks)
            self._before = picture
        return self._canvas.copy()

    def close(self) -> None:
        """Close the video."""
        close = getattr(self._pictures, "close", None)
        if close:
            close()

    def _filled(self, picture: Pixels) -> Pixels:
        width, height = self._size
        if _fills(picture, width, height):
            return covering(picture, width, height)
        return _on_blur(picture, width, height)


def _fills(picture: Pixels, width: int, height: int) -> bool:
    """True if little of a picture is cut off where it fills a size."""
    shape, wanted = picture.shape[1] / picture.shape[0], width / height
    return min(shape, wanted) / max(shape, wanted) > 1 - CROPPED


def _on_blur(picture: Pixels, width: int, height: int) -> Pixels:
    """A whole picture in the middle of a size, on a dark blur of itself."""
    small = covering(picture, max(width // 16, 8), max(height // 16, 8))
    back = resized(blurred(small, 3.0), width, height)
    canvas = np.asarray(cv2.convertScaleAbs(back, alpha=0.55), np.uint8)
    scale = min(width / picture.shape[1], height / picture.shape[0])
    wide, high = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    left, top = (width - wide) // 2, (height - high) // 2
    canvas[top : top + high, left : left + wide] = resized(picture, wide, high)
    return canvas


class StillPainter:
    """A picture with a slow movement; what stands before a plain background moves further.

    The movement follows from the seed: nearer or farther, and to which side.
    """

    def __init__(self, size: tuple[int, int], shot: Shot, seed: int) -> None:
        self._size, self._shot = size, shot
        width, height = size
        rng = np.random.default_rng(seed)
        self._inwards = bool(rng.integers(2)) if seed else True
        self._drift = (rng.random(2) - 0.5) * 0.06 if seed else np.array([0.02, -0.012])
        product = self._read(shot)
        room = 1 + _ZOOM + 0.06
        wide, high = round(width * room), round(height * room)
        self._front: Layer | None = None
        if product.is_cut and _cut_share(product) < 0.9:
            self._front = _product_front(product, width, height)
            self._back = _plain_back(product, wide, high)
        elif _fills(product.rgb, width, height):
            self._back = covering(product.rgb, wide, high)
        else:
            self._back = _on_blur(product.rgb, wide, high)
        self._ground = Layer(self._back, np.full_like(self._back, 255))

    def paint(self, t: float, length: float) -> Pixels:
        """Draw the picture at a time."""
        share = eased(t / max(length, 0.1)) * 0.6 + 0.4 * t / max(length, 0.1)
        way = share if self._inwards else 1 - share
        width, height = self._size
        moved = self._drift * (2 * way - 1) * (width, height)
        base = 1 / (1 + _ZOOM + 0.06)
        matrix = placed(self._ground, self._middle(moved * 0.3), base * (1.06 + _ZOOM * way))
        moving: Any = cv2.warpAffine(
            self._ground.rgba,
            matrix,
            self._size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        canvas = np.asarray(cv2.cvtColor(moving, cv2.COLOR_RGBA2RGB), np.uint8)
        if self._front is not None:
            scale = 0.94 + (_ZOOM + _NEARER) * way * 0.6
            warp(canvas, self._front, placed(self._front, self._middle(moved), scale))
        return changed(canvas, self._shot.looks)

    def _middle(self, moved: Any) -> tuple[float, float]:
        width, height = self._size
        return (width - 1) / 2 + float(moved[0]), (height - 1) / 2 + float(moved[1])

    def _read(self, shot: Shot) -> Product:
        if shot.end > shot.start:  # a cited frame
            frame = next(pictures_at_rate(shot.source, shot.start, shot.end, FPS, (1280, 1280)))
            return Product(frame, np.full(frame.shape[:2], 255, np.uint8), False)
        return read_product(shot.source)


def _cut_share(product: Product) -> float:
    return float((product.mask > 128).mean())


def _product_front(product: Product, width: int, height: int) -> Layer:
    layer, _ = product.standing(width * 0.72, height * 0.72)
    return layer


def _plain_back(product: Product, width: int, height: int) -> Pixels:
    """A ground in the light of the product's own colour, as its background was plain."""
    _, chroma, hue = product.accent
    first, last = rgb_of(0.96, min(chroma, 0.02), hue), rgb_of(0.86, min(chroma, 0.05), hue)
    return gradient(width, height, first, last, 0)
