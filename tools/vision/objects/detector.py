"""Objects in one picture by a detector: YOLOX, D-FINE or RF-DETR as ONNX, classes by name.

Boxes of YOLOX lie on grids of 8, 16 and 32 pixels (Ge et al., 2021), those of D-FINE (Peng et al.,
2024) and RF-DETR (Robinson et al., 2025) are shares of the picture. Limits are those that their
authors publish.
"""

import json
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.errors import ProviderUnavailable
from tools.models import registry as models
from tools.models.device import check_session, onnx_providers
from tools.text.clean import clean, word_set
from tools.text.tokens import STOP_WORDS, stem, surface_forms
from tools.vision.colour import COLOUR_WORDS
from tools.vision.objects.blobs import Pixels
from tools.vision.objects.tracking import Seen

LEAST_SCORE, OVERLAPPING = 0.3, 0.45
"""Confidence of an object, at least, and overlap from which on two of a class are one."""
PADDING = 114
"""Grey around a picture that is no square, as YOLOX was trained."""
STRIDES = (8, 16, 32)
DETR_OUTPUTS, RFDETR_OUTPUTS = ("pred_boxes", "logits"), ("dets", "labels")
"""Names of boxes and classes in a model of Transformers, and as RF-DETR writes it itself."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Colours (red, green, blue) of ImageNet, by which RF-DETR was trained."""
SIDE, RFDETR_SIDE = 640, 384
"""Pixels of a side of the picture where a model leaves that open; RF-DETR nano finds little at any
other."""
NO_COCO = frozenset((0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83))
"""Numbers up to 90 that COCO gives to no class; RF-DETR keeps its numbers."""
LONGEST_NAME, MOST_CLASSES = 40, 10_000
Floats = NDArray[Any]


class Detector(Protocol):
    """Finds objects in one picture; the manifest holds its name."""

    @property
    def name(self) -> str: ...

    def find(self, picture: Pixels) -> list[Seen]:
        """Objects in a picture (blue first), the surest first."""
        ...


def resolve_detector(chosen: str, home: Path) -> str | None:
    """Name or path of the detector that a setting chooses; None without one.

    `auto` takes the best that is there.
    """
    if chosen == "none":
        return None
    if chosen != "auto":
        return chosen
    names = [model.name for model in models.MODELS if model.kind == "detector"]
    ready = models.installed(home)
    return next((name for name in names if name in ready), None)


def detector_fingerprint(chosen: str, home: Path) -> Any:
    """Fingerprint (JSON) of the weights that a setting chooses; None without any."""
    name = resolve_detector(chosen, home)
    if name is None:
        return None
    if name in models.NAMES:
        return [name, models.fingerprint(models.folder(home, name))]
    path = Path(name).expanduser()
    facts = path.stat() if path.is_file() else None
    return [path.name, facts and [facts.st_size, facts.st_mtime_ns]]


def load_detector(
    chosen: str, home: Path, threads: int = 0, device: str = "auto"
) -> "Detector | None":
    """Load the detector that a setting chooses, a name of the registry or a path of an ONNX file.

    None without one; ProviderUnavailable where it is not there, or no detector.
    """
    name = resolve_detector(chosen, home)
    if name is None:
        return None
    if name in models.NAMES:
        path = next(models.intact_folder(home, name).rglob("*.onnx"), None)
    else:
        path = Path(name).expanduser()
        path = path if path.is_file() and path.suffix == ".onnx" else None
    if path is None:
        known = ", ".join(model.name for model in models.MODELS if model.kind == "detector")
        raise ProviderUnavailable(
            f"no detector {name!r}; CUEPOINT_DETECTOR is auto, none, {known}, or a path of an "
            "ONNX file of YOLOX, D-FINE or RF-DETR"
        )
    return OnnxDetector(path, name if name in models.NAMES else path.stem, threads, device)


class _Unnamed(ValueError):
    """Classes that no file names."""


class OnnxDetector:
    """A detector told by what it puts out; classes are those of its folder, else COCO's."""

    def __init__(self, path: Path, name: str, threads: int = 0, device: str = "auto") -> None:
        self.name = name
        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_cpu_mem_arena = False
        # The decoder runs beside it: threads that wait by spinning cost both twice the time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        providers = onnx_providers(device)
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=providers)
            self._input = self._session.get_inputs()[0]
            told = {one.name: one.shape for one in self._session.get_outputs()}
        except Exception as error:  # the file is foreign: whatever it does is its own
            raise _unusable(path, "is damaged, or no ONNX file") from error
        check_session(self._session, device)
        self._outputs = [*told]
        pairs = (DETR_OUTPUTS, RFDETR_OUTPUTS)
        self._detr = next((pair for pair in pairs if {*pair} <= told.keys()), None)
        facts = _beside(path, "config.json")
        last = told[self._detr[1]][-1] if self._detr else 0
        self._is_rfdetr = self._detr is not None and (
            self._detr == RFDETR_OUTPUTS
            or facts.get("model_type") == "rf_detr"
            or last == len(_coco_by_number())
        )
        self._classes = _named(facts) or (_coco_by_number() if self._is_rfdetr else _coco())
        self.side = self._given_side(path)
        blank = np.zeros((self.side, self.side, 3), np.uint8)
        try:
            self.find(blank)
        except Exception as error:
            why = "gives neither what YOLOX nor what D-FINE or RF-DETR gives"
            raise _unusable(path, str(error) if isinstance(error, _Unnamed) else why) from error

    def _given_side(self, path: Path) -> int:
        """Pixels of a side of the picture, as the model says, else the file beside it."""
        for side in self._input.shape[2:]:
            if isinstance(side, int):
                return side
        with suppress(KeyError, TypeError, ValueError):
            return int(_beside(path, "preprocessor_config.json")["size"]["height"])
        return RFDETR_SIDE if self._is_rfdetr else SIDE

    def find(self, picture: Pixels) -> list[Seen]:
        """Objects in a picture (blue first), the surest first."""
        return self._queries(picture, self._detr) if self._detr else self._yolox(picture)

    def _run(self, prepared: Floats) -> list[Any]:
        return self._session.run(None, {self._input.name: prepared})

    def _yolox(self, picture: Pixels) -> list[Seen]:
        import cv2

        height, width = picture.shape[:2]
        scale = self.side / max(height, width)
        across, down = max(round(width * scale), 1), max(round(height * scale), 1)
        square = np.full((self.side, self.side, 3), PADDING, np.uint8)
        square[:down, :across] = cv2.resize(picture, (across, down))
        (out,) = self._run(square.transpose(2, 0, 1)[None].astype(np.float32))
        rows = np.asarray(out)[0]
        grid, stride = _grid(self.side)
        if rows.shape != (len(grid), 5 + len(self._classes)):
            raise ValueError(f"shape {rows.shape}")
        middle = (rows[:, :2] + grid) * stride
        half = np.exp(rows[:, 2:4]) * stride / 2
        boxes = np.hstack([middle - half, middle + half]) / ([across, down] * 2)
        return self._chosen(boxes, rows[:, 4:5] * rows[:, 5:])

    def _queries(self, picture: Pixels, names: tuple[str, str]) -> list[Seen]:
        """Objects by D-FINE or RF-DETR: a box and its classes for each query."""
        import cv2

        square = cv2.resize(picture, (self.side, self.side))[:, :, ::-1].astype(np.float32) / 255
        if self._is_rfdetr:
            square = (square - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
        out = self._run(np.ascontiguousarray(square.transpose(2, 0, 1)[None]))
        told = dict(zip(self._outputs, out, strict=True))
        boxes, logits = (np.asarray(told[name])[0] for name in names)
        if len(logits) != len(boxes):
            raise ValueError(f"shape {logits.shape}")
        count = logits.shape[1]
        if count - len(self._classes) not in (0, self._is_rfdetr):  # its last may be: nothing
            raise _Unnamed(f"has {count} classes, and no config.json beside it names as many")
        half = boxes[:, 2:] / 2
        corners = np.hstack([boxes[:, :2] - half, boxes[:, :2] + half])
        scores = 1 / (1 + np.exp(-np.clip(logits[:, : len(self._classes)], -60, 60)))
        return self._chosen(corners, scores * [bool(name) for name in self._classes])

    def _chosen(self, boxes: Floats, scores: Floats) -> list[Seen]:
        """The best of boxes that overlap, of each class, as shares of the picture."""
        import cv2

        best = scores.argmax(axis=1)
        sure = scores.max(axis=1)
        kept = np.flatnonzero(sure >= LEAST_SCORE)
        if not len(kept):
            return []
        boxes = np.clip(boxes[kept], 0, 1)
        flat = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]) * 1000
        chosen: Any = cv2.dnn.NMSBoxesBatched(
            flat.tolist(), sure[kept].tolist(), best[kept].tolist(), LEAST_SCORE, OVERLAPPING
        )
        found = [
            Seen((*boxes[n].tolist(),), self._classes[int(best[kept[n]])], float(sure[kept[n]]))
            for n in np.asarray(chosen, int).ravel()
        ]
        return sorted(found, key=lambda one: -one.score)


def _unusable(path: Path, why: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"the detector {path.name} {why}: take another CUEPOINT_DETECTOR")


@cache
def _grid(side: int) -> tuple[Floats, Floats]:
    """Cell (x, y) and its size in pixels, of each row that YOLOX puts out."""
    cells: list[Any] = []
    sizes: list[Any] = []
    for stride in STRIDES:
        count = side // stride
        y, x = np.mgrid[:count, :count]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        sizes.append(np.full((count * count, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def _beside(path: Path, name: str) -> dict[str, Any]:
    """A file of JSON in the folder of a model, or in the one above it; empty without one."""
    for folder in (path.parent, path.parent.parent):
        with suppress(OSError, ValueError, TypeError):
            return dict(json.loads((folder / name).read_bytes()))
    return {}


def _named(facts: dict[str, Any]) -> Sequence[str]:
    """Names of the classes by number, as a `config.json` tells them; "" is no class."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        named = {
            int(number): clean(str(name), LONGEST_NAME)
            for number, name in facts["id2label"].items()
        }
        if min(named) >= 0 and max(named) < MOST_CLASSES:
            return [named.get(number, "") for number in range(max(named) + 1)]
    return []


def _coco() -> Sequence[str]:
    return [*_names()["classes"]]


@cache
def _coco_by_number() -> Sequence[str]:
    """Names of the classes of COCO by its own numbers, which have gaps."""
    names = iter(_coco())
    return ["" if number in NO_COCO else next(names) for number in range(91)]


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads((files("tools.vision.objects") / "names.toml").read_text("utf-8"))


@cache
def _labels() -> dict[str, frozenset[str]]:
    """Classes that a word may mean, by the word and by its stem."""
    found: dict[str, frozenset[str]] = {}
    for name, others in _names()["classes"].items():
        for word in surface_forms(
            f"{name.replace(' ', '')} {name if ' ' not in name else ''} {others}"
        ):
            for form in (word, stem(word)):
                found.setdefault(form, frozenset([name]))
    for word, classes in _names()["groups"].items():
        found[word] = found[stem(word)] = frozenset(classes.split())
    return found


ANYTHING = frozenset[str]()
"""Labels of a word for whatever moves."""


def labels_of(word: str) -> frozenset[str] | None:
    """Classes that a word means: "cars", "people", "vehicle"; ANYTHING for whatever moves.

    None for a word that names no class.
    """
    forms = surface_forms(word)
    if not forms or {*forms} & {*surface_forms(_names()["anything"]["words"])}:
        return ANYTHING
    joined = "".join(forms)
    for form in (joined, stem(joined), *(w for f in reversed(forms) for w in (f, stem(f)))):
        if form in _labels():
            return _labels()[form]
    return None


def sought(query: str) -> tuple[frozenset[str] | None, str]:
    """Classes and colour that a query asks for: "red cars"; ANYTHING for whatever moves.

    None where it asks for something else, too.
    """
    forms = surface_forms(query)
    colours = [COLOUR_WORDS[form] for form in forms if form in COLOUR_WORDS]
    rest = [f for f in forms if f not in COLOUR_WORDS and f not in STOP_WORDS and f not in _IDLE]
    labels = labels_of(" ".join(rest)) if rest or colours else None
    if len(rest) > 2 or (len(rest) == 2 and labels is not None and labels != labels_of(rest[-1])):
        labels = None
    return labels, next(iter(colours), "")


_IDLE = word_set("""
    find show move moves moving pass passes passing all every
    zeige finde alle ein eine der die das""")
"""Words of a query that say nothing of what is looked for."""
