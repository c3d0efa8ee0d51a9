"""Encoder of pictures and sound: H.264 and AAC in MP4."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av import AudioFrame, VideoFrame
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.frame import PictureType
from numpy.typing import NDArray

from tools.sandbox import Event
from tools.video.container import Resampler
from tools.video.timeline import Clock

CLOCK = 90_000
"""Ticks a second of written pictures: the rate of the original need not be constant."""
RATE = 48_000
"""Samples a second of written sound."""
LEAD = 3.0
"""Seconds before a span at which decoding starts: the sound needs them to settle, and seeking in a
transport stream is rough."""
LATE = 10.0
"""Seconds behind a span after which nothing of it is waited for: a track may end before others."""
DRIFT = 0.06
"""Seconds of drift of the sound before it is corrected."""
TURNS = {0: (), 1: ("transpose=cclock",), 2: ("hflip", "vflip"), 3: ("transpose=clock",)}
"""Filters for so many quarter turns of the display matrix."""


def encode(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    fps: int,
    sound: NDArray[np.float32] | None = None,
    rate: int = 16000,
    tags: dict[str, str] | None = None,
) -> None:
    """Write RGB pictures of one even size, and mono samples of -1 to 1, as `path`."""
    out: Any = av.open(f"file:{path}", "w", format="mp4")
    with out:
        out.metadata.update(tags or {})
        options = {"crf": "20", "preset": "veryfast"}
        stream: Any = out.add_stream("libx264", rate=fps, options=options)
        audio: Any = out.add_stream("aac", rate=rate, layout="mono") if sound is not None else None
        for number, picture in enumerate(pictures):
            if not number:
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            samples = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            samples.sample_rate, samples.pts, samples.time_base = rate, 0, Fraction(1, rate)
            out.mux(audio.encode(samples))  # which cuts it into the codec's frames
            out.mux(audio.encode(None))


class Writer(Protocol):
    """Consumer of the decoded frames of one stream."""

    @property
    def done(self) -> bool:
        """True once its span is over."""
        ...

    def write(self, frame: Any, seconds: float) -> None:
        """Take a frame at its time in the file, in seconds."""
        ...


def feed(
    container: InputContainer, clock: Clock, writers: Mapping[Any, Writer], start: float, end: float
) -> Iterator[Event]:
    """Decode [start, end) and a lead before it into a writer a stream.

    Yields {"fraction": …} for each second that is done.
    """
    since, reached = start - LEAD if start > LEAD else None, start
    kinds = {stream.type: writer for stream, writer in writers.items()}
    for frame in clock.frames(container, *writers, since=since, most=math.inf):
        if isinstance(frame, str) or frame.time is None:
            continue
        seconds = frame.time - clock.start
        kinds["video" if isinstance(frame, VideoFrame) else "audio"].write(frame, seconds)
        if seconds >= reached + 1:
            reached = seconds
            yield {"fraction": min((seconds - start) / max(end - start, 1e-3), 1.0)}
        if seconds > end + LATE or all(writer.done for writer in writers.values()):
            return


Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


class Muxer:
    """Muxer that waits for the picture's size: no stream can join a file that has begun."""

    def __init__(self, output: OutputContainer, waits: bool) -> None:
        self.output: Any = output
        self._waits = waits
        self._packets: list[Any] = []

    def __call__(self, packets: list[Any]) -> None:
        """Write packets, or keep them until `begin`."""
        self._packets += packets
        if not self._waits:
            self.output.mux(self._packets)
            self._packets = []

    def begin(self) -> None:
        """Write what waited: every stream is there."""
        self._waits = False
        self([])


class PictureEncoder:
    """H.264 stream of upright pictures with square pixels, each at its own time.

    A picture of another shape than the stream stands between black bars. `change` is given the
    brightness (height x width, 8 bits) of each picture that is written, and returns what is.
    """

    def __init__(
        self,
        mux: Muxer,
        width: int,
        height: int,
        rate: Fraction,
        options: dict[str, str],
        change: Change | None = None,
    ) -> None:
        rate = min(max(rate, Fraction(1)), Fraction(60))
        stream: Any = mux.output.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, CLOCK)
        self.tick = -1
        """Time of the last picture, in ticks of CLOCK."""
        self._mux, self._stream = mux, stream
        self._shape: Any = None
        self._frame: VideoFrame | None = None
        self._picture: Any = None
        self._graph = Graph()
        self._change = change
        mux.begin()

    def write(self, frame: VideoFrame, seconds: float, shown: tuple[int, int]) -> None:
        """Encode a frame whose size as shown is `shown`; the first of a second is a keyframe."""
        tick = max(round(seconds * CLOCK), self.tick + 1)
        if frame is not self._frame:  # the same one may be shown for many ticks
            self._frame, self._picture = frame, self._upright(frame, shown)
        picture = self._changed(self._picture) if self._change else self._picture
        picture.pts, picture.time_base = tick, Fraction(1, CLOCK)
        key = self.tick < 0 or tick // CLOCK != self.tick // CLOCK
        picture.pict_type = PictureType.I if key else PictureType.NONE
        self.tick = tick
        self._mux(self._stream.encode(picture))

    def finish(self, end: float | None = None) -> None:
        """Write what is left; the last picture stands until `end`, in seconds."""
        packets = self._stream.encode(None)
        if packets and end is not None:
            packets[-1].duration = max(round(end * CLOCK) - packets[-1].pts, 1)
        self._mux(packets)

    def _changed(self, picture: VideoFrame) -> VideoFrame:
        planes = picture.to_ndarray()
        planes[: picture.height] = self._change(planes[: picture.height])  # type: ignore[misc]
        changed = VideoFrame.from_ndarray(planes, format="yuv420p")
        changed.colorspace, changed.color_range = picture.colorspace, picture.color_range
        return changed

    def _upright(self, frame: VideoFrame, shown: tuple[int, int]) -> VideoFrame:
        shape = (frame.width, frame.height, frame.format.name, frame.rotation, shown)
        if shape != self._shape:
            self._shape, self._graph = shape, self._build(frame, shown)
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _build(self, frame: VideoFrame, shown: tuple[int, int]) -> Graph:
        graph = Graph()
        base = frame.time_base or Fraction(1, CLOCK)
        nodes = [graph.add_buffer(None, frame.width, frame.height, frame.format, time_base=base)]
        width, height = self._stream.width, self._stream.height
        inner = fitted(shown, width, height)
        steps = [
            *TURNS[round(frame.rotation / 90) % 4],
            f"scale={inner[0]}:{inner[1]}:out_range=tv",
        ]
        if inner != (width, height):
            steps.append(f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2")
        for step in (*steps, "setsar=1", "format=yuv420p", "buffersink"):
            name, _, options = step.partition("=")
            nodes.append(graph.add(name, options or None))
        graph.link_nodes(*nodes).configure()
        return graph


def fitted(shown: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """Largest even size of the shape `shown` inside a size; one that nearly fills it does."""
    scale = min(width / shown[0], height / shown[1])
    inner = max(round(shown[0] * scale / 2), 1) * 2, max(round(shown[1] * scale / 2), 1) * 2
    fills = inner[0] > width - 4 and inner[1] > height - 4
    return (width, height) if fills else (min(inner[0], width), min(inner[1], height))


def within(shown: tuple[int, int], short: int, long: int) -> tuple[int, int]:
    """Even size of a picture, made smaller so that its sides are at most these."""
    scale = min(1.0, short / min(shown), long / max(shown))
    return max(round(shown[0] * scale / 2), 1) * 2, max(round(shown[1] * scale / 2), 1) * 2


class SoundEncoder:
    """AAC stream of stereo samples at their time: gaps become silence, repetitions are dropped."""

    def __init__(self, mux: Muxer, offset: float = 0.0, bits: int = 128_000) -> None:
        """Begin the stream `offset` seconds after zero."""
        self._mux = mux
        self._stream: Any = mux.output.add_stream("aac", rate=RATE, layout="stereo")
        self._stream.codec_context.bit_rate = bits
        self._offset, self._sent = round(offset * RATE), 0
        self.begin(0.0, 0.0)

    @property
    def done(self) -> bool:
        """True once the span is filled."""
        return self._sent >= self._until

    def begin(self, start: float, end: float) -> None:
        """Take next what lies from start to end in its file, in seconds."""
        self._start, self._first = start, self._sent
        self._until = self._sent + round((end - start) * RATE)
        self._resampler = Resampler("fltp", "stereo", RATE)
        self.wrote = False

    def write(self, frame: AudioFrame, seconds: float) -> None:
        """Encode what of a frame lies in the span."""
        if self.done or seconds + frame.samples / max(frame.sample_rate, 1) <= self._start:
            return
        for samples in self._resampler.add(frame):
            length = samples.shape[1]
            gap = round((seconds - self._start) * RATE) - (self._sent - self._first)
            if gap > DRIFT * RATE:
                self._silence(gap)
            elif gap < -DRIFT * RATE or (gap < 0 and not self.wrote):
                samples = samples[:, -gap:]
            self._send(samples)
            seconds += length / RATE

    def fill(self) -> None:
        """Fill the rest of the span with silence."""
        self._silence(self._until - self._sent)

    def finish(self) -> None:
        """Write what is left."""
        if self._sent:
            self._mux(self._stream.encode(None))

    def _silence(self, count: int) -> None:
        count = min(count, self._until - self._sent)
        for filled in range(0, count, RATE):  # by seconds: it may be an hour
            self._send(np.zeros((2, min(count - filled, RATE)), np.float32))

    def _send(self, samples: NDArray[Any]) -> None:
        samples = samples[:, : self._until - self._sent]
        if not samples.shape[1]:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self._offset + self._sent
        self._sent += samples.shape[1]
        self._mux(self._stream.encode(frame))  # which cuts it into the codec's frames
        self.wrote = True
