"""Times of day that a question names, told apart from other numbers."""

from datetime import date, time

import pytest

from tools.text.times_of_day import ANY_DAY, Day, named_times, only_times


@pytest.mark.parametrize(
    "question, start, end, marked",
    [
        ("find all red cars between 2 and 4 PM", time(14), time(16), True),
        ("who came between 11 and 2 pm?", time(11), time(14), True),
        ("how many people from 8:30 to 9:15 am", time(8, 30), time(9, 15), True),
        ("cars between 14:00 and 16:00", time(14), time(16), False),
        ("Autos zwischen 14 und 16 Uhr", time(14), time(16), True),
        ("what moved yesterday at 2 PM", time(14), time(14, 1), True),
        ("who came after 10 p.m.", time(22), time(0), True),
        ("wer kam gestern vor 6:30", time(0), time(6, 30), True),
        ("at 12 am", time(0), time(0, 1), True),
        ("what was said at 14:05:30?", time(14, 5, 30), time(14, 5, 31), False),
        ("wie sah es zwischen 14 und 16 Uhr aus", time(14), time(16), True),
        ("wer kam vorgestern um 7", time(7), time(7, 1), True),
        ("what happened at noon", time(12), time(12, 1), True),
        ("who came between 11 pm and midnight", time(23), time(0), True),
        ("was war gestern zwischen 8 und 9", time(8), time(9), True),
        ("what is seen 14:00-16:00", time(14), time(16), False),
    ],
)
def test_times_of_day_are_read(question: str, start: time, end: time, marked: bool) -> None:
    found = named_times(question)
    assert found and (found.start, found.end, found.marked) == (start, end, marked)


@pytest.mark.parametrize(
    "question",
    [
        "between 10 and 20 seconds", "how many cars pass", "from 2 to 4", "at 25 o'clock",
        "at 13 pm", "at 14:75", "at 192.168.10.20", "which 2 pm ferry is it", "scene 14",
        "the 5 may be seen", "when does the 17:30 ferry leave", "",
    ],
)  # fmt: skip
def test_other_numbers_are_no_times_of_day(question: str) -> None:
    assert named_times(question) is None


@pytest.mark.parametrize(
    "question, on, rest",
    [
        ("who came yesterday at 2 PM?", Day(ago=1), "who came?"),
        ("who came the day before yesterday at 2 PM?", Day(ago=2), "who came?"),
        ("what happens on Monday between 8 and 9 am", Day(weekday=0), "what happens"),
        ("was war am Dienstag um 8 Uhr los?", Day(weekday=1), "was war los?"),
        ("who came on 2026-11-19 at 14:05?", Day(on=date(2026, 11, 19)), "who came?"),
        ("who came at 2026-11-19T14:05?", Day(on=date(2026, 11, 19)), "who came?"),
        ("wer kam am 19.11.2026 um 14 Uhr?", Day(on=date(2026, 11, 19)), "wer kam?"),
        ("wer kam am 19. November um 14 Uhr?", Day(of_year=(11, 19)), "wer kam?"),
        ("who came on 19 November 2026 at 2 pm?", Day(on=date(2026, 11, 19)), "who came?"),
        ("who came at 2 pm?", ANY_DAY, "who came?"),
        ("who came on 31.02.2026 at 2 pm?", ANY_DAY, "who came on 31.02.2026?"),
    ],
)
def test_the_day_is_read_and_the_rest_is_the_question(question: str, on: Day, rest: str) -> None:
    found = named_times(question)
    assert found and (found.on, found.rest) == (on, rest)


def test_a_day_alone_is_one_where_it_begins_or_ends_the_question() -> None:
    day = named_times("what happened yesterday?")
    assert day and day.is_day and not day.marked and (day.start, day.end) == (time(0), time(0))
    assert named_times("what is said about yesterday and tomorrow?") is None


@pytest.mark.parametrize(
    "text, start, end, day",
    [
        ("2 PM to 4 PM", time(14), time(16), ANY_DAY),
        ("14:00-16:00", time(14), time(16), ANY_DAY),
        ("14:05", time(14, 5), time(14, 6), ANY_DAY),
        ("14 Uhr", time(14), time(14, 1), ANY_DAY),
        ("yesterday 14:05:30", time(14, 5, 30), time(14, 5, 31), Day(ago=1)),
        ("2026-11-19 14:00 to 15:00", time(14), time(15), Day(on=date(2026, 11, 19))),
        ("2026-11-19", time(0), time(0), Day(on=date(2026, 11, 19))),
        ("after 22:00", time(22), time(0), ANY_DAY),
    ],
)
def test_a_text_of_times_alone(text: str, start: time, end: time, day: Day) -> None:
    found = only_times(text)
    assert found and (found.start, found.end, found.on) == (start, end, day)
    again = only_times(found.told)
    assert again == found


@pytest.mark.parametrize("text", ["", "cars at 2 PM", "14", "soon", "14:05 " * 100, "9" * 5000])
def test_a_text_that_is_no_time_is_none(text: str) -> None:
    assert only_times(text) is None


def test_hostile_questions_are_read_at_once() -> None:
    for text in (
        "at " * 5000,
        "from 1 to " * 3000,
        "1" * 9000,
        "at 1:" * 4000,
        "\u09e8 at \u09e8:\u09e6\u09e6",
    ):
        named_times(text)
