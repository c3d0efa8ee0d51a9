"""Videos come in while one asks, in a real browser: dropped, cancelled, told, mended."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.hub_server import Peer, left
from tests.ui.chat.test_chat import ask, attach, page_of
from tests.ui.serving import SERVE, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models import registry
from tools.models.providers import BARE

pytestmark = pytest.mark.browser
QUICK = {"CUEPOINT_TEXT_READER": "none", "CUEPOINT_TRANSCRIBER": "none"}
SAID = "1\n00:00:01,000 --> 00:00:03,000\nThe heron waits by the weir.\n"
DROP = """([name, content, type]) => {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0))
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([bytes], name, { type }))
    const said = { dataTransfer, bubbles: true, cancelable: true }
    document.body.dispatchEvent(new DragEvent("dragover", said))
    const veiled = document.getElementById("cue-drop") !== null
    document.body.dispatchEvent(new DragEvent("drop", said))
    return veiled
}"""
UNPINNED = "from tools.models import pins; pins.REVISIONS.clear(); pins.DIGESTS.clear()\n" + SERVE
IN_SIGHT = """() => {
    const question = [...document.querySelectorAll('[data-step-type="user_message"]')].at(-1)
    const top = question.getBoundingClientRect().top
    return question.innerText.includes("Paris") && top >= 40 && top < innerHeight / 2
}"""
FITS = "() => document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def film(encode: Callable[..., Path], tmp_path: Path) -> Callable[[str, int], Path]:
    """Makes films of a few seconds, each of a grey of its own."""

    def make(name: str, grey: int) -> Path:
        return encode(tmp_path / name, lambda _: np.full((90, 160, 3), grey, np.uint8), 4.0)

    return make


def test_a_question_after_a_video_came_stays_in_sight(
    chromium: Any, sample: Path, film: Callable[[str, int], Path], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ingest(Library(home), sample, providers=BARE)
    with (
        serving(home, CUEPOINT_MODEL_PORTS="off", **QUICK) as server,
        page_of(chromium, server) as page,
    ):
        attach(page, str(film("heron.mp4", 90)))
        page.get_by_text("heron is ready").wait_for()
        ask(page, "What is said about Paris?")
        page.wait_for_function(IN_SIGHT)


def test_of_three_that_come_at_once_each_can_be_asked_and_each_can_be_cancelled(
    chromium: Any, sample: Path, film: Callable[[str, int], Path], tmp_path: Path
) -> None:
    files = [str(sample), str(film("heron.mp4", 90)), str(film("weir.mp4", 160))]
    home = tmp_path / "home"
    with serving(home, CUEPOINT_WORKERS="1", CUEPOINT_MODEL_PORTS="off") as server:
        with page_of(chromium, server) as page:
            page.set_input_files("#upload-button-input", files)
            page.locator("#attachments").wait_for()
            page.locator("#chat-submit:not([disabled])").click()
            tasks = page.locator("#cue-tasks li")
            tasks.nth(2).wait_for()
            # While the first one is read, and two wait for it, it is asked about.
            card = page.get_by_test_id("arrival")
            card.wait_for()
            assert ask(page, "What is said about Paris?").locator(".cue-card").count() > 0
            page.get_by_text("Asked about lighthouse; heron and weir are not ready").wait_for()
            page.get_by_role("button", name="Cancel: heron").click()
            page.get_by_text("heron was cancelled").wait_for()
            # A question in the list's own words is answered from what is there.
            question = card.locator(".cue-ask").first.inner_text()
            before = page.get_by_test_id("evidence").count()
            card.locator(".cue-ask").first.click()
            page.get_by_test_id("evidence").nth(before).wait_for()
            assert question.endswith("?")
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate(FITS)
        with page_of(chromium, server) as page:  # the list is the server's, not the page's
            page.get_by_role("button", name="Start again: heron").click()
            page.get_by_role("button", name="Pause: lighthouse").click()
            page.get_by_role("button", name="Go on: lighthouse").wait_for()
            page.get_by_role("button", name="Cancel: lighthouse").click()
            page.get_by_role("button", name="Remove from this list: lighthouse").click()
            page.locator("#cue-tasks").wait_for(state="hidden")
        assert [video.title for video in Library(home).list()] == ["heron", "weir"]
        assert list((home / "libraries/local/uploads").iterdir()) == []


def test_a_drop_is_shown_and_starts_at_once_and_subtitles_come_later(
    chromium: Any, film: Callable[[str, int], Path], tmp_path: Path
) -> None:
    content = base64.b64encode(film("pond.mp4", 120).read_bytes()).decode()
    (tmp_path / "pond.en.srt").write_text(SAID)
    (tmp_path / "empty.srt").write_text("nothing")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with (
        serving(tmp_path / "home", **QUICK) as server,
        page_of(chromium, server, statuses=[400, 415]) as page,
    ):
        assert page.evaluate(DROP, ["pond.mp4", content, "video/mp4"])
        page.get_by_text("pond is ready").wait_for()
        assert page.locator("#cue-drop").count() == 0
        page.set_input_files("#upload-button-input", str(tmp_path / "empty.srt"))
        page.get_by_text("'empty.srt': holds no subtitles").wait_for()
        page.set_input_files("#upload-button-input", str(tmp_path / "broken.mp4"))
        page.get_by_text("holds no video and no picture").wait_for()
        attach(page, str(tmp_path / "pond.en.srt"))
        page.get_by_text("pond is ready").nth(1).wait_for()
        cards = ask(page, "What is said about the heron?").locator(".cue-card")
        assert "The heron waits by the weir." in cards.first.inner_text()


def test_a_thumbnail_plays_and_its_chapters_lead_to_their_moments(
    chromium: Any, sample: Path, with_sample: Callable[[Path], Library], tmp_path: Path
) -> None:
    home = with_sample(tmp_path / "home").home
    truth = json.loads(sample.with_suffix(".json").read_text("utf-8"))["speech"]
    with serving(home, **QUICK) as server, page_of(chromium, server) as page:
        page.get_by_role("button", name="Watch lighthouse").click()
        card = page.get_by_test_id("arrival")
        card.wait_for()
        assert any(row["text"] in card.inner_text() for row in truth)
        chapters = card.locator(".cue-chapter")
        assert chapters.count() > 2
        minutes, seconds = chapters.nth(2).locator("span").inner_text().split(":")
        start = 60 * int(minutes) + int(seconds)
        chapters.nth(2).click()
        page.wait_for_function(
            "start => { const player = document.querySelector('.cue-arrival video');"
            " return player && !player.paused && Math.abs(player.currentTime - start) < 5 }",
            arg=start,
        )
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(FITS)
        assert card.get_by_text("Whisper").count() == 0  # it has subtitles: nothing is weak


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Peer]:
    """A hub that sends half of a model's file, and the rest when it is let go on."""
    (source,) = registry.suggested("picture").sources
    for name in (*source.files, *source.optional):
        file = tmp_path / "offered" / name.replace("*", "x")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\0" * (1 << 20))
    peer = Peer()
    peer.offer("siglip2", tmp_path / "offered")
    peer.holds = threading.Event()
    thread = threading.Thread(target=peer.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield peer
    peer.holds.set()
    peer.server.shutdown()
    peer.server.server_close()


def test_a_model_is_downloaded_from_the_chat_and_cancelled(
    chromium: Any, film: Callable[[str, int], Path], hub: Peer, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ingest(Library(home), film("pond.mp4", 120), providers=BARE)
    settings = {"CUEPOINT_HUB": hub.address, "CUEPOINT_BACKGROUND": "off", **QUICK}
    with (
        serving(home, program=UNPINNED, no_proxy="127.0.0.1", **settings) as server,
        page_of(chromium, server) as page,
    ):
        page.get_by_role("button", name="Watch pond").click()
        card = page.get_by_test_id("arrival")
        card.get_by_role("button", name="Get it, 1,540 MB").click()
        row = page.locator("#cue-tasks li")
        row.get_by_text("Model siglip2").wait_for()
        row.get_by_role("progressbar").wait_for()
        assert hub.held.wait(60)  # half of a file is here
        row.get_by_role("button", name="Cancel: Model siglip2").click()
        page.locator("#cue-tasks").wait_for(state="hidden")
        hub.holds.set()  # what comes late is not taken for the model
        card.get_by_role("button", name="Get it, 1,540 MB").wait_for()
        server.stop()
    assert all(one.startswith(".part-") for one in left(home))  # for the next try
