"""The keyframe pass and the one decode pass. Both run inside the sandbox.

The decode pass reads strided planes of every frame, which costs about a tenth of decoding,
stores a row of signals, and writes the pictures that the adaptive sampler keeps.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tools.errors import UnreadableMedia
from tools.sampling import LAST, Adaptive
from tools.signals import COLOUR_LINES, COLUMNS, DRIFT, LINES, NOISE, Grid, RowWriter
from tools.video.pictures import PictureWriter
from tools.video.source import FAULTS, open_media, origin, said, video_stream

Event = dict[str, Any]
KEYFRAME_SPACING = 2.0
"""Seconds at least between two pictures of the keyframe pass."""
KEYFRAMES = 400
"""At most so many pictures of the keyframe pass: they are for the first question, not the last."""
PROGRESS_FRAMES = 250
MAX_FRAMES = 20_000_000
"""Work is bounded by what is decoded, never by what a file claims."""
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_FROM_LIMITED: Grid = np.clip((np.arange(256) - 16) * 255 // 219, 0, 255).astype(np.int16)
HELD_SAMPLES = 64
"""At most so many grids are held to look back DRIFT seconds."""


def keyframes(path: str, target: str, duration: float) -> Iterator[Event]:
    """Write pictures of the keyframes to the folder; yield one event each, then `end`.

    `end` is where the last packet of the picture ends, in seconds. Decoders that ignore
    `skip_frame` (VP9) give all frames, so packets are chosen here, before they are decoded.
    """
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            return
        stream.thread_type = "SLICE"  # frame threads would hold pictures back
        start, base = origin(container), float(stream.time_base or 0)
        spacing = max(KEYFRAME_SPACING, duration / KEYFRAMES)
        writer = PictureWriter(Path(target), stream)
        context = stream.codec_context
        decode = cast(Callable[[Any], list[VideoFrame]], cast(Any, context).decode)
        end, taken, wrote = 0.0, -spacing, 0
        try:
            for packet in container.demux(stream):
                if packet.pts is None:
                    continue
                at = packet.pts * base - start
                end = max(end, at + (packet.duration or 0) * base)
                if not packet.is_keyframe or at < taken + spacing or wrote >= 2 * KEYFRAMES:
                    continue
                taken = at
                with contextlib.suppress(*FAULTS):  # one damaged keyframe is not the end
                    for frame in [*decode(packet), *decode(None)]:
                        seconds = _seconds(frame, start, at)
                        if seconds >= 0:
                            wrote += 1
                            yield {"frame": writer.write(frame, seconds)}
                context.flush_buffers()
        except FAULTS as error:
            yield {"trouble": said(error)}
        yield {"end": end}


def scan(path: str, target: str, rows: str, floor: float) -> Iterator[Event]:
    """Decode every frame once: rows to the file `rows`, kept pictures to the folder `target`.

    Yields {"frame": …} for each kept picture, {"seconds": …} now and then, and at the end
    {"rows": count, "end": seconds, "trouble": what the decoder said or None}.
    """
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise UnreadableMedia("there is no picture to decode")
        writer = PictureWriter(Path(target), stream)
        table = RowWriter(Path(rows))
        meter = _Meter()
        sampler = Adaptive(floor)
        trouble: str | None = None
        last: VideoFrame | None = None
        seconds, kept, row = 0.0, 0, None
        for item in _frames(container, stream):
            if isinstance(item, str):
                trouble = item
                break
            last, seconds = item
            grid, *signals = meter.measure(last, seconds)
            kept = sampler.keep(seconds, grid, signals[0], signals[1], signals[2])
            if row is not None:
                table.add(row)
            row = (seconds, *signals, last.key_frame, kept)
            if kept:
                yield {"frame": {**writer.write(last, seconds), "kept": kept}}
            if meter.count % PROGRESS_FRAMES == 0:
                yield {"seconds": seconds}
        if row is not None:
            if last is not None and not kept:
                row = (*row[:-1], LAST)
                yield {"frame": {**writer.write(last, seconds), "kept": LAST}}
            table.add(row)
        count = table.close()
        length = float(last.duration * last.time_base) if last and last.time_base else 0.0
        yield {"rows": count, "end": seconds + length, "trouble": trouble}


def _frames(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[VideoFrame, float] | str]:
    """Frames with strictly rising seconds; a last item of text is what stopped the decoder.

    Frames before zero are what an edit list cuts away; repeated times are dropped.
    """
    start = origin(container)
    rate = stream.average_rate or stream.guessed_rate
    step = float(1 / rate) if rate else 0.04
    before = -step
    frames = container.decode(stream)
    faults = 0
    for _ in range(MAX_FRAMES):
        try:
            frame = next(frames)
        except StopIteration:
            return
        except FAULTS as error:
            faults += 1
            if faults > 50 or isinstance(error, MemoryError):
                yield said(error)
                return
            frames = container.decode(stream)  # go on behind the damage
            continue
        seconds = _seconds(frame, start, before + step)
        if seconds > before and seconds >= 0:
            before = seconds
            yield frame, seconds
    yield f"more than {MAX_FRAMES} frames"


def _seconds(frame: VideoFrame, start: float, otherwise: float) -> float:
    if frame.pts is None or frame.time_base is None:
        return otherwise
    seconds = float(frame.pts * frame.time_base) - start
    return 0.0 if -1e-3 < seconds < 0 else seconds


class _Meter:
    """Signals of each frame against the one before and the one DRIFT seconds ago."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Grid | None = None
        self._histogram: Any = None
        self._past: deque[tuple[float, Grid]] = deque(maxlen=HELD_SAMPLES)
        self._sampled = -1.0

    def measure(
        self, frame: VideoFrame, seconds: float
    ) -> tuple[Grid, float, float, float, float, float, float, float]:
        """The grid; difference, histogram, motion, drift, spread, brightness, contrast."""
        self.count += 1
        grid, lines = sample_grid(frame)
        luma, size = grid[:lines], grid.size
        histogram = np.bincount((luma >> 3).ravel(), minlength=32)
        mean = float(luma.sum()) / luma.size
        squares = float(np.einsum("ij,ij->", luma, luma, dtype=np.int64)) / luma.size
        contrast = max(squares - mean * mean, 0.0) ** 0.5 / 255
        difference = distance = motion = 0.0
        before = self._before
        if before is not None and before.shape == grid.shape:
            step = np.abs(grid - before)
            difference = float(step.sum()) / size
            motion = np.count_nonzero(step > NOISE) / size
            distance = float(np.abs(histogram - self._histogram).sum()) / (2 * luma.size)
        while len(self._past) > 1 and self._past[1][0] <= seconds - DRIFT:
            self._past.popleft()
        drift = spread = 0.0
        if self._past and self._past[0][1].shape == grid.shape:
            step = np.abs(grid - self._past[0][1])
            drift = float(step.sum()) / size
            spread = np.count_nonzero(step > NOISE) / size
        if seconds >= self._sampled + DRIFT / (HELD_SAMPLES / 2):
            self._past.append((seconds, grid))
            self._sampled = seconds
        self._before, self._histogram = grid, histogram
        return grid, difference, distance, motion, drift, spread, mean / 255, contrast


def sample_grid(frame: VideoFrame) -> tuple[Grid, int]:
    """Samples of a frame, 0 to 255, straight from its planes, and how many lines are luma."""
    name = frame.format.name
    planar = name.startswith(("yuv4", "yuvj4", "yuva4"))
    if not planar and not name.startswith(("gray", "nv12", "nv21")):
        frame = frame.reformat(width=2 * COLUMNS, height=2 * LINES, format="yuvj420p")
        name, planar = "yuvj420p", True
    luma = _strided(frame, 0, COLUMNS, LINES)
    full = name.startswith(("yuvj", "gray")) or frame.color_range == FULL_RANGE
    if not full:
        luma = _FROM_LIMITED[luma]
    if not planar or luma.shape[1] < 2:
        return luma.astype(np.int16), len(luma)
    half = luma.shape[1] // 2
    lines = min(COLOUR_LINES, frame.planes[1].height)
    colour = np.zeros((lines, luma.shape[1]), np.int16)
    for place, left in ((1, 0), (2, half)):
        part = _strided(frame, place, half, lines)[:lines, :half]
        colour[: part.shape[0], left : left + part.shape[1]] = part
    return np.concatenate([luma.astype(np.int16), colour]), len(luma)


def _strided(frame: VideoFrame, place: int, columns: int, lines: int) -> Any:
    """About columns x lines samples of one plane, as 8 bit; nothing is copied before it is thin."""
    plane = frame.planes[place]
    bits = frame.format.components[place].bits
    big = frame.format.name.endswith("be")
    kind = np.dtype(np.uint8 if bits <= 8 else ">u2" if big else "<u2")
    samples: Any = np.frombuffer(memoryview(cast(Any, plane)), kind)
    stride = plane.line_size // samples.itemsize
    picture = samples[: stride * plane.height].reshape(plane.height, stride)
    across, down = max(plane.width // columns, 1), max(plane.height // lines, 1)
    grid = picture[down // 2 :: down, across // 2 : plane.width : across]
    return grid >> (bits - 8) if bits > 8 else grid
