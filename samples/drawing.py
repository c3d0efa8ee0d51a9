"""The pictures of the sample video: each scene is a function of the time since it began.

Scenes are drawn at SCALE times their size; whoever shows them reduces them, which smooths edges.
Coordinates are those of the finished 960x540 picture.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, SCALE = 960, 540, 2
HORIZON = 335
DARK, PAPER = "#15222b", "#f6f2e8"
FLASHES = (3.2, 7.4)
"""When the lightning strikes, in seconds of the storm."""
Scene = Callable[[float, float], Image.Image]
"""Draws a scene, given the seconds since it began and the seconds it lasts."""
Point = tuple[float, float]
Colour = str | tuple[int, int, int, int]


class Canvas:
    """A picture that is drawn larger than it is shown."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image, "RGBA")

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill a shape."""
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """Draw joined lines."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(scaled, fill, round(width * SCALE), "curve")

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour) -> None:
        """Fill a rectangle."""
        self.draw.rectangle([v * SCALE for v in (left, top, right, bottom)], fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """Fill an ellipse around a centre."""
        self.draw.ellipse([v * SCALE for v in (x - rx, y - ry, x + rx, y + ry)], fill)

    def text(self, at: Point, text: str, size: int, fill: Colour, anchor: str = "mm") -> None:
        """Write in the typeface that comes with Pillow, so that every machine draws the same."""
        font = ImageFont.load_default(size * SCALE)
        self.draw.text((at[0] * SCALE, at[1] * SCALE), text, fill, font, anchor)


@cache
def _bands(top: str, middle: str, low: str, sea: str, deep: str) -> Image.Image:
    def column(*stops: str, rows: int) -> np.ndarray:
        colours = np.array([[int(s[i : i + 2], 16) for i in (1, 3, 5)] for s in stops], float)
        at = np.linspace(0, len(stops) - 1, rows)
        return np.stack([np.interp(at, range(len(stops)), colours[:, c]) for c in range(3)], 1)

    sky = column(top, middle, low, rows=HORIZON * SCALE)
    water = column(sea, deep, rows=(HEIGHT - HORIZON) * SCALE)
    rows = np.concatenate([sky, water]).round().astype("uint8")[:, None]
    return Image.fromarray(np.repeat(rows, WIDTH * SCALE, axis=1))


def _landscape(*colours: str) -> Canvas:
    return Canvas(_bands(*colours).copy())


def _ripples(c: Canvas, t: float, fill: Colour) -> None:
    for k, down in enumerate((15, 25, 40, 60, 90, 121, 160, 203)):
        step, length = 150 + 4 * k, 32 + 4 * k
        start = (t * (6 + 3 * k) * (-1) ** k + 61 * k) % step - step
        y = HORIZON + down + 2 * math.sin(t * 1.3 + k)
        for n in range(WIDTH // step + 3):
            x = start + n * step
            c.line([(x, y), (x + length, y)], fill, 2.5)


def _point(c: Canvas, rock: str, grass: str, white: str, red: str, lantern: str) -> None:
    """The headland at the right with the lighthouse on it."""
    c.polygon([(640, 365), (680, 305), (735, 254), (960, 240), (960, 379)], rock)
    c.polygon([(725, 254), (750, 232), (960, 220), (960, 245)], grass)
    for n in range(5):
        top, bottom = 84 + n * 30.6, 84 + (n + 1) * 30.6
        above, below = 19.5 + n * 2.3, 19.5 + (n + 1) * 2.3
        upper = [(830 - above, top), (830 + above, top)]
        lower = [(830 + below, bottom), (830 - below, bottom)]
        c.polygon([*upper, *lower], red if n % 2 else white)
    c.box(814, 48, 846, 78, lantern)
    c.box(801, 77, 859, 84, "#18232e")
    c.polygon([(808, 48), (830, 24), (852, 48)], red)


def _gull(c: Canvas, x: float, y: float, span: float, t: float) -> None:
    lift = span * 0.45 * math.sin(t * 6)
    wings = [(x - span, y - lift), (x - span * 0.45, y - span * 0.18 - lift * 0.4), (x, y),
             (x + span * 0.45, y - span * 0.18 - lift * 0.4), (x + span, y - lift)]  # fmt: skip
    c.line(wings, "#fffaf2", 2.5)


def _boat(c: Canvas, x: float, y: float, t: float, ahead: int) -> None:
    """The Marigold around x, her keel at y, bow to the right (ahead 1) or to the left (-1)."""
    y += 4 * math.sin(2.4 * t)

    def place(*points: Point) -> list[Point]:
        return [(x + ahead * right, y - up) for right, up in points]

    c.line(place((-32, 95), (-32, 162)), DARK, 4)
    c.line(place((-30, 158), (89, 55)), DARK, 2)
    c.polygon(place((-106, 46), (112, 55), (86, 1), (-87, 1)), "#cb2020")
    c.polygon(place((-105, 44), (110, 51), (107, 45), (-102, 38)), PAPER)
    c.polygon(place((-67, 48), (-67, 97), (5, 97), (14, 50)), "#f7f3ee")
    c.polygon(place((-57, 68), (-57, 88), (-31, 88), (-31, 68)), "#5b8ba8")
    c.polygon(place((-22, 68), (-22, 88), (0, 88), (4, 68)), "#5b8ba8")
    c.text(place((19, 23))[0], "MARIGOLD", 18, PAPER)


def dawn(t: float, lasts: float) -> Image.Image:
    """Orange: the sun comes up over the harbour, gulls fly."""
    c = _landscape("#ea6c3a", "#f99f44", "#fccc78", "#e2804a", "#78463c")
    water = c.image.crop((0, HORIZON * SCALE, WIDTH * SCALE, HEIGHT * SCALE))
    height = 352 - 10.7 * t
    for radius, alpha in ((105, 60), (80, 90), (55, 255)):
        c.ellipse(310, height, radius, radius, (255, 233, 168, alpha))
    c.image.paste(water, (0, HORIZON * SCALE))  # the sun is behind the horizon
    _ripples(c, t, (255, 205, 150, 150))
    _point(c, "#6d453c", "#7d6e3b", "#f8e5d5", "#bc3c31", "#ffeeb2")
    for x in range(20, 380, 75):
        c.box(x, 455, x + 11, HEIGHT, "#4a3029")
    c.box(0, 440, 380, 460, "#5d3d34")
    c.box(100, 404, 108, 442, DARK)
    c.box(45, 354, 165, 406, DARK)
    c.box(48, 357, 162, 403, PAPER)
    c.text((105, 381), "PIER 2", 28, DARK)
    for n in range(4):
        wave = 4 * math.sin(t + n)
        _gull(c, 100 + 165 * n + 45 * t, 92 + 32 * n + wave, 23 - 2.5 * n, t + n * 0.4)
    return c.image


def noon(t: float, lasts: float) -> Image.Image:
    """Blue: the red boat sails out to the right."""
    c = _landscape("#4795e1", "#77b7ee", "#bcdef8", "#2878be", "#154380")
    for n in range(3):
        x, y = 26 + 12 * t + 320 * n, 63 + 28 * n
        for right, down, radius in ((-35, 12, 30), (40, 14, 29), (0, 0, 39)):
            c.ellipse(x + right, y + down, radius, radius, (255, 255, 255, 215))
    _ripples(c, t, (255, 255, 255, 130))
    _point(c, "#766d65", "#5c9650", "#fbf9f7", "#cc3229", "#ecedf0")
    _gull(c, 298 + 35 * t, 156 + 4 * math.sin(t), 20, t)
    _boat(c, -150 + 850 * t / lasts, 421, t, 1)
    return c.image


def lamp_room(t: float, lasts: float) -> Image.Image:
    """The lamp turns, and the keeper stands beside it."""
    c = Canvas(Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "#202740"))
    for x in range(0, WIDTH + 1, 160):
        c.box(x - 4, 0, x + 4, 430, "#13192a")
    c.box(0, 430, WIDTH, HEIGHT, "#342b2b")
    for n in range(4):
        angle = 0.9 * t + n * math.pi / 2
        ends = [(540 + 900 * math.cos(a), 240 + 540 * math.sin(a))
                for a in (angle - 0.16, angle + 0.16)]  # fmt: skip
        c.polygon([(540, 240), *ends], (255, 222, 120, 90))
    c.box(480, 335, 600, 440, "#5f5445")
    narrow = (80 + 13 * abs(math.cos(0.9 * t))) / 93  # the lens turns its side to us
    for radius, fill in ((93, "#fac94f"), (69, "#ffdf82"), (41, "#fff3cf")):
        c.ellipse(540, 240, radius * narrow + 1.5, radius + 1.5, "#8f5a0a")
        c.ellipse(540, 240, radius * narrow - 1.5, radius - 1.5, fill)
    hand = 298 + 14 * math.sin(2.5 * (t - 1.4))
    c.line([(240, 315), (312, hand)], "#235c78", 20)
    c.ellipse(316, hand, 12, 12, "#e6bc9f")
    c.polygon([(177, 295), (243, 295), (257, 435), (164, 435)], "#235c78")
    c.ellipse(210, 262, 31, 31, "#e6bc9f")
    hat = [v * SCALE for v in (174, 221, 246, 293)]
    c.draw.pieslice(hat, 180, 360, "#42455a")
    c.text((210, 471), "ADA, KEEPER", 24, PAPER)
    return c.image


def storm(t: float, lasts: float) -> Image.Image:
    """Dark grey: rain and two strokes of lightning."""
    c = _landscape("#272a33", "#383c45", "#4a4f57", "#323c43", "#191e24")
    _ripples(c, 3 * t, (170, 180, 190, 120))
    if any(0 <= t - flash < 0.1 for flash in FLASHES):
        c.box(0, 0, WIDTH, HEIGHT, (225, 232, 248, 160))
        c.line([(319, 0), (290, 120), (332, 126), (280, 300)], "#fffff0", 5)
    _point(c, "#312f30", "#323a2c", "#92969a", "#6d2f2d", "#e4db9f")
    for x, y, speed in np.random.default_rng(3).uniform(0, 1, (110, 3)):
        down = (y * 600 + t * (520 + 200 * speed)) % 600 - 40
        across = (x * 1160 - down * 0.25) % 1160 - 100
        c.line([(across, down), (across - 7, down + 27)], (205, 212, 222, 120), 1.2)
    return c.image


def homecoming(t: float, lasts: float) -> Image.Image:
    """A rainbow, and the red boat comes back to the left."""
    c = _landscape("#97aac4", "#cdd0c6", "#f0dfb3", "#607b8c", "#304c5e")
    water = c.image.crop((0, HORIZON * SCALE, WIDTH * SCALE, HEIGHT * SCALE))
    bow = ((222, 70, 70), (240, 150, 60), (245, 225, 90), (110, 190, 100), (90, 140, 215),
           (140, 90, 190))  # fmt: skip
    for n, (red, green, blue) in enumerate(bow):
        radius = 380 - 9 * n
        around = [v * SCALE for v in (380 - radius, 335 - radius, 380 + radius, 335 + radius)]
        c.draw.arc(around, 180, 360, (red, green, blue, 165), 9 * SCALE)
    c.image.paste(water, (0, HORIZON * SCALE))
    _ripples(c, t, (235, 240, 240, 120))
    _point(c, "#66605b", "#507f49", "#f0eeea", "#be342e", "#fdeebd")
    _boat(c, 708 - 510 * t / lasts, 430, t, -1)
    return c.image


def sunset(t: float, lasts: float) -> Image.Image:
    """Red: the sun goes down behind Stone Island."""
    c = _landscape("#780e18", "#cc1c18", "#ee4722", "#be201c", "#5a0b14")
    c.ellipse(350, 256 + 10 * t, 60, 60, "#ffc45e")
    water = _bands("#780e18", "#cc1c18", "#ee4722", "#be201c", "#5a0b14")
    edge = HORIZON * SCALE
    c.image.paste(water.crop((0, edge, WIDTH * SCALE, HEIGHT * SCALE)), (0, edge))
    c.polygon([(190, 335), (260, 293), (380, 275), (530, 335)], "#3a090f")
    _ripples(c, t, (255, 110, 70, 130))
    for n in range(3):
        _gull(c, 410 + 130 * n + 40 * t, 200 - 36 * n + 4 * math.sin(t + n), 18, t + n * 0.5)
    return c.image


def night(t: float, lasts: float) -> Image.Image:
    """Black: stars, and the beam sweeps over the water."""
    c = _landscape("#01040d", "#060914", "#070d1a", "#050811", "#020207")
    for x, y in np.random.default_rng(7).uniform((0, 0), (WIDTH, 305), (90, 2)):
        c.ellipse(x, y, 1.1, 1.1, "#d9dce6")
    angle = 0.4 + 0.65 * math.sin(1.05 * (t - 2.8))
    ends = [(830 - 1026 * math.cos(a), 62 + 451 * math.sin(a))
            for a in (angle - 0.052, angle + 0.052)]  # fmt: skip
    c.polygon([(830, 62), *ends], (255, 243, 205, 58))
    _point(c, "#0c0b10", "#0d1011", "#383b44", "#311012", "#fdefb5")
    return c.image


def _slide(t: float, colour: str, heading: str, *lines: str) -> Image.Image:
    """The lines appear one after another, half a second apart."""
    c = Canvas(Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER))
    c.box(0, 0, WIDTH, 95, colour)
    c.text((57, 49), heading, 45, "#ffffff", "lm")
    for n, line in enumerate(lines):
        if t >= 0.4 + 0.5 * n - 1e-6:
            c.ellipse(64, 160 + 85 * n, 8.5, 8.5, colour)
            c.text((101, 161 + 85 * n), line, 38, DARK, "lm")
    c.text((910, 510), "Gull Point Harbour", 16, "#7d8285", "rm")
    return c.image


def timetable(t: float, lasts: float) -> Image.Image:
    """The slide with the ferry times."""
    lines = ("Gull Point to Stone Island", "Departs 09:15 and 13:40", "Last ferry 17:30")
    return _slide(t, "#25537b", "FERRY TIMETABLE", *lines)


def lamp_facts(t: float, lasts: float) -> Image.Image:
    """The slide about the lamp."""
    lines = ("Range 24 nautical miles", "One flash every 10 seconds", "Built in 1887")
    return _slide(t, "#925d16", "THE LAMP", *lines)


def warning(t: float, lasts: float) -> Image.Image:
    """The slide with the storm warning."""
    lines = ("Small boats stay in port", "until 18:00", "Harbour office, channel 12")
    return _slide(t, "#a42527", "STORM WARNING", *lines)


def end_card(t: float, lasts: float) -> Image.Image:
    """The slide for visitors."""
    lines = ("Open May to September", "10:00 to 16:00, closed on Mondays", "Ring the bell twice")
    return _slide(t, "#1e6e60", "VISIT GULL POINT", *lines)
