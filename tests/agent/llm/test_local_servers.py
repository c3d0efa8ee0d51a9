"""Model servers on this machine, as their real answers are; each at a port of its own."""

import json
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agent.llm import local_servers
from agent.llm.local_servers import LocalModel, find_servers
from agent.settings import Settings
from tools.errors import VideoError

LONG = 30.0
"""Seconds to wait for a server that does answer: no test is about them."""
Answer = tuple[int, dict[str, str], bytes]
Serve = Callable[..., int]


def listed(*names: str, owner: str) -> bytes:
    rows = [{"id": name, "object": "model", "owned_by": owner} for name in names]
    return json.dumps({"object": "list", "data": rows}).encode()


TAGS = {
    "models": [
        {"name": "qwen3:4b", "size": 2_600_000_000, "digest": "a", "details": {"family": "qwen3"}},
        {"name": "bge-m3:latest", "size": 1, "digest": "b", "details": {"family": "bert"}},
        {"name": "gpt-oss:120b-cloud", "size": 405, "remote_host": "https://ollama.com:443"},
        {"name": "nomic-embed-text:latest", "size": 1, "details": {"family": "nomic-bert"}},
        {"name": "own", "size": 5, "details": None},
    ]
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve({path: body})` starts a server, which tells what it was asked for; its port."""
    servers: list[ThreadingHTTPServer] = []

    def start(
        answers: dict[str, bytes | Answer],
        software: str = "",
        asked: list[tuple[str, dict[str, str]]] | None = None,
        protocol: str = "HTTP/1.1",
    ) -> int:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def version_string(self) -> str:
                return software

            def do_GET(self) -> None:
                if asked is not None:
                    asked.append((self.path, dict(self.headers)))
                answer = answers.get(self.path, (404, {}, b"not here"))
                status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # it was enough
                    self.wfile.write(body)

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1].server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_server_is_told_by_its_answers_and_not_by_its_port(serve: Serve) -> None:
    ollama = {"/v1/models": listed("qwen3:4b", "own", owner="library")}
    ports = [
        serve(ollama | {"/api/tags": json.dumps(TAGS).encode()}),
        serve({"/v1/models": listed("qwen/q", "text-embedding-n", owner="organization_owner")}),
        serve({"/v1/models": listed("a.gguf", owner="me")}, "llama.cpp"),
        serve({"/v1/models": listed("b.gguf", owner="llamacpp")}),
        serve({"/v1/models": listed("Qwen/Qwen3-4B", owner="vllm")}, "uvicorn"),
        serve({"/v1/models": listed("any", owner="someone")}),
    ]
    found = find_servers(ports, LONG)
    assert [server.address for server in found] == [f"http://127.0.0.1:{p}/v1" for p in ports]
    assert [(one.name, [model.name for model in one.models]) for one in found] == [
        ("Ollama", ["qwen3:4b", "own"]), ("LM Studio", ["qwen/q"]), ("llama.cpp", ["a.gguf"]),
        ("llama.cpp", ["b.gguf"]), ("vLLM", ["Qwen/Qwen3-4B"]), (local_servers.OTHER, ["any"]),
    ]  # fmt: skip
    assert found[0].models == (LocalModel("qwen3:4b", 2_600_000_000), LocalModel("own", 5))


def test_the_settings_of_a_model_are_what_the_program_reads(serve: Serve) -> None:
    port = serve({"/v1/models": listed("it's; mine", owner="vllm")})
    (server,) = find_servers([port], LONG)
    chosen = server.settings("it's; mine")
    assert shlex.split(server.assignments("it's; mine")) == [f"{k}={v}" for k, v in chosen.items()]
    settings = Settings.from_env(chosen)
    assert (settings.model, settings.openai_base_url) == ("it's; mine", server.address)


def test_no_key_is_sent_and_only_two_lists_are_asked_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    port = serve({"/v1/models": listed("any", owner="someone")}, "", asked)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert len(find_servers([port], LONG)) == 1
    assert [path for path, _ in asked] == ["/v1/models", "/api/tags"]
    assert all("sk-canary" not in str(headers) for _, headers in asked)


def test_a_server_without_a_model_that_writes_is_there_all_the_same(serve: Serve) -> None:
    rows = listed("nomic-embed-text", owner="vllm")
    for body in (listed(owner="library"), rows):
        (server,) = find_servers([serve({"/v1/models": body})], LONG)
        assert server.models == ()


NO_LISTS: dict[str, bytes | Answer] = {
    "empty": b"",
    "a page": b"<!doctype html><title>Cuepoint</title>",
    "a list": b"[]",
    "no list": b'{"data": {}}',
    "null": b'{"data": null}',
    "an odd row": b'{"data": ["m"]}',
    "a nameless row": b'{"data": [{"id": 7}]}',
    "no text": b"\xff\xfe\xfa",
    "nested": b"[" * 200_000,
    "a huge number": b'{"data": ' + b"9" * 5000 + b"}",
    "huge": b" " * (1 << 20) + listed("m", owner="vllm"),
    "not allowed": (401, {}, listed("m", owner="vllm")),
    "elsewhere": (302, {"Location": "http://127.0.0.1:9/v1/models"}, b""),
    "cut short": (200, {"Content-Length": "9000", "Connection": "close"}, b'{"data": []}'),
    "no length": (200, {"Content-Length": "x"}, b""),
    "negative": (200, {"Content-Length": "-1", "Connection": "close"}, b"{"),
}


@pytest.mark.parametrize("answer", NO_LISTS.values(), ids=NO_LISTS)
def test_what_gives_no_list_of_models_is_left_out(serve: Serve, answer: bytes | Answer) -> None:
    good = serve({"/v1/models": listed("m", owner="vllm")})
    bad = serve({"/v1/models": answer}, protocol="HTTP/1.0")
    assert [one.name for one in find_servers([bad, good], LONG)] == ["vLLM"]


@pytest.mark.parametrize("tags", [b"", b'{"error": "Unexpected endpoint"}', b'{"models": [1]}'])
def test_a_malformed_list_of_ollama_leaves_the_other_one(serve: Serve, tags: bytes) -> None:
    port = serve({"/v1/models": listed("m", owner="library"), "/api/tags": tags})
    (server,) = find_servers([port], LONG)
    assert (server.name, server.models) == (local_servers.OTHER, (LocalModel("m"),))


def test_names_are_text_for_a_terminal_and_few(serve: Serve) -> None:
    odd = ["\x1b[2J", "a\nb", "x" * 201, *(f"m{n}" for n in range(150)), "m0"]
    (server,) = find_servers([serve({"/v1/models": listed(*odd, owner="vllm")})], LONG)
    assert [model.name for model in server.models] == [f"m{n}" for n in range(100)]


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{", b"220 mail ready\r\n"]
)
def test_a_server_that_falls_silent_or_is_none_ends_by_itself(sent: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lines: list[socket.socket] = []

        def answer() -> None:
            lines.append(silent.accept()[0])
            lines[0].sendall(sent)

        thread = threading.Thread(target=answer)
        thread.start()
        assert find_servers([silent.getsockname()[1]], 0.2) == []
        thread.join()
        lines[0].close()


def test_a_server_that_drips_ends_by_itself() -> None:
    enough = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as dripping:

        def answer() -> None:
            line, _ = dripping.accept()
            with line, suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not enough.wait(0.01):
                    line.sendall(b"x")

        thread = threading.Thread(target=answer)
        thread.start()
        assert find_servers([dripping.getsockname()[1]], 0.2) == []
        enough.set()
        thread.join()


def test_nobody_there_is_no_server() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        assert find_servers([free.getsockname()[1]], LONG) == []
    assert find_servers([]) == []


def test_ports_are_a_setting_and_off_asks_none() -> None:
    assert Settings().model_ports == (11434, 1234, 8080, 8000)
    assert Settings.from_env({"CUEPOINT_MODEL_PORTS": "off"}).model_ports == ()
    assert Settings.from_env({"CUEPOINT_MODEL_PORTS": "1, 65535"}).model_ports == (1, 65535)
    for text in ("ollama", "0", "65536", "80;81"):
        with pytest.raises(VideoError, match=r"ports"):
            Settings.from_env({"CUEPOINT_MODEL_PORTS": text})
