"""Appearance of a picture as a vector: colours, light and edges, measured without a model.

Three parts, each a root of shares, so that a dot product of two compares distributions (Hellinger):
colours of the whole picture in cells of CIELAB, light in each cell of a grid, and the directions of
edges there. A cell shares a value with its neighbour, so that a little more light moves a vector a
little. It tells the same shot or setting again, not what things are: words have no such vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import UnreadableMedia

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

NAME = "appearance"
WIDTH, HEIGHT = 128, 72
"""Pixels at which edges are measured; colours at half of them."""
COLUMNS, ROWS = 4, 3
LEVELS, TINTS, DIRECTIONS = 5, 5, 4
"""Cells of lightness, and of green to red and of blue to yellow; directions of edges."""
TINT = 40.0
"""CIELAB units from grey to the last cell: what is more vivid counts as that."""
FLAT = 0.02
"""Share of the range of light from one pixel to the next that counts as no edge."""
WEIGHTS = 1.0, 0.7, 0.7
"""Of colours, light and edges: fitted with `benchmarks.near_duplicates`."""
DIMENSIONS = LEVELS * TINTS**2 + COLUMNS * ROWS * (LEVELS + DIRECTIONS + 1)
UNRELATED, SAME = 0.84, 1.0
"""Cosines that count as no likeness at all, and as all of it. Half lies at 0.92, from where on most
of what is found is of the same film, and a copy in other light is found (fitted as the weights)."""


class AppearanceEmbedder:
    """Embedder of pictures alone: colours, light and edges."""

    name, dimensions = NAME, DIMENSIONS

    def images(self, images: Sequence[Path]) -> Floats:
        """Embed pictures, a unit row each. UnreadableMedia names one that is no picture."""
        import numpy as np

        rows = [appearance(_load(image)) for image in images]
        return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), np.float32)


def appearance(rgb: NDArray[np.uint8]) -> Floats:
    """Unit vector of a picture of WIDTH x HEIGHT pixels (height, width, 3; 0 to 255)."""
    import numpy as np

    made = zip(WEIGHTS, (*_colours_and_light(rgb), _edges(rgb)), strict=True)
    parts = [weight * part / np.linalg.norm(part) for weight, part in made]
    vector = np.concatenate(parts)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _load(path: Path) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("RGB", (WIDTH, HEIGHT))  # decodes a part of the JPEG's numbers
            small = image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BOX)
            return np.asarray(small)
    except OSError as error:
        raise UnreadableMedia(f"{path.name} is no picture that can be read") from error


def _colours_and_light(rgb: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Roots of the shares of colours in the picture, and of light in each cell of the grid."""
    import cv2
    import numpy as np

    half = np.asarray(
        cv2.resize(rgb, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA), np.float32
    )
    lab: Any = np.asarray(cv2.cvtColor(half / 255, cv2.COLOR_RGB2Lab), np.float32).reshape(-1, 3)
    light = _shares(lab[:, 0] / 100, LEVELS)
    red, yellow = (_shares((lab[:, at] / TINT + 1) / 2, TINTS) for at in (1, 2))
    tints = (red[:, :, None] * yellow[:, None, :]).reshape(len(lab), -1)
    colours = light.T @ tints / len(lab)
    return np.sqrt(colours.ravel()), np.sqrt(_by_cell(light, half.shape[:2]))


def _edges(rgb: NDArray[np.uint8]) -> Floats:
    """Roots of the shares of directions, and of no edge, in each cell of the grid."""
    import cv2
    import numpy as np

    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) / 255
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8).ravel()
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8).ravel()
    strength: Floats = np.hypot(across, down)
    place = (np.arctan2(down, across) % np.pi / np.pi * DIRECTIONS).astype(np.float32)
    first = place.astype(np.int32)
    rows, beyond = np.arange(len(place)), place - first
    found = np.full((len(place), DIRECTIONS + 1), FLAT, np.float32)
    found[:, :DIRECTIONS] = 0
    found[rows, first % DIRECTIONS] = strength * (1 - beyond)
    found[rows, (first + 1) % DIRECTIONS] = strength * beyond
    cells = _by_cell(found, grey.shape).reshape(COLUMNS * ROWS, -1)
    return np.sqrt(cells / cells.sum(axis=1, keepdims=True)).ravel()


def _shares(values: Floats, cells: int) -> Floats:
    """A row for each value of 0 to 1 (others count as the nearest): its share in each cell."""
    import numpy as np

    place = np.clip(values * (cells - 1), 0, cells - 1)
    first = np.minimum(place.astype(np.int32), cells - 2)
    shares = np.zeros((len(values), cells), np.float32)
    rows = np.arange(len(values))
    shares[rows, first + 1] = place - first
    shares[rows, first] = 1 - shares[rows, first + 1]
    return shares


def _by_cell(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Mean of each column of values, given for each pixel, in each cell of the grid."""
    height, width = shape
    cells = values.reshape(ROWS, height // ROWS, COLUMNS, width // COLUMNS, -1)
    return cells.mean(axis=(1, 3)).ravel()
