"""Embeddings of one video as the indexes hold them, by kind; made from its files.

A video's own rows (`video_vectors`) find moments inside it; a few coarse rows (`coarse_vectors`)
find the video among all others.
"""

import heapq
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.embed import Floats, Vectors, unit_rows
from tools.embed.passages import ABOUT, WIDTHS, around, mean_vectors, nearest_rows
from tools.store.store import Store

VectorKind = Literal["frames", "passages", "screen", "crops"]
CoarseKind = Literal["scenes", "passages", "crops"]
VECTOR_KINDS: tuple[VectorKind, ...] = ("frames", "passages", "screen", "crops")
MOST, USUAL = 32, 8
"""Frames of a segment: at most, and on average where scenes are longer. Crops that stand for all of
a video: at most."""
LONG_SECONDS = 60.0
"""Width of a coarse passage; the next one begins half of it later."""


@dataclass(frozen=True, eq=False)
class Coarse:
    """Coarse rows of one video: where each begins, in milliseconds, and its unit vector."""

    milliseconds: NDArray[np.int64]
    array: Floats
    provider: str


def video_vectors(store: Store, video: str, kind: VectorKind) -> Vectors | None:
    """Embeddings of a video's frames, texts or tracked objects, by evidence id; None without.

    A passage is what is said in about 20 seconds around an utterance, under the utterance's id.
    """
    if kind == "frames":
        return store.index_picture_vectors(video)
    if kind == "crops":
        return store.crop_vectors(video)
    if (stored := store.vectors(video)) is None:
        return None
    if kind == "screen":
        rows = [row for row, id in enumerate(stored.ids) if id.startswith("screen:")]
        if not rows:
            return None

        def shown() -> Vectors:
            return Vectors([stored.ids[row] for row in rows], stored.array[rows], stored.provider)

        return store.cached(video, "screen vectors", shown)
    if not store.utterances(video):
        return None
    return store.cached(video, "passage vectors", lambda: _passage_vectors(store, video, stored))


def _passage_vectors(store: Store, video: str, stored: Vectors) -> Vectors:
    said, read = store.utterances(video), store.passages(video)
    ids = [one.id for one in said]
    if read and read.provider == stored.provider:
        return Vectors(ids, read.array[nearest_rows(read, said)[ABOUT]], read.provider)
    array = mean_vectors(said, rows_of(stored, ids), around(said, WIDTHS[ABOUT]))
    return Vectors(ids, array.astype(np.float32), stored.provider)


def rows_of(stored: Vectors, ids: list[str]) -> Floats:
    """Vectors of these ids, a row of zeros for one that has none."""
    known = {id: place for place, id in enumerate(stored.ids)}
    places = np.array([known.get(id, -1) for id in ids], np.int64)
    rows = np.zeros((len(ids), stored.array.shape[1]), np.float32)
    rows[places >= 0] = stored.array[places[places >= 0]]
    return rows


def coarse_vectors(store: Store, video: str, kind: CoarseKind) -> Coarse | None:
    """Mean vectors of scenes or of passages of a minute, or some crops; None without vectors."""
    if kind == "crops":
        vectors = store.crop_vectors(video)
        if vectors is None or not vectors.ids:
            return None
        rows = unlike_rows(vectors.array, MOST)
        starts = [int(vectors.ids[row].rpartition("@")[2].split("-")[0]) for row in rows]
        return Coarse(np.array(starts, np.int64), vectors.array[rows], vectors.provider)
    if kind == "scenes":
        vectors = store.index_picture_vectors(video)
        if vectors is None or not vectors.ids:
            return None
        spans, means = scene_means(store, video, vectors)
        starts = [int(vectors.ids[first].rpartition("@")[2]) for first, _ in spans]
        return Coarse(np.array(starts, np.int64), unit_rows(means), vectors.provider)
    stored, said = store.vectors(video), store.utterances(video)
    if stored is None or not said:
        return None
    chosen: list[int] = []
    last = float("-inf")
    for place, one in enumerate(said):
        if one.start - last >= LONG_SECONDS / 2:
            last = one.start
            chosen.append(place)
    spans = around(said, LONG_SECONDS)[chosen]
    array = mean_vectors(said, rows_of(stored, [one.id for one in said]), spans)
    starts = np.array([round(said[int(first)].start * 1000) for first in spans[:, 0]], np.int64)
    return Coarse(starts, array.astype(np.float32), stored.provider)


def unlike_rows(array: Floats, most: int) -> list[int]:
    """Numbers of rows that are least alike, near one of which all others are.

    Each is the one farthest from those before it (farthest-first traversal: Gonzalez, 1985).
    """
    chosen, nearest = [0], array @ array[0]
    while len(chosen) < min(most, len(array)):
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, array @ array[chosen[-1]])
    return sorted({*chosen})


def scene_means(store: Store, video: str, vectors: Vectors) -> tuple[list[tuple[int, int]], Floats]:
    """Segments of the frames that have these vectors, and the mean vector of each.

    The means are not scaled: the length of one tells how alike its frames are.
    """
    milliseconds = [int(id.rpartition("@")[2]) for id in vectors.ids]
    cuts = [round(scene.start * 1000) for scene in store.scenes(video)]
    spans = segments(vectors.array, milliseconds, cuts)
    return spans, np.stack([vectors.array[first:last].mean(axis=0) for first, last in spans])


def segments(array: Floats, milliseconds: list[int], cuts: list[int]) -> list[tuple[int, int]]:
    """Runs of alike frames (first, one past the last), none of which a cut divides.

    `array` holds unit rows in order of time. A scene is split where neighbours differ most, the
    least uniform first, so that what is seen only shortly has a mean of its own.
    """
    edges = np.searchsorted(milliseconds, cuts).tolist()
    bounds = sorted({0, *edges, len(array)})
    jumps = 1 - np.einsum("ij,ij->i", array[:-1], array[1:])

    def entry(first: int, last: int) -> tuple[float, int, int]:
        rows = array[first:last]
        mean = rows.mean(axis=0)
        away = 1 - float((rows @ mean).min()) / max(float(np.linalg.norm(mean)), 1e-9)
        return -(away + 4 * (last - first > MOST) if last - first > 1 else 0.0), first, last

    spans = [entry(*span) for span in pairwise(bounds)]
    heapq.heapify(spans)
    while spans and (spans[0][0] < -3 or (len(spans) < len(array) / USUAL and spans[0][0] < 0)):
        _, first, last = heapq.heappop(spans)
        middle = first + 1 + int(np.argmax(jumps[first : last - 1]))
        heapq.heappush(spans, entry(first, middle))
        heapq.heappush(spans, entry(middle, last))
    return sorted((first, last) for _, first, last in spans)
