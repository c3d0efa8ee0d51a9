"""Objects in one picture by a detector: YOLOX or D-FINE as ONNX, classes by name.

Boxes of YOLOX lie on grids of 8, 16 and 32 pixels (Ge et al., 2021), those of D-FINE are shares of
the picture (Peng et al., 2024). Limits are those that their authors publish.
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
from tools.vision.blobs import Pixels
from tools.vision.colour import COLOUR_WORDS
from tools.vision.tracking import Seen

LEAST_SCORE, OVERLAPPING = 0.3, 0.45
"""Confidence of an object, at least, and overlap from which on two of a class are one."""
PADDING = 114
"""Grey around a picture that is no square, as YOLOX was trained."""
STRIDES = (8, 16, 32)
LONGEST_NAME = 40
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
            "ONNX file of YOLOX or D-FINE"
        )
    return OnnxDetector(path, name if name in models.NAMES else path.stem, threads, device)


class OnnxDetector:
    """YOLOX or D-FINE, told by what it puts out; classes are those of its folder, else COCO's."""

    def __init__(self, path: Path, name: str, threads: int = 0, device: str = "auto") -> None:
        self.name = name
        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        providers = onnx_providers(device)
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=providers)
            self._input = self._session.get_inputs()[0]
            self._outputs = [one.name for one in self._session.get_outputs()]
        except Exception as error:  # the file is foreign: whatever it does is its own
            raise _unusable(path, "is damaged, or no ONNX file") from error
        check_session(self._session, device)
        sides = [side for side in self._input.shape[2:] if isinstance(side, int)]
        self._is_dfine = {"logits", "pred_boxes"} <= {*self._outputs}
        self._side = sides[0] if sides else 640
        self._classes = _classes(path.parent, path.parent.parent)
        blank = np.zeros((self._side, self._side, 3), np.uint8)
        try:
            self.find(blank)
        except Exception as error:
            raise _unusable(path, "gives neither what YOLOX nor what D-FINE gives") from error

    def find(self, picture: Pixels) -> list[Seen]:
        """Objects in a picture (blue first), the surest first."""
        return self._dfine(picture) if self._is_dfine else self._yolox(picture)

    def _run(self, prepared: Floats) -> list[Any]:
        return self._session.run(None, {self._input.name: prepared})

    def _yolox(self, picture: Pixels) -> list[Seen]:
        import cv2

        height, width = picture.shape[:2]
        scale = self._side / max(height, width)
        across, down = max(round(width * scale), 1), max(round(height * scale), 1)
        square = np.full((self._side, self._side, 3), PADDING, np.uint8)
        square[:down, :across] = cv2.resize(picture, (across, down))
        (out,) = self._run(square.transpose(2, 0, 1)[None].astype(np.float32))
        rows = np.asarray(out)[0]
        grid, stride = _grid(self._side)
        if rows.shape != (len(grid), 5 + len(self._classes)):
            raise ValueError(f"shape {rows.shape}")
        middle = (rows[:, :2] + grid) * stride
        half = np.exp(rows[:, 2:4]) * stride / 2
        boxes = np.hstack([middle - half, middle + half]) / ([across, down] * 2)
        return self._chosen(boxes, rows[:, 4:5] * rows[:, 5:])

    def _dfine(self, picture: Pixels) -> list[Seen]:
        import cv2

        square = cv2.resize(picture, (self._side, self._side))[:, :, ::-1]
        out = self._run(square.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        told = dict(zip(self._outputs, out, strict=True))
        logits, boxes = told["logits"][0], told["pred_boxes"][0]
        if logits.shape != (len(boxes), len(self._classes)):
            raise ValueError(f"shape {logits.shape}")
        half = boxes[:, 2:] / 2
        corners = np.hstack([boxes[:, :2] - half, boxes[:, :2] + half])
        return self._chosen(corners, 1 / (1 + np.exp(-logits)))

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


def _classes(*folders: Path) -> Sequence[str]:
    """Names of the classes by number: of the `config.json` of a model, else those of COCO."""
    for folder in folders:
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            named: dict[str, str] = json.loads((folder / "config.json").read_bytes())["id2label"]
            return [clean(str(named[str(n)]), LONGEST_NAME) for n in range(len(named))]
    return [*_names()["classes"]]


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads((files("tools.vision") / "object_names.toml").read_text("utf-8"))


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
