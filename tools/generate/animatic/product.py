"""Product: its picture, cut out where the background is plain, with a shadow and its colours."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.generate.animatic.layers import (
    Layer,
    Pixels,
    blurred,
    padded,
    plain,
    premultiplied,
    resized,
    rounded,
)
from tools.vision.colour import oklch
from tools.vision.user_image import decoded

SIDE = 1200
"""Pixels of the longer side in which a picture is held, at most."""
_UNEVEN, _APART = 9.0, 11.0
"""Distance in Lab: of nearly all of the border from one slope of colour, and of what stands out."""
_SAME = 1.6
"""Mean distance in Lab up to which what lies inside is background."""
_LEAST, _MOST = 0.03, 0.92
"""Share of the picture that a product covers."""
_CLUSTERS, _SAMPLES = 5, 4000
_SHADOW = (20, 16, 24)
_GLANCE, _ROOM = 160, 1.6
"""Pixels of the longer side in which a photo is looked over, and its part around what is found."""


@dataclass(frozen=True, eq=False)
class Product:
    """RGB pixels, and a mask of what the product is; all of it where nothing could be cut out."""

    rgb: Pixels
    mask: Pixels
    is_cut: bool

    @cached_property
    def accent(self) -> tuple[float, float, float]:
        """Its most telling colour: lightness 0 to 1, chroma, hue in degrees of OKLCh."""
        inside = self.rgb[self.mask > 200]
        step = max(len(inside) // _SAMPLES, 1)
        light, chroma, hue = oklch(inside[::step].astype(np.float64) / 255)
        angle = np.radians(hue)
        points = np.stack([light, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
        cv2.setRNGSeed(1)
        count = min(_CLUSTERS, len(points))
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.001)
        kmeans: Any = cv2.kmeans
        found = kmeans(points.astype(np.float32), count, None, stop, 2, cv2.KMEANS_PP_CENTERS)
        labels: NDArray[np.int32] = found[1].ravel()
        centres: NDArray[np.float32] = found[2]
        share = np.bincount(labels, minlength=count) / len(points)
        strength = np.hypot(centres[:, 1], centres[:, 2])
        best = int((np.sqrt(share) * (strength + 0.01)).argmax())
        turn = float(np.degrees(np.arctan2(centres[best, 2], centres[best, 1])) % 360)
        return float(centres[best, 0]), float(strength[best]), turn

    @cached_property
    def lightness(self) -> float:
        """Mean lightness, 0 to 1."""
        inside = self.rgb[self.mask > 200]
        step = max(len(inside) // _SAMPLES, 1)
        return float(oklch(inside[::step].astype(np.float64) / 255)[0].mean())

    def standing(self, width: float, height: float) -> tuple[Layer, NDArray[np.float64]]:
        """The product as a layer that fits a box, on its shadow; and the map of its pixels to it.

        One that was not cut out is a card with round corners.
        """
        scale = min(width / self.rgb.shape[1], height / self.rgb.shape[0])
        wide, high = (max(round(one * scale), 8) for one in self.rgb.shape[1::-1])
        rgb, mask = resized(self.rgb, wide, high), resized(self.mask, wide, high)
        if not self.is_cut:
            mask = rounded(wide, high, min(wide, high) * 0.06)
        pad = max(round(max(wide, high) * 0.14), 8)
        layer = padded(premultiplied(np.dstack([rgb, mask])), pad)
        shade = padded(plain(mask, (0, 0, 0)), pad).alpha[..., 0]
        dropped = np.roll(blurred(shade, pad * 0.28), round(pad * 0.22), axis=0)
        below = cv2.convertScaleAbs(dropped, alpha=0.30)
        if self.is_cut:
            below = cv2.max(below, _contact(mask, pad))
        under = plain(_pixels(below), _SHADOW)
        over = cv2.bitwise_not(layer.alpha)
        rgb = cv2.add(cv2.multiply(under.rgb, over, scale=1 / 255), layer.rgb)
        alpha = cv2.add(cv2.multiply(under.alpha, over, scale=1 / 255), layer.alpha)
        matrix = np.array([[wide / self.rgb.shape[1], 0, pad], [0, high / self.rgb.shape[0], pad]])
        return Layer(_pixels(rgb), _pixels(alpha)), matrix


def _contact(mask: Pixels, pad: int) -> Pixels:
    """Shadow where a product stands: a flat dark spot below its foot."""
    high, wide = mask.shape
    foot = np.flatnonzero(mask[int(high * 0.94) :].max(axis=0) > 128)
    spot = np.zeros((high + 2 * pad, wide + 2 * pad), np.uint8)
    left, right = (foot[0], foot[-1]) if len(foot) else (0, wide)
    centre = pad + (left + right) // 2, pad + high - max(high // 120, 1)
    axes = max(int((right - left) * 0.54), 4), max(int((right - left) * 0.06), 3)
    cv2.ellipse(spot, (int(centre[0]), int(centre[1])), axes, 0, 0, 360, 150, -1)
    return blurred(spot, max(wide * 0.022, 1.5))


def read_product(path: str) -> Product:
    """Read a picture and cut the product out, if its background is plain or clear."""
    rgba = np.asarray(decoded(path, SIDE))
    rgb, alpha = np.ascontiguousarray(rgba[..., :3]), rgba[..., 3]
    mask = alpha if (alpha < 128).mean() > 0.02 else _cut(rgb)
    if mask is None or not _LEAST < (mask > 128).mean() < _MOST:
        rgb = _closer(rgb)
        return Product(rgb, np.full(rgb.shape[:2], 255, np.uint8), False)
    left, top, width, height = cv2.boundingRect((mask > 24).astype(np.uint8))
    inside = slice(top, top + height), slice(left, left + width)
    rgb = _without_fringe(rgb, mask)
    return Product(np.ascontiguousarray(rgb[inside]), np.ascontiguousarray(mask[inside]), True)


def _cut(rgb: Pixels) -> Pixels | None:
    """Mask of what stands out from an even background; None where the background is not even."""
    lab: NDArray[np.float32] = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)
    high, wide = rgb.shape[:2]
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32)
    terms = np.stack([np.ones_like(rows), rows / high, columns / wide], axis=-1)
    edge = max(min(high, wide) // 40, 2)
    border = np.ones((high, wide), bool)
    border[edge:-edge, edge:-edge] = False
    slope, *_ = np.linalg.lstsq(terms[border], lab[border], rcond=None)
    apart = np.linalg.norm(lab - terms @ slope, axis=-1)
    if np.percentile(apart[border], 94) > _UNEVEN:
        return None
    near = (apart < _APART).astype(np.uint8)
    components: Any = cv2.connectedComponents
    labels: NDArray[np.int32] = components(near, connectivity=4)[1]
    outside = np.isin(labels, np.unique(labels[border & (near > 0)]))
    outside |= _holes(labels, apart, outside | (near == 0))
    solid = (~outside).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, kernel)
    found: Any = cv2.connectedComponentsWithStats(solid, connectivity=8)
    parts: NDArray[np.int32] = found[1]
    areas: NDArray[np.int32] = found[2][1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return None
    kept = 1 + np.flatnonzero(areas >= max(areas.max() * 0.05, 20))
    mask = np.isin(parts, kept).astype(np.uint8) * 255
    mask = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    return blurred(_pixels(mask), 1.0)


def _closer(rgb: Pixels) -> Pixels:
    """A photo around what has other colours than its border; the whole where that is most of it.

    What lies at the border is mostly background, as Wei et al. put it ("Geodesic Saliency Using
    Background Priors", 2012).
    """
    high, wide = rgb.shape[:2]
    scale = _GLANCE / max(high, wide)
    size = max(round(wide * scale), 5), max(round(high * scale), 5)
    small = resized(rgb, *size)
    lab: NDArray[np.float32] = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    border = np.ones(lab.shape[:2], bool)
    border[2:-2, 2:-2] = False
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    kmeans: Any = cv2.kmeans
    known: NDArray[np.float32] = kmeans(
        lab[border], _CLUSTERS, None, stop, 2, cv2.KMEANS_PP_CENTERS
    )[2]
    nearest: NDArray[np.float32] = np.linalg.norm(lab[:, :, None] - known, axis=-1).min(axis=-1)
    apart: NDArray[np.float32] = np.asarray(
        cv2.GaussianBlur(nearest, (0, 0), _GLANCE / 60), np.float32
    )
    found = (apart > max(float(apart.max()) * 0.42, _APART)).astype(np.uint8)
    if not found.any():
        return rgb
    left, top, width, height = cv2.boundingRect(found)
    middle = (left + width / 2) / scale, (top + height / 2) / scale
    side = max(width, height) / scale * _ROOM
    across, down = (round(min(max(side, one / 3), one)) for one in (wide, high))
    if across * down > _MOST * wide * high:
        return rgb
    x = round(min(max(middle[0] - across / 2, 0), wide - across))
    y = round(min(max(middle[1] - down / 2, 0), high - down))
    return np.ascontiguousarray(rgb[y : y + down, x : x + across])


def _holes(labels: NDArray[np.int32], apart: NDArray[np.float32], others: NDArray[np.bool_]) -> Any:
    """Mask of what lies inside and is just like the background, as in the handle of a cup.

    A white label on white is not quite as white; it stays.
    """
    sizes = np.bincount(labels[~others], minlength=labels.max() + 1)
    sums = np.bincount(labels[~others], apart[~others], minlength=labels.max() + 1)
    alike = (sizes > labels.size * 0.002) & (sums < _SAME * np.maximum(sizes, 1))
    return alike[labels] & ~others


def _without_fringe(rgb: Pixels, mask: Pixels) -> Pixels:
    """Give the edge the colours inside: it is mixed with the background."""
    inner = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))) > 250
    weight = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), 3) + 1e-4
    spread = cv2.GaussianBlur(rgb.astype(np.float32) * inner[..., None], (0, 0), 3)
    filled = (spread / weight[..., None]).clip(0, 255).astype(np.uint8)
    far = inner | (weight < 0.02)
    return np.where(far[..., None], rgb, filled)


def _pixels(value: Any) -> Pixels:
    return value
