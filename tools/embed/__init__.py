"""Embeddings: texts and pictures as unit vectors, near each other where they mean the same.

A provider's vectors are only comparable with its own: `Vectors` carries the name, and nothing here
falls back to another provider.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from tools.embed.embedder import (
    Embedder,
    Floats,
    ImageEmbedder,
    PictureEmbedder,
    Reranker,
    TextEmbedder,
    Vectors,
    unit_rows,
)
from tools.errors import ProviderUnavailable
from tools.models import registry as models

if TYPE_CHECKING:
    from tools.embed.wordllama import WordLlamaEmbedder

__all__ = ["Embedder", "Floats", "ImageEmbedder", "PictureEmbedder", "Reranker", "TextEmbedder"]
__all__ += ["Vectors", "bundled_embedder", "load_embedder", "load_image_embedder", "load_reranker"]
__all__ += ["resolve_embedder", "resolve_image_embedder", "resolve_reranker", "unit_rows"]
_LOADED: dict[Any, tuple[Any, Any]] = {}
"""Loaded embedders, each with the fingerprint of its folder."""
_LOCK = Lock()


def resolve_embedder(name: str, home: Path | None) -> str:
    """Resolve `auto` to the best text embedder that is there."""
    if name != "auto":
        return name
    ready = models.installed(home) if home else []
    return next((model for model in _names("text") if model in ready), "wordllama")


def resolve_image_embedder(name: str, home: Path) -> tuple[str | None, str]:
    """Resolve `auto` and `none` to a name, or to None and a note that says why.

    ProviderUnavailable where the one that was asked for by name is not there.
    """
    if name == "none":
        return None, "picture search is switched off"
    if name == "auto":
        return models.best_image_model(models.installed(home))
    if name in models.NAMES and name not in models.installed(home):
        raise models.not_installed(name)
    return name, ""


def resolve_reranker(name: str, home: Path) -> str | None:
    """Resolve `auto` and `none` to the best reranker that is there, or to None.

    ProviderUnavailable where the one that was asked for by name is not there, or unknown.
    """
    known, ready = _names("reranker"), models.installed(home)
    if name in ("none", "auto"):
        return next((model for model in known if model in ready), None) if name == "auto" else None
    if name not in known:
        listed = ", ".join(["auto", "none", *known])
        raise ProviderUnavailable(f"no reranker {name!r}; known: {listed}")
    if name not in ready:
        raise models.not_installed(name)
    return name


def load_embedder(
    name: str = "auto", home: Path | None = None, threads: int = 0, device: str = "auto"
) -> TextEmbedder:
    """Get the text embedder of that name, one per process; `auto` is the best that is there.

    A downloaded one is looked for below `home`, the folder of the libraries, and loaded again once
    other files lie there.
    """
    name = resolve_embedder(name, home)
    if name == "wordllama":
        return bundled_embedder()
    known = _names("text")
    if home is None or name not in known:
        listed = ", ".join(["auto", "wordllama", *known])
        raise ProviderUnavailable(f"no embedder {name!r}; known: {listed}")

    def load() -> TextEmbedder:
        folder = models.intact_folder(home, name)
        from tools.embed.text_encoder import OnnxText

        return OnnxText(name, folder, threads, device)

    return _cached(load, models.folder(home, name), ("text", name, home, threads, device))


@cache
def bundled_embedder() -> WordLlamaEmbedder:
    """Get the embedder whose weights are part of its package: it knows single words."""
    if find_spec("wordllama") is None:
        raise ProviderUnavailable("text vectors need the package wordllama: pip install wordllama")
    from tools.embed.wordllama import WordLlamaEmbedder

    return WordLlamaEmbedder()


def load_image_embedder(
    name: str, home: Path | None = None, threads: int = 0, device: str = "auto"
) -> ImageEmbedder:
    """Get the image embedder of that name, or of a folder with an ONNX pair; one per process.

    The folder holds a vision and a text tower (`*vision*.onnx`, `*text*.onnx`, at any depth),
    each with its preprocessor_config.json or tokenizer.json beside or above it. At most `threads`
    threads work at once; 0 takes all cores. One whose files were replaced is loaded again.
    """
    folder, check, known = Path(name).expanduser(), None, _names("picture")
    if name in known:
        if home is None:
            raise models.not_installed(name)
        folder, check = models.folder(home, name), partial(models.intact_folder, home, name)
    elif not folder.is_dir():
        raise ProviderUnavailable(
            f"no image embedder {name!r}; known: {', '.join(known)}, or a folder with an ONNX pair"
        )

    def load() -> ImageEmbedder:
        from tools.embed.dual_encoder import OnnxPair

        if check:
            check(lambda file: False)
        return OnnxPair(name, folder, threads, check, device)

    return _cached(load, folder, ("picture", name, home, threads, device))


def load_reranker(name: str, home: Path, threads: int = 0, device: str = "auto") -> Reranker | None:
    """Get the reranker of that name, one per process; None where `auto` finds none."""
    resolved = resolve_reranker(name, home)
    if resolved is None:
        return None

    def load() -> Reranker:
        folder = models.intact_folder(home, resolved)
        from tools.embed.cross_encoder import CrossEncoder

        return CrossEncoder(resolved, folder, threads, device)

    folder = models.folder(home, resolved)
    return _cached(load, folder, ("reranker", resolved, home, threads, device))


def _names(kind: str) -> list[str]:
    return [model.name for model in models.MODELS if model.kind == kind]


def _cached(load: Callable[[], Any], folder: Path, key: tuple[Any, ...]) -> Any:
    """Load once, and again when other files lie in the folder."""
    fingerprint = models.fingerprint(folder)
    with _LOCK:
        if key not in _LOADED or _LOADED[key][0] != fingerprint:
            _LOADED.pop(key, None)  # before the next comes: it may take a gigabyte
            _LOADED[key] = (fingerprint, load())
        return _LOADED[key][1]
