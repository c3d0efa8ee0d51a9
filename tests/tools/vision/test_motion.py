"""Motion between pictures made here: the camera's, an object's, and neither."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from tools.vision.motion import camera_motion, crossing, movements
from tools.vision.signals import ROW

CHANCE = np.random.default_rng(3)
WALL = cv2.resize(
    CHANCE.integers(40, 200, (54, 96), dtype=np.uint8), (960, 540), interpolation=cv2.INTER_CUBIC
)


def seen(left: float, top: float, scale: float = 1.0) -> np.ndarray:
    """What a camera sees of the wall: 320 x 180 pixels, `scale` times as much of it for each."""
    window = np.array([[scale, 0, left - 160 * scale], [0, scale, top - 90 * scale]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(WALL, window, (320, 180), flags=flags), np.uint8)


def film(*pictures: np.ndarray) -> list[tuple[float, np.ndarray]]:
    return [(number / 2, picture) for number, picture in enumerate(pictures)]


def with_block(left: int, top: int = 60, behind: np.ndarray | None = None) -> np.ndarray:
    """A patterned block of 60 pixels before a wall, or before nothing."""
    picture = np.full((180, 320), 70, np.uint8) if behind is None else behind.copy()
    picture[top : top + 60, left : left + 60] = 215 + WALL[:60, :60] // 5
    return picture


@pytest.mark.parametrize("step", [6, 20, 60])
@pytest.mark.parametrize(
    "way, across, down", [("right", 1, 0), ("left", -1, 0), ("down", 0, 1), ("up", 0, -1)]
)
def test_a_camera_that_turns_is_told_with_its_way(way: str, across: int, down: int, step: int):
    share = 1 if across else 0.5
    places = [(n - 1.5) * step * share for n in range(4)]
    turned = film(*(seen(480 + at * across, 270 + at * down) for at in places))
    assert camera_motion(turned) == way
    assert camera_motion([(5 * seconds, picture) for seconds, picture in turned]) == ""


@pytest.mark.parametrize("step", [1.04, 1.15, 1.3])
def test_a_zoom_is_no_pan(step: float):
    zoomed = [seen(480, 270, 0.6 * step**n) for n in range(4)]
    assert camera_motion(film(*zoomed)) == "out"
    assert camera_motion(film(*zoomed[::-1])) == "in"


@pytest.mark.parametrize("behind", [None, seen(480, 270)], ids=["nothing", "a wall"])
def test_an_object_that_crosses_is_not_the_camera(behind: np.ndarray | None):
    crossed = film(*(with_block(left, behind=behind) for left in range(10, 260, 40)))
    assert camera_motion(crossed) == ""
    assert crossing(crossed) == ("left", "right")
    assert crossing(film(*(picture for _, picture in crossed[::-1]))) == ("right", "left")


def test_a_picture_that_brightens_from_below_is_no_object_that_falls():
    shaded = np.linspace(0, 1, 180)[:, None] * np.ones(320)
    lit = [np.clip(seen(480, 270) + shaded * 12 * n, 0, 255).astype(np.uint8) for n in range(8)]
    assert crossing(film(*lit)) is None


def test_two_objects_that_cross_each_other_have_no_way_in_common():
    wall = seen(480, 270)
    both = [with_block(250 - left, 110, with_block(left, 10, wall)) for left in range(0, 251, 50)]
    assert crossing(film(*both)) is None


def test_an_object_that_is_now_here_and_now_there_does_not_move():
    wall = seen(480, 270)
    places = [10, 12, 240, 242]
    swapped = [wall, wall, wall, *(with_block(left, behind=wall) for left in places), wall, wall]
    assert crossing(film(*swapped)) is None


class Counted(list[float]):
    """Cuts that count how often one of them is read."""

    reads = 0

    def __getitem__(self, place):
        self.reads += 1
        return super().__getitem__(place)

    def __iter__(self):
        for place in range(len(self)):
            yield self[place]


def test_a_film_of_many_scenes_is_gone_through_once():
    scenes, frames = 2_000, 20
    made = [
        (n / 10, 9.0, 0.0, 0.05, 0.0, 0.0, 0.5, 0.2, n % frames == 0, 0)
        for n in range(scenes * frames)
    ]
    cuts = Counted(2.0 * n for n in range(1, scenes))
    found = movements(np.array(made, ROW), cuts)
    assert len(found) == scenes
    assert cuts.reads < 20 * scenes


def test_opencv_is_loaded_only_where_pixels_are_compared():
    code = (
        "import sys, ui.cli.app, tools.toolbox, tools.summary.digest;"
        "import tools.ingest.pipeline, tools.vision.motion, tools.vision.ocr;"
        "sys.exit('cv2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
