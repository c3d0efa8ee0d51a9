"""Cards: an opening title, a page of a storyboard, and the closing card that names the sources."""

import numpy as np

from tools.generate.animatic.layers import (
    Layer,
    Pixels,
    eased,
    gradient,
    paste,
    placed,
    plain,
    rounded,
    settled,
    warp,
)
from tools.generate.animatic.lettering import set_text, spaced, text_layer, word_layers
from tools.generate.animatic.look import rgb_of
from tools.generate.animatic.plan import Shot
from tools.generate.animatic.scenery import Setting, scenery

PAPER, INK, QUIET = (246, 243, 236), (40, 38, 44), (110, 106, 112)


class TitlePainter:
    """A title on a dark ground, word after word; lines below it in small letters."""

    def __init__(self, size: tuple[int, int], shot: Shot, seed: int) -> None:
        width, height = size
        unit = min(size)
        hue = float(np.random.default_rng(seed).integers(360)) if seed else 250.0
        self._base = gradient(width, height, rgb_of(0.27, 0.05, hue), rgb_of(0.15, 0.03, hue), seed)
        side = 0.09 * width
        lines = [line for line in shot.lines if line]
        room = 0.44 * height if lines else 0.6 * height
        head = set_text(
            shot.text, width - 2 * side, room, "ExtraBold",
            (0.062 if shot.shows == "end" else 0.125) * unit, 0.034 * unit, lines=5,
        )  # fmt: skip
        foot = 0.060 * unit
        total = 0.06 * unit + head.height + (len(lines) * foot + 0.04 * unit if lines else 0)
        top = (height - total) / 2
        self._bar = (side, top, 0.085 * unit, max(0.009 * unit, 2))
        self._accent = rgb_of(0.80, 0.13, hue)
        top += 0.06 * unit
        self._heads = [
            (layer, side + left, top + down) for layer, left, down in word_layers(head, PAPER)
        ]
        top += head.height + 0.04 * unit
        self._lines: list[tuple[Layer, float, float]] = []
        for line in lines:
            block = set_text(
                line, width - 2 * side, foot * 1.3, "Medium", 0.036 * unit, 0.018 * unit, lines=1
            )
            self._lines.append((text_layer(block, rgb_of(0.86, 0.02, hue)), side, top))
            top += foot
        self._rise = 0.05 * unit

    def paint(self, t: float, length: float) -> Pixels:
        """Draw the card at a time."""
        canvas = self._base.copy()
        x, y, wide, high = self._bar
        right = round(x + wide * settled(t / 0.6))
        canvas[round(y) : round(y + high), round(x) : right] = self._accent
        for number, (layer, left, top) in enumerate(self._heads):
            share = settled((t - 0.08 - number * 0.05) / 0.5)
            paste(canvas, layer, left, top + (1 - share) * self._rise, eased(share * 1.2))
        for number, (layer, left, top) in enumerate(self._lines):
            paste(canvas, layer, left, top, eased((t - 0.35 - number * 0.08) / 0.4))
        return canvas


class CardPainter:
    """A page of a storyboard: drawn scenery, the sentence, its number, and what it is."""

    def __init__(self, size: tuple[int, int], shot: Shot, seed: int) -> None:
        width, height = size
        unit = min(size)
        self._base = np.full((height, width, 3), PAPER, np.uint8)
        edge = 0.055 * unit
        tall = height > width
        share = 0.56 if tall else 0.66
        wide, high = round(width - 2 * edge), round(height * share)
        if tall:
            high = min(high, round(wide * 1.05))
        self._window = round(edge), round(edge * (2.2 if tall else 1.0)), wide, high
        self._view = scenery(
            Setting(*shot.layout.split()), round(wide * 1.12), round(high * 1.04), seed
        )
        self._ground = Layer(self._view, np.full_like(self._view, 255))
        corner = rounded(wide, high, 0.03 * unit)
        self._corner = plain(np.asarray(255 - corner, np.uint8), PAPER)
        left, top = self._window[:2]
        below = top + high + 0.045 * unit
        note = shot.lines[0] if shot.lines else ""
        label = spaced(note, 0.023 * unit, QUIET, "SemiBold")
        paste(self._base, label, left, height - 0.065 * unit)
        number = spaced(shot.headline, 0.030 * unit, QUIET)
        paste(self._base, number, width - edge - number.width, height - 0.070 * unit)
        block = set_text(
            shot.text, wide, height - below - 0.085 * unit, "Bold",
            (0.082 if tall else 0.060) * unit, 0.022 * unit, lines=4,
        )  # fmt: skip
        self._words = [(layer, left + x, below + y) for layer, x, y in word_layers(block, INK)]

    def paint(self, t: float, length: float) -> Pixels:
        """Draw the page at a time: the view moves slowly to one side."""
        canvas = self._base.copy()
        left, top, wide, high = self._window
        share = t / max(length, 0.1)
        middle = (wide - 1) / 2 + (0.5 - share) * 0.10 * wide, (high - 1) / 2
        inner = canvas[top : top + high, left : left + wide]
        warp(inner, self._ground, placed(self._ground, middle, 1.0))
        paste(inner, self._corner, 0, 0)
        for number, (layer, x, y) in enumerate(self._words):
            paste(canvas, layer, x, y, eased((t - 0.15 - number * 0.06) / 0.35))
        return canvas
