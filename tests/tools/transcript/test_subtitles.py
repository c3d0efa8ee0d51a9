"""Subtitles: found, read in any encoding, chosen, cleaned, written."""
# ruff: noqa: RUF001 (other scripts are the point)

import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tools.transcript.cues import Cue, utterances
from tools.transcript.subtitles import (
    Track,
    choose_track,
    read_sidecar,
    sidecar_files,
    stream_track,
    transcript,
)
from tools.video.tracks import read_subtitles

VIDEO = "7f3a9c21d0e4b512"


def srt(*texts: str) -> str:
    return "\n".join(
        f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{text}\n" for n, text in enumerate(texts, 1)
    )


def read(folder: Path, content: str | bytes, name: str = "talk.srt") -> Track:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sidecar(path, folder / "talk.mp4")


def texts(track: Track) -> list[str]:
    return [u.text for u in utterances(VIDEO, track.cues, None)[0]]


# Finding


def test_sidecars_bear_the_name_of_the_video_in_any_case(tmp_path: Path):
    for name in (
        "Talk.srt",
        "talk.EN.srt",
        "talk.de.forced.vtt",
        "TALK.ass",
        "talk.SSA",
        "talkative.srt",
        "other.srt",
        "talk.txt",
        "talk.part2.srt",
        "talk.part2.mp4",
    ):
        (tmp_path / name).touch()
    (tmp_path / "talk.fr.srt").mkdir()
    found = {path.name for path in sidecar_files(tmp_path / "talk.mp4")}
    assert found == {"Talk.srt", "talk.EN.srt", "talk.de.forced.vtt", "TALK.ass", "talk.SSA"}
    assert sidecar_files(tmp_path / "missing" / "talk.mp4") == []


# Reading

SAMPLES = [
    ("utf-8", "", "Naïve café – 東京 Привет"),
    ("utf-8-sig", "", "Naïve café – 東京 Привет"),
    ("utf-16", "", "Naïve café – 東京 Привет"),
    ("utf-16-le", "", "Привет, как дела?"),
    ("utf-16-be", "", "你好，你今天怎么样？"),
    ("latin-1", "", "Où étiez-vous hier ? Ça m'est égal, je suis allé à l'école très tôt."),
    ("cp1252", "", "Könnten Sie das bitte – früh am Morgen – wiederholen?"),
    ("cp1252", "", "¿Dónde está el niño? Mañana iremos a la montaña."),
    ("cp1250", "", "Žluťoučký kůň úpěl ďábelské ódy. Příští týden pojedeme na hory."),
    ("cp1250", ".hu", "Jó reggelt! Holnap elmegyünk a hegyekbe, ahol hűvösebb. Ő a barátom."),
    ("cp1251", "", "Привет, как дела? Сегодня мы поедем за город."),
    ("shift_jis", "", "こんにちは、元気ですか？明日は東京に行きます。"),
    ("gbk", "", "你好，你今天怎么样？我们明天去北京。"),
    ("big5", "", "你好，你今天怎麼樣？我們明天去臺北。"),
    ("euc_kr", "", "안녕하세요, 잘 지내세요? 내일은 서울에 갈 거예요."),
]


@pytest.mark.parametrize(("encoding", "mark", "text"), SAMPLES)
def test_a_sidecar_is_read_in_its_encoding(tmp_path: Path, encoding: str, mark: str, text: str):
    track = read(tmp_path, srt("Plain words.", text).encode(encoding), f"talk{mark}.srt")
    assert texts(track) == ["Plain words.", text]
    assert track.trouble == ""


VTT = """WEBVTT - a title
Kind: captions

STYLE
::cue { color: red }

NOTE this is
no text

intro-1
00:01.000 --> 00:02.000 line:0 position:20%
<v.loud Ann Smith>Hello &amp; <c.yellow>wel<00:00:01.500>come</c></v>

NOTE nor this

two
00:02.000 --> 00:03.000
<v Bob>Thanks. <00:02.200><c> One</c><00:02.500><c> two</c>

00:03.000 --> 00:04.000
[Music]
"""


def test_webvtt_gives_voices_and_drops_what_is_no_text(tmp_path: Path):
    found, notes = utterances(VIDEO, read(tmp_path, VTT, "talk.vtt").cues, None)
    assert [(u.start, u.end, u.speaker, u.text) for u in found] == [
        (1.0, 2.0, "Ann Smith", "Hello & welcome"),
        (2.0, 3.0, "Bob", "Thanks. One two"),
        (3.0, 4.0, None, "[Music]"),
    ]
    assert notes == []


ASS = r"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Style: Broken,Arial,not a number
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,A note of the maker
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann,0,0,0,,{\pos(1,2)\i1}Hello,{\i0} dear{?}\Nworld\hagain
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\p1}m 0 0 l 100 0 100 100{\p0}
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\p2}m 0 0 l 9 9{\p0}Sign
Dialogue: 0,broken,0:00:06.00,Default,,0,0,0,,Lost
"""


def test_substation_loses_its_styling_and_drawings(tmp_path: Path):
    for name in ("talk.ass", "talk.ssa", "talk.srt"):
        found, _ = utterances(VIDEO, read(tmp_path, ASS, name).cues, None)
        assert [(u.start, u.end, u.text, u.speaker) for u in found] == [
            (1.0, 2.5, "Hello, dear world again", "Ann"),
            (5.0, 6.0, "Sign", None),
        ]


def test_braces_and_angles_that_are_no_markup_stay(tmp_path: Path):
    track = read(tmp_path, srt("<i>if</i> x < 3 {set} {\\an8}y &lt;b&gt;", "<font color='red'>C"))
    assert texts(track) == ["if x < 3 {set} y <b>", "C"]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", "holds no subtitles"),
        (b"\x00\x01\x02\xff" * 50, "holds no subtitles"),
        (b"no times here\n" * 5, "holds no subtitles"),
        (b"WEBVTT\n\n00:00 --> nonsense\nHello\n", "holds no subtitles"),
    ],
)
def test_what_is_no_subtitle_file_gives_a_note(tmp_path: Path, content: bytes, trouble: str):
    for name in ("talk.srt", "talk.vtt", "talk.ass"):
        track = read(tmp_path, content, name)
        assert (track.cues, track.trouble) == ((), trouble)
        assert f"{name} ({trouble})" in transcript(VIDEO, [track], 9.0).notes[0]


def test_a_huge_or_unreadable_sidecar_gives_a_note(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tools.transcript.subtitles.MAX_BYTES", 10)
    assert "larger than" in read(tmp_path, srt("Hello")).trouble
    assert (
        "cannot be read" in read_sidecar(tmp_path / "talk.gone.srt", tmp_path / "talk.mp4").trouble
    )


def test_hostile_subtitles_take_no_time(tmp_path: Path):
    """Each of these would take minutes where a pattern backtracks."""
    began = time.perf_counter()
    one = "1\n00:00:01,000 --> 00:00:02,000\n"
    for nasty in (
        "x" + "\n" * 200_000 + "x",
        "{" * 200_000,
        "<v" + " " * 200_000,
        "{\\p1" * 50_000,
    ):
        read(tmp_path, one + nasty)
    for nasty in ("[" + "a" * 200_000, "Dialogue: " + "," * 200_000, "Style: " + "9" * 200_000):
        read(tmp_path, "[Script Info]\n" + nasty, "talk.ass")
    cues = [Cue(n / 10, n / 10, "a " * 900) for n in range(300)]
    utterances(VIDEO, cues, 100.0)
    assert time.perf_counter() - began < 20


# Choosing


def track(name: str, language: str = "", seconds: float = 60, **marks: bool) -> Track:
    cues = tuple(Cue(n, n + 1, f"line {n}") for n in range(int(seconds)))
    return Track(name, language, cues=cues, **marks)


@pytest.mark.parametrize(
    ("better", "worse", "heard"),
    [
        (track("a", "de"), track("b", "en", translated=True, preferred=True), None),
        (track("a", "de"), track("b", "en"), "ger"),
        (track("a"), track("b", "en"), "de"),
        (track("a", "fr", automatic=True), track("b", "en"), "fre"),
        (track("a", "en"), track("b", "en", automatic=True), "en"),
        (track("a", "en"), track("b", "en", partial=True, preferred=True), "en"),
        (track("a", "en"), track("b", "en", seconds=9), "en"),  # signs, not marked as such
        (track("a", "en"), track("b", "en", hearing_impaired=True), "en"),
        (track("a", "en", hearing_impaired=True), track("b", "de"), "en"),
        (track("a", "en", preferred=True), track("b", "de"), None),
        (track("a", "de", translated=True), track("b", "de", partial=True), "de"),
    ],
)
def test_the_better_track_is_chosen_in_either_order(better: Track, worse: Track, heard: str | None):
    for tracks in ([better, worse], [worse, better]):
        chosen, notes = choose_track(tracks, heard)
        assert chosen is better
        assert notes[0].startswith("subtitles: a") and notes[-1].startswith(
            "other subtitles, not read: b"
        )


@pytest.mark.parametrize(
    ("name", "language", "marks"),
    [
        ("talk.srt", "", set()),
        ("talk.en.srt", "en", set()),
        ("talk.pt-BR.srt", "pt", set()),
        ("talk.pt-PT.srt", "pt", set()),
        ("talk.German.srt", "de", set()),
        ("talk.ger.forced.srt", "de", {"partial"}),
        ("talk.en.sdh.srt", "en", {"hearing_impaired"}),
        ("talk.en.hi.srt", "en", {"hearing_impaired"}),
        ("talk.hi.srt", "hi", set()),
        ("talk.en.auto.vtt", "en", {"automatic"}),
        ("talk.en-de.vtt", "en", {"translated"}),
        ("talk.de-orig.vtt", "de", {"preferred"}),
        ("talk.English [MT].srt", "en", {"translated"}),
        ("talk.en.translated.srt", "en", {"translated"}),
        ("talk.en_auto-translated.srt", "en", {"translated", "automatic"}),
    ],
)
def test_marks_in_a_file_name_are_understood(
    tmp_path: Path, name: str, language: str, marks: set[str]
):
    found = read(tmp_path, srt("Hello"), name)
    names = ("partial", "translated", "automatic", "hearing_impaired", "preferred")
    assert found.language == language
    assert {mark for mark in names if getattr(found, mark)} == marks


def test_a_translation_is_named_as_one():
    only = track("talk.en.srt", "en", translated=True)
    assert "these subtitles are a machine translation, not what is said" in (
        transcript(VIDEO, [only], 60.0, "de").notes
    )
    assert "the sound is in 'de', the subtitles are in 'en'" in (
        transcript(VIDEO, [track("a", "en")], 60.0, "deu").notes
    )


def test_no_track_is_no_transcript():
    assert transcript(VIDEO, [], 9.0).utterances == ()
    assert transcript(VIDEO, [], 9.0).notes == ()


# Inside a container


def make_video(path: Path, streams: list[tuple[str, str, str, bytes]]) -> None:
    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 64
        tracks = []
        for codec, language, title, data in streams:
            stream = out.add_mux_stream(codec)
            stream.metadata["language"], stream.metadata["title"] = language, title
            stream.time_base = Fraction(1, 1000)
            tracks.append((stream, data))
        tracks[-1][0].disposition |= av.stream.Disposition.forced
        for n in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 9 * n, np.uint8))
            frame.pts = n
            out.mux(picture.encode(frame))
        for at in (1000, 2500):
            for stream, data in tracks:
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = at
                packet.duration = 1000
                out.mux(packet)
        out.mux(picture.encode(None))


def test_text_tracks_of_a_container_are_read(tmp_path: Path):
    path = tmp_path / "talk.mkv"
    make_video(
        path,
        [
            ("subrip", "ger", "Deutsch", b"Hallo <i>Welt</i>"),
            ("webvtt", "eng", "English [MT]", b"<v Bob>Hello &amp; bye"),
            ("ass", "ger", "Signs", rb"0,0,Default,Ann,0,0,0,,{\i1}Hallo{\i0}, du\Nda"),
        ],
    )
    events = list(read_subtitles(str(path)))
    assert [(e["language"], e["partial"], e["text"], e["trouble"]) for e in events] == [
        ("ger", False, True, ""),
        ("eng", False, True, ""),
        ("ger", True, True, ""),
    ]
    assert events[0]["cues"] == [[1.0, 2.0, "Hallo <i>Welt</i>"], [2.5, 3.5, "Hallo <i>Welt</i>"]]
    tracks = [stream_track(event) for event in events]
    assert [(t.language, t.translated, t.partial) for t in tracks] == [
        ("de", False, False),
        ("en", True, False),
        ("de", False, True),
    ]
    assert [texts(t)[0] for t in tracks] == ["Hallo Welt", "Hello & bye", "Hallo, du da"]
    found = transcript(VIDEO, tracks, 4.0)
    assert (found.language, len(found.utterances)) == ("de", 2)
    assert "stream 2 'English [MT]' (en, machine translation)" in found.notes[1]


def test_mp4_subtitles_lose_their_boxes(tmp_path: Path):
    path = tmp_path / "talk.mp4"
    make_video(path, [("mov_text", "eng", "", "\0\7Grüße!".encode() + b"\0\0\0\x0cstyl\0\0\0\0")])
    (event,) = read_subtitles(str(path))
    assert event["cues"] == [[1.0, 2.0, "Grüße"], [2.5, 3.5, "Grüße"]]
    assert stream_track(event).name == "stream 1"


def test_pictures_are_named_but_not_read():
    event = {
        "stream": 3,
        "codec": "hdmv_pgs_subtitle",
        "language": "eng",
        "title": "",
        "partial": False,
        "hearing_impaired": False,
        "preferred": True,
        "text": False,
        "cues": [],
        "trouble": "",
    }
    assert transcript(VIDEO, [stream_track(event)], 9.0).notes == (
        "other subtitles, not read: stream 3 (en, pictures, not text (hdmv_pgs_subtitle))",
    )
