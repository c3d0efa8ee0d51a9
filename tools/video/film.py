"""Film: pictures drawn at a constant rate, with stereo sound and captions, as one MP4.

H.264 yuv420p, AAC 48 kHz, captions as text (mov_text), playable while it loads. Runs inside the
sandbox.
"""

from collections.abc import Sequence
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av import AudioFrame, Packet, VideoFrame
from numpy.typing import NDArray

from tools.video.encode import RATE

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]
Cue = tuple[float, float, str]
"""Start and end in seconds, and text."""

OPTIONS = {"preset": "veryfast", "crf": "19", "threads": "2", "bf": "0", "g": "50"}
"""As in `tools.video.cut`: without B-frames no player needs an edit list."""
SOUND = 160_000
"""Bits a second of the sound."""
MILLISECONDS = Fraction(1, 1000)
_BT601, _BT709, _LIMITED = 6, 1, 1
"""Numbers of ITU-T H.273: matrix of what OpenCV converts, primaries and transfer, range."""


class FilmWriter:
    """Writer of one MP4; everything is told when it is opened but the pictures."""

    def __init__(
        self,
        target: str,
        size: tuple[int, int],
        fps: int,
        sound: Samples | None,
        cues: Sequence[Cue] = (),
        language: str = "",
    ) -> None:
        """Open a file for pictures of an even size; `sound` is 2 x samples at 48 kHz, -1 to 1."""
        flags = {"movflags": "+faststart"}
        self._out: Any = av.open(f"file:{target}", "w", format="mp4", options=flags)
        self._fps, self._count, self._sound, self._heard = fps, 0, sound, 0
        self._size = size
        self._pictures: Any = self._out.add_stream("libx264", rate=fps, options=OPTIONS)
        self._pictures.width, self._pictures.height = size
        context: Any = self._pictures.codec_context
        context.pix_fmt, context.colorspace, context.color_range = "yuv420p", _BT601, _LIMITED
        context.color_primaries = context.color_trc = _BT709
        if sound is not None:
            self._audio: Any = self._out.add_stream("aac", rate=RATE, layout="stereo")
            self._audio.codec_context.bit_rate = SOUND
        if cues:
            self._write_cues(cues, language)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType) -> None:
        if kind is None:
            self._hear(None)
            self._out.mux(self._pictures.encode(None))
            if self._sound is not None:
                self._out.mux(self._audio.encode(None))
        self._out.close()

    def write(self, planes: Pixels) -> None:
        """Append a picture: planes Y, U and V below each other, as OpenCV's I420."""
        if self._count % self._fps == 0:
            self._hear(self._count // self._fps + 1)
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self._count, Fraction(1, self._fps)
        self._count += 1
        self._out.mux(self._pictures.encode(frame))

    def _hear(self, second: int | None) -> None:
        """Write the sound up to a second, or all of it: tracks lie beside each other in a file."""
        if self._sound is None:
            return
        end = self._sound.shape[1] if second is None else second * RATE
        piece = self._sound[:, self._heard : end]
        if piece.shape[1]:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(piece), "fltp", "stereo")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = self._heard
            self._heard += piece.shape[1]
            self._out.mux(self._audio.encode(frame))

    def _write_cues(self, cues: Sequence[Cue], language: str) -> None:
        """Write the captions; what lies between two of them is an empty one, as players expect."""
        stream: Any = self._out.add_stream("mov_text")
        stream.codec_context.subtitle_header = b"[Script Info]\n"
        stream.time_base = MILLISECONDS
        if language:
            stream.metadata["language"] = language
        self._out.start_encoding()
        shown = 0
        for start, end, text in cues:
            first, last = round(start * 1000), round(end * 1000)
            if first > shown:
                self._write_text(stream, shown, first, "")
            self._write_text(stream, first, last, text)
            shown = last

    def _write_text(self, stream: Any, start: int, end: int, text: str) -> None:
        data = text.encode()
        packet: Any = Packet(len(data).to_bytes(2, "big") + data)
        packet.stream, packet.time_base = stream, MILLISECONDS
        packet.pts = packet.dts = start
        packet.duration = end - start
        self._out.mux(packet)
