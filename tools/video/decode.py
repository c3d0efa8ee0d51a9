"""Keyframe pass and decode pass. Both run inside the sandbox.

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
from tools.files.rows import RowWriter
from tools.video.container import FAULTS, decoded, decoder_message, open_media, origin, video_stream
from tools.video.grid import sample_grid
from tools.video.jpeg import PictureWriter
from tools.vision.sampling import LAST, Adaptive
from tools.vision.signals import DRIFT, NOISE, ROW, Grid

Event = dict[str, Any]
KEYFRAME_SPACING = 2.0
"""Seconds between two pictures of the keyframe pass, at least."""
KEYFRAMES = 400
"""Pictures of the keyframe pass, at most: they are for the first question, not the last."""
PROGRESS_FRAMES = 250
FAR = 1.0
"""Seconds between two times from which on one of them is wrong and not just jitter."""
MAX_FRAMES = 20_000_000
"""Frames decoded, at most, whatever a file claims."""
PICTURES_BASE, PICTURES_TIMES = 256 << 20, 10
"""Room for kept pictures: bytes for any file, plus a multiple of the file's size."""
HELD_SAMPLES = 64
"""Grids kept to look back DRIFT seconds, at most."""


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
        end, taken = 0.0, -spacing
        written: set[int] = set()
        try:
            for packet in container.demux(stream):
                if packet.pts is None:
                    continue
                at = packet.pts * base - start
                if not packet.is_discard:  # what an edit list cuts away
                    end = max(end, at + (packet.duration or 0) * base)
                if not packet.is_keyframe or at < taken + spacing or len(written) >= 2 * KEYFRAMES:
                    continue
                taken = at
                with contextlib.suppress(*FAULTS):  # one damaged keyframe is not the end
                    for frame in [*decode(packet), *decode(None)]:
                        seconds = _seconds(frame, base, start, at)
                        if seconds >= 0 and round(seconds * 1000) not in written:
                            written.add(round(seconds * 1000))
                            yield {"frame": writer.write(frame, seconds)}
                context.flush_buffers()
        except FAULTS as error:
            yield {"trouble": decoder_message(error)}
        yield {"end": end}


def scan(
    path: str, target: str, rows: str, floor: float, room: int | None = None
) -> Iterator[Event]:
    """Decode every frame once: rows to the file `rows`, kept pictures to the folder `target`.

    Yields {"frame": …} for each kept picture, {"seconds": …} now and then, and at the end
    {"rows": count, "end": seconds, "trouble": the decoder's last message or None, "damaged":
    places that could not be decoded, "full": seconds from which on no picture was kept, or None}.
    room bounds the bytes of the pictures: a film of skipped frames, each minutes from the last, is
    a few kilobytes and would fill a disk.
    """
    room = room or PICTURES_BASE + PICTURES_TIMES * Path(path).stat().st_size
    full: float | None = None
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise UnreadableMedia("there is no picture to decode")
        writer = PictureWriter(Path(target), stream)
        table = RowWriter(Path(rows), ROW)
        meter = _Meter()
        sampler = Adaptive(floor)
        trouble: str | None = None
        last: VideoFrame | None = None
        seconds, kept, row = 0.0, 0, None
        damaged = 0
        for item in _frames(container, stream):
            if isinstance(item, str):
                trouble = item
                damaged += 1
                continue
            last, seconds = item
            grid, *signals = meter.measure(last, seconds)
            kept = sampler.keep(seconds, grid, signals[0], signals[1], signals[2])
            if kept and writer.written > room:
                kept = 0
                full = seconds if full is None else full
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
        yield {
            "rows": count,
            "end": seconds + length,
            "trouble": trouble,
            "damaged": damaged,
            "full": full,
        }


def _frames(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[VideoFrame, float] | str]:
    """Frames with rising seconds; a string is the message of damage that was skipped.

    Frames before zero, which an edit list cuts away, are dropped. Of those in one millisecond the
    first counts: a picture's name and every id are whole milliseconds. Each waits for the one after
    it: a single time that is far ahead must not hide all that follows.
    """
    start = origin(container)
    rate = stream.average_rate or stream.guessed_rate
    step = max(float(1 / rate), 0.001) if rate else 0.04
    base = float(stream.time_base or 0)
    before, held = -step, None
    is_behind = False
    for count, frame in enumerate(decoded(container, stream)):
        if isinstance(frame, str):
            yield frame
            continue
        if count >= MAX_FRAMES:
            yield f"more than {MAX_FRAMES} frames"
            break
        latest = held[1] if held else before
        seconds = _seconds(frame, base, start, latest + step)
        if held and before + FAR < held[1] and before < seconds < held[1] - FAR:
            yield f"a picture at {before + step:.1f} s has a wrong time"
        elif seconds < 0 or round(seconds * 1000) <= round(latest * 1000):
            if 0 <= seconds < latest - FAR and not is_behind:
                yield f"the clock of the picture goes back at {latest:.1f} s"
                is_behind = True
            continue
        elif held:
            before, is_behind = held[1], False
            yield held
        held = frame, seconds
    if held:
        yield held


def _seconds(frame: VideoFrame, base: float, start: float, otherwise: float) -> float:
    if frame.pts is None:
        return otherwise
    seconds = frame.pts * base - start
    return 0.0 if -1e-3 < seconds < 0 else seconds


_LEVELS = np.arange(256, dtype=np.int64)
_SQUARES = _LEVELS**2


class _Meter:
    """Signals of each frame, compared with the one before and the one DRIFT seconds ago."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Grid | None = None
        self._histogram: Any = None
        self._past: deque[tuple[float, Grid]] = deque(maxlen=HELD_SAMPLES)
        self._sampled = -1.0

    def measure(
        self, frame: VideoFrame, seconds: float
    ) -> tuple[Grid, float, float, float, float, float, float, float]:
        """Grid, difference, histogram, motion, drift, spread, brightness and contrast."""
        self.count += 1
        grid, lines = sample_grid(frame)
        size, pixels = grid.size, lines * grid.shape[1]
        levels = np.bincount(grid[:lines].ravel(), minlength=256)
        mean = float(levels @ _LEVELS) / pixels
        contrast = max(float(levels @ _SQUARES) / pixels - mean * mean, 0.0) ** 0.5 / 255
        histogram = levels.reshape(32, 8).sum(1)
        difference = distance = motion = 0.0
        before = self._before
        if before is not None and before.shape == grid.shape:
            step = np.abs(grid - before)
            difference = float(step.sum()) / size
            motion = np.count_nonzero(step > NOISE) / size
            distance = float(np.abs(histogram - self._histogram).sum()) / (2 * pixels)
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
