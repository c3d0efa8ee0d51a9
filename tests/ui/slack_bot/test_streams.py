"""Answers that a language model writes: a stream once there is text, and what becomes of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from starlette.testclient import TestClient

from agent.agent import open_agent
from agent.fakes import ScriptedModel, calling
from tests.ui.slack_bot.conftest import Serve, fill
from tests.ui.slack_bot.workspace import Call, Workspace, event, happened, send

SEARCH = calling("search_transcript", query="kettle")
LONG = " ".join(["The kettle is red [e1]. See https://evil.example/ and <!channel> [e1]."] * 12)
DEAD = (200, {}, {"ok": False, "error": "message_not_in_streaming_state"})
Answering = Any


class Pausing(ScriptedModel):
    """Waits in the midst of its last reply."""

    reached: Any
    may: Any

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, chunk in enumerate(super()._stream(*args, **kwargs)):
            if number == 100 and chunk.text:
                self.reached.set()
                assert self.may.wait(60)
            yield chunk


@pytest.fixture
def answering(serve: Serve, tmp_path: Path, shots: Path) -> Answering:
    fill(tmp_path / "home", "C1", shots)

    @contextmanager
    def with_model(model: ScriptedModel) -> Iterator[TestClient]:
        opened = partial(open_agent, model=model)
        with serve(opened, home=tmp_path / "home", answers="agent") as client:
            yield client

    return with_model


def writing(text: str = LONG) -> ScriptedModel:
    return ScriptedModel(script=[SEARCH, AIMessage(text)])


def methods(slack: Workspace) -> list[str]:
    return [call.method for call in slack.calls if call.method.startswith("chat.")]


def test_an_answer_is_streamed_in_pieces_and_ends_as_one_message(
    answering: Answering, slack: Workspace
) -> None:
    with answering(writing()) as client:
        asked = event("<@UBOT> What is red?", user_team="T2")
        send(client, asked)
        answer = slack.answered()
    start, *appends, stop, update = methods(slack)
    assert (start, stop, update) == ("chat.startStream", "chat.stopStream", "chat.update")
    assert set(appends) == {"chat.appendStream"} and len(appends) > 1
    (begun,) = slack.forms("chat.startStream")
    assert begun["thread_ts"] == asked["event"]["ts"] and begun["markdown_text"].strip()
    assert (begun["recipient_user_id"], begun["recipient_team_id"]) == ("U1", "T2")
    streamed = begun["markdown_text"] + "".join(
        form["markdown_text"] for form in slack.forms("chat.appendStream")
    )
    for text in (streamed, answer["text"]):
        assert "The kettle is red [1]." in text
        assert "https://" not in text and "<!channel>" not in text
    assert [one["ts"] for one in slack.messages.values()] == [answer["ts"]]
    assert [one for one in answer["blocks"] if one["type"] == "image"]


def test_a_short_answer_and_one_without_a_model_come_as_a_whole(
    client: TestClient, slack: Workspace
) -> None:
    send(client, event("<@UBOT> What is said about the kettle?"))
    slack.answered()
    assert methods(slack) == ["chat.postMessage"]


@pytest.mark.parametrize(
    ("refused", "seen"),
    [
        ({"chat.appendStream": DEAD}, "chat.update"),
        ({"chat.stopStream": DEAD}, "chat.update"),
        ({"chat.appendStream": DEAD, "chat.update": DEAD}, "chat.postMessage"),
    ],
)
def test_the_rest_of_a_stream_that_died_is_not_lost(
    answering: Answering,
    slack: Workspace,
    caplog: pytest.LogCaptureFixture,
    refused: dict[str, Any],
    seen: str,
) -> None:
    for method, refusal in refused.items():
        slack.refusals[method] = [refusal]
    with answering(writing()) as client:
        send(client, event("<@UBOT> What is red?"))
        answer = slack.answered()
    assert answer["posted"] == seen and answer["text"].count("The kettle is red [1].") == 12
    assert len(slack.forms("chat.appendStream")) == 1 or "chat.stopStream" in refused
    assert not [one for one in caplog.records if one.name.startswith("ui.slack_bot")]


def test_a_stream_that_slack_refuses_to_begin_becomes_a_message(
    answering: Answering, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    slack.refusals["chat.startStream"] = [(200, {}, {"ok": False, "error": "not_allowed"})]
    with answering(writing()) as client:
        send(client, event("<@UBOT> What is red?"))
        assert slack.answered()["posted"] == "chat.postMessage"
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("ui.slack_bot")]
    assert lines == ["slack: chat.startStream: not_allowed"]
    assert not slack.forms("chat.appendStream")


def test_a_stream_waits_as_long_as_slack_asks(answering: Answering, slack: Workspace) -> None:
    refusal = (429, {"retry-after": "0"}, {"ok": False, "error": "ratelimited"})
    slack.refusals["chat.appendStream"] = [refusal] * 2
    with answering(writing()) as client:
        send(client, event("<@UBOT> What is red?"))
        answer = slack.answered()
    (begun,) = slack.forms("chat.startStream")
    streamed = [form["markdown_text"] for form in slack.forms("chat.appendStream")]
    assert streamed[0] == streamed[1] == streamed[2]
    assert answer["text"].startswith("".join([begun["markdown_text"], *streamed[2:]]).strip())


def test_a_stop_while_it_is_written_leaves_one_sentence_in_its_place(
    answering: Answering, slack: Workspace
) -> None:
    reached, may = threading.Event(), threading.Event()
    model = Pausing(script=[SEARCH, AIMessage(LONG)], reached=reached, may=may)
    with answering(model) as client:
        asked = event("<@UBOT> What is red?")
        send(client, asked)
        (ts,) = slack.until(lambda: list(slack.messages))
        assert reached.wait(60) and "kettle is red" in slack.messages[ts]["text"]
        place = {"channel": "C1", "user": "U1", "thread_ts": asked["event"]["ts"]}
        send(client, happened("agent_session_stopped", streaming_message_ts=[ts], **place))
        stopped = "I stopped, as you asked."
        slack.until(lambda: [one["text"] for one in slack.messages.values()] == [stopped])
        may.set()
        slack.until(lambda: slack.forms("agents.sessions.setStatus")[-1]["status"] == "active")
    assert list(slack.messages) == [ts]


def test_a_message_that_is_deleted_while_it_is_written_stays_deleted(
    answering: Answering, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    gone = (200, {}, {"ok": False, "error": "message_not_found"})

    def delete(call: Call) -> None:
        if call.method == "chat.appendStream":
            slack.refusals.update({"chat.stopStream": [gone], "chat.update": [gone]})
            slack.refusals["chat.appendStream"] = [gone]
            slack.messages.clear()

    slack.before = delete
    with answering(writing()) as client:
        send(client, event("<@UBOT> What is red?"))
        slack.until(
            lambda: (
                [form["status"] for form in slack.forms("agents.sessions.setStatus")]
                == ["processing", "active"]
            )
        )
    assert not slack.messages and not slack.forms("chat.postMessage")
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("ui.slack_bot")]
    assert lines == ["slack: chat.update: message_not_found"]
