"""Texts and pictures as unit vectors, so that what means the same lies near.

A provider's vectors are only comparable with its own: `Vectors` carries the name, and nothing here
falls back to another provider.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from tools.embed.embedder import Embedder, Floats, ImageEmbedder, TextEmbedder, Vectors, unit_rows
from tools.errors import ProviderUnavailable
from tools.models import registry as models

__all__ = ["Embedder", "Floats", "ImageEmbedder", "TextEmbedder", "Vectors", "embedder_named"]
__all__ += ["image_embedder_named", "in_the_package", "load_embedder", "load_image_embedder"]
__all__ += ["unit_rows"]
_T = TypeVar("_T")


def embedder_named(name: str, home: Path | None) -> str:
    """The name that a setting stands for: `auto` is the best that is there."""
    return name if name != "auto" else models.best_texts(models.ready(home) if home else ())


def load_embedder(
    name: str = "auto", home: Path | None = None, threads: int = 0, device: str = "auto"
) -> TextEmbedder:
    """Get the text embedder of that name, one per process; `auto` is the best that is there.

    A downloaded one is looked for below `home`, the folder of the libraries, and loaded again once
    other files lie there.
    """
    name = embedder_named(name, home)
    if name == "wordllama":
        return in_the_package()
    return _held(_text_embedder, name, home, threads, device)


_HELD: dict[Any, tuple[Any, Any]] = {}
"""What was loaded, with the stamp of the folder that it came from."""
_GUARD = Lock()


def _held(
    load: Callable[[str, Path | None, int, str], _T],
    name: str,
    home: Path | None,
    threads: int,
    device: str,
) -> _T:
    """What was loaded so before, unless other files lie there now."""
    place = Path(name).expanduser()
    if home and name in models.NAMES:
        place = models.folder(home, name)
    key, stamp = (load, name, home, threads, device), models.stamp(place)
    with _GUARD:
        if key not in _HELD or _HELD[key][0] != stamp:
            _HELD.pop(key, None)  # before the next comes: it may take a gigabyte
            _HELD[key] = (stamp, load(name, home, threads, device))
        return _HELD[key][1]


def _text_embedder(name: str, home: Path | None, threads: int, device: str) -> TextEmbedder:
    known = [one.name for one in models.MODELS if one.kind == "text"]
    if home is None or name not in known:
        listed = ", ".join(["auto", "wordllama", *known])
        raise ProviderUnavailable(f"no embedder {name!r}; known: {listed}")
    folder = models.checked(home, name)
    from tools.embed.text_encoder import OnnxText

    return OnnxText(name, folder, threads, device)


@cache
def in_the_package() -> TextEmbedder:
    """The one that is always there, and knows single words."""
    if find_spec("wordllama") is None:
        raise ProviderUnavailable("text vectors need the package wordllama: pip install wordllama")
    from tools.embed.wordllama import WordLlamaEmbedder

    return WordLlamaEmbedder()


def image_embedder_named(name: str, home: Path) -> tuple[str | None, str]:
    """The name that a setting stands for, or None and a note that says why: `auto`, `none`.

    ProviderUnavailable where the one that was asked for by name is not there.
    """
    if name == "none":
        return None, "picture search is switched off"
    if name == "auto":
        return models.best_pictures(models.ready(home))
    if name in models.NAMES and models.state(home, name) == "missing":
        raise ProviderUnavailable(models.missing(name))
    return name, ""


def load_image_embedder(
    name: str, home: Path | None = None, threads: int = 0, device: str = "auto"
) -> ImageEmbedder:
    """Get the image embedder of that name, or of a folder with an ONNX pair; one per process.

    The folder holds a vision and a text tower (`*vision*.onnx`, `*text*.onnx`, at any depth),
    each with its preprocessor_config.json or tokenizer.json beside or above it. At most `threads`
    threads work at once; 0 takes all cores. One whose files were replaced is loaded again.
    """
    return _held(_image_embedder, name, home, threads, device)


def _image_embedder(name: str, home: Path | None, threads: int, device: str) -> ImageEmbedder:
    known = [one.name for one in models.MODELS if one.kind == "picture"]
    own = Path(name).expanduser()
    if name not in known and not own.is_dir():
        listed = ", ".join(known)
        raise ProviderUnavailable(
            f"no image embedder {name!r}; known: {listed}, or a folder with an ONNX pair"
        )
    from tools.embed.dual_encoder import OnnxPair

    if name not in known:
        return OnnxPair(name, own, threads, device=device)
    if home is None:
        raise ProviderUnavailable(models.missing(name))
    folder = models.checked(home, name, lambda file: False)
    return OnnxPair(name, folder, threads, partial(models.checked, home, name), device)
