"""What is one text over time, and what is another one in its place."""

import pytest

from tools.media import Frame
from tools.vision.text_tracks import Changes, Line, Run, join, same_text

PLACE = (0.1, 0.1, 0.9, 0.2)


def read(text: str, start: float, end: float) -> Run:
    frame = Frame("7f3a9c21d0e4b512", start, "frames/0.jpg", "regular")
    return Run(frame, start, end - 0.1, end, 0.0, 0, [Line(text, 0.95, PLACE)])


def shown(*runs: Run) -> list[str]:
    return [one.text for one in join(list(runs), Changes())]


@pytest.mark.parametrize(
    ("text", "again", "same"),
    [
        ("Agnes Teller, referee", "Agnes Teller, referce", True),
        ("Buckets, first Saturday in April", "Buckets, firsit Saturday in Aprll", True),
        ("Walk and draw what is there", "Walk and draw what is here today", False),
        ("Platform 4 to the harbour", "Platform 5 to the harbour", False),
    ],
)
def test_a_text_read_with_a_slip_is_the_same_text(text: str, again: str, same: bool) -> None:
    assert same_text(Line(text, 0.95, PLACE), Line(again, 0.95, PLACE)) is same


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("Quarterly res", "Quarterly results of the harbour"),
        ("Quarter1y resu", "Quarterly results of the harbour"),
    ],
)
def test_what_is_half_written_is_a_part_of_the_whole(part: str, whole: str) -> None:
    assert shown(read(part, 0.0, 0.4), read(whole, 0.4, 3.0)) == [whole]


def test_letters_that_are_scattered_over_a_line_are_no_part_of_it() -> None:
    both = ("READ ALOUD", "Research and development of the old harbour")
    assert shown(read(both[0], 0.0, 0.4), read(both[1], 0.4, 3.0)) == list(both)
