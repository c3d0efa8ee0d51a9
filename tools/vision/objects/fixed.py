"""Fixed cameras: a background that stays over most of the film, before which something moves.

The signals of the decode pass rule out most edited and hand-held films. A slide show, a screencast,
a title and a slow pan over a drawing change as little as a fixed camera's picture; they are told by
kept pictures: edges of a background stay where they are, in any light, and a camera's picture is
not made of even surfaces and sharp letters.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.files.rows import Rows
from tools.vision.change_regions import Grey, load_grey, load_native

STILL, CUTS_PER_MINUTE = 0.2, 1.0
"""Share of the picture that differs from 0.6 s ago, as a median, up to which a camera stands
still, and cuts up to which a film is no edited one. Hand-held film had 0.45, a busy road 0.12."""
PICTURES, DRAWN_PICTURES = 24, 4
"""Pictures in which edges are compared, and of these those that are looked at for letters."""
EDGE, ALIKE, AS_STRONG = 3.0, 0.8, 0.4
"""Light, of 255 a pixel, from which on there is an edge; cosine and strength, beside its own, of
the background's gradient, from which on it is one of the background."""
STAYS, GOES = 0.36, 0.03
"""Share of the edges that are the background's, at least, and share of the picture that other edges
may cover in any case. Fixed cameras had 0.43 to 0.99, pans and formulas up to 0.29."""
BLOCK, EVEN, SHARP = 8, 3, 80
"""Pixels of a block's side; range of its light up to which it is even, and range along a line from
which on it is sharp: letters have upright strokes, a horizon has none."""
MOSTLY_EVEN, LETTERS, OF_REST = 0.5, 0.025, 0.3
"""Shares of even and of sharp blocks, and of the sharp ones among those that are not even, from
which on a picture is drawn. Of the last fixed cameras had up to 0.19, screens 0.31 to 0.96."""
Floats = NDArray[np.float32]


def is_fixed(rows: Rows, cuts: int, pictures: Sequence[Path]) -> bool:
    """True for a film of a fixed camera, by the signals of the pass, then by kept pictures by time.

    Pictures that cannot be read are left out; of fewer than three nothing is told.
    """
    if len(rows) < 2:
        return False
    length = float(rows["seconds"][-1] - rows["seconds"][0])
    if cuts > CUTS_PER_MINUTE * length / 60 or float(np.median(rows["spread"])) > STILL:
        return False
    return not (_is_drawn(pictures[:: max(len(pictures) // DRAWN_PICTURES, 1)]) or _moves(pictures))


def _moves(pictures: Sequence[Path]) -> bool:
    """True if most edges do not stay where they are."""
    slopes = [_slope(grey) for grey in _read(load_grey, pictures)]
    slopes = [slope for slope in slopes if slope.shape == slopes[0].shape]
    if len(slopes) < 3:
        return False
    behind: Floats = np.median(np.stack(slopes), axis=0).astype(np.float32)
    usual: Floats = np.linalg.norm(behind, axis=2).astype(np.float32)
    edges = stays = 0.0
    for slope in slopes:
        steep: Floats = np.linalg.norm(slope, axis=2).astype(np.float32)
        along: Floats = (slope * behind).sum(axis=2)
        alike = (along >= ALIKE * steep * usual) & (usual > AS_STRONG * steep)
        edges += float(np.mean(steep >= EDGE))
        stays += float(np.mean((steep >= EDGE) & alike))
    return stays < STAYS * edges and edges - stays >= GOES * len(slopes)


def _slope(grey: Grey) -> Floats:
    """Gradient of the light (height x width x 2), a pixel."""
    import cv2

    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    both = [cv2.Sobel(soft, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1))]
    return np.stack(both, axis=2).astype(np.float32)


def _is_drawn(pictures: Sequence[Path]) -> bool:
    """True for pictures of a screen, of letters or a drawing: even surfaces, and sharp edges."""
    shares = [_even_and_sharp(grey) for grey in _read(load_native, pictures)]
    if not shares:
        return False
    even, sharp = np.mean(shares, axis=0).tolist()
    return even >= MOSTLY_EVEN and sharp >= max(LETTERS, OF_REST * (1 - even))


def _even_and_sharp(grey: Grey) -> tuple[float, float]:
    high, wide = (side // BLOCK for side in grey.shape)
    blocks = grey[: high * BLOCK, : wide * BLOCK].reshape(high, BLOCK, wide, BLOCK)
    if not blocks.size:
        return 0.0, 0.0
    ranges: Grey = np.ptp(blocks, axis=(1, 3))
    steps: Grey = np.ptp(blocks, axis=3).max(axis=1)
    return float(np.mean(ranges <= EVEN)), float(np.mean(steps >= SHARP))


def _read(load: Any, pictures: Sequence[Path]) -> list[Grey]:
    found: list[Grey] = []
    for path in pictures:
        try:
            found.append(load(path))
        except OSError:
            continue
    return found
