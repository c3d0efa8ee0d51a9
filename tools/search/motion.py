"""Actions: when something moves, how, and how sure that is; what it is, only where a model sees.

Without a model the rows of the decode pass say when and how much, and the kept frames in which
direction: of the camera by phase correlation of both halves of the picture (Kuglin and Hines 1975),
of a thing before a fixed camera by where the picture differs from its median.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from tools.errors import ProviderUnavailable
from tools.evidence import MOVED
from tools.media import Evidence, evidence_id
from tools.sandbox import in_time
from tools.store.filmstrip import frames_of, strip_name
from tools.vision.change_regions import Grey, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tools.library import Library
    from tools.media import Frame
    from tools.search.image_vectors import VisualSearch
    from tools.vision.signals import Rows

    Floats = NDArray[np.float64]

BEGINS, LASTS = 0.006, 0.003
"""Share of the picture that changes from one frame to the next when a movement begins, and below
which it has ended; as means of half a second."""
SMOOTH, JOINED, SHORTEST = 0.5, 1.0, 0.4
"""Seconds: of a mean, between two movements that are one, and of the shortest."""
MODERATE, STRONG = 0.02, 0.06
"""The same share, from which on a movement is more than slight."""
SLIGHT = "slight"
ONE_STEP = 0.6
"""Share of a movement in a single frame, from which on it is a slide that changed."""
PICTURES = 12
"""Kept frames of a movement, at most, that its direction is read from."""
NEXT = 2.0
"""Seconds between two pictures that can still be compared, and around a movement for more."""
SHIFTED, CLEAR = 0.01, 0.08
"""Share of the picture that it moves by in a pan, and the height of the peak that shows it."""
CROSSED, STEADY = 0.2, 0.85
"""Share of the picture that a thing crosses, and how straight: a correlation with time."""
DIFFERS = 25
"""Steps of brightness, of 255, by which a thing differs from what is behind it."""
WINDOW, STEP = 4.0, 2.0
"""Seconds of pictures that are compared with labels together, and from one to the next."""
Way = Literal["left", "right", "up", "down", "in", "out", ""]


def find_actions(
    library: Library,
    video: str,
    start: float,
    end: float,
    labels: Sequence[str] = (),
    visual: VisualSearch | None = None,
) -> list[Evidence]:
    """Movements in [start, end) by time, or what fits labels; the score says how sure, 0 to 1.

    NotIndexed where the decode pass is still to come; ProviderUnavailable for labels without a
    model that sees.
    """
    if labels:
        return _labelled(library, video, start, end, labels, visual)
    if library.get(video).width is None:
        return []
    rows = library.signals(video)
    cuts = [scene.start for scene in library.scenes(video)[1:]]
    return [
        of_movement(library, video, round(max(first, start), 3), round(min(last, end), 3))
        for first, last in movements(rows, cuts)
        if last > start and first < end
    ]


def of_movement(library: Library, video: str, start: float, end: float) -> Evidence:
    """A stretch of movement as evidence: how much, where to, and how sure that it moves."""
    in_time()
    rows = library.signals(video)
    inside = (rows["seconds"] >= start - 1e-3) & (rows["seconds"] < end)
    cuts = [scene.start for scene in library.scenes(video)[1:]]
    level = float(_motion(rows, cuts)[inside].mean()) if inside.any() else 0.0
    amount = "strong" if level >= STRONG else "moderate" if level >= MODERATE else SLIGHT
    begun = max((cut for cut in cuts if cut <= start + 1e-3), default=0.0)
    ended = min((cut for cut in cuts if cut > start + 1e-3), default=math.inf)
    first, last = max(start - NEXT, begun), min(end + NEXT, ended)  # few are kept inside
    kept = [frame for frame in library.frames(video) if first <= frame.seconds < last]
    kept = kept[:: max(1, -(-len(kept) // PICTURES))]
    told = _direction(library, kept) if level >= LASTS else ""
    text = ", ".join(part for part in (f"{amount} movement", told) if part)
    if level < LASTS:
        text = "no movement"
    id = evidence_id("frame", video, start, end, MOVED)
    image = _image(library, video, start, end)
    sure = round(max(0.0, 1 - LASTS / level), 2) if level else 0.0
    return Evidence(id, video, start, end, "frame", text, image, sure, "movement")


def movements(rows: Rows, cuts: Sequence[float] = ()) -> list[tuple[float, float]]:
    """Where something moves, in seconds; a cut is no movement."""
    import numpy as np

    if len(rows) < 2:
        return []
    seconds = rows["seconds"].astype(np.float64)
    motion = _motion(rows, cuts)
    reach = max(round(SMOOTH / max(float(np.median(np.diff(seconds))), 1e-3)), 1)
    level = np.convolve(motion, np.ones(reach) / reach, "same")
    moving = level >= LASTS
    moving[_first(rows, cuts)] = False  # a movement ends with its scene
    edges = np.flatnonzero(np.diff(moving.astype(np.int8), prepend=0, append=0)).tolist()
    found: list[tuple[float, float]] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        begin, finish = float(seconds[first]), float(seconds[min(last, len(seconds) - 1)])
        jump = motion[first:last].max() > ONE_STEP * motion[first:last].sum()
        if level[first:last].max() < BEGINS or jump:
            continue
        parted = any(found and found[-1][1] <= cut + 0.1 and cut <= begin for cut in cuts)
        if found and begin - found[-1][1] <= JOINED and not parted:
            found[-1] = found[-1][0], finish
        else:
            found.append((begin, finish))
    return [(first, last) for first, last in found if last - first >= SHORTEST]


def _first(rows: Rows, cuts: Sequence[float]) -> list[int]:
    """The frames that begin a scene."""
    import numpy as np

    at = np.searchsorted(rows["seconds"], np.array(cuts, np.float64) - 1e-3)
    return at[at < len(rows)].tolist()


def _image(library: Library, video: str, start: float, end: float) -> str | None:
    """The pictures of a stretch side by side, where there are several."""
    if len(frames_of(library, video, start, end)) > 1:
        return strip_name(video, start, end)
    return library.image_at(video, start, end)


def _motion(rows: Rows, cuts: Sequence[float]) -> Floats:
    """What changes from frame to frame, without the frames that begin a scene."""
    import numpy as np

    motion = rows["motion"].astype(np.float64)
    motion[_first(rows, cuts)] = 0.0
    return motion


def _direction(library: Library, kept: Sequence[Frame]) -> str:
    greys = [(frame.seconds, small(library.picture(frame.image))) for frame in kept]
    greys = [one for one in greys if one[1].shape == greys[0][1].shape]
    if len(greys) < 2:
        return ""
    way = _camera([one for one in pairwise(greys) if one[1][0] - one[0][0] <= NEXT])
    if way in ("in", "out"):
        return f"the camera zooms {way}"
    if way:
        return f"the camera {'pans' if way in ('left', 'right') else 'tilts'} {way}"
    return _crossing(greys)


def _camera(pairs: Sequence[tuple[tuple[float, Grey], tuple[float, Grey]]]) -> Way:
    """Where the camera turns, if most of the pictures agree on it."""
    ways: list[Way] = []
    for (_, before), (_, after) in pairs:
        height, width = before.shape
        halves = [slice(0, width // 2), slice(width // 2, None)]
        moved = [_shift(before[:, half], after[:, half]) for half in halves]
        if any(one is None for one in moved):
            ways.append("")
            continue
        (left, left_down), (right, right_down) = (one for one in moved if one)
        across, apart = (left + right) / 2 / width, (right - left) / 2 / width
        down = (left_down + right_down) / 2 / height
        if abs(apart) > max(SHIFTED / 2, abs(across)):
            ways.append("in" if apart > 0 else "out")
        elif max(abs(across), abs(down)) < SHIFTED:
            ways.append("")
        elif abs(across) >= abs(down):
            ways.append("left" if across > 0 else "right")  # against what is seen
        else:
            ways.append("up" if down > 0 else "down")
    best = max(set(ways), key=ways.count) if ways else ""
    return best if ways.count(best) > len(ways) / 2 else ""


def _shift(before: Grey, after: Grey) -> tuple[float, float] | None:
    """How many pixels to the right and down the picture moved; None where nothing is clear."""
    import numpy as np

    window = np.outer(np.hanning(before.shape[0]), np.hanning(before.shape[1]))
    one, other = (np.fft.rfft2((part - part.mean()) * window) for part in (before, after))
    cross = other * one.conj()
    peaks = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=before.shape)
    at = int(peaks.argmax())
    if peaks.flat[at] < CLEAR:
        return None
    down, across = divmod(at, before.shape[1])
    height, width = before.shape
    return (
        float(across - width if across > width / 2 else across),
        float(down - height if down > height / 2 else down),
    )


def _crossing(greys: Sequence[tuple[float, Grey]]) -> str:
    """Which way a thing goes before a camera that stands still."""
    import numpy as np

    if len(greys) < 3:
        return ""
    behind = np.median(np.stack([grey for _, grey in greys]), axis=0)
    places: list[tuple[float, float, float]] = []
    for seconds, grey in greys:
        rows, columns = np.nonzero(np.abs(grey - behind) > DIFFERS)
        if len(rows) >= 0.001 * grey.size:
            height, width = grey.shape
            places.append((seconds, columns.mean() / width, rows.mean() / height))
    if len(places) < 3:
        return ""
    times, across, down = np.array(places).T
    for path, names in ((across, ("left", "right")), (down, ("the top", "the bottom"))):
        gone = float(path[-1] - path[0])
        if abs(gone) >= CROSSED and abs(float(np.corrcoef(times, path)[0, 1])) >= STEADY:
            first, last = names if gone > 0 else names[::-1]
            return f"something moves from {first} to {last}"
    return ""


def _labelled(
    library: Library,
    video: str,
    start: float,
    end: float,
    labels: Sequence[str],
    visual: VisualSearch | None,
) -> list[Evidence]:
    """Stretches of pictures that one label fits better than the others and than none of them."""
    if visual is None:
        raise ProviderUnavailable(
            "naming an action needs a model that sees: run `cuepoint models pull`, then "
            "`cuepoint index`; without labels, movements are found without one"
        )
    kept = [frame.seconds for frame in library.frames(video) if start <= frame.seconds < end]
    fits: list[tuple[float, float, str, float]] = []
    at = start
    while at < end:
        inside = [one for one in kept if at <= one < at + WINDOW]
        if len(inside) > 1:
            best = visual.classify(labels, video, inside[0], inside[-1] + 1e-3)[0]
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
        id = evidence_id("frame", video, first, last)
        image = _image(library, video, first, last)
        told = f"{text} {sure:.0%}"
        made.append(Evidence(id, video, first, last, "frame", told, image, sure, "picture"))
    return made
