import numpy as np
import pytest

from tests import lecture
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import ScreenText
from tools.models.providers import BARE
from tools.summary.chapters import find_chapters, headings
from tools.summary.titles import chapters


def test_chapters_begin_where_the_talk_changes_its_subject(talk):
    library, video = talk
    starts = [start for start, _ in find_chapters(library, video)]
    assert starts == pytest.approx([0.0, 60.0, 120.0, 180.0], abs=5.0)
    spans = find_chapters(library, video)
    assert [end for _, end in spans[:-1]] == starts[1:]
    assert spans[-1][1] == library.get(video).duration


def test_a_title_is_a_phrase_of_its_own_chapter(talk):
    library, video = talk
    for chapter, words in zip(chapters(library, video), lecture.SUBJECTS.values(), strict=True):
        assert any(word in chapter.title.lower() for word in words.split()), chapter
        shown = library.evidence(chapter.id)
        assert chapter.title in shown.text and (shown.start, shown.end) == (
            chapter.start,
            chapter.end,
        )


def test_pictures_that_change_their_look_part_chapters_too(shots, tmp_path):
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    cuts = {scene.start for scene in library.scenes(video)}
    starts = [start for start, _ in find_chapters(library, video)]
    assert set(starts) <= cuts | {0.0}


def test_one_chapter_where_nothing_changes(encode, tmp_path):
    grey = np.full((36, 64, 3), 90, np.uint8)
    path = encode(tmp_path / "grey.mp4", lambda _: grey, 60.0, fps=1)
    library = Library(tmp_path / "home")
    video = ingest(library, path, providers=BARE).id
    assert find_chapters(library, video) == [(0.0, library.get(video).duration)]
    assert len(chapters(library, video)) == 1


def test_a_heading_is_the_tallest_text_and_neither_a_footer_nor_a_flash():
    def text(start: float, end: float, words: str, top: float, height: float) -> ScreenText:
        return ScreenText("a" * 16, start, end, words, (0.1, top, 0.5, top + height))

    shown = [
        text(0.0, 30.0, "First", 0.1, 0.10),
        text(0.0, 30.0, "a line", 0.4, 0.05),
        text(0.0, 600.0, "footer", 0.9, 0.12),
        text(30.0, 31.0, "flash", 0.1, 0.2),
        text(30.0, 90.0, "Second", 0.1, 0.10),
    ]
    found = headings(shown, 600.0)
    assert [one.text for one in found] == ["First", "Second"]
