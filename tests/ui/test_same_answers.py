"""The same twenty questions through every door: one implementation, one answer."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from agent.agent import open_agent
from agent.history import answers, conversations
from agent.settings import Settings
from tests.ui.serving import Server, serving
from tests.ui.slack_bot.workspace import SECRET, TOKEN, Workspace, event, send, workspace
from ui.slack_bot.desk import conversation_of
from ui.slack_bot.reading import read

QUESTIONS = (
    "When does the last ferry leave?", "What is this video about?", "And after that?",
    "How often does the fog horn sound?", "Where is the rainbow?", "How old is Ada?",
    "What is said about whales?", "Wann fährt die letzte Fähre?", "Show me the darkest part.",
    "What happens at 5:00?", "What's on the screen at 0:40?", "How long is the video?",
    "In what year was the lamp built?", "Find every time the crab pots are mentioned",
    "Which part has the most movement?", "What colour is the lighthouse?",
    "How many cars are there?", "wen does teh last fery leav", "Summarise it in 3 bullets",
    "What is said about Paris?",
)  # fmt: skip
Told = tuple[list[str], str | None]
"""Ids of what an answer shows, and why it asserts nothing."""


def told(answer: Any) -> Told:
    """The same of the contract's JSON."""
    return [one["id"] for one in answer["evidence"] or answer["nearest"]], answer["reason"]


@dataclass(frozen=True)
class House:
    """A server with all its doors, a workspace that it answers in, and its library."""

    home: Path
    server: Server
    slack: Workspace


@pytest.fixture(scope="module")
def house(
    indexed_sample: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house") / "home"
    shutil.copytree(indexed_sample[0] / "library", home)
    libraries = home / "libraries"
    shutil.copytree(libraries / "local", libraries / "slack-T1-C1")
    with workspace() as slack:
        options = {
            "CUEPOINT_MODEL": "extractive", "CUEPOINT_BACKGROUND": "off",
            "CUEPOINT_SLACK_BOT_TOKEN": TOKEN, "CUEPOINT_SLACK_SIGNING_SECRET": SECRET,
            "CUEPOINT_SLACK_API": f"http://127.0.0.1:{slack.port}/api/",
        }  # fmt: skip
        with serving(home, **options) as server:
            yield House(home, server, slack)


def by_command(house: House, cuepoint: Any, monkeypatch: pytest.MonkeyPatch) -> list[Told]:
    monkeypatch.setenv("CUEPOINT_HOME", str(house.home))
    monkeypatch.setenv("CUEPOINT_MODEL", "extractive")
    done = [cuepoint("ask", question, "--json") for question in QUESTIONS]
    assert {status for status, _, _ in done} == {0}
    return [told(json.loads(out)) for _, out, _ in done]


def by_http(house: House) -> list[Told]:
    def ask(question: str) -> Told:
        body = json.dumps({"question": question}).encode()
        kind = {"content-type": "application/json"}
        with urlopen(Request(f"{house.server.url}/api/ask", body, kind), timeout=60) as reply:
            return told(json.load(reply))

    return [ask(question) for question in QUESTIONS]


def by_mcp(house: House) -> list[Told]:
    async def ask_all() -> list[Told]:
        async with (
            streamable_http_client(f"{house.server.url}/mcp") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            called = [await session.call_tool("ask", {"question": one}) for one in QUESTIONS]
        return [told(one.structuredContent) for one in called]

    return asyncio.run(ask_all())


@asynccontextmanager
async def kept(house: House, owner: str) -> AsyncIterator[Any]:
    """The agent of a library, to look at what was answered there."""
    settings = Settings(home=house.home, owner=owner, model="extractive", background="off")
    async with open_agent(settings) as agent:
        yield agent


def by_chat(house: House) -> list[Told]:
    """What the cards show, and the reason that is kept with the conversation."""

    def ask(question: str) -> list[str]:
        with house.server.chatting() as chat:
            chat.say(question)
            chat.until(lambda: any(one["name"] == "EvidencePlayer" for one in chat.elements))
            (shown,) = [e for e in chat.elements if e["name"] == "EvidencePlayer"]
        return [one["id"] for one in shown["props"]["cards"]]

    cards = [ask(question) for question in QUESTIONS]

    async def reasons() -> list[str | None]:
        async with kept(house, "local") as agent:
            past = await conversations(agent, "chat", len(QUESTIONS))
            found = [(await answers(agent, one.thread))[0] for one in reversed(past)]
        assert [one.question for one in found] == list(QUESTIONS)
        return [one.reason for one in found]

    return list(zip(cards, asyncio.run(reasons()), strict=True))


def by_slack(house: House) -> list[Told]:
    """What is kept of a thread whose answer was posted, with a block for each moment."""
    client: Any = httpx.Client(base_url=house.server.url)
    asked = [event(f"<@UBOT> {question}") for question in QUESTIONS]
    for number, one in enumerate(asked, 1):
        assert send(client, one).status_code == 200
        house.slack.until(lambda count=number: len(house.slack.answers("C1")) == count)
    names = [conversation_of(heard) for one in asked if (heard := read(one))]

    async def past() -> list[Told]:
        async with kept(house, "slack-T1-C1") as agent:
            found = [(await answers(agent, name))[0] for name in names]
        shown = [[c.evidence.id for c in one.evidence or one.nearest] for one in found]
        return list(zip(shown, [one.reason for one in found], strict=True))

    return asyncio.run(past())


def test_every_door_gives_the_same_evidence_and_the_same_reason(
    house: House,
    cuepoint: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = by_command(house, cuepoint, monkeypatch)
    assert {reason for _, reason in expected} >= {None, "absent", "unsure", "cannot", "outside"}
    assert sum(bool(ids) for ids, _ in expected) > 12
    for door in (by_http, by_mcp, by_chat, by_slack):
        given = door(house)
        for question, one, other in zip(QUESTIONS, given, expected, strict=True):
            if door is by_chat:  # the cards stand in the order in which the answer cites them
                one, other = (sorted(one[0]), one[1]), (sorted(other[0]), other[1])
            assert one == other, f"{door.__name__}: {question}"
