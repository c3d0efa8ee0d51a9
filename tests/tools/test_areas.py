"""Regions, zones and lines: spans and crossings computed from the boxes of a sighting."""

import math
from typing import Any

import pytest

from tools.areas import (
    Area,
    checked_area,
    checked_region,
    crossings,
    facts_in,
    inside,
    numbers_of,
    touching,
)
from tools.errors import RefusedRequest
from tools.media import Sighting

YARD = ((0.4, 0.5), (0.6, 0.5), (0.6, 1.0), (0.4, 1.0))
DOOR = ((0.5, 0.4), (0.5, 1.0))


def going(*steps: tuple[float, float], foot: float = 0.8, end: float | None = None) -> Sighting:
    """An object of a tenth of the picture's width: each step is a time, and where its middle is."""
    boxes = tuple((at, x - 0.05, foot - 0.2, x + 0.05, foot) for at, x in steps)
    last = steps[-1][0] if end is None else end
    return Sighting(
        "0" * 16, steps[0][0], last, "person", "", "", 0.0, 0.9, steps[0][0], boxes
    )  # fmt: skip


ACROSS = going(*((at, 0.1 * at) for at in range(11)))
"""From left to right in 10 s."""


def test_a_region_is_touched_from_one_box_to_the_next() -> None:
    (span,) = touching(ACROSS, (0.4, 0.5, 0.6, 1.0))
    assert span == pytest.approx((3.5, 6.5))
    assert touching(ACROSS, (0.0, 0.0, 1.0, 0.55)) == []
    quick = going((0.0, 0.1), (1.0, 0.9))  # no box of it lies there
    assert touching(quick, (0.48, 0.0, 0.52, 1.0)) == [pytest.approx((0.4125, 0.5875))]


def test_a_zone_holds_where_an_object_stands() -> None:
    assert inside(ACROSS, YARD) == [pytest.approx((4.0, 6.0))]
    assert inside(going((0.0, 0.1), (10.0, 0.9), foot=0.45), YARD) == []  # behind it
    there_and_back = going((0.0, 0.1), (5.0, 0.5), (10.0, 0.1))
    assert inside(there_and_back, YARD) == [pytest.approx((3.75, 6.25))]
    twice = going((0.0, 0.5), (1.0, 0.1), (2.0, 0.5))
    assert inside(twice, YARD) == [pytest.approx((0.0, 0.25)), pytest.approx((1.75, 2.0))]
    stays = going((0.0, 0.1), (4.0, 0.5), end=100.0)
    assert inside(stays, YARD) == [pytest.approx((3.0, 100.0))]


def test_a_zone_may_be_of_any_shape() -> None:
    horseshoe = ((0.2, 0.5), (0.8, 0.5), (0.8, 1.0), (0.7, 1.0), (0.7, 0.6), (0.3, 0.6),
                 (0.3, 1.0), (0.2, 1.0))  # fmt: skip
    assert inside(ACROSS, horseshoe) == [pytest.approx((2.0, 3.0)), pytest.approx((7.0, 8.0))]


def test_boxes_that_tremble_at_an_edge_are_no_second_visit() -> None:
    trembling = going((0.0, 0.1), (4.0, 0.41), (5.0, 0.395), (6.0, 0.41), (9.0, 0.5))
    assert len(inside(trembling, YARD)) == 1
    at_the_line = going((0.0, 0.1), (4.0, 0.51), (5.0, 0.495), (6.0, 0.51), (9.0, 0.9))
    assert [one.to for one in crossings(at_the_line, DOOR)] == ["right"]
    turning = going((0.0, 0.1), (4.0, 0.51), (9.0, 0.1))
    assert crossings(turning, DOOR) == []


def test_a_line_is_crossed_one_way_or_the_other() -> None:
    (one,) = crossings(ACROSS, DOOR)
    assert one == (pytest.approx(5.0), "right")
    (back,) = crossings(going((0.0, 0.9), (10.0, 0.1)), tuple(reversed(DOOR)))
    assert back == (pytest.approx(5.0), "left")
    both = crossings(going((0.0, 0.1), (4.0, 0.9), (8.0, 0.1)), DOOR)
    assert [way for _, way in both] == ["right", "left"]
    assert crossings(ACROSS, ((0.5, 0.0), (0.5, 0.5))) == []  # above where it goes
    down = Sighting(
        "0" * 16, 0, 2, "", "", "", 0, 1, 0, ((0, 0.4, 0, 0.6, 0.2), (2, 0.4, 0.6, 0.6, 0.9))
    )
    assert [way for _, way in crossings(down, ((0.2, 0.5), (0.8, 0.5)))] == ["down"]
    bent = ((0.5, 0.4), (0.5, 0.8), (0.5, 1.0))  # its corner is met once
    assert len(crossings(ACROSS, bent)) == 1


def test_the_facts_of_an_object_tell_of_zones_and_lines() -> None:
    areas = [Area("cam", "yard", "zone", YARD), Area("cam", "door", "line", DOOR)]
    assert facts_in(ACROSS, areas) == {
        "zones": [{"name": "yard", "seconds": 2.0, "entered": [4.0], "left": [6.0]}],
        "crossings": [{"name": "door", "at": 5.0, "to": "right"}],
    }
    begins_inside = going((0.0, 0.5), (4.0, 0.5))
    (zone,) = facts_in(begins_inside, areas)["zones"]
    assert zone == {"name": "yard", "seconds": 4.0, "entered": [], "left": []}
    assert facts_in(going((0.0, 0.1), (1.0, 0.2)), areas) == {}


@pytest.mark.parametrize(
    "points", [[(0, 0), (1, 1)], [(0, 0)] * 3, [(0, 0), (0.5, 0.5), (1, 1)],
               [(0, 0), (1, 0), (2, 1)], [(0, 0), (1, 0), (math.nan, 1)],
               [(0, 0), (1, 0), (True, "x")], [(0, 0)] * 41,
               [(0, 0, 0), (1, 0, 0), (1, 1, 1)]],
)  # fmt: skip
def test_what_is_no_zone_is_refused(points: list[Any]) -> None:
    with pytest.raises(RefusedRequest):
        checked_area("cam", "yard", "zone", points)


def test_what_is_no_line_or_region_is_refused() -> None:
    with pytest.raises(RefusedRequest, match="no length"):
        checked_area("cam", "door", "line", [(0.5, 0.5)] * 2)
    with pytest.raises(RefusedRequest, match="needs a name"):
        checked_area("cam", "\u202e \x00", "line", DOOR)
    for wrong in ([0, 0, 1], [0, 0, 1, 1.1], [-0.1, 0, 1, 1], [0, 0, math.inf, 1], [1, 0, 0, 1]):
        with pytest.raises(RefusedRequest, match="left,top,right,bottom"):
            checked_region(wrong)
    for text in ("", "0,x", "0;1", "0," * 1000):
        with pytest.raises(RefusedRequest, match="shares of the picture"):
            numbers_of(text)
    assert checked_region(numbers_of("0, 0.5,1,1")) == (0.0, 0.5, 1.0, 1.0)
    assert checked_area("cam", " yard\n", "zone", YARD).name == "yard"
