"""Span of a file as arrays: its pictures at a constant rate, its sound at 48 kHz.

For what is composed of them: a moment is short and is held in memory. Runs inside the sandbox.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from av import AudioFrame, VideoFrame, VideoStream
from numpy.typing import NDArray

from tools.errors import UnreadableMedia
from tools.video.container import Resampler, open_media, shown_size, sound_stream, video_stream
from tools.video.encode import LATE, LEAD, RATE, within
from tools.video.timeline import clock_of

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]


def pictures_at_rate(
    source: str, start: float, end: float, fps: float, sides: tuple[int, int]
) -> Iterator[Pixels]:
    """Upright RGB pictures on screen in [start, end), `fps` a second; the last one stands.

    They are made smaller so that their sides are at most these. UnreadableMedia where none is.
    """
    wanted = max(round((end - start) * fps), 1)
    given = 0
    with open_media(source) as container:
        stream = video_stream(container)
        if stream is None:
            raise UnreadableMedia("there is no picture to show")
        clock = clock_of(container)
        shown: Pixels | None = None
        since = start - LEAD if start > LEAD else None
        before: VideoFrame | None = None
        for frame in clock.frames(container, stream, since=since):
            if isinstance(frame, str) or frame.time is None:
                continue
            seconds = frame.time - clock.start
            if before is not None and seconds > start:
                upto = min(math.ceil((seconds - start) * fps - 1e-6), wanted)
                if given < upto:
                    shown = _upright(before, stream, sides)
                    for _ in range(given, upto):
                        yield shown
                    given = upto
            before = frame
            if given >= wanted or seconds > end + LATE:
                return
        if before is not None and given < wanted:
            shown = _upright(before, stream, sides)
        if shown is None:
            raise UnreadableMedia(f"nothing is shown from {start:.1f} to {end:.1f} s")
        for _ in range(given, wanted):
            yield shown


def _upright(frame: VideoFrame, stream: VideoStream, sides: tuple[int, int]) -> Pixels:
    width, height = within(shown_size(frame, stream), min(sides), max(sides))
    if frame.rotation % 180:
        width, height = height, width
    rgb: Any = frame.to_ndarray(
        format="rgb24", width=width, height=height, interpolation="BICUBIC", threads=1
    )
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90) % 4))


def sound_of_span(source: str, start: float, end: float) -> Samples | None:
    """Stereo samples of [start, end), silence where there are none; None without a sound track."""
    length = round((end - start) * RATE)
    samples = np.zeros((2, length), np.float32)
    with open_media(source) as container:
        stream = sound_stream(container)
        if stream is None:
            return None
        clock = clock_of(container)
        resampler = Resampler("fltp", "stereo", RATE)
        since = start - LEAD if start > LEAD else None
        place: int | None = None
        for frame in clock.frames(container, stream, since=since):
            if isinstance(frame, str) or not isinstance(frame, AudioFrame) or frame.time is None:
                continue
            seconds = frame.time - clock.start
            if seconds > end + 0.1:
                break
            if place is None or abs(seconds - start - place / RATE) > 0.06:
                place = round((seconds - start) * RATE)
            frame.pts = None  # the place is kept by counting
            for piece in resampler.add(frame):
                place = _put(samples, piece, place)
        if place is not None:
            for piece in resampler.rest():
                place = _put(samples, piece, place)
    return samples


def whole_sound(source: str, longest: float) -> Samples:
    """All of a file's sound, at most so many seconds; UnreadableMedia without any."""
    with open_media(source) as container:
        length = (container.duration or 0) / 1e6 + 0.1
    samples = sound_of_span(source, 0.0, min(length, longest))
    if samples is None:
        raise UnreadableMedia("there is no sound in what the voice gave")
    return samples


def _put(samples: Samples, piece: Samples, place: int) -> int:
    """Lay a piece where it belongs; returns the place after it."""
    first, last = max(place, 0), min(place + piece.shape[1], samples.shape[1])
    if last > first:
        samples[:, first:last] = piece[:, first - place : last - place]
    return place + piece.shape[1]
