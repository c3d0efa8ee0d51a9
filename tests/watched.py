"""Libraries whose sightings are given, in the place of what is seen in their films."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import write_video
from tools.ingest.pipeline import ingest
from tools.ingest.stages.tracking import Watcher
from tools.library import Library
from tools.media import Sighting, numbered
from tools.models.providers import BARE

SECONDS = 4.0
"""Length of each film, whatever its sightings say."""


def going(
    start: float,
    path: Sequence[tuple[float, float]],
    label: str = "person",
    colour: str = "",
    end: float | None = None,
) -> Sighting:
    """An object that stands at these points, one a second; it stays at the last until `end`."""
    boxes = tuple((start + n, x - 0.05, y - 0.2, x + 0.05, y) for n, (x, y) in enumerate(path))
    last = boxes[-1][0] if end is None else end
    return Sighting("", start, last, label, colour, "", 0.0, 0.9, 1.0, boxes, "given")


def across(start: float, label: str = "person", colour: str = "", back: bool = False) -> Sighting:
    """An object that goes from left to right at 0.8 of the height in 4 s, or back."""
    path = [(0.1, 0.8), (0.3, 0.8), (0.5, 0.8), (0.7, 0.8), (0.9, 0.8)]
    return going(start, path[::-1] if back else path, label, colour)


def watched(
    library: Library,
    folder: Path,
    name: str,
    seen: Sequence[Sighting],
    recorded_at: datetime | None = None,
) -> str:
    """Index a film of its own whose sightings are these; its id."""
    level = 40 + 7 * sum(map(ord, name)) % 180

    def paint(seconds: float) -> np.ndarray:
        picture = np.full((90, 160, 3), level, np.uint8)
        picture[40:60, round(seconds * 30) : round(seconds * 30) + 20] = 250
        return picture

    file = write_video(folder / f"{name}.mp4", paint, SECONDS, fps=4)

    def finish(self: Watcher, video: str, width: int, height: int) -> list[Sighting]:
        found = [Sighting(**{**one.__dict__, "video": video}) for one in seen]
        return list(numbered(sorted(found, key=lambda one: (one.start, one.end))))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watcher, "finish", finish)
        return ingest(library, file, providers=BARE, recorded_at=recorded_at).id
