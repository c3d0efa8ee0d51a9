"""Standard input and output: the adapter on lines, and `cuepoint mcp` as a client starts it."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ui.mcp_server.clients import Lines, command, environment, over_lines, over_pipes, text
from tests.ui.mcp_server.conftest import ADA, BEN, Films
from tests.ui.mcp_server.test_strangers import malformed
from tests.ui.serving import serving as serving_chat
from tools.library import Library
from tools.media import Evidence

HELLO = {
    "jsonrpc": "2.0",
    "id": "hello",
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
BEGUN = {"jsonrpc": "2.0", "method": "notifications/initialized"}
NOISY = """
import os, sys, subprocess
import tools.search.capabilities as searching
original = searching.SearchCapabilities.search_transcript
def loud(self, *given, **named):
    print("a library prints")
    sys.stdout.write("and writes")
    os.write(1, b"below Python, too\\n")
    subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read(), 'a child prints')"])
    return original(self, *given, **named)
loud.__annotations__ = original.__annotations__
import functools
searching.SearchCapabilities.search_transcript = functools.wraps(original)(loud)
print("an import prints")
from ui.cli.main import main
main()
"""


def called(number: int | str, name: str, *, token: str | None = None, **arguments: Any) -> bytes:
    """A call of a tool as a line."""
    params: dict[str, Any] = {"name": name, "arguments": arguments}
    if token:
        params["_meta"] = {"progressToken": token}
    message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
    return json.dumps(message).encode()


async def greeted(lines: Lines) -> None:
    """Shake hands."""
    lines.sent.put_nowait(json.dumps(HELLO).encode())
    answer = json.loads(await lines.got.get())
    assert answer["result"]["serverInfo"]["name"] == "cuepoint"
    assert "check_answer" in answer["result"]["instructions"]
    lines.sent.put_nowait(json.dumps(BEGUN).encode())


async def answer_to(lines: Lines, id: int | str) -> dict[str, Any]:
    """The answer with an id; what comes before is left out."""
    while (message := json.loads(await lines.got.get())).get("id") != id:
        pass
    return message


async def test_a_call_that_is_cancelled_ends_and_others_go_on(films: Films) -> None:
    begun, release = threading.Event(), threading.Event()

    def look_slowly(video: str) -> list[Evidence]:
        """Look until somebody lets go."""
        begun.set()
        release.wait(60)
        return []

    async with over_lines(films.settings()) as (lines, state):
        state.agent.toolbox.tools = lambda: [look_slowly]
        await greeted(lines)
        lines.sent.put_nowait(called(1, "look_slowly", video="x"))
        await asyncio.to_thread(begun.wait, 60)
        cancelled = {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": 1},
        }
        lines.sent.put_nowait(json.dumps(cancelled).encode())
        assert "cancelled" in (await answer_to(lines, 1))["error"]["message"].lower()
        lines.sent.put_nowait(called(2, "ask", question="What is said about the kettle?"))
        assert (await answer_to(lines, 2))["result"]["structuredContent"]["found"]
        release.set()


async def test_a_question_that_is_cancelled_leaves_no_trace(films: Films, tmp_path: Path) -> None:
    held = asyncio.Event()
    async with over_lines(films.settings()) as (lines, state):
        run, asked = state.agent.belt.run, asyncio.Event()

        async def wait(name: str, function: Callable[[], Any]) -> Any:
            asked.set()
            await held.wait()
            return await run(name, function)

        state.agent.belt.run = wait
        await greeted(lines)
        lines.sent.put_nowait(called(1, "ask", question="Is the kettle red?", thread="held"))
        await asked.wait()
        cancelled = {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": 1},
        }
        lines.sent.put_nowait(json.dumps(cancelled).encode())
        assert "error" in await answer_to(lines, 1)
        held.set()
        state.agent.belt.run = run
        lines.sent.put_nowait(called(2, "ask", question="Is the kettle red?", thread="held"))
        answer = (await answer_to(lines, 2))["result"]["structuredContent"]
        assert [one["handle"] for one in answer["evidence"]] == [1]


async def test_a_video_is_added_followed_and_asked(films: Films, tmp_path: Path) -> None:
    settings = films.settings("newcomer")
    async with over_lines(settings) as (lines, _):
        await greeted(lines)
        lines.sent.put_nowait(called(1, "ask", question="What is said about the kettle?"))
        empty = (await answer_to(lines, 1))["result"]
        assert empty["isError"] and "add_video adds a video" in empty["content"][0]["text"]
        lines.sent.put_nowait(called(2, "add_video", source=str(films.file)))
        added = (await answer_to(lines, 2))["result"]["structuredContent"]
        assert added["state"] == "queued" and added["video"] is None
        told: list[float] = []
        lines.sent.put_nowait(called(3, "job_status", token="t", id=added["id"], seconds=50))
        while (message := json.loads(await lines.got.get())).get("id") != 3:
            assert message["params"]["progressToken"] == "t"
            told.append(message["params"]["progress"])
        status = message["result"]["structuredContent"]
        assert (status["state"], status["video"]) == ("ready", films.ada.id)
        assert f"about as video {films.ada.id}" in message["result"]["content"][0]["text"]
        assert told == sorted(told) and told[-1] == 1
        lines.sent.put_nowait(called(4, "ask", question="What is said about the kettle?"))
        assert (await answer_to(lines, 4))["result"]["structuredContent"]["found"]
        lines.sent.put_nowait(called(5, "add_video", source=str(tmp_path / "absent.mp4")))
        absent = (await answer_to(lines, 5))["result"]
        assert absent["isError"] and "there is no file" in absent["content"][0]["text"]
        (tmp_path / "words.mp4").write_text("no video")
        lines.sent.put_nowait(called(6, "add_video", source=str(tmp_path / "words.mp4")))
        job = (await answer_to(lines, 6))["result"]["structuredContent"]["id"]
        lines.sent.put_nowait(called(7, "job_status", id=job, seconds=50))
        failed = (await answer_to(lines, 7))["result"]["structuredContent"]
        assert failed["state"] == "failed" and failed["error"] and failed["video"] is None


async def test_a_thousand_broken_lines_are_each_answered(films: Films) -> None:
    async with over_lines(films.settings()) as (lines, _):
        await greeted(lines)
        for message in malformed(1000):
            data = json.loads(message) if _is_json(message) else None
            lines.sent.put_nowait(message)
            if (
                not isinstance(data, dict)
                or "id" in data
                or "jsonrpc" not in data
                or "method" not in data
            ):
                assert json.loads(await lines.got.get())["jsonrpc"] == "2.0"
        lines.sent.put_nowait(called("alive", "list_videos"))
        assert not (await answer_to(lines, "alive"))["result"]["isError"]


def _is_json(message: bytes) -> bool:
    try:
        json.loads(message)
    except ValueError:
        return False
    return True


def test_nothing_but_messages_is_printed_whatever_libraries_do(films: Films) -> None:
    lines = [json.dumps(HELLO).encode(), json.dumps(BEGUN).encode(), b"", b"   ", b"{broken"]
    lines += [called(n, "search_transcript", query="kettle") for n in (1, 2, 3)]
    lines += [called(4, "look_closer", video="kettle", start=1, end=2), b"x" * (5 << 20)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", NOISY, "mcp"],
        env=environment(films.home, CUEPOINT_OWNER=ADA),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin and process.stdout and process.stderr
    errors: list[bytes] = []
    reading = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
    reading.start()
    process.stdin.write(b"\n".join(lines) + b"\n")
    process.stdin.flush()
    # One line before the program has taken its output over; seven answers after it.
    assert process.stdout.readline() == b"an import prints\n"
    messages = [json.loads(process.stdout.readline()) for _ in range(7)]
    process.stdin.close()
    assert process.stdout.read() == b""
    assert process.wait(30) == 0
    reading.join()
    assert {one["id"] for one in messages} == {"hello", None, 1, 2, 3, 4}
    assert [one["error"]["code"] for one in messages if one["id"] is None] == [-32700, -32600]
    assert all(not one["result"].get("isError") for one in messages if isinstance(one["id"], int))
    for noise in (b"a library prints", b"and writes", b"below Python", b"a child prints"):
        assert errors[0].count(noise) == 3


def test_the_official_client_gets_the_same_evidence_as_the_command_line(
    films: Films, cuepoint: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = ["What is said about the kettle?", "When is it mostly blue?", "Is there a whale?"]

    async def ask_all() -> list[dict[str, Any]]:
        async with over_pipes(command(films.home, ADA)) as session:
            results = [await session.call_tool("ask", {"question": one}) for one in questions]
        return [one.structuredContent or {} for one in results]

    for name, value in environment(films.home, CUEPOINT_OWNER=ADA).items():
        monkeypatch.setenv(name, value)
    answers = asyncio.run(ask_all())
    assert any(one["evidence"] for one in answers)
    for question, answer in zip(questions, answers, strict=True):
        status, out, _ = cuepoint("ask", question, "--json")
        told = json.loads(out)
        assert status == 0 and answer["answer"] == told["answer"]
        for part in ("evidence", "nearest"):
            assert [one["id"] for one in answer[part]] == [one["id"] for one in told[part]]


async def test_the_chat_may_be_open_on_the_same_library(films: Films) -> None:
    def ask_chat(server: Any) -> str:
        with server.chatting() as chat:
            chat.say("What is said about the vault?")
            chat.until(lambda: "brass key" in chat.text)
            return chat.text

    settings = {"CUEPOINT_OWNER": BEN, "CUEPOINT_MODEL": "extractive"}
    with serving_chat(films.home, **settings) as server:
        async with over_pipes(command(films.home, BEN)) as session:
            for _ in range(2):
                result = await session.call_tool(
                    "ask", {"question": "What is said about the vault?"}
                )
                assert "brass key" in text(result)
            assert "brass key" in await asyncio.to_thread(ask_chat, server)
            found = await session.call_tool("search_frames", {"query": "mostly green"})
            assert found.structuredContent and found.structuredContent["result"]
        assert Library(films.home, BEN).list()[0].state == "ready"


async def test_one_process_is_one_user(films: Films) -> None:
    """Nothing that a caller says chooses another library."""
    async with over_lines(films.settings(ADA)) as (lines, _):
        await greeted(lines)
        lines.sent.put_nowait(called(1, "list_videos"))
        (video,) = (await answer_to(lines, 1))["result"]["structuredContent"]["result"]
        assert video["title"] == "kettle"
        lines.sent.put_nowait(called(2, "search_transcript", query="vault", owner=BEN))
        assert "no argument owner" in str(await answer_to(lines, 2))
        lines.sent.put_nowait(called(3, "video_facts", video=films.ben.id))
        assert (await answer_to(lines, 3))["result"]["isError"]
