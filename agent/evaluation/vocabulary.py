"""Words of films, from `vocabulary.toml`; and the colours and forms of what is drawn."""

import tomllib
from importlib.resources import files
from typing import Any

from tools.text import numbers

_FILE = files("agent.evaluation") / "vocabulary.toml"
WORDS: dict[str, list[Any]] = tomllib.loads(_FILE.read_text("utf-8"))
NUMBERS = {number: word for word, number in numbers.NUMBERS.items() if 2 <= number <= 20}
COLOURS = {
    "red": (200, 30, 35), "orange": (240, 135, 25), "yellow": (240, 215, 50),
    "green": (40, 150, 60), "blue": (40, 80, 205), "purple": (130, 45, 165),
    "white": (240, 240, 240), "black": (14, 14, 16), "grey": (128, 128, 128),
}  # fmt: skip
SHAPE_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")
FORMS = ("square", "circle", "triangle", "star")
