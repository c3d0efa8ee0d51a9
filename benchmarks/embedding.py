"""Speed of the image embedder, beside bare onnxruntime on the same batches.

    python -m benchmarks.embedding [--pictures N] [--rounds N] [--threads N]

The tower has the shape of CLIP's ViT-B/32 and random weights, on which its speed does not depend.
The bare session gets arrays that are ready; Cuepoint gets JPEG files of 1280 x 720 and reads,
scales and normalises them as well. Both run in turns (A B A B) and are compared turn by turn.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from tools.embed.dual_encoder import BATCH, OnnxPair

SIDE, PATCH, WIDTH, HEADS, LAYERS, OUT = 224, 32, 768, 12, 12, 512
LEAST_RATIO = 0.9


class Graph:
    """Builder of an ONNX graph with random weights."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._random = np.random.default_rng(0)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; returns its name."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def weight(self, *shape: int) -> str:
        """Add small random weights; returns their name."""
        return self.constant(self._random.normal(0, 0.02, shape).astype(np.float32))

    def constant(self, array: Any) -> str:
        """Add a constant; returns its name."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def linear(self, x: str, wide: int, out: int) -> str:
        """Add a linear layer with a bias."""
        return self.add("Add", self.add("MatMul", x, self.weight(wide, out)), self.weight(out))

    def norm(self, x: str) -> str:
        """Add a layer normalisation of the last axis."""
        return self.add("LayerNormalization", x, self.weight(WIDTH), self.weight(WIDTH), axis=-1)

    def attention(self, x: str) -> str:
        """Add multi-head self-attention."""
        split = self.constant(np.array([0, 0, HEADS, WIDTH // HEADS]))
        parts: list[str] = []
        for axes in ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3)):  # query, key, value
            part = self.add("Reshape", self.linear(x, WIDTH, WIDTH), split)
            parts.append(self.add("Transpose", part, perm=axes))
        scale = self.constant(np.float32((WIDTH // HEADS) ** -0.5))
        share = self.add("Softmax", self.add("Mul", self.add("MatMul", *parts[:2]), scale), axis=-1)
        seen = self.add("Transpose", self.add("MatMul", share, parts[2]), perm=(0, 2, 1, 3))
        joined = self.add("Reshape", seen, self.constant(np.array([0, 0, WIDTH])))
        return self.linear(joined, WIDTH, WIDTH)

    def block(self, x: str) -> str:
        """Add a transformer layer with the activation of CLIP."""
        x = self.add("Add", x, self.attention(self.norm(x)))
        inner = self.linear(self.norm(x), WIDTH, 4 * WIDTH)
        gate = self.add("Sigmoid", self.add("Mul", inner, self.constant(np.float32(1.702))))
        return self.add("Add", x, self.linear(self.add("Mul", inner, gate), 4 * WIDTH, WIDTH))


def make_tower(path: Path) -> None:
    """Write a vision tower with 87 million random weights."""
    g = Graph()
    places = (SIDE // PATCH) ** 2
    stride = {"kernel_shape": [PATCH, PATCH], "strides": [PATCH, PATCH]}
    patches = g.add("Conv", "pixel_values", g.weight(WIDTH, 3, PATCH, PATCH), **stride)
    rows = g.add("Reshape", patches, g.constant(np.array([0, WIDTH, places])))
    rows = g.add("Transpose", rows, perm=(0, 2, 1))
    first = g.add("Mul", g.add("Slice", rows, *map(g.constant, ([0], [1], [1]))), g.weight(WIDTH))
    x = g.norm(g.add("Add", g.add("Concat", first, rows, axis=1), g.weight(places + 1, WIDTH)))
    for _ in range(LAYERS):
        x = g.block(x)
    whole = g.norm(g.add("Gather", x, g.constant(np.array(0)), axis=1))
    g.nodes.append(helper.make_node("MatMul", [whole, g.weight(WIDTH, OUT)], ["image_embeds"]))
    graph = helper.make_graph(
        g.nodes,
        "vision",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["n", OUT])],
        g.weights,
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    settings = {
        "do_resize": True, "size": {"shortest_edge": SIDE}, "resample": 3,
        "do_center_crop": True, "crop_size": {"height": SIDE, "width": SIDE},
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28],
    }  # fmt: skip
    path.with_name("preprocessor_config.json").write_text(json.dumps(settings))


def make_pictures(folder: Path, count: int) -> list[Path]:
    """Write JPEG files with as much detail as a frame of a film."""
    random = np.random.default_rng(1)
    paths = [folder / f"{number:03d}.jpg" for number in range(count)]
    for path in paths:
        coarse = random.integers(0, 255, (45, 80, 3), np.uint8)
        Image.fromarray(coarse).resize((1280, 720), Image.Resampling.BICUBIC).save(path, quality=82)
    return paths


def main() -> None:
    """Measure and print; exit status 1 if the target is missed."""
    import onnxruntime

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tower(folder / "vision_model.onnx")
        paths = make_pictures(folder, chosen.pictures)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = chosen.threads
        session = onnxruntime.InferenceSession(
            str(folder / "vision_model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        batches = [
            np.random.default_rng(2).normal(size=(len(paths[i : i + BATCH]), 3, SIDE, SIDE))
            for i in range(0, len(paths), BATCH)
        ]
        ready = [one.astype(np.float32) for one in batches]
        pair = OnnxPair("the tower", folder, chosen.threads)
        pair.images(paths[:BATCH])
        session.run(None, {"pixel_values": ready[0]})
        bare: list[float] = []
        ours: list[float] = []
        for _ in range(chosen.rounds):
            start = time.perf_counter()
            for batch in ready:
                session.run(None, {"pixel_values": batch})
            middle = time.perf_counter()
            pair.images(paths)
            bare.append(len(paths) / (middle - start))
            ours.append(len(paths) / (time.perf_counter() - middle))
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    print(f"bare onnxruntime, arrays that are ready: {median(bare):6.1f} pictures a second")
    print(f"Cuepoint, from JPEG files of 1280 x 720: {median(ours):6.1f} pictures a second")
    print(f"ratio {ratio:.2f}, target at least {LEAST_RATIO}, {chosen.threads} threads")
    raise SystemExit(ratio < LEAST_RATIO)


if __name__ == "__main__":
    main()
