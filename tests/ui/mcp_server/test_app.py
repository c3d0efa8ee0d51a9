"""The app in a host: a sandboxed frame that may load nothing, and a script that plays the host."""

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyUrl

import ui.mcp_server
from tests.ui.mcp_server.clients import over_http, serving
from tests.ui.mcp_server.conftest import Films
from ui.web.opening import opened

PAGE = Path(ui.mcp_server.__file__).with_name("answer.html").read_text("utf-8")
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; connect-src 'none'"
)
HOST = """
<iframe id="app" sandbox="allow-scripts" style="width: 800px; height: 700px"></iframe>
<script>
window.heard = [];
window.addEventListener("message", ({ data, source }) => {
  heard.push(data);
  const say = (message) => source.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const reply = (result) => say({ id: data.id, result });
  if (data.method === "ui/initialize") reply(window.initialized);
  else if (data.method === "resources/read") {
    if (window.clip) reply(window.clip);
    else say({ id: data.id, error: { code: 1, message: "no" } });
  } else if (data.method === "ui/open-link") reply({});
  else if (data.method === "ui/notifications/initialized") {
    say({ method: "ui/notifications/tool-result", params: window.result });
  }
});
</script>
"""


@pytest.fixture(scope="module")
def told(films: Films) -> dict[str, Any]:
    """Results of real calls: an answer, an unsure one, a clip."""

    async def collect() -> dict[str, Any]:
        async with (
            opened(films.settings()) as state,
            serving(state, open_here=True) as endpoint,
            over_http(endpoint) as session,
        ):
            sure = await session.call_tool("ask", {"question": "What is said about the kettle?"})
            unsure = await session.call_tool("ask", {"question": "Why was the kettle bought?"})
            uri = AnyUrl(f"cuepoint://video/{films.ada.id}/clip/0-4000")
            clip = await session.read_resource(uri)
            found = {"sure": sure, "unsure": unsure, "clip": clip}
        return {
            name: one.model_dump(mode="json", by_alias=True, exclude_none=True)
            for name, one in found.items()
        }

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, collect()).result()


@contextmanager
def hosted(
    chromium: Any, result: Any, *, clip: Any = None, locale: str = "en-GB", **abilities: Any
) -> Iterator[tuple[Any, Any]]:
    """The host's page, and the frame of the app in it; anything that it loads is a fault."""
    context = chromium.new_context(viewport={"width": 900, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on(
        "request", lambda one: one.url.startswith(("data:", "about:")) or faults.append(one.url)
    )
    page.on("console", lambda one: one.type == "error" and faults.append(one.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_content(HOST)
    host = {
        "protocolVersion": "2026-01-26",
        "hostInfo": {"name": "test", "version": "1"},
        "hostCapabilities": abilities,
        "hostContext": {"theme": "dark", "locale": locale},
    }
    page.evaluate(
        "([i, r, c]) => { window.initialized = i; window.result = r; window.clip = c; }",
        [host, result, clip],
    )
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    html = PAGE.replace("<head>", f"<head>{policy}")
    page.evaluate("html => { document.getElementById('app').srcdoc = html; }", html)
    frame = page.frame_locator("#app")
    frame.locator("#moments li").first.wait_for()
    yield page, frame
    assert faults == [], faults
    context.close()


def heard(page: Any, method: str) -> list[dict[str, Any]]:
    """Messages of the app to its host."""
    messages: list[dict[str, Any]] = page.evaluate("window.heard")
    return [one for one in messages if one.get("method") == method]


@pytest.mark.browser
def test_the_answer_stands_there_with_frames_and_plays(chromium: Any, told: dict[str, Any]) -> None:
    answer = told["sure"]["structuredContent"]
    with hosted(chromium, told["sure"], clip=told["clip"], serverResources={}) as (page, frame):
        shown = frame.locator("#answer").inner_text()
        assert 'The kettle boils at noon." [2]' in shown and "**" not in shown
        cards = frame.locator("#moments li")
        assert cards.count() == len(answer["evidence"])
        image = cards.first.locator("img")
        assert image.evaluate("e => e.complete && e.naturalWidth") > 100
        assert image.get_attribute("alt") == "Picture at 0:01"
        assert frame.locator("#mark").is_hidden()
        cards.first.get_by_role("button", name="Play").click()
        frame.locator("#player").evaluate(
            "v => new Promise(done => v.currentTime > 0.5 && v.readyState > 2 ? done() "
            ": v.addEventListener('timeupdate', () => v.currentTime > 0.5 && done()))"
        )
        (asked,) = heard(page, "resources/read")
        assert asked["params"]["uri"].endswith("/clip/0-4000")
        assert heard(page, "ui/notifications/size-changed")[-1]["params"]["height"] > 100


@pytest.mark.browser
def test_an_unsure_answer_is_marked_in_the_language_of_the_host(
    chromium: Any, told: dict[str, Any]
) -> None:
    with hosted(chromium, told["unsure"], locale="de-DE", openLinks={}) as (page, frame):
        assert frame.locator("#mark").inner_text() == "Nächste Stellen, nicht bestätigt"
        button = frame.locator("#moments li").first.get_by_role("button", name="Stelle öffnen")
        button.click()
        page.wait_for_function("window.heard.some(one => one.method === 'ui/open-link')")
        (opened,) = heard(page, "ui/open-link")
        assert re.match(r"http://127\.0\.0\.1:8000/v/\w{16}\?t=", opened["params"]["url"])


@pytest.mark.browser
def test_words_of_a_video_are_never_markup_and_a_lost_clip_is_told(
    chromium: Any, told: dict[str, Any]
) -> None:
    evil = '<img src="https://evil.example/x" onerror="parent.postMessage(1)">'
    result = json.loads(json.dumps(told["sure"]))
    content = result["structuredContent"]
    content["answer"] = f"{evil} [1]"
    content["evidence"][0] |= {"text": evil, "title": evil}
    id = content["evidence"][0]["id"]
    result["_meta"]["cuepoint/frames"][id] = "https://evil.example/frame.jpg"
    with hosted(chromium, result, serverResources={}) as (_, frame):
        assert evil in frame.locator("#answer").inner_text()
        assert frame.locator("#moments li").first.locator("img").count() == 0
        frame.locator("#moments li").first.get_by_role("button").click()
        frame.get_by_text("This moment can't be played here.").wait_for()


def test_the_page_holds_no_address_of_another_site() -> None:
    assert not re.findall(r"https?://|//\w+\.|@import|url\(", PAGE)
    assert len(PAGE) < 20_000
