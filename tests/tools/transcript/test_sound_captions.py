"""Captions for the hard of hearing: sounds, speakers, sung words."""

from pathlib import Path

import pytest

from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox
from tools.transcript.cues import Cue
from tools.transcript.subtitles import Track, Transcript, transcript

VIDEO = "7f3a9c21d0e4b512"


def heard(*texts: str) -> Transcript:
    cues = tuple(Cue(2.0 * n, 2.0 * n + 1, text) for n, text in enumerate(texts))
    return transcript(VIDEO, [Track("talk.srt", cues=cues)], 60.0)


@pytest.mark.parametrize(
    ("text", "said", "sounds"),
    [
        ("[GATE SQUEAKS]", [], ["gate squeaks"]),
        ("(bell rings) Come in!", [(None, "Come in!")], ["bell rings"]),
        ("(bell\nrings)", [], ["bell rings"]),
        ("- [cat meows] Hush!\n- What?", [(None, "Hush!"), (None, "What?")], ["cat meows"]),
        (
            ">> TIM: Shut it.\n>> MS. ROY: I can't.",
            [("TIM", "Shut it."), ("MS. ROY", "I can't.")],
            [],
        ),
        ("TIM (shouting): Run\nfaster!", [("TIM", "Run faster!")], []),
        ("[WOMAN] Hello.", [("WOMAN", "Hello.")], []),
        ("\u266a Sail, sail away \u266a", [(None, "Sail, sail away")], []),
        ("\u266a soft harp music \u266a", [], ["soft harp music"]),
        ("\u266a\u266a", [], ["music"]),
        (
            "It was 4 (four) to 2 [a draw] then.",
            [(None, "It was 4 (four) to 2 [a draw] then.")],
            [],
        ),
        ("(2024) was -5 degrees", [(None, "(2024) was -5 degrees")], []),
        ("- only one dash", [(None, "- only one dash")], []),
    ],
)
def test_sounds_and_speakers_are_told_apart_from_what_is_said(
    text: str, said: list[tuple[str | None, str]], sounds: list[str]
):
    found = heard(text)
    assert [(u.speaker, u.text) for u in found.utterances] == said
    assert [sound.text for sound in found.sounds] == sounds


def test_a_name_in_brackets_is_the_speaker_it_is_elsewhere():
    found = heard("ROSE: Not that one!", "(thud) ROSE: Oh.", "[ROSE] I told you.", "[THUD] Ouch.")
    assert [u.speaker for u in found.utterances] == ["ROSE", "ROSE", "ROSE", None]
    assert [(s.start, s.text) for s in found.sounds] == [(2.0, "thud"), (6.0, "thud")]


def test_sounds_of_captions_are_found_and_cited(tmp_path: Path, shots: Path):
    path = shots.with_suffix(".srt")
    lines = ["[GATE SQUEAKS] [BELL]", "Who is at the gate?", "(wind howls)"]
    spans = [f"{n}\n00:00:0{n} --> 00:00:0{n + 1}\n{text}\n" for n, text in enumerate(lines, 1)]
    path.write_text("\n".join(spans))
    try:
        toolbox = Toolbox(Library(tmp_path / "home"))
        video = ingest(toolbox.library, shots, providers=BARE).id
    finally:
        path.unlink()
    library = toolbox.library
    assert [one.text for one in library.utterances(video)] == ["Who is at the gate?"]
    best = toolbox.search("gate squeaks")[0]
    assert (best.kind, best.start, best.text) == ("sound", 1.0, "caption: gate squeaks; bell")
    assert library.evidence(best.id).text == best.text
    (wind,) = toolbox.find_words(["howls"])
    assert (wind.kind, wind.start, wind.facts["times"]) == ("sound", 3.0, 1)
