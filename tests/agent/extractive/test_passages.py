"""Answers from long talks: the kind of thing asked for, and the passage that holds it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.extractive.answer_type import adds_kind
from agent.extractive.passages import passage
from agent.extractive.query import understand
from agent.extractive.quote import Found
from agent.extractive.reference import Referring
from agent.extractive.relevance import Relevance
from tools.embed import load_embedder
from tools.embed.passages import Nearness, means
from tools.evidence import of_passage, reliability
from tools.library import Library
from tools.media import ScreenText, Utterance
from tools.search.corpus import Corpus
from tools.search.text_ranking import weigh
from tools.toolbox import Toolbox

VIDEO = "7f3a9c21d0e4b512"
SAID = [
    Utterance(VIDEO, 100, 104, "The gate was built by a smith called Harald Voss."),
    Utterance(VIDEO, 104, 107, "Why is it green?"),
    Utterance(VIDEO, 107, 111, "Because copper turns green in the rain."),
    Utterance(VIDEO, 700, 704, "Thank you all for coming."),
]


@pytest.mark.parametrize(
    ("question", "said", "holds"),
    [
        ("What was his dog called?", "He took a dog called Bruno with him.", True),
        ("What was his dog called?", "He took a dog with him.", False),
        ("Who was Harald?", "His name was Harald.", False),
        ("When did Agnes die?", "Agnes died in May 1911.", True),
        ("When did Agnes die?", "Agnes died in her sleep.", False),
        ("When do they talk about Agnes?", "Agnes died in her sleep.", None),
        ("Why did it fail?", "It failed to open.", False),
        ("How did it fail?", "It fell over.", None),
    ],
)
def test_what_is_asked_for_is_there_and_not_only_in_the_question(
    question: str, said: str, holds: bool | None
) -> None:
    assert adds_kind(question, said) is holds


class Talk(Toolbox):
    """A talk of which only the words are known."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.texts: Any = self

    def corpora(self, videos: Sequence[str]) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        return Corpus(SAID), Corpus(list[ScreenText](), noisy=True)

    def weights(self, corpus: Any, question: str) -> Any:
        weighed = weigh(question, corpus)
        return weighed.fused if weighed else [0.0] * len(SAID)

    def nearness(self, said: Sequence[Utterance], question: str) -> Nearness:
        embedder = load_embedder()
        rows, asked = embedder.texts([one.text for one in said]), embedder.texts([question])[0]
        return Nearness(rows @ asked, means(said, rows, asked))


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("Who built the gate?", 100.0),
        ("Why is the gate green?", 107.0),  # not the question in the talk itself
        ("Who built the cathedral?", None),
        ("Did Harald compare the gate with Paris?", None),
    ],
)
def test_the_passage_that_answers_is_asked_for_as_one_quotation_and_cited(
    tmp_path: Path, question: str, start: float | None
) -> None:
    toolbox = Talk(Library(tmp_path))
    relevance = Relevance(toolbox, [VIDEO])
    found = [Found(f"e{n}", of_passage([one], None)) for n, one in enumerate(SAID)]
    asked = Referring(understand(question, 800.0))
    reply = passage(asked, {"said": found}, relevance)
    if start is None:
        assert reply is None
        return
    assert reply is not None
    if not reply.joined:  # one cue, which the search had found already
        assert [one for one in SAID if one.start == start and one.text in reply.sentences[0]]
        return
    assert reply.wants is not None and reply.wants[:2] == (VIDEO, start) and not reply.sentences
    told = [one for one in SAID if start <= one.start and one.end <= reply.wants[2]]
    whole = Found("e9", of_passage(told, None))
    again = passage(asked, {"said": found, "read": [whole]}, relevance)
    assert again is not None and again.sentences[0].endswith("[e9].")


def test_a_passage_is_as_uncertain_as_its_worst_words_and_names_who_speaks() -> None:
    said = [
        replace(SAID[0], speaker="Speaker 1", source="whisper:tiny", confidence=0.9),
        replace(SAID[1], speaker="Speaker 2", source="whisper:tiny", confidence=0.1),
    ]
    one = of_passage(said, None)
    assert one.text == f"Speaker 1: {SAID[0].text} Speaker 2: {SAID[1].text}"
    assert reliability(one)
    assert of_passage([replace(u, speaker="Speaker 1") for u in said], None).text == (
        f"Speaker 1: {SAID[0].text} {SAID[1].text}"
    )
