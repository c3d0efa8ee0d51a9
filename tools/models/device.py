"""Where models run: on the processor, an NVIDIA card (`cuda`) or Apple's own chips (`coreml`).

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
OTHERWISE = "or set CUEPOINT_DEVICE to auto"


def check(device: str) -> None:
    """ProviderUnavailable where a device was asked for by name and is not there."""
    if device == "cuda" and not _cards():
        raise _absent(device, "no NVIDIA card with its driver is found")
    if device == "coreml":
        onnx_device(device)


def onnx_device(device: str) -> str:
    """The device that pictures and texts are compared on: `cpu`, `cuda` or `coreml`."""
    there = _onnx_providers()
    if device == "auto":
        return "cuda" if _PROVIDERS["cuda"] in there and _cards() else "cpu"
    if device != "cpu" and _PROVIDERS[device] not in there:
        raise _absent(device, _LACKS[device])
    return device


def onnx_providers(device: str) -> list[str]:
    """What onnxruntime is told, best first: operations that a device lacks run on the processor."""
    found = onnx_device(device)
    return [_CPU] if found == "cpu" else [_PROVIDERS[found], _CPU]


def check_session(session: Any, device: str) -> None:
    """ProviderUnavailable where onnxruntime left the device that was asked for aside."""
    wanted = _PROVIDERS.get(device)
    if wanted and wanted not in session.get_providers():
        raise _absent(device, "onnxruntime cannot use it; its libraries may be missing or too old")


def speech_device(device: str) -> tuple[str, str]:
    """The device that speech is recognised on, and the type of its numbers."""
    if device in ("auto", "cuda") and _cards():
        return "cuda", "float16"
    check("cpu" if device == "coreml" else device)
    return "cpu", "int8"


def described(device: str) -> str:
    """What a setting comes to, in one line."""
    return f"pictures and texts on {onnx_device(device)}, speech on {speech_device(device)[0]}"


def _absent(device: str, why: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"CUEPOINT_DEVICE is {device}, and {why}; {OTHERWISE}")


@cache
def _onnx_providers() -> frozenset[str]:
    runtime: Any = import_module("onnxruntime")
    return frozenset(runtime.get_available_providers())


@cache
def _cards() -> int:
    package: Any = import_module("ctranslate2")
    return int(package.get_cuda_device_count())
