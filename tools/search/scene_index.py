"""The coarse layer over all videos: a vector for each scene, and below it those of the frames.

A question to the whole library finds scenes first and reads only the frames inside them, so that
other videos cost next to nothing. A code of one bit a dimension proposes scenes (binary
quantisation: Hamming distance, then exact scores of what it proposes). Few videos are read whole.
Held in memory are the scenes; of the frames, only what is needed is read, and compared with its
checksum: nothing is mapped, as a mapped file that is cut short ends the process.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import os
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.embed import Vectors
from tools.errors import Damaged, NotIndexed, UnknownVideo
from tools.evidence import parse_id
from tools.files.durable import is_locked
from tools.store.manifest import REPAIR, RETRIES, RETRY_SECONDS, Manifests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Floats

FRAMES, SEGMENTS = "pictures.npy", "segments.npy"
"""Files of a video: float32 rows of length one, and what `segments` made of them."""
MOST, USUAL = 32, 8
"""Frames of a segment: at most, and on average where scenes are longer."""
WHOLE, NEAR, READ = 4096, 512, 32
"""So few frames are all scored; else so many segments are, and the frames of so many of these."""
BATCH = 4096
"""Segments whose codes are made at once."""
SETTLED = 2e9
"""Nanoseconds after which a change of the folder has a time of its own."""


def stored(array: Floats, milliseconds: Sequence[int], cuts: Sequence[int]) -> dict[str, bytes]:
    """The files of a video's frames in order of time, by name: the rows and their segments."""
    import numpy as np

    rows, made = BytesIO(), BytesIO()
    np.save(rows, np.ascontiguousarray(array, "<f4"), allow_pickle=False)
    header = len(rows.getvalue()) - 4 * array.size
    np.save(made, segments(array, milliseconds, cuts, header), allow_pickle=False)
    return {FRAMES: rows.getvalue(), SEGMENTS: made.getvalue()}


def segments(
    array: Floats, milliseconds: Sequence[int], cuts: Sequence[int], header: int
) -> NDArray[np.void]:
    """Rows of frames in order of time as segments, each with its normalised mean; none is split
    by a cut (in ms).

    A scene is split where neighbours differ most, the least uniform first, so that what is seen
    only shortly has a vector of its own. header is the length in bytes of what precedes the rows
    in their file.
    """
    import numpy as np

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
    made = np.zeros(len(spans), _layout(array.shape[1]))
    for one, (_, first, last) in zip(made, sorted(spans, key=lambda span: span[1]), strict=True):
        rows = np.ascontiguousarray(array[first:last], "<f4")
        mean = rows.mean(axis=0)
        length = float(np.linalg.norm(mean))
        one["offset"], one["rows"] = header + first * array.shape[1] * 4, last - first
        one["check"] = np.frombuffer(hashlib.sha256(rows.data).digest(), np.uint8)
        one["milliseconds"] = np.pad(milliseconds[first:last], (0, MOST - last + first), "edge")
        one["vector"] = mean / max(length, 1e-9)
        one["cosine"] = (len(rows) * length**2 - 1) / max(len(rows) - 1, 1)
    return made


def _layout(dimensions: int) -> np.dtype[np.void]:
    import numpy as np

    return np.dtype(
        [
            ("offset", "<i8"),
            ("rows", "<i4"),
            ("check", "u1", (32,)),
            ("milliseconds", "<u4", (MOST,)),
            ("cosine", "<f4"),  # of two of its rows, on average
            ("vector", "<f2", (dimensions,)),
        ]
    )


class _State(NamedTuple):
    """What is held; never changed, only replaced, so that readers need no lock."""

    checks: dict[str, str]  # of the segments' file, by video
    tables: dict[str, NDArray[np.void]]  # the segments of each video, views of all
    owner: NDArray[np.intp]  # of each segment, the place of its video in checks
    table: NDArray[np.void]
    centre: Floats
    codes: NDArray[np.uint64]  # 64 dimensions a row, one segment a column


class Layer:
    """The frames of one provider in a folder of videos. Safe for many threads.

    What another process changes is seen by the next question. Vectors of other dimensions are those
    of another model of the same name, and left out.
    """

    def __init__(self, videos: Path, manifests: Manifests, provider: str, dimensions: int) -> None:
        self.provider, self.dimensions = provider, dimensions
        self._videos = videos
        self._manifests = manifests
        self._state: _State | None = None
        self._foreign: dict[str, str] = {}  # checks of the segments of other dimensions, by video
        self._seen = (0, 0)  # when the folder had changed, and when it was looked through
        self._guard = Lock()

    def frames(
        self,
        direction: Floats,
        videos: Collection[str] | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> tuple[Vectors, int]:
        """The frames worth scoring against a vector: all of few, else those of its best scenes.

        Says also of how many segments these are the best. `start` and `end` are seconds,
        half-open. Damaged where a file is not what was written.
        """
        import numpy as np

        for _ in range(RETRIES):
            state = self._now()
            if state is None:
                return Vectors([], np.zeros((0, len(direction)), np.float32), self.provider), 0
            found, among = _best(state, direction, videos, start, end)
            try:
                return between(self._read(state, found), start, end), among
            except _Differs as error:
                video = str(error)
                with self._guard:
                    self._seen = (0, 0)
                if is_locked(self._videos / video / "lock"):  # its stage is being done again
                    time.sleep(RETRY_SECONDS)
                elif self._check(video) == state.checks[video]:
                    what = f"{FRAMES} of {video} is damaged: run `{REPAIR}`"
                    raise Damaged(what) from error
        raise NotIndexed("pictures are being indexed again: ask again in a moment")

    def typical(self, picture: Floats) -> tuple[Floats, float]:
        """The cosines of a picture and scenes of the library; the usual one of frames of a scene.

        Of a sample of scenes, so that a large library costs no more. NotIndexed without any.
        """
        import numpy as np

        state = self._now()
        if state is None:
            raise NotIndexed(f"no pictures of {self.provider}: run `cuepoint index` on a video")
        table = state.table[:: max(1, len(state.table) // NEAR)]
        several = table["cosine"][table["rows"] > 1]
        within = float(np.median(several)) if len(several) else 1.0
        return table["vector"].astype(np.float32) @ picture, within

    def foreign(self) -> set[str]:
        """The videos whose frames this provider saw in other dimensions."""
        self._now()
        return set(self._foreign)

    def _now(self) -> _State | None:
        """What is held, after a look at what changed: one look at the folder where nothing did."""
        with self._guard:
            try:
                changed = self._videos.stat().st_mtime_ns
            except FileNotFoundError:
                return None
            if changed != self._seen[0] or self._seen[1] - changed < SETTLED:
                looked = time.time_ns()
                self._refresh()
                self._seen = (changed, looked)
            return self._state

    def _refresh(self) -> None:
        known = self._state.checks if self._state else {}
        checks: dict[str, str] = {}
        foreign: dict[str, str] = {}
        loaded: dict[str, NDArray[np.void]] = {}
        for entry in os.scandir(self._videos):
            with suppress(NotIndexed):  # made again while we look
                check = self._check(entry.name)
                is_foreign = check == self._foreign.get(entry.name)
                if check and not is_foreign and check != known.get(entry.name):
                    made = self._manifests.array(entry.name, SEGMENTS)
                    is_foreign = made["vector"].shape[1:] != (self.dimensions,)
                    if not is_foreign:
                        loaded[entry.name] = made
                if check:
                    (foreign if is_foreign else checks)[entry.name] = check
        self._foreign = foreign
        if checks != known:
            self._state = _joined(self._state, checks, loaded) if checks else None

    def _check(self, video: str) -> str:
        """The checksum of a video's segments; "" where this provider made none."""
        with suppress(UnknownVideo):  # removed meanwhile
            for stage in self._manifests.get(video)["stages"].values():
                if SEGMENTS in stage.get("files", {}) and stage.get("provider") == self.provider:
                    return stage["files"][SEGMENTS]
        return ""

    def _read(self, state: _State, chosen: NDArray[np.intp]) -> Vectors:
        """The frames of some segments, as they were written."""
        import numpy as np

        table, owner = state.table[chosen], state.owner[chosen].tolist()
        names = list(state.checks)
        array = np.empty((int(table["rows"].sum()), table["vector"].shape[1]), "<f4")
        ids: list[str] = []
        for video, places in groupby(range(len(owner)), key=owner.__getitem__):
            name, segments = names[video], table[list(places)]
            _fill(f"{self._videos}/{name}/{FRAMES}", segments, array[len(ids) :])
            for one in segments:
                shown = one["milliseconds"][: one["rows"]].tolist()
                ids += [f"frame:{name}@{at}" for at in shown]
        return Vectors(ids, array, self.provider)


def between(vectors: Vectors, start: float | None, end: float | None) -> Vectors:
    """The vectors of frames between two times in seconds, half-open."""
    if start is None and end is None:
        return vectors
    first, last = start or 0.0, math.inf if end is None else end
    times = [parsed[2] if (parsed := parse_id(id)) else -1.0 for id in vectors.ids]
    kept = [row for row, at in enumerate(times) if first <= at < last]
    return Vectors([vectors.ids[row] for row in kept], vectors.array[kept], vectors.provider)


class _Differs(Exception):
    """A video's frames are not those that its segments were made of."""


def _best(
    state: _State,
    direction: Floats,
    videos: Collection[str] | None,
    start: float | None,
    end: float | None,
) -> tuple[NDArray[np.intp], int]:
    """Segments to read, in the order in which they lie in the files, and how many there are."""
    import numpy as np

    table = state.table
    if direction.shape != table["vector"].shape[1:]:
        raise ValueError(f"a query of shape {direction.shape} for {table['vector'].shape[1:]}")
    rows = np.arange(len(table))
    if videos is not None:
        wanted = [place for place, name in enumerate(state.checks) if name in videos]
        rows = np.flatnonzero(np.isin(state.owner, wanted))
    if start is not None:
        rows = rows[table["milliseconds"][rows, -1] >= start * 1000]
    if end is not None:
        rows = rows[table["milliseconds"][rows, 0] < end * 1000]
    if len(rows) <= WHOLE and int(table["rows"][rows].sum()) <= WHOLE:
        return rows, len(rows)
    among = len(rows)
    if among > NEAR:
        # All pictures lie in one narrow cone: what a direction shares with its axis tells nothing.
        axis = state.centre / np.linalg.norm(state.centre)
        distances = _distances(state.codes, _codes((direction - (direction @ axis) * axis)[None]))
        if len(rows) < len(table):
            distances = distances[rows]
        most = int(np.searchsorted(np.bincount(distances).cumsum(), NEAR))
        rows = rows[distances <= most]
    scores = table["vector"][rows].astype(np.float32) @ direction
    if len(rows) > READ:
        rows = np.sort(rows[np.argpartition(-scores, READ)[:READ]])
    return rows, among


def _distances(codes: NDArray[np.uint64], code: NDArray[np.uint64]) -> NDArray[np.uint16]:
    import numpy as np

    total = np.zeros(codes.shape[1], np.uint16)
    for words, word in zip(codes, code, strict=True):
        total += np.bitwise_count(words ^ word)
    return total


def _codes(array: NDArray[np.floating[Any]]) -> NDArray[np.uint64]:
    """One bit a dimension, whether it is above zero, as words of 64; one column per row."""
    import numpy as np

    bits = np.packbits(array > 0, axis=1)
    bits = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))
    return np.ascontiguousarray(bits.view(np.uint64).T)


def _joined(
    state: _State | None, checks: dict[str, str], loaded: dict[str, NDArray[np.void]]
) -> _State:
    """A state of the videos in checks; those that were there before are not read again."""
    import numpy as np

    known = (state.tables if state else {}) | loaded
    tables = [known[name] for name in checks]
    edges = np.cumsum([len(one) for one in tables])
    owner = np.repeat(np.arange(len(tables)), np.diff(edges, prepend=0))
    table = np.concatenate(tables)
    parts = dict(zip(checks, np.split(table, edges[:-1]), strict=True))
    vectors = table["vector"]
    centre: Floats = vectors.mean(axis=0, dtype=np.float32)
    codes = [_codes(vectors[at : at + BATCH] - centre) for at in range(0, len(table), BATCH)]
    return _State(checks, parts, owner, table, centre, np.hstack(codes))


def _fill(path: str, table: NDArray[np.void], array: Floats) -> None:
    """Read segments of one file into the first rows of an array."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise _Differs(path.split("/")[-2]) from error
    first, width = 0, array.shape[1] * 4
    try:
        for one in table:
            rows = array[first : first + int(one["rows"])]
            data = os.pread(handle, len(rows) * width, int(one["offset"]))
            if hashlib.sha256(data).digest() != one["check"].tobytes():
                raise _Differs(path.split("/")[-2])
            rows.data.cast("B")[:] = data
            first += len(rows)
    finally:
        os.close(handle)
