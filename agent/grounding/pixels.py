"""Visual check of claims: colours and content of cited frames, measured again from the files."""

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
"""Seconds that a moment lasts: spans are half-open."""
WIDTH = 320
"""Pixels, at most, of the picture that colours are counted in."""


class PixelCheck:
    """Measurements of the evidence of one library, each made once. Blocks: call it in a thread."""

    def __init__(self, toolbox: "Toolbox") -> None:
        self._toolbox = toolbox
        self._measured: dict[str, list[Mapping[str, float]]] = {}
        self._matches: dict[tuple[str, str], bool | None] = {}

    def colours(self, evidence: Evidence) -> Sequence[Mapping[str, float]]:
        """Colour shares of its own picture and of each indexed frame within its span."""
        if evidence.id not in self._measured:
            try:
                self._measured[evidence.id] = self._measure(evidence)
            except UnknownVideo:  # removed while it is asked about
                self._measured[evidence.id] = []
        return self._measured[evidence.id]

    def _measure(self, evidence: Evidence) -> list[Mapping[str, float]]:
        library, image = self._toolbox.library, evidence.image
        end = max(evidence.end, evidence.start + INSTANT)
        shares = {
            round(frame.seconds, 3): frame.colours
            for frame in library.attributes(evidence.video)
            if evidence.start <= frame.seconds < end
        }
        if image and not is_strip(image):  # the frames of a strip are among these
            shares[seconds_of(image)] = _colour_shares(library.picture(image))
        return list(shares.values())

    def shows(self, text: str, evidence: Evidence) -> bool | None:
        """True if its frames match a text better than everyday captions; None without a model."""
        key = (text, evidence.id)
        if key not in self._matches:
            self._matches[key] = self._match(text, evidence)
        return self._matches[key]

    def _match(self, text: str, evidence: Evidence) -> bool | None:
        from tools.search.calibration import DISTRACTORS, cut
        from tools.search.zero_shot import classify

        visual = self._toolbox.pictures.visual
        if visual is None or evidence.image is None:
            return None
        try:
            end = max(evidence.end, evidence.start + INSTANT)
            labels = visual.classify([text], evidence.video, evidence.start, end)
        except NotIndexed:  # a frame that was decoded for a question
            vector = visual.picture(self._toolbox.library.picture(evidence.image))
            labels = classify(vector[None], [text], visual.embedder)
        except UnknownVideo:
            return None
        margin = next(label.margin for label in labels if label.text)
        return margin >= cut(len(DISTRACTORS))


def _colour_shares(path: Path) -> Mapping[str, float]:
    """Colour shares of a picture, at a size where small things still count."""
    import numpy as np
    from PIL import Image

    from tools.vision.colour import measure_attributes

    with Image.open(path) as image:
        image.draft("RGB", (WIDTH, WIDTH))
        image.thumbnail((WIDTH, WIDTH))
        return measure_attributes("", 0.0, np.asarray(image.convert("RGB"))).colours
