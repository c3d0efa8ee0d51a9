"""Language-model servers on this machine: found at their ports, offered, never used unasked.

What answers at a port is foreign: a kind is told from its answers, what is malformed, slow or
huge is left out, and no key is sent. Cuepoint's own server gives no list of models.
"""

import io
import json
import shlex
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any

HOST = "127.0.0.1"
WAIT = 0.3
"""Seconds that one answer may take, from the connection to its last byte."""
MAX_BYTES = 1 << 20
MAX_MODELS, MAX_NAME = 100, 200
"""Models of one server, and characters of a name: what goes beyond is left out."""
OTHER = "an OpenAI-compatible server"
_OWNERS = {"vllm": "vLLM", "llamacpp": "llama.cpp", "organization_owner": "LM Studio"}
"""Kind of server by the owner that it gives its models in `/v1/models`."""


@dataclass(frozen=True)
class LocalModel:
    """A model that a server offers; `size` is in bytes, 0 if the server does not tell."""

    name: str
    size: int = 0


@dataclass(frozen=True)
class LocalServer:
    """A server on this machine and its models that write text, in its own order."""

    name: str
    address: str
    """Base URL of its OpenAI-compatible protocol."""
    models: tuple[LocalModel, ...]

    def settings(self, model: str) -> dict[str, str]:
        """Variables to set for answers by one of its models."""
        return {"OPENAI_BASE_URL": self.address, "CUEPOINT_MODEL": model}

    def assignments(self, model: str) -> str:
        """The same as a shell reads it."""
        return " ".join(f"{key}={shlex.quote(text)}" for key, text in self.settings(model).items())


def find_servers(ports: Sequence[int], wait: float = WAIT) -> list[LocalServer]:
    """Servers that answer at these ports, asked side by side; in the order of the ports."""
    if not ports:
        return []
    with ThreadPoolExecutor(len(ports)) as pool:
        found = list(pool.map(lambda port: _server(port, wait), ports))
    return [server for server in found if server]


def _server(port: int, wait: float) -> LocalServer | None:
    """The server at a port; None for none, and for what gives no list of models."""
    try:
        software, data = _get(port, "/v1/models", wait)
        rows = _rows(data, "data")
    except (OSError, ValueError, HTTPException, RecursionError):
        return None
    owners = {_text(row, "owned_by") for row in rows}
    name = "llama.cpp" if software.startswith("llama.cpp") else ""
    name = name or next((kind for owner, kind in _OWNERS.items() if owner in owners), "")
    if not name:
        # Ollama lets its models' owners be anything, and has a list of its own that tells more.
        with suppress(OSError, ValueError, HTTPException, RecursionError):
            _, data = _get(port, "/api/tags", wait)
            rows, name = _rows(data, "models"), "Ollama"
    models = {model.name: model for model in _writers(rows)}
    address = f"http://{HOST}:{port}/v1"
    return LocalServer(name or OTHER, address, tuple(models.values())[:MAX_MODELS])


def _rows(data: Any, key: str) -> list[dict[str, Any]]:
    """A list of models, which must be one: each an object with a name."""
    rows: Any = data.get(key) if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(r, dict) and _name(r) for r in rows):
        raise ValueError(f"no list of {key}")
    return rows


def _name(row: dict[str, Any]) -> str:
    return _text(row, "id") or _text(row, "name")


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _writers(rows: Sequence[dict[str, Any]]) -> Iterator[LocalModel]:
    """Models that write text on this machine: no embedders, none that Ollama runs elsewhere."""
    for row in rows:
        name, abilities = _name(row), row.get("capabilities")
        details, meta = row.get("details"), row.get("meta")
        family = _text(details, "family") if isinstance(details, dict) else ""
        embeds = "embed" in name.lower() or "bert" in family or abilities == ["embedding"]
        if embeds or row.get("remote_host") or len(name) > MAX_NAME or not name.isprintable():
            continue
        size = row.get("size") or (meta.get("size") if isinstance(meta, dict) else 0)
        yield LocalModel(name, size if isinstance(size, int) and size > 0 else 0)


def _get(port: int, path: str, wait: float) -> tuple[str, Any]:
    """Software and JSON of an answer; OSError, ValueError or HTTPException where it is none.

    No proxy and no redirect is followed: only this machine is asked.
    """
    end = time.monotonic() + wait
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept: application/json\r\n"
    with socket.create_connection((HOST, port), wait) as line:
        line.sendall(f"{request}Connection: close\r\n\r\n".encode())
        response = HTTPResponse(_Received(line, end), method="GET")  # type: ignore[arg-type]
        response.begin()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        return response.headers.get("Server", ""), json.loads(response.read())


class _Received(io.RawIOBase):
    """Bytes that a socket receives until a time, MAX_BYTES at most.

    A time-out of the socket itself would begin anew with each byte.
    """

    def __init__(self, line: socket.socket, end: float) -> None:
        self._line, self._end, self._left = line, end, MAX_BYTES

    def makefile(self, mode: str) -> io.BufferedReader:
        """The same as a file, which an HTTPResponse asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Tell a buffer that it may read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Receive what comes next."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._line.settimeout(remaining)
        count = self._line.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        return count
