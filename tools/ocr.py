"""Text on screen: a reader of one picture, and spans of text over the time of a video.

Reading a picture costs a hundred times as much as seeing that it did not change, so only what
changed is read: kept frames that look alike form a run, and the first of a run speaks for it.
"""

import importlib.util
import os
import statistics
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.cues import clean
from tools.errors import ProviderUnavailable
from tools.media import Frame, ScreenText
from tools.spans import Box, Line, Run, join, letters

Pixels = NDArray[np.uint8]


class TextReader(Protocol):
    """Reads the text in one picture."""

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        ...

    def read(self, image: Path | Pixels) -> list[Line]:
        """The lines in a picture file, or in RGB rows. OSError for a file that is no picture."""
        ...


class RapidOcrReader:
    """RapidOCR with the models of its package: nothing is downloaded."""

    name = "rapidocr"

    def __init__(self, threads: int | None = None) -> None:
        if importlib.util.find_spec("rapidocr") is None:
            raise ProviderUnavailable("on-screen text needs the package rapidocr: install it")
        self._threads = max(1, min(threads or 4, os.cpu_count() or 1))
        self._engine: Any = None
        self._lock = threading.Lock()  # the engine keeps the state of a call in itself

    def read(self, image: Path | Pixels) -> list[Line]:
        """The lines from top to bottom. Loads the models the first time."""
        pixels = image if isinstance(image, np.ndarray) else _rgb(image)
        height, width = pixels.shape[:2]
        if min(height, width) < 12:  # no room for a letter, and the engine would enlarge it
            return []
        with self._lock:
            if self._engine is None:
                self._engine = self._load()
            # No options in the call: the engine keeps them for the calls that follow.
            found = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]))
        if found.txts is None:
            return []
        return [
            Line(text, float(score), _box(corners, width, height))
            for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True)
        ]

    def warm_up(self) -> None:
        """Load the models now, so that the time it takes is counted to no picture."""
        with self._lock:
            self._engine = self._engine or self._load()

    def _load(self) -> Any:
        import rapidocr

        models = Path(rapidocr.__file__).parent / "models"
        return rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                # Upside-down lines are not worth a third model.
                "Global.use_cls": False,
                # Paths rather than names: a name that is missing would be downloaded.
                "Det.model_path": _model(models, "det"),
                "Rec.model_path": _model(models, "rec"),
                # The default enlarges the short side to 736: five times the work on a wide strip,
                # and text below 10 pixels is not found at either size.
                "Det.limit_type": "max",
                "Det.limit_side_len": 960,
                # Batches are padded to their longest line: half the memory, a tenth slower.
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )


def load_text_reader(name: str = "auto") -> TextReader | None:
    """The reader of that name; None for `none`, and for `auto` where there is no reader."""
    if name == "none" or (name == "auto" and importlib.util.find_spec("rapidocr") is None):
        return None
    if name in ("auto", "rapidocr"):
        reader = RapidOcrReader()
        reader.warm_up()
        return reader
    raise ProviderUnavailable(f"no text reader {name!r}; there are: auto, rapidocr, none")


def _model(folder: Path, task: str) -> str:
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if not found:
        raise ProviderUnavailable(f"rapidocr came without its {task} model: reinstall rapidocr")
    return str(found[-1])


def _rgb(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _box(corners: Any, width: int, height: int) -> Box:
    shares = np.clip(np.asarray(corners, float) / (width, height), 0, 1).round(4)
    (left, top), (right, bottom) = shares.min(axis=0), shares.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


# Which pictures to read

CHANGED = 8.0
"""Mean difference of a block, of 255, from which it counts as changed; JPEG noise stays below 3."""
PLAIN = 20
"""Difference of light, of 255, that a picture with readable text has somewhere."""
BLOCK = 8
LEAST_CONFIDENCE = 0.5
LEAST_SECONDS = 2.0
"""A budget below this would go into loading the models, and a short clip would never be read."""


def read_screen(
    frames: Sequence[Frame],
    image_path: Callable[[Frame], Path],
    reader: TextReader,
    duration: float,
    *,
    budget: float = 0.25,
    cuts: Sequence[float] = (),
    changes: Sequence[tuple[float, float]] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Generator[float, None, tuple[list[ScreenText], str]]:
    """Read the kept frames, in time order, within `budget` times `duration` seconds.

    Yields the share done, 0 to 1; returns the texts in time order and a note on what was left out.
    `cuts` are seconds. `changes` are rows of (seconds, difference from the frame before), of more
    frames than were kept: they place a start or an end between two kept frames.
    """
    began = clock()
    limit = max(budget * duration, LEAST_SECONDS)
    runs, broken = _runs(frames, image_path, sorted(cuts), duration)
    todo = [run for run in runs if run.lines is None]
    took: list[float] = []
    read = 0
    for run in _fair(todo):
        # The first reading loads the models and says nothing of the next one's time.
        next_one = statistics.median(took[1:]) if len(took) > 1 else 0.0
        if read and clock() - began + next_one > limit:
            break
        before = clock()
        run.lines = [line for line in map(_tidy, reader.read(image_path(run.frame))) if line]
        took.append(clock() - before)
        read += 1
        yield min(1.0, max(read / len(todo), (clock() - began) / limit))
    texts = join(runs, sorted(cuts), sorted(changes))
    notes: list[str] = []
    if read < len(todo):
        notes.append(f"the time budget allowed to read {read} of {len(todo)} pictures that changed")
    if broken:
        notes.append(f"{broken} pictures could not be opened")
    return texts, "; ".join(notes)


def _runs(
    frames: Sequence[Frame], image_path: Callable[[Frame], Path], cuts: list[float], duration: float
) -> tuple[list[Run], int]:
    runs: list[Run] = []
    broken = 0
    shown: NDArray[np.int16] | None = None
    for frame in frames:
        try:
            grey = _small(image_path(frame))
        except OSError:
            broken += 1
            continue
        change = 255.0 if shown is None else _change(shown, grey)
        if change < CHANGED:
            runs[-1].last = frame.seconds
            continue
        if runs:
            runs[-1].end = frame.seconds
        scene = bisect_right(cuts, frame.seconds)
        runs.append(Run(frame, frame.seconds, frame.seconds, frame.seconds, change, scene))
        if int(grey.max()) - int(grey.min()) < PLAIN:
            runs[-1].lines = []
        shown = grey
    if runs:
        runs[-1].end = max(duration, runs[-1].start)
    return runs, broken


def _small(path: Path) -> NDArray[np.int16]:
    from PIL import Image

    with Image.open(path) as image:
        image.draft("L", (320, 320))  # decodes an eighth to a quarter of the JPEG's numbers
        width, height = image.size
        scale = 320 / max(width, height)
        width, height = (max(BLOCK, round(s * scale) // BLOCK * BLOCK) for s in (width, height))
        grey = image.convert("L").resize((width, height), Image.Resampling.BOX)
        return np.asarray(grey).astype(np.int16)


def _change(before: NDArray[np.int16], after: NDArray[np.int16]) -> float:
    """The largest mean difference of a block: a line that changed on a slide is a small share."""
    if before.shape != after.shape:
        return 255.0
    height, width = after.shape
    blocks = np.abs(after - before).reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return float(blocks.mean(axis=(1, 3)).max())


def _fair(runs: list[Run]) -> Generator[Run]:
    """An order in which any beginning is a good choice: first the longest run of each scene, then
    scenes where text was found, then what changed much and stood long, as text does to be read."""
    scenes: dict[int, list[Run]] = {}
    for run in runs:
        scenes.setdefault(run.scene, []).append(run)
    first = {scene: max(group, key=_worth) for scene, group in scenes.items()}
    yield from sorted(first.values(), key=_worth, reverse=True)
    rest = [run for run in runs if run is not first[run.scene]]
    yield from sorted(rest, key=lambda run: (not first[run.scene].lines, -_worth(run)))


def _worth(run: Run) -> float:
    return run.change * min(run.end - run.start, 5.0)


def _tidy(line: Line) -> Line | None:
    text = clean(line.text)
    lone = len(letters(text)) < 2  # mostly noise
    return None if lone or line.confidence < LEAST_CONFIDENCE else line._replace(text=text)
