"""Words that ask for what other words tell, and what a question of the same kind is answered by."""

import pytest

from agent.extractive.answer_type import fits, sought
from agent.extractive.query import understand
from agent.extractive.reference import Turn, resolve
from agent.extractive.synonyms import synonyms


def test_everyday_words_stand_for_each_other_in_any_form():
    assert "bought" in synonyms("buyer") and "journey" in synonyms("travelling")
    assert synonyms("kettle") == ()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Which city is the stone oven from?", ("stone", "oven")),
        ("What is the price of the kettle?", ("kettle",)),
        ("What age is Priya Nair?", ("priya", "nair")),
        ("What is the favourite dish of Clara?", ("favourite", "clara")),
    ],
)
def test_a_word_that_only_names_the_kind_need_not_be_said(question: str, words: tuple[str, ...]):
    assert sought(understand(question, 60.0)) == words


@pytest.mark.parametrize(
    ("question", "said", "right"),
    [
        ("How many pears are left?", "PEARS 7.40", False),
        ("How many pears are left?", "Twelve are left.", True),
        ("What price is on the sign for the pears?", "PEARS 7.40", True),
        ("Where was the vase made?", "They built the vase out of cork.", False),
        ("Where was the vase made?", "It comes from Graz.", True),
        ("What does the goose look like?", "We met the goose.", False),
    ],
)
def test_a_text_that_lacks_the_kind_does_not_answer(question: str, said: str, right: bool):
    assert fits(question, said, said, ()) is right


def test_a_second_is_a_moment_and_its_number_no_word():
    plan = understand("What are they saying at second 24?", 60.0)
    assert (plan.kind, plan.window, plan.words) == ("moment", (24.0, 24.0), ())


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is this video called?", "facts"),
        ("How many seconds does the video have?", "facts"),
        ("What is the date of the recording?", "facts"),
        ("When is there no sound?", "sound"),
        ("Is there no sound?", "facts"),
        ("Why is there a loud noise?", "search"),
    ],
)
def test_the_file_and_its_sound_are_told_apart(question: str, kind: str):
    assert understand(question, 60.0).kind == kind


def test_one_of_the_sounds_is_asked_for_next():
    first = resolve("How often does it get loud?", (), (), 60.0)
    last = resolve("And the last one?", [Turn(first, ())], (), 60.0)
    assert (last.plan.kind, last.plan.nth) == ("sound", -1)
