"""What is not confirmed, closest moments and hostile words, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests import chat_server
from tests.chat_server import call, say
from tests.conftest import Shelf
from tests.ui.chat.test_chat import HOSTILE, SHOWN, ask, browser
from tests.ui.chat.test_playing_answers import INNER, lighthouse, page_of
from tests.ui.serving import Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

__all__ = ["lighthouse"]


@browser
def test_a_sentence_that_is_not_confirmed_says_so_under_the_pointer(
    chromium: Any, shelf: Shelf
) -> None:
    with chat_server.serving() as start:
        wrong = say("The kettle is red [e1]. The pot is made of gold [e1].")
        model = start(call('{"query": "kettle"}'), wrong)
        environment = {"CUEPOINT_MODEL": "some-model", "OPENAI_BASE_URL": model.url}
        environment |= {"OPENAI_API_KEY": "sk-none", "no_proxy": "127.0.0.1"}
        with (
            serving(shelf.library.home, **environment) as server,
            page_of(chromium, server) as page,
        ):
            evidence = ask(page, "What is said about the kettle?")
            page.wait_for_function(SHOWN)
            doubted = page.locator(".prose a[href*='#unconfirmed']")
            assert doubted.inner_text().strip() == "The pot is made of gold"
            assert doubted.get_attribute("title") == "not confirmed by [1]"
            style = doubted.evaluate("one => getComputedStyle(one).textDecoration")
            assert "underline" in style and "dotted" in style
            doubted.focus()
            preview = page.locator("#cue-preview")
            assert preview.inner_text() == "not confirmed by [1]"
            evidence.locator(".cue-quiet summary").click()
            looked = evidence.locator(".cue-quiet").inner_text()
            assert "“The pot is made of gold.” by [1]" in looked and "some-model · " in looked
            doubted.click()  # what does not confirm it plays
            page.locator(".cue-card[aria-pressed=true][data-handle='1']").wait_for()
            shown = page.locator("body").inner_text()
            assert [word for word in INNER if word in shown] == []


@browser
def test_closest_moments_stand_as_evidence_does_and_can_be_looked_at_closer(
    chromium: Any, lighthouse: Server
) -> None:
    with page_of(chromium, lighthouse) as page:
        evidence = ask(page, "Why did the ferry stop in 1990?")
        assert evidence.get_by_role("tab", name="Closest moments, not confirmed").count() == 1
        card = evidence.locator(".cue-card").first
        assert evidence.locator(".cue-confirmed").count() == 0
        button = evidence.get_by_role("button", name="Look closer at").first
        asked = button.get_attribute("aria-label")
        button.click()
        page.get_by_text(asked).wait_for()
        closer = page.get_by_test_id("evidence").nth(1)
        closer.locator(".cue-card-strip").wait_for()
        strip = closer.locator(".cue-card").first
        assert strip.get_attribute("data-start") == card.get_attribute("data-start")


@browser
def test_hostile_words_stay_words_in_every_place_that_shows_them(
    chromium: Any, encode: Callable[..., Path], tmp_path: Path
) -> None:
    film = encode(tmp_path / "film.mp4", lambda at: np.full((90, 160, 3), 20 * at, np.uint8), 9.0)
    said = f"The kettle says {HOSTILE} <script>alert(3)</script>"
    film.with_suffix(".srt").write_text(f"1\n00:00:02,000 --> 00:00:05,000\n{said}\n")
    ingest(Library(tmp_path / "home"), film, title=HOSTILE, providers=BARE)
    with serving(tmp_path / "home") as server, page_of(chromium, server) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
        evidence = ask(page, "What is said about the kettle?")
        page.wait_for_function(SHOWN)
        prose = page.locator(".prose", has_text="kettle says").last
        assert prose.locator("img, script, code").count() == 0
        links = prose.locator("a").all()
        assert links and all(one.get_attribute("href").startswith("/v/") for one in links)
        links[0].hover()
        preview = page.locator("#cue-preview")
        assert "![x](http" in preview.inner_text() and preview.locator("script, a").count() == 0
        assert preview.locator("img").count() == 1
        evidence.get_by_role("tab", name="Transcript").click()
        line = evidence.locator(".cue-line-text")
        line.wait_for()
        assert "![x](http://evil.example/a.png)" in line.inner_text()
        assert line.locator(":not(.cue-word)").count() == 0
        assert evidence.locator("script, iframe").count() == 0 and dialogs == []
