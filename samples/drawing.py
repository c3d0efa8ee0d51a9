"""The pictures of the sample video: every scene is a function of the seconds since it began.

Shapes are drawn at twice the size and halved at the end, which smooths their edges. Coordinates
are those of the finished 1280x720 frame.
"""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT, SCALE = 1280, 720, 2
HORIZON = 430
LIGHTNING = (4.0, 10.4)  # seconds into the storm
BEAM_PERIOD = 10.0  # the slide says: one flash every 10 s
Point = tuple[float, float]
Fill = str | tuple[int, int, int] | tuple[int, int, int, int]


class Canvas:
    """A picture that is drawn larger than it is shown."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image, "RGBA")

    def polygon(self, points: Sequence[Point], fill: Fill) -> None:
        """Fill a shape."""
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def line(self, points: Sequence[Point], fill: Fill, width: float) -> None:
        """Draw joined lines."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(scaled, fill, round(width * SCALE), "curve")

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Fill) -> None:
        """Fill an ellipse around a centre."""
        box = [(x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE]
        self.draw.ellipse(box, fill)

    def box(self, x: float, y: float, w: float, h: float, fill: Fill, radius: float = 0) -> None:
        """Fill a rectangle with round corners."""
        corners = [x * SCALE, y * SCALE, (x + w) * SCALE, (y + h) * SCALE]
        self.draw.rounded_rectangle(corners, radius * SCALE, fill)

    def text(self, x: float, y: float, text: str, size: float, fill: Fill, bold: bool = True,
             anchor: str = "mm") -> None:  # fmt: skip
        """Write with the typeface that comes with Pillow, so that every machine draws the same."""
        font = ImageFont.load_default(size * SCALE)
        stroke = round(size * SCALE / 26) if bold else 0
        self.draw.text((x * SCALE, y * SCALE), text, fill, font, anchor, stroke_width=stroke)

    def paste(self, sprite: Image.Image, x: float, y: float) -> None:
        """Put a picture with transparency around a centre."""
        corner = (round(x * SCALE - sprite.width / 2), round(y * SCALE - sprite.height / 2))
        self.image.paste(sprite, corner, sprite)

    def finish(self) -> Image.Image:
        """Return the picture at the size at which it is shown."""
        return self.image.reduce(SCALE)


def blank(width: int, height: int) -> Canvas:
    """Return a transparent canvas."""
    return Canvas(Image.new("RGBA", (width * SCALE, height * SCALE)))


def gradient(*stops: str) -> Image.Image:
    """Fill the frame from top to bottom; a little noise keeps the steps of colour from showing."""
    colours = np.array([[int(s[i : i + 2], 16) for i in (1, 3, 5)] for s in stops], float)
    rows = np.linspace(0, len(stops) - 1, HEIGHT * SCALE)
    columns = [np.interp(rows, np.arange(len(stops)), colours[:, c]) for c in range(3)]
    noise = np.random.default_rng(1).uniform(-1, 1, (HEIGHT * SCALE, WIDTH * SCALE, 1))
    return Image.fromarray(np.clip(np.stack(columns, -1)[:, None] + noise, 0, 255).astype("uint8"))


def glow(image: Image.Image, x: float, y: float, radius: float, colour: Fill, power: float) -> None:
    """Add a soft round light."""
    size = round(radius / 4)
    spread = np.hypot(*np.mgrid[-1 : 1 : size * 2j, -1 : 1 : size * 2j])
    mask = Image.fromarray((np.clip(1 - spread, 0, 1) ** 2 * 255 * power).astype("uint8"))
    mask = mask.resize((round(radius * 2 * SCALE),) * 2, Image.Resampling.BICUBIC)
    image.paste(colour, (round((x - radius) * SCALE), round((y - radius) * SCALE)), mask)


def tinted(sprite: Image.Image, tint: str) -> Image.Image:
    """Colour a sprite as if lit by coloured light."""
    light = Image.new("RGB", sprite.size, tint)
    result = ImageChops.multiply(sprite.convert("RGB"), light).convert("RGBA")
    result.putalpha(sprite.getchannel("A"))
    return result


@cache
def cloud(seed: int, colour: str, opacity: float) -> Image.Image:
    """Return a soft cloud: a flat base and round tops."""
    random = np.random.default_rng(seed)
    mask = Canvas(Image.new("L", (460 * SCALE, 170 * SCALE)))
    mask.draw = ImageDraw.Draw(mask.image)
    for i in range(14):
        x = 70 + i * 24
        size = 26 + 30 * math.sin(math.pi * (i + 0.5) / 14) + random.uniform(-8, 8)
        mask.ellipse(x, 110 - size * 0.35, size, size * 0.8, round(255 * opacity))  # type: ignore
    mask.box(50, 96, 360, 34, round(255 * opacity), 17)  # type: ignore[arg-type]
    result = Image.new("RGBA", mask.image.size, colour)
    result.putalpha(mask.image.filter(ImageFilter.GaussianBlur(9 * SCALE)))
    return result


@cache
def lighthouse(tint: str, lit: bool) -> Image.Image:
    """Return the tower, 260 x 540, foot at the lower edge."""
    c = blank(260, 540)
    tower = [(84, 540), (176, 540), (158, 150), (102, 150)]
    c.polygon(tower, "#f7f1e3")
    for top, bottom in ((215, 290), (370, 450)):
        lean = [(18 * (540 - y) / 390) for y in (top, bottom)]
        left, right = [84 + v for v in lean], [176 - v for v in lean]
        corners = [(left[0], top), (right[0], top), (right[1], bottom), (left[1], bottom)]
        c.polygon(corners, "#c8332c")
    c.polygon([(140, 150), (158, 150), (176, 540), (146, 540)], (40, 30, 60, 50))
    for y in (180, 325):
        c.box(121, y, 16, 28, "#34435a", 8)
    c.box(114, 478, 32, 62, "#34435a", 15)
    c.box(104, 88, 52, 54, "#fff3b0" if lit else "#bfe0ea")
    for x in (104, 120, 137, 153):
        c.box(x, 86, 3, 56, "#2b2d42")
    c.polygon([(96, 88), (164, 88), (150, 60), (110, 60)], "#b3261e")
    c.ellipse(130, 62, 20, 14, "#b3261e")
    c.line([(130, 52), (130, 24)], "#2b2d42", 3)
    c.box(86, 140, 88, 12, "#2b2d42", 3)
    c.line([(88, 124), (172, 124)], "#2b2d42", 2)
    for x in range(88, 175, 12):
        c.line([(x, 124), (x, 141)], "#2b2d42", 2)
    return tinted(c.image, tint)


@cache
def boat(leftward: bool, tint: str) -> Image.Image:
    """Return the red boat Marigold, 440 x 330, with her name on the hull."""
    c = blank(440, 330)
    c.line([(170, 40), (170, 190)], "#5b4636", 6)
    c.polygon([(173, 44), (240, 62), (173, 82)], "#ffd23f")
    c.line([(170, 60), (395, 200)], "#5b4636", 2)
    c.box(82, 118, 120, 84, "#fdf6e3", 8)
    c.box(70, 108, 146, 14, "#1d3557", 6)
    for x in (94, 132, 168):
        c.box(x, 134, 26, 28, "#8ecae6", 5)
    for x in (262, 306):  # the crew of two
        c.box(x - 14, 158, 28, 46, "#f4a300", 10)
        c.ellipse(x, 146, 12, 13, "#e8b48a")
        c.box(x - 14, 131, 28, 10, "#1d3557", 5)
    c.polygon([(22, 196), (330, 200), (428, 178), (372, 300), (60, 300)], "#d3202a")
    c.polygon([(22, 196), (330, 200), (428, 178), (420, 196), (330, 214), (26, 210)], "#fdf6e3")
    c.polygon([(50, 276), (383, 276), (372, 300), (60, 300)], "#8d1219")
    result = c.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if leftward else c.image
    Canvas(result).text(236 if leftward else 204, 246, "MARIGOLD", 42, "#ffffff")
    return tinted(result, tint)


def waves(c: Canvas, t: float, top: float, colours: Sequence[str], height: float = 5) -> None:
    """Draw the sea as bands, each with a moving crest."""
    step = (HEIGHT - top) / len(colours)
    for i, colour in enumerate(colours):
        y, size, length = top + i * step * (0.6 + 0.1 * i), height * (0.25 + 0.45 * i), 60 + 40 * i
        crest = [
            (x, y + size * math.sin(x / length + t * (1.1 - 0.15 * i) * (-1) ** i + i)
             + size * 0.4 * math.sin(x / length * 2.3 + t * 1.4))
            for x in range(0, WIDTH + 17, 16)
        ]  # fmt: skip
        c.polygon([*crest, (WIDTH + 16, HEIGHT), (0, HEIGHT)], colour)


def gull(c: Canvas, x: float, y: float, size: float, beat: float, colour: str) -> None:
    """Draw a flying gull: two wings that beat."""
    lift = size * 0.45 * math.sin(beat)
    for side in (-1, 1):
        elbow = (x + side * size * 0.45, y - size * 0.22 - lift * 0.5)
        tip = (x + side * size, y - lift)
        c.polygon([(x, y - 3), elbow, tip, (elbow[0], elbow[1] + size * 0.14), (x, y + 5)], colour)
    c.ellipse(x, y + 1, size * 0.16, size * 0.09, colour)


def headland(image: Image.Image, hill: str, grass: str, tint: str, lit: bool = False) -> None:
    """Draw the point with the lighthouse and the cottages, at the left of the harbour."""
    c = Canvas(image)
    far = [(x, HORIZON - 62 * math.exp(-(((x - 980) / 210) ** 2))) for x in range(560, 1281, 20)]
    c.polygon([*far, (1280, HORIZON + 4), (560, HORIZON + 4)], hill)
    top = [(x, 392 + 26 * math.sin(x / 95) + (x / 470) ** 4 * 62) for x in range(0, 521, 10)]
    c.polygon([*top, (560, 480), (0, 480)], grass)
    c.polygon([(0, 452), (300, 448), (540, 462), (560, 490), (0, 490)], (60, 50, 60, 120))
    tower = lighthouse(tint, lit)
    c.paste(tower.resize((round(tower.width * 0.72), round(tower.height * 0.72))), 205, 196)
    for x, y, roof in ((352, 396, "#8f3b2e"), (408, 414, "#4a5a6a"), (66, 368, "#8f3b2e")):
        house = blank(64, 64)
        house.box(6, 28, 52, 36, "#f2e8d5")
        house.polygon([(0, 30), (12, 6), (52, 6), (64, 30)], roof)
        for window in (14, 38):
            house.box(window, 38, 12, 12, "#ffd27a" if lit else "#4d6475")
        c.paste(tinted(house.image, tint), x, y)


def pier(c: Canvas, wood: str, dark: str) -> None:
    """Draw the pier in front with its sign."""
    for x in (770, 930, 1090, 1250):
        c.box(x, 610, 22, 110, dark, 4)
    c.box(720, 590, 560, 30, wood, 5)
    c.box(720, 608, 560, 12, dark, 3)
    c.box(1022, 520, 16, 74, dark)
    c.box(930, 446, 200, 82, "#fff7e6", 10)
    c.box(938, 454, 184, 66, "#1f4e5f", 7)
    c.text(1030, 487, "PIER 2", 44, "#ffffff")


@cache
def dawn_background() -> Image.Image:
    """Return what does not move at dawn."""
    image = gradient("#5b3a6b", "#d9653b", "#ff9a3c", "#ffcf70", "#ffcf70", "#f08a3c")
    glow(image, 800, HORIZON - 20, 420, "#ffe9a8", 0.9)
    headland(image, "#b0553f", "#6b3a34", "#ffbf8a")
    return image


def dawn(t: float) -> Image.Image:
    """Orange harbour, the sun rises and gulls fly."""
    c = Canvas(dawn_background().copy())
    c.ellipse(800, HORIZON + 25 - t * 7, 52, 52, "#fff3c4")
    c.paste(cloud(3, "#ffd9a0", 0.55), 560 + t * 5, 130)
    c.paste(cloud(5, "#ffb37a", 0.5), 1060 + t * 4, 210)
    waves(c, t, HORIZON, ("#f2a154", "#e0823f", "#c8652f", "#a84c2c"))
    for i in range(9):  # the path of the sun on the water
        width = 70 - 4 * i + 14 * math.sin(t * 2 + i * 1.7)
        c.ellipse(800, HORIZON + 10 + i * 18, width, 3, (255, 240, 180, 150))
    pier(c, "#7a4a32", "#4c2b22")
    for i in range(6):
        x = (i * 223 + t * (70 + 9 * i)) % 1480 - 100
        y = 110 + 38 * i + 22 * math.sin(t * 0.9 + i)
        gull(c, x, y, 24 + 5 * (i % 3), t * 7 + i * 1.3, "#fffaf0" if i % 2 else "#4a2f3a")
    return c.finish()


def title(frame: Image.Image, text: str, alpha: float) -> Image.Image:
    """Write the title of the film over a frame."""
    c = Canvas(frame.resize((WIDTH * SCALE, HEIGHT * SCALE)))
    c.box(390, 300, 800, 92, (50, 24, 40, round(200 * alpha)), 18)
    c.text(790, 346, text, 50, (255, 255, 255, round(255 * alpha)))
    return c.finish()


def noon_boat(t: float) -> float:
    """Return where the middle of the Marigold is as she leaves."""
    return 330 + 105 * t


def evening_boat(t: float) -> float:
    """Return where the middle of the Marigold is as she comes home."""
    return 1480 - 88 * t


def sail(c: Canvas, t: float, x: float, leftward: bool, tint: str) -> None:
    """Draw the Marigold, rocking, with her wake."""
    side = 1 if leftward else -1
    for i in range(5):
        c.ellipse(x + side * (170 + i * 40), 604, 46 - 6 * i, 7 - i, (255, 255, 255, 150 - 25 * i))
    sprite = boat(leftward, tint)
    rocked = sprite.rotate(1.6 * math.sin(t * 1.7), Image.Resampling.BICUBIC)
    c.paste(rocked, x, 468 + 4 * math.sin(t * 2.1))


@cache
def noon_background() -> Image.Image:
    """Return what does not move at noon."""
    image = gradient("#1f7fd1", "#4aa8e8", "#9ad4f5", "#d5effa", "#d5effa", "#3c8fc4")
    glow(image, 1060, 90, 260, "#ffffff", 0.9)
    Canvas(image).ellipse(1060, 90, 44, 44, "#fffbe0")
    headland(image, "#7fa7b5", "#5f9a54", "#ffffff")
    return image


def noon(t: float) -> Image.Image:
    """Blue harbour; the red boat Marigold leaves to the right."""
    c = Canvas(noon_background().copy())
    for i, (x, y) in enumerate(((480, 120), (800, 220), (1150, 260))):
        c.paste(cloud(11 + i, "#ffffff", 0.9), x + t * 6, y)
    waves(c, t, HORIZON, ("#4aa3d8", "#2f8cc8", "#2277b5"))
    sail(c, t, noon_boat(t), False, "#ffffff")
    waves(c, t + 3, 596, ("#1b679f", "#155584"), 8)
    for i in range(2):
        gull(c, 620 + i * 240 - t * 40, 90 + i * 60, 26, t * 6 + i, "#ffffff")
    return c.finish()


@cache
def lamp_room_background() -> Image.Image:
    """Return the lamp room: windows, roof beams and the brass foot of the lamp."""
    image = gradient("#8fd0ee", "#bfe6f5", "#e9f7fa", "#4aa3c8", "#2f7fae", "#1f5f8a")
    c = Canvas(image)
    for i in range(7):
        x = -10 + i * 213
        c.box(x - 9, 0, 22, HEIGHT, "#17324a")
        c.box(x - 9, 0, 6, HEIGHT, "#2c5577")
    for y in (0, 250, 545):
        c.box(0, y, WIDTH, 26 if y else 70, "#17324a")
    c.box(0, 560, WIDTH, 160, "#24405a")
    c.box(0, 560, WIDTH, 8, "#4a7396")
    c.polygon([(520, 720), (760, 720), (722, 570), (558, 570)], "#a9772b")
    c.polygon([(520, 720), (600, 720), (606, 570), (558, 570)], "#d9a84e")
    c.box(500, 552, 280, 28, "#e3b65c", 8)
    c.box(60, 592, 400, 92, "#fff7e6", 10)
    c.text(260, 622, "DO NOT TOUCH", 38, "#a11d1d")
    c.text(260, 660, "THE LENS", 38, "#a11d1d")
    return image


def lamp_room(t: float) -> Image.Image:
    """The great lens turns around the lamp, inside the lamp room."""
    c = Canvas(lamp_room_background().copy())
    facing = max(0.0, math.cos(t * 2)) ** 3
    glow(c.image, 640, 310, 330 + 70 * facing, "#fff1b8", 0.55 + 0.4 * facing)
    rim = [(640 + 165 * s * math.cos(a) ** 0.6, 310 + 230 * math.sin(a))
           for s in (1, -1) for a in np.linspace(-1.5 * s, 1.5 * s, 40)]  # fmt: skip
    c.polygon(rim, (205, 238, 232, 150))
    for turn in range(10):  # the upright prisms: only those on the near side are bright
        angle = t * 2 / 1 + turn * math.tau / 10
        near = math.cos(angle) > 0
        curve = [(640 + 165 * math.sin(angle) * math.cos(a) ** 0.6, 310 + 230 * math.sin(a))
                 for a in np.linspace(-1.5, 1.5, 25)]  # fmt: skip
        c.line(curve, (255, 255, 255, 220) if near else (90, 150, 160, 130), 5 if near else 3)
    for y in range(-180, 181, 40):
        half = 165 * math.cos(math.asin(y / 230)) ** 0.6
        c.line([(640 - half, 310 + y), (640 + half, 310 + y)], (60, 130, 140, 90), 3)
    glow(c.image, 640, 310, 90 + 40 * facing, "#fffbe6", 1.0)
    c.ellipse(640, 310, 20, 32, "#ffffff")
    for y, height in ((64, 26), (532, 24)):
        c.box(560, y, 160, height, "#e3b65c", 8)
    return c.finish()
