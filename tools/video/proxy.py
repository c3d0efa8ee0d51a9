"""Proxy: a copy of one span that every browser plays, on the time axis of the whole video.

A file that starts at second 3,600 would be shown from 0:00 by every player. So the first picture
of the span is held from 0 to its start, and the last one from its end to the end of the video:
the copy is as long as the original, seconds mean the same in both, and it costs two frames more.
Runs inside the sandbox.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av import VideoFrame, VideoStream
from av.container import OutputContainer
from av.filter import Graph
from av.video.frame import PictureType

from tools.errors import UnreadableMedia
from tools.sandbox import Event
from tools.video.container import (
    Resampler,
    open_media,
    shown_size,
    sound_stream,
    video_stream,
)
from tools.video.timeline import clock_of

SHORT_SIDE, LONG_SIDE = 720, 1280
CLOCK = 90_000
"""Ticks a second of the copy's pictures: the rate of the original need not be constant."""
RATE = 48_000
MAX_RATE = 61.0
"""Pictures a second, at most; the others are left out."""
LEAD = 3.0
"""Seconds before the span at which decoding starts: the sound needs them to settle, and seeking in
a transport stream is rough."""
DRIFT = 0.06
"""Seconds of drift of the sound before it is corrected."""
TURNS = {0: (), 1: ("transpose=cclock",), 2: ("hflip", "vflip"), 3: ("transpose=clock",)}
"""Filters for so many quarter turns of the display matrix."""


def write_proxy(
    source: str, target: str, start: float, end: float, duration: float
) -> Iterator[Event]:
    """Write [start, end) as H.264 and AAC; yields {"fraction": …} for each second that is done."""
    with (
        open_media(source) as container,
        av.open(f"file:{target}", "w", format="mp4", options={"movflags": "+faststart"}) as output,
    ):
        clock = clock_of(container)
        pictures, sound = video_stream(container), sound_stream(container)
        since = start - LEAD if start > LEAD else None
        mux = _Mux(output, waits=pictures is not None)
        writers: dict[Any, Any] = {}
        if pictures is not None:
            writers[pictures] = _Pictures(mux, pictures, start, end, duration)
        if sound is not None:
            # Sound alone begins at zero: there is no picture to hold its place.
            writers[sound] = _Sound(mux, start if pictures is not None else 0.0, end)
        if not writers:
            raise UnreadableMedia("there is no picture and no sound to copy")
        reached = start
        for frame in clock.frames(container, *writers, since=since, most=math.inf):
            if isinstance(frame, str) or frame.time is None:
                continue
            seconds = frame.time - clock.start
            writers[pictures if isinstance(frame, VideoFrame) else sound].write(frame, seconds)
            if seconds >= reached + 1:
                reached = seconds
                yield {"fraction": min((seconds - start) / max(end - start, 1e-3), 1.0)}
            if all(writer.done for writer in writers.values()):
                break
        if not any(writer.wrote for writer in writers.values()):
            raise UnreadableMedia(f"nothing can be decoded from {start:.1f} to {end:.1f} s")
        for writer in writers.values():
            writer.finish()
        mux.waits = False
        mux([])
    yield {"fraction": 1.0}


class _Mux:
    """Muxer that waits for the picture's size: no stream can join a file that has begun."""

    def __init__(self, output: OutputContainer, waits: bool) -> None:
        self.output: Any = output
        self.waits = waits
        self._packets: list[Any] = []

    def __call__(self, packets: list[Any]) -> None:
        self._packets += packets
        if not self.waits:
            self.output.mux(self._packets)
            self._packets = []


class _Pictures:
    def __init__(
        self, mux: _Mux, source: VideoStream, start: float, end: float, duration: float
    ) -> None:
        self.done = self.wrote = False
        self._mux, self._source = mux, source
        self._start, self._end, self._duration = start, end, duration
        self._stream: Any = None
        self._shape: Any = None
        self._graph = Graph()
        self._shown: VideoFrame | None = None
        self._second = self._tick = -1

    def write(self, frame: VideoFrame, seconds: float) -> None:
        if seconds >= self._end:
            self.done = True
        elif seconds < self._start - 1e-6:
            self._shown = frame  # when the span begins
        else:
            if not self.wrote:
                exact = seconds <= self._start + 1e-6
                first = frame if exact or self._shown is None else self._shown
                if self._start > 0:
                    self._encode(first, 0.0)
                if not exact:
                    self._encode(first, self._start)
            if self._tick < 0 or seconds - self._tick / CLOCK > 1 / MAX_RATE:
                self._encode(frame, seconds)

    def finish(self) -> None:
        if self._shown is None:
            return
        if not self.wrote:  # the last picture stands through the span
            self._encode(self._shown, 0.0)
        if self._duration > self._tick / CLOCK + 0.1:
            self._encode(self._shown, self._duration - 0.04)
        self._mux(self._stream.encode(None))

    def _upright(self, frame: VideoFrame) -> VideoFrame:
        """Picture turned as shown, with square pixels, in the size of the stream."""
        shape = (frame.width, frame.height, frame.format.name, frame.rotation)
        if shape != self._shape:
            self._shape, self._graph = shape, self._build(frame)
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        base = frame.time_base or Fraction(1, CLOCK)
        nodes = [graph.add_buffer(None, frame.width, frame.height, frame.format, time_base=base)]
        scale = f"scale={self._stream.width}:{self._stream.height}:out_range=tv"
        turns = TURNS[round(frame.rotation / 90) % 4]
        for step in (*turns, scale, "setsar=1", "format=yuv420p", "buffersink"):
            name, _, options = step.partition("=")
            nodes.append(graph.add(name, options or None))
        graph.link_nodes(*nodes).configure()
        return graph

    def _add_stream(self, frame: VideoFrame) -> Any:
        """Add the stream, SHORT_SIDE x LONG_SIDE at most, once the size of a frame is known."""
        width, height = shown_size(frame, self._source)
        scale = min(1.0, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
        rate = self._source.average_rate or self._source.guessed_rate or Fraction(25)
        stream: Any = self._mux.output.add_stream(
            "libx264",
            rate=min(max(rate, Fraction(1)), Fraction(60)),
            options={"preset": "veryfast", "crf": "23", "forced-idr": "1", "threads": "2"},
        )
        stream.width, stream.height = (max(round(n * scale / 2), 1) * 2 for n in (width, height))
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, CLOCK)
        self._mux.waits = False
        return stream

    def _encode(self, frame: VideoFrame, seconds: float) -> None:
        if self._stream is None:
            self._stream = self._add_stream(frame)
        tick = max(round(seconds * CLOCK), self._tick + 1)
        picture = self._upright(frame)
        picture.pts, picture.time_base = tick, Fraction(1, CLOCK)
        key = self._tick < 0 or int(seconds) != self._second
        picture.pict_type = PictureType.I if key else PictureType.NONE
        self._second, self._tick = int(seconds), tick
        self._mux(self._stream.encode(picture))
        self._shown, self.wrote = frame, True


class _Sound:
    """Writer of samples at their time: gaps become silence, repetitions are dropped."""

    def __init__(self, mux: _Mux, start: float, end: float) -> None:
        self.done = self.wrote = False
        self._start, self._end = start, end
        self._mux = mux
        self._stream: Any = mux.output.add_stream("aac", rate=RATE, layout="stereo")
        self._stream.codec_context.bit_rate = 128_000
        self._resampler = Resampler("fltp", "stereo", RATE)
        self._sent = 0

    def write(self, frame: av.AudioFrame, seconds: float) -> None:
        if seconds >= self._end:
            self.done = True
            return
        if seconds + frame.samples / max(frame.sample_rate, 1) <= self._start:
            return
        for samples in self._resampler.add(frame):
            length = samples.shape[1]
            gap = round((seconds - self._start) * RATE) - self._sent
            if gap > DRIFT * RATE:
                for filled in range(0, gap, RATE):  # by seconds: it may be an hour
                    self._send(np.zeros((2, min(gap - filled, RATE)), np.float32))
            elif gap < -DRIFT * RATE or (gap < 0 and not self.wrote):
                samples = samples[:, -gap:]
            self._send(samples)
            seconds += length / RATE

    def _send(self, samples: Any) -> None:
        if not samples.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = round(self._start * RATE) + self._sent
        self._sent += samples.shape[1]
        self._mux(self._stream.encode(frame))  # which cuts it into the codec's frames
        self.wrote = True

    def finish(self) -> None:
        if self.wrote:
            self._mux(self._stream.encode(None))
