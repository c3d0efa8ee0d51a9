"""Optical character recognition: a reader of one picture, and the text tracks of a video.

Reading a picture costs a hundred times as much as comparing it, so only changes are read: kept
frames that look the same form a run, its first frame stands for it, and of that one only the parts
are read that differ from a neighbouring run which has been read already.
"""

import importlib.util
import math
import os
import statistics
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.errors import ProviderUnavailable
from tools.media import Frame, ScreenText
from tools.text.clean import clean
from tools.vision import change_regions as regions
from tools.vision.change_regions import WHOLE, Box
from tools.vision.text_tracks import Line, Run, join, letters

Pixels = NDArray[np.uint8]
PLAIN = 20
"""Difference of light, of 255, between the darkest and lightest pixel of a readable picture."""
MOSTLY = 0.5
"""Changed share of a picture from which on it is read whole."""
LEAST_CONFIDENCE = 0.5
LEAST_SECONDS = 2.0
"""Seconds of a budget, at least: with less, a short clip would never be read."""


class TextReader(Protocol):
    """Reader of the text in one picture; the manifest holds its name."""

    @property
    def name(self) -> str: ...

    def read(self, image: Path | Pixels, part: Box = WHOLE) -> list[Line]:
        """Read the lines in a part of a picture; their boxes are shares of the whole picture.

        A picture is a file, or RGB pixels (height, width, 3). OSError for a file that is none.
        """
        ...


class RapidOcrReader:
    """RapidOCR with the models of its package: nothing is downloaded."""

    name = "rapidocr"

    def __init__(self, threads: int = 0) -> None:
        if importlib.util.find_spec("rapidocr") is None:
            raise ProviderUnavailable("on-screen text needs the package rapidocr: install it")
        import rapidocr

        models = Path(rapidocr.__file__).parent / "models"
        threads = max(1, min(threads or 4, os.cpu_count() or 1))
        self._engine: Any = rapidocr.RapidOCR(
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
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self._lock = threading.Lock()  # the engine keeps the state of a call in itself

    def read(self, image: Path | Pixels, part: Box = WHOLE) -> list[Line]:
        """Read the lines from top to bottom."""
        pixels = _crop(image if isinstance(image, np.ndarray) else _rgb(image), part)
        height, width = pixels.shape[:2]
        if min(height, width) < 12:  # no room for a letter, and the engine would enlarge it
            return []
        try:
            with self._lock:  # no options in the call: the engine keeps them for later calls
                result = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]))
        except Exception as error:  # errors of the engine and its runtime share no other base
            message = " ".join(str(error).split())[-120:]  # a traceback's end says most
            raise ProviderUnavailable(
                f"rapidocr failed ({message}): give it more memory, "
                "or set CUEPOINT_TEXT_READER=none to do without on-screen text"
            ) from error
        if result.txts is None:
            return []
        return [
            Line(text, float(score), _box(np.asarray(corners, float) / (width, height), part))
            for text, score, corners in zip(result.txts, result.scores, result.boxes, strict=True)
        ]


def load_text_reader(name: str = "auto", threads: int = 0) -> TextReader | None:
    """Load a reader by name; None for `none`, and for `auto` without the package.

    At most `threads` threads work at once; 0 takes four.
    """
    if name == "none" or (name == "auto" and importlib.util.find_spec("rapidocr") is None):
        return None
    if name in ("auto", "rapidocr"):
        return RapidOcrReader(threads)
    raise ProviderUnavailable(f"no text reader {name!r}; there are: auto, rapidocr, none")


def _model(folder: Path, task: str) -> str:
    path = max(folder.glob(f"*_{task}_*.onnx"), default=None)
    if path is None:
        raise ProviderUnavailable(f"rapidocr came without its {task} model: reinstall rapidocr")
    return str(path)


@lru_cache(maxsize=2)  # the parts of one picture follow each other
def _rgb(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _crop(pixels: Pixels, part: Box) -> Pixels:
    height, width = pixels.shape[:2]
    left, top, right, bottom = part
    x, y = int(left * width), int(top * height)
    return pixels[y : math.ceil(bottom * height), x : math.ceil(right * width)]


def _box(corners: NDArray[np.float64], part: Box) -> Box:
    """Bounding box, in shares of the picture, of corners given in shares of a part."""
    low, high = np.asarray(part[:2]), np.asarray(part[2:])
    places = (low + np.clip(corners, 0, 1) * (high - low)).round(4)
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


class Reading(NamedTuple):
    """On-screen texts in time order; partial where pictures were left unread, as the note says."""

    texts: list[ScreenText]
    partial: bool
    note: str


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
) -> Generator[tuple[float, Callable[[], list[ScreenText]]], None, Reading]:
    """Read the kept frames, in time order, within `budget` times `duration` seconds.

    Yields the share done, 0 to 1, and a function that returns the texts so far, whose times may
    still change; returns the reading.
    `cuts` are seconds. `changes` are rows of (seconds, difference from the frame before), of more
    frames than were kept: they place a start or an end between two kept frames.
    """
    began = clock()
    limit = max(budget * duration, LEAST_SECONDS)
    cuts, changes = sorted(cuts), sorted(changes)
    runs, broken = _runs(frames, image_path, cuts, duration)
    texts = partial(join, runs, cuts, changes)
    todo = [run for run in runs if run.lines is None]
    took: list[float] = []
    for run in _fair(todo):
        # The first reading warms the models up and says nothing of the next one's time.
        expected = statistics.median(took[1:]) if len(took) > 1 else 0.0
        if took and clock() - began + expected > limit:
            break
        before = clock()
        run.lines = _lines(run, runs, image_path, reader)
        took.append(clock() - before)
        yield min(1.0, max(len(took) / len(todo), (clock() - began) / limit)), texts
    read, wanted = len(took), len(todo)
    notes: list[str] = []
    if read < wanted:
        notes.append(f"the time budget allowed to read {read} of {wanted} pictures that changed")
    if broken:
        notes.append(f"{broken} pictures could not be opened")
    return Reading(texts(), read < wanted, "; ".join(notes))


def _runs(
    frames: Sequence[Frame], image_path: Callable[[Frame], Path], cuts: list[float], duration: float
) -> tuple[list[Run], int]:
    """Runs of frames that look the same, and the number of pictures that cannot be opened."""
    runs: list[Run] = []
    broken = 0
    shown: regions.Grey | None = None
    for frame in frames:
        try:
            grey = regions.load_grey(image_path(frame))
        except OSError:
            broken += 1
            continue
        difference = 255.0 if shown is None else regions.largest_change(shown, grey)
        if difference < regions.CHANGED:
            runs[-1].last = frame.seconds
            continue
        if runs:
            runs[-1].end = frame.seconds
        scene = bisect_right(cuts, frame.seconds)
        runs.append(Run(frame, frame.seconds, frame.seconds, frame.seconds, difference, scene))
        if int(grey.max()) - int(grey.min()) < PLAIN:
            runs[-1].lines = []
        shown = grey
    if runs:
        runs[-1].end = max(duration, runs[-1].start)
    return runs, broken


def _lines(
    run: Run, runs: list[Run], image_path: Callable[[Frame], Path], reader: TextReader
) -> list[Line]:
    """Lines of a run: those of the read run before or after where unchanged, read elsewhere."""
    known = [other for other in runs if other.lines is not None]
    place = bisect_right(known, run.start, key=lambda other: other.start)
    path = image_path(run.frame)
    now = regions.load_grey(path)
    least, parts, lines = MOSTLY, [WHOLE], list[Line]()
    for other in known[max(place - 1, 0) : place + 1]:
        there = other.lines or []
        changed = regions.changed_parts(regions.load_grey(image_path(other.frame)), now)
        changed = regions.merged(changed, [line.box for line in there])
        if sum(map(regions.area, changed)) < least:
            least, parts, lines = sum(map(regions.area, changed)), changed, there
    lines = [line for line in lines if not any(regions.meet(line.box, part) for part in parts)]
    for part in parts:
        lines += [line for line in map(_tidy, reader.read(path, part)) if line]
    return sorted(lines, key=lambda line: (line.box[1], line.box[0]))


def _fair(runs: list[Run]) -> Generator[Run]:
    """Runs by priority, since the budget may end at any of them.

    First the best run of each scene, then scenes with text, then by change times duration, as
    text stands long to be read.
    """
    best: dict[int, Run] = {}
    for run in sorted(runs, key=_worth, reverse=True):
        best.setdefault(run.scene, run)
    yield from best.values()
    rest = [run for run in runs if run is not best[run.scene]]
    yield from sorted(rest, key=lambda run: (not best[run.scene].lines, -_worth(run)))


def _worth(run: Run) -> float:
    return run.change * min(run.end - run.start, 5.0)


def _tidy(line: Line) -> Line | None:
    text = clean(line.text)
    lone = len(letters(text)) < 2  # mostly noise
    return None if lone or line.confidence < LEAST_CONFIDENCE else line._replace(text=text)
