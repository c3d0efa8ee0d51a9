"""Lettering: lines that fit a box, words as layers."""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from tools.generate.animatic.layers import Colour, Layer, layer_of
from tools.vision.fonts import Weight, drawable, font

LEADING = 1.16
"""Height of a line, of its letters' size."""
_PAD = 2


class Word(NamedTuple):
    """A word of a text, and where it stands in its box, in pixels."""

    text: str
    left: float
    top: float


class Block(NamedTuple):
    """A text set in a box: its words, its font and its size in pixels."""

    words: tuple[Word, ...]
    font: ImageFont.FreeTypeFont
    width: float
    height: float
    lines: int


def set_text(
    text: str,
    width: float,
    height: float,
    weight: Weight = "ExtraBold",
    largest: float = 120,
    smallest: float = 14,
    centred: bool = False,
    lines: int = 6,
) -> Block:
    """Set a text as large as it fits a box, in lines of about the same length."""
    text = drawable(text)
    size = int(largest)
    while True:
        face = font(text, weight, size)
        broken = _filled(text.split(), face, width)
        step = size * LEADING
        wide = max((face.getlength(line) for line in broken), default=0.0)
        fits = wide <= width and len(broken) * step <= height and len(broken) <= lines
        if fits or size <= smallest:
            break
        size = max(int(size * 0.94), int(smallest))
    broken = _evened(text.split(), face, width, len(broken))
    wide = max((face.getlength(line) for line in broken), default=0.0)
    words: list[Word] = []
    for number, line in enumerate(broken):
        left = (width - face.getlength(line)) / 2 if centred else 0.0
        start = 0.0
        for word in line.split():
            words.append(Word(word, left + start, number * step))
            start += face.getlength(word + " ")
    return Block(tuple(words), face, wide, len(broken) * step, len(broken))


def _evened(
    words: Sequence[str], face: ImageFont.FreeTypeFont, width: float, count: int
) -> list[str]:
    """Lines of words, as narrow as keeps their number."""
    low, high = width / 3, width
    while high - low > 4:
        middle = (low + high) / 2
        if len(_filled(words, face, middle)) <= count:
            high = middle
        else:
            low = middle
    return _filled(words, face, high)


def _filled(words: Sequence[str], face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and face.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def word_layers(block: Block, colour: Colour) -> list[tuple[Layer, float, float]]:
    """Each word as a layer, with its place in the box."""
    return [
        (written(word.text, block.font, colour), word.left - _PAD, word.top - _PAD)
        for word in block.words
    ]


def text_layer(block: Block, colour: Colour) -> Layer:
    """The whole text as one layer; place it _PAD pixels up and left of its box."""
    size = int(block.width + max(w.left for w in block.words)) + 2 * _PAD, int(block.height) + 8
    image = Image.new("RGBA", size, (*colour, 0))
    draw = ImageDraw.Draw(image)
    for word in block.words:
        draw.text((word.left + _PAD, word.top + _PAD), word.text, (*colour, 255), block.font)
    box = image.getbbox()
    return layer_of(image.crop((0, 0, box[2], box[3])) if box else image)


def written(text: str, face: ImageFont.FreeTypeFont, colour: Colour) -> Layer:
    """One line as a layer."""
    size = int(face.getlength(text)) + 2 * _PAD + 4, int(face.size * 1.5) + 2 * _PAD
    image = Image.new("RGBA", size, (*colour, 0))
    ImageDraw.Draw(image).text((_PAD, _PAD), text, (*colour, 255), face)
    return layer_of(image)


def spaced(text: str, size: float, colour: Colour, weight: Weight = "Bold") -> Layer:
    """Small capitals with wide spacing, as for a brand's name."""
    text = drawable(text).upper()
    face, gap = font(text, weight, int(size)), size * 0.14
    width = int(sum(face.getlength(c) + gap for c in text)) + 8
    image = Image.new("RGBA", (width, int(size * 1.6)), (*colour, 0))
    draw, left = ImageDraw.Draw(image), 0.0
    for letter in text:
        draw.text((left, 0), letter, (*colour, 255), face)
        left += face.getlength(letter) + gap
    return layer_of(image)
