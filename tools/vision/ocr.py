"""Optical character recognition: a reader of one picture, and the text tracks of a video.

Reading a picture costs a hundred times as much as comparing it, so only changes are read: kept
frames that look the same form a run, its first frame stands for it, and of that one only the parts
are read that no neighbouring run which was read explains. No clock decides: how much is read is a
number of lines, so that the same comes out on any machine.
"""

import importlib.util
import math
import os
import threading
from bisect import bisect_right, insort
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.errors import ProviderUnavailable
from tools.media import Frame, ScreenText
from tools.text.clean import clean
from tools.vision import change_regions as regions
from tools.vision.change_regions import WHOLE, Box
from tools.vision.change_times import RegionChange
from tools.vision.line_reuse import Reuse
from tools.vision.text_tracks import Changes, Line, Run, join, letters, overlap

Pixels = NDArray[np.uint8]
PLAIN = 20
"""Difference of light, of 255, between the darkest and lightest pixel of a readable picture."""
LEAST_CONFIDENCE = 0.5
LARGE, MOSTLY = 640, 0.5
"""Pixels of a side from which on empty parts are left out, and the filled share up to which."""
BULLETS = "•·▪◦ "
"""Signs before a line that are no part of its words."""
LEAST_LINES = 2000
"""Lines that are recognised in any video, if it has so many: short ones are read completely."""


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
                # The default enlarges the short side to 736: five times the work on a wide strip,
                # and text below 10 pixels is not found at either size.
                "Det.limit_type": "max",
                "Det.limit_side_len": 960,
                # Lines are cut out of the picture as it is, not as it is reduced to 2000 before.
                "Global.max_side_len": 4096,
                # Batches are padded to their longest line: half the memory, a tenth slower.
                "Rec.rec_batch_num": 1,
            }
        )
        # Sessions rather than names: a name that is missing would be downloaded.
        self._engine.cfg._set_flag("allow_objects", True)
        self._engine.cfg.Det.session = _session(_model(models, "det"), threads)
        self._engine.cfg.Rec.session = _session(_model(models, "rec"), threads)
        self._lock = threading.Lock()  # the engine keeps the state of a call in itself

    def read(self, image: Path | Pixels, part: Box = WHOLE) -> list[Line]:
        """Read the lines from top to bottom.

        Of a picture that is mostly empty, what is not: the engine finds no small letters there.
        """
        pixels = image if isinstance(image, np.ndarray) else _rgb(image)
        lines = [line for box in _filled(pixels, part) for line in self._read(pixels, box)]
        return sorted(lines, key=lambda line: (line.box[1], line.box[0]))

    def _read(self, pixels: Pixels, part: Box) -> list[Line]:
        pixels = _crop(pixels, part)
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
            Line(text, round(float(score), 4), _box(np.asarray(corners) / (width, height), part))
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


@lru_cache(maxsize=4)
def _session(model: str, threads: int) -> Any:
    """Session whose threads sleep while they wait.

    The engine's own spin: beside other work they took 40 % more processor time, and were slower.
    """
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


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


def _filled(pixels: Pixels, part: Box) -> list[Box]:
    """The part of a picture, or those of it in which there is something if most of it is empty."""
    shown = _crop(pixels, part)
    if max(shown.shape) < LARGE:
        return [part]
    filled = [regions.filled_cells(shown[:, :, colour]) for colour in range(3)]
    boxes = regions.merged(regions.parts(np.any(filled, axis=0)), [])
    if sum(map(regions.area, boxes)) > MOSTLY:
        return [part]
    return [_box(np.asarray(box).reshape(2, 2), part) for box in boxes]


def _box(corners: NDArray[np.float64], part: Box) -> Box:
    """Bounding box, in shares of the picture, of corners given in shares of a part."""
    low, high = np.asarray(part[:2]), np.asarray(part[2:])
    places = (low + np.clip(corners, 0, 1) * (high - low)).round(4)
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


@dataclass
class Screen:
    """On-screen text of a video, as far as it was read."""

    runs: list[Run]
    """Pictures that changed, by time; those that are plain have no lines."""
    broken: int
    """Pictures that could not be opened."""
    changes: Changes
    wanted: int = 0
    """Pictures that are worth reading."""
    unread: int = 0
    """Of these, those that are left."""
    recognised: dict[float, int] = field(default_factory=dict[float, int])
    """Lines recognised for a picture, by its seconds; those that were reused do not count."""

    def texts(self) -> list[ScreenText]:
        """Texts by time; while pictures are unread, their times may still change."""
        return join(self.runs, self.changes)

    @property
    def note(self) -> str:
        """Sentence parts on what is missing; empty if nothing is."""
        notes: list[str] = []
        if self.unread:
            read = self.wanted - self.unread
            notes.append(
                f"{read} of {self.wanted} pictures that changed were read for text; "
                "the next index reads the rest"
            )
        if self.broken:
            notes.append(f"{self.broken} pictures could not be opened")
        return "; ".join(notes)

    def rows(self) -> list[dict[str, Any]]:
        """Every picture that changed (JSON), for `known` of a later reading; an unread one too."""
        return [
            {"seconds": run.start, "recognised": self.recognised.get(run.start, 0),
             "lines": run.lines}
            for run in self.runs
        ]  # fmt: skip


def line_limit(per_hour: int, duration: float) -> float:
    """Lines that are recognised in a video of so many seconds, at most; 0 an hour for no limit."""
    return max(LEAST_LINES, per_hour * duration / 3600) if per_hour else math.inf


def read_screen(
    frames: Sequence[Frame],
    image_path: Callable[[Frame], Path],
    reader: TextReader,
    duration: float,
    *,
    limit: float = math.inf,
    known: Sequence[Mapping[str, Any]] = (),
    cuts: Sequence[float] = (),
    changes: Sequence[tuple[float, float]] = (),
    regions: Sequence[RegionChange] = (),
) -> Generator[tuple[float, Screen], None, Screen]:
    """Read the kept frames, given in time order, until `limit` lines were recognised.

    Yields the share done, 0 to 1, and the screen so far, which it returns in the end. `known` are
    rows of an earlier reading of the same frames, which goes on there: the same comes out as if it
    had not stopped. `cuts` are seconds. `changes` are rows of (seconds, difference from the frame
    before), of more frames than were kept, and `regions` those of small parts: they place a start
    or an end between two kept frames.
    """
    cuts = sorted(cuts)
    placed = Changes(cuts, sorted(changes), sorted(regions))
    screen = Screen(*_runs(frames, image_path, cuts, duration), placed)
    earlier = {row["seconds"]: row for row in known if row["lines"] is not None}
    read = [run for run in screen.runs if run.lines is not None]
    todo = [run for run in screen.runs if run.lines is None]
    screen.wanted = screen.unread = len(todo)
    count = 0
    for run in _fair(todo):
        if row := earlier.get(run.start):
            run.lines = [Line(text, sure, (*box,)) for text, sure, box in row["lines"]]
            recognised = int(row["recognised"])
        elif count >= limit:
            break
        else:
            run.lines, recognised = _lines(run, read, image_path, reader)
        insort(read, run, key=_start)
        count += recognised
        screen.recognised[run.start] = recognised
        screen.unread -= 1
        if not row:
            yield max(1 - screen.unread / len(todo), min(count / limit, 1.0)), screen
    return screen


def _start(run: Run) -> float:
    return run.start


def _runs(
    frames: Sequence[Frame],
    image_path: Callable[[Frame], Path],
    cuts: list[float],
    duration: float,
) -> tuple[list[Run], int]:
    """Runs of frames that look the same, and the number of pictures that cannot be opened."""
    runs: list[Run] = []
    broken = 0
    shown: tuple[regions.Grey, regions.Grey] | None = None
    for frame in frames:
        try:
            grey = regions.load_grey(image_path(frame))
            native = regions.load_native(image_path(frame))
        except OSError:
            broken += 1
            continue
        difference = 255.0
        if shown and shown[1].shape == native.shape:
            difference = regions.largest_change(shown[0], grey)
            # A letter that was typed is no more than a small part of a block.
            if difference < regions.CHANGED and regions.same_cells(shown[1], native).all():
                runs[-1].last = frame.seconds
                continue
        if runs:
            runs[-1].end = frame.seconds
        scene = bisect_right(cuts, frame.seconds)
        runs.append(Run(frame, frame.seconds, frame.seconds, frame.seconds, difference, scene))
        if int(grey.max()) - int(grey.min()) < PLAIN:
            runs[-1].lines = []
        shown = grey, native
    if runs:
        runs[-1].end = max(duration, runs[-1].start)
    return runs, broken


def _lines(
    run: Run, known: list[Run], image_path: Callable[[Frame], Path], reader: TextReader
) -> tuple[list[Line], int]:
    """Lines of a run, and how many were recognised anew.

    What the known run before or after explains is taken over; `known` is by time.
    """
    place = bisect_right(known, run.start, key=_start)
    path = image_path(run.frame)
    reuse = Reuse(path)
    for other in known[max(place - 1, 0) : place + 1]:
        reuse.add(image_path(other.frame), other.lines or [])
    parts, lines = reuse.rest()
    found = [line for part in parts for line in reader.read(path, part)]
    # At the edge of a part a piece of a line may be seen that is known.
    new = [
        line
        for line in filter(None, map(_tidy, found))
        if not any(overlap(line.box, one.box) > 0.5 for one in lines)
    ]
    return sorted([*lines, *new], key=lambda line: (line.box[1], line.box[0])), len(found)


def _fair(runs: list[Run]) -> Generator[Run]:
    """Runs by priority, since reading may end at any of them.

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
    text = clean(line.text).lstrip(BULLETS)
    lone = len(letters(text)) < 2  # mostly noise
    return None if lone or line.confidence < LEAST_CONFIDENCE else line._replace(text=text)
