"""Colours and likeness of cited pictures, measured on a real library of four shots."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.grounding.pixels import PixelCheck
from agent.grounding.review import Claim, Review
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence
from tools.models.providers import BARE
from tools.toolbox import Toolbox, open_toolbox


@pytest.fixture(scope="module")
def box(shots: Path, tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """Red until 3 s, blue until 6, black until 8, then white; a model sees colours."""
    library = Library(tmp_path_factory.mktemp("measured"))
    tiny.install_pair(library.home)
    seeing = replace(BARE, picture_embedder="siglip2")
    ingest(library, shots, providers=seeing)
    return open_toolbox(library, seeing)


@pytest.fixture(scope="module")
def pictures(box: Toolbox) -> list[Evidence]:
    """`[e1]` is blue, `[e2]` the whole video, `[e3]` the black scene."""
    video = box.list_videos()[0].id
    black = box.find_scenes(video, 6.5, 7.0)
    return [*box.look_at(video, 4.0), *box.video_facts(video), *black]


def judged(box: Toolbox, pictures: list[Evidence], text: str) -> Claim:
    records = {one.id: one for one in pictures}
    titles = {one.id: one.title for one in box.list_videos()}
    claim = Review(list(records), [], records, titles, (), PixelCheck(box)).claim(text)[1]
    assert claim
    return claim


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The picture is mostly blue [e1].", "verified"),
        ("At 0:04 it is blue [e1].", "verified"),
        ("Someone waits [e1].", "weak"),
        ("It is black [e3].", "verified"),
        ("There is no red in the picture [e1].", "verified"),
        ("It is red, then blue [e2].", "verified"),
        ("At 0:04 it is red [e1].", "unsupported"),
        ("The picture is mostly white [e1].", "unsupported"),
        ("The scene is blue [e3].", "unsupported"),
        ("There is no blue in the picture [e1].", "weak"),
        ("The video is mostly red [e2].", "unsupported"),
    ],
)
def test_colours_are_measured_again(
    box: Toolbox, pictures: list[Evidence], text: str, verdict: str
):
    assert judged(box, pictures, text).verdict == verdict


def test_the_reason_names_the_colour_that_is_there(box: Toolbox, pictures: list[Evidence]):
    assert judged(box, pictures, "The car is red [e1].").why == "[e1] is mostly blue, not red"


def test_a_text_must_stand_above_everyday_captions(box: Toolbox, pictures: list[Evidence]):
    measured, blue = PixelCheck(box), pictures[0]
    assert measured.shows("a blue picture", blue) is True
    assert measured.shows("a red picture", blue) is False
    assert PixelCheck(Toolbox(box.library)).shows("a blue picture", blue) is None


def test_likeness_proves_what_a_picture_can_show_and_nothing_else(
    box: Toolbox, pictures: list[Evidence], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(PixelCheck, "shows", lambda *_: True)
    told = {
        "A boat lies in the harbour [e1].": "verified",
        "A blue boat lies in the harbour [e1].": "verified",
        "A red boat lies in the harbour [e1].": "unsupported",
        "Three boats lie in 4 harbours [e1].": "weak",
        "No boat lies in the harbour [e1].": "weak",
        "A boat lies in the harbour of Brest [e1].": "weak",
        "A boat waits because of the storm [e1].": "weak",
        'A boat is called "Marigold" [e1].': "unsupported",
        "At 0:09 a boat lies in the harbour [e1].": "unsupported",
    }
    assert {text: judged(box, pictures, text).verdict for text in told} == told


def test_what_looks_no_more_like_it_is_told(
    box: Toolbox, pictures: list[Evidence], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(PixelCheck, "shows", lambda *_: False)
    claim = judged(box, pictures, "A boat lies in the harbour [e1].")
    assert claim.verdict == "weak" and "no more like it than like other" in claim.why


def test_a_video_that_was_removed_meanwhile_has_no_colours(box: Toolbox, pictures: list[Evidence]):
    gone = replace(pictures[0], video="0" * 16, image=None)
    assert PixelCheck(box).colours(gone) == []


def test_the_colours_of_a_span_are_those_of_its_frames(box: Toolbox) -> None:
    whole = box.look_closer(box.list_videos()[0].id, 4.0, 4.5)[0]
    assert isinstance(whole, Evidence) and whole.image and "strips" in whole.image
    assert judged(box, [whole], "It is blue [e1].").verdict == "verified"
    assert judged(box, [whole], "It is red [e1].").verdict == "unsupported"
