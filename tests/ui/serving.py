"""A server in a process of its own, as a person runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from websockets.sync.client import connect

from tests.ui.door import Chat

ROOT = Path(__file__).parents[2]
SERVE = """
from agent.settings import Settings
from ui.web.server import serve
serve(Settings.from_env())
"""


@dataclass
class Server:
    """A server in a process of its own."""

    url: str
    home: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    @contextmanager
    def chatting(self) -> Iterator[Chat]:
        """A page with a chat, without a browser."""
        with connect(f"ws{self.url[4:]}/ws/socket.io/?EIO=4&transport=websocket") as socket:
            yield Chat(lambda: str(socket.recv()), socket.send)

    def act(self, session: str, name: str, payload: Any) -> dict[str, Any]:
        """Press a button of a chat; what the server answers."""
        action = {"name": name, "payload": payload, "label": "", "tooltip": "", "icon": None}
        body = json.dumps({"sessionId": session, "action": action}).encode()
        headers = {"content-type": "application/json"}
        with urlopen(Request(f"{self.url}/project/action", body, headers), timeout=60) as reply:
            return json.loads(reply.read())["response"]

    def attach(self, session: str, name: str, content: bytes) -> str:
        """Attach a file in a chat; its id."""
        mark = uuid.uuid4().hex
        before = f'--{mark}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{before}content-type: video/mp4\r\n\r\n".encode() + content
        headers = {"content-type": f"multipart/form-data; boundary={mark}"}
        address = f"{self.url}/project/file?session_id={session}"
        whole = body + f"\r\n--{mark}--\r\n".encode()
        with urlopen(Request(address, whole, headers), timeout=60) as reply:
            return json.loads(reply.read())["id"]

    def stop(self) -> None:
        """As the system stops it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


@contextmanager
def serving(home: Path, *before: str, program: str = SERVE, **settings: str) -> Iterator[Server]:
    """A server in a process of its own, behind what goes before its command, once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "CUEPOINT_HOME": str(home), "CUEPOINT_PORT": str(port)}
    log = home.parent / "server.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*before, sys.executable, "-c", program],
            env=environment | settings,
            cwd=ROOT,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", home, process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(server: Server) -> None:
    end = time.monotonic() + 60
    pause = 0.05
    while time.monotonic() < end:
        assert server.process.poll() is None, server.log.read_text()
        try:
            with urlopen(server.url + "/health", timeout=5) as reply:
                assert reply.read() == b"ready"
                return
        except URLError:
            select_pause(pause)
    raise AssertionError("the server did not get ready: " + server.log.read_text())


def select_pause(seconds: float) -> None:
    """Between two looks at a port that is not open yet: there is nothing to wait on."""
    import select

    select.select([], [], [], seconds)
