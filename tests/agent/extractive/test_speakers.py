"""Who says what, by the labels of speakers in subtitles: never by a guess at voices."""

from pathlib import Path

import pytest

from tests.agent.extractive.films import add_film, every, srt, starts, talk
from tools.library import Library

SAID = (
    (1, 5, "Mira Holt", "Morning. The permit for the footbridge is still missing."),
    (6, 10, "Jonas Berg", "I will ask for it again on Thursday, with the drawings."),
    (11, 16, "Dr. Ana P.", "The money is fine, we are two thousand under."),
    (17, 23, "Jonas Berg", "Then I can order the second winch."),
    (24, 29, "Mira Holt", "Please wait with the winch until the permit is signed."),
    (31, 37, "Jonas Berg", "All right, I wait for the signature."),
)
MIRA, JONAS, ANA = [1.0, 24.0], [6.0, 17.0, 31.0], [11.0]
VTT = "WEBVTT\n\n" + "\n".join(
    f"00:00:{start:02}.000 --> 00:00:{end:02}.000\n<v {name}>{text}</v>\n"
    for start, end, name, text in SAID
)


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A meeting of three whose subtitles name who speaks."""
    library = Library(tmp_path_factory.mktemp("meeting") / "home")
    add_film(library, "meeting", VTT, 40.0, ".vtt")
    return library


@pytest.mark.parametrize(
    ("question", "name", "start"),
    [
        ("Who said that the money is fine?", "Dr. Ana P.", 11.0),
        ("Who mentioned the drawings?", "Jonas Berg", 6.0),
        ("Who talks about the footbridge?", "Mira Holt", 1.0),
        ("Who wants to order the second winch?", "Jonas Berg", 17.0),
        ("Who said to wait until the permit is signed?", "Mira Holt", 24.0),
    ],
)
async def test_who_said_it(meeting: Library, question: str, name: str, start: float) -> None:
    (answer,) = await talk(meeting, question)
    assert answer.found and starts(answer) == [start]
    assert name in answer.answer


@pytest.mark.parametrize(
    ("question", "starting"),
    [
        ("What did Jonas say?", JONAS),
        ("What does Mira Holt say?", MIRA),
        ("What did Ana say?", ANA),
        ("what is jonas saying", JONAS),
        ("When does Jonas speak?", JONAS),
        ("When did Mira talk?", MIRA),
        ("How often does Mira speak?", MIRA),
        ("Was sagt Jonas?", JONAS),
        ("Wann spricht Mira?", MIRA),
    ],
)
async def test_all_that_one_speaker_says(
    meeting: Library, question: str, starting: list[float]
) -> None:
    (answer,) = await talk(meeting, question)
    assert answer.found and starts(answer) == starting


@pytest.mark.parametrize(
    ("question", "start", "others"),
    [
        ("What does Mira say about the winch?", 24.0, JONAS + ANA),
        ("What did Jonas say about the winch?", 17.0, MIRA + ANA),
        ("What did Mira say about the permit?", 1.0, JONAS + ANA),
        ("What does Ana think about the money?", 11.0, MIRA + JONAS),
        ("Was sagt Mira über die winch?", 24.0, JONAS + ANA),
    ],
)
async def test_what_a_speaker_says_about_something_is_of_no_other(
    meeting: Library, question: str, start: float, others: list[float]
) -> None:
    (answer,) = await talk(meeting, question)
    assert answer.found and start in starts(answer)
    assert not {*starts(answer)} & {*others}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who spoke most?", "Jonas Berg speaks most"),
        ("Who talks the most?", "Jonas Berg speaks most"),
        ("Wer spricht am meisten?", "Jonas Berg spricht am meisten"),
        ("How many speakers are there?", "3 speakers"),
        ("How many people are talking?", "3 speakers"),
        ("Who are the speakers?", "3 speakers"),
        ("Wie viele Sprecher gibt es?", "3 Sprecher"),
    ],
)
async def test_the_speakers_are_counted_and_measured(
    meeting: Library, question: str, words: str
) -> None:
    (answer,) = await talk(meeting, question)
    assert answer.found and words in answer.answer and "..\n" not in answer.answer
    assert {claim.verdict for claim in answer.claims} == {"verified"}


async def test_how_long_somebody_speaks_is_summed_up_to_the_second(meeting: Library) -> None:
    most, often, once = await talk(
        meeting, "Who spoke most?", "How long does Jonas speak?", "When does Ana speak?"
    )
    assert "16 s of 30 s" in most.answer
    assert "3 times" in often.answer and "16 s" in often.answer
    assert "once" in once.answer and "5 s" in once.answer


async def test_the_first_and_the_last_to_speak(meeting: Library) -> None:
    first, last = await talk(meeting, "Who speaks first?", "Who speaks last?")
    assert starts(first) == [1.0] and "Mira Holt" in first.answer
    assert starts(last) == [31.0] and "Jonas Berg" in last.answer


async def test_a_name_goes_on_with_the_question_before(meeting: Library) -> None:
    _, other, who = await talk(
        meeting, "What does Mira say about the winch?", "and Jonas?", "What did Ana say?"
    )
    assert other.found and starts(other)[0] == 17.0
    assert starts(who) == ANA


async def test_who_said_that(meeting: Library) -> None:
    _, who = await talk(meeting, "When is the signature mentioned?", "Who said that?")
    assert starts(who) == [31.0] and "Jonas Berg" in who.answer


@pytest.mark.parametrize("question", ["What did Ruben say?", "When does Ruben speak?"])
async def test_who_is_not_there_says_nothing(meeting: Library, question: str) -> None:
    (answer,) = await talk(meeting, question)
    assert not answer.found and answer.reason == "absent" and '"Ruben"' in answer.answer


async def test_what_nobody_says_has_no_speaker(meeting: Library) -> None:
    (answer,) = await talk(meeting, "Who said that the tower leans?")
    assert not answer.found and answer.evidence == ()


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("What does the third speaker say?", ANA[0]),
        ("what did the second person say", JONAS[0]),
        ("Was sagt der dritte Sprecher?", ANA[0]),
    ],
)
async def test_a_speaker_by_number_is_the_one_that_is_heard_as_such(
    meeting: Library, question: str, start: float
) -> None:
    (answer,) = await talk(meeting, question)
    assert answer.found and starts(answer)[0] == start


async def test_a_speaker_beyond_the_last_is_none(meeting: Library) -> None:
    (answer,) = await talk(meeting, "What does the fifth speaker say?")
    assert answer.reason == "absent" and answer.answer.startswith("3 speakers:")


@pytest.mark.parametrize(
    "question",
    [
        "Who spoke most?",
        "How many speakers are there?",
        "Wer spricht?",
        "What does the second person say?",
    ],
)
async def test_without_labels_no_voice_is_told_from_another(tmp_path: Path, question: str) -> None:
    library = Library(tmp_path / "home")
    add_film(library, "walk", srt(every(5.0, "The path is steep.", "It leads to the pass.")), 12.0)
    (answer,) = await talk(library, question)
    assert not answer.found and answer.reason == "cannot"
    assert "label" in answer.answer or "Stimmen" in answer.answer
