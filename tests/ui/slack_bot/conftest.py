"""A workspace of Slack, and the server that answers in it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
from tests.ui.slack_bot.workspace import SECRET, TOKEN, Workspace, workspace
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.slack_bot.door import open_slack

SAID = "1\n00:00:01,000 --> 00:00:02,500\nThe kettle is red. <!channel> http://evil.example\n"
Serve = Callable[..., AbstractContextManager[TestClient]]


def fill(home: Path, channel: str, shots: Path, said: str = SAID) -> None:
    """Index a video with these subtitles into the library of a channel."""
    folder = home.parent / channel
    folder.mkdir()
    path = folder / "kettle & pot.mp4"
    path.write_bytes(shots.read_bytes() + b"\0\0\0\x08free" * int(channel[1:]))  # its own id
    path.with_suffix(".srt").write_text(said)
    ingest(Library(home, f"slack-T1-{channel}"), path, providers=BARE)


@pytest.fixture(scope="module")
def slack() -> Iterator[Workspace]:
    with workspace() as here:
        yield here


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, shots: Path, slack: Workspace) -> Settings:
    """Settings of a home in which the channel C1 has a video."""
    folder = tmp_path_factory.mktemp("slack")
    fill(folder / "home", "C1", shots)
    return Settings(
        home=folder / "home", port=8000, providers=BARE, model="extractive", background="off",
        url="http://127.0.0.1:8000", slack_bot_token=Secret(TOKEN),
        slack_signing_secret=Secret(SECRET), slack_api=f"http://127.0.0.1:{slack.port}/api/",
    )  # fmt: skip


@pytest.fixture(scope="module")
def serve(own: Settings, slack: Workspace) -> Serve:
    """Runs a server with settings that differ, and an agent of its own where one is given."""

    @contextmanager
    def serving(opened: Any = agent.agent.open_agent, **other: Any) -> Iterator[TestClient]:
        door = partial(open_slack, connect=slack.connect, pause=0.0, picture_pause=0.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ui.web.server, "open_slack", door)
            with running(replace(own, **other), opened) as made:
                yield made

    return serving


@pytest.fixture(scope="module")
def client(serve: Serve) -> Iterator[TestClient]:
    with serve() as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_said(slack: Workspace) -> None:
    """Each test sees what it caused."""
    slack.has_sessions, slack.before = True, lambda _: None
    for seen in (slack.messages, slack.refusals, slack.members):
        seen.clear()
    for told in (slack.calls, slack.told, slack.uploads, slack.fetched):
        told.clear()
