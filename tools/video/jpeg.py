"""JPEG files of decoded frames: upright, as shown, of bounded size. Runs in the sandbox."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from av import VideoFrame, VideoStream
from PIL import Image

from tools.files.checksums import BLANK, add_picture_checksum
from tools.sandbox import Event
from tools.video.container import (
    FAULTS,
    decoder_message,
    open_media,
    shown_size,
    video_stream,
)
from tools.video.timeline import clock_of
from tools.vision.colour import measure_attributes

MAX_WIDTH, MAX_HEIGHT = 1280, 4096
DRAWN_WIDTH, DRAWN_ROOM = 2560, 128 << 20
"""Width of pictures of a screen, at most, whose small letters would be lost; and bytes of the wide
ones, in all, from which on these are reduced, too."""
DRAWN = 0.7
"""Share of pixels that are equal to the next one, from which on a picture is of a screen. Of 25
videos the screens had 0.70 and more, footage mostly up to 0.66; drawn films and very smooth
pictures reach it, too, which costs disk and nothing else."""
QUALITY = 82
ROUNDING = 5e-4
SEEK_AHEAD = 4.0
"""Seconds up to which decoding on is cheaper than seeking to a keyframe."""
FAR_AHEAD = 60.0
"""The same where seeking means reading from the start."""


class PictureWriter:
    """Writer of frames of one stream into a folder, named by their time in milliseconds."""

    def __init__(self, folder: Path, stream: VideoStream) -> None:
        self.written = self._wide = 0
        self._folder = folder
        self._stream = stream

    def write(self, frame: VideoFrame, seconds: float) -> Event:
        """Write one picture; returns its seconds, file name and attributes."""
        width, height = shown_size(frame, self._stream)
        is_wide = width > MAX_WIDTH and self._wide < DRAWN_ROOM and _is_drawn(frame)
        most = DRAWN_WIDTH if is_wide else MAX_WIDTH
        scale = min(1.0, most / width, MAX_HEIGHT / height)
        width, height = max(round(width * scale), 1), max(round(height * scale), 1)
        if frame.rotation % 180:
            width, height = height, width
        # Of four bytes a pixel, as Pillow holds them, nothing is copied; scaled, they lose colour.
        is_whole = (width, height) == (frame.width, frame.height) and width % 16 == 0
        mode, format = ("RGBX", "rgb0") if is_whole else ("RGB", "rgb24")
        shown = frame.reformat(width, height, format, interpolation="AREA", threads=1)
        plane: Any = shown.planes[0]
        lines = np.frombuffer(plane, np.uint8).reshape(height, -1)
        pixels = lines[:, : width * len(mode)].reshape(height, width, len(mode))
        # The display matrix turns counter-clockwise, as rot90 does.
        rgb = np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
        name = f"{round(seconds * 1000):09d}.jpg"
        picture = BytesIO()
        image = Image.frombuffer(mode, (rgb.shape[1], rgb.shape[0]), rgb, "raw", mode, 0, 1)
        image.save(picture, "JPEG", quality=QUALITY, comment=BLANK)
        # Not by Pillow: a disk that fills up takes a part of what it writes, and it does not look.
        (self._folder / name).write_bytes(add_picture_checksum(name, picture.getvalue()))
        self.written += picture.tell()
        self._wide += is_wide * picture.tell()
        down, across = max(rgb.shape[0] // 36, 1), max(rgb.shape[1] // 64, 1)
        small = rgb[down // 2 :: down, across // 2 :: across, :3]
        measured = measure_attributes("", round(seconds, 6), small)
        return {"seconds": measured.seconds, "name": name, "attributes": asdict(measured)}


def _is_drawn(frame: VideoFrame) -> bool:
    """True for a picture of a screen: its surfaces are even, as a camera's hardly are."""
    grey: Any = frame.to_ndarray(format="gray")[::4]
    return bool(np.count_nonzero(grey[:, 1:] == grey[:, :-1]) >= DRAWN * grey[:, 1:].size)


def pictures(path: str, target: str, seconds: Sequence[float]) -> Iterator[Event]:
    """Write the frames on screen at the given times; yields {"frame": …} for each that is there."""
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            return
        clock = clock_of(container)
        ahead = FAR_AHEAD if clock.jumps else SEEK_AHEAD
        writer = PictureWriter(Path(target), stream)
        wanted = sorted(seconds)
        try:
            while wanted:
                reached = wanted[0]
                before: VideoFrame | None = None
                for frame in clock.frames(container, stream, since=wanted[0]):
                    if isinstance(frame, str):
                        yield {"trouble": frame}
                        continue
                    shown = (frame.time or 0.0) - clock.start
                    # A frame is on screen until the next one; stored times are rounded.
                    while wanted and shown > wanted[0] + ROUNDING:
                        yield {"frame": writer.write(before or frame, wanted[0])}
                        reached = wanted.pop(0)
                    before = frame
                    if not wanted or wanted[0] > max(shown, reached) + ahead:
                        break
                else:  # the end: what is still wanted shows the last frame
                    if before is not None:
                        yield from ({"frame": writer.write(before, at)} for at in wanted)
                    return
        except FAULTS as error:
            yield {"trouble": decoder_message(error)}
