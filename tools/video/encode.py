"""Encoder of pictures and sound: H.264 and AAC in MP4."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
"""Samples of one AAC frame."""


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
        stream: Any = out.add_stream(
            "libx264", rate=fps, options={"crf": "20", "preset": "veryfast"}
        )
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
            for start in range(0, len(sound), BLOCK):
                piece = av.AudioFrame.from_ndarray(
                    sound[None, start : start + BLOCK], format="fltp", layout="mono"
                )
                piece.sample_rate, piece.pts, piece.time_base = rate, start, Fraction(1, rate)
                out.mux(audio.encode(piece))
            out.mux(audio.encode(None))
