"""Small models with the inputs and outputs of the real ones, and a meaning that can be tested.

The pair knows twelve colours by name: its vision tower says how near the mean colour of each cell
of the picture is to each of them, its text tower which of them a text names. The cross-encoder
counts the colours that a question and a passage have in common.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node as node
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from tools.models.registry import folder, seal

COLOURS = {
    "red": (220, 30, 30), "green": (30, 180, 50), "blue": (30, 60, 220), "yellow": (240, 220, 40),
    "orange": (240, 140, 20), "purple": (140, 40, 170), "cyan": (30, 200, 220),
    "pink": (245, 150, 190), "brown": (120, 70, 30), "white": (250, 250, 250),
    "black": (5, 5, 5), "grey": (128, 128, 128),
}  # fmt: skip
WIDTH, LENGTH, SIDE = 32, 16, 64


def _directions(width: int) -> np.ndarray:
    """One unit vector for each colour, all at right angles."""
    random = np.random.default_rng(7).normal(size=(width, width))
    return np.linalg.qr(random)[0][: len(COLOURS)].astype(np.float32)


def _vision(width: int) -> onnx.ModelProto:
    colours = np.array(list(COLOURS.values()), np.float32) / 127.5 - 1  # as Normalize leaves them
    constants = {
        "colours": colours.T[None, None],  # 1 1 3 colours
        "sharp": np.array(-6.0, np.float32),
        "directions": _directions(width),
        "cells": np.array([0, 3, -1], np.int64),
        "axes": np.array([-2], np.int64),
        "last": np.array([3], np.int64),
        "middle": np.array([1], np.int64),
    }
    nodes = [
        node("AveragePool", ["pixel_values"], ["pooled"], kernel_shape=[8, 8], strides=[8, 8]),
        node("Reshape", ["pooled", "cells"], ["flat"]),
        node("Transpose", ["flat"], ["list"], perm=[0, 2, 1]),
        node("Unsqueeze", ["list", "last"], ["each"]),
        node("Sub", ["each", "colours"], ["apart"]),
        node("ReduceSumSquare", ["apart", "axes"], ["far"], keepdims=0),
        node("Mul", ["far", "sharp"], ["near"]),
        node("Softmax", ["near"], ["share"], axis=-1),
        node("MatMul", ["share", "directions"], ["last_hidden_state"]),
        node("ReduceMean", ["last_hidden_state", "middle"], ["pooler_output"], keepdims=0),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    ]
    return _model(nodes, inputs, constants, (SIDE // 8) ** 2, width)


def _text(width: int) -> onnx.ModelProto:
    words = np.zeros((len(COLOURS) + 2, width), np.float32)  # [pad] and [unk] mean nothing
    words[2:] = _directions(width)
    nodes = [
        node("Gather", ["words", "input_ids"], ["last_hidden_state"]),
        node("ReduceMean", ["last_hidden_state", "middle"], ["pooler_output"], keepdims=0),
    ]  # fmt: skip
    inputs = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "length"])]
    constants = {"words": words, "middle": np.array([1], np.int64)}
    return _model(nodes, inputs, constants, "length", width)


def _model(nodes, inputs, constants, places, width) -> onnx.ModelProto:
    outputs = [
        helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["n", places, width]),
        helper.make_tensor_value_info("pooler_output", TensorProto.FLOAT, ["n", width]),
    ]
    return _checked(nodes, inputs, outputs, constants)


def _checked(nodes, inputs, outputs, constants) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(made)
    return made


def make_reranker(place: Path) -> Path:
    """A cross-encoder in the layout of the small ones for MS MARCO; returns its folder."""
    (place / "onnx").mkdir(parents=True)
    _tokenizer(place, pairs=True)
    words = np.zeros((len(COLOURS) + 4, len(COLOURS)), np.float32)  # of each colour, one axis
    words[2:-2] = np.eye(len(COLOURS), dtype=np.float32)
    constants = {
        "words": words, "one": np.array(1, np.int64), "last": np.array([2], np.int64),
        "places": np.array([1], np.int64), "half": np.array(0.5, np.float32),
    }  # fmt: skip
    nodes = [
        node("Gather", ["words", "input_ids"], ["named"]),  # n, length, colours
        node("Sub", ["one", "token_type_ids"], ["in_question"]),
    ]
    for side, mask in (("asked", "in_question"), ("told", "token_type_ids")):
        nodes += [
            node("Cast", [mask], [f"{side} mask"], to=TensorProto.FLOAT),
            node("Unsqueeze", [f"{side} mask", "last"], [f"{side} places"]),
            node("Mul", ["named", f"{side} places"], [f"{side} words"]),
            node("ReduceMax", [f"{side} words", "places"], [side], keepdims=0),
        ]
    nodes += [
        node("Mul", ["asked", "told"], ["common"]),
        node("ReduceSum", ["common", "places"], ["count"], keepdims=1),
        node("Sub", ["count", "half"], ["logits"]),
    ]
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["n", "length"]) for n in names]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1])]
    onnx.save(
        _checked(nodes, inputs, outputs, constants), str(place / "onnx" / "model_quantized.onnx")
    )
    return place


def make_pair(place: Path, width: int = WIDTH, text_width: int | None = None) -> Path:
    """A pair in the layout of the SigLIP 2 export; returns its folder."""
    (place / "onnx").mkdir(parents=True)
    onnx.save(_vision(width), str(place / "onnx" / "vision_model.onnx"))
    onnx.save(_text(text_width or width), str(place / "onnx" / "text_model.onnx"))
    _tokenizer(place)
    settings = {
        "image_processor_type": "SiglipImageProcessor", "do_resize": True,
        "size": {"height": SIDE, "width": SIDE}, "resample": 2, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    }  # fmt: skip
    (place / "preprocessor_config.json").write_text(json.dumps(settings))
    return place


def _tokenizer(place: Path, pairs: bool = False) -> None:
    known = ["[pad]", "[unk]", *COLOURS, *(["[cls]", "[sep]"] if pairs else [])]
    words = {word: number for number, word in enumerate(known)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[unk]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    if pairs:
        tokenizer.post_processor = TemplateProcessing(
            single="[cls] $A [sep]",
            pair="[cls] $A [sep] $B:1 [sep]:1",
            special_tokens=[(word, words[word]) for word in ("[cls]", "[sep]")],
        )
    tokenizer.save(str(place / "tokenizer.json"))
    (place / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": LENGTH, "pad_token": "[pad]"})
    )


def make_text(place: Path, width: int = 384) -> Path:
    """A text model in the layout of the small sentence models; returns its folder."""
    (place / "onnx").mkdir(parents=True)
    onnx.save(_text(width), str(place / "onnx" / "model_quantized.onnx"))
    _tokenizer(place)
    return place


def install_pair(home: Path, name: str = "siglip2") -> Path:
    """A pair where `cuepoint models pull` would put it; returns its folder."""
    place = make_pair(folder(home, name))
    seal(place, name)
    return place


def install_text(home: Path, name: str = "e5-small") -> Path:
    """A text model where `cuepoint models pull` would put it; returns its folder."""
    place = make_text(folder(home, name))
    seal(place, name)
    return place


def install_reranker(home: Path, name: str = "ms-marco") -> Path:
    """A cross-encoder where `cuepoint models pull` would put it; returns its folder."""
    place = make_reranker(folder(home, name))
    seal(place, name)
    return place
