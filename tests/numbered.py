"""Videos whose every picture tells its number: the left half its tens, the right half its ones."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

STEP = 20
"""Levels of grey between two digits."""


def picture(number: int, width: int = 64, height: int = 36) -> np.ndarray[Any, Any]:
    """The picture of a number, modulo 100."""
    made = np.full((height, width, 3), STEP + STEP * (number // 10 % 10), np.uint8)
    made[:, width // 2 :] = STEP + STEP * (number % 10)
    return made


def film(
    encode: Callable[..., Path], path: Path, rate: Fraction, frames: int, **options: Any
) -> Path:
    """Write so many numbered pictures at a constant rate."""
    paint = lambda seconds: picture(round(seconds * rate))  # noqa: E731
    return encode(path, paint, Fraction(frames) / rate, fps=rate, **options)


def uneven_film(encode: Callable[..., Path], path: Path, times: Sequence[int], fps: int) -> Path:
    """Write numbered pictures at given times, in steps of 1 / fps seconds."""
    paint = lambda seconds: picture(round(seconds * fps))  # noqa: E731
    return encode(path, paint, len(times) / fps, fps=fps, pts=lambda number: times[number])


def read(path: Path) -> list[tuple[float, int]]:
    """Time and number of every picture of a file."""
    with av.open(str(path)) as container:
        return [(float(f.time or 0), number(f)) for f in container.decode(video=0)]


def number(frame: av.VideoFrame) -> int:
    """The number that a picture tells."""
    grey = frame.reformat(format="rgb24").to_ndarray()[:, :, 1].astype(float)
    half = grey.shape[1] // 2
    tens, ones = (grey[:, part].mean() for part in (slice(2, half - 2), slice(half + 2, -2)))
    return 10 * (round(tens / STEP) - 1) + round(ones / STEP) - 1


def length(path: Path, kind: str = "video") -> float:
    """Seconds that a stream of a file lasts."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.get({kind: 0})
        assert stream.duration is not None and stream.time_base is not None
        return float(stream.duration * stream.time_base)


def loudness(path: Path) -> list[tuple[float, float]]:
    """Time and mean level of every piece of sound of a file."""
    with av.open(str(path)) as container:
        return [
            (float(f.time or 0), float(np.abs(f.to_ndarray().astype(float)).mean()))
            for f in container.decode(audio=0)
        ]
