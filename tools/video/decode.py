"""Keyframe pass and decode pass. Both run inside the sandbox.

The decode pass reads strided planes of every frame, which costs about a tenth of decoding,
stores a row of signals, and writes the pictures that the adaptive sampler keeps.
"""

import contextlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from av import VideoFrame, VideoStream
from av.container import InputContainer
from av.video.reformatter import ColorRange

from tools.errors import UnreadableMedia
from tools.files.rows import RowWriter
from tools.sandbox import Event
from tools.video.container import FAULTS, decoder_message, open_media, video_stream
from tools.video.jpeg import PictureWriter
from tools.video.timeline import Clock, clock_of
from tools.vision.change_regions import turned
from tools.vision.change_times import BLOCK, HELD, Lines, Means
from tools.vision.sampling import LAST, Adaptive
from tools.vision.signals import COLOUR_LINES, COLUMNS, DRIFT, LINES, NOISE, ROW, Grid, apart

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
PAST_GRIDS = 64
"""Grids kept to look back DRIFT seconds, at most."""
ROWS_AT_ONCE = 64
"""Frames whose rows are made together, so that code and grids are in the processor's cache."""


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
        clock, base = clock_of(container), float(stream.time_base or 0)
        start = clock.start
        spacing = max(KEYFRAME_SPACING, duration / KEYFRAMES)
        writer = PictureWriter(Path(target), stream)
        context: Any = stream.codec_context
        end, taken = 0.0, -spacing
        written: set[int] = set()
        try:
            for packet in clock.packets(container, stream):
                if packet.pts is None:
                    continue
                at = packet.pts * base - start
                if not packet.is_discard:  # what an edit list cuts away
                    end = max(end, at + (packet.duration or 0) * base)
                if not packet.is_keyframe or at < taken + spacing or len(written) >= 2 * KEYFRAMES:
                    continue
                taken = at
                with contextlib.suppress(*FAULTS):  # one damaged keyframe is not the end
                    for frame in [*context.decode(packet), *context.decode(None)]:
                        seconds = _seconds(frame, base, start, at)
                        if seconds >= 0 and round(seconds * 1000) not in written:
                            written.add(round(seconds * 1000))
                            yield {"frame": writer.write(frame, seconds)}
                context.flush_buffers()
        except FAULTS as error:
            yield {"trouble": decoder_message(error)}
        yield {"end": end}


def scan(path: str, target: str, rows: str, floor: float, room: int = 0) -> Iterator[Event]:
    """Decode every frame once: rows to the file `rows`, kept pictures to the folder `target`.

    Yields {"frame": …} for each kept picture, with the changes of small regions that it shows,
    {"seconds": …} now and then, and at the end {"rows": count, "end": seconds, "trouble": the
    decoder's last message or None, "damaged": places that could not be decoded, "full": seconds
    from which on no picture was kept, or None}.
    room bounds the bytes of the pictures, 0 for a bound by the file's size: a film of skipped
    frames, each minutes from the last, is a few kilobytes and would fill a disk.
    """
    room = room or PICTURES_BASE + PICTURES_TIMES * Path(path).stat().st_size
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise UnreadableMedia("there is no picture to decode")
        writer, table = PictureWriter(Path(target), stream), RowWriter(Path(rows), ROW)
        meter, sampler = _Meter(), Adaptive(floor)
        waiting: list[_Measured] = []
        last: VideoFrame | None = None
        full, trouble, damaged = None, None, 0
        seconds, kept = 0.0, 0
        for item in _frames(clock_of(container), container, stream):
            if isinstance(item, str):
                trouble, damaged = item, damaged + 1
                continue
            last, seconds = item
            grid, lines, difference, motion = meter.measure(last)
            kept = sampler.keep(seconds, grid, difference, motion, _Luma(last))
            if kept and writer.written > room:
                kept, full = 0, seconds if full is None else full
            if len(waiting) == ROWS_AT_ONCE:
                table.add(map(meter.row, waiting))
                waiting.clear()
            waiting.append(
                _Measured(seconds, grid, lines, difference, motion, last.key_frame, kept)
            )
            if kept:
                turns = round(last.rotation / 90) % 4
                changes = [(at, turned(box, turns), count) for at, box, count in sampler.changes]
                written = writer.write(last, seconds)
                yield {"frame": {**written, "kept": kept, "changes": changes}}
            if meter.count % PROGRESS_FRAMES == 0:
                yield {"seconds": seconds}
        length = 0.0
        if last is not None:
            if not kept:
                waiting[-1] = waiting[-1]._replace(kept=LAST)
                yield {"frame": {**writer.write(last, seconds), "kept": LAST, "changes": []}}
            table.add(map(meter.row, waiting))
            length = float(last.duration * (last.time_base or 0))
        yield {
            "rows": table.close(),
            "end": seconds + length,
            "trouble": trouble,
            "damaged": damaged,
            "full": full,
        }


def _frames(
    clock: Clock, container: InputContainer, stream: VideoStream
) -> Iterator[tuple[VideoFrame, float] | str]:
    """Frames with rising seconds; a string is the message of damage that was skipped.

    Frames before zero, which an edit list cuts away, are dropped. Of those in one millisecond the
    first counts: a picture's name and every id are whole milliseconds. Each waits for the one after
    it: a single time that is far ahead must not hide all that follows.
    """
    start = clock.start
    rate = stream.average_rate or stream.guessed_rate
    step = max(float(1 / rate), 0.001) if rate else 0.04
    base = float(stream.time_base or 0)
    before, waiting = -step, None
    is_behind = False
    for count, frame in enumerate(clock.frames(container, stream)):
        if isinstance(frame, str):
            yield frame
            continue
        if count >= MAX_FRAMES:
            yield f"more than {MAX_FRAMES} frames"
            break
        latest = waiting[1] if waiting else before
        seconds = _seconds(frame, base, start, latest + step)
        if waiting and before + FAR < waiting[1] and before < seconds < waiting[1] - FAR:
            yield f"a picture at {before + step:.1f} s has a wrong time"
        elif seconds < 0 or round(seconds * 1000) <= round(latest * 1000):
            if 0 <= seconds < latest - FAR and not is_behind:
                yield f"the clock of the picture goes back at {latest:.1f} s"
                is_behind = True
            continue
        elif waiting:
            before, is_behind = waiting[1], False
            yield waiting
        waiting = frame, seconds
    if waiting:
        yield waiting


def _seconds(frame: VideoFrame, base: float, start: float, otherwise: float) -> float:
    if frame.pts is None:
        return otherwise
    seconds = round(frame.pts * base - start, 6)  # as it is stored
    return 0.0 if -1e-3 < seconds < 0 else seconds


_LEVELS = np.arange(256, dtype=np.int64)
_SQUARES = _LEVELS**2
_FROM_LIMITED = bytes(min(max((level - 16) * 255 // 219, 0), 255) for level in range(256))


class _Measured(NamedTuple):
    """A frame as the sampler knows it; `lines` are those of luma in its grid."""

    seconds: float
    grid: Grid
    lines: int
    difference: float
    motion: float
    is_keyframe: bool
    kept: int


class _Meter:
    """Signals of each frame, compared with the one before and the one DRIFT seconds ago."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Grid | None = None
        self._shape: tuple[int, ...] = ()
        self._histogram: Any = None
        self._past: deque[tuple[float, Grid]] = deque(maxlen=PAST_GRIDS)

    def measure(self, frame: VideoFrame) -> tuple[Grid, int, float, float]:
        """Grid of a frame, its number of luma lines, and its difference and motion."""
        self.count += 1
        grid, lines = _sample_grid(frame)
        before, self._before = self._before, grid
        if before is None or before.shape != grid.shape:
            return grid, lines, 0.0, 0.0
        return grid, lines, *_differences(grid, before)

    def row(self, frame: _Measured) -> tuple[Any, ...]:
        """Row of a frame, as ROW names it. Frames come by time, each once."""
        seconds, grid, lines, difference, motion, is_keyframe, kept = frame
        pixels = lines * grid.shape[1]
        levels = np.bincount(grid[:lines].ravel(), minlength=256)
        mean = float(levels @ _LEVELS) / pixels
        contrast = max(float(levels @ _SQUARES) / pixels - mean * mean, 0.0) ** 0.5 / 255
        histogram = levels.reshape(32, 8).sum(1)
        distance = 0.0
        if self._shape == grid.shape:
            distance = float(np.abs(histogram - self._histogram).sum()) / (2 * pixels)
        while len(self._past) > 1 and self._past[1][0] <= seconds - DRIFT:
            self._past.popleft()
        drift, spread = 0.0, 0.0
        if self._past and self._past[0][1].shape == grid.shape:
            drift, spread = _differences(grid, self._past[0][1])
        if not self._past or seconds >= self._past[-1][0] + DRIFT / (PAST_GRIDS / 2):
            self._past.append((seconds, grid))
        self._shape, self._histogram = grid.shape, histogram
        signals = difference, distance, motion, drift, spread, mean / 255, contrast
        return seconds, *signals, is_keyframe, kept


def _differences(grid: Grid, other: Grid) -> tuple[float, float]:
    """Mean difference of two grids, and the share of samples that differ by more than noise."""
    steps = apart(grid, other)
    total = float(steps.sum(dtype=np.uint32))
    return total / grid.size, np.count_nonzero(steps > NOISE) / grid.size


def _sample_grid(frame: VideoFrame) -> tuple[Grid, int]:
    """Samples of a frame, 0 to 255, straight from its planes, and the number of luma lines."""
    is_planar = frame.format.name.startswith(("yuv4", "yuvj4", "yuva4"))
    if not is_planar and not frame.format.name.startswith(("gray", "nv12", "nv21")):
        frame = frame.reformat(width=2 * COLUMNS, height=2 * LINES, format="yuvj420p")
        is_planar = True
    name, bits, planes = frame.format.name, frame.format.components[0].bits, frame.planes
    big = name.endswith("be")
    luma = _strided(planes[0], bits, big, COLUMNS, LINES)
    lines, columns = luma.shape
    half = columns // 2
    colour = min(COLOUR_LINES, planes[1].height) if is_planar and half else 0
    grid: Grid = np.empty((lines + colour, columns), np.uint8)
    grid[:lines] = luma
    if not (name.startswith(("yuvj", "gray")) or frame.color_range == ColorRange.JPEG):
        levels = grid[:lines].tobytes().translate(_FROM_LIMITED)
        grid[:lines] = np.frombuffer(levels, np.uint8).reshape(lines, columns)
    if colour:
        grid[lines:, 2 * half :] = 0
        for place, left in ((1, 0), (2, half)):
            part = _strided(planes[place], bits, big, half, colour)[:colour, :half]
            grid[lines:, left : left + half] = part
    return grid, lines


class _Luma:
    """Luma of the whole blocks of a frame, 0 to 255."""

    def __init__(self, frame: VideoFrame) -> None:
        self._frame = frame

    def means(self) -> Means:
        """Mean of each block."""
        blocks, bits = self._blocks()
        total: Any = blocks[:, 0].astype(np.uint32 if bits > 8 else np.uint16)
        for line in range(1, BLOCK):
            total += blocks[:, line]
        sums: Any = total.reshape(-1, BLOCK).astype(np.float32) @ np.ones(BLOCK, np.float32)
        shape = len(blocks), blocks.shape[2] // BLOCK
        return sums.reshape(shape) / (BLOCK * BLOCK << (bits - 8))

    def lines(self) -> Lines:
        """HELD lines of each row of blocks."""
        blocks, bits = self._blocks()
        step = BLOCK // HELD
        lines = blocks[:, step // 2 :: step]
        return (lines >> (bits - 8)).astype(np.uint8) if bits > 8 else lines

    def _blocks(self) -> tuple[Any, int]:
        """Samples, rows of blocks x BLOCK x width, and their bits."""
        frame = self._frame
        if not frame.format.name.startswith(("yuv4", "yuvj4", "yuva4", "gray", "nv12", "nv21")):
            self._frame = frame = frame.reformat(format="gray")
        bits, big = frame.format.components[0].bits, frame.format.name.endswith("be")
        plane: Any = frame.planes[0]
        kind = np.uint8 if bits <= 8 else np.dtype(">u2" if big else "<u2")
        samples: Any = np.frombuffer(plane, kind)
        stride = plane.line_size // samples.itemsize
        rows, columns = plane.height // BLOCK, plane.width // BLOCK
        picture: Any = samples[: stride * plane.height].reshape(plane.height, stride)
        width = columns * BLOCK
        return picture[: rows * BLOCK, :width].reshape(rows, BLOCK, width), bits


def _strided(plane: Any, bits: int, big: bool, columns: int, lines: int) -> Any:
    """About columns x lines samples of one plane in 8 bits, sliced before anything is copied."""
    kind = np.uint8 if bits <= 8 else np.dtype(">u2" if big else "<u2")
    samples: Any = np.frombuffer(plane, kind)
    height, width = plane.height, plane.width
    stride = plane.line_size // samples.itemsize
    across, down = width // columns or 1, height // lines or 1
    picture = samples[: stride * height].reshape(height, stride)
    grid = picture[down // 2 :: down, across // 2 : width : across]
    return (grid >> (bits - 8)).astype(np.uint8) if bits > 8 else grid
