"""Slack: real signatures through the real app, against a Web API that is scripted."""

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import agent.agent
import ui.web.server
from agent.settings import Secret, Settings
from tests.ui.door import running
from tests.ui.slack_bot.workspace import SECRET, TOKEN, Workspace, event, send, signed, workspace
from tools.errors import RefusedRequest
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.slack_bot.bot import conversation_of
from ui.slack_bot.door import open_slack
from ui.slack_bot.journal import Event, Journal

SAID = "1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red. <!channel> http://evil.example\n"
QUESTION = "<@UBOT> What is said about the kettle?"


@pytest.fixture(scope="module")
def slack() -> Iterator[Workspace]:
    with workspace() as here:
        yield here


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, shots: Path, slack: Workspace) -> Settings:
    folder = tmp_path_factory.mktemp("slack")
    path = folder / "kettle.mp4"
    path.symlink_to(shots)
    path.with_suffix(".srt").write_text(SAID)
    ingest(Library(folder / "home", "slack-T1-C1"), path, providers=BARE)
    return Settings(
        home=folder / "home", port=8000, providers=BARE, model="extractive", background="off",
        url="http://127.0.0.1:8000", slack_bot_token=Secret(TOKEN),
        slack_signing_secret=Secret(SECRET), slack_api=f"http://127.0.0.1:{slack.port}/api/",
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(own: Settings, slack: Workspace) -> Iterator[TestClient]:
    opened = partial(open_slack, connect=slack.connect, pause=0.0, picture_pause=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ui.web.server, "open_slack", opened)
        with running(own, agent.agent.open_agent) as made:
            yield made


@pytest.fixture(autouse=True)
def nothing_said(slack: Workspace) -> None:
    """Each test sees what it caused."""
    for seen in (slack.messages, slack.refusals):
        seen.clear()
    for told in (slack.calls, slack.told, slack.uploads, slack.fetched):
        told.clear()


def answered(slack: Workspace, channel: str = "C1") -> dict[str, Any]:
    return slack.until(lambda: slack.answers(channel))[0]


def test_a_mention_is_answered_with_its_frames_and_a_link_that_plays(
    client: TestClient, slack: Workspace
) -> None:
    asked = event(QUESTION)
    assert send(client, asked).status_code == 200
    answer = answered(slack)
    assert answer["posted"] == "chat.update" and "The kettle is red." in answer["text"]
    shown = json.dumps(answer["blocks"])
    spoken = [one["text"]["text"] for one in answer["blocks"] if one["type"] == "section"]
    for text in (answer["text"], *spoken):
        assert "<!channel>" not in text and "http://evil" not in text
    (picture,) = [one for one in answer["blocks"] if one["type"] == "image"]
    assert picture["slack_file"]["id"].startswith("FUP") and "[1]" in picture["alt_text"]
    ((content, token),) = slack.uploads
    assert content.startswith(b"\xff\xd8") and not token, "the token goes to the Web API alone"
    link = shown.partition("<http://127.0.0.1:8000")[2].partition("|")[0].replace("&amp;", "&")
    assert link.startswith("/v/") and "signature=" in link
    assert client.get(link).status_code == 200
    first = next(call for call in slack.calls if call.method == "chat.postMessage")
    assert first.form["thread_ts"] == asked["event"]["ts"] and first.token == f"Bearer {TOKEN}"


def test_a_thread_goes_on_without_a_mention_and_others_are_left_alone(
    client: TestClient, slack: Workspace
) -> None:
    asked = event(QUESTION)
    send(client, asked)
    answered(slack)
    slack.messages.clear()
    send(client, event("Nobody asked the bot", kind="message"))
    follow = event("And what colour is it?", kind="message", thread_ts=asked["event"]["ts"])
    send(client, follow)
    slack.until(lambda: any(one["blocks"] for one in slack.messages.values()))
    assert [one.get("thread_ts") for one in slack.messages.values()][-1:] != [""]
    posts = [call.form for call in slack.calls if call.method == "chat.postMessage"]
    assert {one["thread_ts"] for one in posts} == {asked["event"]["ts"]}


def test_an_event_that_comes_four_times_and_as_a_message_too_is_answered_once(
    client: TestClient, slack: Workspace
) -> None:
    asked = event(QUESTION)
    for number in range(4):
        assert send(client, asked, **{"x-slack-retry-num": str(number)}).status_code == 200
    twin = event(QUESTION, kind="message")
    twin["event"]["ts"] = asked["event"]["ts"]
    send(client, twin)
    answered(slack)
    send(client, asked)
    send(client, event("<@UBOT> What is said about the kettle again?", ts="2000.000001"))
    slack.until(lambda: len(slack.answers("C1")) == 2)
    assert sum(call.method == "chat.postMessage" for call in slack.calls) == 2


def test_what_was_not_answered_at_the_last_stop_is_answered_in_the_same_message(
    own: Settings, slack: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "slack.sqlite"
    waiting = Event("Ev-before", "T1", "C1", "3000.000001", "3000.000001", "What is the kettle?")
    with closing(Journal(file)) as journal:
        assert journal.add(waiting) and not journal.add(waiting)
        journal.posted(waiting, "answer", "8000.000001")
    with running(replace(own, home=tmp_path), agent.agent.open_agent):
        slack.until(lambda: slack.told[-1:] and slack.told[-1].startswith("There is no video"))
        with pytest.raises(RefusedRequest, match="another process"):
            Journal(file)
    assert list(slack.messages) == ["8000.000001"]
    assert [call.method for call in slack.calls] == ["chat.update", "chat.update"]
    with closing(Journal(file)) as journal:
        assert not journal.add(waiting)


def test_what_is_forged_or_old_is_refused_and_stands_in_no_log(
    client: TestClient, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.dumps(event("<@UBOT> canary-in-the-body")).encode()
    old, forged = signed(body, at=1_000_000), signed(body, secret="guessed")
    named = ("x-slack-request-timestamp", "x-slack-signature")
    odd = [dict(zip(named, (stamp, "v0=\xe9"), strict=True)) for stamp in ("x", "", "-1", "9" * 30)]
    for headers in (old, forged, {}, *odd):
        plain = {name: value.encode("latin") for name, value in headers.items()}
        for content in (body, b"{canary-in-the-body", b"\xff canary-in-the-body"):
            reply = client.post("/slack/events", content=content, headers=plain)  # type: ignore[arg-type]
            assert reply.status_code == 401
    assert "canary-in-the-body" not in caplog.text and not slack.calls


def test_the_secrets_stand_in_no_log(
    client: TestClient, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(client, event(QUESTION))
    answered(slack)
    assert TOKEN not in caplog.text and SECRET not in caplog.text


def test_slack_checks_that_the_address_is_ours(client: TestClient) -> None:
    reply = send(client, {"type": "url_verification", "challenge": "canary"})
    assert reply.status_code == 200 and reply.json() == {"challenge": "canary"}


def test_without_a_secret_there_is_no_route(own: Settings) -> None:
    with running(replace(own, slack_signing_secret=None)) as made:
        assert send(made, event(QUESTION)).status_code in (404, 405)


def test_a_shared_video_is_indexed_in_one_message_and_asked_about_in_its_own_channel_alone(
    client: TestClient, slack: Workspace, shots: Path
) -> None:
    slack.files["/files-pri/T1-F1/shots.mp4"] = shots.read_bytes()
    file = {"id": "F1", "name": "shots.mp4", "mimetype": "video/mp4", "mode": "hosted",
            "url_private": "https://files.slack.com/files-pri/T1-F1/shots.mp4"}  # fmt: skip
    shared = event("<@UBOT>", channel="C2", files=[file])
    send(client, shared)
    slack.until(lambda: slack.told and slack.told[-1] == "shots.mp4: ready: ask me in this thread.")
    assert len(slack.messages) == 1, "one message tells of it"
    assert slack.fetched == [f"/files-pri/T1-F1/shots.mp4 Bearer {TOKEN}"]
    thread = shared["event"]["ts"]
    send(client, event("How long is the video?", "C2", "message", thread_ts=thread))
    assert answered(slack, "C2")["text"]
    send(client, event(QUESTION, channel="C2"))
    slack.until(lambda: len(slack.answers("C2")) == 2)
    assert not any("kettle is red" in text for text in slack.told), "that is of another channel"
    send(client, event("<@UBOT> How long is the video?", channel="C3"))
    slack.until(lambda: slack.told[-1].startswith("There is no video here yet."))


ODD = [
    "http://files.slack.com/a", "https://files.slack.com.evil.example/a", "https://evil.example/a",
    "https://files.slack.com@evil.example/a", "https://user@files.slack.com/a",
    "https://files.slack.com:8443/a", "https://FILES.slack.com/a",
    "https://files.slack.com\\@evil/a",
    "//files.slack.com/a", "https:/files.slack.com/a", "https://files.slack.com./a", "",
    "https://files.slack.com/a b", "https://files.slack.com/\r\nx: y", "https://files.slack.com#/a",
    "https://evil.example/https://files.slack.com/", "https://127.0.0.1/a", "file:///etc/passwd",
    "https://files.slack.com/é", "https://slack.com/files/a", "https://xfiles.slack.com/a",
    " https://files.slack.com/a", "https://files.slack.com?/a", "ftp://files.slack.com/a",
]  # fmt: skip


def test_the_token_goes_to_no_other_address(client: TestClient, slack: Workspace) -> None:
    files = [{"id": f"FX{n}", "name": "x.mp4", "mimetype": "video/mp4", "url_private": url}
             for n, url in enumerate(ODD)]  # fmt: skip
    outside = {"url_private": "https://files.slack.com/a", "mode": "external", "is_external": True}
    files.append({**files[0], "id": "FX99", **outside})
    for file in files:
        send(client, event("<@UBOT>", channel="C4", files=[file]))
    slack.until(lambda: sum("lies outside of Slack" in text for text in slack.told) == len(files))
    assert not slack.fetched


def test_a_file_that_slack_redirects_is_not_followed(client: TestClient, slack: Workspace) -> None:
    file = {"id": "FR", "name": "x.mp4", "mimetype": "video/mp4",
            "url_private": "https://files.slack.com/elsewhere"}  # fmt: skip
    send(client, event("<@UBOT>", channel="C4", files=[file]))
    slack.until(lambda: any("did not give me the file" in text for text in slack.told))
    assert len(slack.fetched) == 1


def test_a_call_waits_as_long_as_slack_asks(client: TestClient, slack: Workspace) -> None:
    refusal = (429, {"retry-after": "0"}, {"ok": False, "error": "ratelimited"})
    slack.refusals["chat.postMessage"] = [refusal, refusal]
    send(client, event(QUESTION))
    answered(slack)
    assert sum(call.method == "chat.postMessage" for call in slack.calls) == 3


def test_pictures_that_slack_has_not_read_yet_are_tried_again_and_then_left_out(
    client: TestClient, slack: Workspace
) -> None:
    refusal = (200, {}, {"ok": False, "error": "invalid_blocks"})
    slack.refusals["chat.update"] = [refusal] * 3
    send(client, event(QUESTION))
    answer = answered(slack)
    assert "kettle" in answer["text"]
    assert not [one for one in answer["blocks"] if one["type"] == "image"]


@pytest.mark.parametrize(
    ("method", "why"), [("chat.postMessage", "token_revoked"), ("chat.update", "message_not_found")]
)
def test_a_revoked_token_or_a_deleted_message_is_one_line_in_the_log(
    client: TestClient,
    slack: Workspace,
    caplog: pytest.LogCaptureFixture,
    method: str,
    why: str,
) -> None:
    slack.refusals[method] = [(200, {}, {"ok": False, "error": why})]
    send(client, event(QUESTION))
    slack.until(lambda: not slack.refusals[method])
    send(client, event(QUESTION, channel="C9"))  # a later one is answered
    slack.until(lambda: any(one["channel"] == "C9" for one in slack.messages.values()))
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("ui.slack_bot")]
    assert lines == [f"slack: {method}: {why}"]


def test_buttons_rate_an_answer_and_show_more(client: TestClient, slack: Workspace) -> None:
    asked = event(QUESTION)
    send(client, asked)
    answer = answered(slack)
    (actions,) = [one for one in answer["blocks"] if one["type"] == "actions"]
    names = [one["action_id"] for one in actions["elements"]]
    assert names == ["more", "helpful", "not_helpful"]
    pressed = {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"},
        "channel": {"id": "C1"}, "trigger_id": "1.2",
        "message": {"ts": answer["ts"], "thread_ts": asked["event"]["ts"]},
    }  # fmt: skip
    for one in actions["elements"]:
        action = {**one, "action_ts": f"5000.{names.index(one['action_id'])}"}
        assert send(client, {**pressed, "actions": [action]}).status_code == 200
    slack.until(lambda: sum(call.method == "chat.postEphemeral" for call in slack.calls) == 2)
    slack.until(lambda: any("more moments" in text.lower() for text in slack.told))


def test_a_journal_keeps_keys_for_an_hour_and_gives_up_after_three_tries(tmp_path: Path) -> None:
    now = 1000.0
    journal = Journal(tmp_path / "slack.sqlite", lambda: now)
    one = Event("Ev1", "T1", "C1", "1.1", "1.1", "words of a person")
    assert journal.add(one) and journal.pending() == [one]
    assert [journal.begin(one) for _ in range(4)] == [True, True, True, False]
    journal.done(one)
    now += 3599
    assert not journal.add(one)
    now += 3602
    assert journal.add(one)
    journal.close()
    assert (tmp_path / "slack.sqlite").stat().st_mode & 0o077 == 0
    threads = {conversation_of(Event("E", t, c, "1.1", "1.1")) for t in "AB" for c in "CD"}
    assert len(threads) == 4
