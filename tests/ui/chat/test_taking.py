"""Taken away from the chat: clips of a moment and of selected words, edit lists, subtitles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.ui.browser import ask, greeted, page_at
from tests.ui.serving import Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

pytestmark = pytest.mark.browser
SAID = """1
00:00:01,000 --> 00:00:02,500
The kettle is red.

2
00:00:04,000 --> 00:00:06,000
Then the kettle is blue.
"""
SELECT = """([first, last]) => {
    const words = [...document.querySelectorAll("cue-transcript .cue-word")]
    const range = document.createRange()
    range.setStart(words.at(first).firstChild, 0)
    range.setEnd(words.at(last).firstChild, words.at(last).textContent.length)
    document.getSelection().removeAllRanges()
    document.getSelection().addRange(range)
}"""


@pytest.fixture(scope="module")
def server(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("taking")
    path = folder / "kettle.mp4"
    path.symlink_to(shots)
    path.with_suffix(".srt").write_text(SAID)
    ingest(Library(folder / "home"), path, providers=BARE)
    with serving(folder / "home", CUEPOINT_MODEL="extractive", CUEPOINT_BACKGROUND="off") as one:
        yield one


def _taken(page: Any, button: Any, folder: Path) -> Path:
    """The file that a button saves."""
    with page.expect_download() as waiting:
        button.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def _seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        assert container.streams.video and container.streams.audio
        return float(container.duration or 0) / av.time_base


def test_moments_and_selected_words_are_taken_away(
    chromium: Any, server: Server, tmp_path: Path
) -> None:
    with page_at(chromium, server) as page:
        greeted(page)
        answer = ask(page, "What is said about the kettle?")
        clip = _taken(page, answer.get_by_role("button", name="Cut evidence 1 as"), tmp_path)
        assert clip.suffix == ".mp4" and clip.name.startswith("kettle")
        assert _seconds(clip) == pytest.approx(2.0, abs=0.1)  # what the player plays of it

        answer.get_by_text("Take away").click()
        edl = _taken(page, answer.get_by_role("button", name="Edit list (EDL)"), tmp_path)
        assert "TITLE: kettle" in edl.read_text() and "The kettle is red." in edl.read_text()
        board = _taken(page, answer.get_by_role("button", name="One page"), tmp_path)
        assert "Then the kettle is blue." in board.read_text("utf-8")

        picture = _taken(page, answer.get_by_role("button", name="One picture"), tmp_path)
        assert picture.suffix == ".png" and picture.read_bytes().startswith(b"\x89PNG")

        reel = _taken(page, answer.get_by_role("button", name="A reel of them"), tmp_path)
        assert reel.name == "kettle reel.mp4" and _seconds(reel) == pytest.approx(3.5, abs=0.1)

        answer.get_by_role("tab", name="Transcript").click()
        page.locator("cue-transcript .cue-word").first.wait_for()
        page.evaluate(SELECT, [0, -1])
        button = page.get_by_role("button", name="Cut 0:01 to 0:06 as a clip")
        assert _seconds(_taken(page, button, tmp_path)) == pytest.approx(5.0, abs=0.1)


def test_words_inside_a_line_are_cut_whole_and_a_failure_is_told(
    chromium: Any, server: Server, tmp_path: Path
) -> None:
    with page_at(chromium, server, statuses=[507]) as page:
        greeted(page)
        answer = ask(page, "What is said about the kettle?")
        answer.get_by_role("tab", name="Transcript").click()
        page.locator("cue-transcript .cue-word").first.wait_for()
        page.evaluate(SELECT, [5, 7])  # "the kettle is" of 4 to 6 s: by its letters 4.42 to 5.58
        button = page.locator("cue-transcript .cue-cut")
        full = {"status": 507, "json": {"detail": "The disk is full."}}
        page.route("**/clip?**", lambda route: route.fulfill(**full), times=1)
        button.click()
        page.get_by_role("button", name="The disk is full.").wait_for()
        clip = _taken(page, button, tmp_path)
        assert clip.name == "kettle 0.04.2-0.05.7.mp4"
        button.wait_for(state="detached")
        answer.get_by_role("button", name="Cut evidence 1 as").click()
        answer.get_by_text("or select words in the transcript").wait_for()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_span_of_the_timeline_is_cut(
    chromium: Any, server: Server, tmp_path: Path, width: int
) -> None:
    with page_at(chromium, server, viewport={"width": width, "height": 900}) as page:
        greeted(page)
        answer = ask(page, "What is said about the kettle?")
        track = answer.get_by_role("slider", name="Timeline of kettle")
        track.scroll_into_view_if_needed()
        page.wait_for_function(
            "() => [...document.querySelectorAll('.cue-card img')].every((one) => one.complete)"
        )
        box = track.bounding_box()
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 4)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 4, steps=4)
        page.mouse.up()
        button = answer.get_by_role("button", name="Cut 0:02 to 0:05 as a clip")
        assert _seconds(_taken(page, button, tmp_path)) == pytest.approx(3.0, abs=0.2)
        button.wait_for(state="detached")
        track.press("Home")
        track.press("Shift+ArrowRight")
        button = answer.get_by_role("button", name="Cut 0:00 to 0:05 as a clip")
        assert _seconds(_taken(page, button, tmp_path)) == pytest.approx(5.0, abs=0.1)
        track.press("ArrowLeft")
        assert answer.locator(".cue-tl-span").is_hidden()


def test_on_a_phone_all_that_can_be_taken_away_is_in_reach(
    chromium: Any, server: Server, tmp_path: Path
) -> None:
    with page_at(chromium, server, viewport={"width": 390, "height": 844}) as page:
        greeted(page)
        answer = ask(page, "What is said about the kettle?")
        answer.get_by_text("Take away").click()
        for button in answer.locator(".cue-take > div > button").all():
            button.scroll_into_view_if_needed()
            box = button.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390, button.inner_text()
        button = answer.get_by_role("button", name="OpenTimelineIO")
        assert _taken(page, button, tmp_path).suffix == ".otio"


def test_subtitles_are_taken_away_from_the_library(
    chromium: Any, server: Server, tmp_path: Path
) -> None:
    with page_at(chromium, server, "/library", statuses=[404]) as page:
        page.get_by_label("What can be done with kettle").click()
        page.get_by_role("button", name="Take away").click()
        save = page.get_by_role("button", name="Save")
        page.get_by_label("What to take away").select_option(label="Subtitles (WebVTT)")
        told = _taken(page, save, tmp_path)
        assert told.suffix == ".vtt" and "The kettle is red." in told.read_text()
        page.get_by_label("What can be done with kettle").click()
        page.get_by_role("button", name="Take away").click()
        page.get_by_label("What to take away").select_option(label="Chapters for YouTube")
        save.click()
        page.get_by_role("alert").filter(has_text="chapter").wait_for()
