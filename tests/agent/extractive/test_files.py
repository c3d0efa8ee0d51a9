"""Who asks for a file is told, by rule, the command that makes it, with the moments it is about."""

import re

import pytest

from tests.agent.extractive.conftest import Talk
from tools.errors import VideoError
from tools.toolbox import Toolbox


@pytest.mark.parametrize(
    "question",
    [
        "Cut me a clip from 0:10 to 0:20",
        "make a clip of 0:10 to 0:20 please",
        "Schneide mir einen Clip von 0:10 bis 0:20",
    ],
)
async def test_a_span_comes_with_its_command_and_what_is_in_it(
    talk: Talk, lighthouse: Toolbox, question: str
) -> None:
    (answer,) = await talk(question)
    (video,) = lighthouse.library.list()
    assert answer.reason == "cannot" and not answer.found
    assert f"`cuepoint clip {video.id} 10 20`" in answer.answer
    spans = [(one.evidence.start, one.evidence.end) for one in answer.nearest]
    assert spans and all(start < 20 and end > 10 for start, end in spans)


@pytest.mark.parametrize(
    "question",
    [
        "make a highlights reel", "export the subtitles as srt", "give me an edit list",
        "mach ein Video mit den Höhepunkten", "export the chapters",
    ],
)  # fmt: skip
async def test_a_file_comes_with_the_commands(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert answer.reason == "cannot"
    assert re.findall(r"`cuepoint (\w+)`", answer.answer) == ["clip", "reel", "export"]


async def test_a_span_behind_the_end_is_told_first(talk: Talk) -> None:
    (answer,) = await talk("cut a clip from 5:00 to 5:10")
    assert answer.reason == "outside" and "cuepoint clip" not in answer.answer


async def test_without_the_capability_nothing_is_promised(
    talk: Talk, lighthouse: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lighthouse, "_export_tools", list)
    (answer,) = await talk("make a highlights reel")
    assert answer.reason == "cannot" and "cuepoint" not in answer.answer


async def test_the_command_that_is_told_names_a_span_that_can_be_cut(
    talk: Talk, lighthouse: Toolbox
) -> None:
    from tools.export.clips import span_of

    (answer,) = await talk("cut a clip from 1:30 to 1:38")
    told = re.search(r"`cuepoint clip (\w+) ([\d.]+) ([\d.]+)`", answer.answer)
    assert told
    try:
        span = span_of(lighthouse.library.get(told[1]), float(told[2]), float(told[3]))
    except VideoError as error:
        pytest.fail(str(error))
    assert span[0] == 90.0
