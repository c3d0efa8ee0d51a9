"""Make the pictures of cameras.md: `python docs/make_camera_pictures.py [FOLDER]`.

The film is drawn here, and so is its detector: whatever is colourful on that road is a car. All
else is the product: tracking, zones, counts, the report. Needs what make_picture.py needs.
"""

import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from make_picture import CUEPOINT, ROOT, ask, browsing, chat, shrink
from PIL import Image, ImageDraw

from tools.ingest.pipeline import ingest
from tools.ingest.stages import tracking
from tools.library import Library
from tools.models.providers import BARE
from tools.video.film import FilmWriter
from tools.vision.objects.tracking import Seen

SIZE, LIMIT = (1120, 820), 150_000
"""Width and height of the page, and the bytes that a picture may have."""
SCENE, SECONDS, FPS = (640, 360), 60.0, 10
RED, BLUE, GREEN = (196, 44, 40), (48, 92, 196), (40, 140, 84)
PASSING = ((RED, 5.0, 1), (BLUE, 15.0, -1), (RED, 24.0, 1), (GREEN, 36.0, -1), (BLUE, 48.0, 1))
"""Colour, start and way of each car; 1 is to the right."""
CROSSING = 5.0
"""Seconds for which a car is in the picture."""
BEGUN = datetime.fromisoformat("2026-11-19T14:00:00+01:00")
GATEWAY = ((0.38, 0.44), (0.64, 0.44), (0.7, 0.75), (0.32, 0.75))


def paint(seconds: float) -> Any:
    """A road by a gate under a pale sky, and the car that passes."""
    width, height = SCENE
    picture = Image.new("RGB", SCENE, (214, 220, 226))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 100, width, height), fill=(128, 134, 122))
    draw.rectangle((0, 158, width, 290), fill=(98, 98, 100))
    for left in range(0, width, 80):
        draw.rectangle((left, 224, left + 44, 229), fill=(206, 206, 200))
    draw.rectangle((60, 40, 220, 150), fill=(168, 160, 150))
    draw.rectangle((90, 72, 190, 150), fill=(120, 114, 108))
    for post in (440, 600):
        draw.rectangle((post, 84, post + 14, 156), fill=(90, 88, 86))
    draw.rectangle((440, 100, 614, 108), fill=(110, 108, 106))
    for colour, start, way in PASSING:
        share = (seconds - start) / CROSSING
        if 0 <= share < 1:
            middle = -70 + (width + 140) * (share if way > 0 else 1 - share)
            top = 192 if way > 0 else 158
            draw.rounded_rectangle((middle - 62, top + 20, middle + 62, top + 56), 12, fill=colour)
            draw.rounded_rectangle((middle - 34, top, middle + 34, top + 30), 10, fill=colour)
            draw.rectangle((middle - 24, top + 7, middle + 24, top + 20), fill=(70, 78, 86))
            for wheel in (-36, 36):
                at = middle + wheel
                draw.ellipse((at - 12, top + 44, at + 12, top + 68), fill=(38, 38, 40))
    return np.asarray(picture)


class Cars:
    """A detector to which whatever is colourful is a car."""

    name = "drawn"

    def find(self, picture: Any) -> list[Seen]:
        """Box of what is colourful, as shares of the picture."""
        rows, columns = np.nonzero(np.ptp(picture.astype(int), axis=2) > 70)
        if len(rows) < 200:
            return []
        height, width = picture.shape[:2]
        left, right = float(columns.min() / width), float((columns.max() + 1) / width)
        top, bottom = float(rows.min() / height), float((rows.max() + 1) / height)
        return [Seen((left, top, right, bottom), "car", 0.9)]


def watched(folder: Path) -> Path:
    """A library with the film of one camera, `north gate`."""
    film = folder / "gate.mp4"
    with FilmWriter(str(film), SCENE, FPS, None) as writer:
        for number in range(round(SECONDS * FPS)):
            writer.write(cv2.cvtColor(paint(number / FPS), cv2.COLOR_RGB2YUV_I420))
    library = Library(folder / "home")
    with patch.object(tracking, "load_detector", lambda *_: Cars()):
        video = ingest(library, film, providers=BARE, recorded_at=BEGUN)
    camera = library.cameras.reserve("north gate", str(folder))
    library.cameras.put(camera, [video.id])
    return folder / "home"


def page_of(browser: Any, url: str) -> Any:
    """A page of the size of the pictures."""
    width, height = SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")
    page.set_default_timeout(60_000)
    page.goto(url)
    return page


def asked(browser: Any, url: str, question: str) -> tuple[Any, Any]:
    """A page of the chat with the answer to one question, and what is below the answer."""
    page = page_of(browser, url)
    page.get_by_text("is loaded").wait_for()
    return page, ask(page, question)


def still(page: Any, picture: Path) -> None:
    """Take the picture of a page at rest."""
    page.mouse.move(SIZE[0] - 1, SIZE[1] - 1)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=picture, animations="disabled")
    page.close()
    shrink(picture, LIMIT)


def draw_zone(browser: Any, url: str, picture: Path) -> None:
    """Draw a zone on the picture of the player, and keep it after the picture is taken."""
    page, answer = asked(browser, url, "How many cars pass?")
    answer.get_by_role("button", name="Draw a zone").click()
    sheet = answer.locator("cue-zone > svg")
    box = sheet.bounding_box()
    for x, y in GATEWAY:
        sheet.click(position={"x": box["width"] * x, "y": box["height"] * y})
    answer.get_by_label("Its name").fill("gateway")
    sheet.evaluate("sheet => sheet.scrollIntoView({block: 'center'})")
    page.screenshot(path=picture, animations="disabled")
    answer.get_by_role("button", name="Keep").click()
    answer.get_by_text("gateway is drawn").wait_for()
    page.close()
    shrink(picture, LIMIT)


def report(browser: Any, home: Path, picture: Path) -> None:
    """Write an incident report and take the picture of its top."""
    page_file = home.parent / "incident.html"
    times = ["--from", "2026-11-19T14:00", "--to", "2026-11-19T14:01"]
    command = [*CUEPOINT, "--library", str(home), "camera", "report", *times]
    subprocess.run([*command, "--output", str(page_file)], cwd=ROOT, check=True)
    still(page_of(browser, page_file.as_uri()), picture)


def main() -> None:
    """Make the pictures beside cameras.md, or in the folder that the command line names."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    with tempfile.TemporaryDirectory() as folder, browsing() as browser:
        home = watched(Path(folder))
        with chat(home, CUEPOINT_MODEL="extractive", CUEPOINT_BACKGROUND="off") as url:
            draw_zone(browser, url, target / "zone.png")
            for name, question in (
                ("objects", "When is a red car in the zone gateway?"),
                ("counts", "How many cars by colour?"),
            ):
                page, _ = asked(browser, url, question)
                still(page, target / f"{name}.png")
        report(browser, home, target / "report.png")


if __name__ == "__main__":
    main()
