"""Which parts of a picture changed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.vision.change_regions import (
    WHOLE,
    Box,
    area,
    largest_change,
    load_grey,
    meet,
    merged,
    parts,
    same_cells,
)


def grey(*dark: tuple[int, int, int, int]) -> np.ndarray:
    """A light picture of 320 by 184 with dark rectangles (left, top, right, bottom in pixels)."""
    picture = np.full((184, 320), 200, np.uint8)
    for left, top, right, bottom in dark:
        picture[top:bottom, left:right] = 20
    return picture


def changed_parts(before: np.ndarray, after: np.ndarray) -> list[Box]:
    return parts(~same_cells(before, after), 2)


def test_nothing_changed_is_no_part() -> None:
    assert changed_parts(grey(), grey()) == []
    assert largest_change(grey(), grey()) == 0


def test_a_change_lies_in_its_part_with_a_margin() -> None:
    ((left, top, right, bottom),) = changed_parts(grey(), grey((64, 80, 120, 96)))
    assert 48 <= left * 320 <= 56 and 128 <= right * 320 <= 136
    assert 68 <= top * 184 <= 72 and 104 <= bottom * 184 <= 112
    assert largest_change(grey(), grey((64, 80, 120, 96))) == 180


def test_changes_far_apart_are_parts_of_their_own() -> None:
    clock, line = (280, 8, 312, 16), (16, 160, 120, 176)
    found = changed_parts(grey(clock), grey(line))
    assert len(found) == 2
    assert sum(map(area, found)) < 0.12
    assert not meet(*found)


def test_the_words_of_a_line_stay_together() -> None:
    words = [(16, 80, 56, 96), (88, 80, 136, 96), (160, 80, 220, 96)]
    assert len(changed_parts(grey(), grey(*words))) == 1


def test_every_changed_pixel_is_in_a_part() -> None:
    random = np.random.default_rng(7)
    for _ in range(50):
        spots = [
            (x, y, x + int(w), y + int(h))
            for x, y, w, h in zip(
                random.integers(0, 280, 6),
                random.integers(0, 150, 6),
                random.integers(8, 40, 6),
                random.integers(8, 30, 6),
                strict=True,
            )
        ]
        found = changed_parts(grey(), grey(*spots))
        ys, xs = np.nonzero(grey(*spots) != grey())
        for x, y in zip(xs[::40] / 320, ys[::40] / 184, strict=True):
            assert any(p[0] <= x < p[2] and p[1] <= y < p[3] for p in found)


def test_another_shape_is_another_picture() -> None:
    assert largest_change(grey(), grey()[:, :160]) == 255


def test_parts_grow_over_what_they_cut_and_then_over_each_other() -> None:
    line: Box = (0.1, 0.2, 0.6, 0.3)
    first: Box = (0.5, 0.25, 0.7, 0.5)
    second: Box = (0.05, 0.1, 0.2, 0.22)
    assert merged([first, second], [line]) == [(0.05, 0.1, 0.7, 0.5)]
    assert merged([first], []) == [first]
    assert merged([(0.8, 0.8, 0.9, 0.9)], [line]) == [(0.8, 0.8, 0.9, 0.9)]


def test_a_part_that_others_grow_around_is_read_with_them() -> None:
    top: Box = (0.0, 0.0, 1.0, 0.1)
    left: Box = (0.0, 0.0, 0.1, 1.0)
    inside: Box = (0.5, 0.5, 0.6, 0.6)
    assert merged([top, left, inside], []) == [WHOLE]


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (2556, 350), (3, 3000), (1, 1)])
def test_a_small_picture_is_whole_blocks(size: tuple[int, int], tmp_path: Path) -> None:
    Image.new("RGB", size, (10, 90, 200)).save(tmp_path / "one.jpg")
    found = load_grey(tmp_path / "one.jpg")
    assert max(found.shape) == 320 or size == (1, 1)
    assert not found.shape[0] % 8 and not found.shape[1] % 8
    assert int(found.min()) == int(found.max())


def test_no_picture_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(OSError):
        load_grey(tmp_path / "broken.jpg")
