"""Synthetic photographs for the slides of the talk: shapes, light, blur and grain."""

import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1100, 520
SEPIA = ("#2b1d10", "#f3e3c3")
Draw = ImageDraw.ImageDraw


def _ground(top: str, low: str) -> Image.Image:
    """Vertical gradient."""
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (top, low)]
    share = np.linspace(0, 1, HEIGHT)[:, None]
    rows = (np.array(ends[0]) * (1 - share) + np.array(ends[1]) * share).astype("uint8")
    return Image.fromarray(np.repeat(rows[:, None], WIDTH, axis=1))


def _hills(d: Draw, base: int, tall: int, fill: str, seed: int) -> None:
    x = np.arange(0, WIDTH + 20, 20)
    y = base - tall * (0.6 + 0.25 * np.sin(x / 170 + seed) + 0.15 * np.sin(x / 61 + 2 * seed))
    line = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    d.polygon([*line, (WIDTH, HEIGHT), (0, HEIGHT)], fill)


def _house(d: Draw, x: int, y: int, size: int, wall: str, roof: str) -> None:
    d.rectangle((x, y - size, x + size * 1.4, y), wall)
    d.polygon(
        [(x - 6, y - size), (x + size * 0.7, y - size * 1.7), (x + size * 1.4 + 6, y - size)], roof
    )
    for left in (0.2, 0.85):
        d.rectangle(
            (x + size * left, y - size * 0.7, x + size * (left + 0.3), y - size * 0.35), roof
        )


def _person(d: Draw, x: int, y: int, size: int, coat: str, skin: str) -> None:
    d.polygon(
        [
            (x - size * 0.28, y),
            (x - size * 0.16, y - size * 0.75),
            (x + size * 0.16, y - size * 0.75),
            (x + size * 0.28, y),
        ],
        coat,
    )
    d.ellipse((x - size * 0.13, y - size, x + size * 0.13, y - size * 0.72), skin)


def _donkey(d: Draw, x: int, y: int, size: int, fill: str) -> None:
    d.ellipse((x, y - size * 0.75, x + size * 1.2, y - size * 0.3), fill)
    for leg in (0.15, 0.3, 0.9, 1.05):
        d.rectangle((x + size * leg, y - size * 0.45, x + size * (leg + 0.08), y), fill)
    d.polygon(
        [
            (x + size, y - size * 0.55),
            (x + size * 1.3, y - size),
            (x + size * 1.6, y - size * 0.75),
            (x + size * 1.3, y - size * 0.7),
        ],
        fill,
    )
    for ear in (1.28, 1.36):
        d.ellipse((x + size * ear, y - size * 1.25, x + size * (ear + 0.07), y - size * 0.92), fill)


def _fish(d: Draw, x: int, y: int, size: int, back: str, belly: str) -> None:
    d.ellipse((x, y - size * 0.2, x + size, y + size * 0.2), back)
    d.ellipse((x + size * 0.05, y - size * 0.05, x + size * 0.92, y + size * 0.19), belly)
    d.polygon(
        [(x + size * 0.93, y), (x + size * 1.2, y - size * 0.2), (x + size * 1.2, y + size * 0.2)],
        back,
    )
    d.ellipse((x + size * 0.1, y - size * 0.07, x + size * 0.14, y - size * 0.02), "#101010")


def _winter() -> Image.Image:
    image = _ground("#9fb4c8", "#e9eef3")
    d = ImageDraw.Draw(image)
    _hills(d, 300, 190, "#c9d3dd", 1)
    _hills(d, 330, 90, "#8d9caa", 4)
    d.rectangle((0, 320, WIDTH, 420), "#3f5b73")
    d.polygon([(0, 395), (WIDTH, 380), (WIDTH, 520), (0, 520)], "#f2f5f8")
    d.polygon([(0, 410), (WIDTH, 396), (WIDTH, 520), (0, 520)], "#b4bcb0")
    d.rectangle((170, 220, 240, 400), "#7b7468")
    d.polygon([(155, 222), (205, 130), (255, 222)], "#5d8f79")
    return image


def _village() -> Image.Image:
    image = _ground("#d9e4ea", "#f1e9d6")
    d = ImageDraw.Draw(image)
    _hills(d, 260, 170, "#9aa784", 2)
    _hills(d, 420, 150, "#7d9160", 6)
    d.polygon([(480, 520), (540, 300), (575, 300), (660, 520)], "#d8c7a0")
    for x, y, size in (
        (90, 400, 60),
        (240, 370, 52),
        (380, 345, 44),
        (640, 360, 50),
        (780, 400, 62),
        (930, 430, 72),
    ):
        _house(d, x, y, size, "#e6dcc8", "#6b4a3a")
    d.rectangle((440, 210, 500, 330), "#d8cdb6")
    d.polygon([(435, 212), (470, 120), (505, 212)], "#4f4a47")
    d.rectangle((712, 300, 724, 400), "#5b432d")
    d.ellipse((650, 190, 790, 330), "#4c6b35")
    return image


def _window() -> Image.Image:
    image = _ground("#1c5f6b", "#082a33")
    d = ImageDraw.Draw(image)
    for n in range(26):
        x, y = 47 * n % 1060 + 20, 83 * n % 480 + 20
        d.ellipse((x, y, x + 6 + n % 5, y + 6 + n % 5), "#6fb5bd")
    _fish(d, 330, 260, 430, "#5a6f6b", "#c6cfc4")
    d.rectangle((0, 0, WIDTH, 36), "#22282c")
    d.rectangle((0, 484, WIDTH, HEIGHT), "#22282c")
    d.ellipse((-60, 390, 120, 600), "#3a1f18")
    return image


def _pass() -> Image.Image:
    image = _ground("#8d9094", "#5f6266")
    d = ImageDraw.Draw(image)
    for y in range(0, HEIGHT, 65):
        d.line((0, y, WIDTH, y), "#54575b", 4)
        for x in range(65 * (y // 65 % 2), WIDTH, 150):
            d.line((x, y, x, y + 65), "#54575b", 4)
    d.polygon([(180, 520), (760, 0), (880, 0), (330, 520)], "#30342c")
    for n in range(60):
        x, y = 255 + n * 9.6, 520 - n * 8.7
        d.line((x - 50, y, x - 44, y - 14), "#9aa36d", 3)
        d.line((x + 20, y, x + 26, y - 14), "#9aa36d", 3)
    return image


def _flood() -> Image.Image:
    image = _ground("#b9bdc1", "#8f9498")
    d = ImageDraw.Draw(image)
    for n in range(6):
        _house(d, 40 + 180 * n, 370, 105, "#6d6a66", "#2f2d2c")
    d.rectangle((0, 315, WIDTH, HEIGHT), "#55595c")
    for n in range(24):
        x, y = 131 * n % 1000, 330 + 37 * n % 180
        d.line((x, y, x + 90, y + 3), "#8b9094", 3)
    d.polygon([(480, 420), (660, 420), (630, 452), (510, 452)], "#232323")
    _person(d, 560, 425, 90, "#1b1b1b", "#b5b0aa")
    return _toned(image, "#17181a", "#e6e6e2")


def _relay() -> Image.Image:
    image = _ground("#7f9dbb", "#dfe7ee")
    d = ImageDraw.Draw(image)
    _hills(d, 430, 130, "#f6f8fa", 3)
    d.rectangle((540, 110, 556, 430), "#3c4248")
    d.line((548, 120, 470, 70), "#3c4248", 5)
    d.line((548, 120, 630, 70), "#3c4248", 5)
    d.polygon([(570, 190), (700, 160), (720, 250), (590, 280)], "#16305c")
    d.rectangle((500, 330, 600, 410), "#c5a93a")
    d.ellipse((740, 380, 850, 450), "#efe9dc")
    d.ellipse((835, 375, 875, 415), "#2a2725")
    return image


def _portrait() -> Image.Image:
    image = _ground("#8a8178", "#4f4842")
    d = ImageDraw.Draw(image)
    d.ellipse((250, 330, 850, 900), "#2a2522")
    d.rectangle((510, 280, 590, 380), "#c9b7a1")
    d.ellipse((455, 120, 645, 340), "#d8c8b3")
    d.ellipse((330, 80, 770, 175), "#1d1917")
    d.ellipse((440, 10, 660, 150), "#1d1917")
    for x in (510, 590):
        d.ellipse((x - 12, 218, x + 12, 232), "#2a2522")
    d.arc((515, 255, 585, 300), 20, 160, "#6b4f45", 5)
    return _toned(image, *SEPIA)


def _helpers() -> Image.Image:
    image = _ground("#dcdcd6", "#b7b3a4")
    d = ImageDraw.Draw(image)
    _hills(d, 330, 250, "#8f8b7f", 5)
    d.rectangle((0, 420, WIDTH, HEIGHT), "#6f6a5b")
    _donkey(d, 520, 470, 210, "#3a3630")
    _person(d, 380, 470, 220, "#2b2824", "#cbbfae")
    d.rectangle((440, 150, 452, 470), "#efe9da")
    for y in range(160, 470, 40):
        d.rectangle((440, y, 452, y + 20), "#5a2018")
    return _toned(image, *SEPIA)


def _sheet() -> Image.Image:
    image = _ground("#6b4a2e", "#3f2a19")
    d = ImageDraw.Draw(image)
    d.polygon([(180, 60), (930, 40), (960, 470), (150, 490)], "#e6d7ae")
    d.line([(160, 330), (380, 280), (520, 330), (700, 250), (945, 290)], "#5b83a3", 22)
    for n in range(40):
        x, y = 220 + 97 * n % 660, 100 + 61 * n % 330
        d.rectangle((x, y, x + 22, y + 14), "#a64b34")
    d.line([(230, 120), (420, 190), (600, 150), (860, 400)], "#6f5636", 5)
    for x, y, r in ((300, 400, 60), (820, 120, 80), (560, 220, 40)):
        d.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), "#f3ead2")
    return image


def _comet() -> Image.Image:
    image = _ground("#0d1738", "#3a3f66")
    d = ImageDraw.Draw(image)
    for n in range(70):
        x, y = 173 * n % 1090, 89 * n % 330
        d.ellipse((x, y, x + 2 + n % 3, y + 2 + n % 3), "#e9e6d2")
    d.polygon([(330, 190), (930, 20), (960, 110), (340, 214)], "#8b93b8")
    d.polygon([(330, 195), (800, 75), (820, 110), (335, 210)], "#d8d8dc")
    d.ellipse((305, 175, 355, 225), "#ffffff")
    _hills(d, 520, 160, "#10131f", 7)
    for x, size in ((560, 70), (610, 66)):
        _person(d, x, 425, size, "#05060a", "#2a2a33")
    _donkey(d, 650, 425, 60, "#05060a")
    return image


def _toned(image: Image.Image, dark: str, light: str) -> Image.Image:
    """Sepia tone, as of an old print."""
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (dark, light)]
    share = np.asarray(image.convert("L"), float)[..., None] / 255
    rows = np.array(ends[0]) * (1 - share) + np.array(ends[1]) * share
    return Image.fromarray(rows.astype("uint8"))


PHOTOS: dict[str, Callable[[], Image.Image]] = {
    "Tarn Dam in winter": _winter,
    "Hollinthwaite before the water": _village,
    "The window in pool 20": _window,
    "The eel pass at Hollin": _pass,
    "Tanner's Row, 3 February 1931": _flood,
    "The relay on Cold Fell": _relay,
    "Wilhelmina Sarto": _portrait,
    "Ned and Euclid": _helpers,
    "Sheet 23, found": _sheet,
    "The comet": _comet,
}


@cache
def photo(title: str) -> Image.Image:
    """The photograph of this title, with blur and grain."""
    soft = PHOTOS[title]().filter(ImageFilter.GaussianBlur(1.2))
    noise = np.random.default_rng(zlib.crc32(title.encode())).normal(0, 5, (HEIGHT, WIDTH, 1))
    return Image.fromarray(np.clip(np.asarray(soft) + noise, 0, 255).astype("uint8"))
