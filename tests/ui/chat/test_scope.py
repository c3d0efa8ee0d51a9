"""Which videos a question goes to: shown, chosen by check-boxes, kept, and obeyed."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.browser import ask, greeted, page_at
from tests.ui.serving import Server, serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

SAID = {"alpha": "The kettle is red.", "beta": "The kettle is blue.", "gamma": "The pot is green."}
browser = pytest.mark.browser


@pytest.fixture(scope="module")
def videos(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Three videos by title, each of which says one sentence."""
    folder = tmp_path_factory.mktemp("scope")
    library, ids = Library(folder / "home"), {}
    for number, (title, sentence) in enumerate(SAID.items()):
        path = folder / f"{title}.mp4"
        path.write_bytes(shots.read_bytes() + b"\0\0\0\x08free" * number)  # other bytes each
        path.with_suffix(".srt").write_text(f"1\n00:00:01,000 --> 00:00:02,500\n{sentence}\n")
        ids[title] = ingest(library, path, providers=BARE).id
    ids["home"] = str(folder / "home")
    return ids


@pytest.fixture(scope="module")
def server(videos: dict[str, str]) -> Iterator[Server]:
    with serving(Path(videos["home"]), CUEPOINT_MODEL="extractive") as started:
        yield started


def test_a_question_goes_to_the_chosen_videos_alone(server: Server, videos: dict[str, str]) -> None:
    with server.chatting() as chat:
        chat.until(lambda: any(one["name"] == "Scope" for one in chat.elements))
        for chosen in (["alpha"], ["beta"], ["alpha", "beta"]):
            ids = [videos[title] for title in chosen]
            assert server.act(chat.id, "scope", {"videos": ids}) == {"gone": 0}
            before = len(chat.messages)
            chat.say("What is said about the kettle?")
            chat.until(lambda n=before: len(chat.messages) > n and "kettle" in chat.messages[-1])
            said = {title: SAID[title] in chat.messages[-1] for title in SAID}
            assert said == {title: title in chosen for title in SAID}
        bar = [one["props"] for one in chat.elements if one["name"] == "Scope"]
        assert bar[0]["fresh"] and bar[0]["chosen"] == [] and bar[0]["total"] == 3
        assert bar[-1]["titles"] == ["alpha", "beta"] and not bar[-1]["fresh"]


def test_ids_that_are_none_are_left_out_and_counted(server: Server, videos: dict[str, str]) -> None:
    with server.chatting() as chat:
        odd = [videos["alpha"], "0" * 16, "alpha", {"x": 1}, None]
        assert server.act(chat.id, "scope", {"videos": odd}) == {"gone": 4}
        for payload in ({}, {"videos": 7}, {"videos": "alpha"}, {"videos": []}):
            assert server.act(chat.id, "scope", payload) == {"gone": 0}
        everything = [videos[title] for title in SAID]
        assert server.act(chat.id, "scope", {"videos": everything}) == {"gone": 0}
        found = server.act(chat.id, "scope_list", {"query": " ALPH a"})
        assert [one["title"] for one in found["videos"]] == ["alpha"] and found["more"] == 0
        assert server.act(chat.id, "scope_list", {"query": "nothing"})["videos"] == []
        chat.say("What is said about the pot?")  # what was all is all again
        chat.until(lambda: SAID["gamma"] in chat.text)


def test_the_answer_names_the_video_that_was_meant(server: Server, videos: dict[str, str]) -> None:
    with server.chatting() as chat:
        chat.say("What is said about the pot in this video?")
        chat.until(lambda: SAID["gamma"] in chat.text)
        assert chat.messages[-1].startswith("About **gamma**, one of 3 videos:")
        server.act(chat.id, "scope", {"videos": [videos["gamma"]]})
        before = len(chat.messages)
        chat.say("What is said about the pot in this video?")
        chat.until(lambda: len(chat.messages) > before and SAID["gamma"] in chat.messages[-1])
        assert "About" not in chat.messages[-1]


@browser
def test_the_bar_is_set_by_keyboard_and_outlives_a_reload_and_a_new_chat(
    chromium: Any, server: Server
) -> None:
    with page_at(chromium, server) as page:
        bar = greeted(page)
        assert bar.inner_text() == "all 3 videos"
        opener = page.get_by_role("button", name="Questions go to all 3 videos")
        opener.focus()
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="All videos").and_(page.locator(":focus")).wait_for()
        page.get_by_role("checkbox", name="beta").wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        bar.get_by_text("beta", exact=True).wait_for()
        page.locator(".cue-video[data-chosen=true]").get_by_text("beta").first.wait_for()
        assert not page.get_by_role("checkbox", name="All videos").is_checked()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Space")
        bar.get_by_text("2 of 3 videos").wait_for()
        page.keyboard.press("Space")
        bar.get_by_text("beta", exact=True).wait_for()
        page.keyboard.press("Escape")
        assert page.locator("#cue-scope-list").is_hidden()
        assert page.evaluate("document.activeElement.className") == "cue-scope-open"
        answer = ask(page, "What is said about the kettle?")
        assert "blue" in answer.inner_text() and "red" not in answer.inner_text()
        page.reload()
        greeted(page).get_by_text("beta", exact=True).wait_for()
        assert "blue" in ask(page, "What is said about the kettle?").inner_text()
        page.locator("#header #new-chat-button").click()
        page.get_by_test_id("evidence").wait_for(state="detached")
        greeted(page).get_by_text("beta", exact=True).wait_for()
        page.locator(".cue-scope-open").click()
        page.get_by_role("checkbox", name="All videos").click()
        bar.get_by_text("all 3 videos").wait_for()


@browser
def test_a_moment_is_asked_about_in_its_video(
    chromium: Any, server: Server, videos: dict[str, str]
) -> None:
    with page_at(chromium, server, f"/v/{videos['gamma']}?t=0:01") as page:
        page.get_by_role("link", name="Ask about this video").click()
        greeted(page).get_by_text("gamma", exact=True).wait_for()
        assert page.locator("#chat-input").input_value().startswith("What happens at 0:0")
        page.wait_for_function("location.search === ''")
    with page_at(chromium, server, f"/?video={uuid.uuid4().hex[:16]}") as page:
        page.get_by_text("Those videos are not here any more").wait_for()
        assert greeted(page).inner_text() == "all 3 videos"


@browser
def test_a_title_in_the_bar_is_text(chromium: Any, shots: Path, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)> **b**"
    path = tmp_path / "a.mp4"
    shutil.copy(shots, path)
    with path.open("ab") as file:
        file.write(b"\0\0\0\x08free")
    library = Library(tmp_path / "home")
    video = ingest(library, path, title=hostile, providers=BARE).id
    ingest(library, shots, providers=BARE)
    with (
        serving(library.home) as server,
        page_at(chromium, server, f"/?video={video}") as page,
    ):
        greeted(page).get_by_text(hostile, exact=True).wait_for()
        page.locator(".cue-scope-open").click()
        page.locator("#cue-scope-list").get_by_text(hostile, exact=True).wait_for()
        assert page.locator("#cue-scope img[onerror]").count() == 0


@browser
def test_a_collection_is_the_scope_and_the_same_is_asked_of_two_side_by_side(
    chromium: Any, server: Server, videos: dict[str, str]
) -> None:
    two = [videos["alpha"], videos["gamma"]]
    Library(server.home).collections.add("Mine", two)
    with page_at(chromium, server) as page:
        bar = greeted(page)
        page.locator(".cue-scope-open").click()
        page.get_by_role("button", name="Mine, a collection").click()
        page.wait_for_function(
            "() => document.querySelector('#cue-scope strong').textContent === '2 of 3 videos'"
        )
        assert bar.inner_text() == "2 of 3 videos"
        page.keyboard.press("Escape")
        answer = ask(page, "What is said about the pot?")
        assert SAID["gamma"] in answer.inner_text()
        link = answer.get_by_role("link", name="Compare side by side")
        with page.context.expect_page() as opened:
            link.click()
        beside = opened.value
        beside.get_by_text(SAID["gamma"]).first.wait_for()
        question = beside.get_by_placeholder("Ask both the same")
        assert question.input_value() == "What is said about the pot?"
