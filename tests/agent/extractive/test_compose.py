"""Steps of a plan go by their names: how many searches there were says nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from agent.extractive.compose import reply
from agent.extractive.query import understand
from agent.extractive.quote import Found
from agent.extractive.reference import Referring
from agent.extractive.relevance import Relevance
from tools.evidence import of_screen
from tools.media import Coverage, ScreenText
from tools.search.corpus import Corpus

VIDEO = "7f3a9c21d0e4b512"
SIGN = [
    ScreenText(VIDEO, 10.0, 20.0, "FLOUR IS SOLD", (0.1, 0.1, 0.9, 0.2)),
    ScreenText(VIDEO, 10.0, 20.0, "ON SATURDAYS", (0.1, 0.3, 0.9, 0.4), n=2),
]


class Grain:
    """Flour and corn mean the same, and nothing else does."""

    contextual = multilingual = False
    synonym_cosine = 0.5

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        grain = ("flour", "corn")
        return np.array([[1.0, 0.0] if text in grain else [0.0, 1.0] for text in texts])


class Signs:
    """As much of a toolbox as weighing needs."""

    texts = library = property(lambda self: self)
    embedder = Grain()

    def coverage(self, video: str) -> Coverage:
        return Coverage(video, 60.0, 1, 60.0, "complete", "complete", "none")

    def corpora(self, videos: Sequence[str]) -> Any:
        return Corpus[Any]([]), Corpus(SIGN, noisy=True)


@pytest.mark.parametrize("word", ["flour", "corn"])
def test_a_sign_is_quoted_whole_whether_its_word_or_one_like_it_is_asked_for(word: str) -> None:
    relevance = Relevance(Signs(), [VIDEO])  # type: ignore[arg-type]
    asked = Referring(understand(f"what is written about {word}?", 60.0))
    first, second = (Found(f"e{n}", of_screen(one, None)) for n, one in enumerate(SIGN, 1))
    searched = {"said": [], "shown": [first]}
    assert reply(asked, searched, relevance).wants == (VIDEO, 10.0, 20.0)
    whole = reply(asked, {**searched, "read": [first, second]}, relevance)
    assert whole.wants is None
    assert [sentence.count("[e") for sentence in whole.sentences] == [1, 1]
    counted = reply(asked, {**searched, "words": [first], "read": [first, second]}, relevance)
    assert counted.sentences == whole.sentences
