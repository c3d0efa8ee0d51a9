"""Slack: real signatures through the real app, against a Web API that is scripted."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from slack_sdk.signature import Clock
from starlette.testclient import TestClient

import agent.agent
from agent.settings import Settings
from tests.ui.door import running
from tests.ui.slack_bot.workspace import SECRET, TOKEN, Workspace, event, send, signed
from tools.errors import RefusedRequest
from ui.slack_bot.desk import conversation_of
from ui.slack_bot.journal import Event, Journal

QUESTION, ASKED = "<@UBOT> What is said about the kettle?", "What is the kettle?"


def test_a_mention_is_answered_with_its_frames_and_a_link_that_plays(
    client: TestClient, slack: Workspace
) -> None:
    asked = event(QUESTION)
    assert send(client, asked).status_code == 200
    answer = slack.answered()
    assert answer["posted"] == "chat.postMessage" and "The kettle is red." in answer["text"]
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
    slack.answered()
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
    slack.answered()
    send(client, asked)
    send(client, event("<@UBOT> What is said about the kettle again?", ts="2000.000001"))
    slack.until(lambda: len(slack.answers("C1")) == 2)
    assert len(slack.forms("chat.postMessage")) == 2
    begun = [form for form in slack.forms("agents.sessions.setStatus") if "title" in form]
    assert [form["thread_ts"] for form in begun].count(asked["event"]["ts"]) == 1, "asked once"


def test_what_was_not_answered_at_the_last_stop_is_answered_in_the_same_message(
    own: Settings, slack: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "slack.sqlite"
    waiting = Event("Ev-before", "T1", "C1", "3000.000001", "3000.000001", ASKED, True)
    with closing(Journal(file)) as journal:
        assert journal.add(waiting) and not journal.add(waiting)
        journal.posted(waiting, "answer", "8000.000001")
    with running(replace(own, home=tmp_path), agent.agent.open_agent):
        slack.until(lambda: slack.told[-1:] and slack.told[-1].startswith("There is no video"))
        with pytest.raises(RefusedRequest, match="another process"):
            Journal(file)
    assert list(slack.messages) == ["8000.000001"]
    assert len(slack.forms("chat.update")) == 1 and not slack.forms("chat.postMessage")
    with closing(Journal(file)) as journal:
        assert not journal.add(waiting)


def test_a_message_that_was_posted_but_not_noted_before_a_kill_is_found_again(
    own: Settings, slack: Workspace, tmp_path: Path
) -> None:
    waiting = Event("Ev-killed", "T1", "C1", "3000.000002", "3000.000002", ASKED, True)
    with closing(Journal(tmp_path / "slack.sqlite")) as journal:
        assert journal.add(waiting)
    for number, about in enumerate((("Ev-other", "answer"), ("Ev-killed", "answer")), 1):
        payload = dict(zip(("event", "for"), about, strict=True))
        slack.messages[f"8000.00000{number}"] = {
            "ts": f"8000.00000{number}", "thread_ts": "3000.000002", "text": "", "blocks": [],
            "metadata": json.dumps({"event_type": "cuepoint", "event_payload": payload}),
        }  # fmt: skip
    with running(replace(own, home=tmp_path), agent.agent.open_agent):
        slack.until(lambda: slack.messages["8000.000002"]["text"].startswith("There is no video"))
    assert not slack.messages["8000.000001"]["text"] and not slack.forms("chat.postMessage")


def forgeries(count: int, now: float) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Requests that nobody signed so: by another secret, too old or new, of another body, odd."""
    for n in range(count):
        body = json.dumps(event(f"<@UBOT> canary-in-the-body {n}")).encode()
        good = signed(body, at=now)
        (stamp, at), (name, signature) = good.items()
        yield from zip(
            (body, body, body, body + b" ", b"{canary-in-the-body", b"\xff canary-in-the-body",
             body, body, body, body),
            (
                signed(body, at=now, secret=f"guessed {n}"),
                signed(body, at=now - 301 - 60 * n),
                signed(body, at=now + 301 + 60 * n),
                good,
                good,
                good,
                {stamp: at},
                {name: signature},
                {**good, stamp: ("x", "", "-1", "9" * 30, f"{at}.0", f" {at}")[n % 6]},
                {**good, name: ("v0=", "", "v0=\xe9", f"v1{signature[2:]}", signature[:-1])[n % 5]},
            ),
            strict=True,
        )  # fmt: skip


def test_200_forged_or_old_requests_are_refused_and_stand_in_no_log(
    client: TestClient,
    slack: Workspace,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    now = time.time()
    monkeypatch.setattr(Clock, "now", lambda _: now)
    for count, (body, headers) in enumerate(forgeries(20, now), 1):
        plain = {name: value.encode("latin") for name, value in headers.items()}
        reply = client.post("/slack/events", content=body, headers=plain)  # type: ignore[arg-type]
        assert (reply.status_code, count) == (401, count)
    assert count == 200 and "canary-in-the-body" not in caplog.text and not slack.calls


def test_the_secrets_stand_in_no_log(
    client: TestClient, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(client, event(QUESTION))
    slack.answered()
    assert TOKEN not in caplog.text and SECRET not in caplog.text


def test_slack_checks_that_the_address_is_ours(client: TestClient) -> None:
    reply = send(client, {"type": "url_verification", "challenge": "canary"})
    assert reply.status_code == 200 and reply.json() == {"challenge": "canary"}


def test_without_a_secret_there_is_no_route(own: Settings) -> None:
    with running(replace(own, slack_signing_secret=None)) as made:
        assert send(made, event(QUESTION)).status_code in (404, 405)


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
    slack.until(lambda: sum("lies outside of Slack" in text for text in slack.told) == 25)
    assert len(files) == 25 and not slack.fetched


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
    slack.answered()
    assert len(slack.forms("chat.postMessage")) == 3


def test_pictures_that_slack_has_not_read_yet_are_tried_again_and_then_left_out(
    client: TestClient, slack: Workspace
) -> None:
    refusal = (200, {}, {"ok": False, "error": "invalid_blocks"})
    slack.refusals["chat.postMessage"] = [refusal] * 3
    send(client, event(QUESTION))
    answer = slack.answered()
    assert "kettle" in answer["text"]
    assert not [one for one in answer["blocks"] if one["type"] == "image"]


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name.startswith("ui.slack_bot")]


def test_a_revoked_token_is_one_line_in_the_log_until_it_is_taken_again(
    client: TestClient, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = (200, {}, {"ok": False, "error": "token_revoked"})
    methods = ("agents.sessions.setStatus", "files.getUploadURLExternal", "chat.postMessage")
    for _ in range(2):
        slack.refusals |= {method: [refusal] * 9 for method in methods}
        for _ in range(3):
            before = len(slack.forms("chat.postMessage"))
            send(client, event(QUESTION, channel="C9"))
            slack.until(lambda n=before: len(slack.forms("chat.postMessage")) > n)
        slack.refusals.clear()
        send(client, event(QUESTION, channel="C9"))
        slack.until(lambda: slack.messages)
        slack.messages.clear()
    assert lines_of(caplog) == ["slack: chat.postMessage: token_revoked"] * 2


def test_a_message_that_is_deleted_while_it_waits_is_one_line_in_the_log(
    client: TestClient, slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    slack.has_sessions = False  # else nothing stands there before the answer
    slack.refusals["chat.update"] = [(200, {}, {"ok": False, "error": "message_not_found"})]
    send(client, event(QUESTION))
    slack.until(lambda: not slack.refusals["chat.update"])
    send(client, event(QUESTION, channel="C9"))  # a later one is answered
    slack.until(lambda: any(one["channel"] == "C9" for one in slack.messages.values()))
    assert lines_of(caplog) == ["slack: chat.update: message_not_found"]


def test_a_journal_keeps_keys_for_an_hour_and_gives_up_after_three_tries(tmp_path: Path) -> None:
    now = 1000.0
    journal = Journal(tmp_path / "slack.sqlite", lambda: now)
    one = Event("Ev1", "T1", "C1", "1.1", "1.1", "words of a person", True)
    twin, other = replace(one, id="Ev2", addressed=False), replace(one, id="Ev3", thread="2.2")
    assert journal.add(replace(other, addressed=False)) == [], "of a thread that nobody asked in"
    assert journal.add(one, one, twin) == [one, twin], "of a thread from now on"
    journal.done(twin)
    assert [journal.is_again(one)] + [len(journal.resume()) for _ in range(3)] == [False, 1, 1, 0]
    assert journal.is_again(one)
    journal.done(one)
    now += 3599
    assert not journal.add(one)
    now += 3602
    assert journal.add(one)
    journal.close()
    assert (tmp_path / "slack.sqlite").stat().st_mode & 0o077 == 0
    threads = {conversation_of(Event("E", t, c, "1.1", "1.1")) for t in "AB" for c in "CD"}
    assert len(threads) == 4
