"""A1 to A6: conversations that are forged, injected, endless or killed."""

import itertools
import json
import pickle
import random
import re
import socket
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from langchain_core.messages import AIMessage, ToolMessage

from agent.agent import Agent, open_agent
from agent.ask import Answer, ask
from agent.checkpoints import config, open_checkpoints, thread_id
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.settings import Settings
from tools.errors import VideoError
from tools.media import Utterance

ROOT = Path(__file__).parents[2]
Times = Callable[[int], int]

CANARY = "cuepoint_canary"
WATER = calling("search_transcript", query="water")
SALT = AIMessage(content="They salt the water [e1].")


def opened(home: Path, *script: Any, toolbox: Any = None) -> Any:
    model = ScriptedModel(script=list(script))
    return open_agent(Settings(home=home), toolbox=toolbox or MemoryToolbox(home), model=model)


async def run(agent: Agent, question: str, **options: Any) -> Answer:
    *_, last = [event async for event in ask(agent, question, **options)]
    assert isinstance(last, Answer)
    return last


def by_turn(*calls: Any, said: str = "They salt the water [e1].") -> Callable[[list[Any]], Any]:
    """Makes these calls, one after another, then says something; in every turn."""

    def step(messages: list[Any]) -> AIMessage:
        asked = max(n for n, m in enumerate(messages) if m.type == "human")
        made = sum(isinstance(m, ToolMessage) for m in messages[asked:])
        return calls[made] if made < len(calls) else AIMessage(content=said)

    return step


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once the module `cuepoint_canary` was imported."""
    folder, marker = tmp_path / "modules", tmp_path / "imported"
    folder.mkdir()
    (folder / f"{CANARY}.py").write_text(f"open({str(marker)!r}, 'w')")
    monkeypatch.syspath_prepend(str(folder))
    return marker


def blobs(draw: random.Random) -> list[tuple[str, bytes]]:
    """200 checkpoints that name a module to be imported: as msgpack, as JSON and as a pickle."""
    forms: list[tuple[Any, ...]] = [
        (CANARY, "Boom", "x"), (CANARY, "Boom", ["x"]), (CANARY, "Boom", {"x": 1}),
        (CANARY, "Boom", "x", "run"), (CANARY, "Boom", {}), (CANARY, "Boom", {}, "model_validate"),
        (CANARY, "", "x"), ("os", "system", f"touch {CANARY}"), (f"{CANARY}.sub", "Boom", []),
    ]  # fmt: skip
    exts = [ormsgpack.Ext(code, ormsgpack.packb(form)) for code in range(7) for form in forms]
    base = {"v": 4, "id": str(uuid.uuid4()), "ts": "", "channel_versions": {}, "versions_seen": {}}
    found: list[tuple[str, bytes]] = []
    for ext in exts:
        values = ({"messages": [ext]}, {"messages": ext}, {"seen": [ext]}, {"handles": ext})
        forged = [{"channel_values": value} for value in values]
        forged += [{"channel_values": {}, name: {"messages": ext}} for name in base if "_" in name]
        whole = [{**base, **one} for one in forged]
        found += [("msgpack", ormsgpack.packb(one)) for one in (ext, *whole)]
    for lc, kind, name in itertools.product((1, 2), ("constructor", "secret"), ("Boom", "run")):
        one = {"lc": lc, "type": kind, "id": [CANARY, name], "kwargs": {}, "args": ["x"]}
        for value in (
            one,
            [one],
            {"channel_values": one},
            {**base, "channel_values": {"seen": one}},
        ):
            found += [("json", json.dumps(value).encode()), ("msgpack+json", b"{}")]
    pickled = pickle.dumps(print).replace(b"print", b"exec_")
    found += [(name, pickled + bytes([n])) for n in range(8) for name in ("pickle", "msgpack")]
    return draw.sample(found, 200)


async def test_a_forged_checkpoint_imports_nothing(
    tmp_path: Path, canary: Path, chance: random.Random, times: Times, row: Any
) -> None:
    insert = "INSERT OR REPLACE INTO checkpoints VALUES (?, '', ?, NULL, ?, ?, '{\"step\": 1}')"
    n, refused = times(200), 0
    async with opened(tmp_path, by_turn(WATER)) as agent:
        assert (await run(agent, "Salt?", thread="good")).found  # makes the file
        for number, (kind, blob) in enumerate(blobs(chance)[:n]):
            key = thread_id("local", f"t{number}")
            with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
                connection.execute(insert, (key, str(uuid.uuid4()), kind, blob))
            try:
                answer = await run(agent, f"Salt, {number}?", thread=f"t{number}")
                assert {one.evidence.kind for one in answer.evidence} <= {"speech"}
            except VideoError as error:
                assert "start a new one" in str(error)
                refused += 1
        assert (await run(agent, "Salt?", thread="good")).found
    assert not canary.exists() and not (Path.cwd() / CANARY).exists()
    row("A1", "a checkpoint is forged", n, n, f"{refused} refused with one line, 0 imports")


KEYS = ("step", "source", "a", "x.y", "", "thread_id", "1", "é")
QUOTES = ("'", '"', "`", "$", "')", "'))", '"]')
MEANT = ("OR 1=1 --", "; DROP TABLE checkpoints; --", "UNION SELECT * FROM writes", "][*]", "\0",
         ".a') = 1 OR ('1", "; ATTACH '/tmp/x' AS x; --", "$.step", '{"$ne": ""}',
         "%' LIKE '%")  # fmt: skip


async def test_no_key_from_outside_is_a_filter(
    tmp_path: Path, chance: random.Random, times: Times, row: Any
) -> None:
    n, key = times(500), ""
    made = [f"{word}{quote} {meant}" for word in KEYS for quote in QUOTES for meant in MEANT]
    keys = chance.sample(made, n)

    def step(messages: list[Any]) -> AIMessage:
        hostile = [
            calling("search_transcript", query=key[:400], videos=[key]),
            calling("search_transcript", **{key: "water"}),
            calling("video_facts", video=key), WATER,
        ]  # fmt: skip
        return by_turn(*hostile)(messages)

    def rows(connection: Any, good: bool) -> list[Any]:
        known = thread_id("local", "good")
        is_it = "=" if good else "<>"
        return connection.execute(
            f"SELECT * FROM checkpoints WHERE thread_id {is_it} ?", (known,)
        ).fetchall()

    async with opened(tmp_path, by_turn(WATER), toolbox=MemoryToolbox(tmp_path)) as agent:
        await run(agent, "Salt?", thread="good")
    with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
        before = rows(connection, good=True)
    async with opened(tmp_path, step) as agent:
        for key in keys:
            assert (await run(agent, f"Salt? {key}", thread=key)).found
            with pytest.raises(VideoError):
                await run(agent, "Salt?", videos=[key], thread="good")
        refused = [m.status for m in agent.model.shown[-1] if isinstance(m, ToolMessage)]
    assert refused == ["error", "error", "error", "success"]
    with sqlite3.connect(tmp_path / "conversations.sqlite") as connection:
        assert rows(connection, good=True) == before
        made = [found[0] for found in rows(connection, good=False)]
    assert len(set(made)) == len(made) == n
    assert all(uuid.UUID(one).version == 5 for one in made)
    row("A2", "a key that reads like SQL", n, n, "literal or refused, no other row changed")


def test_nothing_of_ours_loads_objects_or_counts_tokens_by_fetching() -> None:
    calls = r"langchain_core\.load|langchain\.load|\bload_prompt\b|astream_events|astream_log"
    calls += r"|get_num_tokens|\.alist\(|\baget_state_history|filter=\{"
    sources = [path for part in ("agent", "tools", "ui", "prompts", "benchmarks")
               for path in (ROOT / part).rglob("*.py")]  # fmt: skip
    assert len(sources) > 100
    found = {path.name for path in sources if re.search(calls, path.read_text("utf-8"))}
    assert not found


async def test_what_reads_like_an_object_stays_a_string(
    tmp_path: Path, canary: Path, times: Times, row: Any
) -> None:
    kinds = itertools.product((1, 2), ("constructor", "secret", "not_implemented"), range(9))
    payloads = [
        json.dumps({"lc": lc, "type": kind, "id": [CANARY, f"Boom{n}"], "kwargs": {"n": n}})
        for lc, kind, n in kinds
    ][:50]
    n = times(50)
    for number, payload in enumerate(payloads[:n]):
        toolbox = MemoryToolbox(tmp_path / f"{number}")
        video = next(iter(toolbox.library.videos))
        toolbox.library.videos[video] = type(toolbox.library.videos[video])(
            **{**vars(toolbox.library.videos[video]), "title": payload}
        )
        toolbox.library.speech = [Utterance(video, 1.0, 2.0, f"water {payload}", payload)]
        asks = calling("search_transcript", query=f"water {payload}")
        step = by_turn(asks, said=f"It says so [e1]. {payload} [e1]")
        for again in (False, True):  # the second time from the file
            async with opened(tmp_path / f"{number}", step, toolbox=toolbox) as agent:
                answer = await run(agent, f"{payload}?", thread=payload)
                assert payload in answer.answer and answer.question == f"{payload}?"
                shown = agent.model.shown[-1]
            assert f"{payload}?" in shown[1].text
            assert not again or payload in shown[2].text
    assert not canary.exists()
    row("A3", "what reads like a LangChain object, in every text", n, n, "a string, 0 imports")


async def test_no_address_in_a_text_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: Times, row: Any
) -> None:
    contacts: list[object] = []

    def record(*given: object, **named: object) -> None:
        contacts.append(given)
        raise OSError("no network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, record)
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, record)
    addresses = [
        "http://203.0.113.7/x.png", "https://canary.example/a?b=c", "//203.0.113.7/x",
        "file:///etc/passwd", "ftp://203.0.113.7/", "http://[::1]:9/", "gopher://203.0.113.7",
        "![x](http://203.0.113.7/x.png)", "data:image/png;base64,eA==",
        '{"type": "image_url", "image_url": {"url": "http://203.0.113.7/x.png"}}',
    ]  # fmt: skip
    n = times(100)
    for number in range(n):
        url = addresses[number % len(addresses)].replace("203.0.113.7", f"203.0.113.{number}")
        toolbox = MemoryToolbox(tmp_path / f"{number}")
        video = next(iter(toolbox.library.videos))
        toolbox.library.videos[video] = type(toolbox.library.videos[video])(
            **{**vars(toolbox.library.videos[video]), "title": url, "path": url}
        )
        toolbox.library.speech = [
            Utterance(video, 1.0, 2.0, f"water {url}", url, url, language=url)
        ]
        calls = [
            calling("search_transcript", query=f"water {url}"),
            calling("video_facts", video=url),
        ]
        step = by_turn(*calls, said=f"It says {url} [e1].")
        async with opened(tmp_path / f"{number}", step, toolbox=toolbox) as agent:
            answer = await run(agent, f"What is at {url} ?", thread=url)
            assert answer.evidence
    assert contacts == []
    row("A4", "an address in every text", n, n, "0 connections, 0 names looked up")


async def test_a_model_that_only_calls_tools_ends_and_says_why(
    tmp_path: Path, times: Times, row: Any
) -> None:
    n, most = times(100), 0
    async with opened(tmp_path, WATER) as agent:
        for number in range(n):
            before = len(agent.model.shown)
            answer = await run(agent, f"What about the water, {number}?", thread=f"t{number}")
            most = max(most, len(agent.model.shown) - before)
            assert "limit of 8 model calls was reached" in answer.answer
            assert not answer.found and answer.nearest
    assert most <= 8
    row(
        "A5", "a model that only calls tools", n, n, f"{most} calls at most, each says why it ended"
    )


async def test_a_killed_question_is_whole_or_gone(
    ground: Any, tmp_path: Path, chance: random.Random, times: Times, row: Any
) -> None:
    """An answer that was printed is in the conversation once; one that was not, once or never."""
    home = tmp_path / "home"
    ground.undisturbed(home)

    def job(number: int, after: float | None = None) -> Any:
        asked = f"What is said about the kettle, number {number}?"
        return ground.job(home, "ask", asked, "--thread", f"t{number // 10}", after=after)

    (first,) = ground.run(job(0))
    assert first.status == 0, first.err
    n, killed, told = times(200), 0, {0}
    for number in range(1, n + 1):
        (ended,) = ground.run(job(number, chance.uniform(0, 2 * first.seconds)))
        assert ended.status in (0, -9), ended.err
        killed += ended.status == -9
        told |= {number} if ended.status == 0 else set()
    stored: Counter[int] = Counter()
    file = home / "libraries" / "local" / "conversations.sqlite"
    async with open_checkpoints(file, "local") as store:
        for number in range(n // 10 + 1):
            async with store.conversation(f"t{number}") as thread:
                found = await store.saver.aget_tuple(config(thread.key, 1))
            messages = found.checkpoint["channel_values"]["messages"] if found else []
            assert [m.type for m in messages] == ["human", "ai"] * (len(messages) // 2)
            numbers = [re.search(r"number (\d+)", m.text) for m in messages[::2]]
            stored.update(int(match[1]) for match in numbers if match)
    assert told <= stored.keys() and max(stored.values()) == 1
    assert killed
    (last,) = ground.run(job(n + 1))
    assert last.status == 0 and "The red kettle sings." in last.out, last.err
    row("A6", "`kill -9` at a random moment of a question", n, n,
        f"{killed} before its end, 0 answers lost, 0 doubled")  # fmt: skip
