"""Cut: spans of one or several files as one new file, exact to the frame.

All of it is encoded anew: a copy could begin at a keyframe only. The pictures keep their own times
where they come from one file, and are shown in a constant rate and one size where they are joined.
Runs inside the sandbox.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
from av import VideoFrame, VideoStream

from tools.errors import UnreadableMedia
from tools.sandbox import Event
from tools.video.container import open_media, shown_size, sound_stream, video_stream
from tools.video.encode import Change, Muxer, PictureEncoder, SoundEncoder, feed, within
from tools.video.timeline import clock_of

SHORT_SIDE, LONG_SIDE = 1080, 1920
"""Pixels of the sides, at most: the memory of the sandbox holds no more while it encodes."""
SOUND = 192_000
"""Bits a second of the sound."""
OPTIONS = {"preset": "veryfast", "crf": "20", "threads": "2", "bf": "0"}
"""Without B-frames each picture is stored at its own time, and no player needs an edit list."""


class Canvas(NamedTuple):
    """One size in pixels and one rate for all that is joined."""

    width: int
    height: int
    rate: Fraction


def write_cut(
    sources: Sequence[str],
    spans: Sequence[Sequence[float]],
    target: str,
    canvas: Sequence[Any] | None = None,
    sound: bool = True,
    change: Change | None = None,
) -> Iterator[Event]:
    """Join [start, end) of each source; yields {"fraction": …} for each second that is done.

    Without a canvas there is one source, which keeps its size, its times, and whether it has a
    picture. A canvas is width, height, and the rate as a fraction in a string; a large one is made
    smaller. `sound` says whether anything is heard at all: a silent source is silence among others.
    `change` changes the brightness of every picture, see `PictureEncoder`.
    """
    whole = sum(end - start for start, end in spans) or 1.0
    with ExitStack() as stack:
        options = {"movflags": "+faststart"}
        output = stack.enter_context(av.open(f"file:{target}", "w", format="mp4", options=options))
        cut = _Cut(
            Muxer(output, waits=canvas is None), _canvas(*canvas) if canvas else None, change
        )
        if canvas is not None and sound:
            cut.sound = SoundEncoder(cut.mux, bits=SOUND)
        for source, (start, end) in zip(sources, spans, strict=True):
            before = cut.length
            for event in cut.add(source, start, end):
                yield {"fraction": (before + event["fraction"] * (end - start)) / whole}
        cut.finish()
    yield {"fraction": 1.0}


def _canvas(width: int, height: int, rate: str) -> Canvas:
    return Canvas(*within((width, height), SHORT_SIDE, LONG_SIDE), Fraction(rate))


class _Cut:
    """The new file; `length` is how much of it is written, in seconds."""

    def __init__(self, mux: Muxer, canvas: Canvas | None, change: Change | None) -> None:
        self.mux, self.length = mux, 0.0
        self.sound: SoundEncoder | None = None
        self._canvas = canvas
        self._pictures = _Pictures(mux, canvas, change)

    def add(self, source: str, start: float, end: float) -> Iterator[Event]:
        """Append a span of a file; on a canvas in whole pictures, so that nothing drifts."""
        if self._canvas:
            rate = self._canvas.rate
            end = start + float(max(round((end - start) * rate), 1) / rate)
        with open_media(source) as container:
            clock = clock_of(container)
            pictures, sound = video_stream(container), sound_stream(container)
            if self._canvas is None and sound is not None:
                self.sound = SoundEncoder(self.mux, bits=SOUND)
            writers: dict[Any, Any] = {}
            self._pictures.begin(pictures, start, end, self.length)
            if pictures is not None:
                writers[pictures] = self._pictures
            elif self._canvas is None:
                self.mux.begin()
            if self.sound is not None:
                self.sound.begin(start, end)
                if sound is not None:
                    writers[sound] = self.sound
            if writers:
                yield from feed(container, clock, writers, start, end)
            heard = self.sound is not None and self.sound.wrote
            if not (heard or self._pictures.shows):
                raise UnreadableMedia(f"nothing can be decoded from {start:.1f} to {end:.1f} s")
            self.length = self._pictures.end()
            if self.sound is not None:
                self.sound.fill()

    def finish(self) -> None:
        """Write what is left."""
        self._pictures.finish(self.length)
        if self.sound is not None:
            self.sound.finish()
        self.mux.begin()


class _Pictures:
    """Pictures of one span after another, each shown until the next one or the end of its span."""

    def __init__(self, mux: Muxer, canvas: Canvas | None, change: Change | None) -> None:
        self._mux, self._canvas, self._change = mux, canvas, change
        self._encoder: PictureEncoder | None = None
        self._ticks = 0
        """Pictures of the constant rate, so far."""
        if canvas:
            size = canvas.width, canvas.height
            self._encoder = PictureEncoder(mux, *size, canvas.rate, OPTIONS, change)

    def begin(self, source: VideoStream | None, start: float, end: float, at: float) -> None:
        """Take next what is shown from start to end in its file, and write it `at` seconds."""
        self._source, self._start, self._end, self._at = source, start, end, at
        self._shown: tuple[VideoFrame, float] | None = None
        self.done = source is None

    @property
    def shows(self) -> bool:
        """True once there is a picture for the span."""
        return self._shown is not None

    def write(self, frame: VideoFrame, seconds: float) -> None:
        """Take a frame, whose time ends that of the one before it."""
        if seconds >= self._end - 1e-6:
            self.done = True
            return
        since = max(seconds, self._start)
        if self._shown and since > self._shown[1] + 1e-6:
            self._stand(*self._shown, since)
        elif self._shown is None:
            since = self._start  # what comes first stands from the start
        self._shown = frame, since

    def end(self) -> float:
        """Let the last picture stand to the end of the span; returns the end in the new file."""
        if self._canvas and not self._shown:
            black = np.zeros((self._canvas.height, self._canvas.width, 3), np.uint8)
            self._shown = VideoFrame.from_ndarray(black, format="rgb24"), self._start
        if self._shown:
            self._stand(*self._shown, self._end)
        rate = self._canvas.rate if self._canvas else None
        return float(self._ticks / rate) if rate else self._at + self._end - self._start

    def finish(self, end: float) -> None:
        """Write what is left, up to `end` seconds."""
        if self._encoder:
            self._encoder.finish(end)

    def _stand(self, frame: VideoFrame, since: float, until: float) -> None:
        """Show a frame for a part of the span, in seconds of its file."""
        shown = shown_size(frame, self._source) if self._source else (frame.width, frame.height)
        if self._encoder is None:
            assert self._source
            rate = self._source.average_rate or self._source.guessed_rate or Fraction(25)
            size = within(shown, SHORT_SIDE, LONG_SIDE)
            self._encoder = PictureEncoder(self._mux, *size, rate, OPTIONS, self._change)
        if self._canvas is None:
            self._encoder.write(frame, self._at + since - self._start, shown)
            return
        last = (self._at + until - self._start) * self._canvas.rate
        while self._ticks < math.ceil(last - 1e-6):
            self._encoder.write(frame, float(self._ticks / self._canvas.rate), shown)
            self._ticks += 1
