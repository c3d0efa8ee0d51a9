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
from av import VideoFrame, VideoStream

from tools.errors import UnreadableMedia
from tools.sandbox import Event
from tools.video.container import open_media, shown_size, sound_stream, video_stream
from tools.video.encode import CLOCK, Muxer, PictureEncoder, SoundEncoder, feed, within
from tools.video.timeline import clock_of

SHORT_SIDE, LONG_SIDE = 720, 1280
MAX_RATE = 61.0
"""Pictures a second, at most; the others are left out."""


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
        mux = Muxer(output, waits=pictures is not None)
        writers: dict[Any, Any] = {}
        if pictures is not None:
            writers[pictures] = _Pictures(mux, pictures, start, end, duration)
        if sound is not None:
            # Sound alone begins at zero: there is no picture to hold its place.
            begin = start if pictures is not None else 0.0
            writers[sound] = SoundEncoder(mux, begin)
            writers[sound].begin(begin, end)
        if not writers:
            raise UnreadableMedia("there is no picture and no sound to copy")
        yield from feed(container, clock, writers, start, end)
        if not any(writer.wrote for writer in writers.values()):
            raise UnreadableMedia(f"nothing can be decoded from {start:.1f} to {end:.1f} s")
        for writer in writers.values():
            writer.finish()
        mux.begin()
    yield {"fraction": 1.0}


class _Pictures:
    def __init__(
        self, mux: Muxer, source: VideoStream, start: float, end: float, duration: float
    ) -> None:
        self.done = self.wrote = False
        self._mux, self._source = mux, source
        self._start, self._end, self._duration = start, end, duration
        self._encoder: PictureEncoder | None = None
        self._shown: VideoFrame | None = None

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
            if self._time < 0 or seconds - self._time > 1 / MAX_RATE:
                self._encode(frame, seconds)

    def finish(self) -> None:
        if self._shown is None:
            return
        if not self.wrote:  # the last picture stands through the span
            self._encode(self._shown, 0.0)
        if self._duration > self._time + 0.1:
            self._encode(self._shown, self._duration - 0.04)
        assert self._encoder
        self._encoder.finish()

    @property
    def _time(self) -> float:
        """Seconds of the last picture that was written; below zero before the first."""
        return self._encoder.tick / CLOCK if self._encoder else -1.0

    def _add_stream(self, shown: tuple[int, int]) -> PictureEncoder:
        """Add the stream, SHORT_SIDE x LONG_SIDE at most, once the size of a frame is known."""
        rate = self._source.average_rate or self._source.guessed_rate or Fraction(25)
        options = {"preset": "veryfast", "crf": "23", "forced-idr": "1", "threads": "2"}
        width, height = within(shown, SHORT_SIDE, LONG_SIDE)
        return PictureEncoder(self._mux, width, height, rate, options)

    def _encode(self, frame: VideoFrame, seconds: float) -> None:
        shown = shown_size(frame, self._source)
        self._encoder = self._encoder or self._add_stream(shown)
        self._encoder.write(frame, seconds, shown)
        self._shown, self.wrote = frame, True
