"""Evidence boards as one picture: every cited frame, words of any script, the same bytes again."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Shelf
from tools.errors import RefusedRequest
from tools.export.board_picture import CELLS, GAP, MARGIN, to_picture
from tools.media import Evidence
from tools.store.evidence import of_scene, of_words

WORDS = (
    "Маяк стоїть на мисі.", "灯台守は二十六年間ランプを守ってきた。", "هذه منارة قديمة",
    "זהו מגדלור",
    "\U00012000\U00012001", "x" * 900, "so it goes on " * 90, "<b>$title</b> \u202e\x00 🎉", "",
)  # fmt: skip


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        return picture.convert("RGB")


def _scenes(shelf: Shelf) -> list[Evidence]:
    scenes = shelf.library.scenes(shelf.video)
    return [of_scene(shelf.library, scenes, n + 1) for n in range(len(scenes))]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (12, 3)])
def test_every_cited_frame_stands_in_its_place(shelf: Shelf, count: int, columns: int) -> None:
    scenes = _scenes(shelf)
    assert len(scenes) == 4
    cited = [(scenes[n % 4], n + 1) for n in range(count)]
    data = to_picture(shelf.library, cited, "What is red?", "The kettle [1].\n\nSo [2].")
    assert data == to_picture(shelf.library, cited, "What is red?", "The kettle [1].\n\nSo [2].")
    board, cell = _opened(data), CELLS[columns]
    assert board.width == columns * (cell + GAP) - GAP + 2 * MARGIN
    pixels = np.asarray(board, np.float32)
    tops: dict[int, list[int]] = {}
    for place, (one, _) in enumerate(cited[:4]):
        assert one.image
        with Image.open(shelf.library.picture(one.image)) as picture:
            frame = picture.convert("RGB").resize(
                (cell, round(picture.height * cell / picture.width))
            )
        left = MARGIN + place % columns * (cell + GAP)
        shown = pixels[:, left : left + cell : 8]
        wanted = np.asarray(frame, np.float32)[::8, ::8]
        spans = ((y, shown[y : y + frame.height : 8]) for y in range(board.height - frame.height))
        off, top = min((float(np.abs(span - wanted).mean()), y) for y, span in spans)
        assert off < 9, (place, off)
        tops.setdefault(place % columns, []).append(top)
    assert all(rows == sorted(set(rows)) for rows in tops.values()), tops
    assert len({rows[0] for rows in tops.values()}) == 1, tops


@pytest.mark.parametrize("words", WORDS)
def test_words_of_any_script_and_length_stay_inside(shelf: Shelf, words: str) -> None:
    said = of_words(shelf.library, shelf.library.utterances(shelf.video)[0])
    plain = _opened(to_picture(shelf.library, [(said, 1)], "x"))
    strange = replace(said, text=words, facts={"reliability": "draft"})
    board = _opened(to_picture(shelf.library, [(strange, 1)], words or "x", words))
    assert board.width == plain.width and plain.height - 99 < board.height < plain.height + 800
    paper = board.getpixel((0, 0))
    edge = MARGIN - 4
    for box in ((0, 0, edge, board.height), (board.width - edge, 0, board.width, board.height)):
        assert board.crop(box).getcolors() == [((edge) * board.height, paper)]


def test_what_has_no_picture_keeps_its_words(shelf: Shelf) -> None:
    lost = Evidence("frame:x@0", shelf.video, 1.0, 1.0, "frame", "red", "videos/none/frames/1.jpg")
    board = _opened(to_picture(shelf.library, [(lost, 1)], "x"))
    with_picture = _opened(to_picture(shelf.library, [(_scenes(shelf)[0], 1)], "x"))
    assert board.height < with_picture.height / 2
    assert len(board.getcolors(1 << 16) or ()) > 2  # something is written
    with pytest.raises(RefusedRequest, match="no cited evidence"):
        to_picture(shelf.library, [], "x")
