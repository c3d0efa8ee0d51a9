"""Detectors made here: what they put out is read; files that are none are told in one sentence."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tools.errors import ProviderUnavailable
from tools.vision.objects.detector import ANYTHING, OnnxDetector, labels_of, load_detector, sought

SIDE = 64


def saved(
    path: Path,
    outputs: dict[str, np.ndarray],
    name: str = "images",
    sides: tuple[int | str, int | str] = (SIDE, SIDE),
) -> Path:
    """A model that puts out the same whatever it is shown."""
    shown = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, *sides])
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


def queries(*found: tuple[int, float], classes: int) -> list[np.ndarray]:
    """Boxes, and logits of a class each; the last query finds nothing."""
    boxes = np.array([[[0.5, 0.5, 0.2, 0.4], [0.2, 0.3, 0.1, 0.1], [0.5, 0.5, 0.9, 0.9]]])
    logits = np.full((1, 3, classes), -9.0)
    for query, (number, logit) in enumerate(found):
        logits[0, query, number] = logit
    return [boxes, logits]


def test_rfdetr_keeps_the_numbers_of_coco(tmp_path: Path) -> None:
    told = queries((3, 2.0), (90, 1.0), classes=91)
    own = saved(tmp_path / "own.onnx", dict(zip(("dets", "labels"), told, strict=True)))
    open_size = dict(zip(("pred_boxes", "logits"), told, strict=True))
    other = saved(tmp_path / "other.onnx", open_size, "pixel_values", ("height", "width"))
    for path in (own, other):
        detector = load_detector(str(path), tmp_path)
        assert detector
        car, brush = detector.find(np.zeros((48, 80, 3), np.uint8))
        assert (car.label, brush.label) == ("car", "toothbrush")
        assert car.box == pytest.approx((0.4, 0.3, 0.6, 0.7))
        assert car.score == pytest.approx(1 / (1 + np.exp(-2.0)))
    # A number that COCO gives to no class is none, however sure the model is.
    gap = dict(zip(("dets", "labels"), queries((12, 5.0), (1, 1.0), classes=91), strict=True))
    detector = load_detector(str(saved(tmp_path / "gap.onnx", gap)), tmp_path)
    assert detector
    assert [one.label for one in detector.find(np.zeros((9, 9, 3), np.uint8))] == ["person"]


def test_rfdetr_of_other_classes_has_one_for_nothing(tmp_path: Path) -> None:
    told = dict(zip(("dets", "labels"), queries((1, 2.0), (2, 4.0), classes=3), strict=True))
    path = saved(tmp_path / "model.onnx", told)
    with pytest.raises(ProviderUnavailable, match="3 classes, and no config"):
        load_detector(str(path), tmp_path)  # nobody says what its classes are
    (tmp_path / "config.json").write_text('{"id2label": {"0": "cat", "1": "forklift"}}')
    detector = load_detector(str(path), tmp_path)
    assert detector
    (one,) = detector.find(np.zeros((48, 80, 3), np.uint8))
    assert one.label == "forklift"


def shows_red(path: Path, **facts: object) -> Path:
    """A model whose first class is as sure as the middle of its picture is red."""
    shown = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, [1, 3, "h", "w"])
    weights = [
        numpy_helper.from_array(np.array([0, 0, 0, 0], np.int64), "from"),
        numpy_helper.from_array(np.array([1, 1, 1, 1], np.int64), "to"),
        numpy_helper.from_array(np.array([[[0.5, 0.5, 0.2, 0.2]]], np.float32), "pred_boxes_w"),
        numpy_helper.from_array(np.array([1, 1, 1], np.int64), "shape"),
        numpy_helper.from_array(np.array(0, np.float32), "none"),
    ]
    nodes = [
        helper.make_node("Slice", ["pixel_values", "from", "to"], ["red"]),
        helper.make_node("Reshape", ["red", "shape"], ["logits"]),
        helper.make_node("Mul", ["logits", "none"], ["zero"]),
        helper.make_node("Add", ["pred_boxes_w", "zero"], ["pred_boxes"]),
    ]
    told = [
        helper.make_tensor_value_info("pred_boxes", TensorProto.FLOAT, [1, 1, 4]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1, 1]),
    ]
    graph = helper.make_graph(nodes, "g", [shown], told, weights)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        str(path),
    )
    (path.parent / "config.json").write_text(json.dumps({"id2label": {"0": "lamp"}, **facts}))
    return path


@pytest.mark.parametrize("kind, logit", [("rf_detr", (1 - 0.485) / 0.229), ("d_fine", 1.0)])
def test_colours_are_those_that_a_model_was_trained_with(
    kind: str, logit: float, tmp_path: Path
) -> None:
    detector = load_detector(str(shows_red(tmp_path / "m.onnx", model_type=kind)), tmp_path)
    assert detector
    red = np.zeros((20, 30, 3), np.uint8)
    red[:, :, 2] = 255
    (one,) = detector.find(red)
    assert one.score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-5)


def test_the_size_of_its_pictures_is_told_beside_it(tmp_path: Path) -> None:
    path = shows_red(tmp_path / "m.onnx", model_type="rf_detr")
    assert OnnxDetector(path, "m").side == 384
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"height": 512, "width": 512}}')
    assert OnnxDetector(path, "m").side == 512


def test_what_is_no_detector_is_told_in_one_sentence(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.onnx", {"output": yolox()})
    (tmp_path / "cut.onnx").write_bytes(whole.read_bytes()[:5000])
    other = saved(tmp_path / "other.onnx", {"scores": np.zeros((1, 7))})
    odd = saved(
        tmp_path / "odd.onnx", {"dets": np.zeros((1, 5, 4)), "labels": np.zeros((1, 4, 91))}
    )
    for path, said in (
        (tmp_path / "cut.onnx", "is damaged"),
        (other, "gives neither"),
        (odd, "gives neither"),
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
