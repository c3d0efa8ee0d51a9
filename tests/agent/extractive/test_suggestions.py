"""Questions that are suggested are in a video's own words, and are answered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.extractive.suggestions import suggestions
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import open_toolbox


async def test_each_suggested_question_is_answered_when_it_is_asked(
    with_sample: Callable[[Path], Library], tmp_path: Path
) -> None:
    library = with_sample(tmp_path)
    (video,) = (one.id for one in library.list())
    toolbox = open_toolbox(library, BARE)
    asked = suggestions(toolbox, video)
    assert len(asked) == len(set(asked)) == 3
    spoken = " ".join(one.text for one in library.utterances(video))
    assert all(any(word in spoken for word in one.rstrip("?").split()[-3:]) for one in asked)
    async with open_agent(Settings(home=tmp_path, model="extractive"), toolbox=toolbox) as agent:
        for question in asked:
            answers = [e async for e in ask(agent, question) if isinstance(e, Answer)]
            assert answers[0].found, question


@pytest.mark.parametrize("said", ["", "The heron waits.\n\n2\n00:00:04,000 --> 00:00:05,000\nAh."])
def test_of_a_video_with_few_words_only_what_is_answered_is_suggested(
    shots: Path, tmp_path: Path, said: str
) -> None:
    library, subtitles = Library(tmp_path / "home"), tmp_path / "said.srt"
    subtitles.write_text(f"1\n00:00:01,000 --> 00:00:03,000\n{said}\n")
    video = ingest(library, shots, subtitles=[subtitles] if said else [], providers=BARE).id
    asked = suggestions(open_toolbox(library, BARE), video)
    assert not any("Ah" in one for one in asked) and (said or "List the scenes." in asked)
