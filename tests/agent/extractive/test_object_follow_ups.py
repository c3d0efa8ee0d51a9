"""Questions that go on with one about a zone, a line or a camera, in one conversation."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.agent.extractive.answers import check_times, lead
from tests.road import index_road
from tests.watched import across, going, watched
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.toolbox import Toolbox

YARD = [(0.4, 0.5), (0.6, 0.5), (0.6, 1.0), (0.4, 1.0)]
DOOR = [(0.5, 0.4), (0.5, 1.0)]


async def talk(box: Toolbox, *questions: str, by_clock: bool = False) -> list[str]:
    """The first lines of the answers to questions of one conversation."""
    leads: list[str] = []
    thread: str | None = None
    async with open_agent(Settings(home=box.library.home), toolbox=box) as agent:
        for question in questions:
            *_, last = [event async for event in ask(agent, question, thread=thread)]
            assert isinstance(last, Answer)
            assert {one.verdict for one in last.claims} <= {"verified"}, last.answer
            if not by_clock:
                check_times(last)
            leads.append(lead(last))
            thread = last.thread
    return leads


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """Two people go right through the yard and one back, a car too; one waits in it, one above."""
    folder = tmp_path_factory.mktemp("yard")
    library = Library(folder / "home")
    waits = going(40.0, [(0.1, 0.8), (0.3, 0.8), (0.5, 0.8)], end=70.0)
    above = going(80.0, [(0.1, 0.3), (0.5, 0.3), (0.9, 0.3)], "car", "red")
    seen = [across(10.0), across(20.0), across(30.0, back=True), waits, above]
    seen.append(across(90.0, "car", "blue"))
    id = watched(library, folder, "yard film", seen)
    library.cameras.draw(id, "Einfahrt", "zone", YARD)
    library.cameras.draw(id, "side door", "line", DOOR)
    return Toolbox(library)


async def test_the_line_is_kept_for_another_thing_and_another_way(box: Toolbox) -> None:
    assert await talk(
        box,
        "How many cars cross the line side door?",
        "and people?",
        "and to the left?",
        "and red cars?",
    ) == [
        "1 in all: 1:32.",
        "3 in all: 0:12, 0:22 and 0:32.",
        "1 in all: 0:32.",
        "I saw none in side door.",
    ]


async def test_the_zone_is_kept_for_who_stays_longest(box: Toolbox) -> None:
    assert await talk(
        box,
        "How many people are in the zone Einfahrt?",
        "which one stayed longest?",
        "How long did they stay?",
        "and cars?",
        "How many cars pass?",
        "which one stayed longest?",
    ) == [
        "4 in all: 0:12, 0:22, 0:32 and 0:42.",
        "28 s, the longest of 4.",
        "4 in all: 8 s on average, 28 s at the longest.",
        "1 s in Einfahrt.",
        "2 in all: 1:20 and 1:30.",
        "4 s, the longest of 2.",
    ]


async def test_it_is_so_in_german(box: Toolbox) -> None:
    assert await talk(
        box,
        "Wie viele Autos überqueren die Linie side door?",
        "und Personen?",
        "und nach links?",
        "Wie viele Personen sind in der Zone Einfahrt?",
        "Welche blieb am längsten?",
        "und wie lange blieben sie?",
    ) == [
        "1 insgesamt: 1:32.",
        "3 insgesamt: 0:12, 0:22 und 0:32.",
        "1 insgesamt: 0:32.",
        "4 insgesamt: 0:12, 0:22, 0:32 und 0:42.",
        "28 s, am längsten von 4.",
        "4 insgesamt: im Mittel 8 s, am längsten 28 s.",
    ]


async def test_another_zone_or_the_whole_picture_can_be_named(box: Toolbox) -> None:
    assert await talk(
        box,
        "How many cars cross the line side door?",
        "And in the zone Einfahrt?",
        "How many cars pass?",
        "and people?",
    ) == [
        "1 in all: 1:32.",
        "1 in all: 1:32.",
        "2 in all: 1:20 and 1:30.",
        "4 in all: 0:10, 0:20, 0:30 and 0:40.",
    ]


async def test_a_question_about_something_else_keeps_nothing(box: Toolbox) -> None:
    _, other, _ = await talk(
        box, "How many cars cross the line side door?", "How long is the video?", "and whales?"
    )
    assert "in all" not in other and "4 s long" in other


async def test_the_camera_is_kept_and_changed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gates")
    library = Library(folder / "home")
    begun = datetime(2026, 11, 19, 7, 59, 30, tzinfo=timezone(timedelta(hours=1)))
    north = watched(library, folder, "n1", [across(40.0), across(90.0, "car")], begun)
    south = watched(library, folder, "s1", [across(50.0, "car", "red"), across(60.0, "car")], begun)
    for name, id in (("north gate", north), ("south gate", south)):
        library.cameras.reserve(name, f"/films/{name}")
        library.collections.add(name, [id])
    first, cars, there, longest, by_camera, people = await talk(
        Toolbox(library),
        "How many people pass at camera north gate?",
        "and cars?",
        "and at the south gate?",
        "Which one stayed longest?",
        "How many cars pass per camera?",
        "and people?",
    )
    assert by_camera == "3 in all: south gate: 2, north gate: 1."
    assert people == "1 in all: north gate: 1."
    assert first == "1 in all: 0:40." and cars == "1 in all: 1:30."
    assert there == "2 in all: 0:50 and 1:00." and longest == "4 s, the longest of 2."


async def test_times_of_day_and_of_the_video_are_kept(road_film: Path, tmp_path: Path) -> None:
    box = Toolbox(index_road(tmp_path, road_film))
    begun = datetime(2026, 11, 19, 13, 59, 50, tzinfo=timezone(timedelta(hours=1)))
    ingest(box.library, road_film, providers=BARE, recorded_at=begun)
    assert await talk(
        box,
        "Find all red cars between 2 and 4 PM",
        "and blue ones?",
        "How many cars pass between 0:08 and 0:19?",
        "and red ones?",
        "which one stayed longest?",
        by_clock=True,
    ) == [
        "1 in all: 14:00:04.",
        "1 in all: 13:59:59.",
        "2 in all: 0:09 and 0:14.",
        "1 in all: 0:14.",
        "2 s, the longest of 1.",
    ]
