"""Evidence boards: every cited frame, its words and number, and nothing that runs or is loaded."""

import base64
import io
from html.parser import HTMLParser

import pytest
from PIL import Image

from tests.conftest import Shelf
from tools.errors import RefusedRequest
from tools.export.board import to_board
from tools.media import Evidence
from tools.store.evidence import of_scene, of_words


class Page(HTMLParser):
    """Tags, addresses and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [v or "" for name, v in attrs if name in ("src", "href", "srcset")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_a_board_shows_every_cited_frame_with_its_words(shelf: Shelf) -> None:
    library, video = shelf.library, shelf.video
    said = of_words(library, library.utterances(video)[0])
    scene = of_scene(library, library.scenes(video), 2)
    page = Page(
        to_board(library, [(said, 4), (scene, 9)], "What is red?", "The kettle [4].\n\nSo [9].")
    )
    assert page.tags.count("img") == 2 and page.tags.count("figure") == 2
    assert page.tags.count("h1") == 1 and page.tags.count("p") == 2
    assert "[4] kettle! · 0:01\N{EN DASH}0:02.5 The kettle is red." in page.text
    assert "[9] kettle! · 0:03\N{EN DASH}0:06 scene 2 of 4" in page.text
    for source, one in zip(page.sources, (said, scene), strict=True):
        kind, _, data = source.partition(",")
        assert kind == "data:image/jpeg;base64" and one.image
        assert base64.b64decode(data) == library.picture(one.image).read_bytes()
        Image.open(io.BytesIO(base64.b64decode(data))).verify()


def test_hostile_words_stay_words(shelf: Shelf) -> None:
    bad = '"><script>alert(1)</script><img src=x onerror=alert(1)>\n$title $cards'
    image = shelf.library.image_at(shelf.video, 1.0)
    one = Evidence("speech:x@0", shelf.video, 1.0, 2.0, "speech", bad, image, source="draft",
                   facts={"reliability": "draft"})  # fmt: skip
    page = Page(to_board(shelf.library, [(one, None)], bad, bad))
    assert page.tags.count("img") == 1 and "script" not in page.tags
    assert page.text.count("<script>alert(1)</script>") == 4  # title, heading, answer, quotation
    assert "heard by machine and often wrong" in page.text
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)


def test_a_lost_picture_leaves_its_words(shelf: Shelf) -> None:
    one = Evidence("frame:x@0", shelf.video, 1.0, 1.0, "frame", "red", "videos/none/frames/1.jpg")
    page = Page(to_board(shelf.library, [(one, 1)], "x"))
    assert page.tags.count("img") == 0 and "[1] kettle! · 0:01 red" in page.text


def test_without_evidence_there_is_no_board(shelf: Shelf) -> None:
    with pytest.raises(RefusedRequest, match="no cited evidence"):
        to_board(shelf.library, [], "x")
