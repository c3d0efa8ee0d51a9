"""Encoder of pictures and sound: H.264 and AAC in MP4."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


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
