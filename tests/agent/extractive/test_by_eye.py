"""Pictures for the eye, where nobody speaks and no model sees what is asked for."""

from typing import Any

import numpy as np
import pytest

from tests.agent.extractive.test_pictures import questions
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import Providers
from tools.toolbox import Toolbox, open_toolbox

SHOT = 4.0
COLOURS = ((200, 30, 30), (30, 160, 30), (30, 30, 200), (30, 160, 30))


@pytest.fixture(scope="module")
def speechless(encode: Any, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """Four shots of four seconds with a tone, in which nobody speaks and nothing is written."""

    def paint(seconds: float) -> np.ndarray:
        return np.full((180, 320, 3), COLOURS[min(int(seconds / SHOT), 3)], np.uint8)

    path = encode(tmp_path_factory.mktemp("speechless") / "quay.mp4", paint, 4 * SHOT, tone=True)
    library = Library(tmp_path_factory.mktemp("tone"))
    heard = Providers(diarizer="none", detector="none")
    video = ingest(library, path, providers=heard)
    assert library.coverage(video.id).is_speechless
    return open_toolbox(library, heard)


@pytest.mark.parametrize("question", [
    "what buttons are there?", "how many people are in it?", "is there a dog in it?",
    "which boat is the fastest?",
])  # fmt: skip
async def test_what_nobody_says_and_no_model_sees_is_left_to_the_eye(
    speechless: Toolbox, question: str
) -> None:
    (answer,) = await questions(speechless, question)
    assert not answer.found and "Have a look yourself:" in answer.answer
    scenes = [one.evidence for one in answer.nearest]
    assert [one.kind for one in scenes] == ["scene"] * 3
    assert [round(one.start / SHOT) for one in scenes] == [0, 2, 3]
    assert all(one.image for one in scenes)
    assert "known for certain" not in answer.answer  # all of it was heard, and read


async def test_words_that_are_looked_up_are_nowhere_where_nobody_speaks(
    speechless: Toolbox,
) -> None:
    (answer,) = await questions(speechless, "when is the word harbour mentioned?")
    assert not answer.found and answer.reason == "absent" and not answer.nearest
