"""What pictures alone tell without a model: hues and cuts; the rest is left to the eye."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.agent.extractive.test_pictures import questions, times
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE, Providers
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


async def test_a_film_without_sound_is_left_to_the_eye_as_well(encode: Any, tmp_path: Path) -> None:
    def paint(seconds: float) -> np.ndarray:
        return np.full((180, 320, 3), COLOURS[min(int(seconds / SHOT), 3)], np.uint8)

    library = Library(tmp_path / "home")
    ingest(library, encode(tmp_path / "mute.mp4", paint, 2 * SHOT), providers=BARE)
    (answer,) = await questions(Toolbox(library), "which boat is the fastest?")
    assert not answer.found and [one.evidence.kind for one in answer.nearest] == ["scene"] * 2


async def test_words_that_are_looked_up_are_nowhere_where_nobody_speaks(
    speechless: Toolbox,
) -> None:
    (answer,) = await questions(speechless, "when is the word harbour mentioned?")
    assert not answer.found and answer.reason == "absent" and not answer.nearest


async def test_a_film_without_hues_is_in_black_and_white(
    encode: Any, tmp_path: Path, speechless: Toolbox
) -> None:
    def paint(seconds: float) -> Any:
        return np.full((90, 160, 3), 40 if seconds < 2 else 120, np.uint8)

    library = Library(tmp_path / "home")
    ingest(library, encode(tmp_path / "old.mp4", paint, 4.0), providers=BARE)
    grey, german = await questions(
        Toolbox(library), "is this in colour or black and white?", "Ist das ein Schwarz-Weiß-Film?"
    )
    assert grey.found and grey.answer.startswith("It's in black and white.")
    assert german.found and german.answer.startswith("Es ist in Schwarz-Weiß.")
    (coloured,) = await questions(speechless, "is it black and white?")
    assert coloured.found and coloured.answer.startswith("It's in colour.")


async def test_a_film_of_one_cut_is_told_so(encode: Any, tmp_path: Path) -> None:
    def paint(seconds: float) -> Any:
        return np.full((90, 160, 3), (200, 30, 30) if seconds < 3 else (30, 60, 200), np.uint8)

    library = Library(tmp_path / "home")
    ingest(library, encode(tmp_path / "two.mp4", paint, 6.0), providers=BARE)
    german, english = await questions(
        Toolbox(library), "Wann wechselt das Bild?", "how many cuts are there?"
    )
    assert german.answer.startswith("1 Schnitt.") and english.answer.startswith("1 cut.")
    assert times(german) == times(english) == [3]
