"""Sizes of kept pictures: those of a screen keep their small letters, others are reduced."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.video import jpeg
from tools.video.container import open_media, video_stream

Encode = Callable[..., Path]


def _desk(width: int, height: int) -> np.ndarray:
    picture = Image.new("RGB", (width, height), (24, 26, 30))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for row in range(height // 21):
        pen.text((40, row * 21), f"value_{row:03} = table[{row * 7919 % 1000}]", "white", font)
    return np.asarray(picture)


def _noise(width: int, height: int) -> np.ndarray:
    grain = np.random.default_rng(1).integers(60, 180, (height, width, 3))
    return grain.astype(np.uint8)


def _sizes(encode: Encode, folder: Path, picture: np.ndarray) -> list[tuple[int, int]]:
    path = encode(folder / "film.mp4", lambda _: picture, 0.3)
    with open_media(str(path)) as container:
        stream: Any = video_stream(container)
        writer = jpeg.PictureWriter(folder, stream)
        names = [writer.write(f, float(f.time or 0))["name"] for f in container.decode(stream)]
    return [Image.open(folder / name).size for name in names]


@pytest.mark.parametrize(
    ("paint", "shape", "kept"),
    [
        (_desk, (1920, 1080), (1920, 1080)),
        (_desk, (3200, 1800), (2560, 1440)),
        (_desk, (640, 360), (640, 360)),
        (_noise, (1920, 1080), (1280, 720)),
    ],
)
def test_a_picture_of_a_screen_keeps_its_size(
    encode: Encode,
    tmp_path: Path,
    paint: Callable[[int, int], np.ndarray],
    shape: tuple[int, int],
    kept: tuple[int, int],
) -> None:
    assert _sizes(encode, tmp_path, paint(*shape)) == [kept] * 3


def test_large_pictures_fill_no_disk(
    encode: Encode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "DRAWN_ROOM", 1000)
    sizes = _sizes(encode, tmp_path, _desk(1920, 1080))
    assert sizes == [(1920, 1080), (1280, 720), (1280, 720)]
