"""Collections of Chroma by name, and the rows that each should hold: ids, numbers and vectors.

A name has a tag of the files that its rows are made of, or of their provider: what is not held
under the name of today is filled anew. Nothing that a person could read is in there.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from tools.embed import Floats, Vectors
from tools.search.vector_index import Neighbour, best_neighbours, cosines, directed_rows
from tools.store.catalog import Catalog
from tools.store.embeddings import CoarseKind, VectorKind, video_vectors
from tools.store.store import Store
from tools.vision.sampling import REASONS

FORMAT = 1
"""Number of what rows hold; another one fills every collection anew."""
TOLERANCE = 1e-3
"""Difference between a cosine that Chroma claims and that of the vectors themselves, at most."""
_STAGES: dict[VectorKind, tuple[str, ...]] = {
    "frames": ("pictures", "pass", "keyframes"),
    "passages": ("vectors", "subtitles", "speech"),
    "screen": ("vectors", "screen"),
    "crops": ("crops",),
}
"""Stages that the rows of each kind are made of; the first one's provider made the vectors."""
_KEYFRAME = len(REASONS)
_REASONS = {"keyframe": _KEYFRAME} | {reason: n for n, reason in enumerate(REASONS)}
"""Numbers of the reasons to keep a frame; another reason is 0."""


def collection_name(store: Store, video: str, kind: VectorKind) -> str | None:
    """Name of the collection of a video's vectors as its files are now; None without vectors."""
    manifest = store.manifest(video)
    stages = manifest["stages"]
    entry = stages.get(_STAGES[kind][0], {})
    if entry.get("state") != "done":
        return None
    # The first release wrote no checksums of files.
    files = store.stamp(video, *_STAGES[kind]) or manifest["generation"]
    return f"{kind}-{video}-{_tag(FORMAT, entry.get('provider'), files)}"


def library_name(kind: CoarseKind, provider: str, dimensions: int) -> str:
    """Name of the library-wide collection of a provider's coarse vectors."""
    return f"{kind}-{_tag(FORMAT, provider, dimensions)}"


def coarse_tags(
    catalog: Catalog,
    kind: CoarseKind,
    provider: str,
    dimensions: int,
    videos: Collection[str] | None = None,
) -> dict[str, str]:
    """By video, a tag that changes with its coarse rows; of some videos, or all."""
    stamps = catalog.coarse_stamps(kind, provider, dimensions, videos)
    return {video: _tag(*stamp) for video, stamp in stamps.items()}


def coarse_rows(
    catalog: Catalog,
    kind: CoarseKind,
    provider: str,
    dimensions: int,
    videos: Collection[str] | None = None,
) -> tuple[list[str], Floats]:
    """Ids and vectors of coarse rows, those of zeros left out: `video@milliseconds`.

    A second row of a moment ends in `#2`.
    """
    coarse = catalog.coarse(kind, provider, dimensions, videos)
    directed = np.flatnonzero(coarse.array.any(axis=1))
    seen: Counter[str] = Counter()
    ids: list[str] = []
    for row in directed.tolist():
        id = f"{coarse.videos[row]}@{coarse.milliseconds[row]}"
        seen[id] += 1
        ids.append(f"{id}#{seen[id]}" if seen[id] > 1 else id)
    return ids, coarse.array[directed]


def rescored(
    catalog: Catalog,
    kind: CoarseKind,
    provider: str,
    query: Floats,
    found: Sequence[tuple[str, float]],
) -> list[Neighbour]:
    """Rank coarse rows, given as ids and claimed cosines, by the catalog; ValueError if it differs.

    LookupError for a row that the catalog does not have.
    """
    moments = [id.partition("#")[0].partition("@") for id, _ in found]
    videos = [video for video, _, _ in moments]
    ids, array = coarse_rows(catalog, kind, provider, len(query), set(videos))
    places = {id: row for row, id in enumerate(ids)}
    scores = cosines(array[[places[id] for id, _ in found]], query)
    if not np.allclose([claimed for _, claimed in found], scores, atol=TOLERANCE):
        raise ValueError("its vectors are not those of the catalog")
    return best_neighbours(videos, [int(at) for _, _, at in moments], scores, len(found))


def rows_of(store: Store, video: str, kind: VectorKind) -> tuple[Vectors, list[dict[str, Any]]]:
    """Vectors of a video, those of zeros left out, and the numbers that go with each."""
    vectors = video_vectors(store, video, kind)
    if vectors is None:
        return Vectors([], np.zeros((0, 1), np.float32), ""), []
    rows = directed_rows(vectors)
    kept = Vectors([vectors.ids[row] for row in rows], vectors.array[rows], vectors.provider)
    times = [int(id.rpartition("@")[2].split("-")[0].split("#")[0]) for id in kept.ids]
    if kind != "frames":
        return kept, [{"seconds": at / 1000} for at in times]
    reasons = {round(one.seconds * 1000): one.reason for one in store.index_frames(video)}
    numbers = [_REASONS.get(reasons.get(at, ""), 0) for at in times]
    return kept, [
        {"seconds": at / 1000, "reason": number} for at, number in zip(times, numbers, strict=True)
    ]


def _tag(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
