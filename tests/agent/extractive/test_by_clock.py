"""Questions by the wall clock about what is said, without a language model."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.agent.extractive.answers import lead, starts
from tests.made_clocks import recorded, with_clock
from tools.clock import beside, clock_from
from tools.library import Library
from tools.toolbox import Toolbox

FIRST = (
    "Ada opens the gate of the harbour", "the red boat Marigold sails out",
    "a gull lands on the wall", "the keeper paints the door",
)  # fmt: skip
SECOND = ("the storm comes over the bay", "the boat Marigold comes home", "Ada closes the gate")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(tmp_path_factory.mktemp("harbour"))
    recorded(library, 1, "13:58:30", 4, *FIRST)
    recorded(library, 2, "14:30:00", 3, *SECOND)
    return library


async def answers(library: Library, *questions: str) -> list[Answer]:
    told: list[Answer] = []
    async with open_agent(Settings(home=library.home), toolbox=Toolbox(library)) as agent:
        for question in questions:
            *_, last = [event async for event in ask(agent, question)]
            assert isinstance(last, Answer)
            assert {one.verdict for one in last.claims} <= {"verified"}, last.answer
            told.append(last)
    return told


async def test_what_was_said_at_a_time_of_day(library: Library) -> None:
    at, span, german, day, late = await answers(
        library,
        "What was said at 2 PM?",
        "What happened between 14:00 and 14:32?",
        "Was wurde zwischen 14:30 und 14:31 Uhr gesagt?",
        "What was said on 2026-11-19 at 14:31?",
        "What was said at 6 PM?",
    )
    assert starts(at) == [120.0] and "14:00:30 (2:00)" in at.answer and "gull" in at.answer
    assert "Clock: as it was given." in at.answer
    assert len(span.evidence) == 4 and "14:30:00 (0:00)" in span.answer
    assert "Not recorded: 14:02:30\N{EN DASH}14:30:00." in span.answer
    assert starts(german) == [0.0] and "Uhr: wie angegeben." in german.answer
    assert starts(day) == [60.0]
    assert late.reason == "not_covered" and "2026-11-19 13:58 to 2026-11-19 14:33" in late.answer


async def test_a_search_stays_within_the_times(library: Library) -> None:
    boat, later, elsewhere = await answers(
        library,
        "What is said about Marigold between 2:20 PM and 2:40 PM?",
        "What is said about Marigold before 2:15 pm?",
        "What is said about Marigold at 5 PM?",
    )
    assert {one.evidence.start for one in (*boat.evidence, *boat.nearest)} == {60.0}
    assert "storm" not in boat.answer and "comes home" in boat.answer
    assert "sails out" in later.answer and "comes home" not in later.answer
    assert elsewhere.reason == "not_covered"


async def test_when_something_is_by_the_clock(library: Library) -> None:
    when, german = await answers(
        library,
        "At what time of day does the keeper paint the door?",
        "Zu welcher Uhrzeit landet a gull on the wall?",
    )
    assert "14:01:30 (3:00)" in when.answer and "Clock: as it was given." in when.answer
    assert "14:00:30 (2:00)" in german.answer


async def test_times_of_the_video_are_times_of_the_video(library: Library) -> None:
    video, both = await answers(library, "What is said at 1:00 in cam 1?", "What is said at 0:02?")
    assert starts(video) == [60.0] and "13:59" not in video.answer and "Clock:" not in both.answer


async def test_who_contradicts_the_clock_is_told(tmp_path: Path) -> None:
    library = Library(tmp_path)
    video = recorded(library, 1, "13:58:30", 4, *FIRST)
    clock = library.clock(video)
    assert clock
    tag = clock_from(datetime(2026, 11, 19, 9, 0, tzinfo=UTC), "tag")
    with_clock(library, video, beside(clock, tag))
    (told,) = await answers(library, "What was said at 2 PM?")
    assert "By the time from the file's own tag the video begins at" in told.answer


async def test_without_a_clock_it_says_what_would_tell(tmp_path: Path) -> None:
    library = Library(tmp_path)
    video = recorded(library, 1, "13:58:30", 4, *FIRST)
    with_clock(library, video, None)
    (unknown,) = await answers(library, "What was said at 2 PM?")
    assert unknown.reason == "cannot" and "--recorded-at" in unknown.answer
    written = datetime(2026, 11, 19, 13, 58, 30, tzinfo=UTC)
    with_clock(library, video, clock_from(written, "file"))
    (by_file,) = await answers(library, "What was said at 2 PM?")
    assert by_file.reason == "cannot" and "it began at" in by_file.answer


async def test_a_time_that_is_spoken_of_is_searched_for(tmp_path: Path) -> None:
    library = Library(tmp_path)
    recorded(library, 1, "08:00:00", 4, "the ferry leaves at 2 PM", *FIRST)
    (told,) = await answers(library, "What leaves at 2 PM?")
    assert told.reason != "not_covered" and "ferry" in told.answer
    assert lead(told)
