"""Questions, understood: the stretch, the edge, the words and the parts that they name."""

from typing import Any

import pytest

from agent.extractive.intents import GENERATE
from agent.extractive.language_id import language_of
from agent.extractive.question import Question, parts, understand

LENGTH = 300.0
Window = tuple[float, float]


def _content(asked: Question) -> tuple[str, ...]:
    """Words of a question that do more than point or say where it looks."""
    return tuple(word for word in asked.words if not asked.points(word))


@pytest.mark.parametrize(
    ("question", "window"),
    [
        ("what happens at 1:15?", (75.0, 75.0)),
        ("what is shown at 0:07.5", (7.5, 7.5)),
        ("what is there at 0:01:30", (90.0, 90.0)),
        ("1:15?", (75.0, 75.0)),
        ("what is said at 42 seconds?", (42.0, 42.0)),
        ("what is seen at 2 minutes", (120.0, 120.0)),
        ("and at 1 minute 10 seconds?", (70.0, 70.0)),
        ("what is visible at second 17?", (17.0, 17.0)),
        ("what happens around 33s", (33.0, 33.0)),
        ("what do they do at minute 3?", (180.0, 180.0)),
        ("Was passiert bei 1:15?", (75.0, 75.0)),
        ("between 0:30 and 0:45", (30.0, 45.0)),
        ("between 45 and 60 seconds, what is said?", (45.0, 60.0)),
        ("what happens from 1:00 to 1:20?", (60.0, 80.0)),
        ("what is said in 0:45-0:30?", (30.0, 45.0)),
        ("Was wird zwischen 1:00 und 1:20 gesagt?", (60.0, 80.0)),
        ("everything after 4:00", (240.0, 300.0)),
        ("what is said before 0:20?", (0.0, 20.0)),
        ("what was shown until 0:12?", (0.0, 12.0)),
        ("summarise it from 2:00 on", (120.0, 300.0)),
        ("the first 20 seconds", (0.0, 20.0)),
        ("the last 15 seconds", (285.0, 300.0)),
        ("the final two minutes", (180.0, 300.0)),
        ("what is said in the last minute?", (240.0, 300.0)),
        ("the first 2 minutes", (0.0, 120.0)),
        ("die ersten 20 Sekunden", (0.0, 20.0)),
        ("was wird in der letzten Minute gesagt?", (240.0, 300.0)),
    ],
)
def test_a_time_is_a_moment_or_a_stretch(question: str, window: Window) -> None:
    assert understand(question, LENGTH).window == pytest.approx(window)


@pytest.mark.parametrize(
    ("question", "is_request"),
    [
        ("what is this ad for?", False),
        ("which commercial is that", False),
        ("Wann ist der Trailer zu Ende?", False),
        ("make an ad for this mug", True),
        ("an ad for my bakery, please", True),
        ("Is it possible to make a trailer of it?", True),
    ],
)
def test_a_question_about_an_ad_is_no_request_for_one(question: str, is_request: bool) -> None:
    assert (understand(question, LENGTH).intent.name == GENERATE) is is_request


@pytest.mark.parametrize(
    ("question", "edge", "window"),
    [
        ("what is shown at the beginning?", "start", (0.0, 10.0)),
        ("how does it begin?", "start", (0.0, 10.0)),
        ("What happens at the start of the video?", "start", (0.0, 10.0)),
        ("what is said at the very end?", "end", (290.0, 300.0)),
        ("what happens in the middle?", "", (145.0, 155.0)),
        ("Was passiert am Ende?", "end", (290.0, 300.0)),
        ("Was wird am Anfang gesagt?", "start", (0.0, 10.0)),
    ],
)
def test_an_edge_is_told_from_a_stretch(question: str, edge: str, window: Window) -> None:
    asked = understand(question, LENGTH)
    assert (asked.edge, asked.window) == (edge, pytest.approx(window))


@pytest.mark.parametrize(
    "question",
    [
        "When does the 17:30 ferry leave?",
        "where does the 9:15 train stop?",
        "what is on the 5 minute walk?",
        "is it a 20 minute drive?",
        "how long does the rain last?",
        "they wait for 20 seconds, why?",
        "Why is it boiled for 3 minutes?",
        "what was it like in the 1980s?",
        "what is said about the early 90s?",
        "the first mention of rain",
        "who opens the door?",
        "who started the fire?",
        "when does the race start?",
        "how does the war end?",
        "which one is the last bus?",
        "What is the second ingredient?",
        "what does chapter 3:16 say?",
    ],
)
def test_no_place_in_the_video_is_made_of_other_times(question: str) -> None:
    asked = understand(question, LENGTH)
    assert (asked.window, asked.beyond) == (None, 0.0)


@pytest.mark.parametrize(
    ("question", "beyond"),
    [
        ("what is said at 9:30?", 570.0),
        ("what happens at 1:00:00?", 3600.0),
        ("what is on screen at 400 seconds?", 400.0),
        ("what is said between 6:00 and 7:00?", 360.0),
        ("what is said at 4:59?", 0.0),
    ],
)
def test_a_time_beyond_the_end_is_known_as_one(question: str, beyond: float) -> None:
    asked = understand(question, LENGTH)
    assert asked.beyond == beyond
    assert asked.window and 0 <= asked.window[0] <= asked.window[1] <= LENGTH


def test_a_stretch_stays_inside_a_short_video() -> None:
    def window(question: str) -> Any:
        return understand(question, 8.0).window

    assert window("the first 20 seconds") == window("the last 20 seconds") == (0.0, 8.0)
    assert window("what is shown at the start?") == (0.0, 2.0)
    assert window("what is shown at the end?") == (6.0, 8.0)
    assert window("what is said between 0:05 and 0:20?") == (5.0, 8.0)


@pytest.mark.parametrize(
    ("question", "words", "window"),
    [
        ('When is "17:30" shown?', ("17:30",), None),
        ('When is "10:14:23" on screen?', ("10:14:23",), None),
        ('When is "17:30" shown between 0:30 and 0:45?', ("17:30",), (30.0, 45.0)),
        (
            "When is \u201cbus 12 at 8:05\u201d shown after 0:40?",
            ("bus 12 at 8:05",),
            (40.0, 300.0),
        ),
    ],
)
def test_a_time_in_quotation_marks_is_looked_for_and_no_place(
    question: str, words: tuple[str, ...], window: Window | None
) -> None:
    asked = understand(question, LENGTH)
    assert (_content(asked), asked.window) == (words, window)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what is said at the end?", ()),
        ("what is there at 0:40?", ()),
        ("When is the oven opened?", ("oven", "opened")),
        ("How often is Berlin mentioned between 0:10 and 0:50?", ("berlin",)),
        ("WHEN DOES THE TRAIN ARRIVE???", ("train", "arrive")),
        ("Could you please tell me when the oven is opened?", ("oven", "opened")),
        ("what\u2019s the captain\u2019s ship?", ("captain", "ship")),
        ('Is "copper wire" mentioned?', ("copper wire",)),
    ],
)
def test_the_words_of_a_question_are_its_content(question: str, words: tuple[str, ...]) -> None:
    assert _content(understand(question, LENGTH)) == words


@pytest.mark.parametrize(
    ("question", "modality"),
    [
        ("What does he say about onions?", "speech"),
        ("who mentions the mayor?", "speech"),
        ("what do you hear at 10 seconds?", "speech"),
        ("does she explain the trick?", "speech"),
        ("what is written on the slide?", "screen"),
        ("Which title is displayed?", "screen"),
        ("what text is on screen at 0:20?", "screen"),
        ("Was steht auf dem Schild?", "screen"),
        ("Was sagt er über Zwiebeln?", "speech"),
        ("When is the oven opened?", "any"),
        ("who repaired the roof?", "any"),
    ],
)
def test_where_a_question_looks(question: str, modality: str) -> None:
    assert understand(question, LENGTH).modality == modality


@pytest.mark.parametrize(
    ("question", "nth"),
    [
        ("what is said in scene 4?", 4),
        ("what happens in the third scene?", 3),
        ("the 12th shot", 12),
        ("when is the last cut?", -1),
        ("wann ist der zweite Schnitt?", 2),
        ("when is the oven opened?", 0),
    ],
)
def test_which_one_of_several(question: str, nth: int) -> None:
    assert understand(question, LENGTH).nth == nth


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("When is the oven opened?", ["When is the oven opened?"]),
        (
            "Who built the mill and when did it burn down?",
            ["Who built the mill", "when did it burn down?"],
        ),
        ("Who built the mill? When did it burn?", ["Who built the mill?", "When did it burn?"]),
        ("I missed the start. Who built the mill?", ["Who built the mill?"]),
        ("We watched this at school. It was long. Who built it?", ["Who built it?"]),
        ("Who built the mill? I need it for school.", ["Who built the mill?"]),
        ("salt and pepper, what is said of them?", ["salt and pepper, what is said of them?"]),
        (
            "Wer hat die Mühle gebaut und wann ist sie abgebrannt?",
            ["Wer hat die Mühle gebaut", "wann ist sie abgebrannt?"],
        ),
        ("What did Dr. Lund say?", ["What did Dr. Lund say?"]),
    ],
)
def test_the_parts_that_ask(text: str, asked: list[str]) -> None:
    assert parts(text) == asked


def test_so_many_parts_are_answered_and_no_more() -> None:
    assert len(parts("Who came first? " * 40)) == 3


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When does the last ferry leave?", "en"),
        ("Wann fährt die letzte Fähre ab?", "de"),
        ("¿Cuándo sale el último barco?", "es"),
        ("Quand part le dernier bateau pour les îles ?", "fr"),
        ("Quando parte l'ultimo traghetto per le isole della laguna?", "it"),
        ("今天我们参观什么", "zh"),
        ("灯塔はいつ建てられましたか", "ja"),
        ("등대는 언제 지어졌나요", "ko"),
        ("Що каже доглядачка?", "uk"),
        ("Когда построили маяк?", "ru"),
        ("Πότε χτίστηκε αυτός φάρος;", "el"),
        ("متى بنيت المنارة", "ar"),
        ("12:30", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "question",
    ["?", "   ", "\u2019\u2019", "at", "1:99", "99999999:59", "or or or", "[1]", "-5 seconds",
     "\U0001f40b\U0001f40b", "a" * 4000, "which first or " * 200, "\u4f55\u65f6\u5f00\u59cb\uff1f",
     '"', '""', "und und und", "# {}", "the last"],
)  # fmt: skip
@pytest.mark.parametrize("duration", [0.0, LENGTH])
def test_odd_questions_are_understood_somehow(question: str, duration: float) -> None:
    asked = understand(question, duration)
    assert asked.wording.sentences
    assert asked.window is None or 0 <= asked.window[0] <= asked.window[1] <= duration
    assert parts(question)
