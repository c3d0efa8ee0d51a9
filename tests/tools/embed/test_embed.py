import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.embed import Vectors, load_embedder, load_image_embedder
from tools.embed.dual_encoder import OnnxPair
from tools.errors import ProviderUnavailable, UnreadableMedia
from tools.models.registry import folder, seal


def test_rows_are_unit_vectors_and_meaning_is_near():
    embedder = load_embedder()
    texts = ["the dog barks at the cat", "a puppy barking at a kitten", "interest rates rose again"]
    array = embedder.texts(texts)
    assert array.shape == (3, embedder.dimensions) and array.dtype == np.float32
    assert np.allclose(np.linalg.norm(array, axis=1), 1, atol=1e-5)
    assert array[0] @ array[1] > array[0] @ array[2] + 0.2


def test_a_text_without_words_has_no_direction():
    array = load_embedder().texts(["", "a word"])
    assert not array[0].any() and np.isfinite(array).all()
    assert load_embedder().texts([]).shape == (0, load_embedder().dimensions)


def test_the_vector_of_a_text_does_not_depend_on_its_company():
    texts = ["short", "a much longer text, with many words that pad the others in its batch"]
    together = load_embedder().texts(texts)
    alone = np.concatenate([load_embedder().texts([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-6)


def test_auto_is_a_name_for_a_known_provider_and_unknown_ones_are_listed():
    assert load_embedder("auto").name == load_embedder("wordllama").name == "wordllama"
    with pytest.raises(ProviderUnavailable, match="'siglip9'; known: auto, wordllama"):
        load_embedder("siglip9")


def test_vectors_need_a_row_for_each_id():
    with pytest.raises(ValueError, match="2 ids"):
        Vectors(["a", "b"], np.zeros((3, 4), np.float32), "test")


def test_loading_leaves_the_root_logger_alone():
    before = logging.getLogger().handlers[:], logging.getLogger().level
    load_embedder().texts(["something"])
    assert (logging.getLogger().handlers, logging.getLogger().level) == before


def test_importing_is_free():
    code = (
        "import sys, tools.embed, tools.search.vector_index, tools.search.text_ranking;"
        "import tools.vision.colour;"
        "print(sorted({'numpy', 'chromadb', 'wordllama'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.fixture
def painted(tmp_path: Path, tiny) -> dict[str, Path]:
    """A picture of each colour that the tiny pair knows."""
    paths = {name: tmp_path / f"{name}.jpg" for name in tiny.COLOURS}
    for name, path in paths.items():
        Image.new("RGB", (640, 360), tiny.COLOURS[name]).save(path)
    return paths


def test_a_text_lies_nearest_to_the_picture_that_it_describes(tmp_path, tiny, painted):
    tiny.install_pair(tmp_path)
    pair = load_image_embedder("siglip2", tmp_path, 1)
    seen = pair.images(list(painted.values()))
    asked = pair.texts([f"a {name.upper()} wall" for name in tiny.COLOURS])
    assert seen.shape == asked.shape == (len(tiny.COLOURS), pair.dimensions)
    assert seen.dtype == np.float32 and np.allclose(np.linalg.norm(seen, axis=1), 1, atol=1e-5)
    assert (asked @ seen.T).argmax(1).tolist() == list(range(len(tiny.COLOURS)))
    assert pair.images([]).shape == (0, pair.dimensions)


def test_a_picture_of_two_colours_is_found_by_both_and_batches_do_not_matter(
    tmp_path, tiny, painted
):
    tiny.install_pair(tmp_path)
    pair = load_image_embedder("siglip2", tmp_path, 1)
    half = Image.new("RGB", (640, 360), tiny.COLOURS["red"])
    half.paste(tiny.COLOURS["blue"], (0, 0, 320, 360))
    half.save(tmp_path / "half.png")
    array = pair.images([tmp_path / "half.png", *painted.values()] * 3)
    near = dict(zip(tiny.COLOURS, pair.texts(list(tiny.COLOURS)) @ array[0], strict=True))
    assert set(sorted(near, key=near.__getitem__)[-2:]) == {"red", "blue"}
    assert np.allclose(array[:13], pair.images([tmp_path / "half.png", *painted.values()]))


def test_a_folder_of_ones_own_is_a_model(tmp_path, tiny, painted):
    own = load_image_embedder(str(tiny.make_pair(tmp_path / "mine")))
    assert own.images([painted["red"]]) @ own.texts(["red"]).T > 0.9
    with pytest.raises(ProviderUnavailable, match=r"holds 0 files \*vision\*.onnx"):
        OnnxPair("x", tmp_path / "home").images([])


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 no more", b"GIF89a......"])
def test_what_is_no_picture_is_named(tmp_path, tiny, content):
    tiny.install_pair(tmp_path)
    (tmp_path / "bad.jpg").write_bytes(content)
    with pytest.raises(UnreadableMedia, match=r"bad\.jpg is no picture that can be read"):
        load_image_embedder("siglip2", tmp_path).images([tmp_path / "bad.jpg"])


def test_towers_of_two_models_are_no_pair(tmp_path, tiny, painted):
    odd = load_image_embedder(str(tiny.make_pair(tmp_path / "odd", 32, 48)))
    odd.texts(["red"])
    with pytest.raises(
        ProviderUnavailable, match=r"no pair: vision gives rows of 32 .* text of 48"
    ):
        odd.images([painted["red"]])


def test_a_model_that_is_none_is_one_line(tmp_path, tiny):
    tiny.make_pair(tmp_path / "bad")
    (tmp_path / "bad" / "onnx" / "text_model.onnx").write_bytes(b"no model")
    with pytest.raises(ProviderUnavailable, match=r"the text tower of .* cannot be used: ") as told:
        load_image_embedder(str(tmp_path / "bad")).texts(["red"])
    assert "\n" not in str(told.value)


def test_a_downloaded_text_model_is_an_embedder_too(tmp_path, tiny):
    tiny.install_text(tmp_path)
    embedder = load_embedder("e5-small", tmp_path, 1)
    array = embedder.texts(["a red door", "the red wall", "green"])
    assert array.shape == (3, embedder.dimensions) == (3, 384) and embedder.multilingual
    assert array[0] @ array[1] > 0.9 > 0.1 > array[0] @ array[2]
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull minilm"):
        load_embedder("minilm", tmp_path)
    assert load_embedder("e5-small", tmp_path, 1) is embedder
    place = folder(tmp_path, "e5-small")
    with (place / "tokenizer_config.json").open("a") as file:
        file.write(" ")  # other files
    seal(place, "e5-small")
    assert load_embedder("e5-small", tmp_path, 1) is not embedder
    shutil.rmtree(place)
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull e5-small"):
        load_embedder("e5-small", tmp_path, 1)
