"""Fonts: Manrope, or one of the system that has the letters of a text.

Manrope (SIL Open Font License) comes as a package.
"""

import os
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from PIL import ImageFont

from tools.errors import ProviderUnavailable, RefusedRequest

Weight = Literal["Medium", "SemiBold", "Bold", "ExtraBold"]
FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts",
    "~/.local/share/fonts", "~/.fonts", "~/Library/Fonts",
)  # fmt: skip
"""Folders of the system's fonts."""
MOST_FONTS = 600
LETTERS = 40
"""Different letters of a text that fonts are compared by."""
_MISSING = "\U0010ffff"


def drawable(text: str) -> str:
    """Text without symbols such as emoji, for which there is no letter."""
    kept = (c for c in text if unicodedata.category(c) not in ("So", "Cs", "Co", "Cn"))
    return " ".join("".join(kept).replace("\ufe0f", "").split())


@lru_cache(maxsize=256)
def font(text: str, weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    """A font that has all letters of a text; RefusedRequest where none is here."""
    path = _font_file(frozenset(text) - {" "}, weight)
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=256)
def nearest_font(text: str, weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    """A font that has most letters of a text; an empty box stands for each that it lacks."""
    try:
        return font(text, weight, size)
    except RefusedRequest:
        letters = sorted(frozenset(text) - {" "})[:LETTERS]
        found = [*_of_weight(weight), _own_font(weight)]
        return ImageFont.truetype(max(found, key=lambda path: _count(path, letters)), size)


@lru_cache(maxsize=256)
def _font_file(letters: frozenset[str], weight: Weight) -> str:
    own = _own_font(weight)
    if _has(own, letters):
        return own
    for path in _of_weight(weight):
        if _has(path, letters):
            return path
    told = "".join(sorted(letters)[:12])
    raise RefusedRequest(
        f"no font on this machine has all of these letters: {told}. Install one, such as Noto Sans"
    )


def _own_font(weight: Weight) -> str:
    found = find_spec("font_manrope")  # importing it would say no more
    if found is None or not found.submodule_search_locations:
        raise ProviderUnavailable("the package font-manrope is missing: install Cuepoint again")
    return os.path.join(found.submodule_search_locations[0], "files", f"Manrope-{weight}.ttf")


def _of_weight(weight: Weight) -> list[str]:
    """Upright fonts of the system that are bold, or are not."""
    heavy = weight in ("Bold", "ExtraBold")
    names = {path: Path(path).stem.casefold() for path in _system_fonts()}
    other = ("italic", "oblique", "mono", "serif", "light")
    return [
        path
        for path, name in names.items()
        if not any(word in name for word in other) and ("bold" in name) == heavy
    ]


@cache
def _system_fonts() -> tuple[str, ...]:
    found: list[str] = []
    for folder in FOLDERS:
        for place, _, names in os.walk(os.path.expanduser(folder)):
            found += [os.path.join(place, one) for one in names if one.endswith((".ttf", ".otf"))]
    known = ("noto", "dejavu", "liberation", "arial")
    found.sort(key=lambda path: (not any(k in path.casefold() for k in known), path))
    return tuple(found[:MOST_FONTS])


@lru_cache(maxsize=4096)
def _has(path: str, letters: frozenset[str]) -> bool:
    try:
        face = ImageFont.truetype(path, 24)
    except OSError:
        return False
    missing = _shape(face, _MISSING)
    return all(_shape(face, one) != missing for one in letters)


def _count(path: str, letters: Sequence[str]) -> int:
    return sum(_has(path, frozenset(one)) for one in letters)


def _shape(face: ImageFont.FreeTypeFont, letter: str) -> tuple[object, bytes]:
    mask: Any = face.getmask(letter)
    return mask.size, bytes(mask)
