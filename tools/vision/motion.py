"""Motion: spans of movement, the movement of the camera, and the path of an object before it.

Spans come from the signals of the decode pass, the rest from a few grey pictures of such a span.
The camera: corners (Shi and Tomasi, 1994) tracked by optical flow (Lucas and Kanade, 1981) that
starts from phase correlation (Kuglin and Hines, 1975), and one similarity that most of them agree
on (RANSAC). An object before a fixed camera: the difference from the median of the pictures.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows, runs
from tools.vision.change_regions import Grey

Floats = NDArray[np.float64]
Corners = NDArray[np.float32]
"""Positions in pixels, n x 1 x 2."""
Picture = tuple[float, Grey]
"""Seconds and grey values, at most 320 pixels a side."""
Camera = Literal["left", "right", "up", "down", "in", "out", ""]
"""Direction of a pan, tilt or zoom; empty where the camera stands still or nothing is sure."""
Crossing = tuple[str, str]
"""Edges of the picture that an object comes from and goes to."""

BEGINS, LASTS = 0.006, 0.003
"""Share of the picture that changes from one frame to the next when a movement begins, and below
which it has ended; as means of half a second."""
SMOOTH, JOINED, SHORTEST = 0.5, 1.0, 0.4
"""Seconds: of a mean, between two movements that count as one, and of the shortest."""
ONE_STEP = 0.6
"""Share of a movement in a single frame, from which on it is a slide that changed."""
COMPARABLE = 2.0
"""Seconds between two pictures that can still be compared."""
CORNERS, LEAST_CORNERS = 100, 8
"""Corners tracked in a picture, and those that must agree on a movement of the camera."""
APART = 8
"""Pixels between two corners."""
WINDOW, LEVELS = (15, 15), 3
"""Pixels around a corner that are compared, and how often the picture is halved for it."""
CORRELATED = 0.1
"""Height of the peak of a phase correlation, 0 to 1, from which on tracking starts there."""
TRACKED, AGREED, SPREAD = 0.3, 0.5, 0.15
"""Shares: of the corners that are found again, of those that agree, and of the picture that the
agreeing ones span: less may be an object."""
SHIFTED = 0.01
"""Share of the picture that it moves by in a pan."""
CROSSED, STEADY, LEAP = 0.2, 0.85, 0.7
"""Share of the picture that an object crosses, how straight (a correlation with time), and the
share of its way between two pictures from which on they show two objects."""
DIFFERS = 25
"""Steps of brightness, of 255, by which an object differs from its background."""
JOINS = 7
"""Pixels between two parts of an object where it looks like its background."""
LEAST_AREA, MOST_AREA = 0.001, 0.3
"""Share of the picture that an object covers. Where more differs, the camera or the light moves."""
DOMINANT = 0.67
"""Share of all that differs which an object makes up: it moves alone."""


def changing(rows: Rows, cuts: Sequence[float]) -> Floats:
    """Share of the picture that changes at each frame, 0 to 1, and 0 at cuts (seconds, sorted)."""
    motion = rows["motion"].astype(np.float64)
    motion[_first_frames(rows, cuts)] = 0.0
    return motion


def movements(rows: Rows, cuts: Sequence[float] = ()) -> list[tuple[float, float]]:
    """Spans of movement in seconds, by time; cuts (seconds, sorted) part them and are none."""
    if len(rows) < 2:
        return []
    seconds = rows["seconds"].astype(np.float64)
    motion = changing(rows, cuts)
    reach = max(round(SMOOTH / max(float(np.median(np.diff(seconds))), 1e-3)), 1)
    level = np.convolve(motion, np.ones(reach) / reach, "same")
    moving = level >= LASTS
    moving[_first_frames(rows, cuts)] = False  # a movement ends with its scene
    spans: list[tuple[float, float]] = []
    for first, last in runs(moving):
        start, end = float(seconds[first]), float(seconds[min(last, len(seconds) - 1)])
        jump = motion[first:last].max() > ONE_STEP * motion[first:last].sum()
        if not moving[first] or level[first:last].max() < BEGINS or jump:
            continue
        if spans and start - spans[-1][1] <= JOINED:
            cut = bisect_left(cuts, spans[-1][1] - 0.1)
            if cut == len(cuts) or cuts[cut] > start:
                start, _ = spans.pop()
        spans.append((start, end))
    return [(start, end) for start, end in spans if end - start >= SHORTEST]


def _first_frames(rows: Rows, cuts: Sequence[float]) -> list[int]:
    at = np.searchsorted(rows["seconds"], np.array(cuts, np.float64) - 1e-3)
    return at[at < len(rows)].tolist()


def camera_motion(pictures: Sequence[Picture]) -> Camera:
    """Pan, tilt or zoom that most pairs of neighbouring pictures agree on."""
    votes = Counter[Camera](
        _similarity(before, after)
        for (earlier, before), (later, after) in pairwise(pictures)
        if later - earlier <= COMPARABLE
    )
    for way, count in votes.most_common(1):
        if count > votes.total() / 2:
            return way
    return ""


def _similarity(before: Grey, after: Grey) -> Camera:
    """Camera motion between two pictures of one size."""
    size = np.array(before.shape[::-1])
    fitted = _fitted(before, after)
    if fitted is None:
        return ""
    across, down = (fitted @ [*(size / 2), 1] - size / 2) / size
    grown = (np.hypot(fitted[0, 0], fitted[1, 0]) - 1) / 4  # at a quarter of the picture
    if abs(grown) > max(SHIFTED / 2, abs(across), abs(down)):
        return "in" if grown > 0 else "out"
    if max(abs(across), abs(down)) < SHIFTED:
        return ""
    if abs(across) >= abs(down):
        return "left" if across > 0 else "right"  # against what is seen
    return "up" if down > 0 else "down"


def _fitted(before: Grey, after: Grey) -> NDArray[Any] | None:
    """Similarity (2 x 3) that maps the background before to that after; None if unsure."""
    import cv2

    best: Any = cv2.goodFeaturesToTrack(before, CORNERS, 0.01, APART)
    if best is None or len(best) < LEAST_CORNERS:
        return None
    corners = np.asarray(best, np.float32)
    hanning = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
    greys = before.astype(np.float32), after.astype(np.float32)
    shift, peak = cv2.phaseCorrelate(*greys, hanning)
    guess = corners + np.array(shift, np.float32) * (peak >= CORRELATED)
    there, is_there = _tracked(before, after, corners, guess)
    back, is_back = _tracked(after, before, there, corners)
    kept = is_there & is_back & (np.abs(back - corners).max(axis=(1, 2)) < 1)
    corners, there = corners[kept], there[kept]
    if len(corners) < max(LEAST_CORNERS, TRACKED * len(kept)):
        return None
    fitted, agree = cv2.estimateAffinePartial2D(corners, there, ransacReprojThreshold=2)
    inside = corners[agree.ravel() == 1, 0]
    if len(inside) < max(LEAST_CORNERS, AGREED * len(corners)):
        return None
    return fitted if np.prod(np.ptp(inside, axis=0) / before.shape[::-1]) >= SPREAD else None


def _tracked(
    before: Grey, after: Grey, corners: Corners, guess: Corners
) -> tuple[Corners, NDArray[np.bool_]]:
    """Positions in the second picture of corners of the first, and which of them were found."""
    import cv2

    options: Any = {"winSize": WINDOW, "maxLevel": LEVELS, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}
    there, status, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, guess.copy(), **options)
    return np.asarray(there, np.float32), status.ravel() == 1


def crossing(pictures: Sequence[Picture]) -> Crossing | None:
    """Path of the one object that crosses the picture of a fixed camera; None if there is none."""
    import cv2

    if len(pictures) < 3:
        return None
    background = np.median([grey for _, grey in pictures], axis=0).astype(np.uint8)
    joined = np.ones((JOINS, JOINS), np.uint8)
    places: list[tuple[float, float, float]] = []
    for seconds, grey in pictures:
        apart = (cv2.absdiff(grey, background) > DIFFERS).astype(np.uint8)
        apart = cv2.morphologyEx(apart, cv2.MORPH_CLOSE, joined)
        _, _, stats, centres = cv2.connectedComponentsWithStats(apart)
        areas = stats[1:, cv2.CC_STAT_AREA] / grey.size
        if areas.sum() > MOST_AREA:
            return None
        largest = int(areas.argmax()) if len(areas) else 0
        if len(areas) and areas[largest] >= max(LEAST_AREA, DOMINANT * areas.sum()):
            places.append((seconds, *(centres[1 + largest] / grey.shape[::-1]).tolist()))
    if len(places) < 3:
        return None
    times, across, down = np.array(places).T
    for path, (low, high) in ((across, ("left", "right")), (down, ("the top", "the bottom"))):
        gone = path[-1] - path[0]
        if abs(gone) < CROSSED or np.abs(np.diff(path)).max() > LEAP * abs(gone):
            continue
        if abs(float(np.corrcoef(times, path)[0, 1])) >= STEADY:
            return (low, high) if gone > 0 else (high, low)
    return None
