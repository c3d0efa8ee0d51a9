"""Titles and notes are data: no sentence that is made of a video's facts is read back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tools.files.checksums import dump_checked, load_checked
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE


async def answered(home: Path, question: str) -> Answer:
    async with open_agent(Settings(home=home)) as agent:
        events = [event async for event in ask(agent, question)]
    assert isinstance(events[-1], Answer)
    return events[-1]


@pytest.mark.parametrize("title", ["Holiday", "A world without sound"])
async def test_a_title_that_speaks_of_sound_says_nothing_of_the_sound(
    title: str, shots: Path, tmp_path: Path
) -> None:
    ingest(Library(tmp_path), shots, title=title, providers=BARE)
    answer = await answered(tmp_path, "Where is it loudest?")
    assert answer.reason == "absent" and answer.claims == ()
    assert answer.answer == "Nothing of that kind stands out in the sound."


async def test_a_film_without_sound_has_none_wherever_it_is_asked_for(
    encode: Callable[..., Path], tmp_path: Path
) -> None:
    import numpy as np

    path = encode(tmp_path / "a.mp4", lambda _: np.full((90, 160, 3), 90, np.uint8), 2.0)
    ingest(Library(tmp_path), path, title="Loud music", providers=BARE)
    loud = await answered(tmp_path, "Where is it loudest?")
    assert loud.reason == "absent" and loud.answer == "There is no sound."
    told = await answered(tmp_path, "is there any sound?")
    assert told.found and told.answer == "There is no sound. [1]"
    assert [claim.verdict for claim in told.claims] == ["verified"]


@pytest.mark.parametrize("title", ["Holiday", "recorded in Rome"])
async def test_a_title_that_speaks_of_recording_is_no_time_of_recording(
    title: str, encode: Callable[..., Path], tmp_path: Path
) -> None:
    import numpy as np

    path = encode(tmp_path / "a.mp4", lambda _: np.full((90, 160, 3), 90, np.uint8), 2.0)
    ingest(Library(tmp_path), path, title=title, providers=BARE)
    answer = await answered(tmp_path, "When was the video recorded?")
    assert answer.reason == "absent" and answer.claims == ()
    assert "The file does not say when it was recorded." in answer.answer


def test_what_was_left_unread_is_known_of_libraries_of_earlier_releases(
    shots: Path, tmp_path: Path
) -> None:
    library = Library(tmp_path)
    video = ingest(library, shots, providers=BARE).id
    path = library.folder(video) / "manifest.json"
    manifest: dict[str, Any] = load_checked(path.read_bytes())
    note = "the time budget allowed to read 3 of 9 pictures that changed"
    manifest["stages"]["screen"] = {"state": "done", "note": note, "files": {}}
    path.write_bytes(dump_checked(manifest))
    assert library.coverage(video).screen == "partial"
    manifest["stages"]["screen"] |= {"note": "a budget of words", "partial": False}
    path.write_bytes(dump_checked(manifest))
    assert Library(tmp_path).coverage(video).screen == "complete"
