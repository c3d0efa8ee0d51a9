"""Detectors made here: what they put out is read; files that are none are told in one sentence."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tools.errors import ProviderUnavailable
from tools.vision.objects import ANYTHING, labels_of, load_detector, sought

SIDE = 64


def saved(path: Path, outputs: dict[str, np.ndarray], name: str = "images") -> Path:
    """A model that puts out the same whatever it is shown."""
    shown = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    nodes, weights, told = [], [], []
    nodes.append(helper.make_node("ReduceMin", [name], ["low"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["low", "none"], ["zero"]))
    weights.append(numpy_helper.from_array(np.array(0, np.float32), "none"))
    for key, value in outputs.items():
        weights.append(numpy_helper.from_array(value.astype(np.float32), f"{key}_w"))
        nodes.append(helper.make_node("Add", [f"{key}_w", "zero"], [key]))
        told.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, list(value.shape)))
    graph = helper.make_graph(nodes, "g", [shown], told, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def yolox() -> np.ndarray:
    """Rows of 8, 16 and 32 pixels a cell: a car twice in one place, and a person beside it."""
    rows = np.zeros((1, 64 + 16 + 4, 85), np.float32)
    for cell, label, score in ((2 * 8 + 2, 2, 0.9), (2 * 8 + 3, 2, 0.8), (5 * 8 + 6, 0, 0.7)):
        rows[0, cell, :4] = (0.5, 0.5, np.log(2.0), np.log(1.0))
        rows[0, cell, 4], rows[0, cell, 5 + label] = 1.0, score
    rows[0, 2 * 8 + 3, 0] = -0.4
    return rows


def test_yolox_is_decoded_and_doubles_are_one(tmp_path: Path) -> None:
    detector = load_detector(str(saved(tmp_path / "x.onnx", {"output": yolox()})), tmp_path)
    assert detector and detector.name == "x"
    car, person = detector.find(np.zeros((32, 64, 3), np.uint8))
    assert (car.label, person.label) == ("car", "person")
    assert car.score == pytest.approx(0.9) and person.score == pytest.approx(0.7)
    # 64 x 32 pixels fill the upper half of the square: 20 - 8 to 20 + 8 of 64, 20 - 4 to 24 of 32.
    assert car.box == pytest.approx((12 / 64, 16 / 32, 28 / 64, 24 / 32))


def test_dfine_is_decoded_with_the_names_beside_it(tmp_path: Path) -> None:
    logits = np.full((1, 3, 2), -9.0)
    logits[0, 1, 1] = 2.0
    boxes = np.array([[[0.5, 0.5, 0.2, 0.4]] * 3])
    outputs = {"logits": logits, "pred_boxes": boxes}
    path = saved(tmp_path / "model.onnx", outputs, "pixel_values")
    (tmp_path / "config.json").write_text('{"id2label": {"0": "cat", "1": "forklift"}}')
    detector = load_detector(str(path), tmp_path)
    assert detector
    (one,) = detector.find(np.zeros((48, 80, 3), np.uint8))
    assert one.label == "forklift" and one.box == pytest.approx((0.4, 0.3, 0.6, 0.7))
    assert one.score == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_what_is_no_detector_is_told_in_one_sentence(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.onnx", {"output": yolox()})
    (tmp_path / "cut.onnx").write_bytes(whole.read_bytes()[:5000])
    other = saved(tmp_path / "other.onnx", {"scores": np.zeros((1, 7))})
    for path, said in (
        (tmp_path / "cut.onnx", "is damaged"),
        (other, "gives neither"),
        (tmp_path / "gone.onnx", "no detector"),
        (Path("no-such-model"), "no detector"),
    ):
        with pytest.raises(ProviderUnavailable, match=said):
            load_detector(str(path), tmp_path)
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull dfine-nano"):
        load_detector("dfine-nano", tmp_path)
    assert load_detector("none", tmp_path) is None and load_detector("auto", tmp_path) is None


@pytest.mark.parametrize(
    "word, labels",
    [
        ("cars", {"car"}), ("people", {"person"}), ("Autos", {"car"}), ("Männer", {"person"}),
        ("vehicles", {"car", "motorcycle", "bus", "truck"}), ("van", {"car", "truck", "bus"}),
        ("traffic lights", {"traffic light"}), ("something", ANYTHING), ("budget", None),
    ],
)  # fmt: skip
def test_words_mean_classes(word: str, labels: set[str] | None) -> None:
    assert labels_of(word) == (labels if labels is None else frozenset(labels))


@pytest.mark.parametrize(
    "query, found",
    [
        ("red cars", (frozenset({"car"}), "red")), ("find all people", (frozenset({"person"}), "")),
        ("something red", (ANYTHING, "red")), ("budget of the team", (None, "")),
        ("the people of the budget", (None, "")),
    ],
)  # fmt: skip
def test_a_query_names_a_class_and_a_colour(query: str, found: object) -> None:
    assert sought(query) == found
