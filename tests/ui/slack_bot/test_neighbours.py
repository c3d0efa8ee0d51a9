"""Three channels and three people: nobody gets anything of a channel that they are not in."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from agent.settings import Settings
from tests.ui.slack_bot.conftest import fill
from tests.ui.slack_bot.workspace import Workspace, event, press, send
from tools.library import Library

CHANNELS = {"C1": {"U1", "U2"}, "C2": {"U2", "U3"}, "C3": {"U3", "U1"}}
THINGS = {"C1": "kettle", "C2": "lantern", "C3": "anchor"}
BUTTONS = ("more", "closer", "clip", "summary", "helpful", "not_helpful")


@pytest.fixture(scope="module")
def answers(
    own: Settings, client: TestClient, slack: Workspace, shots: Path
) -> dict[str, dict[str, Any]]:
    """An answer of each channel about what only its own video tells."""
    found: dict[str, dict[str, Any]] = {}
    for channel, thing in THINGS.items():
        if channel != "C1":
            said = f"1\n00:00:01,000 --> 00:00:02,500\nThe {thing} is red.\n"
            fill(own.home, channel, shots, said)
        send(client, event(f"<@UBOT> What is said about the {thing}?", channel))
        found[channel] = slack.answered(channel)
        assert f"{thing} is red" in found[channel]["text"]
    return found


def links(answer: dict[str, Any]) -> list[str]:
    shown = json.dumps(answer["blocks"]).replace("&amp;", "&")
    return re.findall(r"<http://127.0.0.1:8000(/v/[^|]+)\|", shown)


def test_a_question_finds_nothing_of_another_channel_nor_of_its_threads(
    client: TestClient, slack: Workspace, answers: dict[str, dict[str, Any]]
) -> None:
    asked = 0
    for channel, people in CHANNELS.items():
        for person in sorted(people):
            for other, thing in THINGS.items():
                if other == channel:
                    continue
                elsewhere = answers[other]["thread_ts"]
                for thread in ({}, {"thread_ts": elsewhere}):  # also by the number of its thread
                    text = f"<@UBOT> What is said about the {thing}?"
                    send(client, event(text, channel, user=person, **thread))
                    asked += 1
    slack.until(lambda: len(slack.messages) == asked)
    assert asked == 24
    for one in slack.messages.values():
        said = one["text"] + json.dumps(one["blocks"])
        leaked = [thing for thing in THINGS.values() if f"{thing} is red" in said]
        assert leaked in ([], [THINGS[one["channel"]]])


def test_a_button_does_nothing_for_who_is_not_in_its_channel(
    own: Settings, client: TestClient, slack: Workspace, answers: dict[str, dict[str, Any]]
) -> None:
    slack.members.update(CHANNELS)
    pressed = 0
    for channel, people in CHANNELS.items():
        (stranger,) = {"U1", "U2", "U3"} - people
        for name in BUTTONS:
            send(client, press(answers[channel], name, user=stranger))
            for other in sorted(CHANNELS.keys() - {channel}):  # an answer moved into another one
                moved = {**answers[channel], "channel": other}
                send(client, press(moved, name, user=stranger))
                pressed += 1
            pressed += 1
    slack.until(lambda: len(slack.forms("chat.postEphemeral")) == pressed)
    told = [form for form in slack.forms("chat.postEphemeral") if form["user"] in
            CHANNELS[form["channel"]]]  # fmt: skip
    assert {form["text"] for form in told} == {"This answer is not there any more. Ask again."}
    for channel in CHANNELS:  # who is in it, afterwards
        send(client, press(answers[channel], "more", user=sorted(CHANNELS[channel])[0]))
    slack.until(lambda: len(slack.messages) == 3)
    assert not slack.uploads and not slack.forms("files.completeUploadExternal")
    for channel in CHANNELS:
        file = Library(own.home, f"slack-T1-{channel}").root / "conversations.sqlite"
        with closing(sqlite3.connect(file)) as kept:
            assert kept.execute("SELECT count(*) FROM feedback").fetchone() == (0,)


def test_a_link_plays_the_video_of_its_own_channel_alone(
    client: TestClient, answers: dict[str, dict[str, Any]]
) -> None:
    found = {channel: links(answer)[0] for channel, answer in answers.items()}
    for channel, link in found.items():
        assert client.get(link).status_code == 200
        for other in CHANNELS.keys() - {channel}:
            path, query = link.partition("?")[0], found[other].partition("?")[2]
            assert client.get(f"{path}?{query}").status_code in (401, 403, 404)
            renamed = link.replace(f"slack-T1-{channel}", f"slack-T1-{other}")
            assert renamed != link and client.get(renamed).status_code in (401, 403, 404)
