"""Models of the registry that fastembed prepares and runs, loaded from their folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.embed.embedder import unusable
from tools.models.device import check_session, onnx_providers

CUSTOM = "cuepoint/"
"""Prefix of our names among the models that fastembed knows."""


def load_custom(
    make: Callable[..., Any], name: str, folder: Path, threads: int, device: str
) -> Any:
    """Load a model of the registry by one of fastembed's classes; nothing is downloaded."""
    providers = onnx_providers(device)
    try:
        model = make(
            CUSTOM + name,
            cache_dir=str(folder),
            threads=threads or None,
            providers=providers,
            specific_model_path=str(folder),
        )
    except Exception as error:  # the files are foreign: whatever they do is theirs
        raise unusable(f"model {name}", error) from error
    loaded: Any = model.model
    check_session(loaded.model, device)
    return model
