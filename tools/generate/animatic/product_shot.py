"""Shots of an advertisement: a product on its surface, a headline, the words that are spoken.

All that does not move is drawn once; a frame is a copy of that, the product at its place, and the
words that are there by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.generate.animatic.layers import (
    Layer,
    Matrix,
    Pixels,
    blurred,
    eased,
    ellipse,
    gradient,
    paste,
    placed,
    plain,
    rounded,
    settled,
    warp,
)
from tools.generate.animatic.lettering import (
    LEADING,
    Block,
    font,
    set_text,
    spaced,
    word_layers,
    written,
)
from tools.generate.animatic.look import Look, data
from tools.generate.animatic.product import Product

ENTERS, APART = 0.55, 0.06
"""Seconds in which something comes to its place, and between two words."""
LARGE = 0.036
"""Share by which a product grows while its shot lasts."""
_RING = 1.12
"""Diameter of the ring around the disc, of the disc's."""


@dataclass(frozen=True)
class Said:
    """Words of a shot: a short headline, then others, and the time in which those are spoken.

    `words` is empty where the headline is all that is said. `button` stands on the last shot.
    """

    headline: str
    words: str
    start: float
    end: float
    brand: str = ""
    button: str = ""


def form_of(width: int, height: int) -> str:
    """Name of the layouts for a size."""
    return "wide" if width > height * 1.1 else "tall" if height > width * 1.1 else "square"


class ProductShot:
    """A product with its words; `matrix(t)` is where its pixels are at a time."""

    def __init__(
        self,
        size: tuple[int, int],
        product: Product,
        look: Look,
        layout: str,
        said: Said,
        seed: int,
    ) -> None:
        self._size, self._said, self._look, self._product = size, said, look, product
        plan: dict[str, Any] = data("layouts")[form_of(*size)][layout]
        width, height = size
        unit = min(size)
        self._unit = unit
        x, y, wide, high = plan["product"]
        self.centre = x * width, y * height
        self._enters = 0.05 * height if layout != "close" else 0.16 * height
        self._layer, inner = product.standing(wide * width, high * height)
        self._inner = np.vstack([inner, [0, 0, 1]])
        self._back = gradient(width, height, *look.back, seed)
        if box := plan.get("panel"):
            left, top, right, bottom = (round(b * s) for b, s in zip(box, size * 2, strict=True))
            self._back[top:bottom, left:right] = look.panel
        cx, cy, across = plan["disc"]
        self._disc_at = cx * width, cy * height
        self._disc = self._draw_disc(round(across * unit)) if across else None
        self._base = self._back.copy()
        if self._disc:
            warp(self._base, self._disc, placed(self._disc, self._disc_at, 1.0))
        if said.brand:
            mark = spaced(said.brand, 0.024 * unit, look.quiet)
            left = plan["text"][0] * width
            if plan["centred"]:
                left = (width - mark.width) / 2
            top = 0.06 * height if width >= height else 0.062 * height
            for canvas in (self._back, self._base):
                paste(canvas, mark, left, top)
        self._set_words(plan)

    def matrix(self, t: float, length: float) -> Matrix:
        """Map of the product picture's pixels to the canvas, `t` seconds into the shot."""
        share = settled(t / ENTERS)
        scale = (0.9 + 0.1 * share) * (1 + LARGE * t / max(length, 0.1)) / (1 + LARGE)
        x, y = self.centre
        return placed(self._layer, (x, y + (1 - share) * self._enters), scale)

    def picture_map(self, t: float, length: float) -> Matrix:
        """The same for the pixels of the product, without the room for its shadow."""
        return (np.vstack([self.matrix(t, length), [0, 0, 1]]) @ self._inner)[:2]

    def paint(self, t: float, length: float) -> Pixels:
        """Draw the shot at a time; length is that of the shot, in seconds."""
        if self._disc and t < ENTERS:
            canvas = self._back.copy()
            grown = 0.55 + 0.45 * settled(t / ENTERS)
            warp(
                canvas, self._disc, placed(self._disc, self._disc_at, grown), eased(2 * t / ENTERS)
            )
        else:
            canvas = self._base.copy()
        warp(canvas, self._layer, self.matrix(t, length), eased(2.5 * t / ENTERS))
        self._paint_words(canvas, t)
        return canvas

    @property
    def words(self) -> list[tuple[Layer, float, float]]:
        """Every word as a layer, with its place on the canvas: left and top."""
        return self._heads + self._words

    def words_seen(self, canvas: Pixels) -> float:
        """Contrast of the words against what is around them, where they should be: 0 to 1.

        The last word counts as well: it is told apart from what is behind it on the same place.
        """
        found: list[float] = []
        for layer, left, top in self._words or self._heads:
            x, y = round(left), round(top)
            place = canvas[max(y, 0) : y + layer.height, max(x, 0) : x + layer.width].astype(float)
            alpha = layer.alpha[: place.shape[0], : place.shape[1], 0]
            if place.size and (alpha > 200).any() and (alpha == 0).any():
                light = place.mean(axis=2)
                apart = abs(light[alpha > 200].mean() - light[alpha == 0].mean())
                found.append(min(apart / 60, 1.0))
        return float(np.mean(found)) if found else 0.0

    def _draw_disc(self, across: int) -> Layer:
        outer = round(across * _RING)
        mask = np.zeros((outer, outer), np.uint8)
        at = (outer - across) // 2
        mask[at : at + across, at : at + across] = ellipse(across, across)
        if self._look.glow:
            wide = outer + 2 * (outer // 4)
            spread = np.zeros((wide, wide), np.uint8)
            small = ellipse(round(across * 0.72), round(across * 0.72))
            at = (wide - small.shape[0]) // 2
            spread[at : at + small.shape[0], at : at + small.shape[0]] = small
            return plain(blurred(spread, across * 0.11), self._look.disc)
        ring = ellipse(outer, outer).astype(np.int16)
        line = max(round(self._unit * 0.004), 1)
        hole = np.zeros_like(ring)
        hole[line:-line, line:-line] = ellipse(outer - 2 * line, outer - 2 * line)
        edge = ((ring - hole).clip(0, 255) * 0.55).astype(np.uint8)
        return plain(np.maximum(mask, edge), self._look.disc)

    def _set_words(self, plan: dict[str, Any]) -> None:
        """Set headline, words and button in their box, in the middle of its height."""
        width, height = self._size
        unit, look, said = self._unit, self._look, self._said
        x, y, wide, high = (b * s for b, s in zip(plan["text"], self._size * 2, strict=True))
        centred = bool(plan["centred"])
        apart: Sequence[float] | None = plan.get("words")
        small = 0.047 * unit
        flows = said.words and not apart
        body: Block | None = None
        if said.words:
            box = [b * s for b, s in zip(apart, self._size * 2, strict=True)] if apart else None
            room = (box[2], box[3]) if box else (wide, high * 0.42)
            body = set_text(said.words, *room, "Medium", small, 0.026 * unit, centred)
        room = high - (body.height + 0.055 * unit if flows and body else 0.0)
        room -= 0.17 * unit if said.button else 0.0
        head = set_text(said.headline, wide, room, "ExtraBold", 0.132 * unit, small, centred, 5)
        bar = 0.055 * unit if not centred else 0.0
        total = bar + head.height + (body.height + 0.055 * unit if flows and body else 0.0)
        total += 0.145 * unit if said.button else 0.0
        top = y + max((high - total) / 2, 0.0)
        self._bar = (x, top, 0.085 * unit, max(0.009 * unit, 2)) if bar else None
        top += bar
        self._heads = [
            (layer, x + left, top + down) for layer, left, down in word_layers(head, look.text)
        ]
        top += head.height + 0.04 * unit
        self._words: list[tuple[Layer, float, float]] = []
        if body:
            left, down = (x, top)
            if box := apart:
                left, down = box[0] * width, box[1] * height
            self._words = [
                (layer, left + a, down + b) for layer, a, b in word_layers(body, look.quiet)
            ]
            self._bold = word_layers(body, look.text)
            top += body.height + 0.015 * unit if flows else 0.0
        self._button: Layer | None = None
        if said.button:
            self._button = self._draw_button(said.button)
            middle = x + wide / 2 if centred else x + self._button.width / 2
            self._button_at = middle, top + 0.02 * unit + self._button.height / 2

    def _draw_button(self, text: str) -> Layer:
        unit = self._unit
        face = font(text, "Bold", round(0.042 * unit))
        label = written(text, face, self._look.on_button)
        wide, high = label.width + round(0.09 * unit), round(0.092 * unit)
        shape = plain(rounded(wide, high, high / 2), self._look.button)
        paste(shape.rgb, label, 0.045 * unit, (high - face.size * LEADING) / 2 - 0.004 * unit)
        return shape

    def _paint_words(self, canvas: Pixels, t: float) -> None:
        look, unit = self._look, self._unit
        if self._bar:
            x, y, wide, high = self._bar
            right = round(x + wide * settled((t - 0.1) / ENTERS))
            canvas[round(y) : round(y + high), round(x) : right] = look.accent
        for number, (layer, left, top) in enumerate(self._heads):
            share = settled((t - 0.15 - number * APART) / ENTERS)
            paste(canvas, layer, left, top + (1 - share) * 0.05 * unit, eased(share * 1.2))
        length = max(self._said.end - self._said.start, 0.1)
        shown = eased((t - 0.35) / ENTERS)
        for number, (layer, left, top) in enumerate(self._words):
            paste(canvas, layer, left, top, shown)
            spoken = self._said.start + length * 0.92 * number / len(self._words)
            lit = eased((t - spoken) / 0.18)
            if lit > 0:
                paste(canvas, self._bold[number][0], left, top, lit)
        if self._button:
            beat = 1 + 0.025 * np.sin(max(t - 1.2, 0.0) * 2 * np.pi / 1.6)
            share = settled((t - 0.5) / ENTERS)
            matrix = placed(self._button, self._button_at, (0.8 + 0.2 * share) * beat)
            warp(canvas, self._button, matrix, eased(share * 1.3))
