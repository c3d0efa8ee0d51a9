"""From cues to utterances: times that make sense, speakers; and back to files."""

from pathlib import Path

from tools.transcript.cues import Cue, to_srt, to_txt, to_vtt, utterances, without_styling
from tools.transcript.subtitles import read_sidecar

VIDEO = "7f3a9c21d0e4b512"


def spoken(*cues: Cue, duration: float | None = 100.0) -> list[tuple[float, float, str]]:
    return [(u.start, u.end, u.text) for u in utterances(VIDEO, cues, duration)[0]]


def test_times_are_mended():
    found, notes = utterances(
        VIDEO,
        [
            Cue(-2, 1, "begins before"),
            Cue(2, 2, "no length"),
            Cue(2.5, 4, "overlaps"),
            Cue(3, 5, "the next"),
            Cue(6, 9, "spans"),
            Cue(7, 8, "beside"),
            Cue(9, 30, "too long"),
            Cue(11, 12, "outside"),
            Cue(8, 9, " \n "),
        ],
        10.0,
    )
    assert [(u.start, u.end, u.text) for u in found] == [
        (0, 1, "begins before"),
        (2, 2.5, "no length"),
        (2.5, 3, "overlaps"),
        (3, 5, "the next"),
        (6, 9, "spans"),
        (7, 8, "beside"),
        (9, 10, "too long"),
    ]
    assert [note.split(":")[0] for note in notes] == [
        "1 of 8 subtitles had no length, or a negative one",
        "1 of 8 subtitles lie outside the video",
        "1 of 8 subtitles reach beyond the end of the video",
    ]
    assert all(u.start < u.end for u in found)


def test_cues_that_all_lie_outside_are_no_error():
    assert utterances(VIDEO, [Cue(200, 201, "too late")], 100.0) == (
        [],
        ["1 of 1 subtitles lie outside the video: left out"],
    )
    assert utterances(VIDEO, [], 100.0) == ([], [])


def test_a_repeated_span_is_numbered():
    found, _ = utterances(
        VIDEO, [without_styling(1, 2, "<v A>Hi <v B>Ho", False), Cue(3, 4, "x")], None
    )
    assert [(u.n, u.speaker, u.text) for u in found] == [
        (1, "A", "Hi"),
        (2, "B", "Ho"),
        (1, None, "x"),
    ]
    assert len({u.id for u in found}) == 3


def test_rolling_captions_say_everything_once():
    rolling = [
        Cue(0.0, 2.0, "so today we are"),
        Cue(2.0, 2.01, "so today we are"),
        Cue(2.01, 4.0, "so today we are\ngoing to look at"),
        Cue(4.0, 4.01, "going to look at"),
        Cue(4.01, 6.0, "going to look at\nharbour cranes"),
        Cue(6.0, 6.01, "harbour cranes"),
    ]
    assert spoken(*rolling) == [
        (0.0, 2.01, "so today we are"),
        (2.01, 4.01, "going to look at"),
        (4.01, 6.01, "harbour cranes"),
    ]


def test_words_said_twice_stay_where_nothing_rolls():
    cues = [Cue(n, n + 0.9, f"line number {n}") for n in range(8)]
    again = [Cue(8, 8.9, "I said no no no"), Cue(9, 9.9, "no no no never"), Cue(20, 21, "no no no")]
    assert [text for *_, text in spoken(*cues, *again)][-3:] == [
        "I said no no no",
        "no no no never",
        "no no no",
    ]


def test_names_before_a_colon_are_speakers_only_where_they_recur():
    found, _ = utterances(
        VIDEO,
        [
            Cue(0, 1, "NARRATOR: Once upon a time."),
            Cue(1, 2, "Dr. Brown: Hello.\nAnn: Hi,\nthere."),
            Cue(2, 3, "Remember: drink water."),
            Cue(3, 4, ">> NARRATOR: The end."),
            Cue(4, 5, "Ann: Bye. Dr. Brown: what?"),
            Cue(5, 6, "Meet at 10: 30, ok"),
        ],
        None,
    )
    assert [(u.speaker, u.text, u.n) for u in found] == [
        ("NARRATOR", "Once upon a time.", 1),
        (None, "Dr. Brown: Hello.", 1),
        ("Ann", "Hi, there.", 2),
        (None, "Remember: drink water.", 1),
        ("NARRATOR", "The end.", 1),
        ("Ann", "Bye. Dr. Brown: what?", 1),
        (None, "Meet at 10: 30, ok", 1),
    ]


def test_what_is_written_reads_back_the_same(tmp_path: Path):
    original, _ = utterances(
        VIDEO,
        [
            Cue(0.5, 1.25, "a {b} < c > & C:\\new", "Ann"),
            Cue(1.25, 2, "x --> y", "Ann"),
            Cue(3661.001, 3662, "late"),
        ],
        None,
    )
    for writer, name in ((to_vtt, "talk.vtt"), (to_srt, "talk.srt")):
        (tmp_path / name).write_text(writer(original))
        track = read_sidecar(tmp_path / name, tmp_path / "talk.mp4")
        back, _ = utterances(VIDEO, track.cues, None)
        assert [(u.start, u.end, u.speaker) for u in back] == [
            (u.start, u.end, u.speaker) for u in original
        ]
    assert [u.text for u in back] == ["a {b} < c > & C:\\new", "x -> y", "late"]
    assert to_txt(original) == "Ann: a {b} < c > & C:\\new\nAnn: x --> y\nlate\n"
    assert to_srt([]) == "" and to_vtt([]) == "WEBVTT\n\n"
