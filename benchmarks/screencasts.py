"""Shares of typed lines that a kept frame shows, and that are read, on made screencasts.

    python -m benchmarks.screencasts [--count N] [--read N]

Each is a terminal, of 720p to 1440p, with letters of 12 to 24 pixels, dark or light, in which lines
are typed letter by letter and are gone after a while. Some have a cursor that blinks, a clock, or a
head that never stands still. A line is shown if a kept frame lies within the time it stood whole.
It is read if a text of the index that stands in that time holds it, a letter in ten aside. Only the
first screencasts are read, as that takes most of the time; any 15 in a row have each size of
picture with each size of letters.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz import fuzz

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import ScreenText
from tools.models.providers import BARE
from tools.video.decode import scan
from tools.vision.sampling import FLOOR_SECONDS

RATE = 10
WORDS = ("git", "commit", "cd", "make", "ls", "grep", "python", "install", "branch", "log", "diff")
SIZES = ((1280, 720), (1920, 1080), (2560, 1440))
LETTERS = (12, 14, 16, 20, 24)
MOST_HEAD = 60
"""Radius in pixels of the head."""
ALIKE = 90
"""Per cent of a line's letters that a text must hold in their order."""


class Line(NamedTuple):
    """A typed line, and the time within which all of it stood on screen."""

    text: str
    start: float
    end: float


def draw(path: Path, number: int, lines: int = 10) -> list[Line]:
    """Encode a screencast; the same number gives the same pictures. Returns its truth."""
    dice = random.Random(number)
    width, height = SIZES[number % len(SIZES)]
    letter = LETTERS[number % len(LETTERS)]
    paper, ink = ((24, 26, 30), (220, 222, 225)) if number % 2 else ((250, 250, 248), (30, 30, 34))
    visible = 1 + number % 4
    blinks, has_clock, has_head = number % 3 != 0, number % 4 == 1, number % 5 in (1, 3)
    font: Any = ImageFont.load_default(letter)
    shown: list[tuple[str, float]] = []
    truth: list[Line] = []
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        count = 0

        def picture(typed: str) -> None:
            nonlocal count
            image = Image.new("RGB", (width, height), paper)
            pen = ImageDraw.Draw(image)
            rows = [*(text for text, _ in shown), typed]
            for row, text in enumerate(rows):
                pen.text((40, 60 + row * letter * 3 // 2), f"$ {text}", ink, font)
            if blinks and count // 5 % 2:
                left = 44 + pen.textlength(f"$ {typed}", font)
                top = 60 + (len(rows) - 1) * letter * 3 // 2
                pen.rectangle((left, top, left + letter // 2, top + letter), ink)
            if has_clock:
                pen.text((width - 120, 20), f"12:00:{count // RATE % 60:02}", ink, font)
            if has_head:
                x, y = width - 160 + 25 * np.sin(count / 4), height - 140 + 15 * np.cos(count / 3)
                box = (x - MOST_HEAD, y - MOST_HEAD, x + MOST_HEAD, y + MOST_HEAD)
                pen.ellipse(box, (196, 150, 120))
                mouth = 4 + 8 * abs(np.sin(count))
                pen.ellipse((x - 20, y + 15, x + 20, y + 15 + mouth), (90, 30, 30))
            output.mux(stream.encode(av.VideoFrame.from_image(image)))
            count += 1

        for _ in range(2 * RATE):
            picture("")
        for _ in range(lines):
            text = f"{' '.join(dice.sample(WORDS, dice.randint(1, 5)))} {dice.randint(10, 99)}"
            for end in range(1, len(text)):
                picture(text[:end])
            whole = count / RATE
            for _ in range(round(dice.uniform(1.2, 2.5) * RATE)):
                picture(text)
            shown.append((text, whole))
            while len(shown) >= visible:
                gone, at = shown.pop(0)
                truth.append(Line(gone, at, count / RATE))
        for _ in range(2 * RATE):
            picture("")
        truth += [Line(text, at, count / RATE) for text, at in shown]
        output.mux(stream.encode(None))
    return truth


def kept_times(path: Path, folder: Path) -> list[float]:
    """Seconds of the frames that indexing keeps."""
    folder.mkdir()
    events = list(scan(str(path), str(folder), str(folder / "rows.npy"), FLOOR_SECONDS))
    return [event["frame"]["seconds"] for event in events if "frame" in event]


def seen(truth: list[Line], kept: list[float]) -> list[bool]:
    """For each line: True if a kept frame shows all of it."""
    return [any(line.start - 1e-3 <= at < line.end - 1e-3 for at in kept) for line in truth]


def texts_of(path: Path, home: Path) -> list[ScreenText]:
    """Index a screencast and return its texts on screen."""
    library = Library(home)
    video = ingest(library, path, providers=replace(BARE, text_reader="rapidocr"), only=("screen",))
    return library.screen_text(video.id)


def read(truth: list[Line], texts: Sequence[ScreenText]) -> list[bool]:
    """For each line: True if a text that stood on screen with it is its words."""
    return [
        any(
            fuzz.partial_ratio(line.text, text.text) >= ALIKE
            for text in texts
            if text.start < line.end and text.end > line.start
            if len(text.text) >= len(line.text) * ALIKE / 100  # else a part of it is enough
        )
        for line in truth
    ]


def main() -> None:
    """Make the screencasts and print the shares of lines, one by one and of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screencasts", description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--read", type=int, default=15, help="screencasts that are read as well")
    options = parser.parse_args()
    every: list[bool] = []
    every_read: list[bool] = []
    with tempfile.TemporaryDirectory(prefix="cuepoint-screencasts-") as temporary:
        for number in range(options.count):
            path = Path(temporary) / f"{number}.mp4"
            truth = draw(path, number)
            kept = kept_times(path, Path(temporary) / str(number))
            shows = seen(truth, kept)
            every += shows
            size, letter = SIZES[number % len(SIZES)], LETTERS[number % len(LETTERS)]
            told = f"{sum(shows)} of {len(shows)} lines shown"
            if number < options.read:
                found = read(truth, texts_of(path, Path(temporary) / f"library-{number}"))
                every_read += found
                told += f", {sum(found)} read"
            print(
                f"{number:3}  {size[1]}p, letters of {letter}: {told}, {len(kept)} frames kept",
                flush=True,
            )
    print(f"{sum(every) / len(every):.3f} of {len(every)} typed lines are shown (wanted 0.95)")
    if every_read:
        share = sum(every_read) / len(every_read)
        print(f"{share:.3f} of the {len(every_read)} of the first {options.read} are read (0.95)")


if __name__ == "__main__":
    main()
