"""A model server on this machine is offered in the chat's settings, and answers when chosen."""

from pathlib import Path

from agent.llm.local_servers import find_servers
from tests import chat_server
from tests.chat_server import call, say
from tests.conftest import Shelf
from tests.ui.serving import serving

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
                assert list(fields) == ["model", "profile", "budget", "sampling"]
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


def test_without_a_language_model_only_the_sampling_is_chosen(tmp_path: Path) -> None:
    with serving(tmp_path / "home", CUEPOINT_MODEL_PORTS="9") as server, server.chatting() as chat:
        chat.until(lambda: bool(chat.settings))
        chat.set(model="as set up")
        chat.set(model="some-model")
        chat.until(lambda: "not offered here" in chat.text)
        assert [field["id"] for field in chat.settings] == ["sampling"]
        for wrong in ({"sampling": "x"}, {"profile": "quick"}, {"budget": "much"}):
            before = len(chat.messages)
            chat.set(**wrong)
            chat.until(lambda n=before: len(chat.messages) > n)
            assert "holds in this chat" not in chat.messages[-1]
        chat.set(sampling="sparse")
        chat.until(lambda: "It holds in this chat from now on" in chat.text)
