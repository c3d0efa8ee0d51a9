"""Classifier by example: words, and what texts mean where they come with vectors."""

import numpy as np

from tools.text.classifier import Classifier

EXAMPLES = [
    ("cats", ["a", "cat", "sleeps"]), ("cats", ["kittens", "play"]),
    ("boats", ["a", "boat", "sails"]), ("boats", ["ships", "at", "sea"]),
]  # fmt: skip
VECTORS = np.array([[1, 0], [0.8, 0.6], [-0.8, -0.6], [-1, 0]], np.float32)


def test_words_decide() -> None:
    classifier = Classifier(EXAMPLES, {"a", "at"})
    assert classifier.names == ["cats", "boats"]
    for name, words in EXAMPLES:
        assert classifier.names[classifier.scores(words).argmax()] == name


def test_a_text_without_a_known_word_is_told_by_its_vector() -> None:
    classifier = Classifier(EXAMPLES, {"a", "at"}, VECTORS)
    for vector, name in (([0.9, 0.1], "cats"), ([-0.9, 0.1], "boats")):
        scores = classifier.scores(["a", "tabby"], np.array(vector, np.float32))
        assert classifier.names[scores.argmax()] == name
        assert scores.max() > 0.2


def test_a_vector_that_points_elsewhere_tells_nothing() -> None:
    classifier = Classifier(EXAMPLES, {"a", "at"}, VECTORS)
    words = ["a", "cat", "sleeps"]
    alone = classifier.scores(words, np.zeros(2, np.float32))
    aside = classifier.scores(words, np.array([0, -0.05], np.float32))
    assert np.abs(alone - aside).max() < 0.05
