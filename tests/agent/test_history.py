import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.history import answers, conversations
from agent.settings import Settings
from tools.errors import Interrupted

WATER = calling("search_transcript", query="water")


async def test_a_conversation_is_told_again_after_a_restart(tmp_path: Path):
    toolbox = MemoryToolbox(tmp_path)
    settings = Settings(home=tmp_path)
    script = [WATER, AIMessage("They salt the water [e1]."), AIMessage("As I said [1].")]
    told: list[Answer] = []
    async with open_agent(settings, toolbox=toolbox, model=ScriptedModel(script=script)) as agent:  # type: ignore[arg-type]
        for question in ("What about the water?", "Really?"):
            told += [
                e async for e in ask(agent, question, thread="chat-a") if isinstance(e, Answer)
            ]
        _ = [event async for event in ask(agent, "Elsewhere?", thread="slack-a")]
    async with open_agent(settings, toolbox=toolbox, model=ScriptedModel(script=script)) as agent:  # type: ignore[arg-type]
        (one,) = await conversations(agent, "chat-")
        assert (one.thread, one.title) == ("chat-a", "What about the water?")
        again = await answers(agent, one.thread)
        assert [(a.question, a.answer, a.claims, a.evidence) for a in again] == [
            (a.question, a.answer, a.claims, a.evidence) for a in told
        ]
        toolbox.library.remove("a" * 16)
        gone = await answers(agent, one.thread)
        assert [a.answer for a in gone] == [a.answer for a in told]
        assert not any(a.evidence for a in gone)
        assert await answers(agent, "chat-none") == []
        assert await conversations(agent, "chat_") == [], "no letter stands for any other"


async def test_why_nothing_answered_is_told_again_after_a_restart(tmp_path: Path):
    toolbox, settings = MemoryToolbox(tmp_path), Settings(home=tmp_path)
    beside = {"cuepoint": {"found": False, "reason": "cannot", "nearest": ["e1"]}}
    script = [
        WATER,
        AIMessage("I can't count.", additional_kwargs=beside),
        AIMessage("Salt it [1]."),
    ]
    told: list[Answer] = []
    async with open_agent(settings, toolbox=toolbox, model=ScriptedModel(script=script)) as agent:  # type: ignore[arg-type]
        for question in ("How many?", "And the salt?"):
            told += [e async for e in ask(agent, question, thread="a") if isinstance(e, Answer)]
    async with open_agent(settings, toolbox=toolbox, model=ScriptedModel(script=script)) as agent:  # type: ignore[arg-type]
        again = await answers(agent, "a")
    assert [(a.found, a.reason) for a in told] == [(False, "cannot"), (True, None)]
    assert [(a.found, a.reason) for a in again] == [(a.found, a.reason) for a in told]


UNKEPT = "so this answer is not kept in the history"


def opened(home: Path) -> Any:
    """An agent whose model looks for water, and says where the water is."""

    def step(messages: list[Any]) -> AIMessage:
        return WATER if messages[-1].type == "human" else AIMessage("They salt the water [e1].")

    settings, model = Settings(home=home), ScriptedModel(script=[step])
    return open_agent(settings, toolbox=MemoryToolbox(home), model=model)  # type: ignore[arg-type]


async def run(agent: Agent, question: str, **options: Any) -> Answer:
    *_, last = [event async for event in ask(agent, question, **options)]
    assert isinstance(last, Answer) and last.found
    return last


def before(agent: Agent) -> list[str]:
    """The questions that the model was shown last."""
    return [m.text for m in agent.model.shown[-1] if m.type == "human"][:-1]  # type: ignore[attr-defined]


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Another program that has the conversations open; nobody waits long for it."""
    monkeypatch.setattr("agent.checkpoints.LOCK_TIMEOUT", 0.02)
    path = tmp_path / "conversations.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def test_a_history_that_is_locked_for_writing_is_gone_on_with_and_caught_up(
    tmp_path: Path, other: sqlite3.Connection
):
    async with opened(tmp_path) as agent:
        await run(agent, "One?", thread="t")
        other.execute("BEGIN EXCLUSIVE")
        for question, known in (("Two?", ["One?"]), ("Three?", ["One?", "Two?"])):
            answer = await run(agent, question, thread="t")
            (note,) = answer.notes
            assert (note.why, note.unkept) == ("locked", ("history",)) and UNKEPT in note.text
            assert answer.thread == "t" and before(agent) == known
        other.execute("ROLLBACK")
        assert (await run(agent, "Four?", thread="t")).notes == ()
    async with opened(tmp_path) as agent:
        told = [one.question for one in await answers(agent, "t")]
    assert told == ["One?", "Two?", "Three?", "Four?"]


async def test_a_conversation_that_cannot_be_read_is_left_alone_and_another_begins(
    tmp_path: Path, other: sqlite3.Connection
):
    async with opened(tmp_path) as agent:
        await run(agent, "One?", thread="chat-t")
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    async with opened(tmp_path) as agent:
        first = await run(agent, "Two?", thread="chat-t")
        (note,) = first.notes
        assert (note.why, note.unkept) == ("locked", ("earlier", "history"))
        assert first.thread.startswith("chat-t-") and before(agent) == []
        for thread in ("chat-t", first.thread):  # both names go on with it
            again = await run(agent, "And then?", thread=thread)
            assert [one.unkept for one in again.notes] == [("history",)]
            assert again.thread == first.thread and before(agent)[0] == "Two?"
        (fresh,) = (await run(agent, "Five?")).notes
        assert fresh.unkept == ("history",), "a new one has nothing before it"
        with pytest.raises(Interrupted, match="earlier conversations are not shown"):
            await conversations(agent, "chat-")
        with pytest.raises(Interrupted, match="Another program is using the history"):
            await answers(agent, "chat-other")
        other.close()
        last = await run(agent, "Last?", thread=first.thread)
        assert last.notes == () and len(before(agent)) == 3
        assert [one.question for one in await answers(agent, "chat-t")] == ["One?"]
        assert len(await answers(agent, first.thread)) == 4
        assert {(one.thread, one.title) for one in await conversations(agent, "chat-")} == {
            ("chat-t", "One?"), (first.thread, "Two?"),
        }  # fmt: skip


async def test_what_another_process_added_meanwhile_is_not_overwritten(
    tmp_path: Path, other: sqlite3.Connection
):
    async with opened(tmp_path) as agent, opened(tmp_path) as process:
        await run(agent, "One?", thread="t")
        other.execute("BEGIN EXCLUSIVE")
        assert (await run(agent, "Two?", thread="t")).notes
        other.execute("ROLLBACK")
        await run(process, "Elsewhere?", thread="t")
        await run(agent, "Three?", thread="t")
        assert before(agent) == ["One?", "Elsewhere?"]
