"""Typed lines keep a frame, though they change few pixels and other regions never stand still."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from tools.vision.small_changes import EVERY, SmallChanges


@pytest.mark.parametrize("number", [0, 3, 21])  # a blinking cursor; a head; a clock and a head
def test_typed_lines_of_a_screencast_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[3])  # benchmarks are not installed
    made = importlib.import_module("benchmarks.screencasts")
    truth = made.draw(tmp_path / "typed.mp4", number, lines=4)
    kept = made.kept_times(tmp_path / "typed.mp4", tmp_path / "kept")
    assert len(truth) == 4 and all(made.seen(truth, kept))


def _kept(pictures: list[np.ndarray]) -> list[int]:
    small, kept = SmallChanges(), list[int]()
    small.kept(pictures[0])
    for number, means in enumerate(pictures):
        if small.is_due(number * EVERY, 0.0) and small.found(number * EVERY, means):
            small.kept(means)
            kept.append(number)
    return kept


def test_a_cursor_that_blinks_and_a_clock_are_soon_known() -> None:
    page = np.full((90, 160), 250, np.float32)
    cursor, clock = [page.copy() for _ in range(60)], [page.copy() for _ in range(60)]
    for number in range(60):
        cursor[number][40:42, 30] -= 60 * (number // 2 % 2)
        clock[number][1:3, 150:152] -= 10 * (number // 2 % 20)
    assert len(_kept(cursor)) == 1
    assert len(_kept(clock)) <= 6


def test_a_word_keeps_one_frame_once_it_has_settled() -> None:
    page = np.full((90, 160), 250, np.float32)
    typed = [page.copy() for _ in range(20)]
    for number in range(5, 20):
        typed[number][40, 30 : 30 + min(2 * (number - 4), 6)] -= 40
    assert _kept(typed) == [8]
