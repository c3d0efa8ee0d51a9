"""A hub on this machine: what model_info and a download of it ask for."""

import hashlib
import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tools.models import registry as models

REVISION = "5" * 40


class Peer:
    """A hub on this machine: what model_info and a download of it ask for."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.revision = REVISION
        self.sent = 0
        self.breaks_after: int | None = None
        self.breaks = 0
        self.sends: dict[str, bytes] = {}
        self.holds: threading.Event | None = None
        """Half of a file is sent before this, and the rest after it."""
        self.held = threading.Event()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                peer.asked.append(self.path)
                path = self.path.partition("?")[0]
                assert "authorization" not in {name.lower() for name in self.headers}
                if path.startswith("/api/models/"):
                    repository, _, revision = path[12:].partition("/revision/")
                    peer.tell(self, repository, revision or peer.revision)
                else:
                    repository, _, file = path[1:].partition(f"/resolve/{peer.revision}/")
                    peer.send(self, peer.sends.get(file, peer.files[repository][file]))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def offer(self, name: str, folder: Path) -> None:
        """Serve the files of a folder as the repository of a model."""
        (source,) = models.get(name).sources
        self.files[source.repository] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    def tell(self, request: Any, repository: str, revision: str) -> None:
        files = self.files.get(repository) if revision == self.revision else None
        siblings = [
            {"rfilename": name, "size": len(data), "blobId": "0" * 40}
            | ({"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
                        "pointerSize": 130}} if name.endswith(".onnx") else {})
            for name, data in (files or {}).items()
        ]  # fmt: skip
        said = {"id": repository, "sha": self.revision, "siblings": siblings}
        body = json.dumps(said).encode() if files else b"{}"
        request.send_response(200 if files else 404)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def send(self, request: Any, data: bytes) -> None:
        start = int(request.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        part = data[start:]
        if self.breaks and self.breaks_after is not None and len(part) > self.breaks_after:
            self.breaks -= 1
            request.wfile.write(part[: self.breaks_after])
            self.sent += self.breaks_after
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
        else:
            if self.holds:
                request.wfile.write(part[: len(part) // 2])
                request.wfile.flush()
                self.sent, part = self.sent + len(part) // 2, part[len(part) // 2 :]
                self.held.set()
                self.holds.wait()
            with suppress(ConnectionError):  # it was not waited for
                request.wfile.write(part)
                self.sent += len(part)


def left(home: Path) -> list[str]:
    """What lies below the models' folder, locks aside."""
    found = (path.relative_to(home / "models") for path in (home / "models").rglob("*"))
    return sorted(str(path) for path in found if not path.name.endswith(".lock"))


def damage(path: Path, kind: str) -> None:
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    else:
        whole = data[:-7] + bytes(b ^ 255 for b in data[-7:])
        path.write_bytes(data[:-7] if kind == "cut short" else whole)
