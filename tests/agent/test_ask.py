"""Conversations: threads, restarts, files, questions that are refused."""

import asyncio
import pickle
import sqlite3
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from langchain_core.messages import AIMessage

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.checkpoints import PlainSerializer, thread_id
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.settings import Settings
from tools.errors import NotIndexed, RefusedRequest, UnknownVideo, VideoError

WATER = calling("search_transcript", query="water")
SALT = AIMessage(content="They salt the water [e1].")


def opened(home: Path, *script: Any, toolbox: Any = None, owner: str = "local"):
    toolbox = toolbox or MemoryToolbox(home)
    model = ScriptedModel(script=list(script))
    return open_agent(Settings(home=home, owner=owner), toolbox=toolbox, model=model)


async def run(agent: Agent, question: str, **options: Any) -> Answer:
    *_, last = [event async for event in ask(agent, question, **options)]
    assert isinstance(last, Answer)
    return last


async def test_without_a_name_a_new_thread_begins_and_can_be_continued(tmp_path: Path):
    kept = AIMessage(content="As before [1].")
    async with opened(tmp_path, WATER, SALT, WATER, SALT, kept) as agent:
        first, second = await run(agent, "Salt?"), await run(agent, "Salt?")
        third = await run(agent, "Again?", thread=second.thread)
    assert first.thread != second.thread == third.thread
    assert [cited.handle for cited in third.evidence] == [1]


async def test_two_threads_do_not_mix_even_at_once(tmp_path: Path):
    oil = AIMessage(content="No oil in the water [e2].")

    def by_question(messages: list[Any]) -> AIMessage:
        asked = next(m for m in reversed(messages) if m.type == "human")
        return WATER if messages[-1] is asked else SALT if "Salt" in asked.text else oil

    async with opened(tmp_path, by_question) as agent:
        answers = await asyncio.gather(
            *(run(agent, q, thread=t) for q, t in [("Salt?", "s"), ("Oil?", "o")] * 3)
        )
        model = agent.model
    assert {answer.answer for answer in answers[::2]} == {"They salt the water [1]."}
    assert {answer.answer for answer in answers[1::2]} == {"No oil in the water [1]."}
    for messages in model.shown:  # type: ignore[attr-defined]
        said = " ".join(m.text for m in messages[1:] if m.type in ("human", "ai"))
        assert not ("Salt?" in said and "Oil?" in said)


async def test_two_questions_at_once_in_one_thread_wait_for_each_other(tmp_path: Path):
    def by_question(messages: list[Any]) -> AIMessage:
        asked = next(m for m in reversed(messages) if m.type == "human")
        label = "e1" if "First?" in asked.text or "again" in asked.text else "e2"
        return WATER if messages[-1] is asked else AIMessage(content=f"The water [{label}].")

    async with opened(tmp_path, by_question) as agent:
        asked = [run(agent, f"{name}?", thread="t") for name in ("First", "Second")]
        answers = await asyncio.gather(*asked)
        last = await run(agent, "First again?", thread="t")
    assert {answer.answer for answer in answers} == {"The water [1].", "The water [2]."}
    assert last.answer == answers[0].answer
    said = [m.text for m in agent.model.shown[-1] if m.type == "human"]  # type: ignore[attr-defined]
    assert set(said[:2]) == {"First?", "Second?"}


async def test_a_restart_keeps_handles_and_history(tmp_path: Path):
    async with opened(tmp_path, WATER, SALT) as agent:
        await run(agent, "Salt?", thread="t")
    said = "No oil [e2]. Salt [1]."
    code = f"""
import asyncio
from pathlib import Path
from langchain_core.messages import AIMessage
from agent.agent import open_agent
from agent.ask import ask
from agent.settings import Settings
from agent.fakes import MemoryToolbox, ScriptedModel, calling

async def main():
    home = Path({str(tmp_path)!r})
    script = [calling("search_transcript", query="oil"), AIMessage(content={said!r})]
    model = ScriptedModel(script=script)
    async with open_agent(Settings(home=home), toolbox=MemoryToolbox(home), model=model) as agent:
        events = [event async for event in ask(agent, "And oil?", thread="t")]
    print(events[-1].answer, [m.text for m in model.shown[0]][1:3])

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == ("No oil [2]. Salt [1]. ['Salt?', 'They salt the water [1].']"), (
        done.stderr
    )


async def test_a_name_from_outside_never_becomes_a_key(tmp_path: Path):
    for owner in ("ann", "bob"):
        async with opened(tmp_path, WATER, SALT, owner=owner) as agent:
            await run(agent, "Salt?", thread="x'; DROP TABLE checkpoints; --")
    with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
        keys = [row[0] for row in connection.execute("SELECT thread_id FROM checkpoints")]
    assert len(set(keys)) == 2 and all(uuid.UUID(key).version == 5 for key in keys)
    assert thread_id("a", "b") != thread_id("b", "a")


async def test_the_file_stays_small_and_private(tmp_path: Path):
    reply = AIMessage(content="They salt the water [e1]. " + "Keep a cup of the water [e3]. " * 20)

    def by_question(messages: list[Any]) -> AIMessage:
        return WATER if messages[-1].type == "human" else reply

    async with opened(tmp_path, by_question) as agent:
        for _ in range(60):
            await run(agent, "Salt?", thread="t")
        files = list(tmp_path.glob("conversations.sqlite*"))
        assert len(files) == 3
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
        assert sum(path.stat().st_size for path in files) < 2 << 20
        assert len(agent.model.shown[-1]) == 1 + 2 * 12 + 3  # type: ignore[attr-defined]
    with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM checkpoints").fetchone() == (1,)


async def test_evidence_that_went_with_its_video_is_dropped_with_a_note(tmp_path: Path):
    toolbox = MemoryToolbox(tmp_path)
    again = AIMessage(content="Salt, as said [1].")
    async with opened(tmp_path, WATER, SALT, again, toolbox=toolbox) as agent:
        await run(agent, "Salt?", thread="t")
        toolbox.library.remove("a" * 16)
        answer = await run(agent, "Again?", thread="t")
        assert not answer.found and answer.evidence == () and answer.nearest == ()
        assert "is gone, with its video" in answer.answer
        with pytest.raises(UnknownVideo):
            await run(agent, "Salt?", videos=["Cooking pasta"])


@pytest.mark.parametrize("question", ["", " \n\0", "x" * 5000])
async def test_questions_that_are_refused(tmp_path: Path, question: str):
    async with opened(tmp_path, SALT) as agent:
        with pytest.raises(RefusedRequest):
            await run(agent, question)


async def test_an_empty_library_says_what_to_do(tmp_path: Path):
    toolbox = MemoryToolbox(tmp_path)
    toolbox.library.videos.clear()
    async with opened(tmp_path, SALT, toolbox=toolbox) as agent:
        with pytest.raises(NotIndexed, match="cuepoint index"):
            await run(agent, "Salt?")


async def test_odd_characters_in_a_question_are_harmless(tmp_path: Path):
    odd = "Salt \ud800\0 $question {x} \U0001f9c2?"
    async with opened(tmp_path, WATER, SALT) as agent:
        answer = await run(agent, odd, thread="\ud800")
    assert answer.found and answer.question == "Salt ? $question {x} \U0001f9c2?"


async def test_a_question_that_nobody_waits_for_leaves_no_trace(tmp_path: Path):
    def by_question(messages: list[Any]) -> AIMessage:
        return WATER if messages[-1].type == "human" else SALT

    async with opened(tmp_path, by_question) as agent:
        stream = ask(agent, "Salt?", thread="t")
        await anext(stream)  # the tool has started
        await stream.aclose()  # type: ignore[attr-defined]
        answer = await run(agent, "And now?", thread="t")
        shown = agent.model.shown[-1]  # type: ignore[attr-defined]
    assert answer.found
    assert "Salt?" not in " ".join(message.text for message in shown)


async def test_tokens_are_counted(tmp_path: Path):
    usage = {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}
    steps = [step.model_copy(update={"usage_metadata": usage}) for step in (WATER, SALT)]
    async with opened(tmp_path, *steps) as agent:
        answer = await run(agent, "Salt?")
    assert answer.tokens == (200, 14) and answer.cost_usd is None and answer.seconds > 0


ID = str(uuid.uuid4())


def forged() -> list[tuple[str, bytes]]:
    """Checkpoints that someone else wrote into the file, each naming a module to be imported."""
    canary = "cuepoint_canary"
    exts = [
        ormsgpack.Ext(0, ormsgpack.packb((canary, "Boom", "x"))),
        ormsgpack.Ext(1, ormsgpack.packb((canary, "Boom", ["x"]))),
        ormsgpack.Ext(2, ormsgpack.packb((canary, "Boom", {"x": 1}))),
        ormsgpack.Ext(3, ormsgpack.packb((canary, "Boom", "x", "run"))),
        ormsgpack.Ext(4, ormsgpack.packb((canary, "Boom", {}))),
        ormsgpack.Ext(5, ormsgpack.packb((canary, "Boom", {}, "model_validate_json"))),
    ]
    base = {"v": 4, "id": ID, "ts": "", "channel_versions": {}, "versions_seen": {}}
    blobs: list[tuple[str, bytes]] = [("msgpack", ormsgpack.packb(ext)) for ext in exts]
    for ext in exts:
        for values in ({"messages": [ext]}, {"messages": ext}, {"seen": [ext]}, {"handles": ext}):
            blobs.append(("msgpack", ormsgpack.packb({**base, "channel_values": values})))
    for lc in (1, 2):
        text = f'{{"lc": {lc}, "type": "constructor", "id": ["{canary}", "Boom"], "kwargs": {{}}}}'
        blobs.append(("json", text.encode()))
        blobs.append(("json", f'{{"channel_values": {text}}}'.encode()))
    blobs.append(("pickle", pickle.dumps(print)))
    blobs += [("msgpack", b""), ("msgpack", b"\xc1garbage"), ("bytes", b"x"), ("", b"")]
    return blobs


async def test_a_forged_conversation_imports_nothing_and_answers_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "modules"
    folder.mkdir()
    marker = tmp_path / "imported"
    (folder / "cuepoint_canary.py").write_text(f"open({str(marker)!r}, 'w')")
    monkeypatch.syspath_prepend(str(folder))
    insert = "INSERT OR REPLACE INTO checkpoints VALUES (?, '', ?, NULL, ?, ?, '{\"step\": 1}')"
    writes = "INSERT OR REPLACE INTO writes VALUES (?, '', ?, 't', '', 0, 'messages', ?, ?)"
    newest = "SELECT checkpoint_id FROM checkpoints WHERE thread_id = ?"
    async with opened(tmp_path, WATER, SALT) as agent:
        await run(agent, "Salt?", thread="good")
        refused = 0
        for n, (kind, blob) in enumerate(forged()):
            key = thread_id("local", f"t{n}")
            with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
                connection.execute(insert, (key, ID, kind, blob))
            try:
                answer = await run(agent, "Salt?", thread=f"t{n}")
                assert "Salt" in answer.question  # what was forged was a string, and stayed one
            except VideoError as error:
                assert "start a new one" in str(error)
                refused += 1
            key = thread_id("local", "good")
            with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
                (last,) = connection.execute(newest, (key,)).fetchone()
                connection.execute(writes, (key, last, kind, blob))
            with pytest.raises(VideoError, match="start a new one"):
                await run(agent, "Salt?", thread="good")
    assert not marker.exists() and refused >= len(forged()) - 3


@pytest.mark.parametrize("damage", ["not a database", "a page"])
async def test_a_damaged_file_is_kept_aside_and_conversations_begin_anew(
    tmp_path: Path, damage: str
):
    file = tmp_path / "conversations.sqlite"
    async with opened(tmp_path, WATER, SALT) as agent:
        await run(agent, "Salt?", thread="good")
    damaged = bytearray(file.read_bytes())
    start = 0 if damage == "not a database" else 4096
    damaged[start : start + 4000] = b"\xff" * 4000
    file.write_bytes(damaged)
    async with opened(tmp_path, WATER, SALT) as agent:
        assert (await run(agent, "Salt?", thread="good")).found
    (aside,) = tmp_path.glob("conversations.sqlite.*.damaged")
    assert aside.read_bytes() == damaged


def test_the_serializer_reads_only_plain_data():
    plain = PlainSerializer()
    assert plain.loads_typed(plain.dumps_typed({"a": [1, "b", None]})) == {"a": [1, "b", None]}
    message = plain.loads_typed(plain.dumps_typed(AIMessage(content="x")))
    assert isinstance(message, AIMessage)
    with pytest.raises(ValueError, match="json"):
        plain.loads_typed(("json", b"{}"))
