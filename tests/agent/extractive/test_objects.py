"""Questions about what passes before a fixed camera, answered without a language model."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.agent.extractive.answers import check, lead, starts
from tests.road import index_road
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox


def toolbox(home: Path, file: Path, named: bool) -> Toolbox:
    if named:
        return Toolbox(index_road(home, file))
    library = Library(home)
    ingest(library, file, providers=BARE)
    return Toolbox(library)


async def asked(box: Toolbox, *questions: str, by_clock: bool = False) -> list[Answer]:
    """Answers, each checked; times of day are no times of the video, which lines cite."""
    answers: list[Answer] = []
    async with open_agent(Settings(home=box.library.home), toolbox=box) as agent:
        for question in questions:
            *_, last = [event async for event in ask(agent, question)]
            assert isinstance(last, Answer)
            if not by_clock:
                check(last)
            assert {one.verdict for one in last.claims} <= {"verified"}, last.answer
            answers.append(last)
    return answers


async def test_what_passes_is_counted_and_told_with_its_times(
    road_film: Path, tmp_path: Path
) -> None:
    box = toolbox(tmp_path, road_film, named=True)
    every, red, german, between, last, people, green = await asked(
        box,
        "How many cars pass?",
        "When does a red car pass?",
        "Wie viele blaue Autos fahren vorbei?",
        "How many cars pass between 0:08 and 0:19?",
        "When does the last car pass?",
        "How many people pass?",
        "How many green cars pass?",
    )
    assert lead(every) == "3 in all: 0:04, 0:09 and 0:14."
    assert lead(red) == "2 in all: 0:04 and 0:14."
    assert lead(german) == "1 insgesamt: 0:09."
    assert starts(between) == pytest.approx([9.3, 14.3], abs=0.5)
    assert starts(last) == pytest.approx([14.3], abs=0.5)
    for one in (every, red, german, between, last):
        assert one.found and {claim.verdict for claim in one.claims} == {"verified"}, one.answer
        assert all(cited.evidence.image for cited in one.evidence)
    assert (people.reason, green.reason) == ("absent", "unsure")
    assert lead(people) == "I saw none before the camera." and len(green.nearest) == 3


async def test_without_a_detector_it_says_so_and_shows_what_moves(
    road_film: Path, tmp_path: Path
) -> None:
    box = toolbox(tmp_path, road_film, named=False)
    cars, moves, nothing = await asked(
        box, "How many cars pass?", "When does something move?", "When is nothing moving?"
    )
    assert cars.reason == "cannot" and len(cars.nearest) == 3
    assert "needs a detector (cuepoint models pull dfine-nano)" in cars.answer
    assert moves.found and lead(moves) == "3 in all: 0:04, 0:09 and 0:14."
    assert "in all" not in nothing.answer


async def test_questions_about_other_things_are_searched_as_before(
    road_film: Path, tmp_path: Path
) -> None:
    box = toolbox(tmp_path, road_film, named=True)
    voted, said = await asked(
        box, "How many people voted for the budget?", "What is said about cars?"
    )
    for one in (voted, said):
        assert not one.found and "before the camera" not in one.answer


async def test_times_of_day_are_told_apart_from_times_of_the_video(
    road_film: Path, tmp_path: Path
) -> None:
    box = toolbox(tmp_path, road_film, named=True)
    (unknown,) = await asked(box, "Find all red cars between 2 and 4 PM", by_clock=True)
    assert unknown.reason == "cannot" and "--recorded-at" in unknown.answer
    begun = datetime(2026, 11, 19, 13, 59, 50, tzinfo=timezone(timedelta(hours=1)))
    ingest(box.library, road_film, providers=BARE, recorded_at=begun)
    red, german, bare, later, early, day = await asked(
        box,
        "Find all red cars between 2 and 4 PM",
        "Wie viele Autos fahren zwischen 13 und 14 Uhr vorbei?",
        "How many cars pass between 13:59 and 14:00?",
        "How many cars pass between 5 and 6 pm?",
        "How many cars pass between 0:08 and 0:19?",
        "How many cars pass on 2026-11-19?",
        by_clock=True,
    )
    assert red.found and starts(red) == pytest.approx([14.3], abs=0.5)
    assert lead(red).startswith("1 in all: 14:00:04")
    assert "Not recorded: 14:00:" in red.answer and "16:00:00" in red.answer
    assert lead(day).startswith("3 in all: 13:59:54")
    assert len(german.evidence) == 2 and lead(german).startswith("2 insgesamt: 13:59:54")
    assert starts(bare) == starts(german)
    assert later.reason == "not_covered"
    assert "2026-11-19 13:59 to 2026-11-19 14:00" in later.answer
    assert starts(early) == pytest.approx([9.3, 14.3], abs=0.5)
