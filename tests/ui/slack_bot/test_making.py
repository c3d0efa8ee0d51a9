"""A video that is proposed in a thread: decided on by who is there, made once, sent."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

import agent.approval
import tools.generate.providers.animatic as animatic
from agent.settings import Settings
from tests.ui import maker
from tests.ui.slack_bot.conftest import Serve
from tests.ui.slack_bot.workspace import Workspace, event, press, send
from tools.generate.jobs import Jobs
from tools.library import Library


@pytest.fixture(scope="module")
def client(serve: Serve) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(animatic, "Animatic", maker.Maker)
        patch.setattr(agent.approval, "Finishing", maker.Finished)
        with serve() as made:
            yield made


def buttons(message: dict[str, Any]) -> list[str]:
    return [
        one["action_id"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for one in block["elements"]
    ]


def jobs(own: Settings) -> Any:
    return Jobs(Library(own.home, "slack-T1-C1").root, own.generation).list()


def proposed(client: TestClient, slack: Workspace) -> dict[str, Any]:
    send(client, event("<@UBOT> Make me a 4 second teaser"))
    answer = slack.answered()
    assert buttons(answer)[-2:] == ["make", "not_now"]
    text = str(answer["blocks"])
    assert "asked for: Make me a 4 second teaser" in text and "free" in text
    return answer


def test_who_presses_make_gets_the_video_in_the_thread_once(
    client: TestClient, slack: Workspace, own: Settings
) -> None:
    answer = proposed(client, slack)
    pressed = press(answer, "make")
    for _ in range(4):  # as Slack does where it is not answered in time
        send(client, pressed)
    (sent,) = slack.until(
        lambda: [one for one in slack.forms("files.completeUploadExternal") if "thread_ts" in one]
    )
    assert (sent["channel_id"], sent["thread_ts"]) == ("C1", answer["thread_ts"])
    slack.until(lambda: any("Here it is" in text for text in slack.told))
    job = jobs(own)[0]
    assert job.state == "done" and job.approved_by == "slack U1"
    assert [step.state for step in job.history].count("approved") == 1
    send(client, press(answer, "make", user="U1"))
    slack.until(lambda: any("done already" in text for text in slack.told))


def test_not_now_and_who_is_not_there_make_nothing(
    client: TestClient, slack: Workspace, own: Settings
) -> None:
    answer = proposed(client, slack)
    slack.members["C1"] = {"U1"}
    send(client, press(answer, "make", user="U2"))
    slack.until(lambda: len(slack.forms("chat.postEphemeral")) == 1)
    send(client, press(answer, "not_now"))
    slack.until(lambda: "It is not made." in slack.told)
    assert jobs(own)[0].state == "cancelled"
    sent = [one for one in slack.forms("files.completeUploadExternal") if "thread_ts" in one]
    assert jobs(own)[0].approved_by == "" and not sent


def test_a_refusal_has_no_buttons(client: TestClient, slack: Workspace) -> None:
    send(client, event("<@UBOT> Generate a video of Elon Musk on a beach"))
    answer = slack.answered()
    assert "make" not in buttons(answer) and "real people" in str(answer["blocks"])
