"""Answers from long talks: the kind of thing asked for, and the passage that holds it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.followups import Referring
from agent.kinds import adds_kind
from agent.passages import passage
from agent.quoting import Found
from agent.relevance import Relevance
from agent.understanding import understand
from tools.evidence import of_speech
from tools.library import Library
from tools.media import ScreenText, Utterance
from tools.search import Corpus
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

    embedder = None

    def corpora(self, videos: Sequence[str]) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        return Corpus(SAID), Corpus(list[ScreenText](), noisy=True)


@pytest.mark.parametrize(
    ("question", "cited"),
    [
        ("Who built the gate?", [0]),
        ("Why is the gate green?", [2]),  # not the question in the talk itself
        ("Who built the cathedral?", []),
    ],
)
def test_the_cue_that_answers_is_quoted(tmp_path: Path, question: str, cited: list[int]) -> None:
    relevance = Relevance(Talk(Library(tmp_path)), [VIDEO])
    found = [Found(f"e{n}", of_speech(one, None)) for n, one in enumerate(SAID)]
    reply = passage(Referring(understand(question, 800.0)), [found], relevance)
    assert [f"[e{n}]" in " ".join(reply.sentences if reply else ()) for n in range(4)] == [
        n in cited for n in range(4)
    ]
