"""Shot boundary detection from rows of signals: hard cuts, dissolves, fades through black."""

import itertools
from bisect import bisect_left, bisect_right
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows, runs
from tools.vision.signals import DRIFT

Floats = NDArray[np.float64]

HARD_DIFFERENCE = 7.0
"""Mean change of a pixel at a cut, at least, in luma steps of 255."""
HARD_RATIO = 2.8
"""Ratio of a cut to the largest step near it: a shake or a flash has neighbours."""
MOVING_DIFFERENCE, MOVING_RATIO = 15.0, 4.0
"""Change and ratio at a cut in a moving shot, where the histogram's step has to stand out too."""
LASTING = 0.4
"""Share of a cut's step that must still lie between the pictures before and after it."""
NEAR = 0.25
"""Seconds to each side of a step that it is compared with."""
SHORTEST = 0.35
"""Seconds of the shortest scene: of two cuts closer than this the stronger one counts."""
DARK, FLAT = 0.05, 0.05
"""Brightness below which, with contrast below FLAT, a picture is faded out."""
DISSOLVE_STRAIGHT = 0.45
"""A dissolve goes straight from one picture to the other; a moving camera wanders."""
FADE_NEAR, FADE_LIT = 1.0, 0.08
"""A fade has a picture of this brightness (0 to 1) within so many seconds on both sides."""
DISSOLVE_DRIFT, DISSOLVE_SPREAD, DISSOLVE_RATIO = 16.0, 0.55, 2.2
"""Least difference of the pictures before and after a dissolve: mean luma steps of 255, share of
the picture (a passer-by changes less), and ratio to the time around it."""


class Cut(NamedTuple):
    """Boundary of two scenes; `seconds` is the first frame of the new one."""

    seconds: float
    kind: Literal["cut", "fade", "dissolve"]
    strength: float


def find_cuts(rows: Rows) -> list[Cut]:
    """Find the cuts, by time; of two that are too close, the surer kind or stronger step counts."""
    if len(rows) < 3:
        return []
    seconds = rows["seconds"].astype(np.float64)
    rate = 1 / max(float(np.median(np.diff(seconds))), 1e-3)
    hard = _hard(rows, seconds, rate)
    candidates = [*hard, *_fades(rows, seconds, hard), *_dissolves(rows, seconds, rate)]
    apart = {"cut": SHORTEST, "fade": 2 * SHORTEST, "dissolve": 1.0}
    order = list(apart)
    kept: list[Cut] = []
    for cut in sorted(candidates, key=lambda cut: (order.index(cut.kind), -cut.strength)):
        place = bisect_left(kept, cut.seconds, key=lambda other: other.seconds)
        near = kept[max(place - 1, 0) : place + 1]
        if all(abs(cut.seconds - other.seconds) >= apart[cut.kind] for other in near):
            kept.insert(place, cut)
    return [cut for cut in kept if SHORTEST <= cut.seconds <= seconds[-1] - SHORTEST / 2]


def spans(cuts: list[Cut], duration: float) -> list[tuple[float, float]]:
    """Scenes between the cuts: half-open spans in seconds, without gaps, from 0 to duration."""
    times = [0.0, *(cut.seconds for cut in cuts if 0 < cut.seconds < duration), duration]
    return list(itertools.pairwise(times))


def _hard(rows: Rows, seconds: Floats, rate: float) -> list[Cut]:
    difference = rows["difference"].astype(np.float64)
    histogram = rows["histogram"].astype(np.float64)
    reach = max(round(NEAR * rate), 2)
    # A cut changes what is where and how much of it; a flash changes back at once, so it has a
    # neighbour as large as itself.
    score = difference * (0.5 + histogram)
    ratio = difference / np.maximum(_largest_near(difference, reach), 1.5)
    shift = histogram / np.maximum(_largest_near(histogram, reach), 0.02)
    is_cut = (difference >= HARD_DIFFERENCE) & (rows["motion"] > 0.15) & (ratio >= HARD_RATIO)
    # In a moving shot the step alone is not enough: the distribution must jump as well.
    is_cut |= (difference >= MOVING_DIFFERENCE) & (ratio >= 1.5) & (ratio * shift >= MOVING_RATIO)
    return [
        Cut(float(seconds[i]), "cut", float(score[i]))
        for i in np.flatnonzero(is_cut)
        if _lasts(rows, seconds, int(i))
    ]


def _lasts(rows: Rows, seconds: Floats, i: int) -> bool:
    """True if the picture stays another one: after a flash it is again as before."""
    first = bisect_right(seconds, seconds[i] + DRIFT / 4)
    last = bisect_left(seconds, seconds[i] + DRIFT * 0.9)
    if first >= last:
        return True
    return bool(np.median(rows["drift"][first:last]) >= LASTING * rows["difference"][i])


def _largest_near(values: Floats, reach: int) -> Floats:
    """Maximum of the `reach` values before and the `reach` values after each place."""
    padded = np.concatenate([np.zeros(reach), values, np.zeros(reach)])
    windows: Any = np.lib.stride_tricks.sliding_window_view(padded, reach).max(1)
    return np.maximum(windows[: len(values)], windows[reach + 1 : reach + 1 + len(values)])


def _fades(rows: Rows, seconds: Floats, hard: list[Cut]) -> list[Cut]:
    """Cuts in the middle of the spans in which the picture is faded out."""
    brightness, contrast = rows["brightness"], rows["contrast"]
    out = (contrast < FLAT) & (brightness < DARK)
    at_cuts = np.array([cut.seconds for cut in hard], np.float64)
    cuts: list[Cut] = []
    for first, last in runs(out)[1:-1]:  # a film may begin or end black
        if out[first]:
            gone, back = seconds[first], seconds[last]
            ends = np.array([gone, back])
            if np.all(np.searchsorted(at_cuts, ends - 0.1) < np.searchsorted(at_cuts, ends + 0.1)):
                continue  # a black picture between two hard cuts is a scene, not a fade
            begin = bisect_right(seconds, gone - FADE_NEAR)
            end = bisect_left(seconds, back + FADE_NEAR)
            before, behind = brightness[begin:first], brightness[last - 1 : end]
            # Words that come and go on black are no fade: there must be a picture on both sides.
            if min(before.max(initial=0.0), behind.max(initial=0.0)) >= FADE_LIT:
                cuts.append(Cut(float(gone + back) / 2, "fade", 1.0))
    return cuts


def _dissolves(rows: Rows, seconds: Floats, rate: float) -> list[Cut]:
    """Gradual transitions without any single large step.

    During a dissolve of two still shots the picture of DRIFT seconds ago lies far away, while it is
    near again soon after; in a moving shot it is always far.
    """
    drift = rows["drift"].astype(np.float64)
    reach = max(round(DRIFT * rate), 2)
    if len(drift) < 3 * reach:
        return []
    travelled = np.cumsum(rows["difference"].astype(np.float64))
    cuts: list[Cut] = []
    is_far = (drift >= DISSOLVE_DRIFT) & (rows["spread"] >= DISSOLVE_SPREAD)
    for i in (np.flatnonzero(is_far[reach:-1]) + reach).tolist():
        low, high = i - reach, min(i + reach + 1, len(drift))
        if drift[i] < drift[low:high].max() or rows["contrast"][low:high].max() < FLAT:
            continue
        if drift[i] < DISSOLVE_STRAIGHT * (travelled[i] - travelled[low]):
            continue
        if (drift[i - reach // 2 : i + reach // 2] >= drift[i] / 2).mean() < 0.5:
            continue  # a flash is far away from what it interrupts, too, but not for long
        before = drift[max(low - reach, 0) : low + 1]
        after = drift[high - 1 : high + reach]
        rest = max(float(np.median(before)), float(np.median(after)) if len(after) else 0.0, 1.0)
        if drift[i] / rest >= DISSOLVE_RATIO:
            cuts.append(Cut(float(seconds[max(i - reach // 2, 0)]), "dissolve", float(drift[i])))
    return cuts
