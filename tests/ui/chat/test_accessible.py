"""The pages by keyboard and by ear: axe finds nothing grave, names and landmarks are there."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.made_library import add_video, video_id
from tests.ui.browser import ask, greeted, page_at
from tests.ui.serving import Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

pytestmark = pytest.mark.browser
LOOKS = {
    "wide": {"color_scheme": "light"},
    "phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
STILL = """() => Promise.allSettled(document.getAnimations()
    .filter(one => isFinite(one.effect.getComputedTiming().endTime)).map(one => one.finished))"""
"""A dialogue that fades in has no contrast yet."""
AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .map(({id, impact, nodes}) => ({id, impact, nodes: nodes.map((node) => node.html)}))"""
FOCUSED = """() => {
    const one = document.activeElement
    return one.id || one.className || one.tagName
}"""
STOPS = 15
"""Tab stops before the composer, at most."""


@pytest.fixture(scope="module")
def server(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two videos; one says a sentence twice."""
    folder = tmp_path_factory.mktemp("accessible")
    library = Library(folder / "home")
    ingest(library, shots, title="silent", providers=BARE)
    path = folder / "kettle.mp4"
    path.write_bytes(shots.read_bytes() + b"\0\0\0\x08free")
    cues = ("00:00:01,000 --> 00:00:02,500\nThe kettle is red.",
            "00:00:05,000 --> 00:00:06,500\nMind the kettle, please.")  # fmt: skip
    path.with_suffix(".srt").write_text("\n\n".join(f"{n}\n{c}" for n, c in enumerate(cues, 1)))
    ingest(library, path, title="kettle", providers=BARE)
    with serving(library.home, CUEPOINT_MODEL="extractive") as started:
        yield started


def _video(server: Server) -> str:
    return next(one.id for one in Library(server.home).list() if one.title == "kettle")


def _grave(page: Any) -> list[dict[str, Any]]:
    """What axe calls critical or serious."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    page.evaluate(STILL)
    found: list[dict[str, Any]] = page.evaluate(AXE)
    return [one for one in found if one["impact"] in ("critical", "serious")]


def test_axe_finds_what_is_grave(chromium: Any, server: Server) -> None:
    with page_at(chromium, server, "/v/none", statuses=[404]) as page:
        page.evaluate("document.querySelector('main').innerHTML = '<button></button>'")
        assert [one["id"] for one in _grave(page)] == ["button-name"]


@pytest.mark.parametrize("look", LOOKS)
def test_no_state_of_the_chat_has_a_grave_finding(chromium: Any, server: Server, look: str) -> None:
    with page_at(chromium, server, **LOOKS[look]) as page:
        greeted(page)
        assert _grave(page) == []
        page.locator(".cue-scope-open").click()
        page.get_by_role("checkbox", name="kettle").wait_for()
        assert _grave(page) == []
        page.keyboard.press("Escape")
        answer = ask(page, "What is said about the kettle?")
        answer.locator(".cue-card").first.wait_for()
        assert _grave(page) == []
        answer.locator(".cue-card").first.click()
        page.wait_for_function("document.querySelector('[data-testid=player]').readyState > 1")
        assert _grave(page) == []
        page.locator("#theme-toggle").click()
        page.get_by_role("menu").wait_for()
        assert _grave(page) == []
        page.keyboard.press("Escape")
        page.locator("#theme-toggle").and_(page.locator(":focus")).wait_for()
        page.locator("#readme-button").click()
        page.get_by_role("dialog").get_by_role("table").wait_for()
        assert _grave(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_of_a_moment_has_a_grave_finding(chromium: Any, server: Server, look: str) -> None:
    for path in (f"/v/{_video(server)}?t=1", f"/v/{_video(server)}?t=x", "/v/none"):
        with page_at(chromium, server, path, statuses=[404], **LOOKS[look]) as page:
            page.get_by_role("heading", level=1).wait_for()
            assert _grave(page) == []


def test_landmarks_a_heading_and_names_are_there_after_a_new_chat_too(
    chromium: Any, server: Server
) -> None:
    with page_at(chromium, server) as page:
        for _ in range(2):
            greeted(page)
            page.get_by_role("main").and_(page.locator(":has(#chat-input)")).wait_for()
            page.get_by_role("banner").get_by_role("heading", level=1).wait_for()
            for name in ("New chat", "Send", "Attach a video, subtitles or a picture"):
                page.get_by_role("button", name=name).wait_for()  # two of a name would raise
            answer = ask(page, "What is said about the kettle?")
            answer.get_by_role("button", name="Copy this answer").wait_for()
            page.keyboard.press("Alt+n")
            answer.wait_for(state="detached")


def test_a_finished_answer_is_said_once_and_again_when_it_comes_again(
    chromium: Any, server: Server
) -> None:
    with page_at(chromium, server) as page:
        greeted(page)
        page.evaluate(
            """() => {
                window.said = []
                const region = document.querySelector('p.cue-hidden[role=status]')
                new MutationObserver(() => region.textContent && said.push(region.textContent))
                    .observe(region, {childList: true, characterData: true, subtree: true})
            }"""
        )
        for times in (1, 2):
            answer = ask(page, "What is said about the kettle?")
            page.wait_for_function("times => said.length === times", arg=times)
            first, again = page.evaluate("() => [said[0], said[said.length - 1]]")
            assert first == again and "The kettle is red." in first and "[" not in first
            assert "The kettle is red." in answer.inner_text()


def test_keys_play_the_evidence_and_go_to_the_composer(chromium: Any, server: Server) -> None:
    pressed = "() => document.querySelector('.cue-card[aria-pressed=true]')?.dataset.handle"
    plays = "() => !document.querySelector('[data-testid=player]').paused"
    with page_at(chromium, server) as page:
        greeted(page)
        answer = ask(page, "What is said about the kettle?")
        answer.locator(".cue-card").nth(1).wait_for()
        page.keyboard.press("Alt+p")
        page.wait_for_function(plays)
        first = page.evaluate(pressed)
        page.keyboard.press("Alt+ArrowDown")
        page.wait_for_function(f"first => ({pressed})() !== first", arg=first)
        page.wait_for_function(plays)
        page.keyboard.press("Alt+p")
        page.wait_for_function(f"() => !({plays})()")
        page.keyboard.press("Alt+ArrowUp")
        page.wait_for_function(f"first => ({pressed})() === first", arg=first)
        page.locator(".cue-card").first.focus()
        page.keyboard.press("/")
        assert page.evaluate(FOCUSED) == "chat-input"
        page.keyboard.type("/a/")  # where one writes, it is a letter
        assert page.locator("#chat-input").input_value() == "/a/"


def test_the_composer_is_near_by_keyboard_with_fifty_videos(chromium: Any, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    for number in range(50):
        add_video(library, video_id(number), number, frames=4, cues=3, shown=1)
    with serving(library.home) as server, page_at(chromium, server, statuses=[410]) as page:
        assert greeted(page).inner_text() == "all 50 videos"
        page.locator(".cue-chip").first.wait_for()
        page.locator("body > :first-child").focus()
        stops = [page.evaluate(FOCUSED)]
        while stops[-1] != "chat-input" and len(stops) <= STOPS:
            page.keyboard.press("Tab")
            stops.append(page.evaluate(FOCUSED))
        assert stops[0] == "cue-skip" and stops[-1] == "chat-input", stops
        page.locator(".cue-chip").first.focus()
        for key, place in (("ArrowRight", 1), ("End", -1), ("Home", 0)):
            page.keyboard.press(key)
            group = (
                "[...document.activeElement.closest('[data-testid=library] > *')"
                ".querySelectorAll('button')]"
            )
            assert page.evaluate(f"place => {group}.at(place) === document.activeElement", place)
        page.locator(".cue-skip").focus()
        page.keyboard.press("Enter")
        assert page.evaluate(FOCUSED) == "chat-input"
        page.locator(".cue-scope-open").click()
        page.get_by_role("searchbox").fill(video_id(7)[:6])
        page.get_by_role("checkbox", name=video_id(7)).wait_for()
        page.wait_for_function("document.querySelectorAll('#cue-scope-list li').length === 1")


def test_the_interface_speaks_german_to_a_german_browser(chromium: Any, server: Server) -> None:
    with page_at(chromium, server, locale="de-AT") as page:
        greeted(page)
        assert page.evaluate("document.documentElement.lang") == "de"
        page.get_by_placeholder("Frag etwas zu deinen Videos").wait_for()
        page.get_by_role("button", name="Fragen gehen an alle 2 Videos").wait_for()
        page.get_by_role("button", name="Hilfe").click()
        page.get_by_role("heading", name="Mit deinen Videos reden").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Neues Gespräch").wait_for()
    assert "Translat" not in server.log.read_text()
