"""A road before a fixed camera: what passes on it is known, and a detector that names it."""

from pathlib import Path

import numpy as np
import pytest

from tools.ingest.pipeline import ingest
from tools.ingest.stages import tracking
from tools.library import Library
from tools.models.providers import BARE
from tools.vision.objects.blobs import Pixels
from tools.vision.objects.tracking import Seen

RED, BLUE = (200, 30, 35), (40, 70, 200)
PASSING = [(RED, 4.0), (BLUE, 9.0), (RED, 14.0)]
"""Colour and start of what crosses the picture from left to right, 3 s each, at 0.56 to 0.72 of its
height."""
SECONDS = 20.0


def road(seconds: float) -> np.ndarray:
    """A grey road below a bright sky, and what passes on it."""
    picture = np.full((180, 320, 3), 124, np.uint8)
    picture[:60] = (205, 214, 226)
    for colour, start in PASSING:
        left = round(-44 + 364 * (seconds - start) / 3)
        if start <= seconds < start + 3:
            picture[100:130, max(left, 0) : max(left + 44, 0)] = colour
    return picture


class Cars:
    """A detector to which whatever is colourful is a car."""

    name = "cars"

    def find(self, picture: Pixels) -> list[Seen]:
        rows, columns = np.nonzero(np.ptp(picture.astype(int), axis=2) > 90)
        if len(rows) < 200:
            return []
        height, width = picture.shape[:2]
        left, right = float(columns.min() / width), float((columns.max() + 1) / width)
        top, bottom = float(rows.min() / height), float((rows.max() + 1) / height)
        return [Seen((left, top, right, bottom), "car", 0.8)]


def index_road(home: Path, file: Path) -> Library:
    """A library of the road whose cars have names."""
    library = Library(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking, "load_detector", lambda *_: Cars())
        ingest(library, file, providers=BARE)
    return library
