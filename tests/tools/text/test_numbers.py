"""Numbers in words, in what is said, in times and in what is asked for."""

import pytest

from agent.extractive.answer_type import holds_type
from tools.text.expressions import times, words
from tools.text.numbers import NUMBERS, in_digits
from tools.text.tokens import stem


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("twenty-one boats", "21 boats"),
        ("a hundred and five metres", "105 metres"),
        ("two hundred thousand and thirty", "200030"),
        ("six thousand two hundred pounds", "6200 pounds"),
        ("Eleven hundred and fifty men", "1150 men"),
        ("in nineteen eighty, or nineteen eighty-four", "in 1980, or 1984"),
        ("in twenty ten", "in 2010"),
        ("eighteen hundred", "1800"),
        ("one point nine and three point one", "1.9 and 3.1"),
        ("in 2024 nine hundred and sixty-eight", "in 2024 968"),
        ("two hundred, three", "200, three"),
    ],
)
def test_numbers_of_several_words_are_one(said: str, written: str) -> None:
    assert in_digits(said) == written


@pytest.mark.parametrize(
    "said",
    [
        "between twenty and five",
        "one two three",
        "half a million, or a quarter of a million",
        "3 hundred",
        "the twenty first, and the third",
        "twenty second clip",
        "no one at that point",
    ],
)
def test_what_is_no_number_of_several_words_stays(said: str) -> None:
    assert in_digits(said) == said


def test_words_compare_by_what_they_count() -> None:
    assert words("the hundred metres") == words("the 100 metres")
    assert words("It cost nineteen thousand pounds") == words("It cost 19,000 pounds")
    assert words("twelve of them, twice") == ["12", "of", "them", "2", "times"]
    assert words("At half past nine, 20min for €4.50") == words(
        "at 9:30, twenty minutes for four euros fifty"
    )
    assert words("no one, the first of the hundreds") == [
        "no",
        "one",
        "the",
        "first",
        "of",
        "the",
        "hundreds",
    ]


def test_a_time_may_be_told_in_words_and_the_rest_stays_as_it_was_asked() -> None:
    found, rest = times("who has a hundred and two boats at two point five seconds?")
    assert [(one.start, one.words) for one in found] == [(2.5, ("2.5", "second"))]
    assert rest.split() == ["who", "has", "a", "hundred", "and", "two", "boats", "at", "?"]
    assert times("from twenty-one to thirty-five seconds")[0][0].start == 21.0
    assert times("for a hundred and five minutes")[0][0].end == 6300.0


def test_words_that_are_no_number_together_are_no_error() -> None:
    assert times("at three ten seconds")[0][0].start == 10.0
    assert len(times("hundred hundred min, thousand thousand h")[0]) == 2


def test_one_table_serves_search_plans_and_kinds_of_answers() -> None:
    for word, number in NUMBERS.items():
        assert stem(word) == str(number) and times(f"at {word} seconds")[0][0].start == number
        assert holds_type("how many?", word) == 1
    assert times("at 1.5 minutes")[0][0].start == 90.0
    assert holds_type("how many?", "none of them") == -1


def test_a_flood_of_numbers_takes_no_longer_than_other_words() -> None:
    for flood in ("one-" * 10_000, "hundred and " * 10_000, "one " * 10_000):
        assert len(in_digits(flood)) >= 10_000
    assert times("one-" * 1_000)[0] == []
