"""A zone drawn on the picture of the player, and a question that names it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.road import index_road
from tests.ui.browser import ask, greeted, page_at
from tests.ui.serving import Server, serving
from tools.library import Library

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, road_film: Path) -> Path:
    home = tmp_path_factory.mktemp("zones") / "home"
    index_road(home, road_film)
    return home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    with serving(home, CUEPOINT_MODEL="extractive", CUEPOINT_BACKGROUND="off") as one:
        yield one


def test_a_line_is_drawn_on_the_picture_and_asked_about(
    chromium: Any, server: Server, home: Path
) -> None:
    with page_at(chromium, server, statuses=(409,)) as page:
        greeted(page)
        answer = ask(page, "How many cars pass?")
        answer.get_by_role("button", name="Draw a zone").click()
        sheet = answer.locator("cue-zone > svg")
        box = sheet.bounding_box()
        keep = answer.get_by_role("button", name="Keep")
        answer.get_by_label("Zone or line").select_option("line")
        for at in (0.1, 0.98):
            assert keep.is_disabled()
            sheet.click(position={"x": box["width"] / 2, "y": box["height"] * at})
        answer.get_by_label("Its name").fill("\u202e")
        keep.click()
        answer.get_by_text("a line needs a name").wait_for()
        answer.get_by_label("Its name").fill("middle")
        keep.click()
        answer.get_by_text("middle is drawn").wait_for()
        told = ask(page, "How many cars cross the line middle?")
        told.get_by_text("3 in all:").wait_for()
    (area,) = Library(home).cameras.areas().all()
    assert (area.name, area.kind) == ("middle", "line")
    assert [one for point in area.points for one in point] == pytest.approx(
        [0.5, 0.1, 0.5, 0.98], abs=0.01
    )
