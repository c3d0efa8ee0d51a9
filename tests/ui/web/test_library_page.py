"""The library's page: found, named, collected, removed, in a real browser and past it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.conftest import TWO_SPEAKERS
from tests.made_library import add_video, video_id
from tests.ui.browser import ask, greeted, page_at
from tests.ui.serving import Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from tools.store.names import Names, write_names

QUICK = {"CUEPOINT_MODEL": "extractive", "CUEPOINT_BACKGROUND": "off"}
FITS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def kitchen(shots: Path, tmp_path: Path) -> Iterator[Server]:
    """A kettle in which two people speak, and a pan."""
    library = Library(tmp_path / "home")
    for name, more in (("kettle", b""), ("pan", b"\0\0\0\x08free")):
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(shots.read_bytes() + more)
        if not more:
            path.with_suffix(".srt").write_text(TWO_SPEAKERS)
        ingest(library, path, providers=BARE, take=name == "pan")
    with serving(library.home, **QUICK) as server:
        yield server


def _send(server: Server, path: str, **body: Any) -> Any:
    data, kind = json.dumps(body).encode(), {"content-type": "application/json"}
    with urlopen(Request(f"{server.url}/library/{path}", data, kind), timeout=20) as reply:
        return json.loads(reply.read() or "null")


def _titles(page: Any) -> list[str]:
    return page.locator(".video h2").all_inner_texts()


def test_videos_are_named_collected_asked_and_deleted(chromium: Any, kitchen: Server) -> None:
    library = Library(kitchen.home)
    ids = {video.title: video.id for video in library.list()}
    with page_at(chromium, kitchen, "/") as page:
        greeted(page)
        page.get_by_role("link", name="Library").first.click()
        page.locator(".video").nth(1).wait_for()
        assert _titles(page) == ["kettle", "pan"]
        assert page.locator(".thumb span").all_inner_texts() == ["0:10", "0:10"]

        page.get_by_label("What can be done with kettle").click()
        page.get_by_role("button", name="Rename").click()
        page.get_by_role("textbox", name="Title").fill("a red kettle")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="a red kettle").wait_for()

        page.get_by_label("What can be done with a red kettle").click()
        page.get_by_role("button", name="Name the speakers").click()
        page.get_by_label("SPEAKER_2").fill("Priya N.")
        page.get_by_role("button", name="Save").click()
        page.locator("dialog").wait_for(state="hidden")
        assert library.utterances(ids["kettle"])[1].speaker == "Priya N."

        page.get_by_label("Choose pan").check()
        page.get_by_role("button", name="Add to a collection").click()
        page.get_by_label("Name of the collection").fill("Cook/ing  it")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Cook/ing it (1)").click()
        page.wait_for_function("document.querySelectorAll('.video').length === 1")
        assert _titles(page) == ["pan"]
        page.get_by_role("button", name="Rename Cook/ing it").click()
        page.get_by_label("Name of the collection").fill("  Dinner  for two ")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Dinner for two (1)").wait_for()
        assert library.collections.all() == {"Dinner for two": [ids["pan"]]}

        page.get_by_label("Choose pan").check()
        page.get_by_role("button", name="Delete", exact=True).last.click()
        page.get_by_text("This frees").wait_for()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        page.locator("dialog").wait_for(state="hidden")
        page.get_by_role("button", name="All videos").click()
        page.wait_for_function("document.querySelectorAll('.video').length === 1")
        assert _titles(page) == ["a red kettle"]
        assert not library.folder(ids["pan"]).exists()
        left = kitchen.home.rglob("*")
        files = [path for path in left if path.is_file()]
        assert [path for path in files if ids["pan"].encode() in path.read_bytes()] == []

        page.get_by_label("Choose a red kettle").check()
        page.get_by_role("link", name="Ask about it").first.click()
        greeted(page)
        page.get_by_role("button", name="Questions go to a red kettle").wait_for()

        answer = ask(page, "What is said about the kettle?")
        answer.get_by_role("tab", name="Transcript").click()
        with page.expect_popup() as opened:  # a name is corrected where it is read
            answer.get_by_role("link", name="SPEAKER_1:").first.click()
        opened.value.get_by_role("dialog", name="Who speaks in a red kettle").wait_for()
        opened.value.get_by_label("SPEAKER_1").fill("Ada")
        opened.value.get_by_role("button", name="Save").click()
        opened.value.locator("dialog").wait_for(state="hidden")
        page.reload()
        page.get_by_role("tab", name="Transcript").click()
        page.get_by_role("link", name="Ada:").first.wait_for()


def test_two_videos_answer_side_by_side_with_their_frames(chromium: Any, kitchen: Server) -> None:
    with page_at(chromium, kitchen, "/library") as page:
        for title in ("kettle", "pan"):
            page.get_by_label(f"Choose {title}").check()
        page.get_by_role("link", name="Compare side by side").click()
        page.get_by_label("Ask both the same").fill("What is said about the kettle?")
        page.get_by_role("button", name="Ask both").click()
        left, right = page.locator(".column").all()
        left.get_by_text("The kettle is red.").first.wait_for()
        right.locator("article").wait_for()
        assert "The kettle is red." not in right.inner_text()
        assert left.locator(".card img").first.evaluate("image => image.naturalWidth") > 0
        assert left.locator(".number").first.get_attribute("href").endswith("?t=0.5")
        right.get_by_label("Video 2").select_option(label="kettle")  # the same of another video
        right.get_by_text("The kettle is red.").first.wait_for()
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(FITS)


def test_many_are_found_by_title_and_in_order(chromium: Any, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    for number in range(70):
        video = add_video(library, video_id(number), frames=2, cues=2, shown=2)
        write_names(library.folder(video), Names(f"lecture {number:02}"))
    with (
        serving(library.home, **QUICK) as server,
        page_at(
            chromium,
            server,
            "/library",
            [410],
            viewport={"width": 390, "height": 844},
            locale="de-DE",
        ) as page,
    ):
        page.get_by_text("70 Videos").wait_for()
        assert page.locator(".video").count() == 60
        page.get_by_role("button", name="Mehr zeigen").click()
        page.wait_for_function("document.querySelectorAll('.video').length === 70")
        page.get_by_label("Nach Titel suchen").fill("lecture 42")
        page.wait_for_function("document.querySelectorAll('.video').length === 1")
        assert _titles(page) == ["lecture 42"] and page.evaluate(FITS)


def test_what_is_not_there_changes_nothing(kitchen: Server) -> None:
    library = Library(kitchen.home)
    there, gone = library.list()[0].id, "0" * 16
    for path, body in (
        (f"videos/{gone}/title", {"title": "x"}),
        ("videos/kettle/title", {"title": "x"}),  # a title is no id
        ("remove", {"videos": [there, gone]}),
        ("collections/add", {"name": "a", "videos": [gone]}),
        (f"videos/{there}/speaker", {"label": "nobody", "name": "x"}),
        ("collections/remove", {"name": "none"}),
        (f"videos/{there}/title", {"title": "x" * 2000}),
    ):
        with pytest.raises(HTTPError) as error:
            _send(kitchen, path, **body)
        assert error.value.code in (400, 404, 422), path
    assert [video.title for video in library.list()] == ["kettle", "pan"]
    assert library.collections.all() == {}
    sizes = _send(kitchen, "size", videos=[video.id for video in library.list()])
    assert sizes["linked"] == 1 and sizes["bytes"] > library.original(there).stat().st_size
