import logging
import subprocess
import sys

import numpy as np
import pytest

from tools.embed import Vectors, load_embedder
from tools.errors import ProviderUnavailable


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
        "import sys, tools.embed, tools.index, tools.search, tools.attributes;"
        "print(sorted({'numpy', 'chromadb', 'bm25s', 'wordllama'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
