"""Search for movements and actions: spans with amount, direction and confidence.

Without a model the signals of the decode pass tell when and how much something moves, and the kept
frames in which direction. What an action is only a model that sees can name.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

from tools.errors import ProviderUnavailable
from tools.media import Evidence, Frame, evidence_id
from tools.sandbox import check_deadline
from tools.store.filmstrip import image_of
from tools.store.frames import picture_file
from tools.vision import motion
from tools.vision.change_regions import load_grey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.search.image_vectors import VisualSearch
    from tools.store.store import Store

MODERATE, STRONG = 0.02, 0.06
"""Share of the picture that changes from one frame to the next, from which on a movement is more
than slight."""
PICTURES = 12
"""Kept frames of a movement, at most, that its direction is read from."""
AROUND = 2.0
"""Seconds before and after a movement whose frames are looked at too: few are kept inside."""
WINDOW, STEP = 4.0, 2.0
"""Seconds of pictures that are compared with labels together, and from one to the next."""


def find_actions(
    store: Store,
    video: str,
    start: float,
    end: float,
    labels: Sequence[str] = (),
    visual: VisualSearch | None = None,
) -> list[Evidence]:
    """Movements in [start, end) by time, or spans that fit labels; the score is 0 to 1.

    NotIndexed where the decode pass is still to come; ProviderUnavailable for labels without a
    model that sees.
    """
    if labels:
        return _labelled(store, video, start, end, labels, visual)
    if store.get(video).width is None:
        return []
    known = _Movements(store, video)
    return [
        known.evidence(round(max(first, start), 3), round(min(last, end), 3))
        for first, last in motion.movements(known.rows, known.cuts)
        if last > start and first < end
    ]


def of_movement(store: Store, video: str, start: float, end: float) -> Evidence:
    """Evidence of a movement: its amount, its direction, and how sure it is that it moves."""
    return _Movements(store, video).evidence(start, end)


class _Movements:
    """Evidence of movements in one video, whose signals, cuts and frames are read once."""

    def __init__(self, store: Store, video: str) -> None:
        self.rows = store.signals(video)
        self.cuts = [scene.start for scene in store.scenes(video)[1:]]
        self._store, self._video = store, video
        self._frames = store.frames(video)
        self._seconds = self.rows["seconds"].astype(np.float64)
        self._changing = motion.changing(self.rows, self.cuts)

    def evidence(self, start: float, end: float) -> Evidence:
        """Amount, direction and confidence of the movement in [start, end).

        facts: `amount` (no, slight, moderate or strong) and `direction` in words, or "".
        """
        check_deadline()
        first, last = np.searchsorted(self._seconds, [start - 1e-3, end]).tolist()
        level = float(self._changing[first:last].mean()) if first < last else 0.0
        span, amount, way = (start, end), "no", ""
        if level >= motion.LASTS:
            amount = "strong" if level >= STRONG else "moderate" if level >= MODERATE else "slight"
            way = self._direction(start, end)
        text = f"{amount} movement, {way}" if way else f"{amount} movement"
        id, image = evidence_id("motion", self._video, *span), image_of(self._frames, *span)
        sure = round(max(0.0, 1 - motion.LASTS / level), 2) if level else 0.0
        facts = {"amount": amount, "direction": way}
        return Evidence(
            id, self._video, *span, "motion", text, image, sure, "movement", facts=facts
        )

    def _direction(self, start: float, end: float) -> str:
        """The movement of the camera or of an object in words; empty where it is not clear."""
        scene = bisect_right(self.cuts, start + 1e-3)
        begun = self.cuts[scene - 1] if scene else 0.0
        ended = self.cuts[scene] if scene < len(self.cuts) else math.inf
        kept = _inside(self._frames, max(start - AROUND, begun), min(end + AROUND, ended))
        kept = kept[:: max(1, -(-len(kept) // PICTURES))]
        greys = [
            (frame.seconds, load_grey(picture_file(self._store, frame.image))) for frame in kept
        ]
        greys = [one for one in greys if one[1].shape == greys[0][1].shape]
        camera = motion.camera_motion(greys)
        if camera in ("in", "out"):
            return f"the camera zooms {camera}"
        if camera:
            return f"the camera {'pans' if camera in ('left', 'right') else 'tilts'} {camera}"
        path = motion.crossing(greys)
        return f"something moves from {path[0]} to {path[1]}" if path else ""


def _inside(frames: Sequence[Frame], start: float, end: float) -> Sequence[Frame]:
    """The frames in [start, end); they come by time."""
    first, last = (bisect_left(frames, at, key=lambda one: one.seconds) for at in (start, end))
    return frames[first:last]


def _labelled(
    store: Store,
    video: str,
    start: float,
    end: float,
    labels: Sequence[str],
    visual: VisualSearch | None,
) -> list[Evidence]:
    """Spans whose pictures one label fits better than the other labels, and than none of them."""
    if visual is None:
        raise ProviderUnavailable(
            "naming an action needs a model that sees: run `cuepoint models pull`, then "
            "`cuepoint index`; without labels, movements are found without one"
        )
    frames = store.frames(video)
    kept = _inside(frames, start, end)
    fits: list[tuple[float, float, str, float]] = []
    at = start
    while at < end:
        inside = _inside(kept, at, at + WINDOW)
        if len(inside) > 1:
            span = inside[0].seconds, inside[-1].seconds + 1e-3
            best = visual.classify(labels, video, *span)[0]
            if best.text:
                fits.append((at, min(at + WINDOW, end), best.text, best.probability))
        at += STEP
    found: list[tuple[float, float, str, list[float]]] = []
    for first, last, text, chance in fits:
        if found and found[-1][2] == text and first <= found[-1][1]:
            found[-1] = found[-1][0], last, text, [*found[-1][3], chance]
        else:
            found.append((first, last, text, [chance]))
    made: list[Evidence] = []
    for first, last, text, chances in found:
        sure = round(sum(chances) / len(chances), 4)
        id, told = evidence_id("frame", video, first, last), f"{text} {sure:.0%}"
        image, facts = image_of(frames, first, last), {"labels": {text: sure}}
        made.append(
            Evidence(id, video, first, last, "frame", told, image, sure, "picture", facts=facts)
        )
    return made
