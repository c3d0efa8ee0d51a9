"""Ids of evidence, and stored things in the words that an answer may quote."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.made_library import add_video
from tools.evidence import describe, of_passage, of_screen, of_video, parse_id
from tools.library import Library
from tools.media import Attributes, Frame, Scene, ScreenText, Utterance, Video, evidence_id
from tools.store.evidence import of_frame, of_scene, of_span, of_words

VIDEO = "7f3a9c21d0e4b512"


@pytest.mark.parametrize("kind", ["frame", "scene", "speech", "screen", "object", "video"])
@pytest.mark.parametrize("start", [0.0, 0.001, 12.345, 86400.0])
@pytest.mark.parametrize("length", [None, 0.0, 0.04, 3600.0])
@pytest.mark.parametrize("n", [1, 12])
def test_an_id_says_what_and_where(kind: Any, start: float, length: float | None, n: int) -> None:
    end = None if length is None else start + length
    parsed = parse_id(evidence_id(kind, VIDEO, start, end, n))
    assert parsed is not None
    assert parsed[:2] == (kind, VIDEO)
    assert parsed[2:] == pytest.approx((start, start if end is None else end))


def test_ids_are_as_the_contract_says() -> None:
    assert evidence_id("frame", VIDEO, 2.5) == f"frame:{VIDEO}@2500"
    assert evidence_id("speech", VIDEO, 0.8, 4.248) == f"speech:{VIDEO}@800-4248"
    assert evidence_id("screen", VIDEO, 9.0, 17.0, 2) == f"screen:{VIDEO}@9000-17000#2"


@pytest.mark.parametrize(
    "text",
    ["", "frame", f"frame:{VIDEO}", f"frame:{VIDEO}@", f"frame:{VIDEO}@-5", f"frame:{VIDEO}@1.5",
     f"picture:{VIDEO}@1", f"frame:{VIDEO.upper()}@1", f"frame:{VIDEO[:-1]}@1",
     f"frame:{VIDEO}@1\n", f" frame:{VIDEO}@1", f"frame:{VIDEO}@1#", f"frame:{VIDEO}@1/../x",
     f"frame:{VIDEO}@{'9' * 13}", "frame:../../etc@1", "frame:" + "\u0661" * 16 + "@1"],
)  # fmt: skip
def test_what_is_no_id_is_none(text: str) -> None:
    assert parse_id(text) is None


def look(light: float = 0.5, **colours: float) -> Attributes:
    return Attributes(VIDEO, 0.0, colours, light, 0.5, 0.0)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (look(red=0.9, black=0.1), "mostly red, some black"),
        (look(red=0.4, blue=0.3, white=0.3), "much red, much blue, much white"),
        (look(0.05, black=1.0), "mostly black, very dark"),
        (look(0.2, grey=0.6, blue=0.07), "mostly grey, dark"),
        (look(0.9, white=0.95), "mostly white, bright"),
        (look(red=0.3, blue=0.25, green=0.25, pink=0.2), "much red, much blue, much green"),
        (look(), ""),
    ],
)
def test_a_look_in_words(seen: Attributes, words: str) -> None:
    assert describe(seen.colours, seen.brightness) == words


def test_speech_names_its_speaker_and_source() -> None:
    one = of_passage([Utterance(VIDEO, 1.0, 2.0, "Hello.", "Ada", "draft")], "x.jpg", 0.4)
    assert (one.kind, one.text, one.source) == ("speech", "Ada: Hello.", "draft")
    assert (one.start, one.end, one.image, one.score) == (1.0, 2.0, "x.jpg", 0.4)
    assert of_passage([Utterance(VIDEO, 1.0, 2.0, "Hello.")], None).text == "Hello."


def stored(seen: Attributes | None) -> Any:
    """A store of a video whose frames all look like this."""
    return SimpleNamespace(
        attributes=lambda _: [seen] if seen else [], is_kept=lambda _: False,
        scenes=lambda _: [], frames=lambda _: [],
    )  # fmt: skip


def test_the_other_kinds_keep_their_ids_and_times() -> None:
    text = ScreenText(VIDEO, 9.0, 17.0, "TIMETABLE", (0.0, 0.0, 1.0, 1.0), n=3)
    frame = Frame(VIDEO, 2.5, "f.jpg", "new shot")
    scenes = [Scene(VIDEO, at, at + 3.0, None) for at in (0.0, 3.0, 6.0, 9.0)]
    assert of_screen(text, None).id == text.id and of_screen(text, None).text == "TIMETABLE"
    shown = of_frame(stored(look(red=0.9)), frame)
    assert (shown.id, shown.start, shown.end, shown.text) == (frame.id, 2.5, 2.5, "mostly red")
    assert of_frame(stored(None), frame).text == ""
    assert of_scene(stored(None), scenes, 2).text == "scene 2 of 4"
    assert of_scene(stored(look(blue=0.9)), scenes, 2).text == "scene 2 of 4, mostly blue"
    span = of_span(stored(look(red=0.9)), VIDEO, 1.0, 4.0)
    assert (span.kind, span.start, span.end, span.text) == ("frame", 1.0, 4.0, "mostly red")


def told(*known: Any) -> str:
    return of_video(*known, None).text


def test_facts_of_a_video_in_words() -> None:
    at = datetime(2026, 5, 14, 5, 40, tzinfo=UTC)
    whole = Video(VIDEO, "t", "/t.mp4", 98.04, 960, 540, 25.0, at)
    probe = {"video": {"codec": "hevc"}, "audio": [{"codec": "aac"}]}
    assert told(whole, 11, probe, [look(red=0.9), look(red=0.7, grey=0.3)]) == (
        "98.0 seconds (1:38.0) long, 11 scenes, 960 x 540 pixels, 25 frames a second, "
        "encoded as H.265 (HEVC), on the whole mostly red, much grey, with sound, "
        "recorded 2026-05-14 05:40 UTC, called t"
    )
    probe = {"video": None, "audio": [{"codec": "aac"}]}
    whole_sound = told(Video(VIDEO, "t", "/t", 59.0), 0, probe, [])
    assert whole_sound == "59.0 seconds long, with sound, called t"
    probe = {"video": None, "audio": []}
    assert told(Video(VIDEO, "t", "/t", 3723.5), 1, probe, []) == (
        "3723.5 seconds (1:02:03.5) long, 1 scene, without sound, called t"
    )
    one = of_video(whole, 0, probe, [], None)
    assert (one.kind, one.start, one.end, one.id) == ("video", 0.0, 98.04, f"video:{VIDEO}@0-98040")


def test_ids_of_the_first_release_name_the_kinds_of_today() -> None:
    for id, kind in (("frame", "frame"), ("frame#2", "sound"), ("frame#3", "motion")):
        name, _, number = id.partition("#")
        assert parse_id(f"{name}:{VIDEO}@0-1000" + (f"#{number}" if number else "")) == (
            kind, VIDEO, 0.0, 1.0,
        )  # fmt: skip
    assert parse_id(f"scene:{VIDEO}@0-1000#2") == ("chapter", VIDEO, 0.0, 1.0)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [(3.5, 9.5, 6.0), (3.5, 5.5, 4.0), (4.0, 4.4, 4.0), (4.9, 5.9, 4.0)],
)
def test_the_picture_of_a_text_is_one_that_shows_it_whole(
    tmp_path: Path, start: float, end: float, seconds: float
) -> None:
    library = Library(tmp_path)
    add_video(library, VIDEO)  # a frame each two seconds
    shown = of_words(library, ScreenText(VIDEO, start, end, "PIER 2", (0.1, 0.1, 0.4, 0.2)))
    assert shown.image == library.frame_at(VIDEO, seconds).image


def test_the_look_of_a_span_is_that_of_most_of_it_not_of_its_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path)
    add_video(library, VIDEO)
    rows = [
        Attributes(VIDEO, at, {name: 1.0}, light, 0.0, 0.0)
        for at, name, light in ((0.0, "white", 0.9), (4.6, "grey", 0.4), (5.4, "white", 0.9))
    ]
    monkeypatch.setattr(library, "attributes", lambda _: rows)
    told = of_span(library, VIDEO, 0.0, 10.0).facts
    assert told["colours"] == {"white": 0.92, "grey": 0.08} and told["brightness"] == 0.86
    assert of_span(library, VIDEO, 4.7, 5.1).facts["colours"] == {"grey": 1.0}
