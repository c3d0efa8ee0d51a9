"""The choice of a model, and a language model over real HTTP on this machine."""

import json
import logging
import threading
import types
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent.ask import Answer, Token, ToolStarted, ask, open_agent
from agent.fakes import MemoryToolbox, ScriptedModel
from agent.model import load_model
from agent.settings import Settings
from tools.errors import ProviderUnavailable

KEY = "sk-canary-5d1f"


class Server(ThreadingHTTPServer):
    """Speaks the chat protocol by a script, and remembers what it was sent."""

    daemon_threads = True

    def __init__(self, script: list[Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.requests: list[tuple[Message, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.headers, body))
        step = self.server.script[min(len(self.server.requests), len(self.server.script)) - 1]
        if isinstance(step, int):
            self.send_response(step)
            self.end_headers()
            echoed = {"error": {"message": f"bad key {self.headers['Authorization']}"}}
            self.wfile.write(json.dumps(echoed).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        usage = {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59}
        parts = [{"choices": [{"index": 0, "delta": delta}]} for delta in step]
        for part in [*parts, {"choices": [], "usage": usage}]:
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            self.wfile.write(f"data: {json.dumps({**chunk, **part})}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")


def call(*pieces: str) -> list[dict[str, Any]]:
    """A tool call whose arguments arrive in pieces."""
    first = {"index": 0, "id": "call_1", "type": "function"}
    first["function"] = {"name": "search_transcript", "arguments": ""}
    rest = [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
    return [{"role": "assistant", "content": None}, *({"tool_calls": [c]} for c in [first, *rest])]


def say(text: str) -> list[dict[str, Any]]:
    return [{"content": text[at : at + 4]} for at in range(0, len(text), 4)]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    servers: list[Server] = []

    def start(*script: Any) -> Server:
        servers.append(Server(list(script)))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def settings_for(server: Server, home: Path) -> Settings:
    environ = {
        "CUEPOINT_HOME": str(home),
        "CUEPOINT_MODEL": "some-model",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": server.url,
    }
    return Settings.from_env(environ)


async def test_a_language_model_over_http(
    tmp_path: Path, serve: Any, caplog: pytest.LogCaptureFixture, capfd: Any
):
    caplog.set_level(logging.DEBUG)
    said = 'At 0:12 they "salt the water" [e1]. They keep a cup [e3]. It is in Rome [e8].'
    server = serve(call('{"que', 'ry": "water"}'), say(said), say("As I said [1]."))
    settings = settings_for(server, tmp_path)
    events: list[Any] = []
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        events += [event async for event in ask(agent, "What about the water?", thread="t")]
        again = [event async for event in ask(agent, "Really?", thread="t")][-1]
    answer = events[-1]
    assert isinstance(answer, Answer) and isinstance(again, Answer)
    assert events[0] == ToolStarted("search_transcript", {"query": "water"})
    assert answer.answer == 'At 0:12 they "salt the water" [1]. They keep a cup [2]. It is in Rome.'
    tokens = [event.text for event in events if isinstance(event, Token)]
    assert "".join(tokens) == answer.answer and len(tokens) == 3
    assert answer.tokens == (100, 18) and answer.model == "some-model"
    assert [claim.verdict for claim in answer.claims] == ["verified", "verified", "unsupported"]
    assert again.answer == "As I said [1]." and again.found

    for headers, body in server.requests:
        assert headers["Authorization"] == f"Bearer {KEY}"
        assert body["stream"] and body["model"] == "some-model"
        assert [tool["function"]["name"] for tool in body["tools"]][2] == "search_transcript"
    first, second, third = (body["messages"] for _, body in server.requests)
    assert [message["role"] for message in second] == ["system", "user", "assistant", "tool"]
    assert second[2]["tool_calls"][0]["function"]["arguments"] == '{"query": "water"}'
    assert second[3]["content"].startswith("<evidence>\n[e1] speech")
    assert [message["role"] for message in third] == ["system", "user", "assistant", "user"]
    assert set(third[2]) == {"role", "content"}, "what is ours alone stays with us"
    assert first[1]["content"].endswith("Question: What about the water?")

    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    printed = capfd.readouterr()
    everywhere = [
        json.dumps([body for _, body in server.requests]),
        repr(events) + repr(again) + repr(settings) + repr(agent) + str(agent.model),
        "\n".join(f"{r.getMessage()} {r.exc_info} {vars(r)}" for r in caplog.records),
        stored.decode("latin-1"),
        printed.out + printed.err,
    ]
    assert all(KEY not in text for text in everywhere)


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "check OPENAI_API_KEY"), (404, "CUEPOINT_MODEL"), (418, "try again")]
)
async def test_a_refusal_is_one_line_without_what_the_server_said(
    tmp_path: Path, serve: Any, status: int, hint: str
):
    settings = settings_for(serve(status), tmp_path)
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable, match=hint) as caught:
            _ = [event async for event in ask(agent, "Water?")]
    assert str(status) in str(caught.value) and KEY not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_server_that_is_not_there_is_named(tmp_path: Path, serve: Any, monkeypatch: Any):
    monkeypatch.setattr("agent.model.RETRIES", 0)
    server = serve([])
    settings = settings_for(server, tmp_path)
    server.shutdown()
    server.server_close()
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable, match="check OPENAI_BASE_URL and the network"):
            _ = [event async for event in ask(agent, "Water?")]


async def test_a_call_that_is_not_json_goes_back_to_the_model(tmp_path: Path, serve: Any):
    server = serve(call("water please"), say("NOT FOUND\nNothing."))
    settings = settings_for(server, tmp_path)
    async with open_agent(settings, toolbox=MemoryToolbox(tmp_path)) as agent:  # type: ignore[arg-type]
        answer = [event async for event in ask(agent, "Water?")][-1]
    results = server.requests[1][1]["messages"][-1]
    assert results["role"] == "tool" and results["tool_call_id"] == "call_1"
    assert "not a JSON object" in results["content"] and not answer.found


def test_without_a_key_the_extractive_model_answers(tmp_path: Path, monkeypatch: Any):
    module = types.ModuleType("agent.extractive")

    class ExtractiveModel(ScriptedModel):
        toolbox: Any
        script: list[Any] = []  # noqa: RUF012 - a field

    module.ExtractiveModel = ExtractiveModel  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "agent.extractive", module)
    toolbox: Any = MemoryToolbox(tmp_path)
    for environ in ({}, {"CUEPOINT_MODEL": "extractive", "OPENAI_API_KEY": KEY}):
        model = load_model(Settings.from_env(environ), toolbox)
        assert isinstance(model, ExtractiveModel) and model.toolbox is toolbox


@pytest.mark.parametrize(
    ("environ", "hint"),
    [
        ({"CUEPOINT_MODEL": "gpt-5-mini"}, "needs OPENAI_API_KEY"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "CUEPOINT_MODEL"),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], hint: str, tmp_path: Path):
    toolbox: Any = MemoryToolbox(tmp_path)
    with pytest.raises(ProviderUnavailable, match=hint):
        load_model(Settings.from_env(environ), toolbox)
