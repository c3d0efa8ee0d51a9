"""Scenery of a storyboard card: a place and a time of day, drawn as flat shapes from a seed."""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from tools.generate.animatic.layers import Colour, Pixels, gradient
from tools.generate.animatic.look import data, rgb_of
from tools.text.tokens import surface_forms

_SKIES = {"day": (0.90, 0.05, 235), "sunset": (0.83, 0.10, 55), "night": (0.30, 0.06, 270)}
"""Lightness, chroma and hue of OKLCh."""
_OVER = 2
"""Pixels drawn for each one shown, a side, so that edges are smooth."""


class Setting(NamedTuple):
    """Names of a time of day and of a place, as in `scenery.toml`."""

    time: str = "day"
    place: str = "hills"


def setting_of(sentence: str, before: Setting) -> Setting:
    """Setting that a sentence names; what it does not name is as before."""
    said = set(surface_forms(sentence))
    return Setting(_named("time", said) or before.time, _named("place", said) or before.place)


def scenery(setting: Setting, width: int, height: int, seed: int) -> Pixels:
    """Draw a setting."""
    time, place = setting
    light, chroma, hue = _SKIES[time]
    rng = np.random.default_rng(seed)
    big = width * _OVER, height * _OVER
    back = gradient(*big, rgb_of(light, chroma, hue), rgb_of(light * 0.93, chroma * 0.6, hue), seed)
    image = Image.fromarray(back)
    draw = ImageDraw.Draw(image)
    at = (0.22 + 0.5 * rng.random()) * big[0], (0.2 + 0.16 * rng.random()) * big[1]
    size = 0.085 * big[1]
    sun = rgb_of(0.95, 0.08, 95) if time != "night" else rgb_of(0.93, 0.02, 95)
    draw.ellipse((at[0] - size, at[1] - size, at[0] + size, at[1] + size), fill=sun)
    if time == "night":
        stars: Any = (rng.random((60, 2)) * (big[0], big[1] * 0.5)).tolist()
        for x, y in stars:
            draw.ellipse((x, y, x + 3 * _OVER, y + 3 * _OVER), fill=sun)
    _PLACES[place](draw, big, light, rng)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def _named(kind: str, said: set[str]) -> str | None:
    for name, words in data("scenery")[kind].items():
        if said & set(surface_forms(" ".join(words))):
            return name
    return None


def _ridge(
    draw: ImageDraw.ImageDraw, size: Any, top: float, rough: float, fill: Colour, rng: Any
) -> None:
    """A line of hills across the picture; `top` and `rough` are shares of its height."""
    width, height = size
    x = np.linspace(0, 1, 160)
    waves: Any = sum(
        rng.random() / n * np.sin(2 * np.pi * (n * x * (0.7 + rng.random()) + rng.random()))
        for n in (1, 2, 3, 5)
    )
    y = (top - rough * waves) * height
    points = [(float(a * width), float(b)) for a, b in zip(x, y, strict=True)]
    draw.polygon([(0, height), *points, (width, height)], fill=fill)


def _steps(first: float, last: float, by: float) -> list[float]:
    return [first + by * number for number in range(max(int((last - first) / by), 0))]


def _hills(draw: ImageDraw.ImageDraw, size: Any, light: float, rng: Any) -> None:
    for step, top in enumerate((0.56, 0.68, 0.82)):
        fill = rgb_of(light * (0.82 - 0.14 * step), 0.06 + 0.02 * step, 150)
        _ridge(draw, size, top, 0.05, fill, rng)


def _sea(draw: ImageDraw.ImageDraw, size: Any, light: float, rng: Any) -> None:
    width, height = size
    draw.rectangle((0, height * 0.55, width, height), fill=rgb_of(light * 0.70, 0.09, 235))
    for step in range(14):
        y = height * (0.58 + 0.018 * step)
        left, long = float(rng.random()) * width, width * (0.05 + 0.12 * float(rng.random()))
        draw.line((left, y, left + long, y), fill=rgb_of(light * 0.84, 0.05, 225), width=3 * _OVER)
    _ridge(draw, size, 0.85, 0.03, rgb_of(light * 0.93, 0.06, 85), rng)


def _city(draw: ImageDraw.ImageDraw, size: Any, light: float, rng: Any) -> None:
    width, height = size
    for row, foot in enumerate((0.80, 0.92)):
        left = 0.0
        while left < width:
            wide = width * (0.05 + 0.07 * float(rng.random()))
            top = height * (foot - 0.12 - 0.36 * float(rng.random()) * (1 - 0.4 * row))
            fill = rgb_of(light * (0.70 - 0.2 * row), 0.03, 265)
            draw.rectangle((left, top, left + wide * 0.94, height), fill=fill)
            for x in _steps(left + wide * 0.16, left + wide * 0.75, wide * 0.24):
                for y in _steps(top + wide * 0.2, height * 0.9, wide * 0.32):
                    if rng.random() < 0.5:
                        pane = rgb_of(0.92, 0.09, 90) if light < 0.6 else rgb_of(0.9, 0.03, 235)
                        draw.rectangle((x, y, x + wide * 0.12, y + wide * 0.15), fill=pane)
            left += wide
    draw.rectangle((0, height * 0.92, width, height), fill=rgb_of(light * 0.42, 0.02, 265))


def _trees(draw: ImageDraw.ImageDraw, size: Any, light: float, rng: Any) -> None:
    width, height = size
    _ridge(draw, size, 0.66, 0.03, rgb_of(light * 0.78, 0.08, 145), rng)
    for foot in np.sort(0.70 + 0.22 * rng.random(26)):
        x, tall = float(rng.random()) * width, height * (0.16 + 0.20 * (foot - 0.6))
        y, wide = float(foot) * height, height * 0.075
        fill = rgb_of(light * (0.62 - 0.5 * (float(foot) - 0.70)), 0.09, 150)
        draw.rectangle((x - 4, y - 8, x + 4, y + height * 0.02), fill=rgb_of(light * 0.4, 0.04, 60))
        draw.polygon(((x - wide, y), (x, y - tall * 1.6), (x + wide, y)), fill=fill)


def _peaks(draw: ImageDraw.ImageDraw, size: Any, light: float, rng: Any) -> None:
    width, height = size
    for step in range(5):
        x, top = width * (0.1 + 0.2 * step + 0.08 * float(rng.random())), 0.24 + 0.2 * rng.random()
        wide, peak = width * 0.24, float(top) * height
        fill = rgb_of(light * (0.74 - 0.05 * (step % 3)), 0.035, 255)
        draw.polygon(((x - wide, height), (x, peak), (x + wide, height)), fill=fill)
        snow = (height - peak) * 0.22
        side = wide * 0.22
        cap = ((x - side, peak + snow), (x, peak), (x + side, peak + snow), (x, peak + snow * 0.7))
        draw.polygon(cap, fill=rgb_of(min(light * 1.06, 0.97), 0.01, 235))
    _ridge(draw, size, 0.84, 0.03, rgb_of(light * 0.66, 0.07, 150), rng)


def _room(draw: ImageDraw.ImageDraw, size: Any, light: float, rng: Any) -> None:
    width, height = size
    outside = (width * 0.56, height * 0.14, width * 0.86, height * 0.56)
    wall, board = rgb_of(0.88, 0.03, 70), rgb_of(0.58, 0.07, 60)
    for box in (
        (0, 0, width, outside[1]), (0, outside[3], width, height),
        (0, 0, outside[0], height), (outside[2], 0, width, height),
    ):  # fmt: skip
        draw.rectangle(box, fill=wall)
    draw.rectangle(outside, outline=(250, 248, 244), width=10 * _OVER)
    middle = (outside[0] + outside[2]) / 2
    draw.line((middle, outside[1], middle, outside[3]), fill=(250, 248, 244), width=6 * _OVER)
    draw.rectangle((0, height * 0.80, width, height), fill=rgb_of(0.70, 0.05, 60))
    left = width * (0.08 + 0.1 * float(rng.random()))
    draw.rectangle((left, height * 0.64, left + width * 0.4, height * 0.675), fill=board)
    for leg in (0.02, 0.37):
        x = left + width * leg
        draw.rectangle((x, height * 0.675, x + width * 0.012, height * 0.88), fill=board)


_PLACES = {
    "hills": _hills, "sea": _sea, "city": _city, "trees": _trees, "peaks": _peaks, "room": _room,
}  # fmt: skip
