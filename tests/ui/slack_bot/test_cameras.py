"""Questions about what passes before a camera, in Slack."""

from pathlib import Path

from starlette.testclient import TestClient

from agent.settings import Settings
from tests.ui.slack_bot.workspace import Workspace, event, send
from tests.watched import across, watched
from tools.library import Library


def test_a_camera_question_is_answered_in_its_thread_and_keeps_the_line(
    own: Settings, client: TestClient, slack: Workspace, tmp_path: Path
) -> None:
    library = Library(own.home, "slack-T1-C7")
    seen = [across(10.0), across(20.0), across(30.0, "car", "red", back=True)]
    id = watched(library, tmp_path, "gate film", seen)
    library.cameras.draw(id, "side door", "line", [(0.5, 0.4), (0.5, 1.0)])
    asked = event("<@UBOT> How many people cross the line side door?", "C7")
    send(client, asked)
    answer = slack.answered("C7")
    assert answer["text"].startswith("2 in all: 0:12 and 0:22.")
    assert "image" in {one["type"] for one in answer["blocks"]}
    assert "crosses side door to the right" in answer["text"]
    thread = asked["event"]["ts"]
    send(client, event("and cars to the left?", "C7", "message", thread_ts=thread))
    slack.until(lambda: len(slack.answers("C7")) == 2)
    second = slack.answers("C7")[1]
    assert second["text"].startswith("1 in all: 0:32.")
    assert "red car" in second["text"] and "crosses side door to the left" in second["text"]
