"""Proxy: a copy of one span that every browser plays, on the time axis of the whole video.

A file that starts at second 3,600 would be shown from 0:00 by every player. So the first picture
of the span is held from 0 to its start, and the last one from its end to the end of the video:
the copy is as long as the original, seconds mean the same in both, and it costs two frames more.
Runs inside the sandbox.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.filter
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from tools.errors import UnreadableMedia
from tools.video.container import FAULTS, open_media, origin, shown_size, video_stream

Event = dict[str, Any]
SHORT_SIDE, LONG_SIDE = 720, 1280
CLOCK = 90_000
"""Ticks a second of the copy's pictures: the rate of the original need not be constant."""
RATE = 48_000
BLOCK = 1024
"""Samples of one AAC frame."""
MAX_RATE = 61.0
"""Pictures a second, at most; the others are left out."""
LEAD = 3.0
"""Seconds before the span at which decoding starts: the sound needs them to settle, and seeking in
a transport stream is rough."""
DRIFT = 0.06
"""Seconds of drift of the sound before it is corrected."""


def write_proxy(
    source: str, target: str, start: float, end: float, duration: float
) -> Iterator[Event]:
    """Write [start, end) as H.264 and AAC; yields {"fraction": …} for each second that is done."""
    with (
        open_media(source) as container,
        av.open(f"file:{target}", "w", format="mp4", options={"movflags": "+faststart"}) as output,
    ):
        zero = origin(container)
        pictures, sound = video_stream(container), _sound(container)
        if start > LEAD:
            container.seek(round((start - LEAD + zero) * av.time_base))
        mux = _Mux(output, waits=pictures is not None)
        writers: dict[int, _Pictures | _Sound] = {}
        if pictures is not None:
            writers[pictures.index] = _Pictures(mux, pictures, start, end, duration)
        if sound is not None:
            # Sound alone begins at zero: there is no picture to hold its place.
            writers[sound.index] = _Sound(mux, start if pictures is not None else 0.0, end)
        if not writers:  # no streams to demux would mean all of them
            raise UnreadableMedia("there is no picture and no sound to copy")
        reached = start
        for index, frame, seconds in _frames(container, list(writers), zero):
            writers[index].write(frame, seconds)
            if seconds >= reached + 1:
                reached = seconds
                yield {"fraction": min((seconds - start) / max(end - start, 1e-3), 1.0)}
            if all(writer.done for writer in writers.values()):
                break
        if not any(writer.wrote for writer in writers.values()):
            raise UnreadableMedia(f"nothing can be decoded from {start:.1f} to {end:.1f} s")
        for writer in writers.values():
            writer.finish()
        mux.release()
    yield {"fraction": 1.0}


def _sound(container: InputContainer) -> AudioStream | None:
    found = container.streams.best("audio")
    if not isinstance(found, AudioStream) or not found.codec_context.sample_rate:
        return None
    return found


def _frames(
    container: InputContainer, indexes: list[int], zero: float
) -> Iterator[tuple[int, VideoFrame | AudioFrame, float]]:
    """Stream index, frame and its seconds, in the order of the file; damage is skipped."""
    packets = container.demux([container.streams[index] for index in indexes])
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            return
        except FAULTS as error:
            if isinstance(error, (MemoryError, EOFError)):
                return
            continue
        for frame in frames:
            if isinstance(frame, (VideoFrame, AudioFrame)) and frame.time is not None:
                yield packet.stream.index, frame, frame.time - zero


class _Mux:
    """Muxer that waits for the picture's size: no stream can join a file that has begun."""

    def __init__(self, output: OutputContainer, waits: bool) -> None:
        self.output: Any = output
        self._waiting: list[Any] | None = [] if waits else None

    def release(self) -> None:
        if self._waiting is not None:
            held, self._waiting = self._waiting, None
            self.output.mux(held)

    def __call__(self, packets: list[Any]) -> None:
        if self._waiting is None:
            self.output.mux(packets)
        else:
            self._waiting += packets


class _Pictures:
    def __init__(
        self,
        mux: _Mux,
        source: VideoStream,
        start: float,
        end: float,
        duration: float,
    ) -> None:
        self.done = self.wrote = False
        self._mux, self._source = mux, source
        self._start, self._end, self._duration = start, end, duration
        self._stream: Any = None
        self._graph: av.filter.Graph | None = None
        self._shape: tuple[int, int, str, int] | None = None
        self._last: VideoFrame | None = None
        self._before: VideoFrame | None = None
        self._second = self._tick = -1

    def write(self, frame: Any, seconds: float) -> None:
        if seconds >= self._end:
            self.done = True
        elif seconds < self._start - 1e-6:
            self._before = frame  # what is on screen when the span begins
        else:
            if not self.wrote:
                exact = seconds <= self._start + 1e-6
                first = frame if exact or self._before is None else self._before
                if self._start > 0:
                    self._encode(self._upright(first), 0.0)
                if not exact:
                    self._encode(self._upright(first), self._start)
                self._before = None
            if self._tick < 0 or seconds - self._tick / CLOCK > 1 / MAX_RATE:
                self._encode(self._upright(frame), seconds)

    def finish(self) -> None:
        if self._before is not None and not self.wrote:  # the last picture stands through the span
            self._encode(self._upright(self._before), 0.0)
        if self._stream is None:
            return
        if self._last is not None and self._duration > self._tick / CLOCK + 0.1:
            self._encode(self._last, self._duration - 0.04)
        self._mux(self._stream.encode(None))

    def _upright(self, frame: VideoFrame) -> VideoFrame:
        """Picture turned as shown, with square pixels, SHORT_SIDE x LONG_SIDE at most."""
        shape = (frame.width, frame.height, frame.format.name, frame.rotation)
        if self._graph is None or self._shape != shape:
            self._graph, self._shape = self._build(frame), shape
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _build(self, frame: VideoFrame) -> av.filter.Graph:
        if self._stream is None:
            width, height = shown_size(frame, self._source)
            scale = min(1.0, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
            self._add_stream(
                max(round(width * scale / 2), 1) * 2, max(round(height * scale / 2), 1) * 2
            )
        assert self._stream is not None
        turns = {1: ["transpose=cclock"], 2: ["hflip", "vflip"], 3: ["transpose=clock"]}
        size = f"{self._stream.width}:{self._stream.height}"
        steps = [
            *turns.get(round(frame.rotation / 90) % 4, []),
            f"scale={size}:out_range=tv",
            "setsar=1",
            "format=yuv420p",
        ]
        graph = av.filter.Graph()
        node = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1, CLOCK),
        )
        for step in steps:
            name, _, options = step.partition("=")
            following = graph.add(name, options or None)
            node.link_to(following)
            node = following
        node.link_to(graph.add("buffersink"))
        graph.configure()
        return graph

    def _add_stream(self, width: int, height: int) -> None:
        rate = self._source.average_rate or self._source.guessed_rate or Fraction(25)
        stream: Any = self._mux.output.add_stream(
            "libx264",
            rate=min(max(rate, Fraction(1)), Fraction(60)),
            options={"preset": "veryfast", "crf": "23", "forced-idr": "1", "threads": "2"},
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, CLOCK)
        self._stream = stream
        self._mux.release()

    def _encode(self, frame: VideoFrame, seconds: float) -> None:
        assert self._stream is not None
        tick = max(round(seconds * CLOCK), self._tick + 1)
        copy = frame.reformat()  # the same pixels; the time and kind of the other stay as they are
        copy.pts, copy.time_base = tick, Fraction(1, CLOCK)
        key = self._tick < 0 or int(seconds) != self._second
        copy.pict_type = PictureType.I if key else PictureType.NONE
        self._second, self._tick = int(seconds), tick
        self._mux(self._stream.encode(copy))
        self._last, self.wrote = frame, True


class _Sound:
    """Writer of samples at their time: gaps become silence, repetitions are dropped."""

    def __init__(self, mux: _Mux, start: float, end: float) -> None:
        self.done = self.wrote = False
        self._start, self._end = start, end
        self._mux = mux
        self._stream: Any = mux.output.add_stream("aac", rate=RATE, layout="stereo")
        self._stream.codec_context.bit_rate = 128_000
        self._resampler = AudioResampler("fltp", "stereo", RATE)
        self._held: np.ndarray[Any, np.dtype[np.float32]] = np.zeros((2, 0), np.float32)
        self._sent = 0

    def write(self, frame: Any, seconds: float) -> None:
        if seconds >= self._end:
            self.done = True
            return
        if seconds + frame.samples / max(frame.sample_rate, 1) <= self._start:
            return
        try:
            pieces = self._resampler.resample(frame)
        except ValueError:  # the stream changed its format
            self._resampler = AudioResampler("fltp", "stereo", RATE)
            pieces = self._resampler.resample(frame)
        arrays = [piece.to_ndarray() for piece in pieces]
        if arrays:
            self._place(np.concatenate(arrays, axis=1), seconds)

    def _place(self, samples: Any, seconds: float) -> None:
        offset = self._offset(seconds)
        if offset > DRIFT * RATE:
            while (gap := self._offset(seconds)) > 0:  # by seconds: it may be an hour
                self._add(np.zeros((2, min(gap, RATE)), np.float32))
        elif offset < -DRIFT * RATE or (offset < 0 and not self.wrote):
            samples = samples[:, -offset:]
        self._add(samples)

    def _offset(self, seconds: float) -> int:
        return round((seconds - self._start) * RATE) - self._sent - self._held.shape[1]

    def _add(self, samples: Any) -> None:
        self._held = np.concatenate([self._held, samples.astype(np.float32)], axis=1)
        while self._held.shape[1] >= BLOCK:
            self._send(self._held[:, :BLOCK])
            self._held = self._held[:, BLOCK:]

    def _send(self, samples: Any) -> None:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
        frame.sample_rate = RATE
        frame.pts = round(self._start * RATE) + self._sent
        frame.time_base = Fraction(1, RATE)
        self._sent += samples.shape[1]
        self._mux(self._stream.encode(frame))
        self.wrote = True

    def finish(self) -> None:
        if self._held.shape[1]:
            rest = np.zeros((2, BLOCK), np.float32)
            rest[:, : self._held.shape[1]] = self._held
            self._send(rest)
        if self.wrote:
            self._mux(self._stream.encode(None))
