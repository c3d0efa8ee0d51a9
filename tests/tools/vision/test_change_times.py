"""The frame with which a small region changed is found, though no signal of the frame shows it."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.video.decode import scan
from tools.vision.change_regions import turned
from tools.vision.change_times import BLOCK, EVERY, HELD, ChangeTimes, RegionChange
from tools.vision.text_tracks import Changes

ROWS, COLUMNS, RATE = 20, 40, 10
Pixels = np.ndarray


class _Page:
    """A grey picture as the decode pass gives it."""

    def __init__(self, pixels: Pixels) -> None:
        self._blocks = pixels.reshape(-1, BLOCK, pixels.shape[1])

    def means(self) -> np.ndarray:
        rows, _, width = self._blocks.shape
        shape = rows, BLOCK, width // BLOCK, BLOCK
        return self._blocks.reshape(shape).mean((1, 3)).astype(np.float32)

    def lines(self) -> np.ndarray:
        return self._blocks[:, BLOCK // HELD // 2 :: BLOCK // HELD]


def _changes(shown: Callable[[int, Pixels], None], frames: int = 22) -> list[RegionChange]:
    """Changes of a page on which `shown(frame, pixels)` draws; the first and last are kept."""
    times, luma, found = ChangeTimes(), _Page(np.zeros((BLOCK, BLOCK), np.uint8)), []
    for number in range(frames):
        pixels = np.full((ROWS * BLOCK, COLUMNS * BLOCK), 200, np.uint8)
        shown(number, pixels)
        seconds, luma = number / RATE, _Page(pixels)
        if number % round(EVERY * RATE) == 0:
            times.compare(seconds, luma.means(), luma, None)
        else:
            times.hold(seconds, luma)
        if number in (0, frames - 1):
            found = times.kept(seconds, luma.means(), luma, None)
    return found


@pytest.mark.parametrize("frame", range(1, 21))
def test_a_region_changes_with_the_frame_that_shows_it_first(frame: int) -> None:
    def line(number: int, pixels: Pixels) -> None:
        if number >= frame:
            pixels[42:54, 80:160:3] = 90

    (change,) = _changes(line)
    assert change == RegionChange(frame / RATE, (0.25, 0.25, 0.5, 0.35), 20)


def test_regions_that_lie_apart_or_change_with_other_frames_are_told_apart() -> None:
    def lines(number: int, pixels: Pixels) -> None:
        if number >= 7:
            pixels[40:56, 80:160:2] = 90
        if number >= 9:
            pixels[56:72, 80:160:2] = 90
        for left in range(0, 16 * (number % 3), 2):  # what never stands still, elsewhere
            pixels[120:136, 240 + left] = 30

    found = [(change.seconds, change.box) for change in _changes(lines)]
    assert (0.7, (0.25, 0.25, 0.5, 0.35)) in found
    assert (0.9, (0.25, 0.35, 0.5, 0.45)) in found


def test_a_line_that_is_typed_has_one_time_in_its_middle() -> None:
    def typed(number: int, pixels: Pixels) -> None:
        pixels[40:48, 80 : 80 + max(8 * (number - 4), 0) : 2] = 90

    (change,) = _changes(typed)
    assert change.seconds == pytest.approx(1.3, abs=0.11)


def test_a_fade_of_seconds_has_no_frame_of_its_own() -> None:
    def fade(number: int, pixels: Pixels) -> None:
        pixels[40:48, 80:160] = 200 - 6 * number

    assert _changes(fade) == []


def test_a_text_is_timed_by_the_changes_within_its_box() -> None:
    regions = [
        RegionChange(2.0, (0.7, 0.7, 0.9, 0.9), 80),
        RegionChange(2.2, (0.1, 0.1, 0.4, 0.13), 30),
        RegionChange(2.4, (0.1, 0.2, 0.4, 0.23), 30),
    ]
    steps = [(1.2, 3.0), (1.6, 9.0), (2.1, 1.0)]
    changes = Changes([0.0, 9.0], steps, regions)
    first, second, other = (0.1, 0.1, 0.4, 0.13), (0.1, 0.2, 0.4, 0.23), (0.5, 0.1, 0.6, 0.2)
    assert changes.time(1.0, 3.0, first, last=True) == 2.2
    assert changes.time(1.0, 3.0, second, last=False) == 2.4
    assert changes.time(1.0, 3.0, other, last=True) == 1.6  # the largest step of a frame
    assert changes.time(2.3, 3.0, first, last=True) == 3.0  # nothing is known but that it differs
    assert changes.time(8.0, 10.0, first, last=True) == 9.0  # a cut


def test_a_box_turns_with_its_picture() -> None:
    box = (0.125, 0.25, 0.25, 0.75)
    assert turned(box, 1) == (0.25, 0.75, 0.75, 0.875)
    assert turned(box, 2) == (0.75, 0.25, 0.875, 0.75)
    assert turned(turned(box, 1), 3) == box


@pytest.mark.parametrize("busy", [False, True])
def test_thin_lines_are_cited_from_the_frame_with_which_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[3])  # benchmarks are not installed
    made: Any = importlib.import_module("benchmarks.times")
    monkeypatch.setattr(made, "LINES", (2.0, 4.36, 6.72))
    monkeypatch.setattr(made, "THIN", made.THIN[:3])
    made.draw_page(tmp_path / "page.mp4", busy)
    library = Library(tmp_path / "library")
    reads = replace(BARE, text_reader="rapidocr")
    video = ingest(library, tmp_path / "page.mp4", providers=reads, only=("pass", "screen"))
    texts = library.screen_text(video.id)
    starts = [text.start for text in texts if "comes as line" in text.text]
    assert starts == [2.0, 4.36, 6.72]


def test_kept_frames_and_their_rows_have_the_same_seconds(
    tmp_path: Path, encode: Callable[..., Path]
) -> None:
    def paint(seconds: float) -> Pixels:
        return np.full((64, 64, 3), 40 + 60 * int(seconds), np.uint8)

    made = encode(tmp_path / "part.ts", paint, 3.0, tone=True, in_turn=True, fps=25)
    made.write_bytes(made.read_bytes() * 2)
    rows = tmp_path / "rows.npy"
    events = list(scan(str(made), str(tmp_path), str(rows), 5.0))
    kept = [event["frame"]["seconds"] for event in events if "frame" in event]
    table = np.load(rows)
    assert table["seconds"][table["kept"] > 0].tolist() == kept
    assert table["seconds"].tolist() == table["seconds"].round(6).tolist()  # as they are stored
