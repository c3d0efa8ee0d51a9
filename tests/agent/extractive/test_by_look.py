"""Questions about things that no detector has a class for, before a fixed camera."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.agent.extractive.answers import check, lead, shown
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox, open_toolbox

SEEING = replace(BARE, picture_embedder="siglip2")


async def asked(box: Toolbox, *questions: str) -> list[Answer]:
    """Ask one after the other, in one conversation."""
    answers: list[Answer] = []
    thread: str | None = None
    async with open_agent(Settings(home=box.library.home), toolbox=box) as agent:
        for question in questions:
            *_, last = [event async for event in ask(agent, question, thread=thread)]
            assert isinstance(last, Answer)
            check(last)
            answers.append(last)
            thread = last.thread
    return answers


@pytest.fixture
def box(tiny: Any, road_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolbox:
    """A road on which red, blue and red things pass, and a model that knows colours."""
    drawn = np.random.default_rng(5).choice(list(tiny.COLOURS), (96, 3))
    captions = tuple(" ".join(one) for one in drawn)
    monkeypatch.setattr("tools.search.calibration.DISTRACTORS", captions)
    library = Library(tmp_path / "home")
    tiny.install_pair(library.home)
    ingest(library, road_film, providers=SEEING)
    return open_toolbox(library, SEEING)


@pytest.mark.parametrize(
    "question",
    ["When does a blue wheelbarrow pass?", "Is there a blue wheelbarrow?",
     "Wann fährt ein blue wheelbarrow vorbei?"],
)  # fmt: skip
async def test_what_a_thing_looks_like_is_told_with_how_close_it_comes(
    box: Toolbox, question: str
) -> None:
    (answer,) = await asked(box, question)
    assert answer.found and [round(one.start) for one in shown(answer)] == [9]
    assert "The object at 0:09 comes close, 0." in answer.answer
    assert shown(answer)[0].kind == "object"


async def test_what_is_not_sure_is_shown_and_not_asserted(
    box: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.search.image_vectors.FITS", 0.99)
    english, german = await asked(
        box, "When does a red wheelbarrow pass?", "Wann fährt ein red wheelbarrow vorbei?"
    )
    assert english.reason == german.reason == "unsure"
    assert lead(english).startswith('Nothing here clearly looks like "red wheelbarrow"')
    assert lead(german).startswith('Nichts hier sieht sicher aus wie "red wheelbarrow"')
    assert [round(one.start) for one in shown(english)] == [4, 14]


async def test_more_like_an_object_is_told_with_how_close_it_comes(box: Toolbox) -> None:
    _, more = await asked(
        box, "When does a red wheelbarrow pass?", "Show me more like the first one"
    )
    assert more.found and [round(one.start) for one in shown(more)] == [14]
    assert "comes close, 1.00: alike: red thing" in more.answer


async def test_without_a_picture_model_it_says_what_is_missing(
    road_film: Path, tmp_path: Path
) -> None:
    library = Library(tmp_path / "home")
    ingest(library, road_film, providers=BARE)
    (answer,) = await asked(Toolbox(library), "When does a wheelbarrow pass?")
    assert answer.reason == "cannot" and "cuepoint models pull siglip2" in lead(answer)
