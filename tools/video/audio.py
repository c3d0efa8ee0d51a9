"""Audio pass: 16 kHz mono samples on the time axis of the video, and rows of loudness.

A sample's offset in its file is its presentation time: late starts and holes are filled with
silence, samples before zero (cut away by an edit list) are left out. Runs inside the sandbox.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from av import AudioFrame
from av.stream import Discard
from numpy.typing import NDArray

from tools.audio.loudness import FLOOR, RATE, ROW, STEP
from tools.audio.vad import WINDOW, VoiceActivity
from tools.files.rows import RowWriter
from tools.sandbox import Event
from tools.video.container import FAULTS, Resampler, open_media, sound_stream
from tools.video.timeline import Clock, clock_of

BLOCK = 320 * STEP
"""Samples measured and written at once: about half a minute."""
DRIFT = 0.1
"""Seconds of drift from the presentation time before it is corrected."""
SURE = 1.0
"""Seconds of sound that must agree on another time before the clock follows it."""
CANCELLED = 8
"""Level of 32,768 up to which the sum of two channels counts as nothing."""
MAX_SECONDS = 24 * 3600
"""Seconds of sound that are decoded, at most, whatever a file claims."""


def listen(path: str, samples: str, rows: str) -> Iterator[Event]:
    """Decode the best audio track: int16 samples to one file, rows of `loudness.ROW` to another.

    Yields {"seconds": …} now and then, and at the end {"rows": count, "start", "end": seconds of
    the first and last sound, "damaged": places that could not be decoded or have a wrong time,
    "trouble": the last one's message or None}; {"rows": 0, "trouble": …} alone where no track
    can be decoded.
    """
    with open_media(path) as container:
        stream = sound_stream(container)
        if stream is None:
            yield {"rows": 0, "trouble": "no decoder knows it"}
            return
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        table, mono = _Table(Path(samples), Path(rows)), Resampler("s16", "mono", RATE)
        started: float | None = None
        trouble, damaged = None, 0
        clock = clock_of(container)
        for item in _Placer(clock).placed(clock.frames(container, stream, most=math.inf)):
            if isinstance(item, str):
                trouble, damaged = item, damaged + 1
                continue
            frame, at = item
            if started is None or at - table.place / RATE > DRIFT:
                table.add(mono.rest())
                table.move(round(at * RATE))
            started = max(at, 0.0) if started is None else started
            frame.pts = None  # the place is kept by counting
            if table.add([_audible(piece, frame) for piece in mono.add(frame)]):
                yield {"seconds": table.place / RATE}
            if table.place > MAX_SECONDS * RATE:
                trouble, damaged = f"longer than {MAX_SECONDS} s", damaged + 1
                break
        table.add(mono.rest())
        yield {
            "rows": table.close(),
            "start": started or 0.0,
            "end": max(table.place, 0) / RATE,
            "damaged": damaged,
            "trouble": trouble,
        }


def sound_end(path: str) -> Iterator[Event]:
    """Yield {"end": seconds}, the end of the last packet of sound, 0 without sound."""
    with open_media(path) as container:
        clock, end = clock_of(container), 0.0
        stream = sound_stream(container)
        if stream is not None:
            base = float(stream.time_base or 0)
            with contextlib.suppress(*FAULTS):
                for packet in clock.packets(container, stream):
                    if packet.pts is not None and not packet.is_discard:
                        end = max(end, (packet.pts + (packet.duration or 0)) * base - clock.start)
        yield {"end": end}


class _Placer:
    """Presentation times despite wrong timestamps: one must not move, or mute, all that follows.

    Frames that are astray wait for those after them. Once SURE seconds agree on another time, it is
    a hole if they are ahead; if they are behind, or beyond the file's length, the clock was reset
    and the sound goes on without a gap.
    """

    def __init__(self, clock: Clock) -> None:
        length = clock.duration + DRIFT if clock.duration else MAX_SECONDS
        self._limit = min(length, MAX_SECONDS)
        self._zero = clock.start
        self._now, self._begun = 0.0, False  # where the sound that was given ends
        self._astray: list[tuple[AudioFrame, float]] = []

    def placed(self, items: Iterable[AudioFrame | str]) -> Iterator[tuple[AudioFrame, float] | str]:
        """Frames with rising seconds; a string is the message of damage that was skipped."""
        for item in items:
            if isinstance(item, str):
                yield item
                continue
            if not item.samples or not item.sample_rate:
                continue
            follows = self._end() if self._astray else self._now
            at = follows if item.time is None else item.time - self._zero
            if not self._begun and not self._astray and at <= DRIFT:
                self._now = at  # what an edit list cuts away is before zero
            ahead = at - self._now
            if abs(ahead - _seconds(self._astray)) <= DRIFT:
                # Those that waited had their times wrong, no more.
                yield from self._given([(frame, self._now) for frame, _ in self._astray])
            elif abs(ahead) <= DRIFT:
                yield from self._lost()
            else:
                if self._astray and at < follows - DRIFT:
                    yield from self._lost()
                self._astray.append((item, at))
                if len(self._astray) > 1 and _seconds(self._astray) >= SURE:
                    yield from self._believed()
                continue
            yield from self._given([(item, self._now)])
        if self._astray and self._astray[0][1] > self._now:
            yield from self._believed()  # nothing speaks against it
        else:
            yield from self._lost()

    def _given(self, frames: list[tuple[AudioFrame, float]]) -> Iterator[tuple[AudioFrame, float]]:
        self._begun, self._astray = True, []
        for frame, at in frames:
            self._now = max(self._now, at)
            yield frame, self._now
            self._now += frame.samples / frame.sample_rate

    def _believed(self) -> Iterator[tuple[AudioFrame, float] | str]:
        frames = self._astray
        if not self._now < frames[0][1] <= frames[-1][1] <= self._limit:
            yield f"the clock of the sound is set anew at {self._now:.1f} s"
            self._zero += self._end() - (self._now + _seconds(frames))
            frames = [(frame, self._now) for frame, _ in frames]
        yield from self._given(frames)

    def _lost(self) -> Iterator[str]:
        # What is a little behind was heard before: two pieces that overlap.
        gone = [pair for pair in self._astray if not -SURE <= pair[1] - self._now < 0]
        if gone:
            yield f"{_seconds(gone):.2f} s of sound at {self._now:.1f} s have a wrong time"
        self._astray = []

    def _end(self) -> float:
        return self._astray[-1][1] + _seconds(self._astray[-1:])


def _seconds(frames: list[tuple[AudioFrame, float]]) -> float:
    return sum(frame.samples / frame.sample_rate for frame, _ in frames)


def _audible(piece: NDArray[np.int16], frame: AudioFrame) -> NDArray[np.int16]:
    """The sum of two channels, or the louder one where they cancel each other out.

    Channels in opposite phase are heard from two loudspeakers, and their sum is nothing.
    """
    if len(frame.layout.channels) != 2 or np.abs(piece).max(initial=0) > CANCELLED:
        return piece
    alone = Resampler("s16p", "stereo", RATE)
    channels = np.concatenate([*alone.add(frame), *alone.rest()], axis=1)
    louder = channels[int(np.abs(channels.astype(np.int32)).sum(axis=1).argmax())]
    if not louder.size:
        return piece
    return louder[np.arange(piece.size) % louder.size].reshape(piece.shape)


class _Table:
    """Writer of samples at their place and of their rows, block by block."""

    def __init__(self, samples: Path, rows: Path) -> None:
        self.place = 0
        """Offset of the next sample; those before zero are not kept."""
        self._file = samples.open("wb")
        self._rows = RowWriter(rows, ROW)
        self._voice = VoiceActivity()
        self._block = np.zeros(BLOCK, np.int16)
        self._filled = self._count = 0

    def move(self, place: int) -> None:
        """Fill with silence up to a later place."""
        silence = max(place, 0) - max(self.place, 0)
        self._fill(np.broadcast_to(np.int16(0), silence))  # takes no memory: it may be an hour
        self.place = place

    def add(self, pieces: list[NDArray[np.int16]]) -> bool:
        """Append samples; True if that finished a block."""
        before = self._count
        for (samples,) in pieces:
            self._fill(samples[max(-self.place, 0) :])
            self.place += len(samples)
        return self._count > before

    def close(self) -> int:
        """Finish both files; returns the number of rows."""
        self._measure()
        self._file.truncate()
        self._file.close()
        return self._rows.close()

    def _fill(self, samples: NDArray[np.int16]) -> None:
        while len(samples):
            part = samples[: BLOCK - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            samples = samples[len(part) :]
            if self._filled == BLOCK:
                self._measure()

    def _measure(self) -> None:
        steps = -(-self._filled // STEP)
        if not steps:
            return
        block = self._block[: steps * STEP]
        voice = np.zeros(steps, np.float32)
        if block.any():
            self._file.write(block.tobytes())
            voice = self._voice.probabilities(block).reshape(steps, STEP // WINDOW).max(1)
        else:
            self._file.seek(block.nbytes, 1)  # a hole in the file costs no disk
            self._voice.forget()
        energy = np.square(block.reshape(steps, STEP) / 32768.0).mean(1)
        loudness = np.maximum(10 * np.log10(np.maximum(energy, 1e-12)), FLOOR)
        seconds = np.arange(self._count, self._count + steps) * STEP / RATE
        rows = zip(seconds.tolist(), loudness.tolist(), voice.tolist(), strict=True)
        self._rows.add(rows)
        self._count += steps
        self._filled = 0
        self._block[:] = 0
