"""Latency and recall of the two-level search over the frames of all videos.

    python -m benchmarks.scene_index [--videos N]... [--frames N] [--dimensions N] [--questions N]

The vectors are drawn: pictures in one narrow cone and texts in another, shots as clusters of what
is in them, each frame a little off its shot. Recall is the share of questions whose best frame of
all, by a score of every frame, is found. Times are without the embedding of the question; the
files are in the disk cache, each time is the best of five turns, and no vector of a frame stays in
memory between questions.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.files import durable as files
from tools.search.calibration import likeness, margins, scores, unrelated
from tools.search.scene_index import FRAMES, SEGMENTS, Layer, stored
from tools.store import manifest as manifests

Floats = NDArray[np.float32]
PROVIDER = "drawn"
MOST_MS, MOST_RATIO, LEAST_RECALL = 15.0, 2.0, 0.98
CONCEPTS, DISTRACTORS, TURNS = 2000, 80, 5
SECOND = 1000  # milliseconds between kept frames


class Space:
    """Random embedding space of pictures and texts about the same concepts."""

    def __init__(self, dimensions: int, seed: int = 7) -> None:
        self.random = np.random.default_rng(seed)
        self.dimensions = dimensions
        spectrum = (1 / np.sqrt(1 + np.arange(dimensions) / 40)).astype(np.float32)
        self.concepts = unit(self.noise(CONCEPTS) * spectrum)
        self.axis, self.gap = unit(self.noise(2))

    def noise(self, rows: int) -> Floats:
        """Unit rows in random directions."""
        return unit(self.random.standard_normal((rows, self.dimensions), np.float32))

    def video(self, frames: int) -> tuple[Floats, list[int]]:
        """Frame vectors of one video, and the positions of its cuts: shots of 2 to 30 frames."""
        lengths: list[int] = []
        while sum(lengths) < frames:
            lengths.append(int(self.random.integers(2, 31)))
        cuts = np.cumsum([0, *lengths])[:-1]
        shown = self.random.integers(0, CONCEPTS, (len(cuts), 3))
        weights = self.random.uniform(0.3, 1, (len(cuts), 3, 1)).astype(np.float32)
        shots = unit((self.concepts[shown] * weights).sum(axis=1) + 0.5 * self.noise(len(cuts)))
        rows = np.repeat(shots, lengths, axis=0)[:frames]
        brief = self.random.random(frames) < 0.02  # what is seen in one frame only
        rows[brief] += self.concepts[self.random.integers(0, CONCEPTS, int(brief.sum()))]
        rows = unit(unit(rows) + 0.3 * self.noise(frames))
        return unit(0.7 * self.axis + 0.7 * rows), cuts.tolist()

    def texts(self, concepts: NDArray[np.int64]) -> Floats:
        """Vectors of captions of some concepts."""
        meant = unit(self.concepts[concepts] + 0.4 * self.noise(len(concepts)))
        return unit(0.8 * self.gap + 0.2 * self.axis + 0.6 * meant)


def unit(array: NDArray[np.floating[Any]]) -> Floats:
    """The rows at length one."""
    return (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float32)


def write(folder: Path, array: Floats, cuts: list[int]) -> None:
    """Write the picture vectors and the manifest of one video."""
    folder.mkdir(parents=True)
    times = [SECOND * row for row in range(len(array))]
    for name, data in stored(array, times, [SECOND * cut for cut in cuts]).items():
        (folder / name).write_bytes(data)
    named = {name: files.digest(folder / name) for name in (FRAMES, SEGMENTS)}
    stage = {"state": "done", "provider": PROVIDER, "files": named}
    manifests.write_manifest(folder, {"stages": {"pictures": stage}, "title": folder.name})


def timed(ask: Callable[[Floats], object], questions: Floats) -> list[float]:
    """Milliseconds of each question: the best of TURNS, as other programs run beside this one."""
    took = np.full(len(questions), np.inf)
    for _ in range(TURNS):
        for at, question in enumerate(questions):
            start = time.perf_counter()
            ask(question)
            took[at] = min(took[at], (time.perf_counter() - start) * 1000)
    return took.tolist()


def best_of(index: Layer, question: Floats) -> str:
    """Id of the frame with the largest dot product with a question."""
    vectors, _ = index.frames(question)
    return vectors.ids[int(np.argmax(vectors.array @ question))]


def by_text(index: Layer, others: Floats, question: Floats) -> object:
    """Run a text query: frames of the best scenes, and their scores."""
    vectors, among = index.frames(question)
    return scores(margins(vectors.array, question[None], others), among)


def by_picture(index: Layer, question: Floats) -> object:
    """Run an image query."""
    cosines, within = index.typical(question)
    across = unrelated(cosines, True)
    return likeness(index.frames(question)[0].array, question, across, within)


def resident() -> float:
    """Resident memory of this process in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(
    counts: list[int], frames: int, dimensions: int, questions: int, folder: Path
) -> Iterator[list[str]]:
    """Grow one library and query it at each size; yields a row for each kind of query."""
    space = Space(dimensions)
    about = space.random.integers(0, CONCEPTS, questions)
    distractors = space.texts(space.random.integers(0, CONCEPTS, DISTRACTORS))
    texts = space.texts(about) - distractors.mean(axis=0)
    alone, _ = space.video(frames)
    library = manifests.Manifests(folder)
    best, winner = np.full(2 * questions, -np.inf), np.full(2 * questions, "", object)
    lone: dict[str, float] = {}
    pictures = np.empty((0, dimensions), np.float32)
    made = 0
    for count in counts:
        while made < count:
            array, cuts = space.video(frames)
            if not len(pictures):
                shown = unit(array[space.random.integers(0, frames, questions)])
                pictures = unit(shown + 0.3 * space.noise(questions))
                pictures -= alone.mean(axis=0)
            name = f"{made:016x}"
            write(folder / name, array, cuts)
            scores = np.concatenate([texts, pictures]) @ array.T
            rows = scores.argmax(axis=1)
            top = scores[np.arange(len(rows)), rows]
            for query in np.flatnonzero(top > best):
                winner[query] = f"frame:{name}@{SECOND * rows[query]}"
            best = np.maximum(best, top)
            made += 1
        time.sleep(2)  # a library that has just changed is looked through by every question
        before = resident()
        index = Layer(folder, library, PROVIDER, dimensions)
        start = time.perf_counter()
        index.frames(texts[0])
        opened, memory = time.perf_counter() - start, resident() - before
        for kind, asked, place in (("text", texts, 0), ("picture", pictures, questions)):
            best_ids = [best_of(index, question) for question in asked]
            hits = [id == winner[place + at] for at, id in enumerate(best_ids)]
            whole = partial(by_picture, index) if place else partial(by_text, index, distractors)
            took, bare = timed(whole, asked), timed(partial(np.matmul, alone), asked)
            p50, p95 = median(took), quantiles(took, n=20)[-1]
            ratio = p50 / lone.setdefault(kind, p50)
            recall = float(np.mean(hits))
            met = p50 <= MOST_MS and ratio <= MOST_RATIO and recall >= LEAST_RECALL
            yield [f"{count:,}", kind, f"{p50:.2f} ms", f"{p95:.2f} ms", f"{ratio:.2f}",
                   f"{p50 / median(bare):.0f}", f"{recall:.3f}", f"{opened:.2f} s",
                   f"{memory:.0f} MB", "yes" if met else "no"]  # fmt: skip


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scene_index", description=__doc__)
    parser.add_argument("--videos", type=int, action="append", default=[], help="1, 100, 1000")
    parser.add_argument("--frames", type=int, default=600, help="of each video")
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    print(f"{platform.system()} {platform.machine()}, {cores} cores, "
          f"load {os.getloadavg()[0]:.1f} at the start, NumPy {np.__version__}; "
          f"{options.frames} frames a video, {options.dimensions} dimensions; target: p50 at most "
          f"{MOST_MS:.0f} ms, at most {MOST_RATIO:.0f} times that of one video, recall at least "
          f"{LEAST_RECALL}\n")  # fmt: skip
    titles = ("videos", "query", "p50", "p95", "to 1 video", "to one bare product",
              "recall", "opened", "held", "met")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    with tempfile.TemporaryDirectory(prefix="cuepoint-scene-index-") as temporary:
        counts = sorted(options.videos) or [1, 100, 1000]
        sizes = options.frames, options.dimensions, options.questions
        for row in measure(counts, *sizes, Path(temporary) / "videos"):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
