"""Evidence board as one picture: every cited frame above its number, title, time and words.

The same evidence makes the same bytes, on a machine with the same fonts.
"""

import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from PIL import Image, ImageDraw

from tools.errors import UnreadableMedia
from tools.export.board import Card, cards_of
from tools.export.moments import Cited
from tools.library import Library
from tools.text.clean import clean
from tools.vision.contact_sheet import scaled
from tools.vision.fonts import Weight, drawable, nearest_font

MARGIN, GAP, INNER = 48, 32, 12
"""Pixels: around the board, between cards, and between a picture and its words."""
CELLS = {1: 880, 2: 560, 3: 400}
"""Pixels of a card's width, by columns."""
TALL = 1.25
"""Height of a picture of its card's width, at most: an upright film stands in the middle."""
LINES, ANSWER_LINES, HEADING_LINES = 9, 14, 3
"""Lines of one quotation, of the answer and of the heading, at most."""
LEADING = 1.36
_PAPER, _INK, _QUIET, _ACCENT = "#fdfdfc", "#1c1917", "#6b6560", "#b84607"
_ROUND, _CUT = 6, "\N{HORIZONTAL ELLIPSIS}"


class _Set(NamedTuple):
    """Lines of one text with their font, and the colour that they are written in."""

    lines: list[str]
    text: str
    weight: Weight
    size: int
    colour: str

    @property
    def height(self) -> int:
        return round(len(self.lines) * self.size * LEADING)


class _Tile(NamedTuple):
    """A card that is laid out: its picture, and its texts from top to bottom."""

    picture: Image.Image | None
    texts: list[_Set]

    @property
    def height(self) -> int:
        above = self.picture.height + INNER if self.picture else 0
        return above + sum(one.height for one in self.texts)


def to_picture(library: Library, cited: Sequence[Cited], title: str, answer: str = "") -> bytes:
    """PNG of a board under a title and the text of an answer; RefusedRequest without evidence."""
    cards = cards_of(library, cited)
    columns = 2 if len(cards) in (2, 4) else min(len(cards), 3)
    cell = CELLS[columns]
    wide = columns * (cell + GAP) - GAP
    head = [_set(clean(title, 300), wide, HEADING_LINES, "Bold", 34, _INK)]
    paragraphs = [clean(part, 4000) for part in answer.split("\n") if part.strip()]
    head += [_set(one, wide, ANSWER_LINES, "Medium", 20, _INK) for one in paragraphs]
    tiles = [_tile(card, cell) for card in cards]
    rows = [tiles[at : at + columns] for at in range(0, len(tiles), columns)]
    high = sum(one.height + INNER for one in head) + GAP - INNER
    high += sum(max(tile.height for tile in row) + GAP for row in rows) - GAP
    board = Image.new("RGB", (wide + 2 * MARGIN, high + 2 * MARGIN), _PAPER)
    top = MARGIN
    for one in head:
        top = _write(board, one, MARGIN, top, wide) + INNER
    top += GAP - INNER
    for row in rows:
        for place, tile in enumerate(row):
            _draw(board, tile, MARGIN + place * (cell + GAP), top, cell)
        top += max(tile.height for tile in row) + GAP
    out = io.BytesIO()
    board.save(out, "PNG")
    return out.getvalue()


def _tile(card: Card, wide: int) -> _Tile:
    text = f"\N{LEFT DOUBLE QUOTATION MARK}{card.text}\N{RIGHT DOUBLE QUOTATION MARK}"
    texts = [
        _set(f"{card.number} {card.place}".strip(), wide, 2, "SemiBold", 16, _ACCENT),
        _set(text if card.quoted else card.text, wide, LINES, "Medium", 18, _INK),
        _set(card.note, wide, 1, "Medium", 15, _QUIET),
    ]
    return _Tile(_picture(card, wide), [one for one in texts if one.lines])


def _picture(card: Card, wide: int) -> Image.Image | None:
    """Picture of a card, in the middle of its width; None where it is lost or can't be read."""
    with suppress(UnreadableMedia):
        picture = scaled(card.image, wide) if card.image else None
        if picture is not None:
            larger = min(wide / picture.width, TALL * wide / picture.height)
            size = max(1, round(picture.width * larger)), max(1, round(picture.height * larger))
            return picture if size == picture.size else picture.resize(size)
    return None


def _draw(board: Image.Image, tile: _Tile, left: int, top: int, wide: int) -> None:
    if picture := tile.picture:
        mask = Image.new("L", picture.size)
        corners = (0, 0, picture.width - 1, picture.height - 1)
        ImageDraw.Draw(mask).rounded_rectangle(corners, _ROUND, fill=255)
        board.paste(picture, (left + (wide - picture.width) // 2, top), mask)
        top += picture.height + INNER
    for one in tile.texts:
        top = _write(board, one, left, top, wide)


def _write(board: Image.Image, text: _Set, left: int, top: int, wide: int) -> int:
    """Write lines, from the right where they are read from there; the place below them."""
    draw, face = ImageDraw.Draw(board), nearest_font(text.text, text.weight, text.size)
    first = next(
        (d for d in map(unicodedata.bidirectional, text.text) if d in ("L", "R", "AL")), ""
    )
    x, anchor = (left + wide, "ra") if first in ("R", "AL") else (left, "la")
    for number, line in enumerate(text.lines):
        draw.text((x, top + round(number * text.size * LEADING)), line, text.colour, face, anchor)
    return top + text.height


def _set(text: str, wide: int, most: int, weight: Weight, size: int, colour: str) -> _Set:
    """Break a text into lines, at most so many; what is left out shows as an ellipsis."""
    text = drawable(text)
    face = nearest_font(text, weight, size)
    lines: list[str] = []

    def fits(part: str) -> bool:
        return face.getlength(part) <= wide

    for piece in _pieces(text, fits):
        if lines and fits(lines[-1] + piece.rstrip()):
            lines[-1] += piece
        elif len(lines) < most:
            lines.append(piece)
        else:
            last = lines[-1].rstrip()
            while last and not fits(f"{last}{_CUT}"):
                last = last[:-1]
            lines[-1] = last + _CUT
            break
    return _Set([line.rstrip() for line in lines], text, weight, size, colour)


def _pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Words with the space after them; one that is wider than a line is broken between letters."""
    for word in re.findall(r"\S+\s*", text):
        part = ""
        for letter in word if not fits(word.rstrip()) else ():
            if part and not fits(part + letter.rstrip()):
                yield part
                part = ""
            part += letter
        yield part or word
