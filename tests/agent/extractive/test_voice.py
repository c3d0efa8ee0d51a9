"""How answers read without a language model: each kind of question in its shape, on the sample."""

import re
from typing import Any

import pytest

from tests.agent.extractive.answers import lead, only, shown, starts
from tests.agent.extractive.conftest import Talk
from tools.toolbox import Toolbox

FILE_FACTS = re.compile(r"98\.0|1:38|960|540|H\.264|25 frames")
NEVER = re.compile(r"[Tt]he words? \"")
HORN = (
    "Twice: 0:47 and 1:23.\n\n"
    '- 0:47 "In the afternoon the weather turns, and the fog horn sounds." [1]\n'
    '- 1:23 "At night the fog horn sounds once more." [2]'
)
FOREIGN = re.compile(r"^Ich habe deine Wörter gesucht, .*andere Sprache")


@pytest.mark.parametrize(
    "question", ["What is this video about?", "tl;dr", "whats this vid about??", "sum this up pls"]
)
async def test_the_gist_is_told_first_then_its_parts_with_their_times(
    talk: Talk, question: str
) -> None:
    (answer,) = await talk(question)
    assert answer.found and not FILE_FACTS.search(answer.answer)
    assert re.search(r"\[\d+\]$", lead(answer)) and "Gull Point" in lead(answer)
    items = re.findall(r"^- (\d+):(\d\d) .*\[\d+\]$", answer.answer, re.MULTILINE)
    times = [60 * int(minute) + int(second) for minute, second in items]
    assert len(times) >= 3 and times == sorted(times) and times[0] < 10 and times[-1] > 60


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("Summarise in 3 bullets", 3), ("give me 5 key points", 5),
        ("What are the main points?", 5), ("two sentence summary please", 2),
    ],
)  # fmt: skip
async def test_so_many_points_as_are_asked_for(talk: Talk, question: str, number: int) -> None:
    (answer,) = await talk(question)
    lines = answer.answer.split("\n")
    assert len(lines) == number == len(answer.claims)
    assert all(re.fullmatch(r"- \d+:\d\d .+ \[\d+\]", line) for line in lines)
    assert starts(answer) == sorted(starts(answer))


@pytest.mark.parametrize(
    "question",
    ["table of contents", "list the main topics with timestamps", "How is the video structured?"],
)
async def test_a_table_of_contents_is_its_chapters(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert {one.kind for one in shown(answer)} == {"chapter"} and starts(answer)[0] == 0.0


@pytest.mark.parametrize(
    "question",
    ["How often does the fog horn sound?", "how many times is the fog horn mentioned?",
     "how oftn does the fog hron sound?", "every mention of the fog horn"],
)  # fmt: skip
async def test_a_count_stands_in_the_first_line_and_its_proof_below(
    talk: Talk, question: str
) -> None:
    (answer,) = await talk(question)
    assert answer.answer.removesuffix('\n\n(I read "horn".)') == HORN
    assert {claim.verdict for claim in answer.claims} == {"verified"}


async def test_a_sign_is_quoted_and_what_comes_after_it_told(talk: Talk) -> None:
    ferry, then = await talk("When does the last ferry leave?", "And after that?")
    assert only(ferry).kind == "screen" and only(ferry).start == pytest.approx(10.4, abs=0.5)
    assert lead(ferry) == '0:10 on screen: "Last ferry 17:30" [1]'
    assert only(then).start in (13.2, 17.8)


@pytest.mark.parametrize(
    "question", ["wen does teh last fery leav", "whne dose the last ferry leaev?"]
)
async def test_what_is_misspelt_is_read_and_said(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert "17:30" in lead(answer) and only(answer).kind == "screen"
    if "fery" in question:
        assert re.search(r'\(I read ".*\bferry\b.*"\.\)$', answer.answer)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What colour is the lighthouse?", "picture model"),
        ("is there a dog?", "picture model"),
        ("what is the man wearing?", "picture model"),
        ("How many cars are there?", "detector"),
        ("Is this AI-generated?", "I can't tell from the pictures"),
        ("Make me a 10 second teaser", "highlights"),
        ("translate this into German", "language model"),
        ("what is the mood of the video?", "language model"),
        ("who is speaking?", "not labelled"),
        ("Who speaks?", "not labelled"),
        ("Who speaks in this video?", "not labelled"),
        ("write quiz questions", "language model"),
    ],
)
async def test_what_can_not_be_done_comes_with_what_can(
    talk: Talk, question: str, told: str
) -> None:
    (answer,) = await talk(question)
    assert answer.reason == "cannot" and told in lead(answer)
    assert not NEVER.search(answer.answer)


@pytest.mark.parametrize(
    "question",
    ["What is said about whales?", "do they mention whales?", "is there anything about whales?"],
)
async def test_what_is_nowhere_is_told_in_one_sentence(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert answer.reason == "absent" and not answer.claims
    assert answer.answer == 'Nothing is said or written about "whales"; all of it was searched.'


async def test_what_is_near_and_not_told_is_shown_under_one_sentence(talk: Talk) -> None:
    (answer,) = await talk("Why did the ferry stop in 1990?")
    assert answer.reason == "unsure" and 1 <= len(answer.nearest) <= 3
    assert lead(answer) == "The video doesn't clearly say. These moments come closest:"
    assert any("ferry" in one.text.lower() for one in shown(answer))


@pytest.mark.parametrize(
    "question", ["What happens at 5:00?", "What is said at 5:00?", "what is on screen at 2:10?"]
)
async def test_a_time_beyond_the_end_is_outside(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert answer.reason == "outside" and answer.evidence == ()
    assert lead(answer) == "The video ends at 1:38. At the end:"
    assert all(one.end > 90 for one in shown(answer))


@pytest.mark.parametrize(
    "question", ["hello", "hi there!", "what can you do?", "how does this work", "Was kannst du?"]
)
async def test_small_talk_names_questions_to_ask_of_this_library(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert (answer.found, answer.reason) == (False, None)
    assert answer.claims == answer.evidence == answer.nearest == ()
    assert "\n" not in answer.answer and '"lighthouse"' in answer.answer
    assert answer.answer.count("·") >= 2
    assert ("Zum Beispiel" in answer.answer) == question.startswith("Was")


async def test_thanks_are_answered_in_a_line_and_change_nothing(talk: Talk) -> None:
    paris, thanks, before = await talk("What does she say about Paris?", "thanks!", "show me [1]")
    assert thanks.answer == "You're welcome." and thanks.reason is None
    assert only(before).id == only(paris).id


async def test_what_was_told_is_shown_again_where_it_is_doubted(talk: Talk) -> None:
    paris, why, nothing = await talk("What does she say about Paris?", "are you sure?", "and [9]?")
    assert only(why).id == only(paris).id and lead(why) == "By rule, from these moments alone:"
    assert not nothing.found


@pytest.mark.parametrize(
    ("question", "begins"),
    [("Was wird über Paris gesagt?", 37.8), ("Was steht zu channel 12?", 58.4)],
)
async def test_german_words_of_the_video_are_looked_up(
    talk: Talk, question: str, begins: float
) -> None:
    (answer,) = await talk(question)
    assert only(answer).start == pytest.approx(begins, abs=0.1)


async def test_german_is_answered_in_german(talk: Talk) -> None:
    gist, beyond, horn = await talk(
        "Worum geht es in diesem Video?", "Was passiert bei 5:00?", "Wie oft wird fog horn gesagt?"
    )
    assert gist.found and starts(gist)[0] < 10
    assert beyond.reason == "outside" and lead(beyond) == "Das Video endet bei 1:38. Am Ende:"
    assert lead(horn) == "Zweimal: 0:47 und 1:23." and starts(horn) == [46.6, 83.4]


async def test_the_last_ferry_in_german(talk: Talk) -> None:
    (answer,) = await talk("Wann fährt die letzte Fähre?")
    assert answer.reason != "absent" and "17:30" in answer.answer


@pytest.mark.parametrize(
    "question",
    ["Wie oft ist das Nebelhorn zu hören?", "Що каже доглядачка?", "灯塔是谁看守的\uff1f"],
)
async def test_words_of_another_language_are_never_absent(talk: Talk, question: str) -> None:
    (answer,) = await talk(question)
    assert answer.found or answer.reason == "unsure"
    assert shown(answer) and not NEVER.search(answer.answer)
    if question.startswith("Wie"):
        assert FOREIGN.search(answer.answer)


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("When does the last ferry leave and how often does the fog horn sound?",
         ["17:30"], ["Twice: 0:47 and 1:23."]),
        ("What does she say about Paris, and how many steps does Ada climb?",
         ["made in Paris"], ["one hundred and twelve"]),
        ("How many steps does Ada climb? When does the last ferry leave?",
         ["one hundred and twelve"], ["17:30"]),
    ],
)  # fmt: skip
async def test_two_questions_get_two_answers(
    talk: Talk, question: str, first: list[str], second: list[str]
) -> None:
    (answer,) = await talk(question)
    assert answer.found and answer.reason is None
    places = [answer.answer.find(words) for words in (*first, *second)]
    assert -1 not in places and places == sorted(places)


async def test_a_part_that_nothing_answers_leaves_no_heading_without_a_list(talk: Talk) -> None:
    (answer,) = await talk("How heavy is the glass, and where was it made?")
    assert "made in Paris" in answer.answer
    assert not answer.answer.rstrip().endswith(":")
    (half,) = await talk("When does the last ferry leave and what is said about whales?")
    assert "17:30" in lead(half) and "about whales" in half.answer.replace('"', "")


async def test_which_video_and_a_comparison_where_there_is_one(talk: Talk) -> None:
    darkest, compared = await talk("Which video is the darkest?", "Compare the two traffic videos")
    assert lead(darkest).startswith("**lighthouse**") and only(darkest).kind == "video"
    assert not compared.found and "PIER 2" not in compared.answer


async def test_the_videos_of_the_library_are_listed(talk: Talk) -> None:
    (answer,) = await talk("what videos do I have?")
    assert answer.answer == "1 in the library:\n\n- **lighthouse**, 1:38 min [1]"
    assert only(answer).kind == "video"


async def test_a_question_is_about_the_videos_that_it_began_with(
    talk: Talk, lighthouse: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    likely = lighthouse.likely_videos

    def once(question: str, *others: Any) -> list[str]:
        asked.append(question)
        return likely(question, *others) if len(asked) == 1 else ["0" * 16]

    monkeypatch.setattr(lighthouse, "likely_videos", once)
    (answer,) = await talk("How often does the fog horn sound?")
    assert lead(answer) == "Twice: 0:47 and 1:23." and len(asked) == 1
