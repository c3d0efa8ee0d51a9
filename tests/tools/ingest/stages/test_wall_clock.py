"""The stage of the wall clock, over clocks that are really drawn and really read."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE, Providers

READING = Providers("rapidocr", "auto", "none", "none", "none", "none", "none")
BEGUN = datetime(2026, 11, 19, 13, 59, 40)
_RNG = np.random.default_rng(0)
_WALL = _RNG.normal(110, 6, (45, 80, 3)).clip(0, 255).astype(np.uint8)


def scene(form: str, rate: float = 1.0, at: float = 99.0, by: float = 0.0) -> Callable[..., object]:
    """A yard with a drawn clock, which goes at a rate and jumps at a second."""

    def digits(seconds: float) -> datetime:
        return BEGUN + timedelta(seconds=seconds * rate + by * (seconds >= at))

    def paint(seconds: float) -> np.ndarray:
        picture = cv2.resize(_WALL, (640, 360))
        left = 40 + round(seconds * 37) % 500
        cv2.rectangle(picture, (left, 220), (left + 50, 260), (40, 70, 200), -1)
        text, font = digits(seconds + 1e-6).strftime(form), cv2.FONT_HERSHEY_SIMPLEX
        (width, height), _ = cv2.getTextSize(text, font, 0.7, 2)
        cv2.rectangle(picture, (8, 8), (16 + width, 18 + height), (0, 0, 0), -1)
        white = (255, 255, 255)
        cv2.putText(picture, text, (12, 12 + height), font, 0.7, white, 2, cv2.LINE_AA)
        return picture

    paint.digits = digits  # type: ignore[attr-defined]
    return paint


@pytest.mark.parametrize(
    "form, rate, at, by",
    [
        ("%Y-%m-%d %H:%M:%S", 1.0, 13.3, 90.0),
        ("%d.%m.%Y %H:%M:%S", 1.2, 99.0, 0.0),
        ("%m/%d/%Y %I:%M:%S %p", 1.0, 9.6, -30.0),
        ("CAM 1 %H:%M:%S", 1.0, 99.0, 0.0),
    ],
)
def test_a_drawn_clock_is_read_to_a_second(
    tmp_path: Path, encode: Callable[..., Path], form: str, rate: float, at: float, by: float
) -> None:
    paint = scene(form, rate, at, by)
    file = encode(tmp_path / "yard.mp4", paint, 24.0, fps=5)
    ended = BEGUN.replace(tzinfo=UTC).timestamp() + 24
    os.utime(file, (ended, ended))
    library = Library(tmp_path / "home")
    video = ingest(library, file, providers=READING)
    clock = library.clock(video.id)
    assert clock and clock.source == "screen" and clock.is_relied_on
    assert video.stages["clock"].provider == "screen"
    for tenth in range(240):
        seconds = tenth / 10 + 0.05
        if abs(seconds - at) > 0.5:
            told = clock.wall(seconds).replace(tzinfo=None)
            true = paint.digits(seconds)  # type: ignore[attr-defined]
            assert abs((told - true).total_seconds()) <= 1.0, seconds


def test_without_a_reader_the_other_sources_hold(
    tmp_path: Path, encode: Callable[..., Path]
) -> None:
    file = encode(tmp_path / "cam_20261119_140000.mp4", scene("%H:%M"), 3.0, fps=5)
    library = Library(tmp_path / "home")
    video = ingest(library, file, providers=BARE)
    clock = library.clock(video.id)
    assert clock and (clock.source, clock.confidence) == ("name", 0.7)
    assert video.recorded_at == clock.begun and f"{clock.begun:%H:%M}" == "14:00"
    (tmp_path / "cam_20261119_140000.xmp").write_text(
        '<x xmp:CreateDate="2026-11-19T16:30:00+01:00"/>'
    )
    video = ingest(library, file, providers=BARE)
    clock = library.clock(video.id)
    assert clock and clock.source == "sidecar" and f"{clock.begun:%H:%M %z}" == "16:30 +0100"
    assert [(one.source, one.agrees) for one in clock.others] == [("name", False)]
    assert "name: 2026-11-19 14:00:00" in video.stages["clock"].note
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    video = ingest(library, file, providers=BARE, recorded_at=at)
    clock = library.clock(video.id)
    assert clock and clock.source == "argument" and video.recorded_at == at
    (tmp_path / "cam_20261119_140000.xmp").unlink()
    video = ingest(library, file, providers=BARE)
    clock = library.clock(video.id)
    assert clock and [one.source for one in clock.others] == ["name"]


def test_a_file_of_which_nothing_tells_has_its_time_and_is_not_relied_on(
    tmp_path: Path, encode: Callable[..., Path]
) -> None:
    file = encode(tmp_path / "yard.mp4", scene("%H:%M"), 3.0, fps=5)
    os.utime(file, (1.7e9, 1.7e9))
    library = Library(tmp_path / "home")
    video = ingest(library, file, providers=BARE)
    clock = library.clock(video.id)
    assert clock and clock.source == "file" and video.recorded_at is None
    assert clock.begun.timestamp() == pytest.approx(1.7e9 - video.duration, abs=1e-3)
    taken = ingest(Library(tmp_path / "other"), file, providers=BARE, take=True)
    assert taken.recorded_at is None
    assert taken.stages["clock"].note == "nothing tells when it was recorded"
