"""Zero-shot classification: which of some labels fits what is seen, if any of them does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.embed import unit_rows
from tools.search.calibration import cut, distractors, margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.embed import Embedder, Floats

SHARPNESS = 2.5
"""Of the softmax, for each spread: CLIP multiplies cosines by 100, and 0.025 is its spread."""
TEMPLATES = ("{}", "a photo of {}", "a video of {}")


@dataclass(frozen=True)
class Label:
    """A label with its probability among the others and "none of them" (0 to 1).

    margin is how far it stands above everyday captions, in their spreads; "" is none of them.
    """

    text: str
    probability: float
    margin: float


def classify(pictures: Floats, labels: Sequence[str], embedder: Embedder) -> list[Label]:
    """Labels of frames taken together, the most probable first; "" for none of them.

    None of them is a class of its own, as probable as a label that lies at the cut-off.
    """
    import numpy as np

    names = list(dict.fromkeys(labels))
    none = cut(len(names))
    if not (names and len(pictures)):
        return [Label("", 1.0, none)]
    texts = embedder.texts([form.format(name) for name in names for form in TEMPLATES])
    means = unit_rows(texts.reshape(len(names), len(TEMPLATES), -1).mean(axis=1))
    mean = unit_rows(pictures.mean(axis=0, keepdims=True))
    found = [*margins(mean, means, distractors(embedder))[0].tolist(), none]
    weights = np.exp(SHARPNESS * (np.array(found) - max(found)))
    chances = (weights / weights.sum()).tolist()
    made = [
        Label(name, round(chance, 4), round(margin, 2))
        for name, chance, margin in zip([*names, ""], chances, found, strict=True)
    ]
    return sorted(made, key=lambda one: -one.probability)
