"""The whole way in a real browser: a file goes in, a question is answered, its moment plays."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.ui.browser import page_at
from tests.ui.serving import Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.chat import cards

READ = 240_000.0
"""Milliseconds in which a busy machine has read the sample; nothing is measured by it."""
PLAYS = """([start, end]) => {
    const player = document.querySelectorAll('[data-testid=player]')[0]
    return player && player.readyState >= 2 && player.videoWidth > 0 && !player.paused
        && player.currentTime > start && player.currentTime < end
}"""
SHOWN = """() => {
    const pictures = [...document.querySelectorAll('.cue-card img')]
    return pictures.length > 0 && pictures.every((one) => one.complete && one.naturalWidth > 0)
}"""
HOSTILE = (
    "![x](http://evil.example/a.png) <img src=http://evil.example/b.png onerror=alert(1)> "
    "[y](javascript:alert(2)) http://evil.example/c :note[z] **d** `e` www.evil.example"
)

browser = pytest.mark.browser


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that don't mind what else is in the library."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "allowed").mkdir()
    with serving(
        folder / "home", CUEPOINT_ROOTS=str(folder / "allowed"), CUEPOINT_TEXT_READER="none"
    ) as server:
        yield server


@contextmanager
def page_of(chromium: Any, server: Server, **expected: Any) -> Iterator[Any]:
    """The chat, greeted."""
    with page_at(chromium, server, **expected) as page:
        page.get_by_text("Hello!").wait_for()
        yield page


@pytest.fixture
def beginning(sample: Path, tmp_path: Path) -> Path:
    """The first 45 seconds of the sample, as they are: less text to be read."""
    path = tmp_path / sample.name
    with av.open(str(sample)) as whole, av.open(str(path), "w") as cut:
        tracks = {track.index: cut.add_stream_from_template(track) for track in whole.streams}
        for packet in whole.demux():
            if packet.pts is not None and packet.pts * packet.time_base < 45:
                packet.stream = tracks[packet.stream.index]
                cut.mux(packet)
    return path


def attach(page: Any, file: Any) -> None:
    page.set_input_files("#upload-button-input", file)
    page.locator("#attachments").wait_for()
    page.locator("#chat-submit:not([disabled])").click()


def ask(page: Any, question: str) -> Any:
    """Type a question, wait for its answer, return the evidence below it."""
    sections = page.get_by_test_id("evidence")
    before = sections.count()
    page.locator("#chat-input").click()
    page.keyboard.insert_text(question)
    page.locator("#chat-submit:not([disabled])").click()
    section = sections.nth(before)
    section.wait_for()
    page.locator("#stop-button").wait_for(state="detached")
    return section


def play(page: Any, card: Any) -> tuple[float, str]:
    """Click a cited frame; returns its start and what plays, once it really does."""
    start = float(card.get_attribute("data-start"))
    card.click()
    page.wait_for_function(PLAYS, arg=[start - 0.05, start + 5])
    return start, page.get_by_test_id("player").first.evaluate("player => player.currentSrc")


@browser
def test_a_video_is_uploaded_asked_about_while_it_is_indexed_and_after_played_and_kept(
    chromium: Any, sample: Path, beginning: Path, tmp_path: Path
) -> None:
    with serving(tmp_path / "home") as server:
        with page_of(chromium, server) as page:
            attach(page, str(beginning))
            page.get_by_role("progressbar").wait_for()
            page.get_by_text("You can ask about lighthouse already").wait_for()
            evidence = ask(page, "What is said about Paris?")
            page.get_by_text("lighthouse is ready").wait_for(timeout=READ)
            page.wait_for_function(SHOWN)
            card = evidence.locator(".cue-card").first
            assert card.text_content().startswith("Play evidence [1]")
            start, source = play(page, card)
            said = json.loads(sample.with_suffix(".json").read_text("utf-8"))["speech"]
            truth = next(row for row in said if "Paris" in row["text"])
            assert truth["start"] - 0.5 <= start <= truth["end"]
            assert source.endswith("/file")  # browsers play it as it is
            assert " · by rule · " in evidence.locator(".cue-quiet").inner_text()
            # The keyboard does the same.
            page.get_by_test_id("player").first.evaluate("player => player.pause()")
            card.focus()
            page.keyboard.press("Enter")
            page.wait_for_function(PLAYS, arg=[start - 0.05, start + 5])
            # The conversation goes on: what is new gets a new number.
            later = ask(page, "What is said about the ferry?").locator(".cue-card").first
            assert int(later.get_attribute("data-handle")) > 1
        server.stop()
    with serving(tmp_path / "home") as server, page_of(chromium, server) as page:
        page.get_by_text("lighthouse is loaded").wait_for()
        # A conversation goes on after a restart, with its frames and its numbers.
        page.locator("#header #sidebar-trigger-button").click()
        page.get_by_role("link", name="What is said about Paris?").click()
        page.wait_for_function(SHOWN)
        again = page.locator(".cue-card").first
        assert again.text_content().startswith("Play evidence [1]")
        later = ask(page, "When was [1]?").locator(".cue-card").first
        assert later.get_attribute("data-handle") == "1"
        (video,) = Library(server.home).list()
        page.goto(f"{server.url}/v/{video.id}?t=7.5")
        page.wait_for_function(PLAYS.replace("[data-testid=player]", "#player"), arg=[7.4, 12.5])


@browser
@pytest.mark.parametrize("name", ["odd/ax_sample.avi", "clips/dvr_issue53.avi", "odd/mb_h265.mp4"])
def test_what_browsers_cannot_decode_plays_from_a_copy(
    chromium: Any, media: Path, shared: Server, name: str
) -> None:
    with page_of(chromium, shared) as page:
        attach(page, str(media / name))
        page.get_by_text("is ready").wait_for()
        evidence = ask(page, "What is on screen at 0:02?")
        page.wait_for_function(SHOWN)
        _, source = play(page, evidence.locator(".cue-card").first)
        assert "/play?from=0&to=" in source


@browser
def test_a_moment_far_into_a_long_video_plays_from_a_copy_of_its_span(
    chromium: Any, encode: Callable[..., Path], shared: Server, tmp_path: Path
) -> None:
    def paint(seconds: float) -> Any:
        return np.full((90, 160, 3), 20 + int(seconds), np.uint8)

    film = encode(tmp_path / "long.avi", paint, 90.0, fps=5, codec="mpeg4", gop=25)
    video = ingest(Library(shared.home), film, providers=BARE)
    with page_of(chromium, shared) as page:
        page.goto(f"{shared.url}/v/{video.id}?t=72.5")
        plays = PLAYS.replace("[data-testid=player]", "#player")
        page.wait_for_function(plays, arg=[72.4, 77.5])
        player = page.locator("#player")
        assert "from=60&to=90" in player.evaluate("player => player.currentSrc")
        assert player.evaluate("player => player.duration") == pytest.approx(90, abs=0.5)
        player.evaluate("player => { player.currentTime = 15 }")  # outside of that copy
        page.wait_for_function(plays, arg=[14.9, 20])
        assert "from=0&to=60" in player.evaluate("player => player.currentSrc")


@browser
def test_one_of_several_is_chosen_and_its_title_is_text(
    chromium: Any, shots: Path, encode: Callable[..., Path], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    grey = encode(tmp_path / "grey.mp4", lambda _: np.full((90, 160, 3), 99, np.uint8), 1.0)
    ingest(Library(home), shots, title=HOSTILE, providers=BARE)
    ingest(Library(home), grey, providers=BARE)
    with serving(home) as server, page_of(chromium, server) as page:
        page.get_by_text("Hello! 2 videos are here.").wait_for()
        page.get_by_role("button", name="Ask only !").click()
        message = page.locator(".message-content").filter(has_text="Questions now go to")
        message.wait_for()
        assert "![x](http" in message.inner_text() and ":note[z] **d** `e`" in message.inner_text()
        assert message.locator("a, img").count() == 0
        page.get_by_role("button", name="Ask all videos instead").click()
        page.get_by_text("Questions now go to all videos").wait_for()


@browser
def test_a_path_is_only_opened_inside_a_root(chromium: Any, shots: Path, shared: Server) -> None:
    allowed = shared.home.parent / "allowed"
    shutil.copy(shots, allowed / "inside.mp4")
    (allowed / "link.mp4").symlink_to(shots)
    with page_of(chromium, shared) as page:
        refused = [str(shots), str(shots) + "x", str(allowed / "link.mp4"), "/etc/passwd", ""]
        for number, path in enumerate(refused, 1):
            page.locator("#chat-input").click()
            page.keyboard.type(f"/open {path}")
            page.locator("#chat-submit:not([disabled])").click()
            page.get_by_text("I can't open that").nth(number - 1).wait_for()
        page.locator("#chat-input").click()
        page.keyboard.type(f"/open {allowed / 'inside.mp4'}")
        page.locator("#chat-submit:not([disabled])").click()
        page.get_by_text("inside is ready").wait_for()


@browser
def test_the_timeline_says_in_words_what_it_draws(
    chromium: Any, shelf: Any, tmp_path: Path
) -> None:
    with serving(shelf.library.home) as server, page_of(chromium, server) as page:
        page.get_by_role("button", name="Timeline of kettle!").click()
        drawn = page.get_by_test_id("evidence")
        drawn.wait_for()
        drawn.get_by_role("slider", name="Timeline of kettle!").wait_for()
        drawn.get_by_text("how it was looked at").click()
        told = drawn.inner_text()
        assert "0:10 long: 4 scenes" in told and "12 kept frames (12 evenly spaced" in told
        assert "Speech" in told and "Loudness" in told and "between two of the times" in told
        page.set_viewport_size({"width": 360, "height": 740})
        wide = drawn.evaluate("one => [one.scrollWidth, one.clientWidth, innerWidth]")
        assert wide[0] <= wide[1] <= wide[2]
        page.locator("#chat-input").click()
        page.keyboard.type("Show me the timeline of kettle!")
        page.locator("#chat-submit:not([disabled])").click()
        drawn.nth(1).wait_for()


@browser
def test_a_picture_that_is_attached_finds_its_moment_and_more_like_it(
    chromium: Any, encode: Callable[..., Path], tiny: Any, tmp_path: Path
) -> None:
    def paint(seconds: float) -> Any:
        colour = (30, 60, 220) if int(seconds / 3) % 2 else (220, 30, 30)
        return np.full((90, 160, 3), colour, np.uint8)

    home, asked = tmp_path / "home", tmp_path / "asked.webp"
    film = encode(tmp_path / "film.mp4", paint, 12.0)
    Image.new("RGB", (80, 60), (30, 60, 220)).save(asked, lossless=True)
    tiny.install_pair(home)
    ingest(Library(home), film, providers=replace(BARE, picture_embedder="siglip2"))
    with serving(home) as server, page_of(chromium, server) as page:
        page.set_input_files("#upload-button-input", str(asked))
        page.locator("#attachments").wait_for()
        evidence = ask(page, "Where is this?")
        page.wait_for_function(SHOWN)
        starts = [
            float(one.get_attribute("data-start")) for one in evidence.locator(".cue-card").all()
        ]
        assert sorted(int(start / 3) for start in starts) == [1, 3]  # both blue scenes
        more = page.get_by_role("button", name="More like evidence 1")
        more.click()
        page.get_by_test_id("evidence").nth(1).wait_for()
        again = page.get_by_test_id("evidence").nth(1).locator(".cue-card")
        assert int(float(again.first.get_attribute("data-start")) / 3) == int(starts[1] / 3)
        second = ask(page, "When was [2]?").locator(".cue-card").first
        assert second.get_attribute("data-handle") == "2"
        red = tmp_path / "red.png"
        Image.new("RGB", (80, 60), (220, 30, 30)).save(red)
        before = page.get_by_test_id("evidence").count()
        page.set_input_files("#upload-button-input", [str(asked), str(red)])
        page.locator("#attachments").wait_for()
        ask(page, "And these?")
        for number, even in ((before, 1), (before + 1, 0)):  # each has an answer of its own
            cards_shown = page.get_by_test_id("evidence").nth(number).locator(".cue-card")
            start = cards_shown.first.get_attribute("data-start")
            assert int(float(start) / 3) % 2 == even
    assert not list((home / "libraries/local/uploads").iterdir())


@pytest.mark.parametrize(
    "text",
    ["a_b*c*", "![x](http://e.example/x)", "<b>", "# no heading", "1. no list", "- none", "|a|b|"],
)
def test_plain_markdown_escapes_what_has_a_meaning(text: str) -> None:
    made = cards.escape_markdown(text)
    assert "http://" not in made
    assert made.replace("\\", "").replace("\N{WORD JOINER}", "") == text
    assert not made.startswith(("#", "- ", "1. ", "|", "<", "!["))
