"""Answers in a real browser: numbers play, the player stops, the timeline and the words seek."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ui.chat.test_chat import SHOWN, ask, browser, page_of
from tests.ui.serving import Server, serving
from tools.library import Library

QUESTION = "How often does the fog horn sound?"
INNER = ("extractive", "weak", "draft", "unsupported", "speech none", "vectors", "Used search")
LISTEN = """() => {
    window.began = []
    for (const player of document.querySelectorAll('[data-testid=player]'))
        player.addEventListener('playing', () => window.began.push(player.currentTime))
}"""
BEGAN = "([start]) => window.began.some((at) => Math.abs(at - start) < 0.3)"
TIME = "document.querySelector('[data-testid=player]').currentTime"


@pytest.fixture(scope="module")
def lighthouse(
    with_sample: Callable[[Path], Library], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server on a library that holds the sample video alone."""
    with serving(with_sample(tmp_path_factory.mktemp("lighthouse") / "home").home) as server:
        yield server


@pytest.fixture(scope="module")
def said(sample: Path) -> list[dict[str, Any]]:
    """What is said when, as the sample video was made."""
    return json.loads(sample.with_suffix(".json").read_text("utf-8"))["speech"]


@contextmanager
def answered(chromium: Any, server: Server) -> Iterator[tuple[Any, Any]]:
    """A page with one answer that cites two moments, and its evidence."""
    with page_of(chromium, server) as page:
        evidence = ask(page, QUESTION)
        page.wait_for_function(SHOWN)
        page.evaluate(LISTEN)
        yield page, evidence


def starts(evidence: Any) -> list[float]:
    return [float(one.get_attribute("data-start")) for one in evidence.locator(".cue-card").all()]


@browser
def test_a_number_plays_its_moment_which_stops_at_its_end_and_goes_on_when_asked(
    chromium: Any, lighthouse: Server, said: list[dict[str, Any]]
) -> None:
    truth = next(row for row in said if "fog horn" in row["text"])
    with answered(chromium, lighthouse) as (page, evidence):
        link = page.locator(".prose a[href^='/v/']").first
        start = starts(evidence)[0]
        assert truth["start"] - 0.5 <= start <= truth["end"] and link.inner_text() == "[1]"
        (video,) = Library(lighthouse.home).list()
        assert link.get_attribute("href") == f"/v/{video.id}?t={start:.3f}#1"
        link.click()
        page.wait_for_function(BEGAN, arg=[start])
        on = evidence.get_by_role("button", name="Play on")
        on.wait_for()
        stopped = page.evaluate(TIME)
        assert start + 2 <= stopped and truth["end"] - 0.3 <= stopped <= truth["end"] + 0.7
        assert page.evaluate("document.querySelector('[data-testid=player]').paused")
        on.click()
        page.wait_for_function(f"(at) => {TIME} > at + 0.5", arg=stopped)
        assert on.count() == 0
        page.keyboard.down("Control")  # its own page, as any link
        with page.context.expect_page() as opened:
            link.click()
        page.keyboard.up("Control")
        assert f"/v/{video.id}?t=" in opened.value.url
        opened.value.close()


@browser
def test_buttons_and_arrow_keys_go_through_the_evidence(chromium: Any, lighthouse: Server) -> None:
    with answered(chromium, lighthouse) as (page, evidence):
        first, second = starts(evidence)
        evidence.get_by_role("button", name="Next evidence").click()
        page.wait_for_function(BEGAN, arg=[first])
        page.keyboard.press("ArrowRight")
        page.wait_for_function(BEGAN, arg=[second])
        chosen = evidence.locator(".cue-card[aria-pressed=true]")
        assert float(chosen.get_attribute("data-start")) == second
        page.evaluate("window.began = []")
        evidence.get_by_role("button", name="Previous evidence").click()
        page.wait_for_function(BEGAN, arg=[first])
        evidence.locator(".cue-card").first.focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "(at) => document.activeElement.dataset.start === String(at)", arg=second
        )


@browser
def test_a_card_has_its_quotation_in_its_name_and_its_moment_can_be_shared(
    chromium: Any, lighthouse: Server
) -> None:
    with answered(chromium, lighthouse) as (page, evidence):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        named = evidence.get_by_role(
            "button", name="Play evidence [1] 0:47 said confirmed “In the afternoon the weather"
        )
        assert named.count() == 1
        evidence.get_by_role("link", name="Copy link to moment 1").click()
        evidence.get_by_text("Copied", exact=True).wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        (video,) = Library(lighthouse.home).list()
        assert copied == f"{lighthouse.url}/v/{video.id}?t={starts(evidence)[0]:.3f}#1"
        with page.expect_download() as saved:
            evidence.get_by_role("link", name="Save frame of evidence 1").click()
        assert saved.value.suggested_filename == "lighthouse 0-49.2.jpg"


@browser
def test_the_timeline_seeks_by_pointer_and_keys_and_shows_what_is_there(
    chromium: Any, lighthouse: Server
) -> None:
    with answered(chromium, lighthouse) as (page, evidence):
        slider = evidence.get_by_role("slider", name="Timeline of lighthouse")
        slider.scroll_into_view_if_needed()
        assert slider.get_attribute("aria-valuemax") == "98"
        assert [pin.inner_text() for pin in evidence.locator(".cue-tl-pin").all()] == ["1", "2"]
        box = slider.bounding_box()
        place = box["x"] + 0.6 * box["width"], box["y"] + 4
        page.mouse.move(*place)
        shown = page.locator(".cue-preview:visible")
        assert "0:58" in shown.inner_text()
        page.wait_for_function(
            "document.querySelector('.cue-preview:not([hidden]) img').naturalWidth > 0"
        )
        page.mouse.click(*place)
        page.wait_for_function("() => window.began.some((at) => Math.abs(at - 58.8) < 1)")
        page.locator("[data-testid=player]").evaluate("player => player.pause()")
        before = page.evaluate(TIME)
        slider.press("ArrowLeft")
        page.wait_for_function(f"(at) => Math.abs({TIME} - at) < 0.3", arg=before - 5)
        assert "of 1:38, " in slider.get_attribute("aria-valuetext")
        assert page.evaluate("document.querySelector('[data-testid=player]').paused")
        evidence.locator(".cue-tl-pin").nth(1).click()
        page.wait_for_function(BEGAN, arg=[starts(evidence)[1]])


@browser
def test_what_is_indexed_meanwhile_comes_into_a_timeline_that_is_drawn(
    chromium: Any, lighthouse: Server
) -> None:
    given: list[Any] = []

    def meanwhile(route: Any) -> None:
        data = route.fetch().json()
        lanes = [lane | {"state": "not indexed yet", "spans": []} for lane in data["lanes"]]
        route.fulfill(json=data if given else data | {"lanes": lanes})
        given.append(data)

    with page_of(chromium, lighthouse) as page:
        page.route("**/media/*/timeline", meanwhile)
        lanes = ask(page, QUESTION).locator("cue-timeline")
        lanes.get_by_text("not indexed yet").first.wait_for()
        lanes.get_by_text("not indexed yet").first.wait_for(state="detached")
        assert len(given) == 2


@browser
def test_a_word_of_the_transcript_seeks_and_the_line_that_is_said_stands_out(
    chromium: Any, lighthouse: Server, said: list[dict[str, Any]]
) -> None:
    row = next(row for row in said if "Marigold sails" in row["text"])
    with answered(chromium, lighthouse) as (page, evidence):
        evidence.get_by_role("tab", name="Transcript").click()
        now = evidence.locator(".cue-now")
        now.wait_for()
        assert "fog horn" in now.inner_text()  # where the first evidence is
        line = evidence.locator(".cue-line", has_text="Marigold sails")
        word = line.locator(".cue-word", has_text="Marigold")
        at = float(word.get_attribute("data-at"))
        share = row["text"].index("Marigold") / len(row["text"])
        assert at == pytest.approx(row["start"] + share * (row["end"] - row["start"]), abs=0.7)
        word.click()
        page.wait_for_function(BEGAN, arg=[at])
        page.wait_for_function(
            "() => document.querySelector('.cue-now').textContent.includes('Marigold sails')"
        )


@browser
def test_a_number_shows_its_picture_to_the_pointer_and_to_the_focus(
    chromium: Any, lighthouse: Server
) -> None:
    with answered(chromium, lighthouse) as (page, _):
        link = page.locator(".prose a[href^='/v/']").nth(1)
        preview = page.locator("#cue-preview")
        assert preview.is_hidden()
        link.hover()
        preview.wait_for()
        assert "“At night the fog horn sounds once more.”" in preview.inner_text()
        page.wait_for_function("document.querySelector('#cue-preview img').naturalWidth > 0")
        page.keyboard.press("Escape")
        assert preview.is_hidden()
        page.mouse.move(2, 2)
        link.focus()
        assert preview.is_visible() and link.get_attribute("aria-describedby") == "cue-preview"


@browser
def test_the_machinery_is_one_line_that_opens_and_no_inner_word_is_shown(
    chromium: Any, lighthouse: Server
) -> None:
    with answered(chromium, lighthouse) as (page, evidence):
        line = evidence.locator(".cue-quiet summary")
        assert line.inner_text().startswith("All of it searched · by rule · ")
        looked = evidence.locator(".cue-quiet dl")
        assert looked.is_hidden()
        line.click()
        told = looked.inner_text()
        assert "lighthouse" in told and "frames, at most" in told and ", after 0." in told
        shown = page.locator("body").inner_text()
        assert [word for word in INNER if word in shown] == []


@browser
def test_nothing_is_wider_than_a_phone(chromium: Any, lighthouse: Server) -> None:
    with answered(chromium, lighthouse) as (page, evidence):
        page.set_viewport_size({"width": 390, "height": 844})
        evidence.locator(".cue-quiet summary").click()
        evidence.locator(".cue-tl-about summary").click()
        for tab in ("Transcript", "Evidence"):
            evidence.get_by_role("tab", name=tab).click()
            wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1]
            outside = evidence.evaluate(
                "one => [...one.querySelectorAll('*')].filter((e) => e.getClientRects().length"
                " && e.getBoundingClientRect().right > innerWidth + 1"
                " && !e.closest('.cue-tl-times, .cue-tl-chapters')).map((e) => e.className)"
            )
            assert outside == []
