"""Invisible watermark in the brightness of a video, which outlives being encoded again.

Spread spectrum (Cox et al., 1997): each bit of a code word adds or takes away its own pattern, the
same in every frame, on a grid of 160 x 90 cells laid over the picture whatever its size, so that it
is read without knowing where the clip began, how large it was or how fast it plays. It is informed
(Malvar and Florencio, 2003): what the picture itself adds to a bit is measured first, and only what
is missing is added. Where the picture is plain little is added, where it is rough more.

Written here because no kept library outlives H.264 (see CONTRIBUTING.md). A crop shifts the grid,
and then nothing is read.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import cv2 as opencv
import numpy as np
from numpy.typing import NDArray

from tools.provenance.code_word import BITS, code_word, payload_of
from tools.sandbox import Child, Event
from tools.video.container import open_media, video_stream
from tools.video.timeline import clock_of

cv2: Any = opencv
COLUMNS, LINES = 160, 90
MARGIN = 2.4
"""Level that each bit is raised to, in units of its pattern, at 8 pixels a cell (720p). Cells of
fewer pixels lose more when they are encoded, and get more."""
CELL = 8.0
FINE, COARSE = 0.9, 2.5
"""Sigmas, in cells, of the two Gaussians whose difference is the band of the patterns: finer is
lost to the encoder, coarser is seen."""
PLAIN = 3.0
"""Contrast, in levels, below which a picture counts as plain: noise of the encoder, mostly."""
WINDOW = 7
"""Cells a side over which contrast is measured."""
ROUGH, MOST = 2.0, 8.0
"""Levels of a pattern for each level of fine texture, and at most."""
LEAST_GAIN, MOST_GAIN = 1.0, 9.0
SETTLING, CUT = 0.25, 12.0
"""Share of the way to new gains in a frame, so that nothing flickers, and the mean change of a
frame, in levels, from which on it is a new shot."""
FRAMES, PLACES, OF_PLACE = 48, 8, 4
"""Frames read from the start, and places further on with so many frames each."""
UNSURE = 5
"""Bits that are tried both ways: those that stand out least (Chase, 1972)."""
SIGNAL = 0.015
"""Mean share of the patterns in what was read below which a word may be chance. Of 60 unmarked
files none had more than 0.016, even where each bit is taken as it comes."""

Plane = NDArray[np.uint8]
Grid = NDArray[np.float32]


class WatermarkWriter:
    """Marks the frames of one video with a payload of 32 bits, in their order."""

    def __init__(
        self, payload: int, width: int, height: int, fps: float, strength: float = 1.0
    ) -> None:
        """Take the size in pixels; a strength above 1 is surer to be read, and seen sooner."""
        word = code_word(payload)
        self._signs = np.array([1 if word >> at & 1 else -1 for at in range(BITS)], np.float32)
        self._shape = height, width
        cell = (width * height / (COLUMNS * LINES)) ** 0.5
        self._margin = strength * MARGIN * (CELL / min(max(cell, 2.0), 16.0)) ** 0.5
        self._settling = 1 - (1 - SETTLING) ** (25 / max(fps, 1.0))
        self._gains: Any = None
        self._before: Any = None

    def mark(self, luma: Plane) -> Plane:
        """Brightness of the next frame, height x width in 8 bits, with the mark in it."""
        if luma.shape != self._shape:
            raise ValueError(f"the frame is {luma.shape}, not {self._shape}")
        twice: Any = _resized(luma, 2)
        grid: Any = _resized(twice, 1)
        detail, contrast = _detail(grid)
        own = self._signs * (_patterns() @ _flat(detail, contrast).ravel())
        room = _room(twice)
        reached = float((room / (contrast + PLAIN)).mean())
        gains = np.clip((self._margin - own) / reached, LEAST_GAIN, MOST_GAIN)
        if self._gains is None or float(cv2.absdiff(grid, self._before).mean()) > CUT:
            self._gains = gains
        else:
            self._gains = self._gains + self._settling * (gains - self._gains)
        self._before = grid
        pattern = ((self._signs * self._gains) @ _patterns()).reshape(LINES, COLUMNS) * room
        height, width = self._shape
        added = cv2.resize(pattern, (width, height), interpolation=cv2.INTER_LINEAR)
        marked: Any = cv2.add(luma, added, dtype=cv2.CV_8U)
        return marked


def read_watermark(path: Path, child: Child | None = None) -> int | None:
    """Read the payload of a video's watermark in the sandbox; None where there is none."""
    with child or Child() as child:
        (found,) = child.call("tools.provenance.watermark:decode", path=str(path.absolute()))
    return found["payload"]


def decode(path: str) -> Iterator[Event]:
    """Yield {"payload": 32 bits or None} of a file; for the sandbox."""
    first, later = Evidence(), Evidence()
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            yield {"payload": None}
            return
        clock = clock_of(container)
        places = [at * (clock.duration or 0) / (PLACES + 1) for at in range(PLACES + 1)]
        read: set[int | None] = set()
        for since in dict.fromkeys(places):
            if since and _next_time(clock.packets(container, stream, since=since)) in read:
                continue
            taken, most = (later, OF_PLACE) if since else (first, FRAMES)
            for number, frame in enumerate(clock.frames(container, stream, since=since or None)):
                if number >= most:
                    break
                if not isinstance(frame, str):
                    gray = frame.reformat(format="gray") if _is_odd(frame) else frame
                    taken.add(_plane(gray))
                    read.add(frame.pts)
    yield {"payload": payload_in(first, later)}


def _next_time(packets: Iterator[Any]) -> int | None:
    """Time stamp of the next packet: of a keyframe, after a seek."""
    packet = next(packets, None)
    return packet.pts if packet else None


def payload_in(*parts: "Evidence") -> int | None:
    """The payload that parts of a video hold together, or one of them alone; mirrored as well."""
    for part in (sum(parts, Evidence()), *parts):
        for mirrored in (False, True):
            payload = part.payload(mirrored)
            if payload is not None:
                return payload
    return None


class Evidence:
    """Sum of what frames say of the patterns."""

    def __init__(self) -> None:
        self._sum: Any = np.zeros((LINES, COLUMNS), np.float32)
        self._count = 0

    def __add__(self, other: "Evidence") -> "Evidence":
        both = Evidence()
        both._sum, both._count = self._sum + other._sum, self._count + other._count
        return both

    def add(self, luma: Plane) -> None:
        """Take the brightness of a frame of any size, in 8 bits."""
        self._sum += _flat(*_detail(_resized(luma, 1)))
        self._count += 1

    def bits(self, mirrored: bool = False) -> Any:
        """Reading of each bit: its share of all there is, below zero for a 0."""
        seen: Any = np.ascontiguousarray(self._sum[:, ::-1]) if mirrored else self._sum
        length = float(np.linalg.norm(seen))
        return _patterns() @ seen.ravel() / length if length else np.zeros(BITS, np.float32)

    def payload(self, mirrored: bool = False) -> int | None:
        """The payload of the likeliest code word; None where none stands out."""
        found = likeliest(self.bits(mirrored))
        return found[0] if found and found[1] >= SIGNAL else None


def likeliest(bits: Any) -> tuple[int, float] | None:
    """Payload of the code word that what was read is nearest to, and the mean share of its bits."""
    word = sum(1 << at for at in range(BITS) if bits[at] > 0)
    weakest = [int(at) for at in np.argsort(np.abs(bits))[:UNSURE]]
    found: dict[int, float] = {}
    for turned in product((0, 1), repeat=UNSURE):
        tried = word ^ sum(turn << at for turn, at in zip(turned, weakest, strict=True))
        payload = payload_of(tried)
        if payload is not None:
            right = code_word(payload)
            signs = [1 if right >> at & 1 else -1 for at in range(BITS)]
            found[payload] = float(np.dot(signs, bits)) / BITS
    return max(found.items(), key=lambda one: one[1]) if found else None


@cache
def _patterns() -> Any:
    """A pattern a bit, BITS x cells, each of length 1 and at right angles to the others."""
    cells = LINES * COLUMNS
    stream = hashlib.shake_256(b"cuepoint watermark 1").digest(BITS * cells // 8 + 1)
    chips: Any = np.unpackbits(np.frombuffer(stream, np.uint8))[: BITS * cells]
    chips = chips.reshape(BITS, LINES, COLUMNS).astype(np.float32) * 2 - 1
    bands: list[Any] = [
        cv2.GaussianBlur(c, (0, 0), FINE) - cv2.GaussianBlur(c, (0, 0), COARSE) for c in chips
    ]
    rows: Any = np.stack(bands).reshape(BITS, cells)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    return np.ascontiguousarray((vectors * values**-0.5) @ vectors.T @ rows, np.float32)


def _resized(picture: Any, times: int) -> Any:
    size = times * COLUMNS, times * LINES
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _detail(grid: Any) -> tuple[Any, Any]:
    """Difference of each cell from its surroundings, and the contrast there, in levels."""
    detail = grid - cv2.GaussianBlur(grid, (0, 0), COARSE)
    return detail, cv2.sqrt(cv2.blur(detail * detail, (WINDOW, WINDOW)))


def _flat(detail: Any, contrast: Any) -> Any:
    """Detail in units of the contrast around it, so that no edge outweighs the rest."""
    return np.clip(detail / (contrast + PLAIN), -3, 3)


def _room(twice: Any) -> Any:
    """Levels that a pattern may add to each cell: more in texture, not beside a lone edge."""
    fine = cv2.absdiff(twice, cv2.blur(twice, (3, 3)))
    texture = cv2.erode(_resized(fine, 1), np.ones((3, 3), np.uint8))
    return np.minimum(PLAIN + ROUGH * cv2.blur(texture, (3, 3)), MOST)


def _is_odd(frame: Any) -> bool:
    """True if the first plane of a frame is not brightness in 8 bits."""
    name = frame.format.name
    planar = name.startswith(("yuv4", "yuvj4", "yuva4", "gray", "nv12", "nv21"))
    return not planar or frame.format.components[0].bits != 8


def _plane(frame: Any) -> Plane:
    plane = frame.planes[0]
    rows: Any = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]
