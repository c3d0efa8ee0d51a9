"""What can be done with past conversations: listed, searched, renamed, rated, rewound, deleted."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.evaluation.rated import rated_cases
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.history import (
    Rating,
    answers,
    conversation,
    conversations,
    forget,
    rate,
    ratings,
    rename,
    rewind,
    turns,
    unrate,
)
from agent.settings import Settings
from tools.errors import RefusedRequest

WATER = calling("search_transcript", query="water")


def _opened(home: Path) -> Any:
    def step(messages: list[Any]) -> AIMessage:
        return WATER if messages[-1].type == "human" else AIMessage("They salt the water [e1].")

    settings, model = Settings(home=home), ScriptedModel(script=[step])
    return open_agent(settings, toolbox=MemoryToolbox(home), model=model)  # type: ignore[arg-type]


async def _ask(agent: Agent, question: str, **options: Any) -> Answer:
    *_, last = [event async for event in ask(agent, question, **options)]
    assert isinstance(last, Answer)
    return last


async def test_conversations_come_by_the_page_and_are_found_by_what_was_said(tmp_path: Path):
    async with _opened(tmp_path) as agent:
        for number in range(5):
            await _ask(agent, f"Question {number}?", new=f"chat-{number}")
        await _ask(agent, "And the ÜBERLAUF?", thread="chat-1")
        first = await conversations(agent, "chat-", 2)
        rest = await conversations(agent, "chat-", 9, first[-1].thread)
        assert [one.thread for one in [*first, *rest]] == [
            f"chat-{number}" for number in (1, 4, 3, 2, 0)
        ]
        found = await conversations(agent, "chat-", 9, search=" überlauf ")
        assert [one.thread for one in found] == ["chat-1"]
        assert len(await conversations(agent, "chat-", 9, search="salt the")) == 5
        assert await conversations(agent, "chat-", 9, search="claims") == [], "no inner name"
        assert await conversations(agent, "chat-", 9, search="100%_") == []


async def test_a_turn_knows_its_place_and_can_be_taken_back(tmp_path: Path):
    async with _opened(tmp_path) as agent:
        numbers = [(await _ask(agent, f"{n}?", thread="chat-a")).turn for n in range(3)]
        assert numbers == [0, 1, 2]
        for turn in numbers:
            await rate(agent, "chat-a", Rating(turn, True))
        await rewind(agent, "chat-a", 1)
        assert [one.question for one in await answers(agent, "chat-a")] == ["0?"]
        assert [*await ratings(agent, "chat-a")] == [0]
        again = await _ask(agent, "other?", thread="chat-a")
        assert again.turn == 1
        assert [one.handle for one in again.evidence] == [1], "its evidence has its number still"
        (past, later) = await turns(agent, "chat-a")
        assert past.videos == later.videos


async def test_another_first_question_is_the_title_unless_one_was_given(tmp_path: Path):
    async with _opened(tmp_path) as agent:
        await _ask(agent, "First?", thread="chat-a")
        await rewind(agent, "chat-a", 0)
        await _ask(agent, "Better?", thread="chat-a")
        assert (one := await conversation(agent, "chat-a")) and one.title == "Better?"
        await rename(agent, "chat-a", "  My\ntitle \0 ")
        await rewind(agent, "chat-a", 0)
        await _ask(agent, "Third?", thread="chat-a")
        assert (one := await conversation(agent, "chat-a")) and one.title == "My title"
        with pytest.raises(RefusedRequest, match="letter"):
            await rename(agent, "chat-a", " \n")


async def test_what_is_forgotten_leaves_no_byte(tmp_path: Path):
    async with _opened(tmp_path) as agent:
        await _ask(agent, "Where is the canary?", thread="chat-a")
        await _ask(agent, "Where is the heron?", thread="chat-b")
        await rate(agent, "chat-a", Rating(0, False, "the canary was at 0:10"))
        cached = tmp_path / "libraries" / "local" / "answers"
        root = agent.library.root
        assert any(b"canary" in path.read_bytes() for path in root.glob("conversations*"))
        await forget(agent, "chat-a")
        assert not any(b"canary" in path.read_bytes() for path in root.rglob("*.sqlite*"))
        assert not cached.exists()
        assert await answers(agent, "chat-a") == [] and await ratings(agent, "chat-a") == {}
        assert [one.thread for one in await conversations(agent, "chat-")] == ["chat-b"]
        assert len(await answers(agent, "chat-b")) == 1
    with_it = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in with_it if b"canary" in path.read_bytes()]


async def test_ratings_stay_after_a_restart_and_can_be_taken_back(tmp_path: Path):
    async with _opened(tmp_path) as agent:
        await _ask(agent, "One?", thread="chat-a")
        await rate(agent, "chat-a", Rating(0, False, "no"))
        await rate(agent, "chat-a", Rating(0, True, "yes"))
    async with _opened(tmp_path) as agent:
        assert await ratings(agent, "chat-a") == {0: Rating(0, True, "yes")}
        await unrate(agent, "chat-a", 0)
        assert await ratings(agent, "chat-a") == {}


async def test_rated_answers_become_cases_where_the_truth_is_known(tmp_path: Path, talk: Any):
    library, video = talk
    async with open_agent(Settings(home=library.home, model="extractive")) as agent:
        good = await _ask(agent, "What is said about yeast?", thread="chat-cases")
        await _ask(agent, "What is said about zebras?", thread="chat-cases")
        await _ask(agent, "What else?", thread="chat-cases")
        await rate(agent, "chat-cases", Rating(0, True))
        await rate(agent, "chat-cases", Rating(1, False, "see 1:02:03 and 0:02"))
        await rate(agent, "chat-cases", Rating(2, False, "bad"))
        cases, left = await rated_cases(agent, "chat-")
        await forget(agent, "chat-cases")
    path = str(library.original(video))
    spans = [[one.evidence.start, one.evidence.end] for one in good.evidence]
    assert [case["video"] for case in cases] == [path, path]
    assert cases[0]["truth"] == [pytest.approx(span, abs=0.001) for span in spans]
    assert cases[1]["truth"] == [[3718.0, 3728.0], [0.0, 7.0]]
    assert [(one.question, one.comment) for one in left] == [("What else?", "bad")]
    assert "names no time" in left[0].why
