"""On-screen text of long made videos: time, memory, and how much of the text is found.

    python -m benchmarks.screen                  # an hour of slides, three hours of scrolling code
    python -m benchmarks.screen --minutes 10     # ten minutes of each

Each video is indexed in a fresh process, which gives the most memory that it held. "Found" is the
share of the lines drawn that stand among the texts, letters and digits alone.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
SIZE, RATE = (1280, 720), 2
WORKER = (sys.executable, "-m", "benchmarks.screen", "--index")
MOST = 0.25
"""Of an hour of slides: share of its length that the stage may take on two cores."""
SLIDE_SECONDS, BULLETS = 36.0, 5
SCROLL_ROWS, PITCH, VISIBLE = 3, 24, 29
"""Rows that code scrolls by every two seconds, pixels between two rows, rows in sight."""
Drawn = tuple[Image.Image, list[str]]


def sentences() -> list[str]:
    """Lines of prose, of the length of a bullet."""
    words = (ROOT / "benchmarks" / "talk" / "3-gauges.txt").read_text("utf-8").split()
    return [" ".join(words[at : at + 6]) for at in range(0, len(words) - 6, 6)]


def code() -> list[str]:
    """Lines of code: the program's own."""
    paths = sorted((ROOT / "tools").rglob("*.py"))
    return [line[:96] for path in paths for line in path.read_text("utf-8").splitlines()]


def slide(seconds: float, lines: list[str]) -> Drawn:
    """A title and bullets that come one after the other."""
    number = int(seconds / SLIDE_SECONDS)
    shown = 1 + min(BULLETS - 1, int(seconds % SLIDE_SECONDS / (SLIDE_SECONDS / (BULLETS + 1))))
    picture = Image.new("RGB", SIZE, "#f6f7f2")
    pen = ImageDraw.Draw(picture)
    title = f"{number + 1}. {lines[number * 7 % len(lines)]}"
    texts = [title]
    pen.text((80, 60), title, "#1f4e8c", ImageFont.load_default(46))
    for row in range(shown):
        text = lines[(number * (BULLETS + 2) + row + 3) % len(lines)]
        texts.append(text)
        pen.text((110, 190 + 90 * row), text, "#1d2733", ImageFont.load_default(34))
    return picture, texts


def scroll(seconds: float, lines: list[str]) -> Drawn:
    """A page of code that scrolls."""
    first = int(seconds / 2) * SCROLL_ROWS
    picture = Image.new("RGB", SIZE, "#1e2027")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(17)
    texts: list[str] = []
    for row in range(VISIBLE):
        text = lines[(first + row) % len(lines)]
        pen.text((40, 12 + row * PITCH), text, "#d7e3ee", font)
        texts.append(text)
    return picture, texts


def film(path: Path, draw: Callable[[float, list[str]], Drawn], seconds: float) -> set[str]:
    """Write a video of few pictures a second; returns the lines in it."""
    import av

    lines = sentences() if draw is slide else code()
    drawn: set[str] = set()
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "20"}
        for number in range(round(seconds * RATE)):
            picture, texts = draw(number / RATE, lines)
            drawn.update(texts)
            frame: Any = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return drawn


def index(path: Path, home: Path, whole: bool) -> dict[str, Any]:
    """Index a file; `whole` reads what the first index left out as well."""
    from tools.ingest.pipeline import ingest
    from tools.library import Library
    from tools.models.providers import BARE

    library = Library(home)
    providers = replace(BARE, text_reader="rapidocr")
    for _ in range(1 + whole):
        video = ingest(library, path, providers=providers)
    entry = library.manifest(video.id)["stages"]["screen"]
    texts = [text.text for text in library.screen_text(video.id)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": entry["seconds"], "note": entry["note"], "texts": texts,
            "memory": memory, "cpu": time.process_time()}  # fmt: skip


def fresh(path: Path, home: Path, whole: bool) -> dict[str, Any]:
    """Index in a fresh process."""
    command = [*WORKER, str(path), str(home), str(int(whole))]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def rows(name: str, minutes: float, folder: Path, whole: bool) -> Iterator[str]:
    """Measure one kind of video."""
    from tools.vision.text_tracks import letters

    path, seconds = folder / f"{name}.mp4", minutes * 60
    sys.stderr.write(f"{name}: drawing {minutes:g} minutes\n")
    drawn = {letters(line) for line in film(path, {"slides": slide, "code": scroll}[name], seconds)}
    drawn = {line for line in drawn if len(line) > 3}
    sys.stderr.write(f"{name}: reading, load {os.getloadavg()[0]:.1f}\n")
    made = fresh(path, folder / f"library-{name}", whole)
    found = {letters(text) for text in made["texts"]}
    share, target = made["seconds"] / seconds, ""
    if name == "slides":
        target = f"at most {MOST}: {'yes' if share <= MOST else 'no'}"
    what = f"{minutes:g} minutes of {name}"
    yield f"| {what}: screen stage / length | {share:.3f} | {target} |"
    yield f"| {what}: processor seconds of the index / length | {made['cpu'] / seconds:.3f} | |"
    yield f"| {what}: found, of {len(drawn)} lines | {len(drawn & found) / len(drawn):.3f} | |"
    yield f"| {what}: most memory | {made['memory']:.0f} MB | |"
    yield f"| {what}: left out | {made['note'] or 'nothing'} | |"


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0, help="of each, instead of 60 and 180")
    parser.add_argument("--only", choices=("slides", "code"))
    parser.add_argument("--whole", action="store_true", help="index twice: read what is left out")
    parser.add_argument("--index", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.index:
        path, home, whole = options.index
        print(json.dumps(index(Path(path), Path(home), whole == "1")))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| what | figure | target |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="cuepoint-screen-") as folder:
        for name, minutes in (("slides", 60.0), ("code", 180.0)):
            if options.only in (None, name):
                for row in rows(name, options.minutes or minutes, Path(folder), options.whole):
                    print(row, flush=True)


if __name__ == "__main__":
    main()
