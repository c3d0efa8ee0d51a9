"""The agent view: suggestions, the state of a session, its name, and the button that stops it."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from starlette.testclient import TestClient

from agent.agent import open_agent
from agent.fakes import ScriptedModel
from agent.settings import Settings
from tests.ui.slack_bot.conftest import Serve, fill
from tests.ui.slack_bot.workspace import Workspace, event, happened, send

QUESTION = "<@UBOT> What is said about the kettle?"


class Waiting(ScriptedModel):
    """Says nothing before it may."""

    asked: Any
    may: Any

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self.asked.set()
        assert self.may.wait(60)
        yield from super()._stream(*args, **kwargs)


def states(slack: Workspace, thread: str) -> list[str]:
    """States of the session of a thread of C1, one after another."""
    forms = slack.forms("agents.sessions.setStatus")
    here = ("C1", thread)
    return [one["status"] for one in forms if (one["channel_id"], one["thread_ts"]) == here]


def test_a_session_shows_that_the_bot_works_and_is_named_after_the_first_question(
    client: TestClient, slack: Workspace
) -> None:
    asked = event(QUESTION)
    thread = asked["event"]["ts"]
    send(client, asked)
    slack.answered()
    slack.until(lambda: states(slack, thread) == ["processing", "active"])
    begun, *_ = slack.forms("agents.sessions.setStatus")
    where, title = {"channel_id": "C1", "thread_ts": thread}, "What is said about the kettle?"
    assert begun == {**where, "status": "processing", "title": title, "initiator_user_id": "U1"}
    assert slack.forms("agents.sessions.rename") == [{**where, "title": title}]
    assert not slack.forms("chat.update"), "nothing was posted before the answer"
    send(client, event("And what colour is it?", kind="message", thread_ts=thread))
    slack.until(lambda: states(slack, thread) == ["processing", "active"] * 2)
    assert len(slack.forms("agents.sessions.rename")) == 1
    late = happened("agent_session_stopped", channel="C1", user="U1", thread_ts=thread)
    send(client, late)  # there is nothing to stop any more, which Slack wants to hear
    slack.until(lambda: states(slack, thread)[4:] == ["active"])


def test_an_app_without_the_agent_view_says_in_a_message_that_it_looks(
    client: TestClient, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    slack.has_sessions = False
    send(client, event(QUESTION))
    assert slack.answered()["posted"] == "chat.update"
    assert slack.told[0].startswith("Looking through") and len(slack.messages) == 1
    assert not [one for one in caplog.records if one.name.startswith("ui.slack_bot")]


@pytest.fixture(scope="module")
def filled(own: Settings, shots: Path) -> None:
    """A video in the library of a conversation with one person."""
    said = (
        "1\n00:00:01,000 --> 00:00:02,500\nWe bought the kettle in Paris, and the kettle sings.\n"
        "\n2\n00:00:03,000 --> 00:00:05,000\nThen Marigold went back to Paris with the kettle.\n"
    )
    fill(own.home, "D1", shots, said)


def test_an_opened_conversation_suggests_questions_that_its_videos_answer(
    client: TestClient, slack: Workspace, filled: None
) -> None:
    opened = happened("app_home_opened", channel="D1", user="U1", tab="messages")
    send(client, opened)
    (told,) = slack.until(lambda: slack.forms("assistant.threads.setSuggestedPrompts"))
    assert told["channel_id"] == "D1" and "thread_ts" not in told
    questions = [one["message"] for one in json.loads(told["prompts"])]
    assert len(questions) == 3, questions
    for number, question in enumerate(questions, 1):
        send(client, event(question, "D1", "message", channel_type="im"))
        slack.until(lambda n=number: len(slack.answers("D1")) == n)
        assert slack.answers("D1")[-1]["blocks"][-1]["type"] == "actions", "it shows evidence"


def test_an_assistant_thread_of_an_older_app_gets_its_suggestions(
    client: TestClient, slack: Workspace, filled: None
) -> None:
    thread = {"user_id": "U1", "channel_id": "D1", "thread_ts": "4000.000001"}
    send(client, happened("assistant_thread_started", assistant_thread=thread))
    (told,) = slack.until(lambda: slack.forms("assistant.threads.setSuggestedPrompts"))
    assert told["thread_ts"] == "4000.000001"


def test_another_tab_and_an_empty_library_suggest_nothing(
    client: TestClient, slack: Workspace
) -> None:
    send(client, happened("app_home_opened", channel="D1", user="U1", tab="home"))
    send(client, happened("app_home_opened", channel="D7", user="U1", tab="messages"))
    send(client, event("Is it there?", "D7", "message", channel_type="im"))
    slack.until(lambda: slack.told and slack.told[-1].startswith("There is no video here"))
    assert not slack.forms("assistant.threads.setSuggestedPrompts")


def test_a_stopped_question_ends_as_one_sentence_and_the_thread_goes_on(
    serve: Serve, slack: Workspace, tmp_path: Path, shots: Path
) -> None:
    fill(tmp_path / "home", "C1", shots)
    asked_it, may = threading.Event(), threading.Event()
    model = Waiting(script=[AIMessage("NOT_FOUND")], asked=asked_it, may=may)
    with serve(partial(open_agent, model=model), home=tmp_path / "home") as client:
        asked = event(QUESTION)
        send(client, asked)
        assert asked_it.wait(60)
        thread = asked["event"]["ts"]
        other = happened("agent_session_stopped", channel="C2", user="U1", thread_ts=thread)
        send(client, other)  # of another channel, and so of nothing here
        stop = happened("agent_session_stopped", channel="C1", user="U1", thread_ts=thread)
        for _ in range(2):
            send(client, stop)
        slack.until(lambda: states(slack, thread) == ["processing", "active"])
        assert [one["text"] for one in slack.messages.values()] == ["I stopped, as you asked."]
        may.set()
        send(client, event("And now?", kind="message", thread_ts=thread))
        slack.until(lambda: states(slack, thread) == ["processing", "active"] * 2)
        assert len(slack.messages) == 2
