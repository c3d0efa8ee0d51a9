"""Text embedder by a small transformer, prepared and run by fastembed."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

from tools.embed.custom_models import CUSTOM, load_custom
from tools.embed.embedder import Floats, unit_rows, unusable
from tools.errors import ProviderUnavailable
from tools.models import registry as models

BATCH = 32


class _Spec(NamedTuple):
    """Width of a model's rows, and what it wants before a question and before a text.

    synonym_cosine: among translations and synonyms, and words with nothing in common, the cosines
    were 0.42 to 0.83 and up to 0.58 in e5-small, and 0.16 to 0.87 and up to 0.41 in minilm.
    """

    dimensions: int
    synonym_cosine: float
    question: str = ""
    text: str = ""


_SPECS = {"e5-small": _Spec(384, 0.62, "query: ", "passage: "), "minilm": _Spec(384, 0.5)}
"""Models by name in the registry; both take the mean over the tokens."""
for _name, _spec in _SPECS.items():
    TextEmbedding.add_custom_model(
        CUSTOM + _name,
        PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf=models.get(_name).sources[0].repository),
        dim=_spec.dimensions,
        model_file="onnx/model_quantized.onnx",
    )

_UNRELATED = (
    "The train was late because of the snow.", "She put the keys on the kitchen table.",
    "He has worked for the company for twelve years.", "What time does the museum open on Sunday?",
    "The results of the study were published in spring.", "They painted the front door green.",
    "How much does a ticket to the zoo cost?", "The battery lasts about ten hours.",
    "My grandmother was born in a small village.", "The committee will vote on it next week.",
    "Rain is expected in the north of the country.", "Why did the engine stop?",
    "You have to press the red button twice.", "The recipe needs two eggs and some flour.",
    "Our team scored in the last minute.", "Where did they find the old coins?",
    "The price of bread has doubled since then.", "I would like to thank all of you for coming.",
    "The river floods the fields every few years.", "Who wrote the letter to the king?",
    "The software stores each file only once.", "Most birds leave the island in autumn.",
    "The doctor told him to rest for a month.", "Let us look at the next slide.",
)  # fmt: skip
"""Texts without a common subject: what their vectors share says nothing about a text."""


class OnnxText:
    """Text model of the registry, from its folder; nothing is downloaded.

    Some models put all texts into one corner of their space. The mean of unrelated texts is
    subtracted (Mu and Viswanath, "All-but-the-Top", 2018), so that cosines mean the same in all.
    """

    contextual = True

    def __init__(self, name: str, folder: Path, threads: int = 0, device: str = "auto") -> None:
        self.name, self._spec = name, _SPECS[name]
        self.dimensions, self.synonym_cosine = self._spec.dimensions, self._spec.synonym_cosine
        self.multilingual = models.get(name).multilingual
        self._model = load_custom(TextEmbedding, name, folder, threads, device)

    def texts(self, texts: Sequence[str]) -> Floats:
        """Embed texts, a unit row each; what goes beyond the model's length is cut off."""
        return unit_rows(self._rows(self._spec.text, texts) - self._means[0])

    def questions(self, texts: Sequence[str]) -> Floats:
        """Embed questions, a unit row each."""
        return unit_rows(self._rows(self._spec.question, texts) - self._means[1])

    @cached_property
    def _means(self) -> tuple[Floats, Floats]:
        """Mean rows of unrelated texts, and of the same as questions."""
        text, question = (self._rows(p, _UNRELATED) for p in (self._spec.text, self._spec.question))
        return text.mean(axis=0), question.mean(axis=0)

    def _rows(self, prefix: str, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        # By length, as a batch is as wide as its longest.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        try:
            prefixed = [prefix + texts[at] for at in order]
            array = np.stack(list[Any](self._model.embed(prefixed, batch_size=BATCH)))
        except Exception as error:
            raise unusable(f"model {self.name}", error) from error
        if array.shape != (len(texts), self.dimensions):
            raise ProviderUnavailable(
                f"the model {self.name} gives an array of shape {array.shape} for {len(texts)} "
                f"texts, not rows of {self.dimensions} numbers"
            )
        rows = np.empty_like(array, dtype=np.float32)
        rows[order] = array
        return rows
