"""What a question asks for: its kind, where it looks, its words, and the stretch it names."""

from typing import Any

import pytest

from agent.extractive.query import asked_words, corrected, find_modality, find_window, understand

LENGTH = 300.0


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long is the video?", "facts"),
        ("how long does this clip last", "facts"),
        ("What is the running time?", "facts"),
        ("What's the resolution?", "facts"),
        ("which frame rate does it have?", "facts"),
        ("How many scenes are there?", "facts"),
        ("number of cuts", "facts"),
        ("Does it have any sound?", "facts"),
        ("is there an audio track?", "facts"),
        ("When was this video recorded?", "facts"),
        ("Summarise the video", "summary"),
        ("please summarize it in short", "summary"),
        ("What is this video about?", "summary"),
        ("give me an overview", "summary"),
        ("TL;DR", "summary"),
        ("What are the main points?", "summary"),
        ("what happens in the film?", "summary"),
        ("List the scenes", "scenes"),
        ("show me all the shots", "scenes"),
        ("What scenes are there?", "scenes"),
        ("Where are the cuts?", "scenes"),
        ("chapters?", "summary"),
        ("When is it mostly green?", "look"),
        ("find the darkest moment", "look"),
        ("where is the picture black and white?", "look"),
        ("Which scene has the most motion?", "look"),
        ("when does the screen turn purple?", "look"),
        ("What happens at 1:15?", "moment"),
        ("what is on screen at 42 seconds", "moment"),
        ("What is said between 0:30 and 0:45?", "moment"),
        ("how does the video start?", "moment"),
        ("what do we see at the end?", "moment"),
        ("What happens in the first 20 seconds?", "moment"),
        ("Which comes first, the tractor or the plough?", "order"),
        ("Is the goat shown before the barn?", "order"),
        ("the baker or the butcher, which is mentioned first?", "order"),
        ("what appears earlier: windmill or bridge?", "order"),
        ("How often is butter mentioned?", "every"),
        ("every time they mention the harvest", "every"),
        ("how many times does the bell ring?", "every"),
        ("all mentions of cheese", "every"),
        ("When is the first mention of honey?", "first"),
        ("when is rhubarb mentioned for the first time?", "first"),
        ("Where does the turnip first appear?", "first"),
        ("When is the last mention of honey?", "last"),
        ("when does the cat appear for the last time", "last"),
        ("What does she say about the weather?", "search"),
        ("who repaired the roof?", "search"),
        ("When does the alarm sound?", "search"),
        ("When is the oven opened?", "search"),
        ("where can I read the phone number of the clinic?", "search"),
        ("Why did the engine stop?", "search"),
    ],
)
def test_kind(question: str, kind: str) -> None:
    assert understand(question, LENGTH).kind == kind


@pytest.mark.parametrize(
    ("question", "modality"),
    [
        ("What does he say about onions?", "speech"),
        ("who mentions the mayor?", "speech"),
        ("what do you hear at 10 seconds?", "speech"),
        ("What was spoken at the end?", "speech"),
        ("does she explain the trick?", "speech"),
        ("What does the narrator tell us about bees?", "speech"),
        ("what does the voice say about the bridge", "speech"),
        ("What does the sign say?", "screen"),
        ("what is written on the slide?", "screen"),
        ("Which title is displayed?", "screen"),
        ("what does the label read", "screen"),
        ("what text is on screen at 0:20?", "screen"),
        ("What colour is the gate?", "picture"),
        ("what does it look like at 0:12?", "picture"),
        ("When is the oven opened?", "any"),
        ("who repaired the roof?", "any"),
    ],
)
def test_modality(question: str, modality: str) -> None:
    assert understand(question, LENGTH).modality == modality
    assert find_modality(question.lower()) == modality


@pytest.mark.parametrize(
    ("question", "window"),
    [
        ("what happens at 1:15?", (75.0, 75.0)),
        ("what is shown at 0:07.5", (7.5, 7.5)),
        ("what is there at 0:01:30", (90.0, 90.0)),
        ("what is said at 42 seconds?", (42.0, 42.0)),
        ("what is seen at 2 minutes", (120.0, 120.0)),
        ("and at 1 minute 10 seconds?", (70.0, 70.0)),
        ("what is visible at second 17?", (17.0, 17.0)),
        ("what happens around 33s", (33.0, 33.0)),
        ("between 0:30 and 0:45", (30.0, 45.0)),
        ("between 45 and 60 seconds, what is said?", (45.0, 60.0)),
        ("from 10 to 25 seconds", (10.0, 25.0)),
        ("what happens from 1:00 to 1:20?", (60.0, 80.0)),
        ("what is said in 0:45-0:30?", (30.0, 45.0)),
        ("everything after 4:00", (240.0, 300.0)),
        ("what is said before 0:20?", (0.0, 20.0)),
        ("what was shown until 0:12?", (0.0, 12.0)),
        ("the first 20 seconds", (0.0, 20.0)),
        ("the last 15 seconds", (285.0, 300.0)),
        ("the final two minutes", (180.0, 300.0)),
        ("the opening five seconds", (0.0, 5.0)),
        ("the first 2 minutes", (0.0, 120.0)),
        ("what is shown at the beginning?", (0.0, 10.0)),
        ("how does it begin?", (0.0, 10.0)),
        ("what is said at the very end?", (290.0, 300.0)),
        ("how does the film end?", (290.0, 300.0)),
        ("what happens in the middle?", (145.0, 155.0)),
        ("what is shown halfway through?", (145.0, 155.0)),
        ("how long does the rain last?", None),
        ("who opens the door?", None),
        ("they wait for 20 seconds, why?", None),
        ("the first mention of rain", None),
    ],
)
def test_window(question: str, window: tuple[float, float] | None) -> None:
    found = find_window(question, LENGTH)
    assert found == (pytest.approx(window) if window else None)


def test_a_time_in_quotation_marks_is_looked_for_and_no_window() -> None:
    plan = understand('When is "17:30" shown?', LENGTH)
    assert (plan.kind, plan.words, plan.window) == ("search", ("17:30",), None)
    plan = understand('When is "17:30" shown between 0:30 and 0:45?', LENGTH)
    assert (plan.words, plan.window) == (("17:30",), (30.0, 45.0))


def test_a_window_stays_inside_a_short_video() -> None:
    assert find_window("the first 20 seconds", 8.0) == (0.0, 8.0)
    assert find_window("the last 20 seconds", 8.0) == (0.0, 8.0)
    assert find_window("what is shown at the start?", 8.0) == (0.0, 2.0)
    assert find_window("what is shown at the end?", 8.0) == (6.0, 8.0)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What happens at the end?", ()),
        ("what is said at 0:40?", ()),
        ("What is on the screen at 1:05?", ()),
        ("When is the oven opened?", ("oven", "opened")),
        ("Every time the word marmalade is said", ("marmalade",)),
        ("What does the speaker say about copper wire?", ("copper", "wire")),
        ("How often is Berlin mentioned between 0:10 and 0:50?", ("berlin",)),
        ("what\u2019s the name of the captain\u2019s ship?", ("captain", "ship")),
        ("WHEN DOES THE TRAIN ARRIVE???", ("train", "arrive")),
        ('When is "17:30" shown?', ("17:30",)),
        ("When is \u201cbus 12 at 8:05\u201d shown after 0:40?", ("bus 12 at 8:05",)),
        ('When is " , " shown?', ()),
    ],
)
def test_words(question: str, words: tuple[str, ...]) -> None:
    assert asked_words(question) == words


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("Which comes first, the tractor or the plough?", (("tractor",), ("plough",))),
        ("what is shown earlier: the red barn or a goat?", (("red", "barn"), ("goat",))),
        ("Is the goat shown before the barn?", (("goat",), ("barn",))),
        ("does the whistle blow after the bell rings?", (("whistle", "blow"), ("bell", "rings"))),
    ],
)
def test_sides_of_an_order(question: str, sides: tuple[tuple[str, ...], ...]) -> None:
    plan = understand(question, LENGTH)
    assert plan.kind == "order" and plan.sides == sides
    assert plan.words == sides[0] + sides[1]


@pytest.mark.parametrize(
    ("question", "look"),
    [
        ("When is it mostly green?", {"colours": ("green",), "mostly": True}),
        ("find the darkest moment", {"light": "dark", "extreme": True}),
        ("where does it get darker?", {"light": "dark", "change": True}),
        ("where is the picture black and white?", {"tone": "grey"}),
        ("which part has the least movement?", {"motion": "still", "extreme": True}),
        ("is it ever completely yellow", {"colours": ("yellow",), "mostly": True}),
        ("when is the screen compleetly yellow", {"colours": ("yellow",), "mostly": True}),
    ],
)
def test_look(question: str, look: dict[str, Any]) -> None:
    plan = understand(question, LENGTH)
    assert plan.kind == "look" and plan.look is not None
    assert {name: getattr(plan.look, name) for name in look} == look


@pytest.mark.parametrize(
    "question",
    [
        "When does the red tractor arrive?",
        "what does she say about the dark wood?",
        "who wears the blue hat?",
        "is white wine mentioned?",
    ],
)
def test_a_colour_of_a_thing_is_no_question_about_pixels(question: str) -> None:
    assert understand(question, LENGTH).kind != "look"


def test_a_window_stands_beside_words_and_looks() -> None:
    plan = understand("What is said about butter between 0:30 and 0:45?", LENGTH)
    assert (plan.kind, plan.window, plan.modality) == ("search", (30.0, 45.0), "speech")
    assert plan.words == ("butter",)
    plan = understand("the darkest moment after 1:00", LENGTH)
    assert (plan.kind, plan.window) == ("look", (60.0, 300.0))
    plan = understand("list the scenes between 1:00 and 2:00", LENGTH)
    assert (plan.kind, plan.window) == ("scenes", (60.0, 120.0))


def test_the_edge_is_told_from_a_stretch() -> None:
    assert understand("what is said at the start?", LENGTH).edge == "start"
    assert understand("how does it end?", LENGTH).edge == "end"
    assert understand("what is said in the first 10 seconds?", LENGTH).edge == ""
    assert understand("what is said at 0:10?", LENGTH).edge == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("compleetly", "completely"),
        ("mentionned", "mentioned"),
        ("begining", "beginning"),
        ("scences", "scenes"),
        ("lighthouse", "lighthouse"),
        ("betwen", "between"),
        ("marigold", "marigold"),
    ],
)
def test_spelling_of_the_rules_own_words(typed: str, meant: str) -> None:
    assert corrected(typed) == meant


@pytest.mark.parametrize(
    "question",
    ["?", "   ", "\u2019\u2019", "at", "1:99", "99999999:59", "or or or", "[1]", "-5 seconds",
     "\U0001f40b\U0001f40b", "a" * 4000, "which first or " * 200, "\u4f55\u65f6\u5f00\u59cb\uff1f"],
)  # fmt: skip
def test_odd_questions_are_understood_somehow(question: str) -> None:
    plan = understand(question, LENGTH)
    assert plan.question == question
    assert plan.window is None or plan.window[0] <= plan.window[1]
