"""Pictures of a fixed camera for what moves in it. Runs inside the sandbox.

Only spans in which something changes are decoded, a few pictures a second of them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from av import VideoFrame, VideoStream

from tools.sandbox import Event
from tools.video.container import (
    FAULTS,
    decoder_message,
    open_media,
    shown_size,
    video_stream,
)
from tools.video.timeline import clock_of
from tools.vision.objects.blobs import Foreground, Pixels, blobs, encode, reduced

PER_SECOND, SHOWN_EVERY = 6, 2
"""Pictures a second in which blobs are found, and of which one in so many is written."""
WIDEST = 640
"""Pixels of the longer side of a picture that is written."""
RELEARN = 60.0
"""Seconds without a picture after which the background is learned anew."""


def watch(path: str, target: str, spans: Sequence[tuple[float, float]]) -> Iterator[Event]:
    """Yield what moves in spans (seconds, by time), PER_SECOND pictures a second.

    {"seconds", "blobs": [[left, top, right, bottom, filled]], "picture": a file in `target`, or
    None}: pictures are written where something moves. The reader deletes them.
    """
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            return
        stream.thread_type = "AUTO"
        clock, foreground, last = clock_of(container), Foreground(), -RELEARN
        try:
            for start, end in spans:
                if start - last >= RELEARN:
                    foreground = Foreground()
                due, count = start, 0
                for frame in clock.frames(container, stream, since=start):
                    if isinstance(frame, str):
                        continue
                    seconds = (frame.time or 0.0) - clock.start
                    if seconds >= end:
                        break
                    if seconds < due - 1e-3:
                        continue
                    due, last = max(due + 1 / PER_SECOND, seconds), seconds
                    picture = _picture(frame, stream)
                    mask = foreground.mask(reduced(picture))
                    found = blobs(mask)
                    name = None
                    if found and count % SHOWN_EVERY == 0:
                        name = f"{round(seconds * 1000):09d}.jpg"
                        (Path(target) / name).write_bytes(encode(picture, mask))
                    count = count + 1 if found else 0
                    yield {
                        "seconds": round(seconds, 6),
                        "blobs": [
                            [*(round(x, 5) for x in one.box), round(one.filled, 3)] for one in found
                        ],
                        "picture": name,
                    }
        except FAULTS as error:
            yield {"trouble": decoder_message(error)}


def _picture(frame: VideoFrame, stream: VideoStream) -> Pixels:
    """A frame, upright, blue first, of at most WIDEST pixels a side."""
    width, height = shown_size(frame, stream)
    scale = min(1.0, WIDEST / max(width, height))
    width, height = max(round(width * scale), 1), max(round(height * scale), 1)
    if frame.rotation % 180:
        width, height = height, width
    shown = frame.reformat(width, height, "bgr24", interpolation="AREA", threads=1)
    plane: Any = shown.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(height, -1)
    pixels = lines[:, : width * 3].reshape(height, width, 3)
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
