"""Captions and labels drawn in the picture: bright words on a dark, rounded ground."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from tools.generate.animatic.layers import Layer, Pixels, paste, plain, rounded
from tools.generate.animatic.lettering import set_text, word_layers
from tools.generate.animatic.plan import Cue

WHITE, GROUND = (255, 255, 255), (14, 14, 18)
SAFE = {"wide": (0.10, 0.925), "square": (0.08, 0.93), "tall": (0.09, 0.83)}
"""Share of the width left free at each side, and where the lowest line ends: the controls of
players and of telephones cover what is below."""


@cache
def caption_layer(text: str, width: int, height: int) -> tuple[Layer, int, int]:
    """A caption with its place, left and top, for a picture of a size."""
    form = "wide" if width > height * 1.1 else "tall" if height > width * 1.1 else "square"
    side, foot = SAFE[form]
    unit = min(width, height)
    block = set_text(
        text, width * (1 - 2 * side), unit * 0.26, "SemiBold", 0.052 * unit, 0.026 * unit, True, 3
    )
    room = width * (1 - 2 * side)
    over, across = round(0.018 * unit), round(0.030 * unit)
    wide, high = round(block.width) + 2 * across, round(block.height) + 2 * over
    shape = rounded(wide, high, 0.024 * unit)
    layer = plain(_softer(shape, 0.72), GROUND)
    for word, left, top in word_layers(block, WHITE):
        paste(layer.rgb, word, left - (room - block.width) / 2 + across, top + over)
        _cover(layer.alpha, word, left - (room - block.width) / 2 + across, top + over)
    return layer, (width - wide) // 2, round(height * foot) - high


def paint_caption(canvas: Pixels, cues: Sequence[Cue], t: float) -> None:
    """Lay the caption of a moment on a canvas, if there is one."""
    for start, end, text in cues:
        if start <= t < end:
            layer, left, top = caption_layer(text, canvas.shape[1], canvas.shape[0])
            paste(canvas, layer, left, top, min((t - start) / 0.12 + 0.4, 1.0))
            return


@cache
def label_layer(text: str, unit: int) -> Layer:
    """A small label that says how a film was made."""
    block = set_text(text, 0.8 * unit, 0.1 * unit, "SemiBold", 0.026 * unit, 10, lines=1)
    pad = round(0.012 * unit)
    shape = rounded(round(block.width) + 3 * pad, round(block.height) + 2 * pad, 0.012 * unit)
    layer = plain(_softer(shape, 0.62), GROUND)
    for word, left, top in word_layers(block, WHITE):
        paste(layer.rgb, word, left + 1.5 * pad, top + pad)
        _cover(layer.alpha, word, left + 1.5 * pad, top + pad)
    return layer


def paint_label(canvas: Pixels, text: str) -> None:
    """Lay the label on a canvas, top right."""
    unit = min(canvas.shape[:2])
    layer = label_layer(text, unit)
    paste(canvas, layer, canvas.shape[1] - layer.width - 0.03 * unit, 0.03 * unit)


def _softer(mask: Pixels, share: float) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(mask, alpha=share), np.uint8)


def _cover(alpha: Pixels, word: Layer, left: float, top: float) -> None:
    """Make a layer as solid as the word that was laid on it."""
    paste(alpha, Layer(word.alpha, word.alpha), left, top)
