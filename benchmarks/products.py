"""Pictures of products, drawn: a mug, a bottle and a lamp before a plain wall."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
OVER = 3
"""Pixels drawn for each one kept, a side."""


def mug(path: Path, colour: Colour = (193, 74, 52), wall: Colour = (244, 242, 238)) -> Path:
    """A mug with a handle, through which the wall is seen, and a band of dots."""
    image, draw = _canvas(400, 400, wall)
    draw.ellipse(_of(260, 135, 360, 280), fill=colour)
    draw.ellipse(_of(284, 159, 336, 256), fill=wall)
    draw.rounded_rectangle(_of(85, 95, 290, 330), 30 * OVER, fill=colour)
    image = _round(image, (85, 95, 290, 330))
    draw = ImageDraw.Draw(image)
    rim = (round(colour[0] * 0.86), round(colour[1] * 0.86), round(colour[2] * 0.86))
    draw.ellipse(_of(85, 75, 290, 120), fill=rim)
    draw.ellipse(_of(94, 81, 281, 115), fill=(58, 34, 24))
    for y in (210, 225):
        draw.line(_of(88, y, 287, y), fill=(246, 226, 200), width=4 * OVER)
    for x in range(100, 280, 23):
        draw.ellipse(_of(x, 213, x + 9, 222), fill=(246, 226, 200))
    return _kept(image, path)


def bottle(path: Path, colour: Colour = (20, 120, 190), wall: Colour = (255, 255, 255)) -> Path:
    """A bottle with a white label, on which mountains stand, before a white wall."""
    image, draw = _canvas(300, 500, wall)
    draw.rounded_rectangle(_of(85, 130, 215, 465), 35 * OVER, fill=colour)
    neck = (86, 165, 122, 90, 178, 90, 214, 165)
    draw.polygon(_of(*neck), fill=colour)
    draw.rounded_rectangle(_of(120, 40, 180, 100), 9 * OVER, fill=(40, 44, 52))
    image = _round(image, (85, 40, 215, 465))
    draw = ImageDraw.Draw(image)
    draw.rectangle(_of(86, 260, 214, 370), fill=(250, 250, 246))
    draw.polygon(_of(100, 345, 135, 285, 160, 320, 175, 300, 200, 345), fill=colour)
    draw.ellipse(_of(170, 272, 190, 292), fill=(250, 180, 40))
    return _kept(image, path)


def lamp(path: Path, wall: Colour = (232, 234, 236)) -> Path:
    """A lamp with a brass shade on a thin, dark foot."""
    image, draw = _canvas(400, 450, wall)
    draw.polygon(_of(145, 55, 255, 55, 320, 210, 80, 210), fill=(236, 184, 74))
    image = _round(image, (80, 55, 320, 210))
    draw = ImageDraw.Draw(image)
    draw.rectangle(_of(194, 210, 206, 380), fill=(54, 48, 44))
    draw.ellipse(_of(165, 196, 235, 223), fill=(255, 236, 170))
    draw.rounded_rectangle(_of(135, 375, 265, 400), 11 * OVER, fill=(54, 48, 44))
    return _kept(image, path)


def _canvas(width: int, height: int, wall: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width * OVER, height * OVER), wall)
    return image, ImageDraw.Draw(image)


def _of(*points: float) -> Sequence[float]:
    return [point * OVER for point in points]


def _round(image: Image.Image, box: Sequence[int]) -> Image.Image:
    """Shade what stands in a box as a cylinder."""
    pixels = np.asarray(image).astype(np.float32)
    left, top, right, bottom = (side * OVER for side in box)
    across = np.linspace(-1, 1, right - left)
    light = 1 - 0.45 * np.abs(across) ** 2.2 + 0.18 * np.exp(-(((across + 0.45) / 0.14) ** 2))
    part = pixels[top:bottom, left:right]
    stands = np.abs(part - pixels[0, 0]).sum(axis=2, keepdims=True) > 12
    pixels[top:bottom, left:right] = np.where(stands, part * light[None, :, None], part)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _kept(image: Image.Image, path: Path) -> Path:
    small = image.resize((image.width // OVER, image.height // OVER), Image.Resampling.LANCZOS)
    small.save(path)
    return path
