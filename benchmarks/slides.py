"""Renderer of the slides of the talk.

Drawn at SCALE times the size and reduced, which smooths edges, in the typeface that comes with
Pillow, so that every machine draws the same. Coordinates are those of the finished picture.
"""

from dataclasses import dataclass
from math import pi, sin

from PIL import Image, ImageDraw, ImageFont

from benchmarks.photos import photo
from benchmarks.script import Slide

WIDTH, HEIGHT, SCALE = 1280, 720, 2
FOOT = "Ellery Valley Day 2026"
LEFT, TOP, BOTTOM = 90, 190, 650
Point = tuple[float, float]


@dataclass(frozen=True)
class Theme:
    """Colours of one speaker's slides, and the place of the band: left, top or bottom."""

    paper: str
    ink: str
    soft: str
    accent: str
    band: str


THEMES = (
    Theme("#ffffff", "#1d2733", "#e8edf3", "#1f4e8c", "left"),
    Theme("#f3faf7", "#12352f", "#d8ece4", "#11806a", "top"),
    Theme("#20252e", "#eef2f6", "#323a47", "#4cc3e6", "bottom"),
    Theme("#f7f0df", "#3b2a1a", "#e9dcc0", "#9a4a1c", "left"),
    Theme("#ffffff", "#2b2140", "#ece8f4", "#6b3fa0", "top"),
)
WARNING = Theme("#b3161b", "#ffffff", "#c9393d", "#ffd23f", "bottom")


class Canvas:
    """Canvas of one slide."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), theme.paper)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self, at: Point, text: str, size: int, fill: str, anchor: str = "lm", bold: bool = False
    ) -> None:
        """Write one line."""
        font = ImageFont.load_default(size * SCALE)
        width = size * SCALE // 28 if bold else 0
        where = (at[0] * SCALE, at[1] * SCALE)
        self.draw.text(where, text, fill, font, anchor, stroke_width=width, stroke_fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        """Fill a rectangle."""
        self.draw.rectangle([round(v * SCALE) for v in (left, top, right, bottom)], fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: str) -> None:
        """Fill an ellipse around a centre."""
        self.draw.ellipse([round(v * SCALE) for v in (x - rx, y - ry, x + rx, y + ry)], fill)

    def polygon(self, points: list[Point], fill: str) -> None:
        """Fill a polygon."""
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def line(self, points: list[Point], fill: str, width: float) -> None:
        """Draw joined lines."""
        self.draw.line([(x * SCALE, y * SCALE) for x, y in points], fill, round(width * SCALE))

    def head(self, title: str) -> None:
        """Draw the title over a short rule."""
        self.text((LEFT, 92), title, 50, self.theme.ink, bold=True)
        self.box(LEFT, 134, LEFT + 130, 140, self.theme.accent)

    def foot(self, number: int) -> None:
        """Draw the band of the theme, the day and the number of the slide."""
        bands = {"left": (0, 0, 28, 720), "top": (0, 0, 1280, 22), "bottom": (0, 706, 1280, 720)}
        self.box(*bands[self.theme.band], self.theme.accent)
        self.text((LEFT, 684), FOOT, 18, self.theme.ink)
        self.text((WIDTH - 60, 684), str(number), 18, self.theme.ink, "rm")


def draw(slide: Slide) -> Image.Image:
    """Draw a slide."""
    if slide.kind == "blank":
        return Image.new("RGB", (WIDTH, HEIGHT), "#050505")
    c = Canvas(WARNING if slide.kind == "warning" else THEMES[slide.talk])
    KINDS[slide.kind](c, slide)
    c.foot(slide.number)
    return c.image.reduce(SCALE)


def _title(c: Canvas, slide: Slide) -> None:
    c.box(0, 0, WIDTH, 400, c.theme.accent)
    c.text((LEFT, 300), slide.title, 76, c.theme.paper, bold=True)
    for n, line in enumerate(slide.lines):
        c.text((LEFT, 460 + 58 * n), line, 40 if n == 0 else 32, c.theme.ink)


def _bullets(c: Canvas, slide: Slide) -> None:
    c.head(slide.title)
    for n, (line,) in enumerate(slide.rows):
        y = 225 + 88 * n
        c.ellipse(LEFT + 10, y, 8, 8, c.theme.accent)
        c.text((LEFT + 44, y), line, 38, c.theme.ink)


def _steps(c: Canvas, slide: Slide) -> None:
    c.head(slide.title)
    for n, (line,) in enumerate(slide.rows):
        top = 185 + 112 * n
        c.box(LEFT, top, WIDTH - 90, top + 84, c.theme.soft)
        c.box(LEFT, top, LEFT + 12, top + 84, c.theme.accent)
        c.text((LEFT + 44, top + 42), line, 36, c.theme.ink)


def _table(c: Canvas, slide: Slide) -> None:
    c.head(slide.title)
    columns = max(len(row) for row in slide.rows)
    wide = [max(len(row[n]) for row in slide.rows) + 3 for n in range(columns)]
    scale = (WIDTH - 2 * LEFT) / sum(wide)
    tall = min(86, (BOTTOM - TOP) / len(slide.rows))
    for n, row in enumerate(slide.rows):
        top, x = TOP + n * tall, float(LEFT)
        fill = c.theme.accent if n == 0 else c.theme.soft if n % 2 else c.theme.paper
        c.box(LEFT, top, WIDTH - LEFT, top + tall, fill)
        for cell, width in zip(row, wide, strict=True):
            ink = c.theme.paper if n == 0 else c.theme.ink
            c.text((x + 18, top + tall / 2), cell, 30, ink, bold=n == 0)
            x += width * scale


def _bars(c: Canvas, slide: Slide) -> None:
    c.head(slide.title)
    most = max(int(float(value) * 10) for _, value in slide.rows)
    floor, room = 600, (WIDTH - 2 * LEFT) / len(slide.rows)
    for n in range(5):
        c.line([(LEFT, floor - 90 * n), (WIDTH - LEFT, floor - 90 * n)], c.theme.soft, 2)
    for n, (label, value) in enumerate(slide.rows):
        middle = LEFT + room * (n + 0.5)
        top = floor - 360 * float(value) * 10 / most
        c.box(
            middle - min(room, 200) * 0.3, top, middle + min(room, 200) * 0.3, floor, c.theme.accent
        )
        c.text((middle, top - 24), value, 32, c.theme.ink, "mm", bold=True)
        c.text((middle, floor + 32), label, 30, c.theme.ink, "mm")
    c.line([(LEFT, floor), (WIDTH - LEFT, floor)], c.theme.ink, 3)


def _code(c: Canvas, slide: Slide) -> None:
    """Draw monospaced text, as in a terminal."""
    c.head(slide.title)
    c.box(LEFT, 175, WIDTH - LEFT, 645, "#11151b")
    for n, line in enumerate(slide.lines):
        fill = "#8a97a8" if line.strip().startswith("#") else "#d7e3ee"
        for column, letter in enumerate(line):
            colour = "#7fd18b" if column < 4 and line.startswith("def ") else fill
            c.text((LEFT + 48 + 19 * column, 225 + 56 * n), letter, 32, colour, "mm")


def _map(c: Canvas, slide: Slide) -> None:
    """Draw a map: a river from hills at the upper left to a sea at the right, and its places."""
    c.head(slide.title)
    c.box(60, 160, 1220, 660, "#dfe8cf")
    c.polygon(
        [(1060, 660), (1090, 560), (1050, 470), (1110, 380), (1220, 330), (1220, 660)], "#a9cbe6"
    )
    for x, y, size in ((150, 330, 80), (220, 300, 100), (270, 340, 70), (420, 260, 60)):
        c.polygon([(x - size, y), (x, y - size * 1.1), (x + size, y)], "#b9b08c")
        c.polygon(
            [
                (x - size * 0.3, y - size * 0.77),
                (x, y - size * 1.1),
                (x + size * 0.3, y - size * 0.77),
            ],
            "#f4f1e6",
        )
    river = [_river(n / 60) for n in range(61)]
    c.line(river, "#4a86bd", 11)
    for x, y in river:
        c.ellipse(x, y, 5.5, 5.5, "#4a86bd")
    sheets = slide.lines[0].startswith("Sheet")
    for n, line in enumerate(slide.lines):
        x, y = _river(0.02 + 0.94 * n / (len(slide.lines) - 1))
        if sheets:
            corners = [(x - 55, y - 40), (x + 55, y - 40), (x + 55, y + 40), (x - 55, y + 40)]
            c.line([*corners, corners[0]], "#9a4a1c", 3)
        elif 0 < n < 4:
            c.ellipse(x - 22, y - 8, 34, 17, "#4a86bd")
        c.ellipse(x, y, 9, 9, "#b3161b")
        side = 62 if n % 2 == sheets else -62
        c.text((x, y + side), line, 26, "#1d2733", "mm", bold=True)
    c.line([(1150, 250), (1150, 190)], "#1d2733", 4)
    c.polygon([(1138, 200), (1150, 172), (1162, 200)], "#1d2733")
    c.text((1150, 272), "N", 26, "#1d2733", "mm")


def _river(share: float) -> Point:
    """Point of the river, 0 at its source and 1 at its mouth."""
    return 190 + 880 * share, 290 + 250 * share + 45 * sin(share * 3.2 * pi)


def _photo(c: Canvas, slide: Slide) -> None:
    c.text((LEFT, 58), slide.title, 40, c.theme.ink, bold=True)
    c.image.paste(photo(slide.title).resize((1100 * SCALE, 520 * SCALE)), (90 * SCALE, 98 * SCALE))
    c.text((LEFT, 644), slide.lines[0], 28, c.theme.ink)


def _quote(c: Canvas, slide: Slide) -> None:
    c.box(LEFT, 180, LEFT + 10, 560, c.theme.accent)
    c.text((LEFT + 50, 130), slide.title, 32, c.theme.ink)
    for n, line in enumerate(slide.lines[:-1]):
        c.text((LEFT + 50, 240 + 84 * n), line, 54, c.theme.ink)
    c.text((LEFT + 50, 530), slide.lines[-1], 32, c.theme.ink)


def _warning(c: Canvas, slide: Slide) -> None:
    c.polygon([(150, 230), (250, 60), (350, 230)], c.theme.accent)
    c.text((250, 165), "!", 110, c.theme.paper, "mm", bold=True)
    c.text((400, 155), slide.title, 60, c.theme.ink, bold=True)
    for n, line in enumerate(slide.lines):
        c.text((150, 340 + 100 * n), line, 48, c.theme.ink)


KINDS = {
    "title": _title,
    "bullets": _bullets,
    "steps": _steps,
    "table": _table,
    "bars": _bars,
    "code": _code,
    "map": _map,
    "photo": _photo,
    "quote": _quote,
    "warning": _warning,
}
