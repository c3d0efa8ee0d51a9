from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests import lecture
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import ScreenText
from tools.models.providers import BARE
from tools.store.store import Store
from tools.summary.chapters import find_chapters, headings, own_chapters
from tools.summary.digest import brief
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


def with_chapters(encode, path: Path, *chapters: tuple[int, str]) -> Path:
    """A grey minute with chapters of its own, given by start in milliseconds."""
    grey = np.full((36, 64, 3), 90, np.uint8)
    plain = encode(path.with_name("plain.mkv"), lambda _: grey, 60.0, fps=1)
    ends = [*(start for start, _ in chapters[1:]), 60_000]
    with av.open(str(plain)) as read, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(read.streams.video[0])
        out.set_chapters(
            [
                {
                    "id": number, "start": start, "end": end, "metadata": {"title": title},
                    "time_base": Fraction(1, 1000),
                }
                for number, ((start, title), end) in enumerate(zip(chapters, ends, strict=True), 1)
            ]
        )  # fmt: skip
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return path


@pytest.mark.parametrize("name", ["day.mkv"])
def test_chapters_of_the_file_lead(encode, tmp_path, name):
    path = with_chapters(
        encode, tmp_path / name, (0, "Break\nfast"), (12_000, "The long walk"), (27_000, "")
    )
    library = Library(tmp_path / "home")
    video = ingest(library, path, providers=BARE).id
    first, second, third = chapters(library, video)
    assert [(first.start, first.title), (second.start, second.title)] == [
        (0.0, "Break fast"),
        (12.0, "The long walk"),
    ]
    assert third.start == 27.0 and third.end == library.get(video).duration and third.title
    assert library.evidence(second.id).text == 'chapter 2 of 3, "The long walk"'
    told = [one.text for one in brief(library, video, "chapters")]
    assert told[:2] == ['chapter 1 of 3, "Break fast"', 'chapter 2 of 3, "The long walk"']


def test_chapters_of_the_file_are_in_order_apart_and_inside_it(shots, tmp_path, monkeypatch):
    library = Library(tmp_path / "home")
    video = ingest(library, shots, providers=BARE).id
    held = [(6.0, "C"), (2.0, "A"), (2.1, "B"), (99.0, "D"), (-1.0, "")]
    monkeypatch.setattr(Store, "file_chapters", lambda self, video: held)
    spans = own_chapters(library, video)
    assert [(start, title) for (start, _), title in spans.items()] == [
        (0.0, ""),
        (2.0, "A"),
        (6.0, "C"),
    ]
    assert find_chapters(library, video) == list(spans)
    held[:] = [(0.0, "All of it")]
    assert own_chapters(library, video) == {}
