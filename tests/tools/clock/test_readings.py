"""What a recogniser reads of a clock: formats, misread letters, dates beside times."""

from datetime import UTC, date, datetime

import pytest

from tests.made_clocks import BOX, VIDEO
from tools.clock.readings import Order, digits_of, screen_readings, subtitle_readings
from tools.media import ScreenText, Utterance

AT = datetime(2026, 11, 19, 14, 0, 5, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text, order",
    [
        ("2026-11-19 14:00:05", "ymd"), ("2026-11-1914:00:05", "ymd"),
        ("2026/11/19 14.00.05", "ymd"),
        ("CAM 01 19-11-2026 Thu 14:00:05", "dmy"), ("19.11.2026 14:00:05", "dmy"),
        ("11/19/2026 02:00:05 PM", "mdy"), ("11-19-2026 02:00:05PM Front door", "mdy"),
        ("19 Nov 2026 14:00:05", "ymd"), ("Nov 19, 2026 2:00:05 p.m.", "ymd"),
        ("19. November 2026 14:00:05", "ymd"), ("2026\u5e7411\u670819\u65e5 14:00:05", "ymd"),
        ("19/11/26 14:00:05", "dmy"), ("2O26-11-l9 14:0O:05", "ymd"),
        ("2026-11-19 14:0005", "ymd"),
        ("\uff12\uff10\uff12\uff16-11-19 14\uff1a00\uff1a05", "ymd"),
    ],
)  # fmt: skip
def test_clocks_as_cameras_draw_them(text: str, order: Order) -> None:
    found = digits_of(text, order)
    assert found and (found.at, found.step, found.dated) == (AT, 1.0, True)


def test_what_a_clock_counts_in() -> None:
    minutes, millis, day = (
        digits_of(text, "ymd")
        for text in ("2026-11-19 14:00", "2026-11-19 14:00:05.250", "14:00:05")
    )
    assert minutes and (minutes.at, minutes.step) == (AT - 5, 60.0)
    assert millis and (millis.at, millis.step) == (AT + 0.25, 0.001)
    assert day and (day.at, day.dated) == (14 * 3600 + 5, False)


@pytest.mark.parametrize(
    "text",
    ["", "Gull Point", "25:00:00", "14:61:00", "1:23:45", "1.50", "12.05.07", "2026-11-19",
     "31.02.2026", ":" * 5000, "1" * 5000, "14:00:05:" * 900],
)  # fmt: skip
def test_other_texts_are_no_clock(text: str) -> None:
    found = digits_of(text, "dmy")
    assert found is None or not found.dated


def test_the_date_may_stand_apart_and_changes_at_midnight() -> None:
    days = [
        ScreenText(VIDEO, 0.0, 10.0, "2026-11-19", (0.1, 0.03, 0.3, 0.08)),
        ScreenText(VIDEO, 10.0, 20.0, "2026-11-20", (0.1, 0.03, 0.3, 0.08)),
    ]
    times = [
        ScreenText(VIDEO, at, at + 5.0, text, BOX)
        for at, text in ((0.0, "23:59:50"), (5.0, "23:59:55"), (10.0, "00:00:00"))
    ]
    (shown,) = screen_readings([*days, *times], [0.0, 5.0, 10.0, 15.0])
    assert [one.at - shown.readings[0].at for one in shown.readings] == [0, 5, 10]
    assert all(one.dated for one in shown.readings)


def test_a_text_was_read_in_the_first_picture_of_its_span() -> None:
    texts = [
        ScreenText(VIDEO, start, start + 4.0, f"2026-11-19 14:00:{at:02}", BOX)
        for start, at in ((0.0, 5), (3.1, 10), (8.0, 15))
    ]
    (shown,) = screen_readings(texts, [0.0, 5.0, 10.0])
    assert [one.seconds for one in shown.readings] == [0.0, 5.0, 10.0]
    assert shown.box == BOX


def test_what_05_06_means_is_told_by_the_other_source_else_by_habit() -> None:
    def shown(hour: str, half: str = "", near: date | None = None) -> Order:
        texts = [
            ScreenText(VIDEO, at, at + 5.0, f"05/06/2026 {hour}:00:{at:02} {half}", BOX)
            for at in range(0, 20, 5)
        ]
        (one,) = screen_readings(texts, [0.0, 5.0, 10.0, 15.0], near)
        return one.order

    assert shown("14") == "dmy"
    assert shown("14", near=date(2026, 5, 7)) == "mdy"
    assert shown("02", "PM") == "mdy"


def test_clocks_at_two_places_are_two() -> None:
    other = (0.02, 0.9, 0.3, 0.96)
    texts = [
        ScreenText(VIDEO, 5.0 * n, 5.0 * n + 5, f"2026-11-19 {hour}:00:{5 * n:02}", box)
        for n in range(4)
        for hour, box in ((14, BOX), (13, other))
    ]
    shown = screen_readings(texts, [0.0, 5.0, 10.0, 15.0])
    assert [len(one.readings) for one in shown] == [4, 4]


def test_subtitles_of_a_drone_tell_the_time_of_each_span() -> None:
    cues = [
        Utterance(VIDEO, n * 1.0, n + 1.0, f"FrameCnt: {n} 2026-11-19 14:00:0{n}.000 iso: 100")
        for n in range(4)
    ] + [Utterance(VIDEO, 5.0, 6.0, "We meet at 14:05.")]
    (shown,) = subtitle_readings(cues)
    assert [one.seconds for one in shown.readings] == [0, 1, 2, 3]
    assert [one.at - AT for one in shown.readings] == [-5, -4, -3, -2]
    assert subtitle_readings([]) == []
