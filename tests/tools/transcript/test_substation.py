"""SubStation: sung lines whole, layers once, signs on the picture."""

from pathlib import Path

import av
import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.store.store import Store
from tools.transcript.subtitles import Transcript, read_sidecar, stream_track, transcript
from tools.video.tracks import read_subtitles

VIDEO = "7f3a9c21d0e4b512"
HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 640
PlayResY: 360

[V4+ Styles]
Style: Default,Arial,20,&H1,&H2,&H3,&H4,0,0,0,0,100,100,0,0,1,2,0,2,10,10,10,1
Style: OP-Romaji,Arial,20,&H1,&H2,&H3,&H4,0,0,0,0,100,100,0,0,1,2,0,8,10,10,10,1
Style: Signs,Arial,40,&H1,&H2,&H3,&H4,0,0,0,0,100,100,0,0,1,2,0,5,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
TALK = "Dialogue: 0,0:00:{0:02}.00,0:00:{0:02}.90,Default,Rika,0,0,0,,Line number {0}\n"


def event(
    start: float, end: float, text: str, style: str = "Default", effect: str = "", kind: str = ""
) -> str:
    span = f"0:00:{start:05.2f},0:00:{end:05.2f}"
    return f"{kind or 'Dialogue'}: 0,{span},{style},,0,0,0,{effect},{text}\n"


def read(folder: Path, *events: str) -> Transcript:
    path = folder / "talk.ass"
    path.write_text(HEAD + "".join(events))
    return transcript(VIDEO, [read_sidecar(path, folder / "talk.mp4")], 60.0)


def said(found: Transcript) -> list[tuple[float, float, str]]:
    return [(u.start, u.end, u.text) for u in found.utterances]


def syllables(style: str = "OP-Romaji") -> list[str]:
    """A line drawn once a syllable, with the lead-in of each, on two layers."""
    made: list[str] = []
    for _ in range(2):
        for n, text in enumerate(("yu", "ki", " no", " yo")):
            place = f"{{\\an5\\pos({100 + 30 * n},40)}}{text}"
            made += [event(2, 2 + n, place, style, "fx"), event(2 + n, 3 + n, place, style, "fx")]
    return made


def test_a_line_that_is_drawn_by_syllables_is_sung_once(tmp_path: Path):
    source = "{\\k100}yu{\\k100}ki {\\k100}no {\\k100}yo"
    comment = event(2, 6, source, "OP-Romaji", "karaoke", "Comment")
    right = [(2.0, 6.0, "yuki no yo")]
    assert said(read(tmp_path, *syllables())) == right
    assert said(read(tmp_path, comment, *syllables())) == right
    assert said(read(tmp_path, event(2, 6, source, "OP-Romaji"), *syllables())) == right
    assert said(read(tmp_path, comment)) == []  # a comment that nothing draws is not shown


def test_layers_of_the_same_text_are_said_once(tmp_path: Path):
    found = read(tmp_path, event(1, 2, "Where?"), event(1, 2, "{\\blur2}Where?"))
    assert said(found) == [(1.0, 2.0, "Where?")]


def test_signs_are_text_on_the_picture_and_not_said(tmp_path: Path):
    moving = [
        event(4 + n / 10, 4.1 + n / 10, f"{{\\pos({300 + n},50)}}Exit", "Signs") for n in range(9)
    ]
    fixed = event(6, 8, "{\\an7\\fs36\\pos(64,180)}Room 7\\NMuseum")
    other = event(6, 8, "Closed", "Signs")
    drawing = event(6, 8, "{\\p1\\pos(10,10)}m 0 0 l 10 0{\\p0}")
    found = read(tmp_path, *map(TALK.format, range(10, 14)), *moving, fixed, other, drawing)
    assert [text for *_, text in said(found)] == [f"Line number {n}" for n in range(10, 14)]
    assert [(s.start, s.end, s.text) for s in found.signs] == [
        (4.0, 4.9, "Exit"),
        (6.0, 8.0, "Room 7 Museum"),
        (6.0, 8.0, "Closed"),
    ]
    exit, room, closed = (sign.box for sign in found.signs)
    assert exit[0] < 300 / 640 < exit[2] and exit[1] < 50 / 360 < exit[3]
    assert room == pytest.approx((0.1, 0.5, 0.1 + 6 * 18 / 640, 0.7), abs=1e-3)
    assert (closed[0] + closed[2]) / 2 == pytest.approx(0.5, abs=1e-3)


def test_talk_of_which_every_line_is_placed_is_talk(tmp_path: Path):
    found = read(tmp_path, *(event(n, n + 0.9, f"{{\\pos(9,{n})}}Word {n}") for n in range(1, 5)))
    assert len(found.utterances) == 4 and found.signs == ()


def test_signs_of_a_track_inside_the_file_are_found(tmp_path: Path):
    (tmp_path / "talk.ass").write_text(
        HEAD
        + event(1, 2, "Hello, dear").replace("Default,", "Default,Ann")
        + event(2, 3, "{\\pos(320,180)}PORT", "Signs")
    )
    path = tmp_path / "talk.mkv"
    with av.open(str(tmp_path / "talk.ass")) as read, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(read.streams.subtitles[0])
        for packet in read.demux():
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    found = transcript(VIDEO, [stream_track(one) for one in read_subtitles(str(path))], 60.0)
    assert [(u.text, u.speaker) for u in found.utterances] == [("Hello, dear", "Ann")]
    (sign,) = found.signs
    assert (sign.start, sign.end, sign.text) == (2.0, 3.0, "PORT")
    assert sign.box == pytest.approx((0.4375, 0.4444, 0.5625, 0.5556), abs=1e-3)


def test_a_sign_is_read_and_cited_as_text_on_screen(tmp_path: Path, shots: Path):
    path = shots.with_suffix(".ass")
    path.write_text(HEAD + event(1, 2, "Who is there?") + event(3, 5, "Ferry office", "Signs"))
    try:
        library = Library(tmp_path / "home")
        video = ingest(library, shots, providers=BARE).id
    finally:
        path.unlink()
    assert [one.text for one in library.utterances(video)] == ["Who is there?"]
    (sign,) = library.screen_text(video)
    assert library.evidence(sign.id).text == "Ferry office"
    assert library.evidence(sign.id).kind == "screen"
    assert Store(tmp_path / "home").screen_text(video) == [sign]
    found = library.catalog.texts(video, "screen")[0]
    assert [one.text for one in found] == ["Ferry office"]
