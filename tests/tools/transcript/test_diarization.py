"""Two voices that are tones, 300 and 1500 Hz, and models that the test makes to hear them."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import ProviderUnavailable
from tools.media import Utterance
from tools.transcript import diarization as module
from tools.transcript.diarization import (
    MODELS,
    RATE,
    SpeakerTurn,
    diarize,
    label_speakers,
    load_diarizer,
    missing_requirement,
)

LOW, HIGH = 300.0, 1500.0
SPOKEN = [(0.0, 4.0, LOW), (5.0, 8.0, HIGH), (10.0, 14.0, HIGH), (15.0, 19.0, LOW)]
"""Halfway, the other voice begins: the speakers of two parts come in another order."""


def save(path: Path, nodes: list[Any], shape: list[Any], weights: Any, meta: Any) -> None:
    from onnx import TensorProto, helper, numpy_helper
    from onnx import save as write

    kind = TensorProto.FLOAT
    ends = [
        helper.make_tensor_value_info(*end)
        for end in (("x", kind, shape[0]), ("y", kind, shape[1]))
    ]
    named = [numpy_helper.from_array(np.float32(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "voices", ends[:1], ends[1:], named)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {name: str(value) for name, value in meta.items()})
    write(model, str(path))


def save_segmentation(path: Path, **other: Any) -> None:
    """Each tone is a speaker, by its energy in windows of 62 ms; else there is silence."""
    from onnx.helper import make_node

    wave = 2 * np.pi * np.outer([LOW, HIGH], np.arange(991) / RATE)
    filters = np.stack([np.cos(wave), np.sin(wave)], axis=1).reshape(4, 1, 991) / 991
    scores, least = np.zeros((7, 4, 1)), np.array([1e-3, 0, 0, -1, -1, -1, -1])
    scores[1, :2] = scores[2, 2:] = 1
    nodes = [
        make_node("Conv", ["x", "filters"], ["parts"], strides=[270]),
        make_node("Mul", ["parts", "parts"], ["energy"]),
        make_node("Conv", ["energy", "scores", "least"], ["found"]),
        make_node("Transpose", ["found"], ["y"], perm=[0, 2, 1]),
    ]
    meta = {
        **{"sample_rate": RATE, "window_size": 10 * RATE, "num_classes": 7, "num_speakers": 3},
        **{"receptive_field_size": 991, "receptive_field_shift": 270, "powerset_max_classes": 2},
    }
    weights = {"filters": filters, "scores": scores, "least": least}
    save(path, nodes, [["N", 1, "T"], ["N", "F", 7]], weights, {**meta, **other})


def save_embedding(path: Path, **other: Any) -> None:
    """The mean spectrum, as loud as any other."""
    from onnx.helper import make_node

    nodes = [
        make_node("ReduceMean", ["x"], ["spectrum"], axes=[1], keepdims=0),
        make_node("ReduceMean", ["spectrum"], ["loudness"], axes=[1], keepdims=1),
        make_node("Sub", ["spectrum", "loudness"], ["y"]),
    ]
    meta = {
        **{"framework": "wespeaker", "language": "en", "url": "", "comment": ""},
        **{"sample_rate": RATE, "output_dim": 80, "normalize_samples": 1},
    }
    save(path, nodes, [["N", "T", 80], ["N", 80]], {}, {**meta, **other})


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    for name in MODELS:
        (folder / "speakers" / name).mkdir(parents=True)
    save_segmentation(folder / "speakers" / "segmentation" / "model.onnx")
    save_embedding(folder / "speakers" / "embedding" / "model.onnx")
    return folder


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    samples = np.random.default_rng(1).normal(0, 0.003, 20 * RATE)
    for start, end, hertz in SPOKEN:
        at = np.arange(round(start * RATE), round(end * RATE))
        samples[at] += 0.3 * np.sin(2 * np.pi * hertz * at / RATE)
    path = tmp_path / "sound.raw"
    (samples * 32767).astype("<i2").tofile(path)
    return path


def turns_of(models: Path, sound: Path) -> tuple[list[float], list[SpeakerTurn]]:
    diarizer = load_diarizer("auto", models)
    assert diarizer and diarizer.name == "sherpa-onnx"
    shares: list[float] = []
    hearing = diarizer.turns(sound)
    while True:
        try:
            shares.append(next(hearing))
        except StopIteration as finished:
            return shares, finished.value


def assert_spoken(turns: list[SpeakerTurn]) -> None:
    first = turns[0].speaker
    assert [LOW if turn.speaker == first else HIGH for turn in turns] == [s[2] for s in SPOKEN]
    assert len({turn.speaker for turn in turns}) == 2
    times = [(turn.start, turn.end) for turn in turns]
    assert np.abs(np.array(times) - [span[:2] for span in SPOKEN]).max() < 0.06


def test_two_voices_are_told_apart(models: Path, sound: Path) -> None:
    shares, turns = turns_of(models, sound)
    assert_spoken(turns)
    assert shares == [1.0]


def test_voices_are_linked_from_part_to_part(
    models: Path, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART", 10)
    segmentation, embedding = (str(models / "speakers" / f"{name}/model.onnx") for name in MODELS)
    *progress, last = diarize(str(sound), segmentation, embedding, 1)
    assert progress == [{"progress": 0.5}, {"progress": 1.0}]
    assert_spoken([SpeakerTurn(*one) for one in last["turns"]])


@pytest.mark.parametrize("length", [0, 1, RATE // 2])
def test_hardly_any_sound_is_no_error(models: Path, tmp_path: Path, length: int) -> None:
    np.zeros(length, "<i2").tofile(tmp_path / "short.raw")
    assert turns_of(models, tmp_path / "short.raw")[1] == []


@pytest.mark.parametrize("bad", ["cut", "other", "odd"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_ends_the_package_ends_with_one_line(
    models: Path, sound: Path, name: str, bad: str
) -> None:
    path = models / "speakers" / name / "model.onnx"
    if bad == "cut":
        path.write_bytes(path.read_bytes()[:200])
    elif bad == "other":
        (other,) = {*MODELS} - {name}
        shutil.copy(models / "speakers" / other / "model.onnx", path)
    elif name == "embedding":
        save_embedding(path, framework="odd")
    else:
        save_segmentation(path, sample_rate=8000)
    with pytest.raises(ProviderUnavailable, match="run `cuepoint models pull speakers`") as caught:
        turns_of(models, sound)
    assert "\n" not in str(caught.value) and str(models) in str(caught.value)


def test_what_is_missing_is_named(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_requirement(models) == ""
    assert load_diarizer("none", models) is None
    with pytest.raises(ProviderUnavailable, match="there are: auto, sherpa-onnx, none"):
        load_diarizer("whoever", models)
    (models / "speakers" / "embedding" / "model.onnx").unlink()
    assert load_diarizer("auto", models) is None
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull speakers"):
        load_diarizer("sherpa-onnx", models)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ProviderUnavailable, match=r"pip install 'cuepoint\[speakers\]'"):
        load_diarizer("sherpa-onnx", models)


def said(*spans: tuple[float, float], speaker: str | None = None) -> list[Utterance]:
    return [Utterance("v" * 16, start, end, "words", speaker) for start, end in spans]


def speakers(spoken: list[Utterance], turns: list[SpeakerTurn]) -> list[str | None]:
    return [one.speaker for one in label_speakers(spoken, turns)]


def test_speakers_are_numbered_as_they_appear_and_a_name_stays() -> None:
    turns = [SpeakerTurn(0, 4, 7), SpeakerTurn(4, 8, 2), SpeakerTurn(8, 12, 7)]
    anna = said((8, 10), speaker="Anna")
    assert speakers([*said((0, 4), (5, 8)), *anna, *said((10, 12))], turns) == [
        *("Speaker 1", "Speaker 2", "Anna", "Speaker 1")
    ]
    assert speakers(said((5, 8), (0, 4)), turns) == ["Speaker 1", "Speaker 2"]


def test_no_label_is_guessed() -> None:
    turns = [
        SpeakerTurn(0, 4, 0),
        SpeakerTurn(4, 8, 1),
        SpeakerTurn(20, 30, 0),
        SpeakerTurn(20, 30, 1),
    ]
    half, silent, both, instant = (2, 6), (10, 12), (22, 24), (1, 1)
    assert speakers(said(half, silent, both, instant), turns) == [None] * 4
    assert speakers(said((0, 6.5), (0, 6.8)), turns) == ["Speaker 1", None]
    assert speakers(said((0, 4)), []) == [None]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="makes its voices with espeak-ng")
def test_real_models_tell_a_man_from_a_woman(tmp_path: Path) -> None:
    real = Path(os.environ.get("CUEPOINT_MODELS", "models")).absolute()
    if missing_requirement(real):
        pytest.skip(f"{missing_requirement(real)} (CUEPOINT_MODELS)")
    pieces: list[np.ndarray] = []
    for voice in ("en-gb", "en-us+f3") * 2:
        text = "This is a sentence that is long enough to know who is speaking in this room."
        with tempfile.TemporaryDirectory() as folder:
            wave = Path(folder) / "voice.wav"
            subprocess.run(["espeak-ng", "-v", voice, "-w", str(wave), text], check=True)
            heard = np.frombuffer(wave.read_bytes()[44:], "<i2").astype(float)
        at = np.arange(0, len(heard) - 1, 22_050 / RATE)  # espeak-ng writes 22.05 kHz
        pieces += [np.interp(at, np.arange(len(heard)), heard), np.zeros(RATE)]
    np.concatenate(pieces).astype("<i2").tofile(tmp_path / "sound.raw")
    starts = np.cumsum([0, *map(len, pieces)]) / RATE
    spoken = said(*[(starts[n], starts[n + 1]) for n in range(0, 8, 2)])
    _, turns = turns_of(real, tmp_path / "sound.raw")
    assert speakers(spoken, turns) == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"]
