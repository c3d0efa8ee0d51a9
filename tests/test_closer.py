from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.closer import is_coarse
from tools.errors import UnknownVideo
from tools.ingest import ingest
from tools.library import Library
from tools.media import Evidence
from tools.ocr import load_text_reader
from tools.providers import BARE
from tools.repair import repair
from tools.toolbox import Toolbox
from tools.verify import verify


def counter(seconds: float) -> np.ndarray:
    """A number that rises ten times a second, as large as half the picture."""
    picture = Image.new("RGB", (320, 180), "white")
    ImageDraw.Draw(picture).text(
        (60, 50), f"{100 + round(seconds * 10)}", "black", ImageFont.load_default(80)
    )
    return np.asarray(picture)


@pytest.fixture
def count(tmp_path: Path, encode: Callable[..., Path]) -> tuple[Toolbox, str]:
    library = Library(tmp_path / "home")
    film = encode(tmp_path / "count.mp4", counter, 6.0, fps=10)
    video = ingest(library, film, providers=BARE)
    return Toolbox(library, reads=lambda: load_text_reader("rapidocr")), video.id


def shown(found: list[Evidence]) -> list[tuple[float, str]]:
    return [(one.start, one.text) for one in found if one.kind == "screen"]


def test_a_closer_look_reads_what_stood_there_at_that_moment(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    assert is_coarse(toolbox.library, video, 2.3)
    assert shown(toolbox.read_moment(video, 2.3, 2.35)) == []
    found = toolbox.look_closer(video, 2.3, 2.35)
    assert shown(found) == [(2.3, "123")]
    assert toolbox.library.evidence(found[0].id).text == found[0].text


def test_what_was_seen_is_kept_and_found(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    toolbox.look_closer(video, 4.0, 4.1)
    again = Toolbox(Library(toolbox.library.home))
    assert not is_coarse(again.library, video, 4.7)
    assert [one.start for one in again.search_screen_text("147", [video])] == [4.7]
    assert len(again.library.frames(video)) > len(again.library.sampled(video))
    assert verify(again.library) == []
    ingest(again.library, again.library.original(video), providers=BARE)  # which is no news
    assert shown(again.read_moment(video, 4.2, 4.25)) == [(4.2, "142")]


def test_a_damaged_look_is_named_and_taken_again(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    toolbox.look_closer(video, 1.0, 1.5)
    (file,) = (toolbox.library.folder(video) / "closer").iterdir()
    data = file.read_bytes()
    file.write_bytes(data.replace(b"112", b"911"))
    fresh = Toolbox(Library(toolbox.library.home), reads=lambda: load_text_reader("rapidocr"))
    assert shown(fresh.read_moment(video, 1.2, 1.25)) == []
    assert [one.what for one in verify(fresh.library)] == ["closer/000001.json is damaged"]
    assert repair(fresh.library).left == []
    fresh.look_closer(video, 1.0, 1.5)
    assert file.read_bytes() == data


def test_a_look_past_the_end_or_at_a_removed_video(count: tuple[Toolbox, str]) -> None:
    toolbox, video = count
    assert toolbox.look_closer(video, 500.0, 600.0) is not None
    toolbox.library.remove(video)
    with pytest.raises(UnknownVideo):
        toolbox.look_closer(video, 1.0, 2.0)
