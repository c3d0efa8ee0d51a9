"""Counts and stays of objects by group, against a count by hand."""

from datetime import datetime, timedelta, timezone

import pytest

from tests.watched import across, going, watched
from tools.errors import ProviderUnavailable
from tools.library import Library
from tools.toolbox import Toolbox

CET = timezone(timedelta(hours=1))
STARTS = (10.0, 20.0, 3700.0, 3710.0, 3720.0)
"""Of people, seconds after 07:59:30: two before eight, three after nine."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    folder = tmp_path_factory.mktemp("two")
    library = Library(folder / "home")
    people = [across(start) for start in STARTS]
    van = going(100.0, [(0.1, 0.8), (0.5, 0.8)], "truck", "white", end=700.0)
    begun = datetime(2026, 11, 19, 7, 59, 30, tzinfo=CET)
    gate = watched(library, folder, "gate", [*people, van], begun)
    watched(library, folder, "door", [across(61.0, "car", "red"), across(15.0)])
    library.cameras.reserve("Gate", "/films")
    library.collections.add("Gate", [gate])
    library.cameras.draw("Gate", "yard", "zone", [(0.4, 0.5), (0.6, 0.5), (0.6, 1), (0.4, 1)])
    return Toolbox(library)


def groups(box: Toolbox, **given: object) -> dict[str, int]:
    return {one.group: one.objects for one in box.count_objects(**given)}  # type: ignore[arg-type]


def test_objects_are_counted_by_group(box: Toolbox) -> None:
    assert groups(box) == {"": 8}
    assert groups(box, by="label") == {"person": 6, "truck": 1, "car": 1}
    assert groups(box, by="colour") == {"": 6, "white": 1, "red": 1}
    assert groups(box, by="camera") == {"Gate": 6, "door": 2}
    assert groups(box, by="video") == {"gate": 6, "door": 2}


def test_hours_are_of_the_clock_else_of_the_video(box: Toolbox) -> None:
    found = groups(box, by="hour")
    assert found == {"0:00": 2, "2026-11-19 07:00": 2, "2026-11-19 08:00": 1, "2026-11-19 09:00": 3}
    minutes = groups(box, by="minute", label="car")
    assert minutes == {"1:00": 1}


def test_the_mean_and_the_longest_stay_are_told(box: Toolbox) -> None:
    (van,) = box.count_objects("van", "white")
    assert (van.objects, van.mean, van.longest) == (1, 600.0, 600.0)
    (everybody,) = box.count_objects("person")
    assert (everybody.mean, everybody.longest) == (4.0, 4.0)
    gate, _ = box.library.list()[::-1]
    assert (gate.id, 10.0, 3720.0) in everybody.spans


def test_in_a_zone_boxes_decide_and_stays_are_inside_it(box: Toolbox) -> None:
    (inside,) = box.count_objects(area="yard")
    assert inside.objects == 6 and inside.longest == pytest.approx(599.3, abs=0.2)
    by_hour = groups(box, by="hour", area="yard", label="person")
    assert by_hour == {"2026-11-19 07:00": 2, "2026-11-19 09:00": 3}
    assert groups(box, region=[0, 0, 1, 0.3]) == {}
    assert groups(box, start=3600.0) == {"": 3}


def test_the_fullest_groups_are_kept_in_their_order(box: Toolbox) -> None:
    found = groups(box, by="hour", limit=2)
    assert [*found] == ["0:00", "2026-11-19 09:00"]


def test_why_nothing_is_counted_is_told(box: Toolbox) -> None:
    assert groups(box, label="dog") == {}
    (gate,) = [one for one in box.library.list() if one.title == "gate"]
    with pytest.raises(ProviderUnavailable, match="needs a detector"):
        box.count_objects("dog", videos=[gate.id])
