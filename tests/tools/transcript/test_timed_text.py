"""SubRip and WebVTT as people have them: times, blank lines, automatic captions."""

from pathlib import Path

import pytest

from tools.transcript.subtitles import Transcript, read_sidecar, transcript


def said(folder: Path, content: str, name: str = "talk.srt") -> Transcript:
    path = folder / name
    path.write_bytes(content.encode())
    return transcript("7f3a9c21d0e4b512", [read_sidecar(path, folder / "talk.mp4")], 60.0)


def spoken(*given: object) -> list[tuple[float, float, str]]:
    return [(u.start, u.end, u.text) for u in said(*given).utterances]  # type: ignore[arg-type]


AUTOMATIC = """WEBVTT
Kind: captions

00:00:01.000 --> 00:00:04.000 align:start position:0%
 
lift<00:00:01.500><c> the</c><00:00:02.000><c> brown</c><00:00:02.500><c> lid</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
lift the brown lid
 

00:00:04.010 --> 00:00:08.000 align:start position:0%
lift the brown lid
it<00:00:04.300><c> is hot</c><00:00:06.000><c> &gt;&gt;</c><00:00:06.500><c> is it</c>

00:00:08.000 --> 00:00:08.010 align:start position:0%
it is hot &gt;&gt; is it
 

00:00:20.000 --> 00:00:23.000 align:start position:0%
it is hot &gt;&gt; is it
<00:00:20.500><c>very</c><00:00:21.000><c> very</c><00:00:22.000><c> hot</c>

00:00:30.000 --> 00:00:33.000 align:start position:0%
very very hot
[Music]
"""


def test_automatic_captions_say_each_phrase_once_at_the_times_of_its_words(tmp_path: Path):
    found = spoken(tmp_path, AUTOMATIC, "talk.en.vtt")
    assert [(start, end, text.removeprefix(">> ")) for start, end, text in found[:4]] == [
        (1.0, 4.01, "lift the brown lid"),
        (4.01, 6.0, "it is hot"),
        (6.0, 8.01, "is it"),
        (20.5, 23.0, "very very hot"),
    ]
    assert not any("hot" in text for *_, text in found[4:])


def test_a_line_that_holds_a_space_is_no_empty_line(tmp_path: Path):
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n \nabove\n\t\nbelow\n \n00:03.000 --> 00:04.000\nlast\n"
    )
    assert spoken(tmp_path, text, "talk.vtt") == [(1.0, 2.0, "above below"), (3.0, 4.0, "last")]


@pytest.mark.parametrize(
    ("content", "right"),
    [
        ("1\n00:00:02 --> 00:00:05\nNo fraction.\n", [(2, 5, "No fraction.")]),
        ("1\n00:07,5 --> 00:08,25\nNo hours.\n", [(7.5, 8.25, "No hours.")]),
        ("1\n3 --> 4\nSeconds.\n\n6 boxes\n5 --> 6\n", [(3, 4, "Seconds. 6 boxes 5 --> 6")]),
        ("1\n0:0:5.5-->0:0:7.5  X1:10 Y1:5\nDots.\n", [(5.5, 7.5, "Dots.")]),
        ("1\n00:00:01:500 --> 00:00:02:250\nColons.\n", [(1.5, 2.25, "Colons.")]),
        (
            "1\n-00:00:04,000 --> -00:00:01,000\nBefore.\n\n"
            "2\n-00:00:01,500 --> 00:00:02,000\nHalf.\n",
            [(0, 2, "Half.")],
        ),
        (
            "1\r00:00:01,000 --> 00:00:02,000\rOne\rmore.\r\r2\r0:0:03,000 --> 00:00:04,000\rTwo.",
            [(1, 2, "One more."), (3, 4, "Two.")],
        ),
        (
            "1\n00:00:01,000 --> 00:00:02,000\n3 boxes\n42\n2\n00:00:03,000 --> 00:00:04,000\nTwo.",
            [(1, 2, "3 boxes 42"), (3, 4, "Two.")],
        ),
        (
            "00:00:01,000 --> 00:00:02,000\n\nAfter a gap.\n\n\n0:0:03,000 --> 00:00:04,000\n42\n",
            [(1, 2, "After a gap."), (3, 4, "42")],
        ),
        (
            "1\n00:00:01,000 --> 00:00:02,000\n00:10:00,000 --> 00:11:00,000\nfrom 9:00 --> 9:30\n",
            [(1, 2, "00:10:00,000 --> 00:11:00,000 from 9:00 --> 9:30")],
        ),
        ("1\n00:00:01,000 --> 00:00:02,000\n{y:i}Both|codes\n", [(1, 2, "Both codes")]),
    ],
)
def test_subrip_is_read_as_people_have_it(tmp_path: Path, content: str, right: list[object]):
    assert spoken(tmp_path, content) == right


def test_a_cue_whose_times_cannot_be_read_is_told(tmp_path: Path):
    cues = (
        "1\n00:00:01,000 --> 00:00:02,000\nOne.\n\n"
        "2\n00:00:0x,000 --> 00:00:04,000\nLost.\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nThree.\n"
    )
    found = said(tmp_path, cues)
    assert [u.text for u in found.utterances] == ["One.", "Three."]
    assert "talk.srt: 1 cue has times that cannot be read, left out" in found.notes
