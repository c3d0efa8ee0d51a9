"""What cited pictures hold, measured again from what is stored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import NotIndexed, UnknownVideo
from tools.media import Evidence
from tools.store.filmstrip import is_strip
from tools.store.records import seconds_of

if TYPE_CHECKING:
    from tools.toolbox import Toolbox

INSTANT = 1e-3
"""Seconds that a moment is looked at: spans are half-open."""
WIDTH = 320
"""Pixels at most of the picture that colours are counted in."""


class Measured:
    """Measures evidence of one library, each piece once. It blocks: call it in a thread."""

    def __init__(self, toolbox: "Toolbox") -> None:
        self._toolbox = toolbox
        self._looks: dict[str, list[Mapping[str, float]]] = {}
        self._shown: dict[tuple[str, str], bool | None] = {}

    def colours(self, one: Evidence) -> Sequence[Mapping[str, float]]:
        """The shares of colours in its own picture and in those of the index within its span."""
        if one.id not in self._looks:
            try:
                self._looks[one.id] = self._colours(one)
            except UnknownVideo:  # removed while it is asked about
                self._looks[one.id] = []
        return self._looks[one.id]

    def _colours(self, one: Evidence) -> list[Mapping[str, float]]:
        library = self._toolbox.library
        looks = {
            round(look.seconds, 3): look.colours
            for look in library.attributes(one.video)
            if one.start <= look.seconds < max(one.end, one.start + INSTANT)
        }
        if one.image and not is_strip(one.image):  # the frames of a strip are among these
            looks[seconds_of(one.image)] = _look(library.picture(one.image))
        return list(looks.values())

    def shows(self, text: str, one: Evidence) -> bool | None:
        """Whether a text stands above everyday captions on its pictures; None without a model."""
        key = (text, one.id)
        if key not in self._shown:
            self._shown[key] = self._shows(text, one)
        return self._shown[key]

    def _shows(self, text: str, one: Evidence) -> bool | None:
        from tools.search.calibration import DISTRACTORS, cut
        from tools.search.zero_shot import classify

        visual = self._toolbox.visual
        if visual is None or one.image is None:
            return None
        try:
            end = max(one.end, one.start + INSTANT)
            labels = visual.classify([text], one.video, one.start, end)
        except NotIndexed:  # a picture that was made for a question
            seen = visual.picture(self._toolbox.library.picture(one.image))
            labels = classify(seen[None], [text], visual.embedder)
        except UnknownVideo:
            return None
        margin = next(label.margin for label in labels if label.text)
        return margin >= cut(len(DISTRACTORS))


def _look(path: Path) -> Mapping[str, float]:
    """The shares of colours in a picture, with room for small things."""
    import numpy as np
    from PIL import Image

    from tools.vision.colour import measure_attributes

    with Image.open(path) as image:
        image.draft("RGB", (WIDTH, WIDTH))
        image.thumbnail((WIDTH, WIDTH))
        return measure_attributes("", 0.0, np.asarray(image.convert("RGB")), 0.0).colours
