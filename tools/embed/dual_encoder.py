"""Image embedder by two ONNX towers, one for pictures and one for texts, run by fastembed.

Works with what CLIP and SigLIP have been exported to: a vision tower that takes pictures, a text
tower that takes token ids, each with one row of numbers per input among its outputs.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from fastembed.image.onnx_image_model import OnnxImageModel
from fastembed.image.transform import operators  # pyright: ignore[reportMissingTypeStubs]
from fastembed.text.onnx_text_model import OnnxTextModel
from PIL import Image

from tools.embed.embedder import Floats, unit_rows, unusable
from tools.errors import ProviderUnavailable, UnreadableMedia
from tools.models.device import check_session, onnx_providers

BATCH = 16
SIDE = 512
"""Pixels of the side that a JPEG is decoded at, at least, for a tower that does not say its own."""
MAX_PIXELS = 50_000_000
_OUTPUTS = ("image_embeds", "text_embeds", "pooler_output")
"""Names that exporters give the output with the vector, best first."""


class _Vision(OnnxImageModel[Any]):
    def __init__(self, folder: Path, tower: Path, threads: int, providers: list[str]) -> None:
        super().__init__()
        self._workers = threads or os.cpu_count()
        settings = _nearest(tower, folder, "preprocessor_config.json")
        file = tower.relative_to(settings).as_posix()
        self._load_onnx_model(settings, file, threads or None, providers)
        session: Any = self.model
        self._output = _output(session)
        sides = [side for side in session.get_inputs()[0].shape[2:] if isinstance(side, int)]
        self._side = max(sides, default=SIDE)
        processor: Any = self.processor
        steps: list[Any] = processor.transforms
        scaled = [step.size for step in steps if isinstance(step, operators.Resize)]
        cut = [step.size for step in steps if isinstance(step, operators.CenterCrop)]
        self._is_square = bool(cut) and [(side, side) for side in scaled] == cut

    def rows(self, paths: Sequence[Path]) -> Any:
        with ThreadPoolExecutor(self._workers) as pool:  # gone when the tower takes every core
            prepared = np.concatenate(list(pool.map(self._prepare, paths)))
        session: Any = self.model
        return session.run([self._output], self._build_onnx_input(prepared))[0]

    def _prepare(self, path: Path) -> Any:
        assert self.processor
        picture = _opened(path, self._side)
        if self._is_square:  # what would be cut away after scaling is not scaled first
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            picture = picture.crop((left, top, left + side, top + side))
        return np.asarray(self.processor([picture]), np.float32)


class _Text(OnnxTextModel[Any]):
    def __init__(self, folder: Path, tower: Path, threads: int, providers: list[str]) -> None:
        super().__init__()
        settings = _nearest(tower, folder, "tokenizer.json")
        self._load_tokenizer(settings)
        tokenizer: Any = self.tokenizer
        # SigLIP looks at the last place, padded or not; CLIP does not mind.
        length = tokenizer.truncation["max_length"]
        tokenizer.enable_padding(**{**tokenizer.padding, "length": length})
        file = tower.relative_to(settings).as_posix()
        self._load_onnx_model(settings, file, threads or None, providers)
        self.ONNX_OUTPUT_NAMES = [_output(self.model)]

    def rows(self, texts: Sequence[str]) -> Any:
        # SigLIP 2 was trained on small letters; CLIP's tokenizer makes them itself.
        return self.onnx_embed([text.lower() for text in texts]).model_output


class OnnxPair:
    """Vision and text tower that were trained together; each is loaded when it is needed."""

    def __init__(
        self,
        name: str,
        folder: Path,
        threads: int = 0,
        check: Callable[[Callable[[str], bool]], object] | None = None,
        device: str = "auto",
    ) -> None:
        """`check` raises where files that are about to be loaded (a rule for names) are damaged."""
        self.name = name
        self._folder, self._threads, self._check, self._device = folder, threads, check, device
        self._width: dict[str, int] = {}

    @property
    def dimensions(self) -> int:
        """Numbers in a row."""
        return next(iter(self._width.values()), 0) or self.texts(["a"]).shape[1]

    def texts(self, texts: Sequence[str]) -> Floats:
        """Embed texts, a unit row each; what goes beyond the tower's length is cut off."""
        return self._rows("text", self._text, texts)

    def images(self, images: Sequence[Path]) -> Floats:
        """Embed pictures, a unit row each. UnreadableMedia names one that is no picture."""
        return self._rows("vision", self._vision, images)

    @cached_property
    def _vision(self) -> Any:
        return self._loaded(_Vision, "vision", "text")

    @cached_property
    def _text(self) -> Any:
        return self._loaded(_Text, "text", "vision")

    def _loaded(self, kind: Callable[..., Any], word: str, other: str) -> Any:
        if self._check:
            self._check(lambda file: other not in file)
        files = sorted(self._folder.rglob("*.onnx"))
        files = [file for file in files if word in file.relative_to(self._folder).as_posix()]
        if len(files) != 1:
            raise ProviderUnavailable(
                f"{self.name} holds {len(files)} files *{word}*.onnx: "
                "a folder with an ONNX pair holds one vision and one text tower"
            )
        providers = onnx_providers(self._device)
        try:
            tower = kind(self._folder, files[0], self._threads, providers)
        except Exception as error:  # the files are foreign: whatever they do is theirs
            raise unusable(f"{word} tower of {self.name}", error) from error
        check_session(tower.model, self._device)
        return tower

    def _rows(self, word: str, tower: Any, inputs: Sequence[Any]) -> Floats:
        batches = [inputs[i : i + BATCH] for i in range(0, len(inputs), BATCH)]
        if not batches:
            return np.zeros((0, self.dimensions), np.float32)
        return unit_rows(np.concatenate([self._batch(word, tower, batch) for batch in batches]))

    def _batch(self, word: str, tower: Any, batch: Sequence[Any]) -> Any:
        try:
            rows = tower.rows(batch)
        except UnreadableMedia:
            raise
        except Exception as error:
            raise unusable(f"{word} tower of {self.name}", error) from error
        if rows.ndim != 2 or len(rows) != len(batch):
            raise ProviderUnavailable(
                f"the {word} tower of {self.name} gives an array of shape {rows.shape} "
                f"for {len(batch)} inputs: it is no tower of an image and text pair"
            )
        self._width[word] = rows.shape[1]
        if len(set(self._width.values())) > 1:
            raise ProviderUnavailable(
                f"the towers of {self.name} are no pair: vision gives rows of "
                f"{self._width['vision']} numbers, text of {self._width['text']}"
            )
        if not np.isfinite(rows).all():
            raise ProviderUnavailable(f"the {word} tower of {self.name} gives what is no number")
        return rows


def _nearest(tower: Path, folder: Path, name: str) -> Path:
    """Folder with a file of that name: the tower's own, or the nearest above it."""
    return next(p for p in tower.parents if (p / name).is_file() or p == folder)


def _output(session: Any) -> str:
    """Name of the output that is one row of numbers per input."""
    outputs: dict[str, int] = {output.name: len(output.shape) for output in session.get_outputs()}
    flat = [name for name, axes in outputs.items() if axes == 2]
    names = [name for name in _OUTPUTS if name in outputs] + flat
    if not names:
        raise ValueError(f"no output of two axes among {', '.join(outputs)}")
    return names[0]


def _opened(path: Path, side: int) -> Image.Image:
    """Open a picture; a large JPEG is decoded at a half, a quarter or an eighth, much quicker."""
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f"{picture.width} x {picture.height} pixels are too many")
            picture.draft("RGB", (side, side))
            return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableMedia(f"{path} is no picture that can be read: {error}") from error
