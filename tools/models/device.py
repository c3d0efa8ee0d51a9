"""Devices for models: the processor, an NVIDIA card (`cuda`) or Apple's own chips (`coreml`).

`auto` takes a card that is there and that the packages can use, else the processor; Apple's chips
are taken where they are asked for. Speech runs on a card or on the processor.
"""

from functools import cache
from importlib import import_module
from typing import Any

from tools.errors import ProviderUnavailable

DEVICES = ("auto", "cpu", "cuda", "coreml")
_CPU = "CPUExecutionProvider"
_PROVIDERS = {"cuda": "CUDAExecutionProvider", "coreml": "CoreMLExecutionProvider"}
_LACKS = {
    "cuda": "the package onnxruntime has no CUDA: install onnxruntime-gpu in its place",
    "coreml": "the package onnxruntime has no Core ML, which only macOS has",
}


def check_device(device: str) -> None:
    """Raise ProviderUnavailable if a device was asked for by name and is not there."""
    if device == "cuda" and not _cards():
        raise _unavailable(device, "no NVIDIA card with its driver is found")
    if device == "coreml":
        onnx_providers(device)


def onnx_providers(device: str) -> list[str]:
    """Execution providers for onnxruntime, best first.

    What a device cannot do runs on the processor, which is last.
    """
    there = _onnx_providers()
    if device == "auto":
        device = "cuda" if _PROVIDERS["cuda"] in there and _cards() else "cpu"
    if device == "cpu":
        return [_CPU]
    if _PROVIDERS[device] not in there:
        raise _unavailable(device, _LACKS[device])
    return [_PROVIDERS[device], _CPU]


def check_session(session: Any, device: str) -> None:
    """Raise ProviderUnavailable if a session of onnxruntime does not use the device asked for."""
    wanted = _PROVIDERS.get(device)
    if wanted and wanted not in session.get_providers():
        why = "onnxruntime cannot use it; its libraries may be missing or too old"
        raise _unavailable(device, why)


def speech_device(device: str) -> tuple[str, str]:
    """Device and type of numbers for speech recognition."""
    if device in ("auto", "cuda") and _cards():
        return "cuda", "float16"
    check_device("cpu" if device == "coreml" else device)
    return "cpu", "int8"


def _unavailable(device: str, why: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"CUEPOINT_DEVICE is {device}, and {why}; or set CUEPOINT_DEVICE to auto"
    )


@cache
def _onnx_providers() -> frozenset[str]:
    runtime: Any = import_module("onnxruntime")
    return frozenset(runtime.get_available_providers())


@cache
def _cards() -> int:
    package: Any = import_module("ctranslate2")
    return int(package.get_cuda_device_count())
