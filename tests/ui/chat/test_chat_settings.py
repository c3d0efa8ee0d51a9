"""A model server on this machine is offered in the chat's settings, and answers when chosen."""

from pathlib import Path
from typing import Any

import pytest

from agent.llm.local_servers import find_servers
from tests import chat_server
from tests.chat_server import call, say
from tests.conftest import Shelf
from tests.tiny_whisper import write_whisper
from tests.ui.browser import page_at
from tests.ui.serving import serving
from tools.library import Library

KEY = "sk-canary-77aa"
QUESTION = "What is said about the kettle?"


def test_a_model_answers_in_the_chat_in_which_it_is_chosen(shelf: Shelf) -> None:
    with chat_server.serving() as start:
        model = start(call('{"query": "kettle"}'), say("They call it red [e1]."), say("yes"))
        environment = {
            "CUEPOINT_MODEL_PORTS": f"9,{model.server_port}",
            "CUEPOINT_MODEL": "extractive",
            "OPENAI_API_KEY": KEY,
            "no_proxy": "127.0.0.1",
        }
        with serving(shelf.library.home, **environment) as server:
            with server.chatting() as chat:
                chat.until(lambda: bool(chat.settings))
                fields = {field["id"]: field for field in chat.settings}
                assert list(fields) == ["model", "profile", "budget", "sampling", "language"]
                field = fields["model"]
                assert field["initial"] == "as set up"
                assert [item["label"] for item in field["items"]] == [
                    "by rule, as set up",
                    f"some-model (llama.cpp, http://127.0.0.1:{model.server_port}/v1)",
                ]
                offered = field["items"][1]["value"]
                chat.say(QUESTION)
                chat.until(lambda: "The kettle is red." in chat.text)
                assert model.requests == [], "it is not used unasked"

                chat.set(model=offered)
                chat.until(lambda: "now come from **some" in chat.text)
                chat.say(QUESTION)
                chat.until(lambda: "They call it red" in chat.text)
                assert len(model.requests) == 2
                assert all(KEY not in str(headers) for headers, _ in model.requests)
                assert {body["model"] for _, body in model.requests} == {"some-model"}

                server.act(chat.id, "try_model", {})
                chat.until(lambda: "**some-model** answers: the first try took" in chat.text)

                for value in ("gpt (x, http://127.0.0.1:9/v1)", 7, ""):
                    before = len(chat.messages)
                    chat.set(model=value)
                    chat.until(lambda n=before: len(chat.messages) > n)
                    assert "not offered here" in chat.messages[-1]
                chat.set(model="as set up")
                chat.until(lambda: "come by rule again" in chat.text)
            with server.chatting() as another:
                another.until(lambda: bool(another.settings))
                assert another.settings[0]["initial"] == "as set up"
                another.say(QUESTION)
                another.until(lambda: "The kettle is red." in another.text)
            assert len(model.requests) == 3
            # Cuepoint's own server listens at a usual port, too.
            assert find_servers([int(server.url.rpartition(":")[2])], 30.0) == []


def test_without_a_language_model_only_what_is_indexed_is_chosen(tmp_path: Path) -> None:
    with serving(tmp_path / "home", CUEPOINT_MODEL_PORTS="9") as server, server.chatting() as chat:
        chat.until(lambda: bool(chat.settings))
        chat.set(model="as set up")
        chat.set(model="some-model")
        chat.until(lambda: "not offered here" in chat.text)
        assert [field["id"] for field in chat.settings] == ["sampling", "language"]
        for wrong in (
            {"sampling": "x"},
            {"profile": "quick"},
            {"budget": "much"},
            {"language": "xx"},
            {"language": 7},
        ):
            before = len(chat.messages)
            chat.set(**wrong)
            chat.until(lambda n=before: len(chat.messages) > n)
            assert "holds in this chat" not in chat.messages[-1]
        chat.set(sampling="sparse")
        chat.until(lambda: "It holds in this chat from now on" in chat.text)


def test_the_language_of_a_chat_is_tried_and_heard_in_the_next_index(
    media: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    write_whisper(home / "models" / "whisper-tiny")
    quick = {"CUEPOINT_TEXT_READER": "none", "CUEPOINT_PICTURE_EMBEDDER": "none"}
    with serving(home, CUEPOINT_MODEL_PORTS="9", **quick) as server, server.chatting() as chat:
        chat.until(lambda: bool(chat.settings))
        field = chat.settings[-1]
        names = {item["value"]: item["label"] for item in field["items"]}
        assert field["initial"] == "auto" and names["uk"] == "Ukrainian"
        chat.set(language="fr")
        chat.until(lambda: "It holds in this chat from now on" in chat.text)
        server.act(chat.id, "try_hearing", {})
        chat.until(lambda: "no video yet in which somebody speaks" in chat.text)

        sound = (media / "speech" / "jfk.flac").read_bytes()
        chat.say("", server.attach(chat.id, "jfk.flac", sound))
        chat.until(lambda: "**jfk** is ready." in chat.text)
        library = Library(home)
        (video,) = library.list()
        assert library.manifest(video.id)["options"]["speech_language"] == "fr"
        assert video.stages["speech"].provider == "whisper:tiny"

        before = library.manifest(video.id)
        server.act(chat.id, "try_hearing", {})
        chat.until(lambda: "taken as French; it took" in chat.text)
        assert library.manifest(video.id) == before
    with serving(home, **quick, CUEPOINT_TRANSCRIBER="draft") as server, server.chatting() as chat:
        chat.until(lambda: bool(chat.settings))
        assert chat.settings[-1]["initial"] == "auto"  # it held in that chat alone
        chat.set(language="de")
        chat.until(lambda: "It holds in this chat from now on" in chat.text)
        server.act(chat.id, "try_hearing", {})
        chat.until(lambda: "German can't be heard yet" in chat.text)


@pytest.mark.browser
def test_the_language_is_chosen_in_the_panel_of_a_german_page(
    chromium: Any, tmp_path: Path
) -> None:
    with (
        serving(tmp_path / "home", CUEPOINT_MODEL_PORTS="9") as server,
        page_at(chromium, server, locale="de-DE") as page,
    ):
        page.locator("#chat-settings-open-modal").click()
        page.get_by_label("Sprache, die in Videos").click()
        page.get_by_role("option", name="Ukrainisch").click()
        page.locator("#confirm").click()
        page.get_by_text("Das gilt ab jetzt in diesem Gespräch").wait_for()
        page.get_by_role("button", name="Ausprobieren, wie es hört").click()
        page.get_by_text("Ukrainisch ist noch nicht zu verstehen").wait_for()
