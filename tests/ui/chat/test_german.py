"""A chat in German, in a real browser; a question that is restored is text and nothing else."""

from pathlib import Path
from typing import Any

from tests.ui.chat.test_chat import HOSTILE, browser
from tests.ui.serving import serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

QUESTION = f"intel_car_detection {HOSTILE}"


@browser
def test_a_german_browser_is_spoken_to_in_german_and_goes_on_with_a_hostile_question(
    chromium: Any, shots: Path, tmp_path: Path
) -> None:
    ingest(Library(tmp_path / "home"), shots, title="reiher", providers=BARE)
    with serving(tmp_path / "home") as server:
        context = chromium.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(server.url)
        page.get_by_text("Hallo! reiher ist da.").wait_for()
        page.get_by_role("button", name="Dateien auswählen").wait_for()
        page.get_by_role("button", name="Zeitleiste von reiher").click()
        page.locator(".cue-tl-name").get_by_text("Szenen").wait_for()
        page.locator("#chat-input").click()
        page.keyboard.insert_text(QUESTION)
        page.locator("#chat-submit:not([disabled])").click()
        page.locator(".cue-quiet").get_by_text("nach Regeln").first.wait_for()  # it is kept now
        page.goto(server.url)
        page.locator("#header #sidebar-trigger-button").click()
        page.locator("#thread-history").get_by_text("intel_car_detection").click()
        asked = page.locator('[data-step-type="user_message"]').filter(has_text="intel_car")
        asked.wait_for()
        assert QUESTION in asked.inner_text() and asked.locator("img, a").count() == 0
        assert not [url for url in requested if "evil.example" in url]
        context.close()
