"""Text vectors by a small transformer, prepared and run by fastembed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

from tools.embed.embedder import unit_rows
from tools.errors import ProviderUnavailable
from tools.models import registry as models
from tools.models.device import check_session, onnx_providers

if TYPE_CHECKING:
    from tools.embed.embedder import Floats

BATCH = 32
FILE = "onnx/model_quantized.onnx"


@dataclass(frozen=True)
class _Way:
    """How a model wants its texts: what stands before a question and before what answers it.

    synonymous: among translations and synonyms, and words with nothing in common, the cosines were
    0.42 to 0.83 and up to 0.58 in e5-small, and 0.16 to 0.87 and up to 0.41 in minilm.
    """

    dimensions: int
    synonymous: float
    question: str = ""
    text: str = ""


_WAYS = {"e5-small": _Way(384, 0.62, "query: ", "passage: "), "minilm": _Way(384, 0.5)}
"""By name in the registry; both take the mean over the tokens."""

_USUAL = (
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
"""Texts about nothing in common: what their vectors share says nothing about a text."""


class OnnxText:
    """A text model of the registry, from its folder; nothing is downloaded.

    Some models put all texts into one corner of their space. What usual texts have in common is
    taken away (Mu and Viswanath, "All-but-the-Top", 2018), so that cosines mean the same in all.
    """

    reads = True

    def __init__(self, name: str, folder: Path, threads: int = 0, device: str = "auto") -> None:
        self.name, self._way = name, _WAYS[name]
        self.dimensions, self.synonymous = self._way.dimensions, self._way.synonymous
        self.multilingual = models.known(name).multilingual
        providers = onnx_providers(device)
        try:
            self._model = TextEmbedding(
                _registered(name, self.dimensions),
                cache_dir=str(folder),
                threads=threads or None,
                providers=providers,
                specific_model_path=str(folder),
            )
        except Exception as error:  # the files are foreign: whatever they do is theirs
            raise self._unusable(error) from error
        made: Any = self._model.model
        check_session(made.model, device)

    def texts(self, texts: Sequence[str]) -> Floats:
        """One row per text, of length one; what goes beyond the model's length is cut off."""
        return unit_rows(self._rows(self._way.text, texts) - self._usual[0])

    def questions(self, texts: Sequence[str]) -> Floats:
        """One row per question, of length one."""
        return unit_rows(self._rows(self._way.question, texts) - self._usual[1])

    @cached_property
    def _usual(self) -> tuple[Floats, Floats]:
        text, question = (self._rows(p, _USUAL) for p in (self._way.text, self._way.question))
        return text.mean(axis=0), question.mean(axis=0)

    def _rows(self, before: str, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        # By length, as a batch is as wide as its longest.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        try:
            asked = [before + texts[at] for at in order]
            found: list[Any] = list(self._model.embed(asked, batch_size=BATCH))
            array = np.stack(found)
        except Exception as error:
            raise self._unusable(error) from error
        if array.shape != (len(texts), self.dimensions):
            raise ProviderUnavailable(
                f"the model {self.name} gives an array of shape {array.shape} for {len(texts)} "
                f"texts, not rows of {self.dimensions} numbers"
            )
        rows = np.empty_like(array, dtype=np.float32)
        rows[order] = array
        return rows

    def _unusable(self, error: Exception) -> ProviderUnavailable:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        return ProviderUnavailable(f"the model {self.name} cannot be used: {said}")


def _registered(name: str, dimensions: int) -> str:
    """The name by which fastembed knows a model of the registry; told it once."""
    ours = f"cuepoint/{name}"
    if ours not in {one["model"] for one in TextEmbedding.list_supported_models()}:
        source = ModelSource(hf=models.known(name).sources[0].repository)
        TextEmbedding.add_custom_model(
            ours, PoolingType.MEAN, True, source, dimensions, model_file=FILE
        )
    return ours
