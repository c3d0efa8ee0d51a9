"""Questions that name a zone, a line or a camera, and how many there are by group."""

from datetime import datetime, timedelta, timezone

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.agent.extractive.answers import check_times, lead
from tests.watched import across, going, watched
from tools.library import Library
from tools.toolbox import Toolbox

YARD = [(0.4, 0.5), (0.6, 0.5), (0.6, 1.0), (0.4, 1.0)]
DOOR = [(0.5, 0.4), (0.5, 1.0)]


async def asked(box: Toolbox, *questions: str) -> list[Answer]:
    answers: list[Answer] = []
    async with open_agent(Settings(home=box.library.home), toolbox=box) as agent:
        for question in questions:
            *_, last = [event async for event in ask(agent, question)]
            assert isinstance(last, Answer)
            assert {one.verdict for one in last.claims} <= {"verified"}, last.answer
            answers.append(last)
    return answers


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """Two people go right and one back; one waits in the yard; a car passes above it."""
    folder = tmp_path_factory.mktemp("yard")
    library = Library(folder / "home")
    waits = going(40.0, [(0.1, 0.8), (0.3, 0.8), (0.5, 0.8)], end=70.0)
    car = going(80.0, [(0.1, 0.3), (0.5, 0.3), (0.9, 0.3)], "car", "red")
    seen = [across(10.0), across(20.0), across(30.0, back=True), waits, car]
    id = watched(library, folder, "yard film", seen)
    library.cameras.draw(id, "Einfahrt", "zone", YARD)
    library.cameras.draw(id, "side door", "line", DOOR)
    return Toolbox(library)


async def test_a_question_that_names_a_zone_asks_in_it(box: Toolbox) -> None:
    people, german, cars, when, enter, leave = await asked(
        box,
        "How many people are in the zone Einfahrt?",
        "Wie viele Personen sind in der Zone Einfahrt?",
        "Wie viele Autos stehen in der Zone Einfahrt?",
        "When is something in the zone einfahrt?",
        "How many people enter the zone Einfahrt?",
        "How many people leave the zone Einfahrt?",
    )
    assert lead(people) == "4 in all: 0:12, 0:22, 0:32 and 0:42."
    assert lead(german) == "4 insgesamt: 0:12, 0:22, 0:32 und 0:42."
    assert (
        cars.reason == "absent" and lead(cars) == "In Einfahrt habe ich nichts dergleichen gesehen."
    )
    assert lead(when) == lead(people) and len(when.evidence) == 4
    assert lead(enter) == lead(people)
    assert lead(leave) == "3 in all: 0:12, 0:22 and 0:32."
    for one in (people, german, when, enter, leave):
        check_times(one)


async def test_a_line_is_crossed_one_way_or_the_other(box: Toolbox) -> None:
    every, right, left, links = await asked(
        box,
        "How many people cross the line side door?",
        "How many people cross the side door to the right?",
        "How many people go to the left through the side door?",
        "Wie viele Personen überqueren die Linie side door nach links?",
    )
    assert lead(every) == "3 in all: 0:12, 0:22 and 0:32."  # who waits on it has not crossed it
    assert len(right.evidence) == 2 and lead(right) == "2 in all: 0:12 and 0:22."
    assert lead(left) == "1 in all: 0:32." and lead(links) == "1 insgesamt: 0:32."


async def test_how_long_one_stays_in_a_zone(box: Toolbox) -> None:
    mean, third = await asked(
        box,
        "How long do people stay in the zone Einfahrt?",
        "How long does the car stay?",
    )
    assert lead(mean).startswith("4 in all: ") and lead(mean).endswith("28 s at the longest.")
    assert lead(third) == "2 s in view, from 1:20 to 1:22."


async def test_the_same_words_without_a_zone_mean_the_whole_picture(box: Toolbox) -> None:
    (cars,) = await asked(box, "How many cars pass?")
    assert lead(cars) == "1 in all: 1:20."


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """Two cameras: six people between eight and ten at the north gate, a car at the south one."""
    folder = tmp_path_factory.mktemp("gates")
    library = Library(folder / "home")
    begun = datetime(2026, 11, 19, 7, 59, 30, tzinfo=timezone(timedelta(hours=1)))
    people = [across(at) for at in (40.0, 90.0, 3700.0, 3710.0, 3720.0, 3730.0)]
    north = watched(library, folder, "n1", people, begun)
    south = watched(library, folder, "s1", [across(50.0, "car", "red")], begun)
    for name, id in (("north gate", north), ("south gate", south)):
        library.cameras.reserve(name, f"/films/{name}")
        library.collections.add(name, [id])
    library.cameras.draw("north gate", "step", "line", DOOR)
    return Toolbox(library)


async def test_the_busiest_time_and_counts_by_group_are_told(gates: Toolbox) -> None:
    busiest, german, by_hour, by_camera, people = await asked(
        gates,
        "When is it busiest?",
        "Wann ist am meisten los?",
        "How many people pass per hour?",
        "How many people pass per camera?",
        "When do most people cross the step?",
    )
    assert lead(busiest) == "Most in the hour from 2026-11-19 09:00: 4 in all."
    assert [one.evidence.start for one in busiest.evidence] == [3700.0, 3710.0, 3720.0, 3730.0]
    assert lead(german) == "Am meisten in der Stunde ab 2026-11-19 09:00: 4 insgesamt."
    assert lead(by_hour) == "6 in all: 2026-11-19 08:00: 2, 2026-11-19 09:00: 4."
    assert lead(people) == lead(busiest)
    assert lead(by_camera) == "6 in all: north gate: 6."


async def test_a_camera_is_a_scope(gates: Toolbox) -> None:
    north, south, cars = await asked(
        gates,
        "How many people pass at camera north gate?",
        "Wie viele Personen gehen an der Kamera south gate vorbei?",
        "How many cars pass at the south gate?",
    )
    assert len(north.evidence) == 6 and not south.found
    assert len(cars.evidence) == 1 and "south gate \N{MIDDLE DOT} s1" in cars.answer
