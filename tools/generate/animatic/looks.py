"""Looks of moving pictures that arithmetic can give, named by the words that ask for them."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.errors import RefusedRequest
from tools.generate.animatic.layers import Pixels
from tools.generate.animatic.look import data

_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
_GREY = np.tile([0.299, 0.587, 0.114], (3, 1))


class Restyle(NamedTuple):
    """Looks by name, and how much faster a clip is played."""

    looks: tuple[str, ...]
    speed: float


def restyle_of(prompt: str) -> Restyle:
    """Read the looks that a prompt asks for.

    RefusedRequest where it asks for none, or for something else as well.
    """
    table: dict[str, Any] = data("looks")
    left = f" {_plain(prompt)} "
    found: list[str] = []
    phrases = [
        (_plain(words), name)
        for name, one in table.items()
        if name != "filler"
        for words in one["words"]
    ]
    for words, name in sorted(phrases, key=lambda one: -len(one[0])):
        if f" {words} " in left:
            left = left.replace(f" {words} ", "  ")
            found.append(name)
    known = ", ".join(name.replace("_", " ") for name in table if name != "filler")
    others = [word for word in left.split() if word not in set(table["filler"]["words"])]
    if others:
        raise RefusedRequest(
            f"this machine can't do {' '.join(others)[:80]!r} with a video; it can do: {known}"
        )
    if not found:
        raise RefusedRequest(f"name a look for the video: {known}")
    speed = float(np.prod([table[name].get("speed", 1.0) for name in set(found)]))
    looks = tuple(name for name in table if name in found and "speed" not in table[name])
    return Restyle(looks, speed)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFC", text).casefold()
    return " ".join(re.sub(r"[^\w&'-]+", " ", text).split())


def changed(picture: Pixels, looks: Sequence[str]) -> Pixels:
    """Give a picture its looks, one after the other."""
    for name in looks:
        picture = _CHANGES[name](picture)
    return picture


def _matrix(picture: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    return np.asarray(cv2.transform(picture, matrix), np.uint8)


def _grey(picture: Pixels) -> Pixels:
    return _matrix(picture, _GREY)


def _curve(picture: Pixels, gains: Sequence[float], power: float = 1.0) -> Pixels:
    return np.asarray(cv2.LUT(picture, _table(tuple(gains), power)), np.uint8)


@cache
def _table(gains: tuple[float, ...], power: float) -> NDArray[np.uint8]:
    levels = np.linspace(0, 1, 256) ** power
    rows = [(levels * gain * 255).clip(0, 255).round() for gain in gains]
    return np.stack(rows, axis=-1).astype(np.uint8)[None]


def _contrast(picture: Pixels) -> Pixels:
    x = np.linspace(0, 1, 256)
    curve = (x + 0.55 * (3 * x**2 - 2 * x**3 - x)).clip(0, 1) * 255
    return np.asarray(cv2.LUT(picture, curve.round().astype(np.uint8)), np.uint8)


def _vivid(picture: Pixels) -> Pixels:
    return _matrix(picture, np.eye(3) * 1.4 - _GREY * 0.4)


def _soft(picture: Pixels) -> Pixels:
    glow: Any = cv2.GaussianBlur(picture, (0, 0), max(picture.shape[1] / 160, 1.0))
    dark: Any = cv2.multiply(255 - picture, 255 - glow, scale=1 / 255)
    screened: Any = 255 - dark
    return np.asarray(cv2.addWeighted(picture, 0.6, screened, 0.4, 0), np.uint8)


def _vignette(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    return np.asarray(cv2.multiply(picture, _dark_edges(width, height), scale=1 / 255), np.uint8)


@cache
def _dark_edges(width: int, height: int) -> Pixels:
    x, y = np.linspace(-1, 1, width)[None], np.linspace(-1, 1, height)[:, None]
    light = 1 - 0.6 * ((x**2 + y**2) / 2) ** 1.2
    return np.repeat((light.clip(0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


_CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "black_and_white": _grey,
    "sepia": lambda picture: _matrix(picture, _SEPIA),
    "warm": lambda picture: _curve(picture, (1.08, 1.0, 0.86)),
    "cold": lambda picture: _curve(picture, (0.88, 0.98, 1.10)),
    "bright": lambda picture: _curve(picture, (1.0, 1.0, 1.0), 0.75),
    "dark": lambda picture: _curve(picture, (0.92, 0.92, 0.94), 1.35),
    "vivid": _vivid,
    "contrast": _contrast,
    "soft": _soft,
    "vignette": _vignette,
    "mirrored": lambda picture: np.ascontiguousarray(picture[:, ::-1]),
}
"""Functions of one RGB picture by the name of the look in `looks.toml`."""
