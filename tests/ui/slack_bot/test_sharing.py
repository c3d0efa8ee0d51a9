"""What people share: videos, links and pictures."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent.settings import Settings
from tests.address_server import stand_in, world
from tests.ui.slack_bot.conftest import Serve
from tests.ui.slack_bot.workspace import TOKEN, Workspace, event, send
from tools.library import Library

QUESTION = "<@UBOT> What is said about the kettle?"


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
    assert slack.answered("C2")["text"]
    send(client, event(QUESTION, channel="C2"))
    slack.until(lambda: len(slack.answers("C2")) == 2)
    assert not any("kettle is red" in text for text in slack.told), "that is of another channel"
    send(client, event("<@UBOT> How long is the video?", channel="C3"))
    slack.until(lambda: slack.told[-1].startswith("There is no video here yet."))


def test_a_link_is_fetched_and_indexed_as_a_file_is_where_addresses_are(
    serve: Serve, slack: Workspace, shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world() as made, serve(home=tmp_path, addresses="on") as client:
        stand_in(made, shots, monkeypatch)
        shared = event("<@UBOT> <http://films.example/film.mp4>")
        send(client, shared)
        slack.until(lambda: slack.told and slack.told[-1] == "film: ready: ask me in this thread.")
        assert len(slack.messages) == 1, "one message tells of it"
        assert made.paths == ["/film.mp4"] and "authorization" not in made.seen[0]
        twin = event(shared["event"]["text"], kind="message")
        twin["event"]["ts"] = shared["event"]["ts"]
        send(client, twin)
        link = "<http://films.example/film.mp4|http://films.example/film.mp4>"
        again = event(f"How long is it? {link}", kind="message", thread_ts=shared["event"]["ts"])
        send(client, again)
        assert "10 s" in slack.answered()["text"] or "0:10" in slack.answered()["text"]
        assert made.paths == ["/film.mp4"] * 2 and len(slack.messages) == 3
        for inside in ("http://127.0.0.1/film.mp4", "http://inside.example/film.mp4"):
            send(client, event(f"<@UBOT> <{inside}>", channel="C2"))
        slack.until(lambda: sum("not on the public internet" in text for text in slack.told) == 2)


def test_a_link_is_declined_in_one_sentence_where_none_are_fetched(
    client: TestClient, slack: Workspace
) -> None:
    two = "<https://films.example/a.mp4> <https://films.example/b.mp4|https://films.example/b.mp4>"
    send(client, event(f"{QUESTION} {two}"))
    assert "kettle is red" in slack.answered()["text"]
    declined = [text for text in slack.told if text.startswith("I fetch no links here")]
    assert len(declined) == 1
    send(client, event("<@UBOT> What is said of <http://kettle.example|kettle.example>?"))
    slack.until(lambda: len(slack.answers("C1")) == 2)
    assert len(slack.told) == 3, "a bare name is a word of the question"


def test_a_picture_is_looked_for_in_the_videos(
    client: TestClient, slack: Workspace, own: Settings
) -> None:
    library = Library(own.home, "slack-T1-C1")
    (video,) = library.list()
    frame = library.frame_at(video.id, 4.0)
    slack.files["/files-pri/T1-F7/blue.jpg"] = library.picture(frame.image).read_bytes()
    picture = {"id": "F7", "name": "blue.jpg", "mimetype": "image/jpeg", "mode": "hosted",
               "url_private": "https://files.slack.com/files-pri/T1-F7/blue.jpg"}  # fmt: skip
    send(client, event("<@UBOT>", files=[picture]))
    answer = slack.answered()
    assert slack.fetched == [f"/files-pri/T1-F7/blue.jpg Bearer {TOKEN}"]
    first = next(one for one in answer["blocks"] if one["type"] == "image")
    assert "[1] 0:0" in first["alt_text"]
    titles = [form.get("title") for form in slack.forms("agents.sessions.setStatus")]
    assert "Where is this?" in titles
    broken = {**picture, "id": "F8", "url_private": "https://files.slack.com/files-pri/T1-F8/x.jpg"}
    slack.files["/files-pri/T1-F8/x.jpg"] = b"no picture"
    send(client, event("<@UBOT> Where is this?", files=[broken]))
    slack.until(lambda: any("cannot be read" in text for text in slack.told))
    foreign = {**picture, "id": "F9", "url_private": "https://evil.example/x.jpg"}
    send(client, event("<@UBOT> Where is this?", files=[foreign]))
    slack.until(lambda: any("lies outside of Slack" in text for text in slack.told))
    assert len(slack.fetched) == 2
