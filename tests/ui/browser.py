"""A real browser on the chat of a served library, and what its pages do."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import pytest

from tests.ui.serving import Server


@contextmanager
def launched() -> Iterator[Any]:
    """Chromium, or a skip where there is none."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CUEPOINT_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        pytest.skip("no Chromium (CUEPOINT_CHROMIUM)")
    arguments = ["--autoplay-policy=no-user-gesture-required", "--mute-audio"]
    arguments += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@contextmanager
def page_at(
    chromium: Any,
    server: Server,
    path: str = "/",
    statuses: Collection[int] = (),
    known: Collection[str] = (),
    **look: Any,
) -> Iterator[Any]:
    """A page of the server; a request to another host or a fault in its console fails the test.

    The browser itself reports addresses without success; those with these statuses are expected,
    and so are faults of Chainlit's own that are known, by a part of their text.
    """
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **look})
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []

    def note(request: Any) -> None:
        if not request.url.startswith((server.url + "/", "data:", "blob:")):
            faults.append(request.url)

    def hear(message: Any) -> None:
        expected = [*known, *(f"status of {one} " for one in statuses)]
        expected += [HTTPStatus(one).phrase for one in statuses]  # as Chainlit says it again
        if message.type == "error" and not any(one in message.text for one in expected):
            faults.append(message.text)

    page.on("request", note)
    page.on("websocket", lambda one: server.url[4:] in one.url or faults.append(one.url))
    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(server.url + path)
    yield page
    assert faults == [], faults
    context.close()


def greeted(page: Any) -> Any:
    """The bar of the scope, once the chat has begun."""
    bar = page.locator("#cue-scope strong")
    bar.wait_for()
    return bar


def ask(page: Any, question: str) -> Any:
    """Type a question, wait for its answer, return the message."""
    answers = page.locator('[data-step-type="assistant_message"]')
    before = answers.count()
    page.locator("#chat-input").click()
    page.keyboard.insert_text(question)
    page.locator("#chat-submit:not([disabled])").click()
    answers.nth(before).wait_for()
    page.locator("#stop-button").wait_for(state="detached")
    return answers.last
