from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.vision.near_duplicates import (
    duplicate_groups,
    is_copy,
    thumbnail,
)


def slide(text: str, size: int = 24, ink: int = 30, paper: int = 245) -> np.ndarray:
    """A slide of 1280 x 720 with one thin line below its title."""
    picture = Image.new("RGB", (1280, 720), (paper,) * 3)
    draw = ImageDraw.Draw(picture)
    for at, one, tall in ((60, "Quarterly results", 48), (300, text, size)):
        draw.text((80, at), one, fill=(ink,) * 3, font=ImageFont.load_default(size=tall))
    return np.asarray(picture)


def saved(folder: Path, pictures: list[np.ndarray]) -> list[Path]:
    paths = [folder / f"{number}.jpg" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        Image.fromarray(picture).save(path, quality=82)
    return paths


@pytest.mark.parametrize(("ink", "paper"), [(30, 245), (160, 245), (230, 20)])
@pytest.mark.parametrize("size", [14, 18, 24, 32])
def test_one_character_makes_another_slide(tmp_path: Path, size: int, ink: int, paper: int):
    texts = ["Revenue 1983", "Revenue 1988", "item 1", "item 7", "Revenue 1983"]
    paths = saved(tmp_path, [slide(text, size, ink, paper) for text in texts])
    assert duplicate_groups(thumbnail(path) for path in paths) == [0, 1, 2, 3, 0]


def test_a_tone_a_size_and_what_was_seen_long_ago_are_different():
    grey = [np.full((90, 161), 100 + 6 * step, np.uint8) for step in range(14)]
    shown = [*grey, grey[-1][:80], grey[0]]
    assert duplicate_groups(shown) == [*range(14), 14, 15]


def test_a_copy_is_told_whatever_its_size_coding_and_light(tmp_path: Path):
    one, other = (photo(number) for number in (1, 2))
    path, copy = tmp_path / "one.jpg", tmp_path / "copy.jpg"
    one.save(path, quality=82)
    lighter = one.point(lambda light: light * 1.06)
    for made, quality in (
        (one, 30),
        (one.reduce(2), 82),
        (one.resize((960, 540)), 60),
        (lighter, 70),
    ):
        made.save(copy, quality=quality)
        assert is_copy(thumbnail(path), thumbnail(copy)), made.size
    for made in (other, one.transpose(Image.Transpose.FLIP_LEFT_RIGHT), one.resize((360, 360))):
        made.save(copy)
        assert not is_copy(thumbnail(path), thumbnail(copy)), made.size


def photo(number: int) -> Image.Image:
    """A picture of soft spots."""
    cells = np.random.default_rng(number).integers(30, 220, (9, 16, 3)).astype(np.uint8)
    return Image.fromarray(cells).resize((640, 360), Image.Resampling.BICUBIC)


def test_a_talk_of_still_slides_is_embedded_a_tenth_as_often_as_once_a_second(
    tmp_path: Path, encode
):
    texts = [f"Chapter {number}: what was measured" for number in range(6)]
    slides = [slide(text)[::2, ::2] for text in texts]
    path = encode(tmp_path / "talk.mp4", lambda at: slides[int(at / 10)], 60.0, fps=4)
    library = Library(tmp_path / "home")
    video = ingest(library, path, providers=BARE)
    frames = library.frames(video.id)
    numbers = duplicate_groups(thumbnail(library.picture(frame.image)) for frame in frames)
    on = {number: {int(f.seconds / 10) for f, n in zip(frames, numbers, strict=True) if n == number}
          for number in numbers}  # fmt: skip
    assert len(on) <= 60 / 5 and all(len(slides_of) == 1 for slides_of in on.values())
    assert set.union(*on.values()) == set(range(6)), "a slide was missed"
