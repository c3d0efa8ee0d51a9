"""Where models run, on a machine that is said to have this and that."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.settings import Settings
from tools.embed import load_embedder, load_image_embedder
from tools.errors import ProviderUnavailable, VideoError
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models import device
from tools.models.providers import Providers
from tools.toolbox import open_toolbox
from tools.transcript.recognisers import load_transcriber
from tools.transcript.whisper import FILES

CPU, CUDA, APPLE = "CPUExecutionProvider", "CUDAExecutionProvider", "CoreMLExecutionProvider"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with so many cards, and an onnxruntime that knows these."""

    def have(cards: int, *providers: str) -> None:
        monkeypatch.setattr(device, "_cards", lambda: cards)
        monkeypatch.setattr(device, "_onnx_providers", lambda: frozenset((CPU, *providers)))

    return have


@pytest.mark.parametrize(
    ("cards", "there", "asked", "pictures", "speech"),
    [
        (0, (), "auto", [CPU], ("cpu", "int8")),
        (0, (CUDA,), "auto", [CPU], ("cpu", "int8")),  # a package for a card, and no card
        (1, (), "auto", [CPU], ("cuda", "float16")),
        (1, (CUDA,), "auto", [CUDA, CPU], ("cuda", "float16")),
        (1, (CUDA,), "cuda", [CUDA, CPU], ("cuda", "float16")),
        (1, (CUDA,), "cpu", [CPU], ("cpu", "int8")),
        (0, (APPLE,), "auto", [CPU], ("cpu", "int8")),
        (0, (APPLE,), "coreml", [APPLE, CPU], ("cpu", "int8")),
    ],
)
def test_a_device_is_taken_where_it_is_there_and_asked_for(
    machine: Any, cards: int, there: tuple[str, ...], asked: str, pictures: list[str], speech: Any
):
    machine(cards, *there)
    device.check_device(asked)
    assert device.onnx_providers(asked) == pictures and device.speech_device(asked) == speech


def test_a_device_that_is_not_there_is_told_before_anything_is_done(
    machine: Any, tmp_path: Path, shots: Path, tiny: Any
):
    machine(0)
    library = Library(tmp_path / "home")
    for asked, why in (("cuda", "no NVIDIA card"), ("coreml", "only macOS")):
        line = rf"^CUEPOINT_DEVICE is {asked}, and .*{why}.*; or set CUEPOINT_DEVICE to auto$"
        with pytest.raises(VideoError, match=line):
            ingest(library, shots, providers=Providers(device=asked))
        with pytest.raises(VideoError, match=line):
            open_toolbox(library, Providers(device=asked))
    assert library.list() == []
    machine(1)  # a card that speech can use, and pictures cannot
    tiny.install_pair(tmp_path)
    tiny.install_text(tmp_path)
    with pytest.raises(ProviderUnavailable, match="install onnxruntime-gpu"):
        load_image_embedder("siglip2", tmp_path, 1, "cuda").texts(["red"])
    with pytest.raises(ProviderUnavailable, match="install onnxruntime-gpu"):
        load_embedder("e5-small", tmp_path, 1, "cuda")


def test_a_device_that_onnxruntime_leaves_aside_is_told():
    session = SimpleNamespace(get_providers=lambda: [CPU])
    device.check_session(session, "auto")
    device.check_session(session, "cpu")
    with pytest.raises(ProviderUnavailable, match="onnxruntime cannot use it"):
        device.check_session(session, "cuda")


def test_whisper_is_told_its_device(machine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = list[tuple[str, str]]()

    def model(folder: str, *, device: str, compute_type: str, **_: Any) -> Any:
        asked.append((device, compute_type))

    monkeypatch.setattr("faster_whisper.WhisperModel", model)
    monkeypatch.setattr("faster_whisper.BatchedInferencePipeline", lambda model: None)
    (tmp_path / "whisper-tiny").mkdir()
    for name in (*FILES[:-1], "vocabulary.txt"):
        (tmp_path / "whisper-tiny" / name).touch()
    machine(1)
    for one in ("auto", "cuda", "cpu"):
        load_transcriber("whisper:tiny", tmp_path, 1, 1 << 30, one)
    assert asked == [("cuda", "float16"), ("cuda", "float16"), ("cpu", "int8")]
    machine(0)
    with pytest.raises(ProviderUnavailable, match="no NVIDIA card"):
        load_transcriber("whisper:tiny", tmp_path, 1, 1 << 30, "cuda")


def test_the_setting_reaches_what_indexes():
    assert Settings.from_env({"CUEPOINT_DEVICE": "cpu"}).providers.device == "cpu"
    assert Settings.from_env({}).providers.device == "auto"
