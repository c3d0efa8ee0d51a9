"""A picture instead of words: what looks like it is cited, and the conversation goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from agent.toolbelt import Toolbelt
from tools.errors import NotIndexed, UnreadableMedia
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import Providers
from tools.toolbox import open_toolbox

SEES = Providers("none", picture_embedder="siglip2")


def picture(folder: Path, colour: tuple[int, int, int]) -> Path:
    path = folder / f"{colour}.jpg"
    Image.new("RGB", (64, 48), colour).save(path)
    return path


async def told(agent: Any, question: str, **options: Any) -> Answer:
    events = [event async for event in ask(agent, question, **options)]
    assert isinstance(events[-1], Answer)
    return events[-1]


async def test_what_looks_like_a_picture_is_evidence_of_the_conversation(
    shots: Path, tmp_path: Path, tiny: Any
) -> None:
    settings = Settings(home=tmp_path / "home")
    tiny.install_pair(settings.home)
    library = Library(settings.home)
    ingest(library, shots, providers=SEES)
    async with open_agent(settings, toolbox=open_toolbox(library, settings.providers)) as agent:
        blue = await told(agent, "Where is this?", like=picture(tmp_path, (30, 60, 220)))
        (one,) = blue.evidence
        assert blue.found and one.handle == 1 and 3 <= one.evidence.start < 6
        (claim,) = blue.claims
        assert claim.verdict == "weak" and blue.answer.startswith(claim.text[:-1])
        assert f"comes close, {one.evidence.score:.2f}: " in claim.text
        red = await told(
            agent, "And this?", like=picture(tmp_path, (200, 30, 30)), thread=blue.thread
        )
        assert [(one.handle, one.evidence.start < 3) for one in red.evidence] == [(2, True)]
        for asked, handle in (("When was the first one?", 2), ("When was [1]?", 1)):
            later = await told(agent, asked, thread=blue.thread)
            assert [one.handle for one in later.evidence] == [handle]
        green = await told(agent, "Where?", like=picture(tmp_path, (30, 180, 50)))
        assert not green.found and not green.evidence and "Nothing" in green.answer
        same = await told(agent, "More like [1]", like=one.evidence.id, thread=blue.thread)
        assert not same.found  # its own scene is no other
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"\xff\xd8\xff")
        with pytest.raises(UnreadableMedia):
            await told(agent, "Where?", like=broken)


@pytest.mark.parametrize("sides", [["white"], ["white", "red"], ["white", "yellow", "red"]])
def test_a_library_in_which_all_looks_like_a_picture_is_no_library_without_it(
    sides: list[str], tmp_path: Path, tiny: Any, encode: Callable[..., Path]
) -> None:
    home = tmp_path / "home"
    tiny.install_pair(home)
    library = Library(home)

    def draw(seconds: float) -> np.ndarray:
        picture = np.full((180, 320, 3), tiny.COLOURS["blue"], np.uint8)
        picture[:, :120] = tiny.COLOURS[sides[int(seconds // 3)]]
        return picture

    film = encode(tmp_path / "film.mp4", draw, 3.0 * len(sides))
    ingest(library, film, providers=SEES)
    toolbox = open_toolbox(library, Settings(home=home).providers)
    assert len(toolbox.pictures.like_picture(picture(tmp_path, (30, 60, 220)))) == len(sides)
    assert toolbox.pictures.like_picture(picture(tmp_path, (30, 180, 50))) == []


async def test_without_a_model_a_picture_finds_what_is_alike_in_colours_and_layout(
    shots: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home")
    library = Library(settings.home)
    video = ingest(library, shots, providers=Providers("none"))
    frame = next(frame for frame in library.frames(video.id) if frame.seconds >= 3)
    copy = tmp_path / "copy.jpg"
    lighter = Image.open(library.picture(frame.image)).point(lambda light: light * 1.05 + 3)
    lighter.save(copy, quality=40)
    async with open_agent(settings, toolbox=open_toolbox(library, settings.providers)) as agent:
        blue = await told(agent, "Where is this?", like=copy)
        (one,) = blue.evidence
        assert 3 <= one.evidence.start < 6 and "almost the same picture: " in blue.answer
        assert [claim.verdict for claim in blue.claims] == ["weak"]
        green = await told(agent, "Where?", like=picture(tmp_path, (30, 180, 50)))
        assert not green.found and "Nothing" in green.answer
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"\xff\xd8\xff")
        with pytest.raises(UnreadableMedia):
            await told(agent, "Where?", like=broken)


async def test_without_vectors_the_command_is_named(shots: Path, tmp_path: Path, tiny: Any) -> None:
    settings = Settings(home=tmp_path / "home")
    library = Library(settings.home)
    ingest(library, shots, providers=Providers("none"), only=("pass",))
    red = picture(tmp_path, (200, 30, 30))
    for has_model in (False, True):
        if has_model:
            tiny.install_pair(settings.home)
        async with open_agent(settings, toolbox=open_toolbox(library, settings.providers)) as agent:
            with pytest.raises(NotIndexed, match="cuepoint index"):
                await told(agent, "Where?", like=red)


async def test_videos_that_were_passed_over_are_named(
    shots: Path, tmp_path: Path, tiny: Any, encode: Callable[..., Path]
) -> None:
    settings = Settings(home=tmp_path / "home")
    library = Library(settings.home)
    old = ingest(library, shots, providers=Providers("none", picture_embedder="none"))
    tiny.install_pair(settings.home)
    green = np.full((180, 320, 3), tiny.COLOURS["green"], np.uint8)
    ingest(library, encode(tmp_path / "new.mp4", lambda _: green, 3.0), providers=SEES)
    blue = picture(tmp_path, (30, 60, 220))
    toolbox = open_toolbox(library, settings.providers)
    async with open_agent(settings, toolbox=toolbox) as agent:
        answer = (await told(agent, "Where is this?", like=blue)).answer
        assert answer.startswith("Nothing") and f"seen: “{old.title}”; run: cuepoint" in answer
        alone = await told(agent, "Where is this?", like=blue, videos=[old.id])
        assert alone.found and "alike in colours and layout: " in alone.answer
    found = toolbox.search_frames("a purple thing")
    (remark,) = Toolbelt(toolbox).in_scope("search_frames", {}, found, ())
    assert f"“{old.title}”" in remark
