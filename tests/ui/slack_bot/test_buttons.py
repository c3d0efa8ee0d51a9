"""Buttons below an answer, and who may press them."""

import io
from typing import Any

import av
import pytest
from starlette.testclient import TestClient

from tests.ui.slack_bot.workspace import Workspace, event, press, send

QUESTION = "<@UBOT> What is said about the kettle?"
NAMES = ["more", "closer", "clip", "summary", "helpful", "not_helpful"]


@pytest.fixture
def answer(client: TestClient, slack: Workspace) -> dict[str, Any]:
    send(client, event(QUESTION))
    return slack.answered()


def whispers(slack: Workspace) -> list[str]:
    """What only the person who pressed was told."""
    return [form["text"] for form in slack.forms("chat.postEphemeral")]


def test_every_button_stands_below_an_answer(answer: dict[str, Any]) -> None:
    actions = answer["blocks"][-1]
    assert [one["action_id"] for one in actions["elements"]] == NAMES


def test_more_shows_other_moments_and_opinions_are_kept(
    client: TestClient, slack: Workspace, answer: dict[str, Any]
) -> None:
    for name in ("more", "helpful", "not_helpful"):
        assert send(client, press(answer, name)).status_code == 200
    slack.until(lambda: any("more moments" in text.lower() for text in slack.told))
    slack.until(lambda: whispers(slack).count("Thank you, noted.") == 2)


def test_a_clip_of_the_first_moment_is_sent_into_the_thread(
    client: TestClient, slack: Workspace, answer: dict[str, Any]
) -> None:
    slack.uploads.clear()
    pressed = press(answer, "clip")
    for _ in range(3):
        send(client, pressed)
    (sent,) = slack.until(
        lambda: [one for one in slack.forms("files.completeUploadExternal") if "thread_ts" in one]
    )
    assert (sent["channel_id"], sent["thread_ts"]) == ("C1", answer["thread_ts"])
    comment = sent["initial_comment"]
    assert "kettle is red" in comment and "<!channel>" not in comment
    ((content, token),) = slack.uploads
    assert not token
    with av.open(io.BytesIO(content)) as clip:
        assert clip.duration and 1.4e6 < clip.duration < 1.7e6


def test_a_closer_look_and_a_summary_are_answers_of_the_thread(
    client: TestClient, slack: Workspace, answer: dict[str, Any]
) -> None:
    for number, (name, heading) in enumerate(
        (("closer", "Look closer at [1]"), ("summary", "Summary of kettle &amp; pot")), 2
    ):
        send(client, press(answer, name))
        slack.until(lambda n=number: len(slack.answers("C1")) == n)
        told = slack.answers("C1")[-1]
        assert told["blocks"][0]["elements"][0]["text"] == heading
        assert told["thread_ts"] == answer["thread_ts"]
    assert "0:" in told["text"] or "kettle" in told["text"]


def test_who_is_not_in_the_channel_gets_nothing(
    client: TestClient, slack: Workspace, answer: dict[str, Any]
) -> None:
    slack.members["C1"] = {"U1"}
    for name in NAMES:
        send(client, press(answer, name, user="U2"))
    slack.until(lambda: len(whispers(slack)) == len(NAMES))
    send(client, press(answer, "more"))  # by one who is
    slack.until(lambda: any("more moments" in text.lower() for text in slack.told))
    assert len(slack.messages) == 2, "the answer, and what was pressed by one who is"
    begun = [form for form in slack.forms("agents.sessions.setStatus") if "title" in form]
    mine = [form for form in begun if form["thread_ts"] == answer["thread_ts"]]
    assert len(mine) == 1, "nothing was asked but the question itself"


def test_a_button_of_an_answer_that_is_gone_says_so(
    client: TestClient, slack: Workspace, answer: dict[str, Any]
) -> None:
    elsewhere = {**answer, "thread_ts": "7000.000001"}
    send(client, press(elsewhere, "summary"))
    slack.until(lambda: whispers(slack) == ["This answer is not there any more. Ask again."])
    assert not slack.answers("C1")[1:]
