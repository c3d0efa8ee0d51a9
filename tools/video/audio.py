"""Audio pass: 16 kHz mono samples on the time axis of the video, and rows of loudness.

A sample's offset in its file is its presentation time: late starts and holes are filled with
silence, samples before zero (cut away by an edit list) are left out. Runs inside the sandbox.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

from tools.audio.loudness import FLOOR, RATE, ROW, STEP
from tools.audio.vad import WINDOW, VoiceActivity
from tools.files.rows import RowWriter
from tools.video.container import FAULTS, UNKNOWN, codec_name, decoder_message, open_media, origin

Event = dict[str, Any]
BLOCK = 320 * STEP
"""Samples measured and written at once: about half a minute."""
DRIFT = 0.1
"""Seconds of drift from the presentation time before it is corrected."""
SURE = 1.0
"""Seconds of sound that must agree on another time before the clock follows it."""
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
        stream = _best(container)
        if stream is None:
            yield {"rows": 0, "trouble": "no decoder knows it"}
            return
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        table = _Table(Path(samples), Path(rows))
        mono = _Mono()
        place = 0  # of the next sample
        started: float | None = None
        trouble, damaged = None, 0
        for item in _Clock(container).placed(_frames(container, stream)):
            if isinstance(item, str):
                trouble, damaged = item, damaged + 1
                continue
            frame, at = item
            # The resampler holds back a few samples.
            if started is None or at - (place / RATE + mono.held) > DRIFT:
                table.add(mono.rest())
                place = round(at * RATE)
                table.move(place)
            started = max(at, 0.0) if started is None else started
            pieces = mono.add(frame)
            place += table.add(pieces)
            if table.measured():
                yield {"seconds": place / RATE}
            if place > MAX_SECONDS * RATE:
                trouble, damaged = f"longer than {MAX_SECONDS} s", damaged + 1
                break
        place += table.add(mono.rest())
        yield {
            "rows": table.close(),
            "start": started or 0.0,
            "end": max(place, 0) / RATE,
            "damaged": damaged,
            "trouble": trouble,
        }


def _best(container: InputContainer) -> AudioStream | None:
    found = [
        stream
        for stream in container.streams.audio
        if codec_name(stream) != UNKNOWN and stream.codec_context.sample_rate
    ]
    best = container.streams.best("audio")
    return best if best in found else next(iter(found), None)  # pyright: ignore[reportReturnType]


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame | str]:
    """Frames in the order of the file; a string is the message of damage that was skipped."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except (StopIteration, EOFError):
            return
        except FAULTS as error:
            yield decoder_message(error)
            if isinstance(error, MemoryError):
                return
            continue
        for frame in frames:
            if frame.samples and frame.sample_rate:
                yield frame


class _Clock:
    """Presentation times despite wrong timestamps: one must not move, or mute, all that follows.

    Frames that are astray wait for those after them. Once SURE seconds agree on another time, it is
    a hole if they are ahead; if they are behind, or beyond the file's length, the clock was reset
    and the sound goes on without a gap.
    """

    def __init__(self, container: InputContainer) -> None:
        length = container.duration / av.time_base + DRIFT if container.duration else MAX_SECONDS
        self._limit = min(length, MAX_SECONDS)
        self._zero = origin(container)
        self._now, self._begun = 0.0, False  # where the sound that was given ends
        self._astray: list[tuple[AudioFrame, float]] = []
        self._astray_seconds = 0.0  # seconds that are astray

    def placed(self, items: Iterable[AudioFrame | str]) -> Iterator[tuple[AudioFrame, float] | str]:
        """Frames with rising seconds; a string is the message of damage that was skipped."""
        for item in items:
            if isinstance(item, str):
                yield item
                continue
            follows = self._end() if self._astray else self._now
            at = follows if item.time is None else item.time - self._zero
            if not self._begun and not self._astray and at <= DRIFT:
                self._now = at  # what an edit list cuts away is before zero
            ahead = at - self._now
            if (
                abs(ahead - self._astray_seconds) <= DRIFT
            ):  # those that waited had their times wrong, no more
                yield from self._given([(frame, self._now) for frame, _ in self._astray])
            elif abs(ahead) <= DRIFT:
                yield from self._lost()
            else:
                if self._astray and at < follows - DRIFT:
                    yield from self._lost()
                self._astray.append((item, at))
                self._astray_seconds += _seconds(item)
                if len(self._astray) > 1 and self._astray_seconds >= SURE:
                    yield from self._believed()
                continue
            yield from self._given([(item, self._now)])
        if self._astray and self._astray[0][1] > self._now:
            yield from self._believed()  # nothing speaks against it
        else:
            yield from self._lost()

    def _given(self, frames: list[tuple[AudioFrame, float]]) -> Iterator[tuple[AudioFrame, float]]:
        self._begun, self._astray, self._astray_seconds = True, [], 0.0
        for frame, at in frames:
            self._now = max(self._now, at)
            yield frame, self._now
            self._now += _seconds(frame)

    def _believed(self) -> Iterator[tuple[AudioFrame, float] | str]:
        frames = self._astray
        if not self._now < frames[0][1] <= frames[-1][1] <= self._limit:
            yield f"the clock of the sound is set anew at {self._now:.1f} s"
            self._zero += self._end() - (self._now + self._astray_seconds)
            frames = [(frame, self._now) for frame, _ in frames]
        yield from self._given(frames)

    def _lost(self) -> Iterator[str]:
        # What is a little behind was heard before: two pieces that overlap.
        gone = [f for f, at in self._astray if not -SURE <= at - self._now < 0]
        if gone:
            seconds = sum(map(_seconds, gone))
            yield f"{seconds:.2f} s of sound at {self._now:.1f} s have a wrong time"
        self._astray, self._astray_seconds = [], 0.0

    def _end(self) -> float:
        frame, at = self._astray[-1]
        return at + _seconds(frame)


def _seconds(frame: AudioFrame) -> float:
    return frame.samples / frame.sample_rate


class _Mono:
    """Resampler to 16 kHz mono, through changes of format."""

    def __init__(self) -> None:
        self.held = 0.0
        """Seconds put in that have not come out yet."""
        self._format: tuple[Any, ...] | None = None
        self._resampler: AudioResampler | None = None

    def add(self, frame: AudioFrame) -> list[NDArray[np.int16]]:
        """Resample a frame; returns the samples that are ready."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        before = self.rest() if kind != self._format else []
        if self._resampler is None:
            self._format = kind
            self._resampler = AudioResampler("s16", "mono", RATE)
        frame.pts = None  # the place is kept by counting
        self.held += frame.samples / frame.sample_rate
        return before + self._taken(self._resampler.resample(frame))

    def rest(self) -> list[NDArray[np.int16]]:
        """Flush the samples still inside and reset."""
        if self._resampler is None:
            return []
        left = self._taken(self._resampler.resample(None))
        self._resampler, self.held = None, 0.0
        return left

    def _taken(self, frames: list[AudioFrame]) -> list[NDArray[np.int16]]:
        made = [frame.to_ndarray()[0] for frame in frames]
        self.held -= sum(map(len, made)) / RATE
        return made


class _Table:
    """Writer of samples at their offset and of their rows, block by block."""

    def __init__(self, samples: Path, rows: Path) -> None:
        self._file = samples.open("wb")
        self._rows = RowWriter(rows, ROW)
        self._voice = VoiceActivity()
        self._block = np.zeros(BLOCK, np.int16)
        self._filled = self._count = 0
        self._skip = 0
        self._fresh = False

    def move(self, place: int) -> None:
        """Set the offset of the next sample; samples before zero are not kept."""
        now = self._count * STEP + self._filled
        self._skip = max(-place, 0)
        silent = max(place - now, 0)
        while silent:
            step = min(silent, BLOCK - self._filled)
            self._filled += step
            silent -= step
            if self._filled == BLOCK:
                self._measure()

    def add(self, pieces: list[NDArray[np.int16]]) -> int:
        """Append samples; returns their number."""
        for piece in pieces:
            skipped = min(self._skip, len(piece))
            self._skip -= skipped
            left = piece[skipped:]
            while len(left):
                step = min(len(left), BLOCK - self._filled)
                self._block[self._filled : self._filled + step] = left[:step]
                self._filled += step
                left = left[step:]
                if self._filled == BLOCK:
                    self._measure()
        return sum(map(len, pieces))

    def measured(self) -> bool:
        """True if a block was finished since the last call."""
        fresh, self._fresh = self._fresh, False
        return fresh

    def close(self) -> int:
        """Finish both files; returns the number of rows."""
        self._measure()
        self._file.truncate()
        self._file.close()
        return self._rows.close()

    def _measure(self) -> None:
        steps = -(-self._filled // STEP)
        if not steps:
            return
        block = self._block[: steps * STEP]
        voice = np.zeros(steps, np.float32)
        if block.any():
            self._file.write(block.tobytes())
            found = self._voice.probabilities(block)
            voice = found.reshape(steps, STEP // WINDOW).max(1)
        else:
            self._file.seek(block.nbytes, 1)  # a hole in the file costs no disk
            self._voice.forget()
        energy = np.square(block.reshape(steps, STEP) / 32768.0).mean(1)
        loudness = np.maximum(10 * np.log10(np.maximum(energy, 1e-12)), FLOOR)
        seconds = np.arange(self._count, self._count + steps) * STEP / RATE
        for row in zip(seconds.tolist(), loudness.tolist(), voice.tolist(), strict=True):
            self._rows.add(row)
        self._count += steps
        self._filled, self._fresh = 0, True
        self._block[:] = 0
