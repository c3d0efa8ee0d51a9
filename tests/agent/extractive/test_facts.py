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
    assert not answer.found and "There is no sound" not in answer.answer
    assert "No sound is much louder than what is around it." in answer.answer


@pytest.mark.parametrize("title", ["Holiday", "recorded in Rome"])
async def test_a_title_that_speaks_of_recording_is_no_time_of_recording(
    title: str, encode: Callable[..., Path], tmp_path: Path
) -> None:
    import numpy as np

    path = encode(tmp_path / "a.mp4", lambda _: np.full((90, 160, 3), 90, np.uint8), 2.0)
    ingest(Library(tmp_path), path, title=title, providers=BARE)
    answer = await answered(tmp_path, "When was the video recorded?")
    assert not answer.found
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
