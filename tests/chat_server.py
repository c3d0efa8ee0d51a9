"""A server that speaks the chat protocol by a script, over real HTTP on this machine."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Deltas = list[dict[str, Any]]
USAGE = {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59}


@dataclass(frozen=True)
class Drops:
    """The line breaks behind these pieces of a reply."""

    deltas: Deltas


@dataclass(frozen=True)
class Uncounted:
    """A reply of a server that counts no tokens."""

    deltas: Deltas


@dataclass(frozen=True)
class Stalls:
    """The line stays open behind these pieces of a reply; no pieces: not even a status comes.

    With `comments`, the server says that it is still there, and nothing else.
    """

    deltas: Deltas | None = None
    comments: bool = False


Step = Deltas | int | Drops | Uncounted | Stalls
"""What comes back: the pieces of a reply, or a status."""


class Server(ThreadingHTTPServer):
    """Answers by its script, the last step for ever, and remembers what it was sent.

    A step may be a function of the request's body.
    """

    daemon_threads = True

    def __init__(self, script: list[Step | Callable[[dict[str, Any]], Step]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.requests: list[tuple[Message, dict[str, Any]]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        """The list of its one model, as llama.cpp gives it."""
        listed = {"object": "list", "data": [{"id": "some-model", "owned_by": "llamacpp"}]}
        body = json.dumps(listed if self.path == "/v1/models" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.headers, body))
        step = self.server.script[min(len(self.server.requests), len(self.server.script)) - 1]
        if callable(step):
            step = step(body)
        if isinstance(step, int):
            self.send_response(step)
            self.end_headers()
            echoed = {"error": {"message": f"bad key {self.headers['Authorization']}"}}
            self.wfile.write(json.dumps(echoed).encode())
            return
        deltas = step if isinstance(step, list) else step.deltas
        if deltas is None:
            self.server.closing.wait()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        parts: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": d}]} for d in deltas]
        if isinstance(step, list):
            parts.append({"choices": [], "usage": USAGE})
        for part in parts:
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            self._send(f"data: {json.dumps({**chunk, **part})}\n\n".encode())
        if isinstance(step, Stalls):
            with suppress(ConnectionError):  # it was not waited for
                while not self.server.closing.wait(0.05):
                    if step.comments:
                        self._send(b": still here\n\n")
            return
        if isinstance(step, Drops):
            self.close_connection = True
            return
        self._send(b"data: [DONE]\n\n")
        self._send(b"")

    def _send(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def call(*pieces: str, name: str = "search_transcript", index: int = 0) -> Deltas:
    """A tool call whose arguments arrive in pieces."""
    first: dict[str, Any] = {"index": index, "id": f"call_{index + 1}", "type": "function"}
    first["function"] = {"name": name, "arguments": ""}
    rest = [{"index": index, "function": {"arguments": piece}} for piece in pieces]
    return [{"role": "assistant", "content": None}, *({"tool_calls": [c]} for c in [first, *rest])]


def say(text: str) -> Deltas:
    """A reply in pieces of four letters."""
    return [{"content": text[at : at + 4]} for at in range(0, len(text), 4)]


@contextmanager
def serving() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends them."""
    servers: list[Server] = []

    def start(*script: Any) -> Server:
        servers.append(Server(list(script)))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.closing.set()
        server.shutdown()
        server.server_close()
