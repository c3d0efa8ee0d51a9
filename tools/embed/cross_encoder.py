"""Reranker by a small cross-encoder, prepared and run by fastembed.

It reads question and passage together (Nogueira and Cho, "Passage Re-ranking with BERT", 2019):
too slow for a library, right for the few passages that words and vectors found.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fastembed.common.model_description import ModelSource
from fastembed.rerank.cross_encoder import (  # pyright: ignore[reportMissingTypeStubs]
    TextCrossEncoder,
)

from tools.embed.custom_models import CUSTOM, load_custom
from tools.embed.embedder import unusable
from tools.errors import ProviderUnavailable
from tools.models import registry as models

BATCH = 32
for _model in models.MODELS:
    if _model.kind == "reranker":
        TextCrossEncoder.add_custom_model(
            CUSTOM + _model.name,
            sources=ModelSource(hf=_model.sources[0].repository),
            model_file="onnx/model_quantized.onnx",
        )


class CrossEncoder:
    """Cross-encoder of the registry, from its folder; nothing is downloaded."""

    def __init__(self, name: str, folder: Path, threads: int = 0, device: str = "auto") -> None:
        self.name, self.multilingual = name, models.get(name).multilingual
        self._model = load_custom(TextCrossEncoder, name, folder, threads, device)

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """Score each passage, as a logit: above zero is rather an answer than none.

        What goes beyond the model's length is cut off.
        """
        if not passages:
            return []
        try:
            told = list(self._model.rerank(question, list(passages), batch_size=BATCH))
        except Exception as error:
            raise unusable(f"model {self.name}", error) from error
        if len(told) != len(passages) or not np.isfinite(told).all():
            raise ProviderUnavailable(
                f"the model {self.name} gives no number for each of {len(passages)} passages"
            )
        return [float(score) for score in told]
