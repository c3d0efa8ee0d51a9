"""Look of an advertisement: its colours, made of the product's, in one of a few styles."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from tools.generate.animatic.layers import Colour
from tools.generate.animatic.product import Product
from tools.text.tokens import surface_forms

GREY = 0.045
"""Chroma below which a product has no colour of its own."""


@dataclass(frozen=True)
class Look:
    """Colours of a style. `glow` says that the disc shines rather than stands."""

    style: str
    back: tuple[Colour, Colour]
    disc: Colour
    panel: Colour
    text: Colour
    quiet: Colour
    accent: Colour
    button: Colour
    on_button: Colour
    glow: bool


@cache
def data(name: str) -> dict[str, Any]:
    """Data of this package, by the name of its file."""
    return tomllib.loads(
        files("tools.generate.animatic").joinpath(f"{name}.toml").read_text("utf-8")
    )


def look_of(product: Product, prompt: str, seed: int) -> Look:
    """Choose a style by the words of the brief, else by the product's light and colour."""
    light, chroma, hue = product.accent
    styles = data("styles")
    said = set(surface_forms(prompt))
    named = [
        name
        for name, one in styles["style"].items()
        if said & set(surface_forms(" ".join(one["words"])))
    ]
    if named:
        name = named[0]
    elif product.lightness > 0.8:
        name = "bold"
    else:
        name = "bold" if chroma < GREY and light < 0.4 else "soft"
    style = styles["style"][name]
    if chroma < GREY:
        hue = float(styles["hues"][seed % len(styles["hues"])])
    hue = (hue + float(style["turn"]) * (chroma >= GREY)) % 360

    def colour(key: str) -> Colour:
        lightness, strength = style[key]
        return rgb_of(lightness, strength, hue)

    return Look(
        style=name,
        back=(colour("back_first"), colour("back_last")),
        disc=colour("disc"),
        panel=colour("panel"),
        text=colour("text"),
        quiet=colour("quiet"),
        accent=colour("accent"),
        button=colour("button"),
        on_button=colour("on_button"),
        glow=bool(style["glow"]),
    )


def rgb_of(lightness: float, chroma: float, hue: float) -> Colour:
    """Convert OKLCh to sRGB; chroma is lowered until the colour can be shown.

    The inverse of B. Ottosson's OKLab, 2020.
    """
    while True:
        a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
        long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        linear = np.array(
            [
                4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
                -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
                -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
            ]
        )
        if chroma < 0.005 or (linear.min() >= -0.002 and linear.max() <= 1.002):
            break
        chroma *= 0.93
    linear = linear.clip(0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (curved * 255).round().astype(int).tolist()
    return red, green, blue
