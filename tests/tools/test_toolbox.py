"""The toolbox over a small video with four shots and a transcript of known times."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tools.errors import RefusedRequest, UnknownVideo
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.media import Evidence, Video
from tools.models.providers import BARE
from tools.search.capabilities import _by_moment
from tools.store.manifest import write_manifest
from tools.toolbox import Toolbox

SAID = """1
00:00:00,500 --> 00:00:02,500
The red kettle boils.

2
00:00:03,200 --> 00:00:05,800
Blue paint dries slowly on the kettle.

3
00:00:08,200 --> 00:00:09,800
Goodbye, and mind the ladder.
"""


@pytest.fixture(scope="module")
def box(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    folder = tmp_path_factory.mktemp("toolbox")
    path = folder / "kettle.mp4"
    shutil.copy(shots, path)
    path.with_suffix(".srt").write_text(SAID)
    library = Library(folder / "home")
    ingest(library, path, providers=BARE)
    return Toolbox(library)


@pytest.fixture
def video(box: Toolbox) -> Video:
    (one,) = box.list_videos()
    return one


def test_every_tool_tells_a_model_what_it_does(box: Toolbox) -> None:
    names = [tool.__name__ for tool in box.tools()]
    assert len(set(names)) == len(names)
    assert {"list_videos", "search_frames", "find_scenes", "search_transcript"} <= set(names)
    assert all((tool.__doc__ or "").strip() for tool in box.tools())


def test_speech_is_found_by_its_words(box: Toolbox, video: Video) -> None:
    hits = box.search_transcript("blue paint")
    assert (hits[0].start, hits[0].end, hits[0].kind) == (3.2, 5.8, "speech")
    assert hits[0].text == "Blue paint dries slowly on the kettle."
    assert hits[0].image and box.library.image_path(hits[0].image).exists()
    assert box.search_transcript("submarine periscope") == []
    assert [h.start for h in box.search_transcript("kettle", end=3.0)] == [0.5]
    assert [h.start for h in box.search_transcript("kettle", [video.id], start=3.0)] == [3.2]
    assert len(box.search_transcript("kettle", limit=1)) == 1
    assert box.search_screen_text("kettle") == []


def test_small_words_alone_are_found_as_they_stand(box: Toolbox) -> None:
    assert [hit.start for hit in box.search_transcript("on the")] == [3.2]
    assert box.search_transcript("of the") == []


def test_every_place_of_a_word_in_order(box: Toolbox) -> None:
    assert [hit.start for hit in box.find_words(["kettles"])] == [0.5, 3.2]
    assert [hit.start for hit in box.find_words(["kettle", "paint"])] == [3.2]
    assert [hit.start for hit in box.find_words(["red kettle"])] == [0.5]
    assert box.find_words(["kettle"], start=6.0) == []
    assert len(box.find_words(["kettle"], limit=1)) == 1


def test_frames_are_found_by_their_look(box: Toolbox) -> None:
    (red,) = box.search_frames("mostly red")
    assert red.kind == "frame" and 0.0 <= red.start <= red.end < 3.0
    (dark,) = box.search_frames("the darkest part")
    assert 6.0 <= dark.start <= dark.end < 8.0
    assert box.search_frames("mostly red", start=3.0) == []
    assert box.search_frames("a kettle") == []


def test_a_moment_is_read_whole_and_in_order(box: Toolbox, video: Video) -> None:
    found = box.read_moment(video.id, 3.0, 6.0)
    assert [one.text for one in found if one.kind == "speech"] == [
        "Blue paint dries slowly on the kettle."
    ]
    assert all(3.0 <= one.start < 6.0 for one in found if one.kind == "frame")
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert any(one.kind == "frame" for one in found)
    assert [o.kind for o in box.read_moment(video.id, 6.5, 7.5) if o.kind != "frame"] == []


@pytest.mark.parametrize(
    ("seconds", "word"),
    [(1.0, "mostly red"), (4.5, "mostly blue"), (7.0, "mostly black"), (9.0, "bright")],
)
def test_the_picture_at_a_moment(box: Toolbox, video: Video, seconds: float, word: str) -> None:
    (one,) = box.look_at(video.id, seconds)
    assert one.image and box.library.image_path(one.image).exists()
    assert word in one.text
    assert one.id.startswith(f"frame:{video.id}@")


def test_a_moment_outside_the_video_shows_its_nearest_picture(box: Toolbox, video: Video) -> None:
    (one,) = box.look_at(video.id, 1e6)
    assert one.start <= video.duration and "white" in one.text


def test_scenes_and_facts(box: Toolbox, video: Video) -> None:
    scenes = box.find_scenes(video.id)
    assert [scene.start for scene in scenes] == [0.0, 3.0, 6.0, 8.0]
    assert "scene 2 of 4, mostly blue" in scenes[1].text
    assert [s.start for s in box.find_scenes(video.id, 3.0, 6.0)] == [3.0]
    (facts,) = box.video_facts(video.id)
    assert facts.kind == "video" and (facts.start, facts.end) == (0.0, video.duration)
    told = ("10.0 seconds", "4 scenes", "320 x 180 pixels", "10 frames", "H.264", "with sound")
    for part in (*told, "on the whole", "much red", "much blue"):
        assert part in facts.text


def test_cuts_are_the_first_pictures_of_scenes(box: Toolbox, video: Video) -> None:
    cuts = box.find_cuts(video.id)
    assert [(cut.kind, cut.start, cut.end) for cut in cuts] == [
        ("frame", at, at) for at in (3.0, 6.0, 8.0)
    ]
    assert cuts[0].text == "a cut, scene 2 begins, mostly blue, dark"
    assert [cut.start for cut in box.find_cuts(video.id, 5.0, 7.0)] == [6.0]


def test_search_of_every_kind(box: Toolbox) -> None:
    found = box.search("red")
    assert {one.kind for one in found} == {"speech", "frame"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert {one.kind for one in box.search("red", kinds=["frame"])} == {"frame"}
    scenes = box.search("paint", kinds=["scene"])
    assert [(one.kind, one.start, one.end) for one in scenes] == [("scene", 3.0, 6.0)]
    assert box.search("red", kinds=["object"]) == []
    assert len(box.search("red", limit=1)) == 1
    assert box.search("submarine periscope") == []
    with pytest.raises(RefusedRequest, match="speech"):
        box.search("red", kinds=["smell"])


def test_each_moment_comes_before_its_neighbours() -> None:
    def said(start: float, score: float, video: str = "v", end: float = 0.0) -> Evidence:
        end = end or start + 1
        return Evidence(f"speech:{start}", video, start, end, "speech", "", score=score)

    found = [said(0.0, 0.9), said(2.0, 0.8), said(30.0, 0.7)]
    assert [one.start for one in _by_moment(found)] == [0.0, 30.0, 2.0]
    long = [said(40, 0.8), said(20, 0.7, end=38), said(22, 0.6), said(21, 0.5, "w"), said(44, 0.4)]
    assert [one.start for one in _by_moment(long)] == [40, 21, 20, 22, 44]
    assert _by_moment([]) == []


def test_texts_are_prepared_again_when_another_process_changed_them_and_only_then(
    shelf: Any,
) -> None:
    door, other = Toolbox(shelf.library), Library(shelf.library.home)
    before = door.texts.corpus(shelf.video, "speech")
    manifest = dict(other.manifest(shelf.video))
    manifest["stages"] = {**manifest["stages"], "pictures": {"state": "failed", "note": "of late"}}
    write_manifest(other.folder(shelf.video), manifest)
    assert door.search_transcript("kettle")
    assert door.texts.corpus(shelf.video, "speech") is before
    generation = door.library.generation(shelf.video)
    other.remove(shelf.video)
    words = shelf.file.with_suffix(".srt")
    words.write_text(words.read_text().replace("red", "blue"))
    ingest(other, shelf.file, providers=BARE)
    while other.generation(shelf.video) < generation:
        write_manifest(other.folder(shelf.video), dict(other.manifest(shelf.video)))
    assert door.library.generation(shelf.video) == generation  # as it happens
    assert [one.text for one in door.search_transcript("kettle")] == ["The kettle is blue."]
    assert [one.text for one in door.find_words(["kettle"])] == ["The kettle is blue."]


def test_an_unknown_video_is_named_and_the_library_is_not_listed(box: Toolbox) -> None:
    for call in (
        lambda: box.video_facts("nothing"),
        lambda: box.search_transcript("kettle", ["nothing"]),
        lambda: box.find_scenes("ffffffffffffffff"),
        lambda: box.read_moment("nothing", 0.0, 1.0),
    ):
        with pytest.raises(UnknownVideo, match=r"no video .* `cuepoint library list`") as refused:
            call()
        assert "kettle" not in str(refused.value)


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    box = Toolbox(Library(tmp_path))
    assert box.list_videos() == [] and box.search("red") == [] and box.find_words(["red"]) == []
    assert box.texts.embedder.name == "wordllama"


def test_every_hit_can_be_found_again_by_its_id(box: Toolbox, video: Video) -> None:
    found = [
        *box.search_transcript("kettle"),
        *box.find_scenes(video.id),
        *box.read_moment(video.id, 0.0, 10.0),
        *box.look_at(video.id, 4.4),
        *box.video_facts(video.id),
    ]
    for one in found:
        again = box.library.evidence(one.id)
        assert (again.kind, again.text, again.start) == (one.kind, one.text, one.start)


def test_a_passage_is_evidence_of_its_own(box: Toolbox, video: Video) -> None:
    library = box.library
    said = library.utterances(video.id)[:2]
    (one,) = box.read_passage(video.id, said[0].start, said[1].end)
    assert one.text == " ".join(u.text for u in said)
    assert (one.start, one.end) == (said[0].start, said[1].end)
    assert library.evidence(one.id) == one and one.image
    (single,) = box.read_passage(video.id, said[0].start, said[0].end)
    assert single == library.evidence(said[0].id)
    assert box.read_passage(video.id, said[0].start + 0.2, said[0].end) == []
    with pytest.raises(UnknownVideo):
        library.evidence(f"speech:{video.id}@{int(said[0].start * 1000) + 7}-999999")
