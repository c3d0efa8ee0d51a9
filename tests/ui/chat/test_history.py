"""Conversations of the past in a real browser, and two people who see nothing of each other."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.browser import ask, greeted, page_at
from tests.ui.serving import ROOT, Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.web.accounts.passwords import Users
from ui.web.accounts.sign_in import users_file

pytestmark = pytest.mark.browser
GOOD = "a long pass phrase"
SHOWN = """() => {
    const pictures = [...document.querySelectorAll('.cue-card img')]
    return pictures.length > 0 && pictures.every((one) => one.complete && one.naturalWidth > 0)
}"""
PLAYS = """() => [...document.querySelectorAll('[data-testid=player]')].some(
    (one) => one.readyState >= 2 && !one.paused && one.currentTime > 0
)"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("history") / "home"
    ingest(Library(home), sample, providers=BARE)
    with serving(home, CUEPOINT_MODEL="extractive") as server:
        yield server


def _open_sidebar(page: Any) -> Any:
    page.locator("#header #sidebar-trigger-button").click()
    history = page.locator("#thread-history")
    history.wait_for()
    return history


def _menu(page: Any, title: str, entry: str) -> None:
    row = page.get_by_role("link", name=title)
    row.hover()
    row.locator("#thread-options").click()
    page.locator(entry).click()


def _sign_in(page: Any, name: str, password: str = GOOD) -> None:
    page.locator("#email").fill(name)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_conversation_is_gone_on_with_renamed_and_deleted_to_its_last_byte(
    chromium: Any, server: Server
) -> None:
    kept = server.home / "libraries" / "local" / "conversations.sqlite"
    with page_at(chromium, server) as page:
        greeted(page)
        ask(page, "What is said about Paris?")
        page.wait_for_url("**/thread/*")
        ask(page, "What is said about the ferry?")
        page.reload()  # the same chat, with its frames, and its player
        page.get_by_text("What is said about the ferry?").wait_for()
        page.wait_for_function(SHOWN)
        assert page.get_by_test_id("evidence").count() == 2
        page.locator(".cue-card").first.click()
        page.wait_for_function(PLAYS)
        later = ask(page, "When was [1]?")
        assert later.locator(".cue-card").first.get_attribute("data-handle") == "1"
        _open_sidebar(page)
        _menu(page, "What is said about Paris?", "#rename-thread")
        page.locator("input#name").fill("Ferries & glass")
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("link", name="Ferries & glass").wait_for()
        page.locator("#search-chats-button").click()
        page.get_by_placeholder("Search questions and answers").fill("three times a day")
        page.get_by_role("option", name="Ferries & glass").wait_for()
        page.keyboard.press("Escape")
        assert b"Paris" in kept.read_bytes() + _log_of(kept)
        _menu(page, "Ferries & glass", "#delete-thread")
        page.get_by_text("The videos stay.").wait_for()
        page.get_by_role("button", name="Confirm").click()
        page.get_by_text("The conversation is deleted").first.wait_for()
        _open_sidebar(page).get_by_text("No conversation yet").wait_for()
    left = kept.read_bytes() + _log_of(kept)
    assert b"Paris" not in left and b"three times a day" not in left


def test_the_page_is_not_made_anew_by_an_answer_and_what_plays_stays(
    chromium: Any, server: Server
) -> None:
    with page_at(chromium, server) as page:
        greeted(page)
        page.evaluate("window.composer = document.getElementById('chat-input')")
        ask(page, "What is said about Paris?")
        page.wait_for_url("**/thread/*")
        card = page.locator(".cue-card").first
        card.click()
        page.wait_for_function(PLAYS)
        page.evaluate("window.player = document.querySelector('[data-testid=player]')")
        ask(page, "What is said about the ferry?")
        assert (
            page.evaluate("[composer.isConnected, player.isConnected, player.currentTime > 0]")
            == [True] * 3
        )
        assert card.get_attribute("aria-pressed") == "true"
        page.get_by_role("button", name="New chat").last.click()
        page.wait_for_url(server.url + "/")


def _log_of(path: Path) -> bytes:
    log = path.with_name(f"{path.name}-wal")
    return log.read_bytes() if log.exists() else b""


def test_on_a_phone_the_drawer_opens_and_stays(chromium: Any, server: Server) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with page_at(chromium, server, known=["requires a `DialogTitle`"], **phone) as page:
        greeted(page)
        ask(page, "What is said about Paris?")
        page.locator("#header #sidebar-trigger-button").tap()
        page.wait_for_url("**/thread/*")
        page.locator("#thread-history").get_by_text("What is said about Paris?").first.wait_for()
        page.get_by_role("dialog", name="Earlier conversations").wait_for()
        options = page.get_by_label("Rename or delete").first  # no pointer hovers over its row
        assert options.evaluate("one => getComputedStyle(one).opacity") == "1"
        page.locator("#search-chats-button").click()
        page.get_by_placeholder("Search questions and answers").wait_for()


def test_a_question_is_written_anew_and_answered_again(chromium: Any, server: Server) -> None:
    with page_at(chromium, server) as page:
        greeted(page)
        ask(page, "What is said about Paris?")
        page.wait_for_url("**/thread/*")
        ask(page, "What is said about whales?")
        asked = page.locator('[data-step-type="user_message"]').first
        asked.hover()
        asked.locator(".edit-message").click()
        page.locator("#edit-chat-input").fill("What is said about the ferry?")
        page.locator(".confirm-edit").click()
        answer = page.locator('[data-step-type="assistant_message"]').last
        answer.get_by_text("leaves three times a day").first.wait_for()
        assert page.get_by_text("What is said about whales?").count() == 0
        page.locator("#stop-button").wait_for(state="detached")
        page.get_by_role("button", name="Answer again").click()
        page.get_by_test_id("evidence").wait_for(state="detached")
        answer.get_by_text("leaves three times a day").first.wait_for()
        page.locator("#stop-button").wait_for(state="detached")
        page.reload()
        page.wait_for_function(SHOWN)
        assert page.locator('[data-step-type="user_message"]').count() == 1
        assert "ferry" in page.locator('[data-step-type="user_message"]').inner_text()


def test_a_thumb_with_a_reason_is_kept_and_becomes_a_case(
    chromium: Any, server: Server, tmp_path: Path
) -> None:
    with page_at(chromium, server) as page:
        greeted(page)
        ask(page, "What is said about Paris?")
        page.wait_for_url("**/thread/*")
        page.get_by_role("button", name="Not helpful").click()
        page.get_by_placeholder("Why?").fill("It is at 0:38.")
        page.locator("#submit-feedback").click()
        page.locator(".negative-feedback-on").wait_for()
        page.reload()
        page.locator(".negative-feedback-on").wait_for()
    file = tmp_path / "cases.jsonl"
    arguments = ["--library", str(server.home), "feedback", "--output", str(file)]
    command = [sys.executable, "-c", "from ui.cli.main import main; main()", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, timeout=120)
    cases = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["question"], one["truth"]) for one in cases] == [
        ("What is said about Paris?", [[33.0, 43.0]])
    ]


def test_the_second_person_sees_nothing_of_the_first(
    chromium: Any, sample: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    video = ingest(Library(home, "ada"), sample, providers=BARE).id
    for name in ("ada", "bob"):
        Users(users_file(home)).add(name, GOOD)
    with serving(home, CUEPOINT_MODEL="extractive") as server:
        with page_at(chromium, server, "/", [401, 403]) as page:
            page.wait_for_url("**/login")
            _sign_in(page, "ada", "wrong wrong wrong")
            page.get_by_text("Name and password don't belong together.").first.wait_for()
        clipboard = ["clipboard-read", "clipboard-write"]
        with page_at(chromium, server, "/", [401], permissions=clipboard) as page:
            page.wait_for_url("**/login")
            page.wait_for_timeout(1100)  # one attempt a second
            _sign_in(page, "ada")
            page.get_by_text("lighthouse is loaded").wait_for()
            ask(page, "What is said about Paris?")
            page.wait_for_url("**/thread/*")
            thread = page.url.rpartition("/")[2]
            page.get_by_role("button", name="Share moment 1").click()
            page.get_by_text("Whoever has this link can watch the video until").wait_for()
            shared = page.evaluate("navigator.clipboard.readText()").removeprefix(server.url)
            page.locator("#user-nav-button").click()
            page.get_by_text("Sign out").click()
            page.wait_for_url("**/login")
        with page_at(chromium, server, "/", [401, 404]) as page:
            page.wait_for_url("**/login")
            _sign_in(page, "bob")
            page.get_by_text("There is no video here yet.").wait_for()
            _open_sidebar(page).get_by_text("No conversation yet").wait_for()
            assert "lighthouse" not in page.content()
            for path in (f"/media/{video}/file", f"/v/{video}", f"/project/thread/{thread}"):
                status = page.evaluate("path => fetch(path).then((it) => it.status)", path)
                assert status == 404, path
        with page_at(chromium, server, shared) as page:  # somebody who cannot sign in
            page.get_by_text("glass was made in Paris").wait_for()
            page.wait_for_function("document.getElementById('player').readyState >= 2")
    with sqlite3.connect(home / "libraries" / "ada" / "conversations.sqlite") as kept:
        assert kept.execute("SELECT count(*) FROM conversations").fetchone() == (1,)
    assert Library(home, "bob").list() == []


def test_signing_in_speaks_german_and_fits_a_phone(chromium: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    Users(users_file(home)).add("ada", GOOD)
    look = {"locale": "de-DE", "viewport": {"width": 390, "height": 844}}
    with serving(home) as server, page_at(chromium, server, "/", [401], **look) as page:
        page.get_by_text("Bei Cuepoint anmelden").wait_for()
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        page.goto(f"{server.url}/v/0123456789abcdef")
        page.get_by_text("Melde dich erst an").wait_for()
        page.goto(server.url)
        page.locator("#email").fill("ada")
        page.locator("#password").fill(GOOD)
        page.locator("button[type=submit]").click()
        page.locator("#user-nav-button").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
