"""Asks a chat server as a browser does, then sends it a file; prints all that it says as JSON.

    python chatting.py LIBRARY QUESTION...

The server runs here, from its start to its end: what is done to the disk was done before.
"""

import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

import agent.checkpoints
from agent.settings import Settings
from tools.models.providers import Providers
from ui.web.server import build_app

BASE, SOCKET = (
    "http://127.0.0.1:8000",
    "ws://127.0.0.1:8000/ws/socket.io/?EIO=4&transport=websocket",
)


def heard(socket: Any) -> Iterator[tuple[str, Any]]:
    """The events of a socket, by name."""
    while True:
        frame = socket.receive_text()
        if frame == "2":  # a ping of the transport
            socket.send_text("3")
        elif frame.startswith("42"):
            name, *rest = json.loads(frame[2:])
            yield name, rest[0] if rest else None


def said(events: Iterator[tuple[str, Any]]) -> str:
    """The messages of one turn, each as it stood at its end."""
    messages: dict[str, str] = {}
    for name, data in events:
        if name in ("new_message", "update_message") and data["type"] == "assistant_message":
            messages[data["id"]] = data["output"]
        if name == "task_end" and messages:
            return "\n\n".join(messages.values())
    raise AssertionError("the server said nothing")


def main() -> None:
    agent.checkpoints.LOCK_TIMEOUT = 0.05
    home, *questions = sys.argv[1:]
    settings = Settings(home=Path(home), providers=Providers("none", picture_embedder="none"))
    with (
        TestClient(build_app(settings), base_url=BASE) as client,
        client.websocket_connect(SOCKET, headers={"upgrade": "websocket"}) as socket,
    ):
        assert socket.receive_text().startswith("0")
        session = str(uuid.uuid4())
        auth = {"sessionId": session, "clientType": "webapp", "threadId": ""}
        socket.send_text("40" + json.dumps(auth | {"userEnv": "{}"}))
        assert socket.receive_text().startswith("40")
        events = heard(socket)
        socket.send_text('42["connection_successful"]')
        told = [said(events)]
        for question in questions:
            message = {"id": str(uuid.uuid4()), "name": "user", "type": "user_message"}
            message |= {"output": question, "createdAt": "2026-01-01T00:00:00Z"}
            event = ["client_message", {"message": message, "fileReferences": []}]
            socket.send_text("42" + json.dumps(event))
            told.append(said(events))
        file = {"file": ("film.mp4", b"no film", "video/mp4")}
        told.append(client.post(f"/project/file?session_id={session}", files=file).json()["detail"])
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
