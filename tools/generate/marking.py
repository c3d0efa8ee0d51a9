"""Marking: a film that a provider made, encoded anew with our watermark. Runs in the sandbox."""

from collections.abc import Iterator
from typing import Any

import cv2 as opencv
import numpy as np
from numpy.typing import NDArray

from tools.provenance.watermark import WatermarkWriter
from tools.sandbox import Event
from tools.video.cut import write_cut

cv2: Any = opencv
THUMB = (32, 18)
"""Pixels of the small copies by which movement is told."""
Plane = NDArray[np.uint8]


def write_marked(
    path: str,
    target: str,
    payload: int,
    fps: float,
    duration: float,
    strength: float = 1.0,
    label: str = "",
) -> Iterator[Event]:
    """Encode a film with a watermark, and with a visible label in a corner where one is asked for.

    Yields {"fraction": …}; the last has `contrast`, the largest range of light in a picture, and
    `movement`, the mean change from one picture to the next, both in levels of 255.
    """
    marker = _Marker(payload, fps, strength, label)
    for event in write_cut([path], [[0.0, duration]], target, change=marker):
        yield {"fraction": min(event["fraction"], 0.99)}
    yield {
        "fraction": 1.0,
        "contrast": marker.contrast,
        "movement": marker.changed / max(marker.count - 1, 1),
    }


class _Marker:
    """Marks each picture, and measures it."""

    def __init__(self, payload: int, fps: float, strength: float, label: str) -> None:
        self._payload, self._fps, self._strength, self._label = payload, fps, strength, label
        self._writer: WatermarkWriter | None = None
        self._before: Any = None
        self.contrast = self.changed = 0.0
        self.count = 0

    def __call__(self, luma: Plane) -> Plane:
        height, width = luma.shape
        if self._writer is None:
            self._writer = WatermarkWriter(self._payload, width, height, self._fps, self._strength)
        small = cv2.resize(luma, THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
        self.contrast = max(self.contrast, float(small.max() - small.min()))
        if self._before is not None:
            self.changed += float(np.abs(small - self._before).mean())
        self._before, self.count = small, self.count + 1
        return self._writer.mark(_labelled(luma, self._label) if self._label else luma)


def _labelled(luma: Plane, label: str) -> Plane:
    """A picture with white words on a dark edge in its lower left corner."""
    shown: Any = luma.copy()
    height = shown.shape[0]
    place, size = (height // 30, height - height // 30), height / 900
    for light, thick in ((16, 4), (235, 1)):
        stroke = max(round(thick * size), 1)
        cv2.putText(shown, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, light, stroke, cv2.LINE_AA)
    return shown
