"""Lines that are known from other pictures: in place, scrolled, changed by a digit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.media import Frame
from tools.vision.change_regions import WHOLE, meet
from tools.vision.line_reuse import Reuse
from tools.vision.ocr import Box, Line, read_screen

VIDEO = "7f3a9c21d0e4b512"
WIDTH, HEIGHT, PITCH = 1280, 720, 22
ROWS = 31
TITLE = "notes.py, a file of many lines"


def code(number: int) -> str:
    return f"{' ' * (number % 3 * 4)}value_{number:03} = table[{number * 7919 % 1000}]"


def page(folder: Path, name: str, texts: list[str], shift: int = 0) -> list[Line]:
    """Draw a title and lines of code below it; returns where they stand."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (30, 32, 38))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(16)
    lines: list[Line] = []
    for row, text in enumerate(texts):
        top = 36 + row * PITCH + shift
        pen.text((60, top), text, font=font, fill=(190, 200, 210))
        left, upper, right, lower = pen.textbbox((60, top), text, font=font)
        box = (left / WIDTH, (upper - 2) / HEIGHT, right / WIDTH, (lower + 2) / HEIGHT)
        lines.append(Line(text.strip(), 0.99, box))
    pen.rectangle((0, 0, WIDTH, 30), fill=(70, 70, 90))
    pen.text((10, 6), TITLE, font=font, fill=(250, 250, 250))
    lines.append(Line(TITLE, 0.99, (0.005, 0.005, 0.25, 0.04)))
    picture.save(folder / name, quality=82)
    return lines


class Shown:
    """Reads what the test drew, and counts it."""

    name = "shown"

    def __init__(self) -> None:
        self.pages: dict[str, list[Line]] = {}
        self.count = 0

    def read(self, image: Path | np.ndarray, part: Box = WHOLE) -> list[Line]:
        assert isinstance(image, Path)
        found = [line for line in self.pages[image.name] if meet(line.box, part)]
        self.count += len(found)
        return found


@pytest.mark.parametrize("step", [1, 3, 9, -4])
def test_of_scrolling_code_each_line_is_read_about_once(tmp_path: Path, step: int) -> None:
    pages = 12
    first = [abs(min(step, 0)) * pages + step * n for n in range(pages)]
    eyes, frames = Shown(), []
    for n, top in enumerate(first):
        name = f"{n}.jpg"
        eyes.pages[name] = page(tmp_path, name, [code(top + row) for row in range(ROWS)])
        frames.append(Frame(VIDEO, float(n), name, ""))
    reading = read_screen(frames, lambda f: tmp_path / f.image, eyes, float(pages))
    while True:
        try:
            next(reading)
        except StopIteration as end:
            screen = end.value
            break
    for run in screen.runs:
        told = sorted(line.text for line in run.lines)
        assert told == sorted(line.text for line in eyes.pages[run.frame.image])
    different = ROWS + abs(step) * (pages - 1) + 1
    assert different <= eyes.count < 2.2 * different + 40 < pages * (ROWS + 1)
    assert {text.text for text in screen.texts()} == {code(n).strip() for n in range(
        min(first), max(first) + ROWS)} | {TITLE}  # fmt: skip


def test_a_scrolled_line_with_another_digit_is_left_to_be_read(tmp_path: Path) -> None:
    texts = [code(row) for row in range(ROWS + 3)]
    known = page(tmp_path, "before.jpg", texts[:ROWS])
    texts[12] = texts[12].replace("12", "13")
    page(tmp_path, "now.jpg", texts[3:])
    reuse = Reuse(tmp_path / "now.jpg")
    reuse.add(tmp_path / "before.jpg", known)
    parts, lines = reuse.rest()
    places = {line.text: line.box for line in page(tmp_path, "now.jpg", texts[3:])}
    changed = places[texts[12].strip()]
    assert any(part[1] < changed[1] and changed[3] < part[3] for part in parts)
    assert not {line.text for line in lines} - set(places)
    assert len(lines) > ROWS / 2


def test_a_picture_that_has_nothing_in_common_is_read_whole(tmp_path: Path) -> None:
    known = page(tmp_path, "before.jpg", [code(row) for row in range(ROWS)])
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "now.jpg")
    reuse = Reuse(tmp_path / "now.jpg")
    reuse.add(tmp_path / "before.jpg", known)
    assert reuse.rest() == ([WHOLE], [])


def test_the_same_picture_leaves_nothing_to_be_read(tmp_path: Path) -> None:
    known = page(tmp_path, "one.jpg", [code(row) for row in range(ROWS)])
    reuse = Reuse(tmp_path / "one.jpg")
    reuse.add(tmp_path / "one.jpg", known)
    parts, lines = reuse.rest()
    assert parts == [] and len(lines) == ROWS + 1
