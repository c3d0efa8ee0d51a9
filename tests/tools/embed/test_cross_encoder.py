"""A cross-encoder reads a question and its passages together, by fastembed's own class."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.hub_server import damage
from tools.embed import load_reranker, resolve_reranker
from tools.errors import ProviderUnavailable
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE, Providers
from tools.models.registry import folder, seal
from tools.search.text_search import RERANKED, TextSearch
from tools.toolbox import open_toolbox

CUES = [
    "The kettle is red.",
    "Nothing of that kind.",
    "A red lamp and a blue one.",
    "The wall is blue.",
]
QUESTION = "Where are the red and the blue one?"


@pytest.fixture
def home(tmp_path: Path, tiny: Any) -> Path:
    tiny.install_reranker(tmp_path / "home")
    return tmp_path / "home"


def test_passages_are_scored_with_the_question_each_by_itself(home: Path) -> None:
    model = load_reranker("auto", home, 1)
    assert model and model.name == "ms-marco" and not model.multilingual
    assert model.scores(QUESTION, CUES) == [0.5, -0.5, 1.5, 0.5]
    assert model.scores("What is blue?", CUES) == [-0.5, -0.5, 0.5, 0.5]
    many = [*CUES, "", "blue " * 500, "red " * 500 + "blue"] * 20  # more than a batch
    assert model.scores(QUESTION, many)[:4] == model.scores(QUESTION, CUES)
    assert len(model.scores(QUESTION, many)) == len(many)
    assert model.scores("", CUES) == [-0.5] * 4 and model.scores(QUESTION, []) == []


def test_auto_is_the_one_that_is_there_and_none_is_none(home: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    assert resolve_reranker("auto", home) == resolve_reranker("ms-marco", home) == "ms-marco"
    assert resolve_reranker("none", home) is resolve_reranker("auto", bare) is None
    assert load_reranker("none", home) is load_reranker("auto", bare) is None
    with pytest.raises(ProviderUnavailable, match="run: cuepoint models pull ms-marco"):
        resolve_reranker("ms-marco", bare)
    with pytest.raises(ProviderUnavailable, match="no reranker 'siglip2'; known: auto, none, ms-m"):
        resolve_reranker("siglip2", home)
    with pytest.raises(ProviderUnavailable, match="run: cuepoint models pull ms-marco"):
        open_toolbox(Library(bare), Providers(reranker="ms-marco"))


def test_one_is_loaded_once_and_again_where_its_files_are_others(home: Path) -> None:
    first = load_reranker("auto", home, 1)
    assert load_reranker("auto", home, 1) is first
    place = folder(home, "ms-marco")
    config = place / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"model_max_length": 8}))
    seal(place, "ms-marco")
    again = load_reranker("auto", home, 1)
    assert again and again is not first
    assert again.scores("red", ["one two three four five six seven red"]) == [-0.5], "it is cut off"


@pytest.mark.parametrize("kind", ["altered", "cut short", "missing"])
def test_a_damaged_one_is_named_with_what_mends_it(home: Path, kind: str) -> None:
    damage(folder(home, "ms-marco") / "onnx" / "model_quantized.onnx", kind)
    if kind == "altered":
        with pytest.raises(ProviderUnavailable, match=r"altered; run: cuepoint models pull ms-mar"):
            load_reranker("auto", home)
    else:
        assert load_reranker("auto", home) is None, "it is not there"


def test_files_that_are_no_cross_encoder_are_one_line(home: Path, tiny: Any) -> None:
    place = folder(home, "ms-marco")
    weights = place / "onnx" / "model_quantized.onnx"
    whole = weights.read_bytes()
    weights.write_bytes(b"no model")
    seal(place, "ms-marco")
    with pytest.raises(ProviderUnavailable, match="the model ms-marco cannot be used: ") as told:
        load_reranker("auto", home)
    assert "\n" not in str(told.value)
    model = onnx.load_from_string(whole)
    half = next(one for one in model.graph.initializer if one.name == "half")
    half.CopyFrom(onnx.numpy_helper.from_array(np.array(np.nan, np.float32), "half"))
    onnx.save(model, str(weights))
    seal(place, "ms-marco")
    broken = load_reranker("auto", home)
    with pytest.raises(ProviderUnavailable, match="gives no number for each of 4 passages"):
        assert broken and broken.scores(QUESTION, CUES)
    shutil.rmtree(place)
    tiny.make_text(place)  # of another kind: its rows are no scores
    seal(place, "ms-marco")
    other = load_reranker("auto", home)
    with pytest.raises(ProviderUnavailable, match="ms-marco"):
        assert other and other.scores(QUESTION, CUES)


def test_what_was_found_is_read_with_the_question(
    home: Path, shots: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    film = Path(shutil.copy(shots, tmp_path / "film.mp4"))
    spans = (f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{t}\n" for n, t in enumerate(CUES, 1))
    film.with_suffix(".srt").write_text("\n".join(spans))
    library = Library(home)
    ingest(library, film, providers=BARE)
    toolbox = open_toolbox(library, Providers(reranker="auto"))
    found = toolbox.search_transcript("red blue kettle wall lamp")
    assert len(found) == 3
    scores = toolbox.texts.rerank(QUESTION, found)
    ranked = sorted(zip(scores, (one.text for one in found), strict=True), reverse=True)
    assert ranked[0] == (1.5, CUES[2]) and [score for score, _ in ranked] == [1.5, 0.5, 0.5]
    assert len(toolbox.texts.rerank(QUESTION, found * 10)) == RERANKED
    assert toolbox.texts.rerank(QUESTION, []) == []
    assert TextSearch(library.catalog, reranker="none").rerank(QUESTION, found) == []
    damage(folder(home, "ms-marco") / "onnx" / "model_quantized.onnx", "altered")
    damaged = TextSearch(library.catalog, threads=2)  # loaded anew
    assert damaged.rerank(QUESTION, found) == damaged.rerank(QUESTION, found) == []
    warned = [one.getMessage() for one in caplog.records if "read with the question" in one.message]
    assert len(warned) == 1 and warned[0].endswith("run: cuepoint models pull ms-marco")
