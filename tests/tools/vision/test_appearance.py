"""Appearance vectors: what leaves them as they are, and what they tell apart."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tools.errors import UnreadableMedia
from tools.vision.appearance import DIMENSIONS, SAME, UNRELATED, AppearanceEmbedder

HALF = (UNRELATED + SAME) / 2
"""The cosine from which on pictures are alike."""
COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "coded again": lambda image: image,
    "half the size": lambda image: image.resize((320, 180)),
    "larger": lambda image: image.resize((960, 540)),
    "another shape": lambda image: image.resize((480, 360)),
    "lighter": lambda image: image.point(lambda light: light * 1.05 + 3),
    "darker": lambda image: image.point(lambda light: light * 0.95),
}


def landscape(sky: str, ground: str, house: int, wall: str = "#d9cdb0") -> Image.Image:
    """A house on a plain under a sky, with some grain."""
    image = Image.new("RGB", (640, 360), sky)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 220, 640, 360), ground)
    draw.rectangle((house, 150, house + 120, 260), wall)
    draw.polygon([(house - 10, 150), (house + 60, 90), (house + 130, 150)], "#7a3b2e")
    grain = np.random.default_rng(3).normal(0, 4, (360, 640, 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def vector(image: Image.Image, folder: Path, quality: int = 85) -> np.ndarray:
    path = folder / "picture.jpg"
    image.save(path, quality=quality)
    (row,) = AppearanceEmbedder().images([path])
    return row


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_alike(tmp_path: Path, copy: str) -> None:
    image = landscape("#9fc3e8", "#5d8a46", 100)
    same = vector(image, tmp_path) @ vector(COPIES[copy](image), tmp_path, quality=50)
    assert same > 0.95 > HALF


@pytest.mark.parametrize(
    "other",
    [
        landscape("#2a1a3a", "#1b1b22", 100),  # the same by night
        landscape("#e8c39f", "#8a5d46", 100),  # in other colours
        landscape("#5d8a46", "#9fc3e8", 100),  # upside down
        Image.new("RGB", (640, 360), "#9fc3e8"),
    ],
)
def test_other_colours_and_another_layout_are_not(tmp_path: Path, other: Image.Image) -> None:
    one = vector(landscape("#9fc3e8", "#5d8a46", 100), tmp_path)
    moved = vector(landscape("#9fc3e8", "#5d8a46", 160), tmp_path)
    assert one @ vector(other, tmp_path) < HALF - 0.02 < HALF < one @ moved


def test_each_of_colours_light_and_edges_tells_something(tmp_path: Path) -> None:
    """Pictures that differ in one of them alone differ in their vectors."""

    def of(paint: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        across, down = np.meshgrid(np.linspace(0, 1, 640), np.linspace(0, 1, 360))
        return vector(Image.fromarray(paint(across, down).astype(np.uint8)), tmp_path)

    def grey(light: np.ndarray) -> np.ndarray:
        return np.repeat(light[..., None] * 255, 3, axis=2)

    stripes = of(lambda across, down: grey(np.sin(across * 60) > 0))
    assert stripes @ of(lambda across, down: grey(np.sin(down * 34) > 0)) < 0.95
    left = of(lambda across, down: grey(across))
    assert left @ of(lambda across, down: grey(1 - across)) < 0.95
    tinted = of(lambda across, down: grey(across) * [1.0, 0.8, 0.6])
    assert left @ tinted < 0.95


def test_vectors_have_length_one_and_are_the_same_each_time(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path, colour in zip(paths, ("black", "white", "#808080"), strict=True):
        Image.new("RGB", (33, 17), colour).save(path)
    rows = AppearanceEmbedder().images(paths)
    assert rows.shape == (3, DIMENSIONS) and rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.array_equal(rows, np.stack([AppearanceEmbedder().images([p])[0] for p in paths]))
    assert AppearanceEmbedder().images([]).shape == (0, DIMENSIONS)
    with pytest.raises(UnreadableMedia, match="words"):
        (tmp_path / "words.jpg").write_text("no picture")
        AppearanceEmbedder().images([tmp_path / "words.jpg"])


def test_no_words_have_an_appearance() -> None:
    assert not hasattr(AppearanceEmbedder(), "texts")


def test_importing_it_loads_neither_numpy_nor_opencv() -> None:
    loaded = "import sys, tools.vision.appearance as a; a.AppearanceEmbedder(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "cv2", "PIL"} & set(done.stdout.split())
