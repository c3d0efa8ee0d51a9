"""Kinds of films: before which there is a fixed camera, and before which there is none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.store.records import SIGHTINGS
from tools.vision.objects.fixed import is_fixed
from tools.vision.signals import ROW

WIDTH, HEIGHT, SECONDS, FPS = 320, 180, 64.0, 4
CHANCE = np.random.default_rng(11)
WORDS = ["budget", "of", "this", "year", "grows", "while", "rivers", "run", "to", "the", "sea"]
Picture = np.ndarray


def written(lines: list[str], ground: int, ink: int, top: int = 12, size: int = 14) -> Picture:
    """A page of lines."""
    page = Image.new("L", (WIDTH, HEIGHT), ground)
    for n, line in enumerate(lines):
        place = 14, top + round(1.5 * size) * n
        ImageDraw.Draw(page).text(place, line, fill=ink, font=ImageFont.load_default(size))
    return np.repeat(np.asarray(page)[:, :, None], 3, axis=2)


def said(number: int, lines: int) -> list[str]:
    chance = np.random.default_rng(number)
    return [" ".join(chance.choice(WORDS, 6)) for _ in range(lines)]


def drawn_town() -> Picture:
    """Houses and trees of even colours with black outlines, three pictures wide."""
    town = Image.new("RGB", (3 * WIDTH, HEIGHT), (150, 205, 240))
    pen = ImageDraw.Draw(town)
    pen.rectangle((0, 120, 3 * WIDTH, HEIGHT), fill=(90, 170, 80))
    for left in range(5, 3 * WIDTH, 61):
        high, colour = int(CHANCE.integers(30, 85)), tuple(CHANCE.integers(60, 230, 3).tolist())
        pen.rectangle((left, 122 - high, left + 44, 125), fill=colour, outline="black", width=2)
        pen.rectangle((left + 9, 130 - high, left + 19, 142 - high), fill="yellow", outline="black")
    return np.asarray(town)


TOWN = drawn_town()
GROUND = CHANCE.integers(60, 180, (18, 32, 3)).astype(np.uint8)
YARD = np.asarray(Image.fromarray(GROUND).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
GRAIN = CHANCE.normal(0, 3, (8, HEIGHT, WIDTH, 1))


def slides(seconds: float) -> Picture:
    return written(said(int(seconds // 33), 6), 255, 20)


def builds(seconds: float) -> Picture:
    return written(said(3, 7)[: 1 + int(seconds // 8)], 250, 20)


def screencast(seconds: float) -> Picture:
    page = written([f"{n:02d} {line}" for n, line in enumerate(said(5, 8))], 30, 220).copy()
    left, top = 100 + round(80 * np.sin(seconds / 3)), 80 + round(50 * np.cos(seconds / 5))
    page[top : top + 12, left : left + 8] = 255
    page[150:160, 14 : 14 + round(seconds * 4)] = 200
    return page


def title(seconds: float) -> Picture:
    card = written(["The river"], 14, 235, top=60, size=44)
    return np.roll(card, -round(40 * max(3.0 - seconds, 0.0)), axis=1)


def pan(seconds: float) -> Picture:
    left = round(6 * seconds)
    return TOWN[:, left : left + WIDTH]


def zoom(seconds: float) -> Picture:
    wide = round(WIDTH / (1 + seconds / 60))
    part = Image.fromarray(TOWN[: wide * HEIGHT // WIDTH, 200 : 200 + wide])
    return np.asarray(part.resize((WIDTH, HEIGHT)))


def passing(behind: Picture, seconds: float, wide: int, high: int) -> Picture:
    picture = behind.astype(np.float64)
    left = round((seconds % 8) / 6 * (WIDTH + wide)) - wide
    picture[150 - high : 150, max(left, 0) : max(left + wide, 0)] = (200, 40, 40)
    return picture


def yard_at_dusk(seconds: float) -> Picture:
    light = passing(YARD, seconds, 46, 34) * (1 - 0.7 * seconds / SECONDS)
    return np.clip(light + GRAIN[round(seconds * FPS) % 8], 0, 255).astype(np.uint8)


def lorries(seconds: float) -> Picture:
    picture = passing(YARD, seconds, 130, 100)
    return np.clip(picture + GRAIN[round(seconds * FPS) % 8], 0, 255).astype(np.uint8)


def drawn_road(seconds: float) -> Picture:
    road = np.full((HEIGHT, WIDTH, 3), 124, np.uint8)
    road[:60] = (205, 214, 226)
    return passing(road, seconds, 44, 30).astype(np.uint8)


@pytest.mark.parametrize("film", [slides, builds, screencast, title, pan, zoom])
def test_what_no_camera_sees_is_not_tracked(
    film: Callable[[float], Picture], encode: Callable[..., Path], tmp_path: Path
) -> None:
    path = encode(tmp_path / "film.mp4", film, SECONDS, fps=FPS)
    stage = ingest(Library(tmp_path / "home"), path, providers=BARE).stages["sightings"]
    assert stage.state == "skipped" and "drawn" in stage.note


@pytest.mark.parametrize("film", [yard_at_dusk, lorries, drawn_road])
def test_a_background_that_stays_is_a_fixed_camera(
    film: Callable[[float], Picture], encode: Callable[..., Path], tmp_path: Path
) -> None:
    path = encode(tmp_path / "film.mp4", film, SECONDS, fps=FPS)
    library = Library(tmp_path / "home")
    video = ingest(library, path, providers=BARE)
    assert video.stages["sightings"].state == "done"
    assert len(library.words(video.id, SIGHTINGS)) == 8


def test_pictures_that_cannot_be_read_tell_nothing(tmp_path: Path) -> None:
    rows = np.zeros(20, ROW)
    rows["seconds"] = np.arange(20.0)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    assert is_fixed(rows, 0, [broken, tmp_path / "gone.jpg", broken])
    assert is_fixed(rows, 0, []) and not is_fixed(rows, 9, []) and not is_fixed(rows[:1], 0, [])
