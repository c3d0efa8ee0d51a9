"""Colour attributes of a picture, measured without a model: named colours and light.

Colours are named in OKLCh, where a step looks equally large everywhere. The name of every colour
is looked up in a table of 32 x 32 x 32 cells, made once: 20 microseconds a picture.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tools.media import Attributes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float64]

COLOURS = (
    "black", "white", "grey", "red", "orange", "yellow",
    "green", "cyan", "blue", "purple", "pink", "brown",
)  # fmt: skip
COLOUR_WORDS = {name: name for name in COLOURS} | {
    "gray": "grey", "silver": "grey", "reddish": "red", "crimson": "red", "scarlet": "red",
    "maroon": "red", "golden": "yellow", "yellowish": "yellow", "greenish": "green",
    "olive": "green", "lime": "green", "teal": "cyan", "turquoise": "cyan", "aqua": "cyan",
    "bluish": "blue", "navy": "blue", "violet": "purple", "lilac": "purple", "magenta": "pink",
    "brownish": "brown", "beige": "brown",
}  # fmt: skip
"""Names of colours by the words that people use for them."""

# Where one hue's name ends and the next begins, in degrees of OKLCh. Pink, brown, black, white and
# grey are not hues: they are decided by lightness and chroma below.
_HUES = ((15, "pink"), (36, "red"), (78, "orange"), (115, "yellow"), (165, "green"),
         (220, "cyan"), (285, "blue"), (338, "purple"), (360, "pink"))  # fmt: skip


def measure_attributes(video: str, seconds: float, rgb: Pixels) -> Attributes:
    """Measure one small RGB picture (height, width, 3; 0 to 255).

    Shares, brightness and saturation are 0 to 1; motion, which is measured elsewhere, is 0.
    """
    import numpy as np

    planes = np.ascontiguousarray(rgb.reshape(-1, 3).T)
    cells = np.array([1024, 32, 1], np.int32) @ (planes >> 3).astype(np.int32)
    counts = np.bincount(_names()[cells], minlength=len(COLOURS))
    shares = zip(COLOURS, (counts / max(1, len(cells))).tolist(), strict=True)
    luma = planes.mean(axis=1) @ np.array([0.2126, 0.7152, 0.0722]) / 255
    high = planes.max(axis=0).astype(np.float64)
    chroma = high - planes.min(axis=0)
    # Chroma over value, summed: a dark pixel's noise counts as little as it is seen.
    saturation = chroma.sum() / max(high.sum(), 12.0 * len(cells))
    return Attributes(
        video=video,
        seconds=seconds,
        colours={name: round(share, 4) for name, share in shares if share > 0},
        brightness=round(float(luma), 4),
        saturation=round(float(saturation), 4),
        motion=0.0,
    )


def measure_picture(video: str, seconds: float, path: Path) -> Attributes:
    """Measure a stored picture; OSError if it is no picture."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        image.draft("RGB", (160, 90))
        small = np.asarray(image.convert("RGB").resize((64, 36), Image.Resampling.BOX))
    return measure_attributes(video, seconds, small)


@cache
def _names() -> NDArray[np.uint8]:
    """Index into COLOURS of each of the 32768 cells of the RGB cube."""
    import numpy as np

    # 0 stays 0 and 31 becomes 255, so that pure colours are met exactly.
    levels = np.arange(32) * 255 / 31
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    return _named(*oklch(cube / 255))


def _named(light: Floats, chroma: Floats, hue: Floats) -> NDArray[np.uint8]:
    """Index into COLOURS of some colours of OKLCh."""
    import numpy as np

    index = {name: place for place, name in enumerate(COLOURS)}
    names = np.zeros(len(light), np.uint8)
    for end, name in reversed(_HUES):
        names[hue < end] = index[name]
    # What is warm but dark or dull is brown; light red is pink; dark pink is red or purple.
    names[(hue >= 38) & (hue < 80) & (light < 0.64)] = index["brown"]
    names[(hue >= 50) & (hue < 70) & (light < 0.7) & (chroma < 0.14)] = index["brown"]
    names[(hue >= 15) & (hue < 80) & (light < 0.82) & (chroma < 0.09)] = index["brown"]
    names[(hue >= 38) & (hue < 80) & (light < 0.78) & (chroma < 0.1)] = index["brown"]
    names[(hue >= 80) & (hue < 98) & (light < 0.62)] = index["brown"]
    names[(hue >= 98) & (hue < 115) & (light < 0.66)] = index["green"]  # olive
    names[(hue < 30) & (light > 0.7) & (chroma > 0.04)] = index["pink"]
    names[(hue < 15) & (light < 0.5)] = index["red"]
    names[(hue >= 338) & (light < 0.5)] = index["purple"]
    names[(hue >= 310) & (light > 0.68)] = index["pink"]
    names[(hue >= 200) & (hue < 235) & (light > 0.8) & (chroma < 0.07)] = index["blue"]  # sky
    # Near grey the eye names no hue; it needs more chroma for one where it is very light.
    grey = chroma < np.where(light > 0.9, 0.035, 0.04)
    names[grey] = index["grey"]
    names[(light > 0.93) & (chroma < 0.035)] = index["white"]
    names[(light > 0.91) & (chroma < 0.05) & (hue > 40) & (hue < 100)] = index["white"]  # cream
    names[(light < 0.28) & (chroma < 0.06)] = index["black"]
    names[light < 0.17] = index["black"]
    return names


_TO_CONES = (
    (0.4122214708, 0.2119034982, 0.0883024619),
    (0.5363325363, 0.6806995451, 0.2817188376),
    (0.0514459929, 0.1073969566, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 1.9779984951, 0.0259040371),
    (0.7936177850, -2.4285922050, 0.7827717662),
    (-0.0040720468, 0.4505937099, -0.8086757660),
)
"""Matrices of OKLab by B. Ottosson, 2020: linear RGB to cone responses, and their roots to Lab."""


def oklch(rgb: Floats) -> tuple[Floats, Floats, Floats]:
    """OKLCh of sRGB colours (n x 3, 0 to 1): lightness 0 to 1, chroma, hue in degrees."""
    import numpy as np

    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    light, green_red, blue_yellow = (np.cbrt(linear @ _TO_CONES) @ _TO_LAB).T
    hue = np.degrees(np.arctan2(blue_yellow, green_red)) % 360
    return light, np.hypot(green_red, blue_yellow), hue


LEAST_LIGHT, LEAST_CHROMA = 0.16, 0.006
"""Mean luma of a picture below which it is night, and chroma of its most colourful twentieth below
which the camera sees infrared: neither shows what colour a thing has."""
NEARLY_GREY, MOST_CAST = 0.08, 0.06
"""Chroma up to which a pixel may be grey in a tinted light, and the strongest tint taken back."""
BRIGHT = 0.92
"""Lightness that the brightest part of a picture is brought to, up to a half more."""
HUELESS, BLACK, WHITE = 0.05, 0.36, 0.76
"""Chroma below which a thing has no hue; lightness below which it is black, above which white."""
_WEIGHT = {"black": 0.7, "grey": 0.9, "white": 1.4}
"""Weights of colours without a hue, beside 1.6: windows and shadows are dark on any car."""
_HUE_WEIGHT = 1.6


class SceneLight(NamedTuple):
    """Light of a picture: its tint (a and b of OKLab as one number), and what brightens it."""

    tint: complex
    gain: float


def scene_light(picture: Pixels) -> SceneLight | None:
    """Light of a picture as a camera gives it (BGR); None at night and in infrared.

    Its tint is that of the pixels that are nearly grey ("grey pixel" white balance, Yang et al.,
    2015), and its brightest part is taken for white.
    """
    import numpy as np

    around = picture[::8, ::8, ::-1].reshape(-1, 3) / 255.0
    light, chroma, hue = oklch(around)
    luma = float(around.mean(axis=0) @ (0.2126, 0.7152, 0.0722))
    if luma < LEAST_LIGHT or float(np.percentile(chroma, 95)) < LEAST_CHROMA:
        return None
    nearly = (chroma < NEARLY_GREY) & (light > 0.25) & (light < 0.97)
    tint = 0j
    if nearly.any():
        turned = chroma[nearly] * np.exp(1j * np.radians(hue[nearly]))
        tint = complex(turned.mean()) * min(float(nearly.mean()) / 0.25, 1.0)
        tint *= min(MOST_CAST / max(abs(tint), 1e-6), 1.0)
    brightest = max(float(np.percentile(light, 99)), 1e-3)
    return SceneLight(tint, min(max(BRIGHT / brightest, 1.0), 1.5))


def object_colours(pixels: Pixels, lit: SceneLight) -> dict[str, float]:
    """Colours of the pixels of one object (n x 3, BGR), weighted, in the light of its picture."""
    import numpy as np

    light, chroma, hue = oklch(pixels[:: max(len(pixels) // 1000, 1), ::-1] / 255.0)
    turned = chroma * np.exp(1j * np.radians(hue)) - lit.tint
    light, chroma = np.minimum(light * lit.gain, 1.0), np.abs(turned)
    hue = np.degrees(np.angle(turned))
    names = np.array(COLOURS)[_named(light, chroma, hue % 360)]
    names = np.where((names == "pink") & (light < 0.72) & (np.abs(hue) < 30), "red", names)
    is_dull = (chroma < HUELESS) | np.isin(names, ["black", "white", "grey"]) | (light < 0.24)
    hueless = np.select([light < BLACK, light > WHITE], ["black", "white"], "grey")
    found, counts = np.unique(np.where(is_dull, hueless, names), return_counts=True)
    shares = zip(found.tolist(), (counts / max(len(names), 1)).tolist(), strict=True)
    return {name: share * _WEIGHT.get(name, _HUE_WEIGHT) for name, share in shares}
